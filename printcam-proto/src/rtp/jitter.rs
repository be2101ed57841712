//! Interarrival jitter (RFC 3550 §6.4.1, A.8), tamed for senders that slow down when it is high.

use std::time::Instant;

use super::RtpTimestamp;

/// Running estimate of the interarrival jitter (RFC 3550 §6.4.1), in the integers of A.8.
///
/// It departs from A.8 in three places:
///
/// - One deviation counts as at most 50 ms. An H2C paces down when the reported jitter is high, which raises the
///   jitter: its own flush after some seconds of silence would throttle it for a minute.
/// - Only the first packet of each timestamp is a sample. The packets of one picture share a timestamp and come one
///   behind the other, so A.8 as written measures the size of the pictures. It follows that frozen timestamps (some
///   firmware has them) leave the estimate as it is, instead of raising it by a frame's duration with each frame.
/// - [`Jitter::forget`], since a stall is not jitter.
#[derive(Debug, Clone)]
pub struct Jitter {
    clock_rate: u32,
    max_deviation: u32,
    /// Arrival and timestamp of the last sample.
    last: Option<(Instant, RtpTimestamp)>,
    /// The estimate in sixteenths of a tick, as in A.8, so that integers lose nothing in rounding.
    sixteenths: u32,
}

impl Jitter {
    /// No jitter yet. `clock_rate` is the rate of the RTP timestamps in Hz.
    pub fn new(clock_rate: u32) -> Self {
        Self { clock_rate, max_deviation: clock_rate / MAX_DEVIATION_DIVISOR, last: None, sixteenths: 0 }
    }

    /// Takes in a packet with this timestamp that arrived at `now`.
    pub fn record(&mut self, now: Instant, timestamp: RtpTimestamp) {
        let Some((last_arrival, last_timestamp)) = self.last else {
            self.last = Some((now, timestamp));
            return;
        };
        if timestamp == last_timestamp {
            return;
        }
        self.last = Some((now, timestamp));
        // D(i-1,i) of §6.4.1; in i64 neither an hour of silence nor any step of the timestamp overflows.
        let arrived = self.ticks_between(last_arrival, now);
        let deviation = arrived - i64::from(timestamp.since(last_timestamp));
        let deviation = u32::try_from(deviation.unsigned_abs()).unwrap_or(u32::MAX).min(self.max_deviation);
        // A.8. At most 16 * max_deviation, hence no overflow; the right side is at most the left plus deviation.
        self.sixteenths = self.sixteenths + deviation - ((self.sixteenths + 8) >> 4);
    }

    /// Back to no jitter; the next packet only seeds the comparison. For the end of a stall or a new timeline.
    pub fn forget(&mut self) {
        self.last = None;
        self.sixteenths = 0;
    }

    /// The estimate in ticks of the RTP timestamp, as a report carries it (RFC 3550 §6.4.1).
    pub fn ticks(&self) -> u32 {
        self.sixteenths >> 4
    }

    /// The time between two arrivals in ticks, saturating; 0 if the clock was given backwards.
    fn ticks_between(&self, earlier: Instant, later: Instant) -> i64 {
        let nanoseconds = later.saturating_duration_since(earlier).as_nanos();
        let ticks = nanoseconds.saturating_mul(u128::from(self.clock_rate)) / 1_000_000_000;
        // Half of i64 leaves room for the timestamp's part.
        i64::try_from(ticks).unwrap_or(i64::MAX).min(i64::MAX / 2)
    }
}

/// A deviation counts as at most a 20th of a second: 4500 ticks at 90 kHz. More is a stall, not jitter.
const MAX_DEVIATION_DIVISOR: u32 = 20;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::super::virtual_clock::{epoch, ms};
    use super::*;

    fn record_all(packets: &[(u64, u32)]) -> Jitter {
        let start = epoch();
        let mut jitter = Jitter::new(90_000);
        for &(arrival, timestamp) in packets {
            jitter.record(start + ms(arrival), RtpTimestamp::new(timestamp));
        }
        jitter
    }

    #[test]
    fn estimate_worked_out_by_hand() {
        // Arrivals in ms, timestamps in ticks; 1 ms is 90 ticks. The estimate in sixteenths starts at 0 and becomes
        // J + |D| - ((J + 8) >> 4).
        for (name, packets, want_sixteenths) in [
            ("one packet", &[(0, 0)][..], 0),
            ("perfect pace", &[(0, 0), (33, 2970), (66, 5940)], 0),
            ("10 ms late: D = 900", &[(0, 0), (43, 2970)], 900),
            ("10 ms early: D = -900", &[(0, 0), (23, 2970)], 900),
            ("late, then early: 900 + 900 - (908 >> 4 = 56)", &[(0, 0), (43, 2970), (66, 5940)], 1744),
            ("and on pace: 1744 - (1752 >> 4 = 109)", &[(0, 0), (43, 2970), (66, 5940), (99, 8910)], 1635),
            ("rounded: D = 920, 920 - (928 >> 4 = 58)", &[(0, 0), (33, 2050), (66, 5020)], 862),
            ("exactly 50 ms late", &[(0, 0), (83, 2970)], 4500),
            ("7 s late is clamped", &[(0, 0), (7033, 2970)], 4500),
            ("timestamp wraps", &[(0, u32::MAX - 1484), (33, 1485)], 0),
            ("timestamp jumps by 2^31", &[(0, 0), (33, 1 << 31)], 4500),
            ("timestamp goes back", &[(0, 900_000), (33, 0)], 4500),
            ("packets of one picture do not count", &[(0, 0), (5, 0), (20, 0), (33, 2970), (45, 2970)], 0),
            ("frozen timestamps do not count", &[(0, 7), (33, 7), (66, 7), (10_000, 7)], 0),
        ] {
            let jitter = record_all(packets);
            assert_eq!(jitter.sixteenths, want_sixteenths, "{name}");
            assert_eq!(jitter.ticks(), want_sixteenths / 16, "{name}");
        }
    }

    #[test]
    fn clamp_is_50_ms_of_any_clock() {
        for (clock_rate, want) in [(90_000, 4500), (48_000, 2400), (8_000, 400), (0, 0)] {
            assert_eq!(Jitter::new(clock_rate).max_deviation, want, "{clock_rate}");
        }
    }

    #[test]
    fn forgetting_seeds_anew() {
        let start = epoch();
        let mut jitter = record_all(&[(0, 0), (43, 2970)]);
        assert_eq!(jitter.ticks(), 56);
        jitter.forget();
        assert_eq!(jitter.ticks(), 0);
        jitter.record(start + ms(9_000), RtpTimestamp::new(5940));
        assert_eq!(jitter.ticks(), 0, "the first packet after a stall");
        jitter.record(start + ms(9_033), RtpTimestamp::new(8910));
        assert_eq!(jitter.ticks(), 0, "on pace with the first");
    }

    #[test]
    fn a_clock_given_backwards_or_years_apart_does_not_overflow() {
        let start = epoch();
        let mut jitter = Jitter::new(u32::MAX);
        let years = Duration::from_secs(400 * 365 * 86_400);
        for (at, timestamp) in [(years, 0), (ms(0), 1 << 31), (years, 5), (ms(0), 1 << 31)] {
            jitter.record(start + at, RtpTimestamp::new(timestamp));
        }
        assert!(jitter.ticks() <= u32::MAX / 20);
    }

    proptest! {
        /// Against §6.4.1 in floating point: J += (|D| - J) / 16. A.8 rounds, hence two ticks of tolerance.
        #[test]
        fn follows_the_formula(steps in proptest::collection::vec((0_u64..120, 1_u32..9_000), 1..300)) {
            let start = epoch();
            let mut jitter = Jitter::new(90_000);
            jitter.record(start, RtpTimestamp::new(0));
            let (mut model, mut arrival, mut timestamp) = (0.0_f64, 0_u64, 0_u32);
            for (milliseconds, ticks) in steps {
                arrival += milliseconds;
                timestamp += ticks;
                jitter.record(start + ms(arrival), RtpTimestamp::new(timestamp));
                let deviation = (milliseconds as f64 * 90.0 - f64::from(ticks)).abs();
                model += (deviation.min(4500.0) - model) / 16.0;
                prop_assert!((f64::from(jitter.ticks()) - model).abs() < 2.0, "{} is not {model}", jitter.ticks());
            }
        }
    }
}
