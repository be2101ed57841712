//! Where one access unit ends and the next begins, what parameter sets it carries, and its time.

use super::*;

/// NAL unit, timestamp, marker: one packet.
type Row<'a> = (&'a [u8], u32, bool);

fn stream(rows: &[Row<'_>]) -> Vec<Packet> {
    rows.iter().map(|&(payload, timestamp, marker)| packet(payload, timestamp, marker)).collect()
}

#[test]
fn boundaries_table() {
    let eos: &[u8] = &[0x0a];
    type Pictures<'a> = Vec<Vec<&'a [u8]>>;
    let rows: Vec<(&str, Vec<Row<'_>>, Pictures<'_>)> = vec![
        ("markers", vec![(IDR, 0, true), (P, 3, true), (Q, 6, true)], vec![vec![IDR], vec![P], vec![Q]]),
        ("no markers", vec![(IDR, 0, false), (P, 3, false), (Q, 6, false)], vec![vec![IDR], vec![P], vec![Q]]),
        ("frozen, markers", vec![(IDR, 0, true), (P, 0, true), (Q, 0, true)], vec![vec![IDR], vec![P], vec![Q]]),
        ("frozen, no markers", vec![(IDR, 0, false), (P, 0, false), (Q, 0, false)], vec![vec![IDR], vec![P], vec![Q]]),
        (
            "slices",
            vec![(IDR, 0, false), (IDR_2, 0, true), (P, 3, false), (P_2, 3, true)],
            vec![vec![IDR, IDR_2], vec![P, P_2]],
        ),
        (
            "slices, no markers",
            vec![(IDR, 0, false), (IDR_2, 0, false), (P, 3, false), (P_2, 3, false)],
            vec![vec![IDR, IDR_2], vec![P, P_2]],
        ),
        (
            "slices, frozen, no markers",
            vec![(IDR, 0, false), (IDR_2, 0, false), (P, 0, false), (P_2, 0, false)],
            vec![vec![IDR, IDR_2], vec![P, P_2]],
        ),
        (
            "sets of the next picture, its timestamp",
            vec![(P, 0, false), (SPS, 3, false), (PPS, 3, false), (IDR, 3, true)],
            vec![vec![P], vec![SPS, PPS, IDR]],
        ),
        (
            "sets of the next picture, previous timestamp",
            vec![(P, 0, true), (SPS, 0, false), (PPS, 0, false), (IDR, 3, true)],
            vec![vec![P], vec![SPS, PPS, IDR]],
        ),
        (
            "sets with markers of their own",
            vec![(P, 0, true), (SPS, 3, true), (PPS, 3, true), (SEI, 3, true), (IDR, 3, true)],
            vec![vec![P], vec![SPS, PPS, SEI, IDR]],
        ),
        (
            "frozen, sets end a picture",
            vec![(P, 0, false), (SPS, 0, false), (PPS, 0, false), (IDR, 0, false)],
            vec![vec![P], vec![SPS, PPS, IDR]],
        ),
        (
            "frozen, delimiter ends a picture",
            vec![(AUD, 0, false), (IDR, 0, false), (AUD, 0, false), (P, 0, false)],
            vec![vec![AUD, IDR], vec![AUD, P]],
        ),
        (
            "sets under three timestamps",
            vec![(SPS, 0, false), (PPS, 1, false), (SEI, 2, false), (IDR, 3, true)],
            vec![vec![SPS, PPS, SEI, IDR]],
        ),
        (
            "filler",
            vec![(IDR, 0, false), (FILLER, 0, true), (FILLER, 3, false), (P, 3, true)],
            vec![vec![IDR], vec![P]],
        ),
        (
            "end of sequence where there is no picture",
            vec![(eos, 0, false), (SPS, 0, false), (eos, 0, false), (PPS, 0, false), (IDR, 0, true)],
            vec![vec![SPS, PPS, IDR]],
        ),
        ("end of sequence", vec![(P, 0, false), (eos, 0, true), (IDR, 3, true)], vec![vec![P, eos], vec![IDR]]),
        (
            "marker on every packet, one slice a picture",
            vec![(SPS, 0, true), (PPS, 0, true), (IDR, 0, true), (P, 3, true)],
            vec![vec![SPS, PPS, IDR], vec![P]],
        ),
    ];
    for marker in [Marker::Trusted, Marker::Unreliable] {
        for (name, rows, want) in &rows {
            let mut packets = stream(rows);
            packets.push(packet(IDR, 90_000, true));
            packets.push(packet(AUD, 90_001, true));
            let mut depacketizer = with_sets(marker);
            let (units, results) = run(&mut depacketizer, &packets);
            assert!(results.iter().all(Result::is_ok), "{name}, {marker:?}: {results:?}");
            let mut want: Vec<_> = want.iter().map(|nal_units| (false, nal_units.clone())).collect();
            want.push((false, vec![IDR]));
            assert_eq!(delivered(&units), want, "{name}, {marker:?}");
            assert_eq!(depacketizer.stats().access_units, want.len() as u64, "{name}, {marker:?}");
            assert_eq!(depacketizer.marker(), marker, "{name}");
        }
    }
}

#[test]
fn a_trusted_marker_adds_no_delay() {
    let mut depacketizer = with_sets(Marker::Trusted);
    for row in [(IDR, 0, true), (P, 3, true), (Q, 6, true)] {
        assert_eq!(run(&mut depacketizer, &stream(&[row])).0.len(), 1, "{row:?}");
    }
    // A missing one delays its picture until the next begins, and that one not at all.
    assert_eq!(run(&mut depacketizer, &stream(&[(P, 9, false)])).0.len(), 0);
    assert_eq!(run(&mut depacketizer, &stream(&[(Q, 12, true)])).0.len(), 2);
    assert_eq!(depacketizer.stats().missing_markers, 1);
}

#[test]
fn an_unreliable_marker_is_ignored() {
    let packets = stream(&[(IDR, 0, true), (IDR_2, 0, true), (P, 3, true), (P_2, 3, false), (Q, 6, true)]);
    let mut depacketizer = with_sets(Marker::Unreliable);
    let (units, _) = run(&mut depacketizer, &packets);
    assert_eq!(delivered(&units), [(false, vec![IDR, IDR_2]), (false, vec![P, P_2])]);
    assert_eq!(depacketizer.stats().missing_markers, 0);
}

#[test]
fn a_marker_between_slices_is_believed_once() {
    let mut depacketizer = with_sets(Marker::Trusted);
    // The second packet proves that the first one's marker cut its picture short.
    let packets = stream(&[(IDR, 0, true), (IDR_2, 0, true), (P, 3, true), (P_2, 3, true), (Q, 6, true)]);
    let (units, results) = run(&mut depacketizer, &packets);
    assert_eq!(delivered(&units), [(false, vec![IDR]), (true, vec![P, P_2])]);
    assert_eq!(results[1], Err(Discard::MisplacedMarker));
    assert_eq!(depacketizer.marker(), Marker::Unreliable);
    assert_eq!(depacketizer.stats().misplaced_markers, 1);
}

#[test]
fn a_gap_behind_a_marker_is_no_proof_against_it() {
    let mut depacketizer = with_sets(Marker::Trusted);
    let packets = [packet(P, 0, true), behind_gap(P_2, 0, true), packet(IDR, 3, true)];
    let (units, _) = run(&mut depacketizer, &packets);
    assert_eq!(delivered(&units), [(false, vec![P]), (true, vec![IDR])]);
    assert_eq!(depacketizer.marker(), Marker::Trusted);
}

#[test]
fn a_marker_inside_a_fragmented_nal_unit_is_ignored() {
    let mut packets: Vec<Packet> = fragments(IDR, 1).iter().map(|payload| packet(payload, 0, true)).collect();
    packets.push(packet(P, 3, true));
    let mut depacketizer = with_sets(Marker::Trusted);
    let (units, _) = run(&mut depacketizer, &packets);
    assert_eq!(delivered(&units), [(false, vec![IDR]), (false, vec![P])]);
    assert_eq!((depacketizer.marker(), depacketizer.stats().misplaced_markers), (Marker::Trusted, 4));
}

#[test]
fn a_new_timestamp_without_a_first_slice_spoils_both_pictures() {
    // Slices dropped before they were numbered: was it the end of one picture or the beginning of the other?
    for marker in [Marker::Trusted, Marker::Unreliable] {
        let packets = stream(&[(P, 0, false), (P_2, 3, false), (P_2, 3, true), (IDR, 6, true), (AUD, 9, false)]);
        let mut depacketizer = with_sets(marker);
        let (units, _) = run(&mut depacketizer, &packets);
        assert_eq!(delivered(&units), [(true, vec![IDR])], "{marker:?}");
        assert_eq!(depacketizer.stats().dropped_access_units, 2, "{marker:?}");
    }
}

#[test]
fn a_timestamp_that_jumps_inside_a_nal_unit_does_not_split_it() {
    let mut packets: Vec<Packet> = fragments(IDR, 2).iter().map(|payload| packet(payload, 0, false)).collect();
    packets[1].timestamp = 900_000;
    packets[2].timestamp = 900_000;
    packets.push(packet(IDR_2, 900_000, true));
    let (units, _) = run(&mut with_sets(Marker::Trusted), &packets);
    assert_eq!(delivered(&units), [(false, vec![IDR, IDR_2])]);
}

#[test]
fn slices_of_two_kinds_are_no_picture() {
    let packets = stream(&[(IDR, 0, false), (P_2, 0, true), (IDR, 3, true)]);
    let (units, results) = run(&mut with_sets(Marker::Trusted), &packets);
    assert_eq!(results[1], Err(Discard::IncompletePicture));
    assert_eq!(delivered(&units), [(true, vec![IDR])]);
}

#[test]
fn pictures_wait_for_parameter_sets() {
    let packets =
        stream(&[(IDR, 0, true), (SPS, 3, false), (P, 3, true), (PPS, 6, false), (IDR, 6, true), (P, 9, true)]);
    let mut depacketizer = Depacketizer::new(Marker::Trusted, &[]);
    let (units, results) = run(&mut depacketizer, &packets);
    assert_eq!((results[0], results[2]), (Err(Discard::NoParameterSets), Err(Discard::NoParameterSets)));
    assert_eq!(delivered(&units), [(true, vec![PPS, IDR]), (false, vec![P])]);
    assert_eq!((depacketizer.stats().dropped_access_units, depacketizer.stats().discarded_packets), (2, 2));
}

#[test]
fn parameter_sets_are_the_same_until_they_differ() {
    let mut other = SPS.to_vec();
    other[3] = 0x28; // level 4.0
    let packets = stream(&[
        (IDR, 0, true),
        (SPS, 3, false),
        (PPS, 3, false),
        (IDR, 3, true),
        (&other, 6, false),
        (PPS, 6, false),
        (IDR, 6, true),
        (P, 9, true),
    ]);
    let mut depacketizer = with_sets(Marker::Trusted);
    assert_eq!(depacketizer.parameter_sets().map(|sets| sets.info.level_idc), Some(31));
    let (units, _) = run(&mut depacketizer, &packets);
    let same = |a: usize, b: usize| Arc::ptr_eq(units[a].parameter_sets().unwrap(), units[b].parameter_sets().unwrap());
    assert_eq!((same(0, 1), same(1, 2), same(2, 3)), (true, false, true));
    assert_eq!(units[2].parameter_sets().unwrap().info.level_idc, 40);
}

#[test]
fn sets_of_the_next_picture_are_not_those_of_the_last() {
    let mut other = SPS.to_vec();
    other[3] = 0x28;
    let packets = stream(&[(P, 0, false), (&other, 3, false), (PPS, 3, false), (IDR, 3, true)]);
    let (units, _) = run(&mut with_sets(Marker::Trusted), &packets);
    let levels: Vec<u8> = units.iter().map(|unit| unit.parameter_sets().unwrap().info.level_idc).collect();
    assert_eq!(levels, [31, 40]);
}

#[test]
fn a_refused_parameter_set_is_left_out_and_counted() {
    // Constrained Baseline, 16384x16384.
    let huge: &[u8] = &[0x67, 0x42, 0xc0, 0x1f, 0xda, 0x00, 0x10, 0x00, 0x00, 0x80, 0x19];
    let refused = crate::h264::SpsError::TooLarge { width: 16384, height: 16384 };
    let mut depacketizer = with_sets(Marker::Trusted);
    let (units, results) = run(&mut depacketizer, &stream(&[(huge, 0, false), (&[0x68], 0, false), (IDR, 0, true)]));
    assert_eq!(results[0], Err(Discard::ParameterSet(ParameterSetError::Sps(refused))));
    assert_eq!(results[1], Err(Discard::ParameterSet(ParameterSetError::PpsTruncated { got: 1 })));
    assert_eq!(delivered(&units), [(false, vec![IDR])]);
    assert_eq!(units[0].size().0, 1168);
    assert_eq!(depacketizer.stats().refused_parameter_sets, 2);

    let mut from_sdp = Depacketizer::new(Marker::Trusted, &[Bytes::from_static(huge), Bytes::from_static(PPS)]);
    assert_eq!((from_sdp.stats().refused_parameter_sets, from_sdp.parameter_sets()), (1, None));
}

#[test]
fn times_key_frames_and_arrival() {
    let mut packets: Vec<Packet> =
        fragments(IDR, 2).iter().map(|payload| packet(payload, u32::MAX - 99, false)).collect();
    packets.push(packet(P, 2900, true));
    let (units, _) = run(&mut with_sets(Marker::Trusted), &packets);
    let got: Vec<_> = units.iter().map(|unit| (unit.timestamp, unit.key_frame)).collect();
    assert_eq!(got, [(0, true), (3000, false)]);
    // Three fragments 10 ms apart; a picture has arrived when its own last packet has.
    assert_eq!(units[1].received_at - units[0].received_at, Duration::from_millis(10));
}

#[test]
fn forgetting_to_drain_corrupts_nothing() {
    let start = start();
    let mut depacketizer = with_sets(Marker::Trusted);
    for at in 0..10u8 {
        let payload = [0x65, 0x88, at + 1];
        let packet = MediaPacket {
            payload: &payload,
            timestamp: u32::from(at) * 3000,
            marker: true,
            lost_before: false,
            received_at: start,
        };
        depacketizer.push(packet).unwrap();
    }
    let units: Vec<AccessUnit> = std::iter::from_fn(|| depacketizer.next()).collect();
    assert_eq!(units.iter().map(|unit| unit.data[6]).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(depacketizer.stats().dropped_access_units, 6);
    let (units, _) = run(&mut depacketizer, &[packet(IDR, 60_000, true)]);
    assert_eq!(delivered(&units), [(true, vec![IDR])]);
}
