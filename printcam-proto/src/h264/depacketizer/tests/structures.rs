//! Payload structures: single NAL units, STAP-A, FU-A, and what is none of them.

use super::*;
use crate::h264::SpsError;
use crate::h264::assembler::MAX_ACCESS_UNIT_LEN;

/// Pushes `payloads` as one picture between whole ones, without a gap. Gives what came out between those, and what was
/// discarded.
fn between_pictures(name: &str, payloads: &[Vec<u8>]) -> (Vec<Vec<u8>>, Vec<Discard>) {
    let mut packets = vec![packet(IDR, 0, true), packet(Q, 3000, true)];
    packets.extend(payloads.iter().map(|payload| packet(payload, 6000, false)));
    packets.last_mut().unwrap().marker = true;
    packets.push(packet(Q, 9000, true));
    let (units, results) = run(&mut with_sets(Marker::Trusted), &packets);

    let discards: Vec<Discard> = results.into_iter().filter_map(Result::err).collect();
    let data: Vec<Vec<u8>> = units.iter().map(|unit| unit.data.to_vec()).collect();
    let ([before @ .., last], [.., last_unit]) = (&data[..], &units[..]) else { panic!("{name}: nothing came") };
    assert_eq!(before[..2], [annex_b(&[IDR]), annex_b(&[Q])], "{name}: the pictures before");
    assert_eq!(*last, annex_b(&[Q]), "{name}: the picture behind");
    let lost = before.len() == 2 && !discards.iter().all(|discard| *discard == Discard::EmptyPayload);
    assert_eq!(last_unit.discontinuity, lost || name == "never ends", "{name}: discontinuity");
    (before[2..].to_vec(), discards)
}

#[test]
fn fragments_table() {
    const CONTENT: &[u8] = &[0x9a, 1, 2, 3, 4, 5];
    // FU-A of a slice of type 1: flags, content.
    let fu = |flags: u8, content: &[u8]| [&[0x5c, flags | 1], content].concat();
    let (s, m, e) = (fu(0x80, &CONTENT[..2]), fu(0, &CONTENT[2..4]), fu(0x40, &CONTENT[4..]));
    let whole = annex_b(&[&[&[0x41], CONTENT].concat()]);
    for (name, payloads, arrives, discards) in [
        ("start, middle, end", vec![s.clone(), m.clone(), e.clone()], true, vec![]),
        ("start, end", vec![fu(0x80, &CONTENT[..4]), e.clone()], true, vec![]),
        ("start and end in one", vec![fu(0xc0, CONTENT)], true, vec![]),
        ("empty in the middle", vec![s.clone(), fu(0, &[]), m.clone(), e.clone()], true, vec![]),
        ("empty start", vec![fu(0x80, &[]), fu(0, &CONTENT[..4]), e.clone()], true, vec![]),
        ("empty end", vec![s.clone(), fu(0, &CONTENT[2..]), fu(0x40, &[])], true, vec![]),
        ("two starts", vec![s.clone(), s.clone(), m.clone(), e.clone()], true, vec![]),
        ("all empty", vec![fu(0x80, &[]), fu(0x40, &[])], false, vec![Discard::EmptyNalUnit { kind: 1 }]),
        ("missing start", vec![m.clone(), e.clone()], false, vec![Discard::FragmentWithoutStart; 2]),
        ("only an end", vec![e.clone()], false, vec![Discard::FragmentWithoutStart]),
        (
            "type changes inside",
            vec![s.clone(), vec![0x5c, 5, 9], e.clone()],
            false,
            vec![Discard::FragmentTypeChanged { expected: 1, got: 5 }, Discard::FragmentWithoutStart],
        ),
        ("never ends", vec![s.clone(), m], false, vec![]),
        ("one byte", vec![vec![0x5c]], false, vec![Discard::Truncated { kind: 28 }]),
        ("fragmented STAP-A", vec![vec![0x5c, 0x98, 1]], false, vec![Discard::UnsupportedPayload { kind: 24 }]),
        ("fragmented type 0", vec![vec![0x5c, 0x80, 1]], false, vec![Discard::UnsupportedPayload { kind: 0 }]),
        (
            "interrupted",
            vec![s, P_2.to_vec(), e],
            false,
            vec![Discard::IncompletePicture, Discard::FragmentWithoutStart],
        ),
    ] {
        let (between, got) = between_pictures(name, &payloads);
        assert_eq!(got, discards, "{name}");
        assert_eq!(between, if arrives { vec![whole.clone()] } else { vec![] }, "{name}");
    }
}

#[test]
fn a_second_start_says_that_something_was_lost() {
    let fu = |flags: u8, content: &[u8]| [&[0x5c, flags | 1], content].concat();
    let packets = [
        packet(IDR, 0, true),
        packet(P, 1, true),
        packet(fu(0x80, &[0x9a, 1]), 2, false),
        packet(fu(0x80, &[0x9a, 2]), 2, false),
        packet(fu(0x40, &[3]), 2, true),
    ];
    let (units, _) = run(&mut with_sets(Marker::Trusted), &packets);
    assert_eq!(delivered(&units)[2], (true, vec![&[0x41, 0x9a, 2, 3][..]]));
}

#[test]
fn aggregates_table() {
    let malformed = |needed, got| vec![Discard::AggregateMalformed { needed, got }];
    let cut = |payload: Vec<u8>, by: usize| payload[..payload.len() - by].to_vec();
    let refused_sps = Discard::ParameterSet(ParameterSetError::Sps(SpsError::Truncated { got: 8 }));
    for (name, payload, want, discards) in [
        ("slices", stap_a(&[P, P_2]), Some(vec![P, P_2]), vec![]),
        ("sets and a slice", stap_a(&[SPS, PPS, P]), Some(vec![SPS, PPS, P]), vec![]),
        ("filler inside", stap_a(&[FILLER, P, FILLER]), Some(vec![P]), vec![]),
        ("header only", vec![0x78], None, vec![Discard::Truncated { kind: 24 }]),
        ("one-byte tail", [stap_a(&[P]), vec![0]].concat(), None, malformed(2, 1)),
        ("size 0", [stap_a(&[P]), vec![0, 0]].concat(), None, malformed(0, 0)),
        ("past the end", cut(stap_a(&[P, P_2]), 1), None, malformed(4, 3)),
        ("size of 65535", [stap_a(&[P]), vec![0xff, 0xff, 1]].concat(), None, malformed(65535, 1)),
        ("nested", stap_a(&[P, &stap_a(&[P_2])]), None, vec![Discard::UnsupportedPayload { kind: 24 }]),
        ("forbidden bit", stap_a(&[P, &[0xc1, 0x1a]]), None, vec![Discard::ForbiddenBit { header: 0xc1 }]),
        ("slice of one byte", stap_a(&[P, &[0x41]]), None, vec![Discard::EmptyNalUnit { kind: 1 }]),
        ("64", stap_a(&[&[SEI; 63][..], &[P]].concat()), Some([&[SEI; 63][..], &[P]].concat()), vec![]),
        ("65", stap_a(&[SEI; 65]), None, vec![Discard::AggregateTooMany { limit: 64 }]),
        ("9,000", stap_a(&[SEI; 9000]), None, vec![Discard::AggregateTooMany { limit: 64 }]),
        ("two pictures", stap_a(&[P, Q]), Some(vec![P]), vec![Discard::SecondPicture]),
        ("many pictures", stap_a(&[P; 60]), Some(vec![P]), vec![Discard::SecondPicture]),
        ("a key frame behind", stap_a(&[P, SPS, PPS, IDR]), Some(vec![P]), vec![Discard::SecondPicture]),
        ("broken SPS", stap_a(&[&SPS[..8], P]), Some(vec![P]), vec![refused_sps]),
    ] {
        let packets = [
            packet(IDR, 0, true),
            packet(Q, 3000, true),
            packet(payload, 6000, true),
            packet(Q, 9000, true),
            packet(Q, 12_000, true),
        ];
        let (units, results) = run(&mut with_sets(Marker::Trusted), &packets);
        assert_eq!(results.into_iter().filter_map(Result::err).collect::<Vec<_>>(), discards, "{name}");
        let lost = want.is_none() || discards == [Discard::SecondPicture];
        let mut wanted = vec![(false, vec![IDR]), (false, vec![Q])];
        wanted.extend(want.map(|nal_units| (false, nal_units)));
        wanted.push((lost, vec![Q]));
        wanted.push((false, vec![Q]));
        let got = delivered(&units);
        assert_eq!(got, wanted, "{name}");
    }
}

#[test]
fn everything_else() {
    let unsupported = |kind| vec![Discard::UnsupportedPayload { kind }];
    for (name, payload, want, discards) in [
        ("empty", vec![], None, vec![Discard::EmptyPayload]),
        ("STAP-B", vec![25, 0, 0, 0, 2, 0x41, 0x9a], None, unsupported(25)),
        ("MTAP16", vec![26, 0, 0], None, unsupported(26)),
        ("MTAP24", vec![27, 0, 0], None, unsupported(27)),
        ("FU-B", vec![29, 0x81, 0, 0, 0x9a], None, unsupported(29)),
        ("type 30", vec![30, 1], None, unsupported(30)),
        ("type 31", vec![31, 1], None, unsupported(31)),
        ("Annex B", annex_b(&[P]), None, unsupported(0)),
        ("Annex B inside", [P, &START_CODE, P_2].concat(), None, vec![Discard::StartCodeInside]),
        ("short start code inside", [P, &[0, 0, 1], SPS].concat(), None, vec![Discard::StartCodeInside]),
        ("forbidden bit", vec![0xc1, 0x9a, 1], None, vec![Discard::ForbiddenBit { header: 0xc1 }]),
        ("slice of one byte", vec![0x41], None, vec![Discard::EmptyNalUnit { kind: 1 }]),
        ("slice", P.to_vec(), Some(P), vec![]),
        ("slice with trailing zeros", [P, &[0, 0]].concat(), Some(&[0x41, 0x9a, 0x01, 0x33, 0, 0][..]), vec![]),
        ("data partition A", vec![0x42, 0x9a, 1], Some(&[0x42, 0x9a, 1]), vec![]),
    ] {
        let (between, got) = between_pictures(name, std::slice::from_ref(&payload));
        assert_eq!(got, discards, "{name}");
        assert_eq!(between, want.map(|nal_unit| annex_b(&[nal_unit])).into_iter().collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn what_is_left_out_is_no_loss() {
    for (name, payload) in [("filler", FILLER), ("subset SPS", &[0x6f, 1, 2]), ("end of stream", &[0x0b])] {
        let packets = [packet(IDR, 0, true), packet(payload, 3, true), packet(P, 6, true)];
        let (units, results) = run(&mut with_sets(Marker::Trusted), &packets);
        assert_eq!(results, [Ok(()); 3], "{name}");
        assert_eq!(delivered(&units), [(false, vec![IDR]), (false, vec![P])], "{name}");
    }
    let mut packets = vec![packet(IDR, 0, true)];
    packets.extend(fragments(&[FILLER, &[0xff; 9]].concat(), 3).iter().map(|payload| packet(payload, 3, false)));
    packets.push(packet(P, 3, true));
    let (units, results) = run(&mut with_sets(Marker::Trusted), &packets);
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(delivered(&units), [(false, vec![IDR]), (false, vec![P])]);
}

#[test]
fn a_start_code_spread_over_fragments_is_found() {
    for size in 1..6 {
        let nal_unit = [P, &START_CODE, SPS].concat();
        let mut packets = vec![packet(IDR, 0, true)];
        packets.extend(fragments(&nal_unit, size).iter().map(|payload| packet(payload, 3000, false)));
        packets.push(packet(Q, 6000, true));
        let (units, results) = run(&mut with_sets(Marker::Trusted), &packets);
        assert!(results.contains(&Err(Discard::StartCodeInside)), "fragments of {size}");
        assert_eq!(delivered(&units), [(false, vec![IDR]), (true, vec![Q])], "fragments of {size}");
    }
}

#[test]
fn fragmented_parameter_sets_count_too() {
    let mut packets: Vec<Packet> =
        [SPS, PPS].iter().flat_map(|set| fragments(set, 2)).map(|payload| packet(payload, 0, false)).collect();
    packets.push(packet(IDR, 0, true));
    let (units, _) = run(&mut Depacketizer::new(Marker::Trusted, &[]), &packets);
    assert_eq!(delivered(&units), [(false, vec![SPS, PPS, IDR])]);
    assert_eq!(units[0].size().0, 1168);
}

#[test]
fn a_parameter_set_without_its_start_is_missed() {
    // It may have been another than the one known; the key frame behind it waits for the next.
    let mut packets = vec![packet(stap_a(&[SPS, PPS, IDR]), 0, true)];
    packets.extend(fragments(SPS, 10)[1..].iter().map(|payload| packet(payload, 3000, false)));
    packets.push(packet(stap_a(&[PPS, IDR]), 3000, true));
    packets.push(packet(stap_a(&[SPS, PPS, IDR]), 6000, true));
    let (units, _) = run(&mut Depacketizer::new(Marker::Trusted, &[]), &packets);
    assert_eq!(delivered(&units), [(false, vec![SPS, PPS, IDR]), (true, vec![SPS, PPS, IDR])]);
}

#[test]
fn a_fragmented_nal_unit_that_never_ends_stays_within_its_bound() {
    let start = start();
    let mut depacketizer = with_sets(Marker::Trusted);
    let chunk = [&[0x5c, 0x01][..], &[0xaa; 60_000]].concat();
    let mut push = |payload: &[u8], marker| {
        let packet = MediaPacket { payload, timestamp: 7, marker, lost_before: false, received_at: start };
        (depacketizer.push(packet), depacketizer.next().map(|unit| (unit.discontinuity, unit.data)))
    };
    assert_eq!(push(&[0x5c, 0x81, 0x9a], false), (Ok(()), None));
    for at in 0..(MAX_ACCESS_UNIT_LEN - 6) / 60_000 {
        assert_eq!(push(&chunk, false), (Ok(()), None), "fragment {at}");
    }
    assert_eq!(push(&chunk, false).0, Err(Discard::AccessUnitTooLarge { limit: 8 << 20 }));
    for _ in 0..300 {
        assert_eq!(push(&chunk, true), (Err(Discard::IncompletePicture), None));
    }
    assert_eq!(push(&[0x5c, 0x41, 0xaa], true), (Err(Discard::IncompletePicture), None));
    assert_eq!(push(IDR, true), (Ok(()), Some((true, annex_b(&[IDR]).into()))));
    assert_eq!(depacketizer.stats().dropped_access_units, 1);
}

#[test]
fn too_many_slices() {
    let mut packets = vec![packet(P, 0, false)];
    packets.extend((0..65_535).map(|_| packet(P_2, 0, false)));
    packets.push(packet(IDR, 3000, true));
    let (units, results) = run(&mut with_sets(Marker::Trusted), &packets);
    assert_eq!(results.iter().position(Result::is_err), Some(1024));
    assert_eq!(results[1024], Err(Discard::TooManyNalUnits { limit: 1024 }));
    assert_eq!(delivered(&units), [(true, vec![IDR])]);
}
