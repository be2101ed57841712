//! What is shown and what is not.

use super::*;
use crate::testing::with_data;
use crate::{ColorMatrix, ColorRange, KeyFramesOnly};

#[test]
fn starts_at_a_key_frame_and_resumes_at_one() {
    let clip = encode("176x144", "-profile:v main -g 4");
    // Key frames are 0 and 4. Joined at 1, again after a loss before 6, and a loss before a key frame costs nothing.
    let rows = [(1, false, false), (3, false, false), (4, false, true), (5, false, true), (6, true, false)];
    let rows = rows.into_iter().chain([(7, false, false), (0, true, true), (1, false, true), (4, false, true)]);
    for (backend, new) in BACKENDS {
        let mut decoder = new();
        for (row, (index, discontinuity, shown)) in rows.clone().enumerate() {
            let access_unit = AccessUnit { discontinuity, ..clip.access_units[index].clone() };
            let frame = decoder.decode(&access_unit).expect("a good access unit");
            assert_eq!(frame.is_some(), shown, "{backend}: row {row}");
            if let Some(frame) = frame {
                assert!(i420(&frame) == clip.reference_picture(index), "{backend}: row {row} differs");
            }
        }
    }
}

#[test]
fn a_key_frame_by_flag_only_opens_nothing() {
    let clip = encode("176x144", "-profile:v main -g 4");
    let access_unit = AccessUnit { key_frame: true, ..clip.access_units[1].clone() };
    for (backend, new) in BACKENDS {
        assert!(matches!(new().decode(&access_unit), Ok(None)), "{backend}");
    }
}

#[test]
fn access_units_without_a_picture_change_nothing() {
    let clip = encode("176x144", "-profile:v main");
    let delimiter = AccessUnit { key_frame: false, ..with_data(&clip.access_units[0], vec![0, 0, 0, 1, 9, 0x30]) };
    for (backend, new) in BACKENDS {
        let mut decoder = new();
        for (access_unit, shown) in [(&clip.access_units[0], true), (&delimiter, false), (&clip.access_units[1], true)]
        {
            let frame = decoder.decode(access_unit).expect("nothing wrong");
            assert_eq!(frame.is_some(), shown, "{backend}");
        }
    }
}

/// A sequence parameter set changes with a key frame or not at all.
#[test]
fn a_new_size_waits_for_a_key_frame() {
    let (small, large) = (encode("96x80", "-profile:v high"), encode("160x96", "-profile:v high"));
    for (backend, new) in BACKENDS {
        let mut decoder = new();
        let _ = decode_all(&mut *decoder, &small.access_units[..2]);
        for (index, shown) in [(1, false), (0, true), (1, true)] {
            let frame = decoder.decode(&large.access_units[index]).expect("nothing wrong");
            assert_eq!(frame.map(|frame| frame.width()), shown.then_some(160), "{backend}: access unit {index}");
        }
    }
}

#[test]
fn frames_carry_the_colours_of_the_stream() {
    let rows = [
        ("", ColorRange::Limited, ColorMatrix::Bt601),
        ("-color_range pc", ColorRange::Full, ColorMatrix::Bt601),
        ("-color_range pc -colorspace bt709", ColorRange::Full, ColorMatrix::Bt709),
        ("-colorspace bt2020nc", ColorRange::Limited, ColorMatrix::Bt2020),
    ];
    for (colors, range, matrix) in rows {
        let clip = encode("176x144", format!("-profile:v main {colors}").trim_end());
        for (backend, new) in BACKENDS {
            let frame = new().decode(&clip.access_units[0]).expect("good").expect("a picture");
            assert_eq!((frame.range(), frame.matrix()), (range, matrix), "{backend}: {colors}");
        }
    }
}

/// They follow one another as no encoder sends them, and some number all of them alike.
#[test]
fn key_frames_alone() {
    let clip = encode("176x144", "-profile:v high -g 3 -x264-params scenecut=0");
    for (backend, new) in BACKENDS {
        let mut decoder = KeyFramesOnly::new(new());
        for round in 0..3 {
            for (index, access_unit) in clip.access_units.iter().enumerate() {
                let discontinuity = index == 1;
                let frame = decoder.decode(&AccessUnit { discontinuity, ..access_unit.clone() });
                let frame = frame.expect("a good access unit");
                assert_eq!(frame.is_some(), index % 3 == 0, "{backend}: access unit {index}");
                if let Some(frame) = frame {
                    assert!(i420(&frame) == clip.reference_picture(index), "{backend}, {round}: {index} differs");
                }
            }
        }
        // The same one, number and all, again and again.
        for _ in 0..3 {
            let frame = decoder.decode(&clip.access_units[0]).expect("good").expect("a picture");
            assert!(i420(&frame) == clip.reference_picture(0), "{backend}");
        }
    }
}
