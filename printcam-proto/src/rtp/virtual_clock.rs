//! The clock of the tests of this crate: it stands still until a test adds to it.

use std::time::{Duration, Instant};

/// Some instant to count from; a test reads it once and adds [`ms`] to it.
#[expect(clippy::disallowed_methods, reason = "std has no other way to make a first Instant")]
pub(crate) fn epoch() -> Instant {
    Instant::now()
}

/// Milliseconds.
pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
