//! How long decoding takes.

use std::time::{Duration, Instant};

use crate::{AccessUnit, DecodeError, Decoder, Frame};

/// Times of the pictures decoded so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DecodeTimes {
    /// Pictures that came out.
    pub pictures: u64,
    /// Access units refused with an error.
    pub errors: u64,
    /// Time spent on pictures and errors.
    pub total: Duration,
    /// Time of the last of these.
    pub last: Duration,
    /// The longest time.
    pub longest: Duration,
}

impl DecodeTimes {
    /// Counts what the decoder answered after `time`. An access unit without a picture counts for nothing.
    pub fn record(&mut self, answer: &Result<Option<Frame>, DecodeError>, time: Duration) {
        match answer {
            Ok(None) => return,
            Ok(Some(_)) => self.pictures += 1,
            Err(_) => self.errors += 1,
        }
        self.total += time;
        self.last = time;
        self.longest = self.longest.max(time);
    }

    /// The mean time; zero before the first picture.
    #[must_use]
    pub fn mean(&self) -> Duration {
        let count = self.pictures + self.errors;
        if count == 0 { Duration::ZERO } else { self.total.div_f64(count as f64) }
    }
}

/// A decoder that measures itself by a clock of the caller's: `Timed::new(decoder, Instant::now)`.
#[derive(Debug)]
pub struct Timed<D, C> {
    decoder: D,
    clock: C,
    times: DecodeTimes,
}

impl<D: Decoder, C: FnMut() -> Instant + Send> Timed<D, C> {
    /// Measures `decoder` by `clock`.
    pub fn new(decoder: D, clock: C) -> Self {
        Self { decoder, clock, times: DecodeTimes::default() }
    }

    /// What has been measured.
    pub fn times(&self) -> DecodeTimes {
        self.times
    }
}

impl<D: Decoder, C: FnMut() -> Instant + Send> Decoder for Timed<D, C> {
    fn decode(&mut self, access_unit: &AccessUnit) -> Result<Option<Frame>, DecodeError> {
        let start = (self.clock)();
        let answer = self.decoder.decode(access_unit);
        let time = (self.clock)().saturating_duration_since(start);
        self.times.record(&answer, time);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RustyH264;
    use crate::testing::{encode, with_data};

    /// A clock that moves by one millisecond more each time it is read.
    #[test]
    fn measures_pictures_and_errors() {
        let clip = encode("96x80", "-profile:v high -g 4");
        let (mut now, mut step) = (Instant::now(), Duration::ZERO);
        let mut decoder = Timed::new(RustyH264::new(), move || {
            step += Duration::from_millis(1);
            now += step;
            now
        });
        assert_eq!(decoder.times().mean(), Duration::ZERO);
        let empty = with_data(&clip.access_units[1], vec![0, 0, 1, 9, 0x10]);
        let damaged = with_data(&clip.access_units[1], vec![0, 0, 1, 0x61, 0xff]);
        for (access_unit, want) in [
            (&clip.access_units[0], (1, 0, 2, 2, 2)),
            (&empty, (1, 0, 2, 2, 2)),
            (&clip.access_units[1], (2, 0, 8, 6, 6)),
            (&damaged, (2, 1, 16, 8, 8)),
            (&clip.access_units[2], (2, 1, 16, 8, 8)), // waits for a key frame
        ] {
            let _ = decoder.decode(access_unit);
            let DecodeTimes { pictures, errors, total, last, longest } = decoder.times();
            let got = (pictures, errors, total.as_millis(), last.as_millis(), longest.as_millis());
            assert_eq!(got, want);
        }
        assert_eq!(decoder.times().mean(), Duration::from_millis(16) / 3);
    }
}
