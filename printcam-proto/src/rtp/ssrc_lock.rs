//! Which synchronization source is ours (RFC 3550 §5.1, §8), decided by what arrives.

use super::SequenceNumber;

/// Holds on to the first source heard, and lets go only of one that has gone silent (RFC 3550 §8).
///
/// A packet with another SSRC is one of two things. An encoder that restarted takes a new SSRC, sends from then on with
/// that alone, and must be followed. A packet forged or gone astray comes between those of the true source, and must
/// not disturb its statistics or its picture. So the other source has to send [`SsrcLock::SWITCH_AFTER`] packets in
/// sequence while ours sends none; what it sends until then is foreign. After a stall it need not
/// ([`SsrcLock::let_go`]).
///
/// This is no protection against one who floods: between two pictures there is time for eight packets. Over UDP the
/// datagram's origin is checked before; over TCP nobody else can send.
#[derive(Debug, Clone, Default)]
pub struct SsrcLock {
    locked: Option<u32>,
    candidate: Option<Candidate>,
    /// Ours was silent for so long that it need not come back.
    silent: bool,
}

/// What [`SsrcLock::record`] says about the source of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Ours; the first source heard is.
    Locked,
    /// Another one: drop the packet.
    Foreign,
    /// Another one, which is ours from this packet on: what is known of the former source no longer holds.
    Switched,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    ssrc: u32,
    last: SequenceNumber,
    /// Packets in sequence so far.
    run: u32,
}

impl SsrcLock {
    /// Packets in sequence, none of ours between, that make another source ours: few enough to be gone in a fraction
    /// of a second, and more than a stray burst has.
    pub const SWITCH_AFTER: u32 = 8;

    /// No source yet: the first one heard will be ours.
    pub fn new() -> Self {
        Self::default()
    }

    /// The SSRC that is ours, once one was heard.
    pub fn locked(&self) -> Option<u32> {
        self.locked
    }

    /// Ours has been silent for long: the next source heard is ours, be it the same or not. Whoever waited for more of its
    /// packets would report nothing of it meanwhile, and an H2C sends next to nothing to a client that reports nothing.
    pub fn let_go(&mut self) {
        self.silent = true;
    }

    /// Takes in one packet and says whether it is from our source.
    pub fn record(&mut self, ssrc: u32, sequence_number: SequenceNumber) -> Source {
        let locked = *self.locked.get_or_insert(ssrc);
        let silent = std::mem::take(&mut self.silent);
        if ssrc == locked {
            self.candidate = None;
            return Source::Locked;
        }
        let run = match self.candidate {
            Some(Candidate { ssrc: same, last, run }) if same == ssrc && sequence_number == last.next() => run + 1,
            _ => 1,
        };
        if silent || run >= Self::SWITCH_AFTER {
            *self = Self { locked: Some(ssrc), ..Self::default() };
            return Source::Switched;
        }
        self.candidate = Some(Candidate { ssrc, last: sequence_number, run });
        Source::Foreign
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: u32 = 0xa;
    const OTHER: u32 = 0xb;
    const THIRD: u32 = 0xc;

    /// Feeds all packets and returns what is said of the last one.
    fn last_verdict(packets: impl IntoIterator<Item = (u32, u16)>) -> Source {
        let mut lock = SsrcLock::new();
        let mut verdict = lock.record(OURS, 100.into());
        assert_eq!(verdict, Source::Locked, "the first source");
        for (ssrc, sequence_number) in packets {
            verdict = lock.record(ssrc, sequence_number.into());
        }
        verdict
    }

    fn run(ssrc: u32, sequence_numbers: std::ops::Range<u16>) -> Vec<(u32, u16)> {
        sequence_numbers.map(|number| (ssrc, number)).collect()
    }

    #[test]
    fn only_an_unbroken_run_of_another_source_switches() {
        for (name, packets, want) in [
            ("ours goes on", run(OURS, 101..130), Source::Locked),
            ("one foreign", run(OTHER, 5..6), Source::Foreign),
            ("seven in a row", run(OTHER, 5..12), Source::Foreign),
            ("eight in a row", run(OTHER, 5..13), Source::Switched),
            ("ours, after seven", [run(OTHER, 5..12), run(OURS, 101..102)].concat(), Source::Locked),
            (
                "eight with ours between",
                [run(OTHER, 5..12), run(OURS, 101..102), run(OTHER, 12..13)].concat(),
                Source::Foreign,
            ),
            ("eight with a gap", [run(OTHER, 5..12), run(OTHER, 13..14)].concat(), Source::Foreign),
            ("eight copies of one packet", vec![(OTHER, 5); 8], Source::Foreign),
            (
                "eight with a third source between",
                [run(OTHER, 5..12), run(THIRD, 12..13), run(OTHER, 12..13)].concat(),
                Source::Foreign,
            ),
            ("eight in sequence from two sources", [run(OTHER, 5..9), run(THIRD, 9..13)].concat(), Source::Foreign),
            (
                "eight across the wrap",
                [run(OTHER, 65531..65535), vec![(OTHER, 65535)], run(OTHER, 0..3)].concat(),
                Source::Switched,
            ),
            ("the new source goes on", run(OTHER, 5..14), Source::Locked),
            ("the former source after a switch", [run(OTHER, 5..13), run(OURS, 101..102)].concat(), Source::Foreign),
        ] {
            assert_eq!(last_verdict(packets), want, "{name}");
        }
    }

    #[test]
    fn after_silence_one_packet_of_either_source_is_enough() {
        for (heard, want) in [(OTHER, Source::Switched), (OURS, Source::Locked)] {
            let mut lock = SsrcLock::new();
            lock.record(OURS, 100.into());
            lock.let_go();
            assert_eq!(lock.locked(), Some(OURS), "still reported of");
            assert_eq!(lock.record(heard, 7.into()), want);
            assert_eq!(lock.record(THIRD, 7.into()), Source::Foreign, "and is held on to, after {heard:#x}");
        }
    }

    #[test]
    fn locked_is_the_source_in_force() {
        let mut lock = SsrcLock::new();
        assert_eq!(lock.locked(), None);
        lock.record(OURS, 1.into());
        for number in 0..8_u16 {
            assert_eq!(lock.locked(), Some(OURS));
            lock.record(OTHER, number.into());
        }
        assert_eq!(lock.locked(), Some(OTHER));
    }
}
