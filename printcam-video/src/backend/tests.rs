//! Every backend against FFmpeg, and against what a decoder promises.

mod gating;
mod hostile;

use crate::testing::{Clip, encode, encode_filtered, encode_stream, i420, sets_of};
use crate::{AccessUnit, DecodeError, Decoder, Frame};

/// The name of a backend, and a decoder of it.
type Backend = (&'static str, fn() -> Box<dyn Decoder>);

/// All that are compiled in.
const BACKENDS: &[Backend] = &[
    ("rusty_h264", || Box::new(crate::RustyH264::new())),
    #[cfg(feature = "libavcodec")]
    ("libavcodec", || Box::new(crate::Libavcodec::new())),
    #[cfg(windows)]
    ("media_foundation", || Box::new(crate::MediaFoundation::new())),
];

/// Bit-exact against FFmpeg: one row per way of coding that cameras use, and those that decoders get wrong.
#[test]
fn decodes_what_ffmpeg_decodes() {
    let rows = [
        ("176x144", "-profile:v baseline -preset veryfast -g 4"),
        ("320x180", "-profile:v baseline -preset medium -refs 1"),
        ("320x180", "-profile:v main -preset medium -coder cavlc -refs 3"),
        ("320x180", "-profile:v main -preset medium -coder cabac"),
        ("320x180", "-profile:v high -preset slower -coder cavlc"),
        ("320x180", "-profile:v high -preset slower -coder cabac"),
        ("320x180", "-profile:v high -qp 45"),
        ("320x180", "-profile:v high -qp 4"),
        ("320x180", "-profile:v high -tune zerolatency -g 3 -slices 4"),
        ("320x180", "-profile:v high -x264-params slice-max-size=400"),
        ("320x180", "-profile:v baseline -x264-params slice-max-mbs=7:no-deblock=1"),
        ("320x180", "-profile:v main -weightp 2 -vf fade=in:0:8"),
        ("320x180", "-profile:v high -x264-params cqm=jvt"),
        ("320x180", "-profile:v high -x264-params constrained-intra=1:intra-refresh=1"),
        ("336x180", "-profile:v high -color_range pc -colorspace smpte170m"),
        ("1920x1080", "-profile:v high -preset veryfast"),
        ("1168x720", "-profile:v baseline -preset veryfast -refs 1"),
        ("1680x1080", "-profile:v high -preset veryfast -g 2"),
        ("34x18", "-profile:v high"),
    ];
    for (size, x264) in rows {
        let clip = encode(size, x264);
        assert_eq!(clip.access_units.len(), 8, "{size} {x264}");
        assert_all_exact(&clip, &format!("{size} {x264}"));
    }
}

/// On all four edges, by offsets that are no multiple of anything a decoder aligns to.
#[test]
fn crops_all_four_edges() {
    let clip = encode_filtered("320x180", "-profile:v high", "crop_left=6:crop_top=4:crop_right=10:crop_bottom=20");
    let info = &sets_of(&clip.access_units[0]).info;
    assert_eq!((info.width, info.height), (320 - 16, 192 - 24));
    assert_all_exact(&clip, "cropped");
}

#[test]
fn the_size_may_change_at_a_key_frame() {
    let rows = [("320x180", "-profile:v high"), ("176x144", "-profile:v baseline -refs 3"), ("336x192", "-slices 3")];
    let streams = rows.map(|(size, x264)| encode_stream(size, x264, "aud=insert"));
    let mut clip = Clip::from_stream(&streams.concat());
    assert_eq!(clip.access_units.len(), 24);
    // No faster than a decoder has to follow.
    for (index, access_unit) in clip.access_units.iter_mut().enumerate() {
        access_unit.received_at += std::time::Duration::from_secs(index as u64);
    }
    assert_all_exact(&clip, "three sizes");
}

/// Of the same number, for the same sequence parameter set, and back again.
#[test]
fn a_picture_parameter_set_may_change() {
    let [cabac, cavlc] = ["cabac", "cavlc"]
        .map(|coder| encode_stream("176x144", &format!("-profile:v high -level 3 -coder {coder} -g 4"), "aud=insert"));
    let clip = Clip::from_stream(&[&cabac[..], &cavlc, &cabac].concat());
    let sets = [0, 8, 16].map(|index| sets_of(&clip.access_units[index]));
    assert!(sets[0].sps == sets[1].sps && sets[0].pps != sets[1].pps && sets[0] == sets[2]);
    assert_all_exact(&clip, "another picture parameter set");
}

/// Cameras send each picture's slices in one access unit and the parameter sets before them, or only in the SDP.
#[test]
fn takes_parameter_sets_from_outside_the_data() {
    let mut clip = encode("176x144", "-profile:v high -g 4");
    for access_unit in &mut clip.access_units {
        let slices = super::gate::slices(access_unit).flat_map(|slice| slice.with_start_code.to_vec());
        access_unit.data = slices.collect();
    }
    assert_all_exact(&clip, "out of band");
}

/// Each access unit of a clip gives its picture at once and to the bit, with every backend.
fn assert_all_exact(clip: &Clip, what: &str) {
    for (backend, new) in BACKENDS {
        let mut decoder = new();
        for (index, access_unit) in clip.access_units.iter().enumerate() {
            let frame = decoder.decode(access_unit).expect("a good access unit");
            let frame = frame.unwrap_or_else(|| panic!("{backend}, {what}: no picture for access unit {index}"));
            assert!(i420(&frame) == clip.reference_picture(index), "{backend}, {what}: picture {index} differs");
            assert_eq!(frame.timestamp(), access_unit.timestamp, "{backend}, {what}: picture {index}");
            assert_eq!(frame.received_at(), access_unit.received_at, "{backend}, {what}: picture {index}");
        }
    }
}

/// A decoder's answers to some access units.
fn decode_all(decoder: &mut dyn Decoder, access_units: &[AccessUnit]) -> Vec<Result<Option<Frame>, DecodeError>> {
    access_units.iter().map(|access_unit| decoder.decode(access_unit)).collect()
}
