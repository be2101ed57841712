//! When a fault is active: a pure function of the time on its clock.

use std::time::Duration;

use crate::fault::{Fault, Length, Start};
use crate::random::Random;

/// The beginnings and ends of one fault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    /// The first beginning, on the fault's clock.
    from: Duration,
    /// `None` is for ever.
    length: Option<Length>,
    period: Option<Duration>,
    seed: u64,
}

impl Schedule {
    /// `seed` decides lengths that vary.
    pub(crate) fn new(fault: &Fault, seed: u64) -> Schedule {
        let from = match fault.start {
            Start::After(start) => start,
            // The clock starts with it.
            Start::Request(_) => Duration::ZERO,
        };
        Schedule { from, length: fault.length, period: fault.period, seed }
    }

    /// How often it has begun.
    pub(crate) fn beginnings(&self, elapsed: Duration) -> u64 {
        match (elapsed.checked_sub(self.from), self.period) {
            (None, _) => 0,
            (Some(since), Some(period)) => 1 + (since.as_nanos() / period.as_nanos().max(1)) as u64,
            (Some(_), None) => 1,
        }
    }

    pub(crate) fn is_active(&self, elapsed: Duration) -> bool {
        match self.beginnings(elapsed) {
            0 => false,
            number => self.end(number).is_none_or(|end| elapsed < end),
        }
    }

    /// The next beginning or end.
    pub(crate) fn next_change(&self, elapsed: Duration) -> Option<Duration> {
        let number = self.beginnings(elapsed);
        if number == 0 {
            return Some(self.from);
        }
        let end = self.end(number).filter(|&end| end > elapsed);
        end.or_else(|| self.next_beginning(elapsed))
    }

    /// The first after this moment.
    pub(crate) fn next_beginning(&self, elapsed: Duration) -> Option<Duration> {
        match self.beginnings(elapsed) {
            0 => Some(self.from),
            number => self.period.map(|_| self.beginning(number + 1)),
        }
    }

    /// The end of the occurrence begun last.
    pub(crate) fn end_after(&self, elapsed: Duration) -> Option<Duration> {
        self.end(self.beginnings(elapsed).max(1))
    }

    /// Of the occurrence with this number, counted from 1.
    fn beginning(&self, number: u64) -> Duration {
        let periods = self.period.map_or(0, |period| period.as_nanos() * u128::from(number - 1));
        self.from + Duration::from_nanos(u64::try_from(periods).unwrap_or(u64::MAX / 2))
    }

    fn end(&self, number: u64) -> Option<Duration> {
        let mut random = Random::new(self.seed.wrapping_add(number << 20));
        self.length.map(|length| self.beginning(number) + length.pick(&mut random))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_and_ends() {
        // Fault; at seconds: beginnings, active, next change.
        for (text, rows) in [
            ("stall=2s@3s", &[(0, 0, false, Some(3)), (3, 1, true, Some(5)), (5, 1, false, None)][..]),
            ("stall=2s/10s", &[(9, 0, false, Some(10)), (11, 1, true, Some(12)), (12, 1, false, Some(20))]),
            ("stall=2s@1s/10s", &[(1, 1, true, Some(3)), (4, 1, false, Some(11)), (92, 10, true, Some(93))]),
            ("freeze@1s", &[(0, 0, false, Some(1)), (1, 1, true, None), (1_000_000, 1, true, None)]),
            ("close/5s", &[(4, 0, false, Some(5)), (5, 1, true, Some(10)), (26, 5, true, Some(30))]),
            ("close@teardown", &[(0, 1, true, None)]),
        ] {
            let schedule = Schedule::new(&text.parse().expect(text), 0);
            for &(at, beginnings, active, next) in rows {
                let elapsed = Duration::from_secs(at);
                assert_eq!(schedule.beginnings(elapsed), beginnings, "{text} at {at}");
                assert_eq!(schedule.is_active(elapsed), active, "{text} at {at}");
                assert_eq!(schedule.next_change(elapsed), next.map(Duration::from_secs), "{text} at {at}");
            }
        }
    }

    #[test]
    fn lengths_vary_within_their_bounds_by_seed() {
        let ends = |seed| -> Vec<Duration> {
            let schedule = Schedule::new(&"stall=4s..10s/30s".parse().expect("a fault"), seed);
            (1..50).map(|number| schedule.end(number).expect("an end") - schedule.beginning(number)).collect()
        };
        assert_eq!(ends(1), ends(1));
        assert_ne!(ends(1), ends(2));
        let (min, max) = (Duration::from_secs(4), Duration::from_secs(10));
        assert!(ends(3).iter().all(|length| (min..=max).contains(length)));
        assert!(ends(3).iter().max() > ends(3).iter().min());
    }
}
