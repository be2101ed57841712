//! Decoded pictures.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
pub use printcam_proto::h264::ColorMatrix;

use crate::surface::{OnDemand, Surface};

/// Which sample values mean black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColorRange {
    /// Luma 16..=235, chroma 16..=240.
    Limited,
    /// Luma and chroma 0..=255 (`video_full_range_flag` 1, as JPEG has it).
    Full,
}

/// A decoded picture, shared and never changed: 8-bit I420 planes, or a [`Surface`] that becomes planes when asked for
/// them. Cloning it copies no samples.
#[derive(Debug, Clone)]
pub struct Frame {
    inner: Arc<Inner>,
}

/// One plane as its owner hands it over.
#[derive(Debug, Clone)]
pub struct Plane {
    /// Rows from the top left corner of the visible picture; the last one may end with its last sample.
    pub data: Bytes,
    /// Bytes from the start of one row to the start of the next.
    pub stride: usize,
}

/// The three planes of a frame; the chroma planes have half the width and height, rounded up.
#[derive(Debug, Clone, Copy)]
pub struct Planes<'a> {
    /// Luma.
    pub y: PlaneView<'a>,
    /// Cb.
    pub u: PlaneView<'a>,
    /// Cr.
    pub v: PlaneView<'a>,
}

/// One plane to read from.
#[derive(Debug, Clone, Copy)]
pub struct PlaneView<'a> {
    /// Rows, `stride` bytes apart; the last one may end with its last sample.
    pub data: &'a [u8],
    /// Bytes from the start of one row to the start of the next, at least `width`.
    pub stride: usize,
    /// Samples in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// Why planes are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A picture without samples.
    #[error("a frame of {width}x{height} has no samples")]
    Empty {
        /// Width in luma samples.
        width: u32,
        /// Height in luma samples.
        height: u32,
    },
    /// Rows overlap.
    #[error("stride of {stride} bytes for rows of {width} samples")]
    Stride {
        /// Bytes between rows.
        stride: usize,
        /// Samples in a row.
        width: usize,
    },
    /// A plane ends before its last row does.
    #[error("plane of {got} bytes where {needed} are needed")]
    TooShort {
        /// Bytes up to the end of the last row.
        needed: usize,
        /// Bytes there are.
        got: usize,
    },
}

impl Frame {
    /// Makes a frame of the planes Y, Cb and Cr without copying them. `width` and `height` are those of the visible
    /// picture in luma samples; the chroma planes have half of each, rounded up.
    ///
    /// `matrix` is `None` where the stream does not say; [`Frame::default_matrix`] is then taken.
    ///
    /// # Errors
    ///
    /// When a plane is too short for the picture, or its stride for a row.
    pub fn new(
        (width, height): (u32, u32),
        planes: [Plane; 3],
        range: ColorRange,
        matrix: Option<ColorMatrix>,
        timestamp: u64,
        received_at: Instant,
    ) -> Result<Self, FrameError> {
        check_planes((width, height), &planes)?;
        let matrix = matrix.unwrap_or_else(|| Self::default_matrix(height));
        let samples = Samples::Planes(planes);
        let jpeg = None;
        Ok(Self { inner: Arc::new(Inner { width, height, samples, range, matrix, timestamp, received_at, jpeg }) })
    }

    /// Makes a frame of a picture in the platform's memory, which is left there until somebody asks for
    /// [`Frame::planes`]. The rest is as for [`Frame::new`].
    ///
    /// # Errors
    ///
    /// When the picture has no samples.
    pub fn of_surface(
        (width, height): (u32, u32),
        surface: Arc<dyn Surface>,
        range: ColorRange,
        matrix: Option<ColorMatrix>,
        timestamp: u64,
        received_at: Instant,
    ) -> Result<Self, FrameError> {
        if width == 0 || height == 0 {
            return Err(FrameError::Empty { width, height });
        }
        let matrix = matrix.unwrap_or_else(|| Self::default_matrix(height));
        let samples = Samples::Surface(OnDemand::new(surface));
        let jpeg = None;
        Ok(Self { inner: Arc::new(Inner { width, height, samples, range, matrix, timestamp, received_at, jpeg }) })
    }

    /// The same picture, decoded from this file.
    pub(crate) fn of_jpeg(self, file: Bytes) -> Self {
        let mut inner = self.inner;
        // Just made, so there is no other handle on it.
        if let Some(inner) = Arc::get_mut(&mut inner) {
            inner.jpeg = Some(file);
        }
        Self { inner }
    }

    /// The JPEG file that the camera sent, byte by byte, where the picture came as one.
    pub fn jpeg(&self) -> Option<&Bytes> {
        self.inner.jpeg.as_ref()
    }

    /// The matrix of a stream that does not name one: BT.709 from 720 lines up, BT.601 below.
    ///
    /// That is what Chromium and Firefox take, so a snapshot has the colours of the live picture in a browser.
    /// FFmpeg's scaler takes BT.601 for every size; a file made with it from the same stream differs in hue.
    pub fn default_matrix(height: u32) -> ColorMatrix {
        if height >= 720 { ColorMatrix::Bt709 } else { ColorMatrix::Bt601 }
    }

    /// Width of the visible picture in luma samples.
    pub fn width(&self) -> u32 {
        self.inner.width
    }

    /// Height of the visible picture in luma samples.
    pub fn height(&self) -> u32 {
        self.inner.height
    }

    /// Which sample values mean black and white.
    pub fn range(&self) -> ColorRange {
        self.inner.range
    }

    /// The matrix by which the samples were made from R'G'B'; never unknown, see [`Frame::default_matrix`].
    pub fn matrix(&self) -> ColorMatrix {
        self.inner.matrix
    }

    /// [`AccessUnit::timestamp`](crate::AccessUnit::timestamp) of the coded picture: RTP ticks (90 kHz) since the
    /// first of the session.
    pub fn timestamp(&self) -> u64 {
        self.inner.timestamp
    }

    /// When the last packet of the coded picture arrived.
    pub fn received_at(&self) -> Instant {
        self.inner.received_at
    }

    /// How old the picture is: the time since its last packet arrived.
    pub fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.inner.received_at)
    }

    /// The platform's picture, where there is one: to show it without copying.
    pub fn surface(&self) -> Option<&dyn Surface> {
        match &self.inner.samples {
            Samples::Planes(_) => None,
            Samples::Surface(on_demand) => Some(on_demand.surface()),
        }
    }

    /// The samples.
    ///
    /// Those of a [`Surface`] are copied out of it the first time, and kept. Where that fails the picture is mid-grey;
    /// the first such failure of the process is logged as a warning.
    pub fn planes(&self) -> Planes<'_> {
        let size = (self.inner.width, self.inner.height);
        let sizes = plane_sizes(size);
        let planes = match &self.inner.samples {
            Samples::Planes(planes) => planes,
            Samples::Surface(on_demand) => on_demand.planes(size),
        };
        let view = |index: usize| {
            let (Plane { data, stride }, (width, height)) = (&planes[index], sizes[index]);
            PlaneView { data, stride: *stride, width, height }
        };
        Planes { y: view(0), u: view(1), v: view(2) }
    }

    /// Bytes that [`Frame::write_i420`] writes.
    pub fn i420_len(&self) -> usize {
        plane_sizes((self.inner.width, self.inner.height)).iter().map(|(width, height)| width * height).sum()
    }

    /// Writes Y, Cb and Cr one after the other with no bytes between rows: `yuv420p` of FFmpeg.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_i420(&self, out: &mut impl Write) -> io::Result<()> {
        let Planes { y, u, v } = self.planes();
        for plane in [y, u, v] {
            if plane.stride == plane.width {
                out.write_all(&plane.data[..plane.width * plane.height])?;
            } else {
                plane.rows().try_for_each(|row| out.write_all(row))?;
            }
        }
        Ok(())
    }
}

impl<'a> PlaneView<'a> {
    /// Row `index` from the top, `width` samples.
    ///
    /// # Panics
    ///
    /// Below the last row.
    pub fn row(&self, index: usize) -> &'a [u8] {
        assert!(index < self.height, "row {index} of {}", self.height);
        &self.data[index * self.stride..][..self.width]
    }

    /// The rows from top to bottom.
    pub fn rows(self) -> impl Iterator<Item = &'a [u8]> {
        (0..self.height).map(move |index| self.row(index))
    }
}

#[derive(Debug)]
struct Inner {
    width: u32,
    height: u32,
    samples: Samples,
    range: ColorRange,
    matrix: ColorMatrix,
    timestamp: u64,
    received_at: Instant,
    /// The file it was decoded from, where it was one.
    jpeg: Option<Bytes>,
}

/// Where the samples are.
#[derive(Debug)]
enum Samples {
    Planes([Plane; 3]),
    Surface(OnDemand),
}

/// Refuses planes that do not hold a picture of this size.
pub(crate) fn check_planes((width, height): (u32, u32), planes: &[Plane; 3]) -> Result<(), FrameError> {
    if width == 0 || height == 0 {
        return Err(FrameError::Empty { width, height });
    }
    for (plane, (columns, rows)) in planes.iter().zip(plane_sizes((width, height))) {
        if plane.stride < columns {
            return Err(FrameError::Stride { stride: plane.stride, width: columns });
        }
        let needed = plane.stride.saturating_mul(rows - 1).saturating_add(columns);
        if plane.data.len() < needed {
            return Err(FrameError::TooShort { needed, got: plane.data.len() });
        }
    }
    Ok(())
}

/// Samples in a row and rows of Y, Cb and Cr.
pub(crate) fn plane_sizes((width, height): (u32, u32)) -> [(usize, usize); 3] {
    let chroma = (width.div_ceil(2) as usize, height.div_ceil(2) as usize);
    [(width as usize, height as usize), chroma, chroma]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(bytes: impl IntoIterator<Item = u8>, stride: usize) -> Plane {
        Plane { data: bytes.into_iter().collect(), stride }
    }

    fn frame(size: (u32, u32), planes: [Plane; 3]) -> Result<Frame, FrameError> {
        Frame::new(size, planes, ColorRange::Full, None, 0, Instant::now())
    }

    #[test]
    fn i420_is_packed_tight() {
        // 3x3, so chroma is 2x2; rows are padded with 99 and the last one ends early.
        let y = plane([1, 2, 3, 99, 4, 5, 6, 99, 7, 8, 9], 4);
        let chroma = |first: u8| plane([first, first + 1, 99, first + 2, first + 3], 3);
        let frame = frame((3, 3), [y, chroma(10), chroma(20)]).expect("planes fit");
        let mut packed = Vec::new();
        frame.write_i420(&mut packed).expect("a Vec takes everything");
        assert_eq!(packed, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 20, 21, 22, 23]);
        assert_eq!(frame.i420_len(), packed.len());
    }

    #[test]
    fn planes_that_do_not_fit_are_refused() {
        let good = || [plane([0; 16], 4), plane([0; 4], 2), plane([0; 4], 2)];
        let with = |index: usize, bad: Plane| {
            let mut planes = good();
            planes[index] = bad;
            planes
        };
        let table = [
            ((4, 4), good(), None),
            ((0, 4), good(), Some(FrameError::Empty { width: 0, height: 4 })),
            ((4, 4), with(0, plane([0; 15], 4)), Some(FrameError::TooShort { needed: 16, got: 15 })),
            ((4, 4), with(2, plane([0; 3], 2)), Some(FrameError::TooShort { needed: 4, got: 3 })),
            ((4, 4), with(1, plane([0; 9], 1)), Some(FrameError::Stride { stride: 1, width: 2 })),
            ((5, 4), good(), Some(FrameError::Stride { stride: 4, width: 5 })),
        ];
        for (row, (size, planes, want)) in table.into_iter().enumerate() {
            assert_eq!(frame(size, planes).err(), want, "row {row}");
        }
    }

    #[test]
    fn grows_older() {
        let frame = frame((2, 2), [plane([0; 4], 2), plane([0], 1), plane([0], 1)]).expect("planes fit");
        for (later, age) in [(0, 0), (5, 5)] {
            let now = frame.received_at() + Duration::from_secs(later);
            assert_eq!(frame.age(now), Duration::from_secs(age));
        }
        let before = frame.received_at().checked_sub(Duration::from_secs(1));
        assert!(before.is_none_or(|before| frame.age(before) == Duration::ZERO));
    }

    #[test]
    fn a_silent_stream_gets_the_matrix_browsers_take() {
        for (height, want) in [(480, ColorMatrix::Bt601), (719, ColorMatrix::Bt601), (720, ColorMatrix::Bt709)] {
            assert_eq!(Frame::default_matrix(height), want, "{height} lines");
        }
    }
}
