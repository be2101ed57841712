//! What was counted of a stream, as C takes it.

use std::time::Duration;

use printcam::{ServerTransport, StreamState, StreamStatistics};

/// What was counted of a stream since it was started, or since the camera was first watched if it was before.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PrintcamStatistics {
    /// 0 connecting, 1 playing, 2 stalled, 3 reconnecting, 4 failed, 5 idle, 6 stopped.
    pub state: u32,
    /// 0 none yet, 1 TCP, 2 UDP.
    pub transport: u32,
    /// Video of the last whole second, in bits.
    pub bitrate: f64,
    /// Pictures received in the last whole second.
    pub pictures_per_second: f64,
    /// Interarrival jitter (RFC 3550 §6.4.1).
    pub jitter_ms: f64,
    /// From the start to the first picture; below 0: none yet.
    pub time_to_first_picture_ms: f64,
    /// Between the last two key frames; below 0: not known yet.
    pub key_frame_interval_ms: f64,
    /// How long decoding a picture takes, on average; 0: none was.
    pub decode_ms: f64,
    /// RTP packets received.
    pub packets: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// RTP packets that never came.
    pub lost: u64,
    /// RTP packets that came too late to be of use.
    pub late: u64,
    /// RTP packets that came twice.
    pub duplicate: u64,
    /// RTP packets, or their contents, thrown away.
    pub discarded: u64,
    /// Receiver reports sent.
    pub receiver_reports: u64,
    /// Times without media.
    pub stalls: u64,
    /// Sessions that came to pictures.
    pub sessions: u64,
    /// How often it was brought up again.
    pub reconnects: u64,
    /// Pictures decoded.
    pub pictures_decoded: u64,
    /// Pictures handed to this stream's textures.
    pub pictures_shown: u64,
}

const FAILED: u32 = 4;

impl PrintcamStatistics {
    /// Of a stream that never came to be.
    pub(crate) fn of_nothing() -> Self {
        Self { state: FAILED, time_to_first_picture_ms: -1.0, key_frame_interval_ms: -1.0, ..Self::default() }
    }

    pub(crate) fn new(counted: &StreamStatistics, pictures_shown: u64) -> Self {
        let session = &counted.session;
        let (pictures_decoded, decoding) = counted.decoded;
        Self {
            state: match counted.state {
                StreamState::Playing => 1,
                StreamState::Stalled => 2,
                StreamState::Reconnecting => 3,
                StreamState::Failed => FAILED,
                StreamState::Idle => 5,
                StreamState::Stopped => 6,
                _ => 0,
            },
            transport: match session.transport {
                None => 0,
                Some(ServerTransport::Udp { .. }) => 2,
                Some(_) => 1,
            },
            bitrate: counted.bitrate,
            pictures_per_second: counted.pictures_per_second,
            jitter_ms: milliseconds(session.jitter),
            time_to_first_picture_ms: counted.time_to_first_picture.map_or(-1.0, milliseconds),
            key_frame_interval_ms: counted.key_frame_interval.map_or(-1.0, milliseconds),
            decode_ms: milliseconds(decoding) / pictures_decoded.max(1) as f64,
            packets: session.rtp.received,
            bytes: session.rtp.bytes,
            lost: session.rtp.lost,
            late: session.rtp.late,
            duplicate: session.rtp.duplicate,
            discarded: session.discarded,
            receiver_reports: session.receiver_reports,
            stalls: session.stalls,
            sessions: counted.sessions,
            reconnects: counted.reconnects.iter().map(|(_, count)| count).sum(),
            pictures_decoded,
            pictures_shown,
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
