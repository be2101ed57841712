//! Time in a recording: 90 kHz ticks that go on where a session's timestamps end.

use std::time::{Duration, Instant};

use printcam_proto::h264::AccessUnit;
use printcam_proto::h264::presentation_time::CLOCK_RATE;

/// Ticks per second, of the stream as of the recording.
pub(super) const TICKS_PER_SECOND: u64 = CLOCK_RATE as u64;

/// Strictly increasing ticks over any number of sessions, from 0 at the first access unit.
#[derive(Debug, Clone, Default)]
pub(super) struct Timeline {
    last: Option<Last>,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    timestamp: u64,
    received_at: Instant,
    time: u64,
}

/// Where an access unit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// Ticks since the first access unit.
    pub(super) time: u64,
    /// Timestamps began anew here: a new session.
    pub(super) restarted: bool,
}

impl Timeline {
    /// The place of the next access unit. Where its timestamp does not move forward, the time that passed in arrival
    /// counts.
    pub(super) fn advance(&mut self, access_unit: &AccessUnit) -> Moment {
        let &AccessUnit { timestamp, received_at, .. } = access_unit;
        let moment = match self.last {
            None => Moment { time: 0, restarted: false },
            Some(last) if timestamp > last.timestamp => {
                Moment { time: last.time.saturating_add(timestamp - last.timestamp), restarted: false }
            }
            Some(last) => {
                let elapsed = ticks(received_at.saturating_duration_since(last.received_at)).max(1);
                Moment { time: last.time.saturating_add(elapsed), restarted: true }
            }
        };
        self.last = Some(Last { timestamp, received_at, time: moment.time });
        moment
    }
}

/// Ends a recording by its own time, as `-d 30s` asks. A camera that falls silent does not reach it: who wants to stop
/// by the clock on the wall has a timer beside it.
#[derive(Debug, Clone)]
pub struct DurationLimit {
    limit: u64,
    timeline: Timeline,
    began: Option<u64>,
}

impl DurationLimit {
    /// A limit that counts from the first key frame.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self { limit: ticks(limit), timeline: Timeline::default(), began: None }
    }

    /// Whether the next access unit is within the limit. Once one is not, none is.
    pub fn admits(&mut self, access_unit: &AccessUnit) -> bool {
        let Moment { time, .. } = self.timeline.advance(access_unit);
        if self.began.is_none() && access_unit.key_frame {
            self.began = Some(time);
        }
        self.began.is_none_or(|began| time - began < self.limit)
    }
}

/// Whole ticks in `duration`.
pub(super) fn ticks(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos() * u128::from(TICKS_PER_SECOND) / 1_000_000_000).unwrap_or(u64::MAX)
}

/// The duration of `ticks`.
pub(super) fn duration(ticks: u64) -> Duration {
    let nanoseconds = ticks % TICKS_PER_SECOND * 1_000_000_000 / TICKS_PER_SECOND;
    Duration::from_secs(ticks / TICKS_PER_SECOND) + Duration::from_nanos(nanoseconds)
}
