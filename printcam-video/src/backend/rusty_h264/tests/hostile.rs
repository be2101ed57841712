//! Input that nobody sends who means well.

use super::*;

/// Damage of every kind, thousands of times: no panic comes out, and the next key frame is decoded truly.
#[test]
fn damage_ends_at_the_next_key_frame() {
    let rows = [
        "-profile:v baseline -g 4",
        "-profile:v main -g 4 -coder cabac -refs 2",
        "-profile:v high -g 4 -coder cavlc -slices 3",
        "-profile:v high -g 4 -preset slower",
    ];
    let mut random = Random(0x5eed);
    for x264 in rows {
        let clip = encode("96x80", x264);
        let mut decoder = RustyH264::new();
        let mut refused = 0;
        for round in 0..150 {
            for access_unit in &clip.access_units {
                let mut access_unit = access_unit.clone();
                random.damage(&mut access_unit.data);
                refused += usize::from(decoder.decode_picture(&coded(&clip, &access_unit)).is_err());
            }
            let frame = decoder.decode_picture(&coded(&clip, &clip.access_units[4]));
            let frame = frame.expect("a good access unit").expect("a key frame is always shown");
            assert!(i420(&frame) == clip.reference_picture(4), "{x264}: round {round} differs");
        }
        assert!(refused > 100, "{x264}: only {refused} refusals, the damage is too mild");
    }
}

#[test]
fn damaged_parameter_sets_end_at_the_next_good_ones() {
    let clip = encode("96x80", "-profile:v high -g 4");
    let mut random = Random(0x5e75);
    let mut decoder = RustyH264::new();
    let mut now = Instant::now();
    for round in 0..2000 {
        now += REBUILD_INTERVAL;
        let (mut sps, mut pps) = (clip.sps.to_vec(), clip.pps[0].to_vec());
        random.damage(if round % 2 == 0 { &mut sps } else { &mut pps });
        let pps = [pps.into()];
        let good = CodedPicture { received_at: now, ..coded(&clip, &clip.access_units[4]) };
        // Whatever it says, it may not break what follows.
        let _ = decoder.decode_picture(&CodedPicture { sps: &sps, pps: &pps, ..good });
        now += REBUILD_INTERVAL;
        let good = CodedPicture { received_at: now, ..good };
        let frame = decoder.decode_picture(&good).expect("a good access unit").expect("a key frame is always shown");
        assert!(i420(&frame) == clip.reference_picture(4), "round {round} differs");
    }
}

#[test]
fn an_error_waits_for_a_key_frame() {
    let clip = encode("96x80", "-profile:v high -g 4 -slices 3");
    let mut decoder = RustyH264::new();
    let _ = decode_all(&mut decoder, &clip, 0..2);
    let mut cut = clip.access_units[2].clone();
    let last_slice = nal_units(&cut.data).last().expect("three slices").with_start_code.len();
    cut.data.truncate(cut.data.len() - last_slice);
    assert_eq!(decoder.decode_picture(&coded(&clip, &cut)).err(), Some(DecodeError::Incomplete));
    let after = decode_all(&mut decoder, &clip, 3..6);
    assert!(matches!(after[..], [Ok(None), Ok(Some(_)), Ok(Some(_))]), "{after:?}");
}

#[test]
fn a_panic_is_an_error() {
    assert_eq!(guarded(|| -> Result<(), _> { panic!("on purpose, by a test") }), Err(DecodeError::Broken));
}

#[test]
fn too_many_slices_are_refused() {
    let clip = encode("96x80", "-profile:v high");
    let mut flood = clip.access_units[0].clone();
    flood.data.extend([0, 0, 1, 0x65, 0x88].repeat(MAX_SLICES));
    let want = DecodeError::TooManySlices { slices: MAX_SLICES + 1, max_slices: MAX_SLICES };
    assert_eq!(RustyH264::new().decode_picture(&coded(&clip, &flood)).err(), Some(want));
}

/// A parameter set is believed only where it was checked: not in the data, and not behind another one.
#[test]
fn parameter_sets_cannot_be_smuggled_in() {
    let clip = encode("96x80", "-profile:v high");
    let huge = headers::HUGE.nal_unit();
    let mut stuffed = clip.access_units[0].clone();
    stuffed.data.splice(0..0, [&[0, 0, 0, 1], &huge[..]].concat());
    let frame = RustyH264::new().decode_picture(&coded(&clip, &stuffed)).expect("good").expect("a picture");
    assert!(i420(&frame) == clip.reference_picture(0));

    let sps = [&clip.sps[..], &[0, 0, 1], &huge[..]].concat();
    let picture = CodedPicture { sps: &sps, ..coded(&clip, &clip.access_units[0]) };
    let want = DecodeError::BadParameterSet { field: "nal_unit" };
    assert_eq!(RustyH264::new().decode_picture(&picture).err(), Some(want));
}

#[test]
fn rebuilds_at_most_once_a_second() {
    let (small, large) = (encode("96x80", "-profile:v high -g 1"), encode("160x96", "-profile:v high -g 1"));
    let mut decoder = RustyH264::new();
    let start = Instant::now();
    let too_fast =
        |since_last: u64| Some(DecodeError::ChangesTooFast { since_last: Duration::from_millis(since_last) });
    let rows = [
        (0, &small, None),
        (100, &large, None), // the first change is free
        (200, &small, too_fast(100)),
        (300, &large, None), // still the one we have
        (1099, &small, too_fast(999)),
        (1100, &small, None),
        (2000, &large, too_fast(900)),
        (9000, &large, None),
    ];
    for (at, clip, want) in rows {
        let received_at = start + Duration::from_millis(at);
        let picture = CodedPicture { received_at, ..coded(clip, &clip.access_units[0]) };
        let got = decoder.decode_picture(&picture);
        assert_eq!(got.as_ref().err(), want.as_ref(), "at {at} ms");
        assert_eq!(got.is_ok_and(|frame| frame.is_some()), want.is_none(), "at {at} ms");
    }
}

/// A sequence parameter set changes with a key frame or not at all.
#[test]
fn a_new_size_waits_for_a_key_frame() {
    let (small, large) = (encode("96x80", "-profile:v high"), encode("160x96", "-profile:v high"));
    let mut decoder = RustyH264::new();
    let _ = decode_all(&mut decoder, &small, 0..2);
    for (index, shown) in [(1, false), (0, true), (1, true)] {
        let frame = decoder.decode_picture(&coded(&large, &large.access_units[index])).expect("nothing wrong");
        assert_eq!(frame.map(|frame| frame.width()), shown.then_some(160), "access unit {index}");
    }
}

/// A small generator (xorshift64): the same damage in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    /// Flips some bits, cuts the end off, doubles a piece, overwrites a piece, or leaves it alone.
    fn damage(&mut self, data: &mut Vec<u8>) {
        let (from, to) = (self.below(data.len()), self.below(data.len()));
        let piece = from.min(to)..from.max(to);
        match self.below(6) {
            0 => (0..=self.below(4)).for_each(|_| {
                let at = self.below(data.len());
                data[at] ^= 1 << self.below(8);
            }),
            1 => data.truncate(from.max(1)),
            2 => {
                let doubled = data[piece.clone()].to_vec();
                data.splice(piece.end..piece.end, doubled);
            }
            3 => data[piece].iter_mut().take(30).for_each(|byte| *byte = self.below(256) as u8),
            4 => data[piece].fill([0, 0xff][self.below(2)]),
            _ => {}
        }
    }
}
