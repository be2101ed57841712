//! Input that nobody sends who means well.

use rusty_h264_common::BitWriter;

use super::*;
use crate::backend::rusty_h264::vet::{MAX_HEIGHT, MAX_WIDTH};

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
                refused +=
                    usize::from(decoder.decode_picture(&coded(&clip, &access_unit)).is_err());
            }
            let frame = decoder.decode_picture(&coded(&clip, &clip.access_units[4]));
            let frame = frame
                .expect("a good access unit")
                .expect("a key frame is always shown");
            assert!(
                i420(&frame) == clip.reference_picture(4),
                "{x264}: round {round} differs"
            );
        }
        assert!(
            refused > 100,
            "{x264}: only {refused} refusals, the damage is too mild"
        );
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
        let good = CodedPicture {
            received_at: now,
            ..coded(&clip, &clip.access_units[4])
        };
        // Whatever it says, it may not break what follows.
        let _ = decoder.decode_picture(&CodedPicture {
            sps: &sps,
            pps: &pps,
            ..good
        });
        now += REBUILD_INTERVAL;
        let good = CodedPicture {
            received_at: now,
            ..good
        };
        let frame = decoder
            .decode_picture(&good)
            .expect("a good access unit")
            .expect("a key frame is always shown");
        assert!(
            i420(&frame) == clip.reference_picture(4),
            "round {round} differs"
        );
    }
}

#[test]
fn an_error_waits_for_a_key_frame() {
    let clip = encode("96x80", "-profile:v high -g 4 -slices 3");
    let mut decoder = RustyH264::new();
    let _ = decode_all(&mut decoder, &clip, 0..2);
    let mut cut = clip.access_units[2].clone();
    let last_slice = nal_units(&cut.data)
        .last()
        .expect("three slices")
        .with_start_code
        .len();
    cut.data.truncate(cut.data.len() - last_slice);
    assert_eq!(
        decoder.decode_picture(&coded(&clip, &cut)).err(),
        Some(DecodeError::Incomplete)
    );
    let after = decode_all(&mut decoder, &clip, 3..6);
    assert!(
        matches!(after[..], [Ok(None), Ok(Some(_)), Ok(Some(_))]),
        "{after:?}"
    );
}

#[test]
fn a_panic_is_an_error() {
    assert_eq!(
        guarded(|| -> Result<(), _> { panic!("on purpose, by a test") }),
        Err(DecodeError::Broken)
    );
}

#[test]
fn sequence_parameter_sets_are_checked_before_anything_is_allocated() {
    let good = Sps {
        columns: 120,
        rows: 68,
        references: 4,
        crop: [0; 4],
    };
    let too_large = |columns: u32, rows: u32| DecodeError::PictureTooLarge {
        width: u64::from(columns) * 16,
        height: u64::from(rows) * 16,
        max_width: MAX_WIDTH,
        max_height: MAX_HEIGHT,
    };
    let too_many = |wanted: u32, allowed: u32| DecodeError::TooManyReferences { wanted, allowed };
    let rows = [
        (good, None),
        (
            Sps {
                columns: 256,
                rows: 144,
                ..good
            },
            None,
        ),
        (
            Sps {
                columns: 257,
                rows: 1,
                ..good
            },
            Some(too_large(257, 1)),
        ),
        (
            Sps {
                columns: 1,
                rows: 145,
                ..good
            },
            Some(too_large(1, 145)),
        ),
        (
            Sps {
                columns: 384,
                rows: 384,
                ..good
            },
            Some(too_large(384, 384)),
        ),
        (
            Sps {
                columns: 256,
                rows: 144,
                references: 6,
                ..good
            },
            Some(too_many(6, 5)),
        ),
        (
            Sps {
                references: 17,
                ..good
            },
            Some(too_many(17, 16)),
        ),
        (
            Sps {
                references: u32::MAX - 1,
                ..good
            },
            Some(too_many(u32::MAX - 1, 16)),
        ),
        (
            Sps {
                crop: [0, 0, 0, 4],
                ..good
            },
            None,
        ),
        (
            Sps {
                crop: [900, 60, 0, 0],
                ..good
            },
            Some(DecodeError::Unsupported {
                feature: "crop exceeds frame",
            }),
        ),
    ];
    for (row, (sps, want)) in rows.into_iter().enumerate() {
        assert_eq!(
            Vetted::sps(&sps.nal_unit()).err(),
            want,
            "row {row}: {sps:?}"
        );
    }
    // The sum of these is small in 32 bits: the decoder panics if it was built to notice, or lets them pass.
    for crop in [[u32::MAX - 1, 2, 0, 0], [0, 0, 1 << 31, 1 << 31]] {
        let got = guarded(|| Vetted::sps(&Sps { crop, ..good }.nal_unit()).map(drop))
            .expect_err("refused");
        let bad = DecodeError::BadParameterSet {
            field: "frame_crop_offset",
        };
        assert!(
            got == DecodeError::Broken || got == bad,
            "{crop:?}: {got:?}"
        );
    }
}

#[test]
fn picture_parameter_sets_are_checked() {
    let good = Pps {
        references: 1,
        weighted: false,
        chroma_qp_offsets: [-2, -2],
    };
    let bad = |field: &'static str| Some(DecodeError::BadParameterSet { field });
    let second = DecodeError::Unsupported {
        feature: "second_chroma_qp_index_offset",
    };
    let rows = [
        (good, None),
        (
            Pps {
                references: 32,
                ..good
            },
            None,
        ),
        (
            Pps {
                references: 33,
                ..good
            },
            bad("num_ref_idx_default_active_minus1"),
        ),
        (
            Pps {
                references: u32::MAX,
                ..good
            },
            bad("num_ref_idx_default_active_minus1"),
        ),
        (
            Pps {
                chroma_qp_offsets: [13, 13],
                ..good
            },
            bad("chroma_qp_index_offset"),
        ),
        (
            Pps {
                chroma_qp_offsets: [0, 1],
                ..good
            },
            Some(second),
        ),
    ];
    for (row, (pps, want)) in rows.into_iter().enumerate() {
        let mut vetted = Vetted::sps(&SMALL.nal_unit()).expect("good");
        assert_eq!(
            vetted.insert_pps(&pps.nal_unit()).err(),
            want,
            "row {row}: {pps:?}"
        );
    }
}

/// The decoder would reserve 16 bytes for each of four thousand million reference pictures.
#[test]
fn slices_cannot_ask_for_thousands_of_references() {
    for (references, want) in [
        (1, None),
        (32, None),
        (
            33,
            Some(DecodeError::BadSliceHeader {
                field: "num_ref_idx_active_minus1",
            }),
        ),
        (
            u32::MAX - 1,
            Some(DecodeError::BadSliceHeader {
                field: "num_ref_idx_active_minus1",
            }),
        ),
    ] {
        let mut vetted = Vetted::sps(&SMALL.nal_unit()).expect("good");
        let pps = Pps {
            references: 1,
            weighted: true,
            chroma_qp_offsets: [0, 0],
        };
        vetted.insert_pps(&pps.nal_unit()).expect("good");
        let slice = nal_unit(0x61, |bits| {
            bits.write_ue(0); // first_mb_in_slice
            bits.write_ue(5); // P
            bits.write_ue(0); // pic_parameter_set_id
            bits.write_bits(1, 4); // frame_num
            bits.write_bits(1, 1); // num_ref_idx_active_override_flag
            bits.write_ue(references - 1);
            bits.write_bits(0, 32);
        });
        assert_eq!(
            vetted.check_slice(&slice).err(),
            want,
            "{references} references"
        );
    }
}

#[test]
fn too_many_slices_are_refused() {
    let clip = encode("96x80", "-profile:v high");
    let mut flood = clip.access_units[0].clone();
    flood.data.extend([0, 0, 1, 0x65, 0x88].repeat(MAX_SLICES));
    let want = DecodeError::TooManySlices {
        slices: MAX_SLICES + 1,
        max_slices: MAX_SLICES,
    };
    assert_eq!(
        RustyH264::new().decode_picture(&coded(&clip, &flood)).err(),
        Some(want)
    );
}

/// A parameter set is believed only where it was checked: not in the data, and not behind another one.
#[test]
fn parameter_sets_cannot_be_smuggled_in() {
    let clip = encode("96x80", "-profile:v high");
    let huge = Sps {
        columns: 256,
        rows: 256,
        references: 1,
        crop: [0; 4],
    }
    .nal_unit();
    let mut stuffed = clip.access_units[0].clone();
    stuffed
        .data
        .splice(0..0, [&[0, 0, 0, 1], &huge[..]].concat());
    let frame = RustyH264::new()
        .decode_picture(&coded(&clip, &stuffed))
        .expect("good")
        .expect("a picture");
    assert!(i420(&frame) == clip.reference_picture(0));

    let sps = [&clip.sps[..], &[0, 0, 1], &huge[..]].concat();
    let picture = CodedPicture {
        sps: &sps,
        ..coded(&clip, &clip.access_units[0])
    };
    let want = DecodeError::BadParameterSet { field: "nal_unit" };
    assert_eq!(RustyH264::new().decode_picture(&picture).err(), Some(want));
}

#[test]
fn rebuilds_at_most_once_a_second() {
    let (small, large) = (
        encode("96x80", "-profile:v high -g 1"),
        encode("160x96", "-profile:v high -g 1"),
    );
    let mut decoder = RustyH264::new();
    let start = Instant::now();
    let too_fast = |since_last: u64| {
        Some(DecodeError::ChangesTooFast {
            since_last: Duration::from_millis(since_last),
        })
    };
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
        let picture = CodedPicture {
            received_at,
            ..coded(clip, &clip.access_units[0])
        };
        let got = decoder.decode_picture(&picture);
        assert_eq!(got.as_ref().err(), want.as_ref(), "at {at} ms");
        assert_eq!(
            got.is_ok_and(|frame| frame.is_some()),
            want.is_none(),
            "at {at} ms"
        );
    }
}

/// A sequence parameter set changes with a key frame or not at all.
#[test]
fn a_new_size_waits_for_a_key_frame() {
    let (small, large) = (
        encode("96x80", "-profile:v high"),
        encode("160x96", "-profile:v high"),
    );
    let mut decoder = RustyH264::new();
    let _ = decode_all(&mut decoder, &small, 0..2);
    for (index, shown) in [(1, false), (0, true), (1, true)] {
        let frame = decoder
            .decode_picture(&coded(&large, &large.access_units[index]))
            .expect("nothing wrong");
        assert_eq!(
            frame.map(|frame| frame.width()),
            shown.then_some(160),
            "access unit {index}"
        );
    }
}

const SMALL: Sps = Sps {
    columns: 6,
    rows: 5,
    references: 1,
    crop: [0; 4],
};

/// The fields of a Baseline sequence parameter set that matter here; `crop` is left, right, top, bottom.
#[derive(Debug, Clone, Copy)]
struct Sps {
    columns: u32,
    rows: u32,
    references: u32,
    crop: [u32; 4],
}

impl Sps {
    fn nal_unit(self) -> Vec<u8> {
        nal_unit(0x67, |bits| {
            bits.write_bits(66, 8); // profile_idc
            bits.write_bits(0, 8);
            bits.write_bits(51, 8); // level_idc
            bits.write_ue(0); // seq_parameter_set_id
            bits.write_ue(0); // log2_max_frame_num_minus4
            bits.write_ue(2); // pic_order_cnt_type
            bits.write_ue(self.references);
            bits.write_bits(0, 1); // gaps_in_frame_num_value_allowed_flag
            bits.write_ue(self.columns - 1);
            bits.write_ue(self.rows - 1);
            bits.write_bits(1, 1); // frame_mbs_only_flag
            bits.write_bits(1, 1); // direct_8x8_inference_flag
            bits.write_bits(u32::from(self.crop != [0; 4]), 1);
            if self.crop != [0; 4] {
                self.crop
                    .into_iter()
                    .for_each(|offset| bits.write_ue(offset));
            }
            bits.write_bits(0, 1); // vui_parameters_present_flag
        })
    }
}

/// The fields of a picture parameter set that matter here.
#[derive(Debug, Clone, Copy)]
struct Pps {
    references: u32,
    weighted: bool,
    chroma_qp_offsets: [i32; 2],
}

impl Pps {
    fn nal_unit(self) -> Vec<u8> {
        nal_unit(0x68, |bits| {
            bits.write_ue(0); // pic_parameter_set_id
            bits.write_ue(0); // seq_parameter_set_id
            bits.write_bits(0, 2); // entropy_coding_mode_flag, bottom_field_pic_order_in_frame_present_flag
            bits.write_ue(0); // num_slice_groups_minus1
            bits.write_ue(self.references - 1);
            bits.write_ue(0); // num_ref_idx_l1_default_active_minus1
            bits.write_bits(u32::from(self.weighted), 1);
            bits.write_bits(0, 2); // weighted_bipred_idc
            bits.write_se(0); // pic_init_qp_minus26
            bits.write_se(0); // pic_init_qs_minus26
            bits.write_se(self.chroma_qp_offsets[0]);
            bits.write_bits(0, 3);
            bits.write_bits(0, 2); // transform_8x8_mode_flag, pic_scaling_matrix_present_flag
            bits.write_se(self.chroma_qp_offsets[1]);
        })
    }
}

fn nal_unit(header: u8, write: impl FnOnce(&mut BitWriter)) -> Vec<u8> {
    let mut bits = BitWriter::new();
    write(&mut bits);
    bits.rbsp_trailing_bits();
    let mut nal_unit = vec![header];
    rusty_h264_common::nal::emulation_prevent_into(&bits.into_bytes(), &mut nal_unit);
    nal_unit
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
            3 => data[piece]
                .iter_mut()
                .take(30)
                .for_each(|byte| *byte = self.below(256) as u8),
            4 => data[piece].fill([0, 0xff][self.below(2)]),
            _ => {}
        }
    }
}
