//! When each access unit is due: at the pace of the timestamps, a target delay behind arrival.

use std::time::{Duration, Instant};

use crate::h264::presentation_time::CLOCK_RATE;

/// Gives every access unit the time at which it is due, from the one before it.
///
/// The first waits for the target delay; each further one is due as much later as its timestamp says. Two corrections
/// keep the wait near the target, because the two clocks differ and so do the paths through the network: while units
/// wait longer than the target, the schedule runs faster by [`FASTER`], otherwise slower by [`SLOWER`]. It comes to
/// rest where a tenth of the units, those that travelled fastest, wait for the target delay and the others for less.
#[derive(Debug)]
pub(super) struct Schedule {
    target: Duration,
    last: Option<Last>,
}

/// The access unit placed last.
#[derive(Debug, Clone, Copy)]
struct Last {
    timestamp: u64,
    arrived_at: Instant,
    due: Instant,
}

/// How an access unit fits into the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// As its timestamp says.
    OnTime,
    /// Its timestamp leaps ahead of arrival, or is the first: the schedule goes on from it, and what came before it
    /// keeps its time.
    Epoch,
    /// As `Epoch`, but its timestamp lies before the last one's, which only happens between two sessions.
    Restart,
    /// It came after its time: it is due at once, and the schedule goes on from it.
    Late,
    /// It would wait for too long: it waits for the target delay, and everything before it is due earlier by this.
    Ahead(Duration),
}

impl Schedule {
    pub(super) fn new(target: Duration) -> Self {
        Self { target, last: None }
    }

    /// When the access unit that arrives at `now` is due; `tolerance` is how much longer than the target it may wait.
    pub(super) fn place(&mut self, now: Instant, timestamp: u64, tolerance: Duration) -> (Instant, Fit) {
        let (due, fit) = match self.last {
            None => (now + self.target, Fit::Epoch),
            Some(last) => self.place_after(last, now, timestamp, tolerance),
        };
        self.last = Some(Last { timestamp, arrived_at: now, due });
        (due, fit)
    }

    /// Lets everything from here on be due earlier.
    pub(super) fn advance(&mut self, by: Duration) {
        if let Some(last) = &mut self.last {
            last.due = last.due.checked_sub(by).unwrap_or(last.due);
        }
    }

    fn place_after(&self, last: Last, now: Instant, timestamp: u64, tolerance: Duration) -> (Instant, Fit) {
        let on_target = now + self.target;
        let elapsed = now.saturating_duration_since(last.arrived_at);
        let Some(step) = timestamp.checked_sub(last.timestamp) else {
            return (on_target.max(last.due), Fit::Restart);
        };
        let step = duration(step);
        if step > elapsed + MAX_LEAP {
            return (on_target.max(last.due), Fit::Epoch);
        }
        let due = last.due + step;
        let Some(wait) = due.checked_duration_since(now) else {
            return (now, Fit::Late);
        };
        if wait > self.target + tolerance {
            return (on_target, Fit::Ahead(wait - self.target));
        }
        let elapsed = elapsed.min(MAX_CORRECTED);
        let due = match wait.checked_sub(self.target) {
            Some(excess) => due - excess.min(elapsed / FASTER),
            None => due + (self.target - wait).min(elapsed / SLOWER),
        };
        (due.max(last.due), Fit::OnTime)
    }
}

/// The time of `ticks` of [`CLOCK_RATE`].
fn duration(ticks: u64) -> Duration {
    let rate = u64::from(CLOCK_RATE);
    Duration::from_secs(ticks / rate) + Duration::from_nanos(ticks % rate * 1_000_000_000 / rate)
}

/// How far a timestamp may run ahead of arrival, from one unit to the next, before it counts as another epoch. The
/// units of a burst are far closer together than that.
const MAX_LEAP: Duration = Duration::from_secs(1);

/// The part of time by which the schedule runs faster: a twentieth, which nobody sees in a moving picture, and which
/// works off the 150 ms that a hiccup leaves behind in 3 s.
const FASTER: u32 = 20;

/// The part of time by which the schedule runs slower: a tenth of [`FASTER`], so that the units that travel fastest
/// decide; 25 times as much as two clocks of 100 ppm drift apart.
const SLOWER: u32 = 200;

/// The most time between two units that is corrected for: a correction is to be spread over many pictures, and not to
/// fall on the one after a stall.
const MAX_CORRECTED: Duration = Duration::from_millis(100);
