//! RTP sequence numbers (RFC 3550 §5.1), which wrap and therefore have no order.

/// RTP sequence number: one more with each packet, modulo 2^16 (RFC 3550 §5.1).
///
/// It has no `Ord`: after 65535 comes 0, so only distances mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SequenceNumber(u16);

impl SequenceNumber {
    /// The sequence number with this value on the wire.
    pub const fn new(value: u16) -> Self {
        Self(value)
    }

    /// Its value on the wire.
    pub const fn value(self) -> u16 {
        self.0
    }

    /// Distance from `earlier` to `self` in packets by the shorter way round; negative when `self` comes before it.
    ///
    /// At 2^15, where both ways are equally long, it is -32768 in both directions.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i16 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }

    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

impl From<u16> for SequenceNumber {
    fn from(value: u16) -> Self {
        Self(value)
    }
}

impl std::fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_goes_the_shorter_way_round() {
        for (later, earlier, want) in [
            (5, 5, 0),
            (6, 5, 1),
            (5, 6, -1),
            (0, 65535, 1),
            (65535, 0, -1),
            (2999, 65535, 3000),
            (32767, 0, 32767),
            (32768, 0, -32768),
            (0, 32768, -32768),
            (32769, 0, -32767),
        ] {
            let distance = SequenceNumber::new(later).since(SequenceNumber::new(earlier));
            assert_eq!(distance, want, "{later} since {earlier}");
        }
    }

    #[test]
    fn next_wraps() {
        for (number, want) in [(0, 1), (32767, 32768), (65535, 0)] {
            let next = SequenceNumber::new(number).next();
            assert_eq!(next, SequenceNumber::new(want), "after {number}");
        }
    }
}
