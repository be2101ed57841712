//! What only libavcodec does: putting pictures in order, interlaced video, and waiting for nothing.

use std::sync::Arc;

use printcam_proto::h264::{Coding, ParameterSets};

use super::*;
use crate::testing::{encode, i420, sets_of};

/// Left alone, libavcodec holds back one picture of either stream.
#[test]
fn gives_each_picture_at_once_whatever_the_stream_promises() {
    // One that keeps room for a B-frame and sends none.
    let prepared = encode("176x144", "-profile:v main -bf 1 -x264-params b-adapt=1:b-bias=-100");
    assert_eq!(sets_of(&prepared.access_units[0]).info.max_num_reorder_frames, Some(1));
    // One that promises nothing, and numbers its pictures by fours: as if something were to come between them.
    let numbered = encode("176x144", "-profile:v main -bf 1 -x264-params b-adapt=0");
    let sent = |access_unit: &&AccessUnit| !PictureHeader::read(access_unit).is_ok_and(|picture| picture.has_b_slices);
    let numbered_sent = numbered.access_units.iter().filter(sent).map(without_vui).collect();
    for (what, clip, sent, pictures) in [
        ("prepared", &prepared, prepared.access_units.clone(), vec![0, 1, 2, 3, 4, 5, 6, 7]),
        ("numbered", &numbered, numbered_sent, vec![0, 2, 4, 6, 7]),
    ] {
        assert_eq!(sent.len(), pictures.len(), "{what}");
        let mut decoder = Libavcodec::new();
        for (access_unit, picture) in sent.iter().zip(pictures) {
            let frame = decoder.decode(access_unit).expect("a good access unit");
            let frame = frame.unwrap_or_else(|| panic!("{what}: no picture {picture}"));
            assert!(i420(&frame) == clip.reference_picture(picture), "{what}: picture {picture} differs");
        }
    }
}

/// In display order, each with its own time; all of them from the second key frame on.
#[test]
fn b_frames_come_in_display_order() {
    let clip = encode("176x144", "-profile:v main -g 4 -bf 2 -x264-params b-adapt=0:open-gop=0:scenecut=0");
    let mut decoder = Libavcodec::new();
    // Pictures as displayed, and as sent; 0 and 4 are key frames. The last two are still held back.
    let displayed = [0, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5];
    let sent = [0, 1, 4, 6, 7, 5, 0, 2, 3, 1, 4, 6];
    let twice = clip.access_units.iter().chain(&clip.access_units);
    let frames: Vec<Frame> = twice.filter_map(|access_unit| decoder.decode(access_unit).expect("good")).collect();
    assert_eq!(frames.len(), displayed.len());
    for (row, (frame, (displayed, sent))) in frames.iter().zip(displayed.into_iter().zip(sent)).enumerate() {
        assert!(i420(frame) == clip.reference_picture(displayed), "frame {row} differs");
        assert_eq!(frame.timestamp(), clip.access_units[sent].timestamp, "frame {row}");
        assert_eq!(frame.received_at(), clip.access_units[sent].received_at, "frame {row}");
    }
}

#[test]
fn interlaced_pictures_are_frames() {
    for x264 in
        ["-profile:v main -flags +ildct+ilme -x264-params tff=1", "-profile:v high -x264-params interlaced=1:bff=1"]
    {
        let clip = encode("176x160", x264);
        let mut decoder = Libavcodec::new();
        for (index, access_unit) in clip.access_units.iter().enumerate() {
            let frame = decoder.decode(access_unit).expect("a good access unit").expect("a picture");
            assert!(i420(&frame) == clip.reference_picture(index), "{x264}: picture {index} differs");
        }
    }
}

fn without_vui(access_unit: &AccessUnit) -> AccessUnit {
    let sets = sets_of(access_unit);
    let sps = crate::sps_rewrite::without_vui(&sets.sps).expect("a good set");
    let sets = ParameterSets::new(sps.into(), sets.pps.clone()).expect("a good set");
    assert_eq!(sets.info.max_num_reorder_frames, None);
    AccessUnit { coding: Coding::H264(Arc::new(sets)), ..access_unit.clone() }
}
