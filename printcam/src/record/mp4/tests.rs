//! What the boxes say where FFmpeg looks elsewhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mp4_atom::Decode;

use super::*;

/// X1C, KittyCAD/machine-api trace.
const SPS: &[u8] = &[
    0x67, 0x42, 0xc0, 0x1f, 0x8d, 0x8d, 0x50, 0x24, 0x82, 0xd9, 0x36, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00, 0x00,
    0x0f, 0x23, 0xc2, 0x21, 0x1a, 0x80,
];

fn sets() -> ParameterSets {
    ParameterSets::new(SPS.to_vec().into(), vec![vec![0x68, 0xce, 0x31, 0xb2].into()]).unwrap()
}

fn moov(sets: &ParameterSets, created: Option<SystemTime>) -> Moov {
    let header = header(&Coding::H264(Arc::new(sets.clone())), created).unwrap();
    let mut rest = &header[..];
    Ftyp::decode(&mut rest).unwrap();
    Moov::decode(&mut rest).unwrap()
}

fn avc1(sets: &ParameterSets) -> Avc1 {
    match moov(sets, None).trak[0].mdia.minf.stbl.stsd.codecs.first() {
        Some(Codec::Avc1(avc1)) => avc1.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_container_says_what_the_vui_says_of_colour() {
    // matrix_coefficients by H.264 table E-5; 2 is unspecified.
    for (matrix, full_range, want) in [
        (None, false, None),
        (None, true, Some((2, true))),
        (Some(ColorMatrix::Bt709), false, Some((1, false))),
        (Some(ColorMatrix::Bt601), true, Some((6, true))),
        (Some(ColorMatrix::Bt2020), false, Some((9, false))),
    ] {
        let mut sets = sets();
        (sets.info.matrix, sets.info.full_range) = (matrix, full_range);
        let got = avc1(&sets).colr.map(|colr| match colr {
            Colr::Nclx { matrix_coefficients, full_range_flag, .. } => (matrix_coefficients, full_range_flag),
            other => panic!("{other:?}"),
        });
        assert_eq!(got, want, "{matrix:?}, full range {full_range}");
    }
}

#[test]
fn high_profile_says_its_chroma_format_and_depth() {
    for (profile_idc, want) in [(66, None), (77, None), (100, Some((1, 8, 8)))] {
        let mut sets = sets();
        sets.info.profile_idc = profile_idc;
        let avcc = avc1(&sets).avcc;
        assert_eq!(avcc.avc_profile_indication, profile_idc);
        let ext = avcc.ext.map(|ext| (ext.chroma_format, ext.bit_depth_luma, ext.bit_depth_chroma));
        assert_eq!(ext, want, "profile {profile_idc}");
    }
}

#[test]
fn the_track_has_the_size_of_display() {
    // 1168x720 of the X1C.
    for (sample_aspect_ratio, want) in
        [(None, (1168, 0)), (Some((1, 1)), (1168, 0)), (Some((4, 3)), (1557, 21845)), (Some((1, 0)), (1168, 0))]
    {
        let mut sets = sets();
        sets.info.sample_aspect_ratio = sample_aspect_ratio;
        let tkhd = moov(&sets, None).trak[0].tkhd.clone();
        assert_eq!((tkhd.width.integer(), tkhd.width.decimal()), want, "{sample_aspect_ratio:?}");
        assert_eq!(tkhd.height.integer(), 720);
    }
}

#[test]
fn creation_counts_from_1904() {
    let created = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for (created, want) in [(Some(created), 3_782_844_800), (None, 0)] {
        let moov = moov(&sets(), created);
        assert_eq!((moov.mvhd.creation_time, moov.trak[0].mdia.mdhd.creation_time), (want, want));
    }
}

#[test]
fn a_fragment_is_bounded_in_bytes() {
    let mut fragment = Fragment::new();
    let access_unit = AccessUnit {
        timestamp: 0,
        received_at: Instant::now(),
        key_frame: false,
        discontinuity: false,
        coding: Coding::H264(Arc::new(sets())),
        data: [&[0, 0, 0, 1, 0x41][..], &[0xff; 8 << 20]].concat().into(),
    };
    let taken = (0..10).take_while(|&time| {
        let ends = fragment.ends_before(&access_unit, time);
        fragment.push(&access_unit, time);
        !ends
    });
    assert_eq!(taken.count(), 3);
}
