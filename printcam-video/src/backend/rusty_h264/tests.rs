use super::*;
use crate::testing::{Clip, Coded, encode};

/// Bit-exact against FFmpeg: one row per way of coding that cameras use, and those that decoders get wrong.
#[test]
fn decodes_what_ffmpeg_decodes() {
    let rows = [
        ("176x144", "-profile:v baseline -preset veryfast -g 4"),
        ("320x180", "-profile:v baseline -preset medium -refs 1"),
        (
            "320x180",
            "-profile:v main -preset medium -coder cavlc -refs 3",
        ),
        ("320x180", "-profile:v main -preset medium -coder cabac"),
        ("320x180", "-profile:v high -preset slower -coder cavlc"),
        ("320x180", "-profile:v high -preset slower -coder cabac"),
        ("320x180", "-profile:v high -qp 45"),
        ("320x180", "-profile:v high -qp 4"),
        (
            "320x180",
            "-profile:v high -tune zerolatency -g 3 -slices 4",
        ),
        ("320x180", "-profile:v high -x264-params slice-max-size=400"),
        (
            "320x180",
            "-profile:v baseline -x264-params slice-max-mbs=7:no-deblock=1",
        ),
        ("320x180", "-profile:v main -weightp 2 -vf fade=in:0:8"),
        ("320x180", "-profile:v high -x264-params cqm=jvt"),
        (
            "320x180",
            "-profile:v high -x264-params constrained-intra=1:intra-refresh=1",
        ),
        (
            "336x180",
            "-profile:v high -color_range pc -colorspace smpte170m",
        ),
        ("1920x1080", "-profile:v high -preset veryfast"),
        ("1168x720", "-profile:v baseline -preset veryfast -refs 1"),
        ("1680x1080", "-profile:v high -preset veryfast -g 2"),
        ("34x18", "-profile:v high"),
    ];
    for (size, x264) in rows {
        let clip = encode(size, x264);
        assert_eq!(clip.access_units.len(), 8, "{size} {x264}");
        let mut decoder = RustyH264::new();
        for (index, access_unit) in clip.access_units.iter().enumerate() {
            let frame = decoder
                .decode_picture(&coded(&clip, access_unit))
                .expect("a good access unit");
            let frame = frame
                .unwrap_or_else(|| panic!("{size} {x264}: no picture for access unit {index}"));
            assert!(
                i420(&frame) == clip.reference_picture(index),
                "{size} {x264}: picture {index} differs"
            );
        }
    }
}

fn coded<'a>(clip: &'a Clip, access_unit: &'a Coded) -> CodedPicture<'a> {
    CodedPicture {
        data: &access_unit.data,
        key_frame: access_unit.key_frame,
        discontinuity: false,
        sps: &clip.sps,
        pps: &clip.pps,
        colors: Colors {
            full_range: false,
            matrix: None,
        },
        timestamp: 0,
        received_at: Instant::now(),
    }
}

fn i420(frame: &Frame) -> Vec<u8> {
    let mut packed = Vec::new();
    frame
        .write_i420(&mut packed)
        .expect("a Vec takes everything");
    packed
}
