//! How long to wait before the next attempt.

use std::time::Duration;

/// 2, 4, 8, 16, 30 s, each lengthened by up to a tenth so that printers that lost power together are not asked together.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    failures: u32,
    random: u64,
}

/// Failures in a row after which somebody should be told; from then on the wait is [`LONGEST`].
pub(crate) const TELL_AFTER: u32 = 5;

const FIRST: Duration = Duration::from_secs(2);
/// The longest wait, and the shortest time between two attempts after [`TELL_AFTER`] failures.
pub(crate) const LONGEST: Duration = Duration::from_secs(30);

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self { failures: 0, random: seed }
    }

    /// Counts a failure and says how long to wait.
    pub(crate) fn failed(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let wait = FIRST.saturating_mul(1 << (self.failures - 1).min(16)).min(LONGEST);
        // The constants of Knuth's MMIX generator; its upper bits are random enough to part printers.
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        wait + wait.mul_f64((self.random >> 40) as f64 / (1u64 << 24) as f64 / 10.0)
    }

    /// Failures since the last success.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// There was a picture.
    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_thirty_seconds_and_never_comes_early() {
        for seed in 0..1000 {
            let mut backoff = Backoff::new(seed);
            for want in [2, 4, 8, 16, 30, 30, 30] {
                let wait = backoff.failed().as_secs_f64();
                let want = f64::from(want);
                assert!((want..=want * 1.1).contains(&wait), "seed {seed}: {wait} for {want}");
            }
            backoff.succeeded();
            assert!(backoff.failed() < Duration::from_secs(3), "seed {seed}");
        }
        assert_ne!(Backoff::new(1).failed(), Backoff::new(2).failed());
    }
}
