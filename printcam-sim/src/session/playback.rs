//! The session proper, from SETUP on: packets, reports, and the rules that end them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::camera::AccessUnit;
use crate::dialogue::Output;
use crate::fault::FaultKind;
use crate::options::Options;
use crate::personality::Media;
use crate::random::Random;
use crate::response::Response;
use crate::rtcp::{self, ReceiverReport, SenderReport};
use crate::rtp::Packetizer;
use crate::timeline::Timeline;

use super::media_faults::{Delayed, befall};
use super::transport::{Transport, interleaved, push_interleaved};

/// Video stops when no receiver report came for so long (claimed of real printers).
const REPORT_PATIENCE: Duration = Duration::from_millis(1800);
/// A report that left before the first picture came says nothing; it arrives within this time.
const FIRST_REPORT_PATIENCE: Duration = Duration::from_secs(1);
/// How soon a sender report must be answered where `report-stall` is on.
const ANSWER_PATIENCE: Duration = Duration::from_millis(500);
/// Sender reports after the first one.
const SENDER_REPORT_INTERVAL: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Playback {
    id: String,
    transport: Transport,
    model_code: &'static str,
    media: &'static Media,
    packetizer: Packetizer,
    /// RTP timestamp at PLAY.
    first_timestamp: u32,
    /// RTP timestamp less camera time, once a picture was sent; sender reports tell the same time.
    timestamp_offset: Option<u32>,
    /// When PLAY came.
    started: Option<Instant>,
    playing: bool,
    /// Plays without ever sending media.
    starved: bool,
    waiting_for_key_frame: bool,
    last_report: Instant,
    last_liveness: Instant,
    timeout: Duration,
    next_sender_report: Option<Instant>,
    /// The last sender report, until a receiver report came.
    unanswered: Option<Instant>,
    /// The end of a stall by `report-stall`.
    stalled_until: Option<Instant>,
    /// Sends key frames only, for what the last receiver report said.
    throttled: bool,
    /// When the first picture was sent.
    first_picture: Option<Instant>,
    /// RTP timestamp of the picture sent last.
    last_timestamp: Option<u32>,
    delayed: Delayed,
}

impl Playback {
    pub(super) fn new(
        transport: Transport,
        options: &Options,
        media: &'static Media,
        starved: bool,
        random: &mut Random,
        now: Instant,
    ) -> Playback {
        Playback {
            id: format!("{:08X}", random.next_u32()),
            transport,
            model_code: options.personality.facts().model_code,
            media,
            packetizer: Packetizer::new(random.next_u32(), random.next_u32() as u16),
            first_timestamp: random.next_u32(),
            timestamp_offset: None,
            started: None,
            playing: false,
            starved,
            waiting_for_key_frame: true,
            last_report: now,
            last_liveness: now,
            timeout: options.session_timeout,
            next_sender_report: None,
            unanswered: None,
            stalled_until: None,
            throttled: false,
            first_picture: None,
            last_timestamp: None,
            delayed: Delayed::default(),
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

    /// With a `jitter_limit`, a report decides on throttling.
    pub(super) fn note_report(&mut self, report: &ReceiverReport, jitter_limit: Option<u32>, now: Instant) {
        self.last_report = now;
        self.unanswered = None;
        let poor = |limit| {
            // Zeros are right as long as nothing has come.
            let knows_better = self.first_picture.is_some_and(|sent| now >= sent + FIRST_REPORT_PATIENCE);
            let zeros = knows_better && report.block.is_none_or(|block| block.is_all_zero());
            zeros || report.block.is_some_and(|block| block.interarrival_jitter > limit)
        };
        self.throttled = jitter_limit.is_some_and(poor);
    }

    pub(super) fn is_stalled(&self, now: Instant) -> bool {
        self.stalled_until.is_some_and(|until| now < until)
    }

    /// The last sender report needs no answer.
    pub(super) fn forget_unanswered(&mut self) {
        self.unanswered = None;
    }

    /// Begins a stall where a sender report went unanswered and `report-stall` is on.
    pub(super) fn stall_unanswered(&mut self, now: Instant, timeline: &mut Timeline) {
        if self.unanswered.is_none_or(|sent| now < sent + ANSWER_PATIENCE) {
            return;
        }
        self.unanswered = None;
        let length = timeline.active(now).find_map(|(kind, random)| match kind {
            FaultKind::ReportStall(length) => Some(length.pick(random)),
            _ => None,
        });
        self.stalled_until = length.map(|length| now + length);
    }

    /// What happens to the numbers in an instant.
    pub(super) fn begin_fault(&mut self, kind: FaultKind, random: &mut Random) {
        match kind {
            FaultKind::TimestampJump(ticks) => {
                self.first_timestamp = self.first_timestamp.wrapping_add(ticks as u32);
                self.timestamp_offset = self.timestamp_offset.map(|offset| offset.wrapping_add(ticks as u32));
            }
            FaultKind::SequenceGap(count) => {
                self.packetizer.sequence_number = self.packetizer.sequence_number.wrapping_add(count);
            }
            FaultKind::SsrcChange => {
                self.packetizer = Packetizer::new(random.next_u32(), random.next_u32() as u16);
            }
            _ => {}
        }
    }

    pub(super) fn is_expired(&self, now: Instant) -> bool {
        now >= self.last_liveness + self.timeout
    }

    pub(super) fn next_deadline(&self, now: Instant) -> Instant {
        let expiry = self.last_liveness + self.timeout;
        let patience = self.unanswered.map(|sent| sent + ANSWER_PATIENCE);
        let stall_end = self.stalled_until.filter(|&until| until > now);
        let others = [self.next_sender_report, patience, stall_end];
        others.into_iter().flatten().fold(expiry, Instant::min)
    }

    /// Starts or resumes, and gives sequence number and timestamp for `RTP-Info`.
    ///
    /// As traced, a sender report and the parameter sets (where they come `in_band`) leave at once, before the response.
    pub(super) fn play(
        &mut self,
        now: Instant,
        wall: Duration,
        in_band: bool,
        outputs: &mut VecDeque<Output>,
    ) -> (u16, u32) {
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
            self.send_due_report(now, wall, Some(outputs));
            if in_band {
                let sets = &self.media.parameter_sets;
                let packets = self.packets(&[sets.sps, sets.pps], timestamp, None);
                self.send(packets, outputs);
            }
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
        timeline: &mut Timeline,
        outputs: &mut VecDeque<Output>,
    ) -> u64 {
        if !self.playing || self.starved {
            return 0;
        }
        let reports_needed = !timeline.is_active(FaultKind::WithoutReports, now);
        if reports_needed && now > self.last_report + REPORT_PATIENCE {
            self.waiting_for_key_frame = true;
            return 0;
        }
        self.waiting_for_key_frame |= self.throttled;
        if self.waiting_for_key_frame && !unit.key {
            return 0;
        }
        self.waiting_for_key_frame = false;
        let ticks = unit.ticks as u32;
        let at_once = self.timestamp_at(now);
        let offset = *self.timestamp_offset.get_or_insert(at_once.wrapping_sub(ticks));
        let mut timestamp = ticks.wrapping_add(offset);
        if let Some(last) = self.last_timestamp
            && timeline.is_active(FaultKind::FrozenTimestamps, now)
        {
            timestamp = last;
        }
        self.last_timestamp = Some(timestamp);
        self.first_picture.get_or_insert(now);
        let out_of_band = timeline.is_active(FaultKind::NoParameterSets, now);
        let is_sent = |nal_unit: &&[u8]| !(out_of_band && matches!(nal_unit[0] & 0x1f, SPS | PPS));
        let nal_units: Vec<&[u8]> = unit.nal_units.iter().map(Vec::as_slice).filter(is_sent).collect();
        let packets = self.packets(&nal_units, timestamp, nal_units.len().checked_sub(1));
        let count = packets.len() as u64;
        let packets = befall(packets, timeline, &mut self.delayed, now);
        self.send(packets, outputs);
        count
    }

    /// Without `outputs` the report is due and does not leave.
    pub(super) fn send_due_report(&mut self, now: Instant, wall: Duration, outputs: Option<&mut VecDeque<Output>>) {
        if self.next_sender_report.is_none_or(|due| now < due) {
            return;
        }
        self.next_sender_report = Some(now + SENDER_REPORT_INTERVAL);
        let Some(outputs) = outputs else {
            return;
        };
        self.unanswered = Some(now);
        let fraction = (u64::from(wall.subsec_nanos()) << 32) / 1_000_000_000;
        let report = SenderReport {
            ssrc: self.packetizer.ssrc,
            ntp: (wall.as_secs() + SECONDS_1900_TO_1970) << 32 | fraction,
            rtp_timestamp: self.timestamp_at(now),
            packet_count: self.packetizer.packet_count,
            octet_count: self.packetizer.octet_count,
        };
        self.send_rtcp(&report.with_cname(self.model_code), outputs);
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
    fn packets(&mut self, nal_units: &[&[u8]], timestamp: u32, last: Option<usize>) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        for (index, nal_unit) in nal_units.iter().enumerate() {
            self.packetizer.push(&mut packets, nal_unit, timestamp, last == Some(index));
        }
        packets
    }

    fn send(&self, packets: Vec<Vec<u8>>, outputs: &mut VecDeque<Output>) {
        match self.transport {
            _ if packets.is_empty() => {}
            Transport::Interleaved { rtp, .. } => {
                let mut units = Vec::with_capacity(packets.iter().map(|packet| 4 + packet.len()).sum());
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
    }

    /// The RTP timestamp that a picture taken now would have.
    fn timestamp_at(&self, now: Instant) -> u32 {
        let elapsed = self.started.map_or(Duration::ZERO, |started| now - started);
        let ticks = elapsed.as_micros() * 9 / 100;
        self.first_timestamp.wrapping_add(ticks as u32)
    }
}

/// NAL unit types.
const SPS: u8 = 7;
const PPS: u8 = 8;

const SECONDS_1900_TO_1970: u64 = 2_208_988_800;
