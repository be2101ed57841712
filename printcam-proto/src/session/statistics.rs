//! What a session counts.

use std::time::Duration;

use crate::rtp::Counters;
use crate::rtsp::headers::ServerTransport;

/// Totals of one session. Rates are left to whoever asks twice.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Statistics {
    /// How the media travels; `None` before PLAY was accepted.
    pub transport: Option<ServerTransport>,
    /// RTP packets: received, lost, late, duplicate, of other sources.
    pub rtp: Counters,
    /// RTP packets or their contents thrown away: malformed, of another payload type, of a NAL unit cut short.
    pub discarded: u64,
    /// Interarrival jitter (RFC 3550 §6.4.1), as reported to the camera.
    pub jitter: Duration,
    /// From the last request to its answer; over TCP that includes the media queued before it.
    pub round_trip: Option<Duration>,
    /// Pictures given out.
    pub access_units: u64,
    /// Of these, pictures that decoding can start at.
    pub key_frames: u64,
    /// Pictures begun and not given out, because part of them was lost.
    pub incomplete_access_units: u64,
    /// Receiver reports sent.
    pub receiver_reports: u64,
    /// Sender reports received.
    pub sender_reports: u64,
    /// Times without RTP for longer than the stall limit.
    pub stalls: u64,
    /// How long they lasted together.
    pub stalled_for: Duration,
    /// Packets outside the tracks we set up, or before PLAY.
    pub stray_packets: u64,
    /// Responses to nothing, and requests of the server.
    pub stray_messages: u64,
    /// Bytes of the connection that belonged to nothing.
    pub garbage_bytes: u64,
}

impl Statistics {
    /// Adds the totals of a later session of the same camera. What is no total (transport, jitter, round trip) is
    /// the later one's.
    pub fn add(&mut self, later: &Statistics) {
        let Self { transport, rtp, jitter, stalled_for, .. } = later;
        self.transport = *transport;
        self.jitter = *jitter;
        self.round_trip = later.round_trip;
        self.stalled_for += *stalled_for;
        for (sum, more) in [
            (&mut self.rtp.received, rtp.received),
            (&mut self.rtp.bytes, rtp.bytes),
            (&mut self.rtp.lost, rtp.lost),
            (&mut self.rtp.late, rtp.late),
            (&mut self.rtp.duplicate, rtp.duplicate),
            (&mut self.rtp.out_of_range, rtp.out_of_range),
            (&mut self.rtp.foreign, rtp.foreign),
            (&mut self.discarded, later.discarded),
            (&mut self.access_units, later.access_units),
            (&mut self.key_frames, later.key_frames),
            (&mut self.incomplete_access_units, later.incomplete_access_units),
            (&mut self.receiver_reports, later.receiver_reports),
            (&mut self.sender_reports, later.sender_reports),
            (&mut self.stalls, later.stalls),
            (&mut self.stray_packets, later.stray_packets),
            (&mut self.stray_messages, later.stray_messages),
            (&mut self.garbage_bytes, later.garbage_bytes),
        ] {
            *sum += more;
        }
    }
}
