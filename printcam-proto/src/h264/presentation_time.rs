//! Presentation time: from RTP timestamps as cameras send them to a time that only moves forward.

use std::time::{Duration, Instant};

/// RTP ticks per second of H.264 (RFC 6184 §8.2.1).
pub const CLOCK_RATE: u32 = 90_000;

/// How far a timestamp may run ahead of arrival before it counts as a jump. An H2C is silent for up to 10 s and then
/// sends everything at once; that is behind arrival, never ahead.
const MAX_LEAD: Duration = Duration::from_secs(10);

/// Turns 32-bit RTP timestamps into ticks since the first picture, strictly increasing.
///
/// Follows the timestamps while they make sense. Where they stand still (P2S 01.02), arrival times fill in until they
/// move again; where they jump backwards, or forward by more than 10 s beyond arrival, a new epoch starts: it continues
/// from the previous time by what has elapsed in arrival.
#[derive(Debug, Clone, Default)]
pub struct PresentationClock {
    last: Option<Last>,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    rtp: u32,
    /// `rtp`, wraps undone.
    unwrapped: i64,
    /// What to add to an unwrapped timestamp in this epoch.
    offset: i64,
    presentation: i64,
    received_at: Instant,
}

impl PresentationClock {
    /// A clock that starts at 0 with the first picture.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The presentation time, in ticks of [`CLOCK_RATE`], of the next picture in transmission order.
    pub fn advance(&mut self, rtp: u32, received_at: Instant) -> u64 {
        let next = match self.last {
            None => Last { rtp, unwrapped: 0, offset: 0, presentation: 0, received_at },
            Some(last) => last.successor(rtp, received_at),
        };
        self.last = Some(next);
        next.presentation.unsigned_abs()
    }
}

impl Last {
    fn successor(self, rtp: u32, received_at: Instant) -> Self {
        let step = i64::from(rtp.wrapping_sub(self.rtp).cast_signed());
        let unwrapped = self.unwrapped + step;
        let elapsed = ticks(received_at.saturating_duration_since(self.received_at));
        let by_timestamp = unwrapped + self.offset;
        let by_arrival = self.presentation + elapsed.max(1);
        let lead = by_timestamp - self.presentation - elapsed;

        let (presentation, offset) = if by_timestamp > self.presentation && lead <= ticks(MAX_LEAD) {
            (by_timestamp, self.offset)
        } else if step == 0 {
            // The epoch is kept: timestamps that catch up after standing still are right again.
            (by_arrival, self.offset)
        } else {
            (by_arrival, by_arrival - unwrapped)
        };
        Self { rtp, unwrapped, offset, presentation, received_at }
    }
}

/// Whole ticks in `duration`.
fn ticks(duration: Duration) -> i64 {
    let nanoseconds_per_9_ticks = 1_000_000_000 / u128::from(CLOCK_RATE / 9);
    i64::try_from(duration.as_nanos() * 9 / nanoseconds_per_9_ticks).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "an arbitrary instant to count from; no test reads the clock again")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Feeds `(RTP timestamp, arrival in ms)` and gives the presentation times.
    fn run(input: &[(u32, u64)]) -> Vec<u64> {
        let start = Instant::now();
        let mut clock = PresentationClock::new();
        input.iter().map(|&(rtp, ms)| clock.advance(rtp, start + Duration::from_millis(ms))).collect()
    }

    #[test]
    fn timelines() {
        for (name, input, want) in [
            ("steady", &[(1000, 0), (4000, 33), (7000, 66)][..], &[0, 3000, 6000][..]),
            ("arrival jitters, timestamps rule", &[(0, 0), (3000, 500), (6000, 501)], &[0, 3000, 6000]),
            ("wraps", &[(u32::MAX - 999, 0), (2000, 33), (5000, 66)], &[0, 3000, 6000]),
            ("stall, then a burst", &[(0, 0), (3000, 9000), (6000, 9000), (9000, 9001)], &[0, 3000, 6000, 9000]),
            ("frozen", &[(5, 0), (5, 100), (5, 200)], &[0, 9000, 18000]),
            ("frozen burst still moves", &[(5, 0), (5, 0), (5, 0)], &[0, 1, 2]),
            (
                "frozen, then catches up",
                &[(0, 0), (0, 1000), (0, 2000), (180_000, 2000)],
                &[0, 90_000, 180_000, 180_001],
            ),
            (
                "frozen, then on from there",
                &[(0, 0), (0, 1000), (3000, 1100), (6000, 1101)],
                &[0, 90_000, 99_000, 102_000],
            ),
            ("jump back", &[(900_000, 0), (903_000, 33), (0, 133), (3000, 134)], &[0, 3000, 12_000, 15_000]),
            ("jump 10 s ahead is believed", &[(0, 0), (900_000, 0), (903_000, 0)], &[0, 900_000, 903_000]),
            ("jump further is an epoch", &[(0, 0), (900_001, 0), (903_001, 0)], &[0, 1, 3001]),
            ("jump of 20 s as long as arrival", &[(0, 0), (1_800_000, 20_000)], &[0, 1_800_000]),
            ("jump of 2^31", &[(0, 0), (1 << 31, 1000), ((1 << 31) + 3000, 1033)], &[0, 90_000, 93_000]),
        ] {
            assert_eq!(run(input), want, "{name}");
        }
    }

    #[test]
    fn arrival_that_runs_back_is_survived() {
        let start = Instant::now();
        let mut clock = PresentationClock::new();
        clock.advance(0, start + Duration::from_secs(5));
        assert_eq!(clock.advance(0, start), 1);
    }

    proptest! {
        #[test]
        fn never_runs_backwards(input in prop::collection::vec((any::<u32>(), 0u64..1 << 40), 2..50)) {
            let times = run(&input);
            prop_assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
        }
    }
}
