//! Input that nobody sends who means well.

use std::time::{Duration, Instant};

use super::*;
use crate::backend::gate::{self, MAX_SLICES, REBUILD_INTERVAL};
use crate::testing::{BaselineSps, sets_of, with_data, with_parameter_sets};

/// Damage of every kind, thousands of times: no panic comes out, and the next key frame is decoded truly.
///
/// Decoders of the system's that hide damage may carry it further than that; their next key frame is shown.
#[test]
fn damage_ends_at_the_next_key_frame() {
    let rows = [
        "-profile:v baseline -g 4",
        "-profile:v main -g 4 -coder cabac -refs 2",
        "-profile:v high -g 4 -coder cavlc -slices 3",
        "-profile:v high -g 4 -preset slower",
    ];
    for x264 in rows {
        let clip = encode("96x80", x264);
        for (backend, new) in BACKENDS {
            let mut random = Random(0x5eed);
            let mut decoder = new();
            let mut refused = 0;
            for round in 0..150 {
                for access_unit in &clip.access_units {
                    let mut data = access_unit.data.to_vec();
                    random.damage(&mut data);
                    refused += usize::from(decoder.decode(&with_data(access_unit, data)).is_err());
                }
                let frame = decoder.decode(&clip.access_units[4]);
                let frame = frame.expect("a good access unit").expect("a key frame is always shown");
                let exact = i420(&frame) == clip.reference_picture(4);
                assert!(exact || HIDES_DAMAGE.contains(backend), "{backend}, {x264}: round {round} differs");
            }
            let hides = HIDES_DAMAGE.contains(backend);
            assert!(hides || refused > 100, "{backend}, {x264}: only {refused} refusals, the damage is too mild");
        }
    }
}

#[test]
fn damaged_parameter_sets_end_at_the_next_good_ones() {
    let clip = encode("96x80", "-profile:v high -g 4");
    let good = &clip.access_units[4];
    for (backend, new) in BACKENDS {
        let mut random = Random(0x5e75);
        let mut decoder = new();
        let mut now = Instant::now();
        for round in 0..2000 {
            now += REBUILD_INTERVAL;
            let (mut sps, mut pps) = (sets_of(good).sps.to_vec(), sets_of(good).pps[0].to_vec());
            random.damage(if round % 2 == 0 { &mut sps } else { &mut pps });
            let bad = with_parameter_sets(good, sps, vec![pps.into()]);
            // Whatever it says, it may not break what follows.
            let _ = decoder.decode(&AccessUnit { received_at: now, ..bad });
            now += REBUILD_INTERVAL;
            let frame = decoder.decode(&AccessUnit { received_at: now, ..good.clone() });
            let frame = frame.expect("a good access unit").expect("a key frame is always shown");
            assert!(i420(&frame) == clip.reference_picture(4), "{backend}: round {round} differs");
        }
    }
}

/// Every backend notices a missing beginning; a missing end, those that count macroblocks.
#[test]
fn an_error_waits_for_a_key_frame() {
    let clip = encode("96x80", "-profile:v high -g 4 -slices 3");
    let slices: Vec<&[u8]> = gate::slices(&clip.access_units[2]).map(|slice| slice.with_start_code).collect();
    assert_eq!(slices.len(), 3);
    for (backend, new) in BACKENDS {
        let cuts = [(&slices[1..], true), (&slices[..2], *backend == "rusty_h264")];
        for (slices, noticed) in cuts {
            let mut decoder = new();
            let _ = decode_all(&mut *decoder, &clip.access_units[..2]);
            let cut = decoder.decode(&with_data(&clip.access_units[2], slices.concat()));
            assert_eq!(cut.is_err(), noticed, "{backend}: {cut:?}");
            let after = decode_all(&mut *decoder, &clip.access_units[3..6]);
            assert_eq!(matches!(after[0], Ok(None)), noticed, "{backend}: {after:?}");
            assert!(matches!(after[1..], [Ok(Some(_)), Ok(Some(_))]), "{backend}: {after:?}");
        }
    }
}

#[test]
fn too_many_slices_are_refused() {
    let clip = encode("96x80", "-profile:v high");
    let mut flood = clip.access_units[0].data.to_vec();
    flood.extend([0, 0, 1, 0x65, 0x88].repeat(MAX_SLICES));
    let want = DecodeError::TooManySlices { slices: MAX_SLICES + 1, max_slices: MAX_SLICES };
    for (backend, new) in BACKENDS {
        let flood = with_data(&clip.access_units[0], flood.clone());
        assert_eq!(new().decode(&flood).err().as_ref(), Some(&want), "{backend}");
    }
}

/// A parameter set is believed only where it was checked: not in the data, and not behind another one.
#[test]
fn parameter_sets_cannot_be_smuggled_in() {
    let clip = encode("96x80", "-profile:v high");
    let good = &clip.access_units[0];
    let huge = HUGE.nal_unit();
    for (backend, new) in BACKENDS {
        let stuffed = with_data(good, [&[0, 0, 0, 1], &huge[..], &good.data].concat());
        let frame = new().decode(&stuffed).expect("good").expect("a picture");
        assert!(i420(&frame) == clip.reference_picture(0), "{backend}");

        let sets = sets_of(good);
        let behind = |set: &[u8]| [set, &[0, 0, 1], &huge].concat();
        let rows = [
            with_parameter_sets(good, behind(&sets.sps), sets.pps.clone()),
            with_parameter_sets(good, sets.sps.to_vec(), vec![behind(&sets.pps[0]).into()]),
        ];
        for (row, access_unit) in rows.into_iter().enumerate() {
            let want = DecodeError::BadParameterSet { field: "nal_unit" };
            assert_eq!(new().decode(&access_unit).err(), Some(want), "{backend}: row {row}");
        }
    }
}

#[test]
fn pictures_over_the_limits_are_refused() {
    let clip = encode("96x80", "-profile:v high");
    let refused = |new: &dyn Fn() -> Box<dyn Decoder>, sps: &[u8]| {
        let good = &clip.access_units[0];
        new().decode(&with_parameter_sets(good, sps.to_vec(), sets_of(good).pps.clone())).err()
    };
    for (backend, new) in BACKENDS {
        let got = refused(new, &HUGE.nal_unit());
        assert!(matches!(got, Some(DecodeError::PictureTooLarge { height: 4096, .. })), "{backend}: {got:?}");
        let six = BaselineSps { rows: 144, references: 6, ..HUGE };
        let got = refused(new, &six.nal_unit());
        assert_eq!(got, Some(DecodeError::TooManyReferences { wanted: 6, allowed: 5 }), "{backend}");
    }
}

#[test]
fn rebuilds_at_most_once_a_second() {
    let (small, large) = (encode("96x80", "-profile:v high -g 1"), encode("160x96", "-profile:v high -g 1"));
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
    for (backend, new) in BACKENDS {
        let mut decoder = new();
        for (at, clip, want) in &rows {
            let received_at = start + Duration::from_millis(*at);
            let got = decoder.decode(&AccessUnit { received_at, ..clip.access_units[0].clone() });
            assert_eq!(got.as_ref().err(), want.as_ref(), "{backend}: at {at} ms");
            assert_eq!(got.is_ok_and(|frame| frame.is_some()), want.is_none(), "{backend}: at {at} ms");
        }
    }
}

/// Backends that cannot be told to give up on a damaged picture.
const HIDES_DAMAGE: &[&str] = &["media_foundation"];

/// 4096x4096, one reference picture: over the limit, and otherwise in order.
const HUGE: BaselineSps = BaselineSps { columns: 256, rows: 256, references: 1, crop: [0; 4] };

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
