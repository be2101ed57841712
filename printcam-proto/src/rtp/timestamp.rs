//! RTP timestamps (RFC 3550 §5.1), which wrap and therefore have no order.

/// RTP timestamp in ticks of the payload's clock, 90 kHz for video, modulo 2^32 (RFC 3550 §5.1).
///
/// It has no `Ord` and starts anywhere: only distances mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RtpTimestamp(u32);

impl RtpTimestamp {
    /// The timestamp with this value on the wire.
    pub const fn new(ticks: u32) -> Self {
        Self(ticks)
    }

    /// Its value on the wire, in ticks.
    pub const fn value(self) -> u32 {
        self.0
    }

    /// Ticks from `earlier` to `self` by the shorter way round; negative when `self` comes before it.
    ///
    /// At 2^31, where both ways are equally long, it is -2147483648 in both directions.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i32 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }
}

impl From<u32> for RtpTimestamp {
    fn from(ticks: u32) -> Self {
        Self(ticks)
    }
}

impl std::fmt::Display for RtpTimestamp {
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
            (3000, 3000, 0),
            (6000, 3000, 3000),
            (3000, 6000, -3000),
            (2999, u32::MAX, 3000),
            (u32::MAX, 2999, -3000),
            (1 << 31, 0, i32::MIN),
            (0, 1 << 31, i32::MIN),
        ] {
            let distance = RtpTimestamp::new(later).since(RtpTimestamp::new(earlier));
            assert_eq!(distance, want, "{later} since {earlier}");
        }
    }
}
