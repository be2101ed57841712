use proptest::prelude::*;

use super::super::virtual_clock::{epoch, ms};
use super::*;

/// What came out: the number of a packet, with how many were given up before it.
type Output = Vec<(u16, u16)>;

/// A caller that does as the documentation says.
struct Receiver {
    window: ReorderWindow,
    start: Instant,
    output: Output,
}

impl Receiver {
    fn new() -> Self {
        Self { window: ReorderWindow::new(), start: epoch(), output: Vec::new() }
    }

    fn push(&mut self, at: Duration, number: u16) -> Pushed {
        let pushed = self.window.push(self.start + at, number.into(), &number.to_be_bytes());
        match pushed {
            Pushed::InOrder { lost } => self.output.push((number, lost)),
            Pushed::Restarted { .. } => self.output.push((number, 0)),
            Pushed::Held | Pushed::Late | Pushed::Duplicate | Pushed::Refused => {}
        }
        self.drain(at);
        pushed
    }

    fn drain(&mut self, at: Duration) {
        while let Some(Released { packet, lost }) = self.window.pop_due(self.start + at) {
            let number = u16::from_be_bytes(packet.try_into().unwrap());
            self.output.push((number, lost));
        }
    }

    fn take(&mut self) -> Output {
        std::mem::take(&mut self.output)
    }
}

#[test]
fn packets_come_out_in_order() {
    for (name, pushed, want) in [
        ("in order", &[1, 2, 3][..], &[(1, 0), (2, 0), (3, 0)][..]),
        ("two swapped", &[1, 3, 2, 4], &[(1, 0), (2, 0), (3, 0), (4, 0)]),
        ("backwards", &[1, 4, 3, 2], &[(1, 0), (2, 0), (3, 0), (4, 0)]),
        ("over the wrap", &[65534, 0, 65535, 1], &[(65534, 0), (65535, 0), (0, 0), (1, 0)]),
        ("one missing, for now", &[1, 3, 4], &[(1, 0)]),
        ("64 ahead gives up what is awaited", &[1, 3, 66], &[(1, 0), (3, 1)]),
        ("63 ahead does not", &[1, 3, 65], &[(1, 0)]),
        ("64 ahead with nothing held", &[1, 66, 67], &[(1, 0), (66, 64), (67, 0)]),
        ("only as much as needed is given up", &[1, 3, 5, 67, 4], &[(1, 0), (3, 1), (4, 0), (5, 0)]),
        ("late", &[5, 4, 6], &[(5, 0), (6, 0)]),
        ("duplicates, held and handed out", &[1, 3, 3, 1, 2, 2, 3], &[(1, 0), (2, 0), (3, 0)]),
    ] {
        let mut receiver = Receiver::new();
        for &number in pushed {
            let _ = receiver.push(ms(0), number);
        }
        assert_eq!(receiver.take(), want, "{name}");
    }
}

#[test]
fn each_packet_is_told_what_becomes_of_it() {
    let mut receiver = Receiver::new();
    for (name, number, want) in [
        ("first", 10, Pushed::InOrder { lost: 0 }),
        ("next", 11, Pushed::InOrder { lost: 0 }),
        ("ahead", 13, Pushed::Held),
        ("ahead again", 13, Pushed::Duplicate),
        ("handed out before", 11, Pushed::Late),
        ("awaited", 12, Pushed::InOrder { lost: 0 }),
        ("held and handed out", 13, Pushed::Late),
        ("far ahead", 3077, Pushed::InOrder { lost: 3063 }),
        ("held", 3080, Pushed::Held),
        ("too far ahead", 6142, Pushed::Restarted { dropped: 1 }),
        ("next of the new sequence", 6143, Pushed::InOrder { lost: 0 }),
        ("half way round", 38_912, Pushed::Restarted { dropped: 0 }),
        ("far behind", 35_848, Pushed::Restarted { dropped: 0 }),
        ("not quite so far behind", 32_785, Pushed::Late),
    ] {
        assert_eq!(receiver.push(ms(0), number), want, "{name}: {number}");
    }
}

#[test]
fn a_missing_packet_is_given_up_after_100_ms() {
    let mut receiver = Receiver::new();
    let deadline = |receiver: &Receiver| receiver.window.deadline().map(|at| at - receiver.start);
    assert_eq!(deadline(&receiver), None, "before the first packet");
    let _ = receiver.push(ms(0), 1);
    assert_eq!(deadline(&receiver), None, "nothing held");

    // 2, 3 are missing, then 5, 6: the packet behind the second gap is the older one.
    let _ = receiver.push(ms(10), 7);
    let _ = receiver.push(ms(50), 4);
    assert_eq!(receiver.take(), [(1, 0)]);
    assert_eq!(deadline(&receiver), Some(ms(110)));
    receiver.drain(ms(109));
    assert_eq!(receiver.take(), []);
    receiver.drain(ms(110));
    assert_eq!(receiver.take(), [(4, 2), (7, 2)]);
    assert_eq!(deadline(&receiver), None);
    assert_eq!(receiver.push(ms(111), 3), Pushed::Late);
    assert_eq!(receiver.push(ms(112), 8), Pushed::InOrder { lost: 0 });
}

#[test]
fn restart_takes_any_number_next() {
    let mut receiver = Receiver::new();
    let _ = receiver.push(ms(0), 100);
    let _ = receiver.push(ms(0), 102);
    receiver.window.restart();
    assert_eq!(receiver.window.deadline(), None);
    assert_eq!(receiver.push(ms(0), 50), Pushed::InOrder { lost: 0 });
    assert_eq!(receiver.push(ms(0), 51), Pushed::InOrder { lost: 0 });
}

#[test]
fn a_caller_who_forgets_to_drain_gets_delay_and_order() {
    let start = epoch();
    let mut window = ReorderWindow::new();
    for (number, want) in [
        (1, Pushed::InOrder { lost: 0 }),
        (3, Pushed::Held),
        (2, Pushed::InOrder { lost: 0 }),
        // 3 is ready, so all that follows queues up behind it.
        (4, Pushed::Held),
        (3, Pushed::Duplicate),
    ] {
        assert_eq!(window.push(start, number.into(), &[]), want, "{number}");
    }
    assert_eq!(window.deadline(), Some(start));
    for number in 5..67_u16 {
        assert_eq!(window.push(start, number.into(), &[]), Pushed::Held, "{number}");
    }
    assert_eq!(window.push(start, 67.into(), &[]), Pushed::Refused);
    for number in 3..67_u16 {
        assert_eq!(window.pop_due(start).unwrap().lost, 0, "{number}");
    }
    assert_eq!(window.pop_due(start), None);
    assert_eq!(window.push(start, 68.into(), &[]), Pushed::Held, "67 is missing");
}

#[test]
fn memory_is_bounded_and_used_again() {
    let start = epoch();
    let mut window = ReorderWindow::new();
    let octets = |window: &ReorderWindow| -> usize {
        let held = window.held.iter().map(|held| held.packet.capacity());
        held.chain(window.free.iter().map(Vec::capacity)).sum()
    };
    let _ = window.push(start, 0.into(), &[]);
    let huge = vec![0; MAX_PACKET_SIZE + 1];
    assert_eq!(window.push(start, 2.into(), &huge), Pushed::Refused);
    // Every second packet is missing; all are as large as UDP allows.
    for number in (2..60_000_u16).step_by(2) {
        let _ = window.push(start, number.into(), &huge[1..]);
        while window.pop_due(start).is_some() {}
        assert!(octets(&window) <= 64 * MAX_PACKET_SIZE, "at {number}");
    }
    window.restart();
    assert_eq!(octets(&window), 0, "large buffers are not kept");

    // Packets of the usual size: after the first round the pool feeds itself.
    let usual = [0; 1452];
    for number in (0..1000_u16).step_by(2) {
        let _ = window.push(start, number.into(), &usual);
        while window.pop_due(start).is_some() {}
    }
    let after_first_round = octets(&window);
    for number in (1000..60_000_u16).step_by(2) {
        let _ = window.push(start, number.into(), &usual);
        while window.pop_due(start).is_some() {}
    }
    assert_eq!(octets(&window), after_first_round);
    assert!(after_first_round <= 64 * POOLED_CAPACITY);
}

#[test]
fn buffers_are_filled_again() {
    let mut receiver = Receiver::new();
    let _ = receiver.push(ms(0), 0);
    for round in 0..10 {
        let (at, first) = (ms(200 * u64::from(round)), 10 * round);
        for number in first + 2..first + 10 {
            assert_eq!(receiver.push(at, number), Pushed::Held);
        }
        assert_eq!(receiver.window.free.len(), 0, "round {round}");
        receiver.drain(at + ms(100));
        assert_eq!(receiver.push(at, first + 10), Pushed::InOrder { lost: 0 });
        // Nine buffers at last: eight to hold packets, and the one still handed out. The first round had no ninth.
        let want = if round == 0 { 7 } else { 8 };
        assert_eq!(receiver.window.free.len(), want, "round {round}");
    }
}

/// Numbers from `first` on, each displaced by less than the window.
fn shuffled() -> impl Strategy<Value = (u16, Vec<u16>)> {
    (any::<u16>(), proptest::collection::vec(0_u16..63, 1..400)).prop_map(|(first, delays)| {
        let mut order: Vec<_> = (0_u16..).zip(delays).collect();
        order.sort_by_key(|&(number, delay)| number + delay);
        let order = order.into_iter().map(|(number, _)| number);
        (first, order.map(|number| first.wrapping_add(1 + number)).collect())
    })
}

proptest! {
    #[test]
    fn any_order_within_the_window_comes_out_sorted_and_complete((first, order) in shuffled()) {
        let mut receiver = Receiver::new();
        let _ = receiver.push(ms(0), first);
        for &number in &order {
            let _ = receiver.push(ms(0), number);
        }
        let all = (0..=order.len()).map(|i| (first.wrapping_add(i as u16), 0));
        prop_assert_eq!(receiver.take(), all.collect::<Vec<_>>());
    }

    #[test]
    fn with_losses_and_copies_the_output_is_still_sorted_and_accounts_for_all(
        (first, order) in shuffled(),
        fates in proptest::collection::vec((0_u8..6, 0_u64..30), 400),
    ) {
        let mut receiver = Receiver::new();
        let _ = receiver.push(ms(0), first);
        let (mut at, mut survivors) = (0, 0);
        for (&number, (fate, pause)) in order.iter().zip(fates) {
            at += pause;
            // One in six is lost, one in six comes twice.
            if fate == 0 {
                continue;
            }
            let _ = receiver.push(ms(at), number);
            if fate == 1 {
                let _ = receiver.push(ms(at), number);
            }
            survivors += 1;
            prop_assert!(receiver.window.held.len() <= usize::from(ReorderWindow::MAX_PACKETS));
            if let Some(deadline) = receiver.window.deadline() {
                prop_assert!(deadline > receiver.start + ms(at), "something due was left");
            }
        }
        receiver.drain(ms(at + 100));
        prop_assert_eq!(receiver.window.deadline(), None);
        let output = receiver.take();
        prop_assert!(output.len() <= 1 + survivors);
        let mut awaited = SequenceNumber::new(first);
        for (number, lost) in output {
            prop_assert_eq!(SequenceNumber::new(number).since(awaited), lost as i16);
            awaited = SequenceNumber::new(number).next();
        }
    }
}
