//! The session proper, from SETUP on: packets, reports, and the rules that end them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::camera::AccessUnit;
use crate::options::Options;
use crate::personality::Facts;
use crate::random::Random;
use crate::response::Response;
use crate::rtcp::{self, SenderReport};
use crate::rtp::{MAX_PACKET, Packetizer};

use super::Output;
use super::transport::{Transport, interleaved, push_interleaved};

/// Video stops when no receiver report came for so long (claimed of real printers).
const REPORT_PATIENCE: Duration = Duration::from_millis(1800);
/// Sender reports after the first one.
const SENDER_REPORT_INTERVAL: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Playback {
    id: String,
    transport: Transport,
    facts: &'static Facts,
    packetizer: Packetizer,
    /// RTP timestamp of the first picture.
    first_timestamp: u32,
    /// Camera time of the first picture, once it was sent.
    first_ticks: Option<u64>,
    /// When PLAY came.
    started: Option<Instant>,
    playing: bool,
    /// Plays without ever sending media.
    starved: bool,
    waiting_for_key_frame: bool,
    reports_required: bool,
    last_report: Instant,
    last_liveness: Instant,
    timeout: Duration,
    next_sender_report: Option<Instant>,
}

impl Playback {
    pub(super) fn new(
        transport: Transport,
        facts: &'static Facts,
        options: &Options,
        starved: bool,
        random: &mut Random,
        now: Instant,
    ) -> Playback {
        Playback {
            id: format!("{:08X}", random.next_u32()),
            transport,
            facts,
            packetizer: Packetizer::new(random.next_u32(), random.next_u32() as u16),
            first_timestamp: random.next_u32(),
            first_ticks: None,
            started: None,
            playing: false,
            starved,
            waiting_for_key_frame: true,
            reports_required: options.receiver_reports_required,
            last_report: now,
            last_liveness: now,
            timeout: options.session_timeout,
            next_sender_report: None,
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Whether a `Session` header, parameters and all, means this one.
    pub(super) fn is_named(&self, header: &str) -> bool {
        header.split(';').next().map(str::trim) == Some(self.id())
    }

    pub(super) fn ssrc(&self) -> u32 {
        self.packetizer.ssrc
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.transport
    }

    pub(super) fn is_playing(&self) -> bool {
        self.playing
    }

    pub(super) fn is_starved(&self) -> bool {
        self.starved
    }

    /// 200 with the session's id.
    pub(super) fn reply(&self) -> Response {
        Response::new(200).header("Session", self.id())
    }

    pub(super) fn note_liveness(&mut self, now: Instant) {
        self.last_liveness = now;
    }

    pub(super) fn note_report(&mut self, now: Instant) {
        self.last_report = now;
    }

    pub(super) fn is_expired(&self, now: Instant) -> bool {
        now >= self.last_liveness + self.timeout
    }

    pub(super) fn next_deadline(&self) -> Instant {
        let expiry = self.last_liveness + self.timeout;
        self.next_sender_report.map_or(expiry, |report| report.min(expiry))
    }

    /// Starts or resumes, and gives sequence number and timestamp for `RTP-Info`.
    ///
    /// As traced, a sender report and the parameter sets leave at once, before the response.
    pub(super) fn play(&mut self, now: Instant, wall: Duration, outputs: &mut VecDeque<Output>) -> (u16, u32) {
        let sequence_number = self.packetizer.sequence_number;
        if self.playing {
            return (sequence_number, self.timestamp_at(now));
        }
        self.playing = true;
        self.started.get_or_insert(now);
        self.last_report = now;
        self.waiting_for_key_frame = true;
        let timestamp = self.timestamp_at(now);
        if !self.starved {
            self.next_sender_report = Some(now);
            self.send_due_report(now, wall, outputs);
            let sets = &self.facts.parameter_sets;
            self.send_nal_units(&[sets.sps, sets.pps], timestamp, None, outputs);
        }
        (sequence_number, timestamp)
    }

    pub(super) fn pause(&mut self) {
        self.playing = false;
        self.next_sender_report = None;
    }

    pub(super) fn wait_for_key_frame(&mut self) {
        self.waiting_for_key_frame = true;
    }

    /// Sends the picture unless a rule forbids it; gives the number of packets.
    pub(super) fn handle_access_unit(
        &mut self,
        unit: &AccessUnit,
        now: Instant,
        outputs: &mut VecDeque<Output>,
    ) -> u64 {
        if !self.playing || self.starved {
            return 0;
        }
        if self.reports_required && now > self.last_report + REPORT_PATIENCE {
            self.waiting_for_key_frame = true;
            return 0;
        }
        if self.waiting_for_key_frame && !unit.key {
            return 0;
        }
        self.waiting_for_key_frame = false;
        let first = *self.first_ticks.get_or_insert(unit.ticks);
        let timestamp = self.first_timestamp.wrapping_add(unit.ticks.wrapping_sub(first) as u32);
        let nal_units: Vec<&[u8]> = unit.nal_units.iter().map(Vec::as_slice).collect();
        self.send_nal_units(&nal_units, timestamp, Some(nal_units.len() - 1), outputs)
    }

    pub(super) fn send_due_report(&mut self, now: Instant, wall: Duration, outputs: &mut VecDeque<Output>) {
        if self.next_sender_report.is_none_or(|due| now < due) {
            return;
        }
        self.next_sender_report = Some(now + SENDER_REPORT_INTERVAL);
        let fraction = (u64::from(wall.subsec_nanos()) << 32) / 1_000_000_000;
        let report = SenderReport {
            ssrc: self.packetizer.ssrc,
            ntp: (wall.as_secs() + SECONDS_1900_TO_1970) << 32 | fraction,
            rtp_timestamp: self.timestamp_at(now),
            packet_count: self.packetizer.packet_count,
            octet_count: self.packetizer.octet_count,
        };
        self.send_rtcp(&report.with_cname(self.facts.model_code), outputs);
    }

    pub(super) fn send_bye(&mut self, outputs: &mut VecDeque<Output>) {
        if self.started.is_some() && !self.starved {
            self.send_rtcp(&rtcp::bye(self.packetizer.ssrc), outputs);
        }
    }

    fn send_rtcp(&self, packet: &[u8], outputs: &mut VecDeque<Output>) {
        outputs.push_back(match self.transport {
            Transport::Interleaved { rtcp, .. } => Output::Media(interleaved(rtcp, packet)),
            Transport::Udp { client, .. } => Output::Datagram { rtcp: true, port: client[1], bytes: packet.to_vec() },
        });
    }

    /// `last` is the NAL unit that ends its access unit.
    fn send_nal_units(
        &mut self,
        nal_units: &[&[u8]],
        timestamp: u32,
        last: Option<usize>,
        outputs: &mut VecDeque<Output>,
    ) -> u64 {
        let mut packets = Vec::new();
        for (index, nal_unit) in nal_units.iter().enumerate() {
            self.packetizer.push(&mut packets, nal_unit, timestamp, last == Some(index));
        }
        let count = packets.len() as u64;
        match self.transport {
            Transport::Interleaved { rtp, .. } => {
                let mut units = Vec::with_capacity(packets.len() * (4 + MAX_PACKET));
                for packet in &packets {
                    push_interleaved(&mut units, rtp, packet);
                }
                outputs.push_back(Output::Media(units));
            }
            Transport::Udp { client, .. } => {
                outputs.extend(packets.into_iter().map(|bytes| Output::Datagram {
                    rtcp: false,
                    port: client[0],
                    bytes,
                }));
            }
        }
        count
    }

    /// The RTP timestamp that a picture taken now would have.
    fn timestamp_at(&self, now: Instant) -> u32 {
        let elapsed = self.started.map_or(Duration::ZERO, |started| now - started);
        let ticks = elapsed.as_micros() * 9 / 100;
        self.first_timestamp.wrapping_add(ticks as u32)
    }
}

const SECONDS_1900_TO_1970: u64 = 2_208_988_800;
