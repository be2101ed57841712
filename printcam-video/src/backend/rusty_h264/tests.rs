mod headers;
mod hostile;

use super::*;
use crate::ColorMatrix;
use crate::testing::{Clip, Coded, encode, encode_filtered};

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
        let mut decoder = RustyH264::new();
        for (index, access_unit) in clip.access_units.iter().enumerate() {
            let frame = decoder.decode_picture(&coded(&clip, access_unit)).expect("a good access unit");
            let frame = frame.unwrap_or_else(|| panic!("{size} {x264}: no picture for access unit {index}"));
            assert!(i420(&frame) == clip.reference_picture(index), "{size} {x264}: picture {index} differs");
        }
    }
}

/// The decoder itself ignores the left and the top offset.
#[test]
fn crops_all_four_edges() {
    let clip = encode_filtered("320x180", "-profile:v high", "crop_left=6:crop_top=4:crop_right=10:crop_bottom=20");
    let frames = decode_all(&mut RustyH264::new(), &clip, 0..8);
    for (index, frame) in frames.into_iter().enumerate() {
        let frame = frame.expect("a good access unit").expect("a picture");
        assert_eq!((frame.width(), frame.height()), (320 - 16, 192 - 24));
        assert!(i420(&frame) == clip.reference_picture(index), "picture {index} differs");
    }
}

#[test]
fn starts_at_a_key_frame_and_resumes_at_one() {
    let clip = encode("176x144", "-profile:v main -g 4");
    let mut decoder = RustyH264::new();
    // Key frames are 0 and 4. Joined at 1, again after a loss before 6, and a loss before a key frame costs nothing.
    let rows = [(1, false, false), (3, false, false), (4, false, true), (5, false, true), (6, true, false)];
    let rows = rows.into_iter().chain([(7, false, false), (0, true, true), (1, false, true), (4, false, true)]);
    for (row, (index, discontinuity, shown)) in rows.enumerate() {
        let picture = CodedPicture { discontinuity, ..coded(&clip, &clip.access_units[index]) };
        let frame = decoder.decode_picture(&picture).expect("a good access unit");
        assert_eq!(frame.is_some(), shown, "row {row}");
        if let Some(frame) = frame {
            assert!(i420(&frame) == clip.reference_picture(index), "row {row} differs");
        }
    }
}

#[test]
fn a_key_frame_by_flag_only_opens_nothing() {
    let clip = encode("176x144", "-profile:v main -g 4");
    let picture = CodedPicture { key_frame: true, ..coded(&clip, &clip.access_units[1]) };
    assert!(matches!(RustyH264::new().decode_picture(&picture), Ok(None)));
}

/// Parameter sets come with the access unit; whether they are in its data as well does not matter.
#[test]
fn takes_parameter_sets_from_outside_the_data() {
    let mut clip = encode("176x144", "-profile:v high -g 4");
    for access_unit in &mut clip.access_units {
        let slices = nal_units(&access_unit.data).filter(|nal_unit| is_slice(*nal_unit));
        access_unit.data = slices.flat_map(|nal_unit| nal_unit.with_start_code.to_vec()).collect();
    }
    for (index, frame) in decode_all(&mut RustyH264::new(), &clip, 0..8).into_iter().enumerate() {
        let frame = frame.expect("a good access unit").expect("a picture");
        assert!(i420(&frame) == clip.reference_picture(index), "picture {index} differs");
    }
}

#[test]
fn access_units_without_a_picture_change_nothing() {
    let clip = encode("176x144", "-profile:v main");
    let mut decoder = RustyH264::new();
    let delimiter = Coded { data: vec![0, 0, 0, 1, 9, 0x30], key_frame: false };
    for access_unit in [&clip.access_units[0], &delimiter, &clip.access_units[1]] {
        let frame = decoder.decode_picture(&coded(&clip, access_unit)).expect("nothing wrong");
        assert_eq!(frame.is_some(), !std::ptr::eq(access_unit, &delimiter));
    }
}

#[test]
fn equal_parameter_sets_keep_the_engine() {
    let clip = encode("176x144", "-profile:v main -g 1");
    let mut decoder = RustyH264::new();
    let mut engines = clip.access_units.iter().map(|access_unit| {
        decoder.decode_picture(&coded(&clip, access_unit)).expect("a good access unit");
        std::ptr::from_ref(decoder.engine.as_deref().expect("kept"))
    });
    let first = engines.next();
    assert!(engines.all(|engine| Some(engine) == first));
}

#[test]
fn frames_carry_what_the_access_unit_says() {
    let clip = encode("176x144", "-profile:v main");
    let rows = [
        (Colors { full_range: true, matrix: None }, ColorRange::Full, ColorMatrix::Bt601),
        (Colors { full_range: false, matrix: Some(ColorMatrix::Bt709) }, ColorRange::Limited, ColorMatrix::Bt709),
    ];
    for (colors, range, matrix) in rows {
        let picture = CodedPicture { colors, timestamp: 42, ..coded(&clip, &clip.access_units[0]) };
        let frame = RustyH264::new().decode_picture(&picture).expect("good").expect("a picture");
        assert_eq!((frame.range(), frame.matrix(), frame.timestamp()), (range, matrix, 42));
        assert_eq!(frame.received_at(), picture.received_at);
    }
}

/// The decoder's answers to some of a clip's access units.
fn decode_all(
    decoder: &mut RustyH264,
    clip: &Clip,
    range: std::ops::Range<usize>,
) -> Vec<Result<Option<Frame>, DecodeError>> {
    clip.access_units[range].iter().map(|access_unit| decoder.decode_picture(&coded(clip, access_unit))).collect()
}

fn coded<'a>(clip: &'a Clip, access_unit: &'a Coded) -> CodedPicture<'a> {
    CodedPicture {
        data: &access_unit.data,
        key_frame: access_unit.key_frame,
        discontinuity: false,
        sps: &clip.sps,
        pps: &clip.pps,
        colors: Colors { full_range: false, matrix: None },
        timestamp: 0,
        received_at: Instant::now(),
    }
}

fn i420(frame: &Frame) -> Vec<u8> {
    let mut packed = Vec::new();
    frame.write_i420(&mut packed).expect("a Vec takes everything");
    packed
}
