//! Pictures as the desktop's textures want them: RGBA, one conversion from the planes and no copy besides.

use printcam_proto::h264::ColorMatrix;
use yuv::{YuvError, YuvPlanarImage, YuvRange, YuvStandardMatrix, yuv420_to_rgba};

use crate::{ColorRange, Frame, Planes};

/// Bytes of a pixel: red, green, blue, and an alpha of 255.
const BYTES_PER_PIXEL: usize = 4;

/// Bytes that [`write_rgba`] writes for this frame.
#[must_use]
pub fn rgba_len(frame: &Frame) -> usize {
    frame.width() as usize * frame.height() as usize * BYTES_PER_PIXEL
}

/// Writes the picture as RGBA, rows from the top without gaps, by the frame's own range and matrix.
///
/// # Panics
///
/// When `rgba` does not have [`rgba_len`] bytes.
pub fn write_rgba(frame: &Frame, rgba: &mut [u8]) {
    assert_eq!(rgba.len(), rgba_len(frame), "one buffer for one picture");
    let Planes { y, u, v } = frame.planes();
    let image = YuvPlanarImage {
        y_plane: y.data,
        y_stride: y.stride as u32,
        u_plane: u.data,
        u_stride: u.stride as u32,
        v_plane: v.data,
        v_stride: v.stride as u32,
        width: frame.width(),
        height: frame.height(),
    };
    let range = match frame.range() {
        ColorRange::Limited => YuvRange::Limited,
        ColorRange::Full => YuvRange::Full,
    };
    let matrix = match frame.matrix() {
        ColorMatrix::Bt601 => YuvStandardMatrix::Bt601,
        ColorMatrix::Bt709 => YuvStandardMatrix::Bt709,
        ColorMatrix::Bt2020 => YuvStandardMatrix::Bt2020,
    };
    let stride = frame.width() * BYTES_PER_PIXEL as u32;
    let converted: Result<(), YuvError> = yuv420_to_rgba(&image, rgba, stride, range, matrix);
    converted.expect("a frame's planes fit its size");
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use bytes::Bytes;

    use super::*;
    use crate::Plane;

    /// A picture of one colour, its rows padded and its last one cut short.
    fn of_one_colour((width, height): (u32, u32), samples: [u8; 3], range: ColorRange, matrix: ColorMatrix) -> Frame {
        let chroma = (width.div_ceil(2), height.div_ceil(2));
        let mut sizes = [(width, height), chroma, chroma].into_iter();
        let planes = samples.map(|sample| {
            let (columns, rows) = sizes.next().expect("three planes");
            let stride = columns as usize + 3;
            let mut data = vec![99; stride * (rows as usize - 1) + columns as usize];
            data.chunks_mut(stride).for_each(|row| row[..columns as usize].fill(sample));
            Plane { data: Bytes::from(data), stride }
        });
        Frame::new((width, height), planes, range, Some(matrix), 0, Instant::now()).expect("planes fit")
    }

    #[test]
    fn colours_come_out_by_range_and_matrix() {
        use {ColorMatrix::*, ColorRange::*};
        // R'G'B' by ITU-R BT.601, BT.709 and BT.2020 (the equations, rounded).
        for (range, matrix, samples, want) in [
            (Limited, Bt709, [16, 128, 128], [0, 0, 0]),
            (Limited, Bt709, [235, 128, 128], [255, 255, 255]),
            (Full, Bt601, [0, 128, 128], [0, 0, 0]),
            (Full, Bt601, [76, 85, 255], [254, 0, 0]),
            (Limited, Bt601, [81, 90, 240], [254, 0, 0]),
            (Limited, Bt709, [63, 102, 240], [255, 1, 0]),
            (Limited, Bt709, [173, 42, 26], [0, 255, 1]),
            (Limited, Bt2020, [29, 240, 119], [0, 0, 255]),
        ] {
            // Widths and heights that are odd, and not of whole vectors.
            for size in [(64, 8), (37, 5), (1, 1)] {
                let frame = of_one_colour(size, samples, range, matrix);
                let mut rgba = vec![7; rgba_len(&frame)];
                write_rgba(&frame, &mut rgba);
                for pixel in rgba.chunks_exact(4) {
                    let near =
                        pixel.iter().zip([want[0], want[1], want[2], 255]).all(|(&got, want)| got.abs_diff(want) <= 2);
                    assert!(near, "{range:?} {matrix:?} {samples:?} at {size:?}: {pixel:?}, not {want:?}");
                }
            }
        }
    }
}
