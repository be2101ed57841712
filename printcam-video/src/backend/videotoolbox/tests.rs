//! What only a Mac can say. Elsewhere these are type-checked.

use std::time::Instant;

use bytes::Bytes;
use objc2_core_foundation::{CFRetained, CFType};

use super::*;
use crate::testing::{encode, i420};
use crate::{ColorRange, Fallback, Plane, RustyH264};

fn pixel_buffer(frame: &Frame) -> &PixelBuffer {
    frame.surface().and_then(|surface| surface.downcast_ref()).expect("a pixel buffer")
}

/// To the bit, as H.264 leaves a decoder no choice.
#[test]
fn decodes_what_ffmpeg_decodes() {
    let rows = ["-profile:v baseline -g 4", "-profile:v high -slices 3", "-profile:v main -color_range pc"];
    for x264 in rows {
        let clip = encode("320x180", x264);
        let mut decoder = VideoToolbox::new();
        for (index, access_unit) in clip.access_units.iter().enumerate() {
            let frame = decoder.decode(access_unit).expect("a good access unit").expect("a picture at once");
            assert_eq!(pixel_buffer(&frame).size(), (320, 180), "{x264}: picture {index}");
            assert!(i420(&frame) == clip.reference_picture(index), "{x264}: picture {index} differs");
        }
    }
}

#[test]
fn pictures_outlive_their_decoder() {
    let clip = encode("320x180", "-profile:v main");
    let mut decoder = Fallback::new(VideoToolbox::new(), RustyH264::new());
    let frame = decoder.decode(&clip.access_units[0]).expect("a good access unit").expect("a picture");
    drop(decoder);
    assert!(i420(&frame) == clip.reference_picture(0));
}

#[test]
fn planes_go_into_a_pixel_buffer_and_come_back() {
    for (size, range) in [((34, 18), ColorRange::Limited), ((64, 48), ColorRange::Full)] {
        let plane = |by: u32| {
            let (columns, rows) = ((size.0 / by) as usize, (size.1 / by) as usize);
            Plane { data: (0..columns * rows).map(|at| at as u8).collect::<Bytes>(), stride: columns }
        };
        let planes = [plane(1), plane(2), plane(2)];
        let frame = Frame::new(size, planes, range, None, 0, Instant::now()).expect("planes fit");
        let mut pool = PixelBufferPool::new();
        let buffer = pool.pixel_buffer(&frame).expect("memory");
        let shown = Frame::of_surface(size, Arc::new(buffer), range, None, 0, Instant::now()).expect("a picture");
        assert_eq!(i420(&shown), i420(&frame), "{size:?}");

        let again = pool.pixel_buffer(&shown).expect("the one it has");
        let [first, second] = [pixel_buffer(&shown), &again].map(PixelBuffer::retained);
        assert_eq!(first, second, "not copied once more");
        for retained in [first, second] {
            let retained = NonNull::new(retained.cast::<CFType>()).expect("never null");
            // SAFETY: `retained` gave a reference that is ours.
            drop(unsafe { CFRetained::from_raw(retained) });
        }
    }
}
