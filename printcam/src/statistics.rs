//! What is counted of a stream over all its sessions.

use std::time::{Duration, Instant};

use printcam_proto::h264::AccessUnit;
use printcam_proto::rtsp::headers::ServerTransport;
use printcam_proto::session::Statistics;

use crate::{Reason, StreamState};

/// What was counted of a stream since it was opened.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StreamStatistics {
    /// What it is doing.
    pub state: StreamState,
    /// Totals of all sessions: packets, bytes, losses, reports, stalls. Transport and jitter are the present session's.
    pub session: Statistics,
    /// From opening to the first picture; `None` before it.
    pub time_to_first_picture: Option<Duration>,
    /// Video received in the last whole second, in bits.
    pub bitrate: f64,
    /// Pictures received in the last whole second.
    pub pictures_per_second: f64,
    /// Between the last two key frames, by their timestamps.
    pub key_frame_interval: Option<Duration>,
    /// Sessions that came to pictures.
    pub sessions: u64,
    /// How often it was brought up again, by reason; reasons that have not occurred are left out.
    pub reconnects: Vec<(Reason, u64)>,
    /// Pictures decoded, and how long that took altogether.
    pub decoded: (u64, Duration),
}

/// Counts.
#[derive(Debug)]
pub(crate) struct Tally {
    began: Instant,
    /// Totals of the sessions that have ended.
    past: Statistics,
    /// The present session's.
    present: Statistics,
    time_to_first_picture: Option<Duration>,
    pictures: u64,
    bytes: u64,
    /// Pictures and bytes when the last second began.
    second: (Instant, u64, u64),
    bitrate: f64,
    pictures_per_second: f64,
    last_key_frame: Option<u64>,
    key_frame_interval: Option<Duration>,
    sessions: u64,
    /// The present session has brought a picture.
    session_shown: bool,
    reconnects: Vec<(Reason, u64)>,
    decoded: (u64, Duration),
}

impl Tally {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            began: now,
            past: Statistics::default(),
            present: Statistics::default(),
            time_to_first_picture: None,
            pictures: 0,
            bytes: 0,
            second: (now, 0, 0),
            bitrate: 0.0,
            pictures_per_second: 0.0,
            last_key_frame: None,
            key_frame_interval: None,
            sessions: 0,
            session_shown: false,
            reconnects: Vec::new(),
            decoded: (0, Duration::ZERO),
        }
    }

    pub(crate) fn picture(&mut self, unit: &AccessUnit) {
        self.pictures += 1;
        self.bytes += unit.data.len() as u64;
        self.sessions += u64::from(!std::mem::replace(&mut self.session_shown, true));
        self.time_to_first_picture.get_or_insert(unit.received_at.saturating_duration_since(self.began));
        if unit.key_frame {
            let last = self.last_key_frame.replace(unit.timestamp);
            let ticks = last.and_then(|last| unit.timestamp.checked_sub(last));
            self.key_frame_interval = ticks.map(|ticks| Duration::from_secs_f64(ticks as f64 / 90_000.0));
        }
    }

    /// The present session's totals, about once a second.
    pub(crate) fn count(&mut self, now: Instant, session: &Statistics) {
        self.present = session.clone();
        let (then, pictures, bytes) = self.second;
        let seconds = now.saturating_duration_since(then).as_secs_f64();
        // A shorter time, as at a session's end, would show a rate that never was.
        if seconds >= 0.9 {
            self.bitrate = (self.bytes - bytes) as f64 * 8.0 / seconds;
            self.pictures_per_second = (self.pictures - pictures) as f64 / seconds;
            self.second = (now, self.pictures, self.bytes);
        }
    }

    pub(crate) fn session_ended(&mut self) {
        self.past.add(&std::mem::take(&mut self.present));
        self.last_key_frame = None;
        self.session_shown = false;
    }

    pub(crate) fn changed(&mut self, now: Instant, state: StreamState, reason: Reason) {
        match state {
            StreamState::Reconnecting => match self.reconnects.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, count)) => *count += 1,
                None => self.reconnects.push((reason, 1)),
            },
            StreamState::Idle | StreamState::Failed | StreamState::Stopped => {
                self.bitrate = 0.0;
                self.pictures_per_second = 0.0;
                self.second = (now, self.pictures, self.bytes);
            }
            _ => {}
        }
    }

    pub(crate) fn transport(&self) -> Option<ServerTransport> {
        self.present.transport
    }

    pub(crate) fn decoded(&mut self, took: Duration) {
        self.decoded.0 += 1;
        self.decoded.1 += took;
    }

    pub(crate) fn statistics(&self, state: StreamState) -> StreamStatistics {
        let mut session = self.past.clone();
        session.add(&self.present);
        StreamStatistics {
            state,
            session,
            time_to_first_picture: self.time_to_first_picture,
            bitrate: self.bitrate,
            pictures_per_second: self.pictures_per_second,
            key_frame_interval: self.key_frame_interval,
            sessions: self.sessions,
            reconnects: self.reconnects.clone(),
            decoded: self.decoded,
        }
    }
}
