//! One `m=` section at work: RTP and RTCP packets in, access units and receiver reports out.

use std::time::{Duration, Instant};

use super::config::Config;
use super::random::Random;
use super::statistics::Statistics;
use crate::h264::{AccessUnit, Depacketizer, MediaPacket};
use crate::rtcp::{self, ReportTimer, RtcpPacket};
use crate::rtp::{Arrival, Pushed, Reception, ReorderWindow, RtpPacket};
use crate::sdp::VideoTrack;

/// The video track of a session.
#[derive(Debug)]
pub(super) struct Track {
    payload_type: u8,
    clock_rate: u32,
    reception: Reception,
    /// Only over UDP: TCP keeps the order.
    reorder: Option<ReorderWindow>,
    depacketizer: Depacketizer,
    /// Whether the next packet of ours follows a gap: set when a packet before it was dropped unread.
    gap: bool,
    report_timer: ReportTimer,
    /// Our own synchronization source (RFC 3550 §8.1).
    ssrc: u32,
    cname: String,
    /// The camera's CNAME, once told.
    camera_name: Option<String>,
    counted: Counted,
}

#[derive(Debug, Default)]
struct Counted {
    discarded: u64,
    access_units: u64,
    key_frames: u64,
    receiver_reports: u64,
    sender_reports: u64,
}

/// A compound RTCP packet to be sent.
#[derive(Debug)]
pub(super) struct Rtcp(pub(super) Vec<u8>);

impl Track {
    pub(super) fn new(track: &VideoTrack, config: &Config, random: &mut Random) -> Self {
        Self {
            payload_type: track.payload_type,
            clock_rate: track.clock_rate,
            reception: Reception::new(track.clock_rate),
            reorder: None,
            depacketizer: Depacketizer::new(config.quirks.marker, &track.parameter_sets),
            gap: false,
            report_timer: ReportTimer::new(config.reports),
            ssrc: random.next() as u32,
            // A short-term persistent name (RFC 7022 §4.2): it tells nothing about the machine.
            cname: format!("{:016x}", random.next()),
            camera_name: None,
            counted: Counted::default(),
        }
    }

    /// PLAY has been sent: reports begin. Over UDP packets may come out of order.
    pub(super) fn start(&mut self, now: Instant, udp: bool) {
        self.reorder = udp.then(ReorderWindow::new);
        self.report_timer.start(now);
    }

    /// When [`handle_time`](Self::handle_time) or [`report_due`](Self::report_due) has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let reorder = self.reorder.as_ref().and_then(ReorderWindow::deadline);
        self.report_timer.deadline().into_iter().chain(reorder).min()
    }

    /// Takes an RTP packet. Returns whether it was one of this track, however useful.
    pub(super) fn handle_rtp(&mut self, now: Instant, bytes: &[u8]) -> bool {
        let packet = match RtpPacket::parse(bytes) {
            Ok(packet) => packet,
            Err(error) => {
                tracing::debug!(target: "printcam::rtp", %error, "packet discarded");
                self.counted.discarded += 1;
                return false;
            }
        };
        let arrival = self.reception.record(now, &packet);
        match arrival {
            Arrival::Foreign | Arrival::OutOfRange | Arrival::Duplicate => return arrival == Arrival::Duplicate,
            Arrival::Resync | Arrival::SourceChanged => {
                tracing::info!(target: "printcam::rtp", ?arrival, "the camera's stream starts anew");
                if let Some(reorder) = &mut self.reorder {
                    reorder.restart();
                }
                self.gap = true;
            }
            Arrival::InOrder | Arrival::Gap { .. } | Arrival::Late => {}
        }
        match &mut self.reorder {
            None if arrival == Arrival::Late => {}
            None => self.depacketize(now, &packet, matches!(arrival, Arrival::Gap { .. })),
            Some(reorder) => {
                match reorder.push(now, packet.sequence_number, bytes) {
                    Pushed::InOrder { lost } => self.depacketize(now, &packet, lost > 0),
                    Pushed::Restarted { .. } => self.depacketize(now, &packet, true),
                    Pushed::Held | Pushed::Late | Pushed::Duplicate | Pushed::Refused => {}
                }
                self.release(now);
            }
        }
        true
    }

    /// Takes a compound RTCP packet. What is wrong in it ends it; what stood before counts. Returns the camera's CNAME
    /// when it is first told.
    pub(super) fn handle_rtcp(&mut self, now: Instant, bytes: &[u8]) -> Option<String> {
        let mut named = None;
        for packet in rtcp::parse_compound(bytes) {
            match packet {
                Ok(RtcpPacket::SenderReport(report)) => {
                    self.counted.sender_reports += 1;
                    // An H2C stalls when a sender report stays unanswered.
                    self.report_timer.sender_report_received(now);
                    if !self.reception.record_sender_report(now, &report) {
                        tracing::debug!(target: "printcam::rtcp", ssrc = report.ssrc, "report of another source");
                    }
                }
                Ok(RtcpPacket::Goodbye(_)) => {
                    // While RTP flows it means nothing, and when RTP ends the stall is noticed anyway.
                    tracing::debug!(target: "printcam::rtcp", "BYE");
                }
                Ok(RtcpPacket::SourceDescription(description)) if self.camera_name.is_none() => {
                    self.camera_name = description.chunks().find_map(|chunk| printable(chunk.cname?));
                    if self.camera_name.is_some() {
                        named = self.camera_name.clone();
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(target: "printcam::rtcp", %error, "rest of the compound discarded");
                    self.counted.discarded += 1;
                }
            }
        }
        named
    }

    /// Gives up on packets that the reorder window has waited for long enough.
    pub(super) fn handle_time(&mut self, now: Instant) {
        if self.reorder.is_some() {
            self.release(now);
        }
    }

    /// The next complete picture.
    pub(super) fn next_access_unit(&mut self) -> Option<AccessUnit> {
        let unit = self.depacketizer.next()?;
        self.counted.access_units += 1;
        self.counted.key_frames += u64::from(unit.key_frame);
        Some(unit)
    }

    /// Tells of the beginning or end of a stall: in it reports go out faster, another source may end it, and after it
    /// jitter starts from nothing.
    pub(super) fn set_stalled(&mut self, stalled: bool) {
        self.report_timer.set_stalled(stalled);
        match stalled {
            true => self.reception.source_is_silent(),
            false => self.reception.forget_jitter(),
        }
    }

    /// The receiver report that is due, if one is.
    pub(super) fn report_due(&mut self, now: Instant) -> Option<Rtcp> {
        if !self.report_timer.due(now) {
            return None;
        }
        self.report_timer.sent(now);
        self.counted.receiver_reports += 1;
        let mut out = Vec::with_capacity(64);
        rtcp::write_report_compound(&mut out, self.ssrc, self.reception.report_block(now), &self.cname);
        Some(Rtcp(out))
    }

    /// The last report, with BYE.
    pub(super) fn goodbye(&mut self, now: Instant) -> Rtcp {
        let mut out = Vec::with_capacity(80);
        rtcp::write_goodbye_compound(&mut out, self.ssrc, self.reception.report_block(now), &self.cname);
        Rtcp(out)
    }

    pub(super) fn add_to(&self, statistics: &mut Statistics) {
        statistics.rtp = self.reception.counters();
        let depacketizer = self.depacketizer.stats();
        statistics.discarded = self.counted.discarded + depacketizer.discarded_packets;
        statistics.jitter = Duration::from_secs_f64(f64::from(self.reception.jitter()) / f64::from(self.clock_rate));
        statistics.access_units = self.counted.access_units;
        statistics.key_frames = self.counted.key_frames;
        statistics.incomplete_access_units = depacketizer.dropped_access_units;
        statistics.receiver_reports = self.counted.receiver_reports;
        statistics.sender_reports = self.counted.sender_reports;
    }

    fn release(&mut self, now: Instant) {
        // The window lends its packets out while the rest of the track takes them.
        let Some(mut reorder) = self.reorder.take() else { return };
        while let Some(released) = reorder.pop_due(now) {
            if let Ok(packet) = RtpPacket::parse(released.packet) {
                self.depacketize(now, &packet, released.lost > 0);
            }
        }
        self.reorder = Some(reorder);
    }

    fn depacketize(&mut self, now: Instant, packet: &RtpPacket<'_>, lost_before: bool) {
        let lost_before = std::mem::take(&mut self.gap) || lost_before;
        if packet.payload_type != self.payload_type {
            self.counted.discarded += 1;
            self.gap = lost_before;
            return;
        }
        let packet = MediaPacket {
            payload: packet.payload,
            timestamp: packet.timestamp.value(),
            marker: packet.marker,
            lost_before,
            received_at: now,
        };
        if let Err(reason) = self.depacketizer.push(packet) {
            tracing::debug!(target: "printcam::rtp", %reason, "payload discarded");
        }
    }
}

/// A CNAME that can be shown and compared: at most 255 bytes by its length field, printable ASCII.
fn printable(cname: &[u8]) -> Option<String> {
    let is_printable = !cname.is_empty() && cname.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    is_printable.then(|| String::from_utf8_lossy(cname).into_owned())
}
