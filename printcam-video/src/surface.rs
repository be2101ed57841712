//! Pictures that stay in the platform's memory until somebody wants their samples.

use std::any::Any;
use std::fmt::Debug;
use std::sync::{Arc, Once, OnceLock};

use bytes::Bytes;

use crate::frame::{check_planes, plane_sizes};
use crate::{FrameError, Plane};

/// A picture in the platform's memory, as its decoder made it: 8-bit 4:2:0, never changed.
pub trait Surface: Send + Sync + Debug + Any {
    /// Copies the visible picture to the planes Y, Cb and Cr, as [`Frame::new`](crate::Frame::new) takes them. `None`
    /// when the platform does not let its memory be read.
    fn download(&self) -> Option<[Plane; 3]>;
}

impl dyn Surface {
    /// The surface as what it is, if it is an `S`.
    pub fn downcast_ref<S: Surface>(&self) -> Option<&S> {
        (self as &dyn Any).downcast_ref()
    }
}

/// A surface, and its planes once they have been asked for.
#[derive(Debug)]
pub(crate) struct OnDemand {
    surface: Arc<dyn Surface>,
    planes: OnceLock<[Plane; 3]>,
}

impl OnDemand {
    pub(crate) fn new(surface: Arc<dyn Surface>) -> Self {
        Self { surface, planes: OnceLock::new() }
    }

    pub(crate) fn surface(&self) -> &dyn Surface {
        &*self.surface
    }

    /// The planes of a picture of this size; grey ones where the surface gives none that fit.
    pub(crate) fn planes(&self, size: (u32, u32)) -> &[Plane; 3] {
        self.planes.get_or_init(|| {
            let Some(planes) = self.surface.download() else {
                warn_once(&self.surface, size, None);
                return grey(size);
            };
            if let Err(error) = check_planes(size, &planes) {
                warn_once(&self.surface, size, Some(error));
                return grey(size);
            }
            planes
        })
    }
}

/// Once: what fails for one picture of a stream fails for all.
fn warn_once(surface: &Arc<dyn Surface>, (width, height): (u32, u32), error: Option<FrameError>) {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        let error = error.map(tracing::field::display);
        tracing::warn!(target: "printcam::decode", ?surface, width, height, error, "a surface cannot be read");
    });
}

fn grey(size: (u32, u32)) -> [Plane; 3] {
    plane_sizes(size)
        .map(|(columns, rows)| Plane { data: Bytes::from(vec![MID_GREY; columns * rows]), stride: columns })
}

/// Half way between black and white in luma, and no colour in chroma.
const MID_GREY: u8 = 128;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Instant;

    use super::*;
    use crate::testing::i420;
    use crate::{ColorMatrix, ColorRange, DEFAULT_QUALITY, Frame, encode_jpeg};

    /// Gives planes of these lengths, two samples to a row, and counts how often.
    #[derive(Debug)]
    struct Fake {
        lens: Option<[usize; 3]>,
        downloads: AtomicUsize,
    }

    impl Fake {
        fn new(lens: Option<[usize; 3]>) -> Arc<Self> {
            Arc::new(Self { lens, downloads: AtomicUsize::new(0) })
        }

        fn downloads(&self) -> usize {
            self.downloads.load(Ordering::Relaxed)
        }
    }

    impl Surface for Fake {
        fn download(&self) -> Option<[Plane; 3]> {
            self.downloads.fetch_add(1, Ordering::Relaxed);
            let plane = |len: usize| Plane { data: (1..=len as u8).collect(), stride: len.min(2) };
            self.lens.map(|lens| lens.map(plane))
        }
    }

    #[derive(Debug)]
    struct Another;

    impl Surface for Another {
        fn download(&self) -> Option<[Plane; 3]> {
            None
        }
    }

    fn frame(size: (u32, u32), surface: Arc<dyn Surface>) -> Result<Frame, FrameError> {
        Frame::of_surface(size, surface, ColorRange::Limited, None, 7, Instant::now())
    }

    #[test]
    fn is_not_downloaded_to_be_shown() {
        let fake = Fake::new(Some([4, 1, 1]));
        let frame = frame((2, 2), fake.clone()).expect("a picture");
        let shown = frame.clone();
        let surface = shown.surface().expect("a surface");
        assert!(surface.downcast_ref::<Fake>().is_some_and(|same| std::ptr::eq(same, &*fake)));
        assert!(surface.downcast_ref::<Another>().is_none());
        assert_eq!((shown.width(), shown.height(), shown.timestamp(), shown.i420_len()), (2, 2, 7, 6));
        assert_eq!((shown.range(), shown.matrix()), (ColorRange::Limited, ColorMatrix::Bt601));
        assert_eq!(fake.downloads(), 0);
    }

    #[test]
    fn is_downloaded_once_for_all_clones() {
        let fake = Fake::new(Some([4, 1, 1]));
        let frame = frame((2, 2), fake.clone()).expect("a picture");
        for frame in [&frame, &frame.clone()] {
            assert_eq!(i420(frame), [1, 2, 3, 4, 1, 1]);
            encode_jpeg(frame, DEFAULT_QUALITY).expect("a small picture");
        }
        assert_eq!(fake.downloads(), 1);
        assert!(frame.surface().is_some(), "it can still be shown");
    }

    #[test]
    fn a_surface_that_cannot_be_read_is_grey() {
        let rows = [
            ("not mapped", (2, 2), None),
            ("luma too short", (2, 2), Some([3, 1, 1])),
            ("chroma too short", (2, 4), Some([8, 1, 2])),
            ("rows too short", (3, 2), Some([6, 2, 2])),
        ];
        for (row, size, lens) in rows {
            let fake = Fake::new(lens);
            let frame = frame(size, fake.clone()).expect("a picture");
            for _ in 0..2 {
                assert_eq!(i420(&frame), vec![128; frame.i420_len()], "{row}");
            }
            assert_eq!(fake.downloads(), 1, "{row}");
        }
    }

    #[test]
    fn planes_of_a_larger_picture_will_do() {
        let frame = frame((2, 2), Fake::new(Some([8, 2, 2]))).expect("a picture");
        assert_eq!(i420(&frame), [1, 2, 3, 4, 1, 1]);
    }

    #[test]
    fn a_picture_without_samples_is_none() {
        for (width, height) in [(0, 2), (2, 0)] {
            let refused = frame((width, height), Fake::new(None)).err();
            assert_eq!(refused, Some(FrameError::Empty { width, height }));
        }
    }
}
