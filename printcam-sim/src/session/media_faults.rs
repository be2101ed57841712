//! What befalls RTP packets on their way: markers, headers, losses, order.

use std::time::Instant;

use crate::fault::FaultKind;
use crate::random::Random;
use crate::timeline::Timeline;

/// Packets that come later than sent, each with the number of packets that overtake it yet.
#[derive(Debug, Default)]
pub(super) struct Delayed(Vec<(usize, Vec<u8>)>);

/// The packets of one access unit as they leave, after all faults that are active.
pub(super) fn befall(
    mut packets: Vec<Vec<u8>>,
    timeline: &mut Timeline,
    delayed: &mut Delayed,
    now: Instant,
) -> Vec<Vec<u8>> {
    let mut reordering = false;
    for (kind, random) in timeline.active(now) {
        match kind {
            FaultKind::NoMarker(probability) if random.happens(probability) => {
                packets.iter_mut().for_each(|packet| packet[1] &= !MARKER);
            }
            FaultKind::MisplacedMarker(probability) if random.happens(probability) => {
                misplace_marker(&mut packets, random);
            }
            FaultKind::Contributors(probability) => {
                each(&mut packets, probability, random, |packet, random| {
                    let count = random.up_to(15);
                    let sources: Vec<u8> = (0..count).flat_map(|_| random.next_u32().to_be_bytes()).collect();
                    packet[0] |= count as u8;
                    packet.splice(HEADER..HEADER, sources);
                });
            }
            FaultKind::Extension(probability) => {
                each(&mut packets, probability, random, |packet, random| {
                    let at = HEADER + 4 * usize::from(packet[0] & 0x0f);
                    let words = random.up_to(4) - 1;
                    // RFC 8285's one-byte headers, all of it padding.
                    let mut extension = vec![0xbe, 0xde, 0, words as u8];
                    extension.resize(4 + 4 * words, 0);
                    packet[0] |= EXTENSION;
                    packet.splice(at..at, extension);
                });
            }
            FaultKind::Padding(probability) => {
                each(&mut packets, probability, random, |packet, random| {
                    let count = random.up_to(32);
                    packet[0] |= PADDING;
                    packet.resize(packet.len() + count - 1, 0);
                    packet.push(count as u8);
                });
            }
            FaultKind::Loss(probability) => packets.retain(|_| !random.happens(probability)),
            FaultKind::Duplicate(probability) => {
                let copies = |packet| {
                    let count = if random.happens(probability) { 2 } else { 1 };
                    std::iter::repeat_n(packet, count)
                };
                packets = packets.into_iter().flat_map(copies).collect();
            }
            FaultKind::Reorder(probability, distance) => {
                reordering = true;
                packets =
                    delayed.reorder(packets, |_| random.happens(probability).then(|| random.up_to(distance.into())));
            }
            _ => {}
        }
    }
    if reordering { packets } else { delayed.reorder(packets, |_| None) }
}

impl Delayed {
    /// Holds packets back for as many others as `delay` says, and lets go of those whose time has come.
    fn reorder(&mut self, packets: Vec<Vec<u8>>, mut delay: impl FnMut(&[u8]) -> Option<usize>) -> Vec<Vec<u8>> {
        let mut out = Vec::with_capacity(packets.len());
        for packet in packets {
            if let Some(others) = delay(&packet) {
                self.0.push((others, packet));
                continue;
            }
            out.push(packet);
            self.0.iter_mut().for_each(|(left, _)| *left -= 1);
            let due = self.0.extract_if(.., |(left, _)| *left == 0);
            out.extend(due.map(|(_, packet)| packet));
        }
        out
    }
}

/// Changes packets with a probability.
fn each(packets: &mut [Vec<u8>], probability: f64, random: &mut Random, change: impl Fn(&mut Vec<u8>, &mut Random)) {
    for packet in packets {
        if random.happens(probability) {
            change(packet, random);
        }
    }
}

/// To any packet before; an access unit of a single packet keeps it.
fn misplace_marker(packets: &mut [Vec<u8>], random: &mut Random) {
    let Some(last) = packets.iter().rposition(|packet| packet[1] & MARKER != 0).filter(|&last| last > 0) else {
        return;
    };
    packets[last][1] &= !MARKER;
    packets[random.up_to(last) - 1][1] |= MARKER;
}

/// The fixed header (RFC 3550 §5.1).
const HEADER: usize = 12;
const PADDING: u8 = 0x20;
const EXTENSION: u8 = 0x10;
/// In the second octet.
const MARKER: u8 = 0x80;

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// An access unit of `count` packets: sequence numbers from `first`, marker on the last.
    fn packets(first: u8, count: u8) -> Vec<Vec<u8>> {
        let packet = |index| {
            let marker = if index == count - 1 { MARKER } else { 0 };
            vec![0x80, 96 | marker, 0, first + index, 0, 0, 0, 0, 1, 2, 3, 4, 0x41, first + index]
        };
        (0..count).map(packet).collect()
    }

    fn timeline(text: &str, seed: u64) -> (Timeline, Instant) {
        let now = Instant::now();
        let mut timeline = Timeline::new(&[text.parse().expect(text)], seed, now, now);
        timeline.note_play(now);
        (timeline, now)
    }

    /// Twenty access units of five packets each.
    fn run(text: &str, seed: u64) -> Vec<Vec<u8>> {
        let (mut timeline, now) = timeline(text, seed);
        let mut delayed = Delayed::default();
        (0..20).flat_map(|unit| befall(packets(5 * unit, 5), &mut timeline, &mut delayed, now)).collect()
    }

    fn numbers(packets: &[Vec<u8>]) -> Vec<u8> {
        packets.iter().map(|packet| packet[3]).collect()
    }

    /// The payload as RFC 3550 says where it is.
    fn payload(packet: &[u8]) -> &[u8] {
        let mut at = HEADER + 4 * usize::from(packet[0] & 0x0f);
        if packet[0] & EXTENSION != 0 {
            at += 4 + 4 * usize::from(u16::from_be_bytes([packet[at + 2], packet[at + 3]]));
        }
        let padding = if packet[0] & PADDING != 0 { packet[packet.len() - 1] } else { 0 };
        &packet[at..packet.len() - usize::from(padding)]
    }

    fn markers(packets: &[Vec<u8>]) -> Vec<usize> {
        packets.iter().enumerate().filter(|(_, packet)| packet[1] & MARKER != 0).map(|(index, _)| index).collect()
    }

    #[test]
    fn losses_duplicates_and_order() {
        let all: Vec<u8> = (0..100).collect();
        assert_eq!(numbers(&run("loss=0", 1)), all);
        assert_eq!(run("loss=1", 1).len(), 0);
        let some = numbers(&run("loss=0.2", 1));
        assert!((60..95).contains(&some.len()) && some.is_sorted(), "{some:?}");

        let twice = numbers(&run("duplicate=1", 1));
        assert_eq!(twice, all.iter().flat_map(|&n| [n, n]).collect::<Vec<_>>());

        let mixed = numbers(&run("reorder=0.2,3", 1));
        assert!(!mixed.is_sorted() && mixed.len() > 95, "{mixed:?}");
        for (place, &number) in mixed.iter().enumerate() {
            let later = mixed[..place].iter().filter(|&&other| other > number).count();
            assert!(later <= 3, "{number} is {later} late");
        }
    }

    #[test]
    fn markers_and_their_absence() {
        let usual: Vec<usize> = (0..20).map(|unit| 5 * unit + 4).collect();
        assert_eq!(markers(&run("no-marker=0", 1)), usual);
        assert_eq!(markers(&run("no-marker", 1)), []);
        let some = markers(&run("no-marker=0.5", 1)).len();
        assert!((4..17).contains(&some), "{some}");
        let moved = markers(&run("misplaced-marker", 1));
        assert_eq!(moved.len(), 20);
        assert!(moved.iter().all(|index| index % 5 != 4), "{moved:?}");
        let (mut timeline, now) = timeline("misplaced-marker", 1);
        let single = befall(packets(0, 1), &mut timeline, &mut Delayed::default(), now);
        assert_eq!(markers(&single), [0]);
    }

    #[test]
    fn longer_headers_and_tails_leave_the_payload() {
        let plain = run("loss=0", 1);
        let mut all = vec!["csrc".to_owned(), "extension".into(), "padding".into()];
        all.push("csrc=0.5".into());
        for text in all {
            let longer = run(&text, 1);
            assert!(longer.iter().zip(&plain).any(|(a, b)| a.len() > b.len()), "{text}");
            for (packet, plain) in longer.iter().zip(&plain) {
                assert_eq!(payload(packet), payload(plain), "{text}");
                assert_eq!(packet[1..HEADER], plain[1..HEADER], "{text}");
            }
        }
        let now = Instant::now();
        let faults = ["padding", "extension", "csrc"].map(|text| text.parse().expect(text));
        let mut timeline = Timeline::new(&faults, 1, now, now);
        timeline.note_play(now);
        let packet = befall(packets(7, 1), &mut timeline, &mut Delayed::default(), now).remove(0);
        assert_eq!(packet[0] & 0xb0, 0xb0);
        assert_eq!(payload(&packet), [0x41, 7], "all three at once");
    }

    #[test]
    fn the_seed_decides() {
        for text in ["loss=0.3", "duplicate=0.3", "reorder=0.3,5", "misplaced-marker=0.5", "padding=0.3", "csrc=0.2"] {
            assert_eq!(run(text, 5), run(text, 5), "{text}");
            assert_ne!(run(text, 5), run(text, 6), "{text}");
        }
    }

    #[test]
    fn what_was_delayed_comes_when_the_fault_is_over() {
        let (mut timeline, now) = timeline("reorder=1,2@0s+1s", 1);
        let mut delayed = Delayed::default();
        assert!(befall(packets(0, 3), &mut timeline, &mut delayed, now).is_empty());
        let later = befall(packets(3, 5), &mut timeline, &mut delayed, now + Duration::from_secs(1));
        assert_eq!(later.len(), 8);
    }
}
