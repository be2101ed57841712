//! Where each packet stands in the sequence of its source (RFC 3550 A.1), and what is missing from it (A.3).

use super::SequenceNumber;

/// The sequence of one source since its first packet or last restart: `update_seq()` of RFC 3550 A.1.
///
/// Departures from A.1: no probation, because a restarted source is met by the SSRC lock and the first packets of a
/// session are its parameter sets; a repetition is told from a late packet; a packet in sequence ends the suspicion
/// raised by a jump, so that two stray packets far apart in time are not taken for a restart.
#[derive(Debug, Clone)]
pub(super) struct SequenceTracker {
    /// First sequence number of this epoch; extended numbers count on from it, and do not wrap in 64 bits.
    base: u64,
    highest: u64,
    /// Bit i: `highest - i` has been received.
    seen: u128,
    /// The number that would confirm a jump, `bad_seq` of A.1.
    restart_at: Option<SequenceNumber>,
    /// Packets received, late ones and repetitions included (A.3).
    received: u64,
    /// Numbers passed over and not arrived since.
    missing: u64,
    expected_prior: u64,
    received_prior: u64,
}

/// Where one packet stands in the sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Next,
    AfterGap { lost: u16 },
    Late,
    Duplicate,
    OutOfRange,
    Restart,
}

impl SequenceTracker {
    /// The sequence of a source whose first packet has this number; the packet is counted (`init_seq()` of A.1).
    pub(super) fn starting_at(first: SequenceNumber) -> Self {
        Self {
            base: first.value().into(),
            highest: first.value().into(),
            seen: 1,
            restart_at: None,
            received: 1,
            missing: 0,
            expected_prior: 0,
            received_prior: 0,
        }
    }

    /// Takes in a packet with this number. After [`Place::Restart`] nothing of before is left.
    pub(super) fn record(&mut self, number: SequenceNumber) -> Place {
        // The low 16 bits are the number on the wire.
        let highest = SequenceNumber::new(self.highest as u16);
        let place = match number.since(highest) {
            0 => Place::Duplicate,
            ahead @ 1..MAX_DROPOUT => self.advance(ahead.unsigned_abs()),
            behind if -MAX_MISORDER < behind && behind < 0 => self.look_back(behind.unsigned_abs()),
            _ if self.restart_at == Some(number) => {
                *self = Self::starting_at(number);
                return Place::Restart;
            }
            _ => {
                self.restart_at = Some(number.next());
                return Place::OutOfRange;
            }
        };
        self.restart_at = None;
        self.received += 1;
        place
    }

    /// Moves on to the packet `ahead` of the highest.
    fn advance(&mut self, ahead: u16) -> Place {
        let lost = ahead - 1;
        self.highest += u64::from(ahead);
        self.missing += u64::from(lost);
        self.seen = self.seen.checked_shl(ahead.into()).unwrap_or(0) | 1;
        match lost {
            0 => Place::Next,
            lost => Place::AfterGap { lost },
        }
    }

    /// Judges the packet `behind` the highest; less than the 128 that `seen` remembers.
    fn look_back(&mut self, behind: u16) -> Place {
        let bit = 1_u128 << behind;
        if self.seen & bit != 0 {
            return Place::Duplicate;
        }
        self.seen |= bit;
        // One from before our first packet was never missed.
        if u64::from(behind) <= self.highest - self.base {
            self.missing -= 1;
        }
        Place::Late
    }

    /// Numbers passed over and not arrived since.
    pub(super) fn missing(&self) -> u64 {
        self.missing
    }

    /// Cycles in the upper half, highest number received in the lower (RFC 3550 §6.4.1); it wraps after 2^16 cycles.
    pub(super) fn extended_highest(&self) -> u32 {
        self.highest as u32
    }

    /// Packets expected less packets received, since the start (A.3); repetitions can make it negative.
    pub(super) fn cumulative_lost(&self) -> i64 {
        self.expected().cast_signed() - self.received.cast_signed()
    }

    /// Share of packets lost since the last call in 1/256, 0 where repetitions outweigh the losses (A.3).
    pub(super) fn fraction_lost_since_last(&mut self) -> u8 {
        let expected = self.expected() - self.expected_prior;
        let received = self.received - self.received_prior;
        self.expected_prior = self.expected();
        self.received_prior = self.received;
        let lost = expected.saturating_sub(received);
        match (lost << 8).checked_div(expected) {
            Some(fraction) => u8::try_from(fraction).unwrap_or(u8::MAX),
            None => 0,
        }
    }

    fn expected(&self) -> u64 {
        self.highest - self.base + 1
    }
}

/// A step forward of this many packets or more is a jump, not a loss (RFC 3550 A.1).
const MAX_DROPOUT: i16 = 3000;
/// A step back of this many packets or more is a jump, not a late packet (RFC 3550 A.1).
const MAX_MISORDER: i16 = 100;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Place::*;
    use super::*;

    fn record_all(first: u16, rest: &[u16]) -> (SequenceTracker, Vec<Place>) {
        let mut tracker = SequenceTracker::starting_at(first.into());
        let places = rest.iter().map(|&number| tracker.record(number.into())).collect();
        (tracker, places)
    }

    #[test]
    fn places_follow_a_1() {
        for (name, first, rest, want) in [
            ("in order", 7, &[8, 9][..], &[Next, Next][..]),
            ("wrap", 65534, &[65535, 0, 1], &[Next, Next, Next]),
            ("gap", 10, &[13, 14], &[AfterGap { lost: 2 }, Next]),
            ("gap across the wrap", 65534, &[2], &[AfterGap { lost: 3 }]),
            ("largest gap", 10, &[3009], &[AfterGap { lost: 2998 }]),
            ("one too far", 10, &[3010], &[OutOfRange]),
            ("late", 10, &[13, 11, 12, 14], &[AfterGap { lost: 2 }, Late, Late, Next]),
            ("late across the wrap", 65535, &[1, 0], &[AfterGap { lost: 1 }, Late]),
            ("latest", 10, &[200, 101], &[AfterGap { lost: 189 }, Late]),
            ("too late", 10, &[200, 100], &[AfterGap { lost: 189 }, OutOfRange]),
            ("late twice", 10, &[12, 11, 11], &[AfterGap { lost: 1 }, Late, Duplicate]),
            ("before the first", 10, &[9, 9, 11], &[Late, Duplicate, Next]),
            ("repetition of the highest", 10, &[10, 11, 11], &[Duplicate, Next, Duplicate]),
            ("repetition of an older one", 10, &[11, 12, 10], &[Next, Next, Duplicate]),
            ("half way round", 10, &[32778], &[OutOfRange]),
            ("half way round, confirmed", 10, &[32778, 32779, 32780], &[OutOfRange, Restart, Next]),
            ("jump back, confirmed", 40000, &[10, 11, 12], &[OutOfRange, Restart, Next]),
            ("jump onto the wrap", 30000, &[65535, 0, 1], &[OutOfRange, Restart, Next]),
            ("two strays", 10, &[20000, 30000, 11], &[OutOfRange, OutOfRange, Next]),
            ("a stray twice", 10, &[20000, 20000, 20001], &[OutOfRange, OutOfRange, Restart]),
            ("strays with ours between", 10, &[20000, 11, 20001, 12], &[OutOfRange, Next, OutOfRange, Next]),
        ] {
            assert_eq!(record_all(first, rest).1, want, "{name}");
        }
    }

    #[test]
    fn loss_worked_out_by_hand_from_a_3() {
        // expected = extended highest - base + 1, lost = expected - received, repetitions and late ones received.
        for (name, first, rest, want_extended, want_lost, want_fraction) in [
            ("one packet", 65000, &[][..], 65000, 0, 0),
            ("nothing lost across the wrap", 65534, &[65535, 0, 1], 0x1_0001, 0, 0),
            // 4 expected, 2 received: 2 * 256 / 4.
            ("half lost", 10, &[13], 13, 2, 128),
            // 10 expected, 9 received: 256 / 10 = 25.6.
            ("one in ten", 1, &[2, 3, 4, 5, 6, 7, 8, 10], 10, 1, 25),
            // 3000 expected, 2 received: 2998 * 256 / 3000 = 255.8.
            ("nearly all", 10, &[3009], 3009, 2998, 255),
            ("late is not lost", 10, &[12, 11], 12, 0, 0),
            // 2 expected, 4 received.
            ("repetitions make it negative", 10, &[11, 11, 11], 11, -2, 0),
            // 4 expected, 5 received: a loss hidden by repetitions, as A.3 has it.
            ("repetitions hide a loss", 10, &[11, 11, 11, 13], 13, -1, 0),
            ("out of range is not received", 10, &[11, 20000], 11, 0, 0),
            ("a restart counts anew", 10, &[20, 40000, 40001, 40003], 40003, 1, 85),
        ] {
            let (mut tracker, _) = record_all(first, rest);
            assert_eq!(tracker.extended_highest(), want_extended, "{name}: extended highest");
            assert_eq!(tracker.cumulative_lost(), want_lost, "{name}: lost");
            assert_eq!(tracker.fraction_lost_since_last(), want_fraction, "{name}: fraction");
            assert_eq!(tracker.fraction_lost_since_last(), 0, "{name}: nothing since");
        }
    }

    #[test]
    fn fraction_counts_from_the_last_one() {
        let mut tracker = SequenceTracker::starting_at(0.into());
        let mut fraction = |numbers: &[u16]| {
            for &number in numbers {
                tracker.record(number.into());
            }
            tracker.fraction_lost_since_last()
        };
        assert_eq!(fraction(&[1, 3]), 64, "1 of 4");
        assert_eq!(fraction(&[4, 5]), 0, "0 of 2");
        assert_eq!(fraction(&[10]), 204, "4 of 5");
        // 1 expected and 3 received: below zero, so 0.
        assert_eq!(fraction(&[6, 7, 11]), 0, "late ones make up for it");
    }

    #[test]
    fn the_extended_number_wraps_after_two_to_the_32() {
        let mut tracker = SequenceTracker::starting_at(65535.into());
        tracker.highest = 0xffff_ffff;
        assert_eq!(tracker.record(0.into()), Next);
        assert_eq!(tracker.extended_highest(), 0);
        assert_eq!(tracker.cumulative_lost(), 0xffff_0002 - 2);
    }

    proptest! {
        /// Each number sent is received once, or missing; whatever is lost, late or repeated on the way.
        #[test]
        fn what_is_not_received_is_missing(
            first: u16,
            // How far each packet is behind the one sent last, and how many are skipped before it.
            steps in proptest::collection::vec((0_u16..90, 0_u16..5), 0..400),
        ) {
            let mut tracker = SequenceTracker::starting_at(first.into());
            let (mut sent, mut got) = (100_u16, std::collections::BTreeSet::from([0_u16]));
            for (behind, skipped) in steps {
                sent += 1 + skipped;
                let (offset, expect_new) = if behind % 3 == 0 { (sent - behind, false) } else { (sent, true) };
                // Numbers start at 100 so that looking back stays behind the first packet.
                let place = tracker.record(first.wrapping_add(offset).into());
                let new = got.insert(offset);
                prop_assert_eq!(new, !matches!(place, Duplicate), "offset {}: {:?}", offset, place);
                prop_assert!(new || !expect_new);
            }
            let highest = got.last().copied().unwrap_or(0);
            let unique = got.len() as u64;
            prop_assert_eq!(tracker.missing(), u64::from(highest) + 1 - unique);
        }
    }
}
