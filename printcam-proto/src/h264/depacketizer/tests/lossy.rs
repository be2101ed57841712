//! Loss: whatever is missing, only pictures as sent come out.

use proptest::prelude::*;

use super::*;

/// Leaves out the packets at `lost`, and says where gaps are.
fn without(packets: &[Packet], lost: impl Fn(usize) -> bool) -> Vec<Packet> {
    let mut gap = false;
    let mut left = Vec::new();
    for (at, packet) in packets.iter().enumerate() {
        if lost(at) {
            gap = true;
        } else {
            left.push(Packet { lost_before: std::mem::take(&mut gap), ..packet.clone() });
        }
    }
    left
}

/// Two pictures to get acquainted; then a fragmented key frame with its sets, a small picture, and one of two fragmented
/// slices; and a key frame behind.
fn six_pictures() -> (Vec<Packet>, Vec<Vec<u8>>) {
    let long_idr = [IDR, &[0x77; 10]].concat();
    let last_idr = [IDR, &[0x99]].concat();
    let small = [0x41, 0x9c, 0x44];
    let pictures: [&[&[u8]]; 6] =
        [&[SPS, PPS, IDR], &[P], &[SPS, PPS, &long_idr], &[&small], &[Q, P_2], &[SPS, PPS, &last_idr]];
    let mut packets = Vec::new();
    for (picture, timestamp) in pictures.iter().zip((0..).step_by(3000)) {
        for nal_unit in *picture {
            if nal_unit.len() > 4 && nal_unit[0] & 0x1f < 6 {
                packets.extend(fragments(nal_unit, 3).iter().map(|payload| packet(payload, timestamp, false)));
            } else {
                packets.push(packet(nal_unit, timestamp, false));
            }
        }
        packets.last_mut().unwrap().marker = true;
    }
    (packets, pictures.iter().map(|picture| annex_b(picture)).collect())
}

#[test]
fn loss_of_each_packet_costs_its_own_picture_only() {
    let (packets, pictures) = six_pictures();
    let candidates = (0..packets.len()).filter(|&at| (6000..15_000).contains(&packets[at].timestamp));
    for lost in candidates {
        let mut depacketizer = with_sets(Marker::Trusted);
        let (units, _) = run(&mut depacketizer, &without(&packets, |at| at == lost));
        let picture = usize::try_from(packets[lost].timestamp / 3000).unwrap();
        let mut want: Vec<(bool, &[u8])> = pictures.iter().map(|picture| (false, &picture[..])).collect();
        want.remove(picture);
        want[picture].0 = true;
        let got: Vec<(bool, &[u8])> = units.iter().map(|unit| (unit.discontinuity, &unit.data[..])).collect();
        assert_eq!(got, want, "packet {lost} lost, of picture {picture}");
        // Lost whole, it is not known of.
        let of_picture = packets.iter().filter(|packet| packet.timestamp == packets[lost].timestamp).count();
        let want = if of_picture == 1 { 0 } else { 1 };
        assert_eq!(depacketizer.stats().dropped_access_units, want, "packet {lost} lost, of picture {picture}");
    }
}

#[test]
fn loss_of_each_pair_of_packets_gives_only_true_pictures() {
    let (packets, pictures) = six_pictures();
    for marker in [Marker::Trusted, Marker::Unreliable] {
        for first in 1..packets.len() {
            for second in first..packets.len() {
                let left = without(&packets, |at| at == first || at == second);
                let (units, _) = run(&mut with_sets(marker), &left);
                check_true_pictures(&pictures, &units, false)
                    .unwrap_or_else(|error| panic!("{first} and {second} lost, {marker:?}: {error}"));
            }
        }
    }
}

#[test]
fn a_gap_behind_a_finished_picture_leaves_it_alone() {
    let packets = [packet(IDR, 0, true), packet(P, 3, true), behind_gap(Q, 9, true)];
    let (units, _) = run(&mut with_sets(Marker::Trusted), &packets);
    assert_eq!(delivered(&units), [(false, vec![IDR]), (false, vec![P]), (true, vec![Q])]);
    // Without its marker nobody can tell whether it was finished.
    let packets = [packet(IDR, 0, true), packet(P, 3, true), packet(P, 6, false), behind_gap(Q, 9, true)];
    let (units, _) = run(&mut with_sets(Marker::Trusted), &packets);
    assert_eq!(delivered(&units), [(false, vec![IDR]), (false, vec![P]), (true, vec![Q])]);
}

#[test]
fn what_is_left_of_a_lost_key_frame_does_not_spoil_the_next() {
    for marker in [Marker::Trusted, Marker::Unreliable] {
        let packets = [
            packet(SPS, 0, false),
            packet(PPS, 0, false),
            behind_gap(SPS, 9000, false),
            packet(PPS, 9000, false),
            packet(IDR, 9000, true),
            packet(AUD, 12_000, false),
        ];
        let (units, _) = run(&mut with_sets(marker), &packets);
        assert_eq!(delivered(&units), [(true, vec![SPS, PPS, IDR])], "{marker:?}");
    }
}

#[test]
fn what_begins_behind_a_gap() {
    // The stream before: an intact key frame with its sets, an intact picture with SEI.
    let before = [packet(stap_a(&[SPS, PPS, SEI, IDR]), 0, true), packet(stap_a(&[SEI, P]), 3, true)];
    for (name, begins, whole) in [
        ("delimiter", vec![AUD, SPS, PPS, IDR], true),
        ("SPS", vec![SPS, PPS, IDR], true),
        ("the SPS may be lost, and have been another", vec![PPS, IDR], false),
        ("the sets may be lost, and have been others", vec![IDR], false),
        ("SEI of a key frame", vec![SEI, IDR], false),
        ("SEI, as before", vec![SEI, Q], true),
        ("slice, where SEI came before", vec![Q], false),
        ("later slice", vec![P_2], false),
    ] {
        let mut packets = before.to_vec();
        packets.push(behind_gap(stap_a(&begins), 9, true));
        packets.push(packet(stap_a(&[SPS, PPS, IDR]), 12, true));
        let (units, _) = run(&mut Depacketizer::new(Marker::Trusted, &[]), &packets);
        let mut want = vec![(!whole, vec![SPS, PPS, IDR])];
        if whole {
            want.insert(0, (true, begins));
        }
        assert_eq!(delivered(&units[2..]), want, "{name}");
    }
}

#[test]
fn a_first_key_frame_behind_a_gap_is_believed() {
    for (begins, whole) in [(vec![IDR], true), (vec![SEI, IDR], true), (vec![PPS, IDR], false), (vec![P], false)] {
        let (units, _) = run(&mut with_sets(Marker::Trusted), &[behind_gap(stap_a(&begins), 0, true)]);
        assert_eq!(delivered(&units), if whole { vec![(true, begins)] } else { vec![] });
    }
}

/// How a simulated sender behaves, the same for its whole stream, as real ones do.
#[derive(Debug, Clone)]
struct Sender {
    sets_in_band: bool,
    delimiters: bool,
    sei: bool,
    aggregates: bool,
    frozen: bool,
    fragment: usize,
}

fn sender() -> impl Strategy<Value = Sender> {
    (any::<[bool; 5]>(), 3usize..30).prop_map(|([sets_in_band, delimiters, sei, aggregates, frozen], fragment)| {
        Sender { sets_in_band, delimiters, sei, aggregates, frozen, fragment }
    })
}

/// A picture: whether a key frame, and the length of each slice.
type Picture = (bool, Vec<usize>);

fn pictures(slices: usize) -> impl Strategy<Value = Vec<Picture>> {
    prop::collection::vec((prop::bool::weighted(0.2), prop::collection::vec(2usize..40, 1..=slices)), 2..25)
}

/// What a sender sends.
struct Sent {
    packets: Vec<Packet>,
    /// Each picture's access unit as it should come out.
    units: Vec<Vec<u8>>,
    /// Packets of the first picture. Tests lose none of these: what a stream looks like is learnt from it.
    first: usize,
}

fn send(sender: &Sender, pictures: &[Picture]) -> Sent {
    let mut sent = Sent { packets: Vec::new(), units: Vec::new(), first: 0 };
    for (at, (key, slices)) in pictures.iter().enumerate() {
        let key = *key || at == 0;
        let timestamp = if sender.frozen { 5 } else { u32::try_from(at).unwrap() * 3000 };
        let mut leaders: Vec<&[u8]> = Vec::new();
        leaders.extend(sender.delimiters.then_some(AUD));
        if key && sender.sets_in_band {
            leaders.extend([SPS, PPS]);
        }
        leaders.extend(sender.sei.then_some(SEI));
        let slices: Vec<Vec<u8>> = slices
            .iter()
            .enumerate()
            .map(|(slice, &len)| {
                let header = if key { 0x65 } else { 0x41 };
                let first = if slice == 0 { 0x80 } else { 0x40 };
                let tag = u8::try_from(at * 8 + slice + 1).unwrap();
                [header, first].into_iter().chain(std::iter::repeat_n(tag, len)).collect()
            })
            .collect();

        let mut payloads: Vec<Vec<u8>> = Vec::new();
        if sender.aggregates && !leaders.is_empty() {
            payloads.push(stap_a(&leaders));
        } else {
            payloads.extend(leaders.iter().map(|leader| leader.to_vec()));
        }
        for slice in &slices {
            if slice.len() > sender.fragment {
                payloads.extend(fragments(slice, sender.fragment));
            } else {
                payloads.push(slice.clone());
            }
        }
        sent.packets.extend(payloads.iter().map(|payload| packet(payload, timestamp, false)));
        sent.packets.last_mut().unwrap().marker = true;
        let nal_units: Vec<&[u8]> = leaders.into_iter().chain(slices.iter().map(|slice| &slice[..])).collect();
        sent.units.push(annex_b(&nal_units));
        if at == 0 {
            sent.first = sent.packets.len();
        }
    }
    // Ends the last picture where markers don't.
    sent.packets.push(packet(AUD, 1 << 30, false));
    sent
}

/// Checks that everything in `units` is one of `sent`, in order, with a discontinuity wherever some were skipped.
fn check_true_pictures(sent: &[Vec<u8>], units: &[AccessUnit], delimiters: bool) -> Result<(), TestCaseError> {
    let mut next = 0;
    let mut time = None;
    for unit in units {
        let found = sent[next..].iter().position(|sent| {
            // A delimiter alone may be missing: it is no part of the picture.
            sent[..] == unit.data[..] || delimiters && sent[START_CODE.len() + AUD.len()..] == unit.data[..]
        });
        let Some(skipped) = found else {
            return Err(TestCaseError::fail(format!("not as sent: {:02x?}", &unit.data[..])));
        };
        prop_assert!(skipped == 0 || unit.discontinuity, "{skipped} skipped silently");
        prop_assert!(time < Some(unit.timestamp), "time runs backwards");
        time = Some(unit.timestamp);
        next += skipped + 1;
    }
    Ok(())
}

/// For each packet: whether lost, and whether its marker bit is tampered with.
fn fates(tampered: f64) -> impl Strategy<Value = Vec<(bool, bool)>> {
    prop::collection::vec((prop::bool::weighted(0.07), prop::bool::weighted(tampered)), 1000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nothing_lost_nothing_missing(sender in sender(), pictures in pictures(3), unreliable: bool, unmarked: bool) {
        let Sent { mut packets, units: sent, .. } = send(&sender, &pictures);
        if unmarked {
            packets.iter_mut().for_each(|packet| packet.marker = false);
        }
        let marker = if unreliable { Marker::Unreliable } else { Marker::Trusted };
        let (units, results) = run(&mut with_sets(marker), &packets);
        prop_assert!(results.iter().all(Result::is_ok));
        prop_assert_eq!(units.iter().map(|unit| unit.data.to_vec()).collect::<Vec<_>>(), sent);
        prop_assert!(units.iter().all(|unit| !unit.discontinuity));
    }

    #[test]
    fn only_true_pictures_come_out(sender in sender(), pictures in pictures(3), fates in fates(0.2)) {
        let Sent { mut packets, units: sent, first } = send(&sender, &pictures);
        for (packet, &(_, unmarked)) in packets.iter_mut().zip(&fates) {
            packet.marker &= !unmarked;
        }
        let left = without(&packets, |at| at >= first && fates[at].0);
        let (units, _) = run(&mut with_sets(Marker::Trusted), &left);
        check_true_pictures(&sent, &units, sender.delimiters)?;
    }

    #[test]
    fn markers_anywhere_fool_nobody_who_ignores_them(
        sender in sender(), pictures in pictures(3), fates in fates(0.5),
    ) {
        let Sent { mut packets, units: sent, first } = send(&sender, &pictures);
        for (packet, &(_, marker)) in packets.iter_mut().zip(&fates) {
            packet.marker = marker;
        }
        let left = without(&packets, |at| at >= first && fates[at].0);
        let (units, _) = run(&mut with_sets(Marker::Unreliable), &left);
        check_true_pictures(&sent, &units, sender.delimiters)?;
    }

    #[test]
    fn markers_anywhere_fool_nobody_with_one_slice_a_picture(
        sender in sender(), pictures in pictures(1), fates in fates(0.5),
    ) {
        let Sent { mut packets, units: sent, first } = send(&sender, &pictures);
        for (packet, &(_, marker)) in packets.iter_mut().zip(&fates) {
            packet.marker = marker;
        }
        let left = without(&packets, |at| at >= first && fates[at].0);
        let mut depacketizer = with_sets(Marker::Trusted);
        let (units, _) = run(&mut depacketizer, &left);
        check_true_pictures(&sent, &units, sender.delimiters)?;
        prop_assert_eq!(depacketizer.marker(), Marker::Trusted);
    }

    #[test]
    fn markers_anywhere_cut_one_picture_short_at_most(
        sender in sender(), pictures in pictures(3), fates in fates(0.5),
    ) {
        let Sent { mut packets, units: sent, .. } = send(&sender, &pictures);
        for (packet, &(_, marker)) in packets.iter_mut().zip(&fates) {
            packet.marker = marker;
        }
        let mut depacketizer = with_sets(Marker::Trusted);
        let (mut units, _) = run(&mut depacketizer, &packets);
        if let Some(short) = units.iter().position(|unit| !sent.iter().any(|sent| sent[..] == unit.data[..])) {
            prop_assert_eq!(depacketizer.marker(), Marker::Unreliable);
            prop_assert!(units.get(short + 1).is_none_or(|behind| behind.discontinuity));
            units.remove(short);
        }
        check_true_pictures(&sent, &units, sender.delimiters)?;
    }

    #[test]
    fn arbitrary_packets_never_panic(
        packets in prop::collection::vec(
            (prop::collection::vec(any::<u8>(), 0..12), 0u32..4, any::<bool>(), any::<bool>()), 0..60),
        unreliable: bool,
    ) {
        let packets: Vec<Packet> = packets
            .into_iter()
            .map(|(payload, timestamp, marker, lost_before)| Packet { payload, timestamp, marker, lost_before })
            .collect();
        let marker = if unreliable { Marker::Unreliable } else { Marker::Trusted };
        let (units, _) = run(&mut with_sets(marker), &packets);
        for unit in units {
            prop_assert!(unit.nal_units().all(|nal_unit| matches!(nal_unit[0] & 0x9f, 1..=11)));
            prop_assert!(unit.nal_units().any(|nal_unit| NalUnitType::of(nal_unit[0]).is_slice()));
        }
    }
}
