//! The session's deadlines in one table.

use std::time::Instant;

/// What can be due. RTCP reports and the reorder window keep their own deadlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    /// The answer to the request in flight.
    Request,
    /// The next keep-alive request.
    KeepAlive,
    /// No RTP packet for the time that makes a stall.
    Stall,
    /// The answer to TEARDOWN, which nobody waits for very long.
    Leave,
}

impl Timer {
    const ALL: [Timer; 4] = [Timer::Request, Timer::KeepAlive, Timer::Stall, Timer::Leave];
}

#[derive(Debug, Default)]
pub(super) struct Timers([Option<Instant>; Timer::ALL.len()]);

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.0[timer as usize] = Some(at);
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    /// The earliest deadline.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }

    /// Takes out one timer that is due.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let due = Timer::ALL.into_iter().find(|&timer| self.0[timer as usize].is_some_and(|at| at <= now))?;
        self.stop(due);
        Some(due)
    }
}
