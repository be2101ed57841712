//! Samples of any range and matrix to R'G'B', for windows that take pixels.

use crate::{ColorMatrix, ColorRange, Frame};

/// The map from a frame's samples to pixels, in fixed point with [`FRACTION_BITS`] bits (ITU-R BT.601, BT.709, BT.2020).
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToRgba {
    black: i32,
    y: i32,
    red_of_cr: i32,
    green_of_cb: i32,
    green_of_cr: i32,
    blue_of_cb: i32,
}

impl ToRgba {
    pub(crate) fn from(range: ColorRange, matrix: ColorMatrix) -> Self {
        let (red, blue) = match matrix {
            ColorMatrix::Bt601 => (0.299, 0.114),
            ColorMatrix::Bt709 => (0.2126, 0.0722),
            ColorMatrix::Bt2020 => (0.2627, 0.0593),
        };
        let green = 1.0 - red - blue;
        let (black, y, chroma) = match range {
            ColorRange::Full => (0, 1.0, 1.0),
            ColorRange::Limited => (16, 255.0 / 219.0, 255.0 / 224.0),
        };
        let (of_cr, of_cb) = (2.0 * (1.0 - red) * chroma, 2.0 * (1.0 - blue) * chroma);
        let fixed = |weight: f64| (weight * f64::from(1 << FRACTION_BITS)).round() as i32;
        Self {
            black,
            y: fixed(y),
            red_of_cr: fixed(of_cr),
            green_of_cb: fixed(-of_cb * blue / green),
            green_of_cr: fixed(-of_cr * red / green),
            blue_of_cb: fixed(of_cb),
        }
    }

    /// Writes one row of a frame, from the left, four bytes a pixel: R, G, B and 255. What does not fit, or has no
    /// samples, is left out.
    pub(crate) fn row(&self, frame: &Frame, row: usize, pixels: &mut [u8]) {
        let planes = frame.planes();
        let (y, cb, cr) = (planes.y.row(row), planes.u.row(row / 2), planes.v.row(row / 2));
        let chroma = cb.iter().zip(cr);
        for ((y, (cb, cr)), pixels) in y.chunks(2).zip(chroma).zip(pixels.chunks_mut(8)) {
            let (cb, cr) = (i32::from(*cb) - 128, i32::from(*cr) - 128);
            let red = self.red_of_cr * cr + HALF;
            let green = self.green_of_cb * cb + self.green_of_cr * cr + HALF;
            let blue = self.blue_of_cb * cb + HALF;
            for (y, pixel) in y.iter().zip(pixels.chunks_exact_mut(4)) {
                let y = self.y * (i32::from(*y) - self.black);
                let sample = |of_chroma: i32| ((y + of_chroma) >> FRACTION_BITS).clamp(0, 255) as u8;
                pixel.copy_from_slice(&[sample(red), sample(green), sample(blue), 255]);
            }
        }
    }
}

/// Of weights up to 2.2 and samples up to 255: nine bits before the point and a sign.
const FRACTION_BITS: u32 = 16;

const HALF: i32 = 1 << (FRACTION_BITS - 1);

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use bytes::Bytes;

    use super::*;
    use crate::Plane;

    /// Against the definition in floating point, for colours all over the cube and its outside.
    #[test]
    fn is_within_one_of_the_definition() {
        for (matrix, red, blue) in [
            (ColorMatrix::Bt601, 0.299, 0.114),
            (ColorMatrix::Bt709, 0.2126, 0.0722),
            (ColorMatrix::Bt2020, 0.2627, 0.0593),
        ] {
            for range in [ColorRange::Full, ColorRange::Limited] {
                let to_rgba = ToRgba::from(range, matrix);
                for number in 0..16_usize.pow(3) {
                    let [y, cb, cr] = [number % 16, number / 16 % 16, number / 256].map(|part| (part * 17) as u8);
                    let mut pixels = [7; 8];
                    to_rgba.row(&frame([y, y, y, y], cb, cr, range, matrix), 1, &mut pixels);
                    let (black, luma, chroma) = match range {
                        ColorRange::Full => (0.0, 255.0, 255.0),
                        ColorRange::Limited => (16.0, 219.0, 224.0),
                    };
                    let y1 = (f64::from(y) - black) / luma;
                    let [cb1, cr1] = [cb, cr].map(|sample| (f64::from(sample) - 128.0) / chroma);
                    let r = y1 + 2.0 * (1.0 - red) * cr1;
                    let b = y1 + 2.0 * (1.0 - blue) * cb1;
                    let g = (y1 - red * r - blue * b) / (1.0 - red - blue);
                    for (pixel, want) in pixels[..3].iter().zip([r, g, b]) {
                        let want = (want * 255.0).clamp(0.0, 255.0);
                        let off = (f64::from(*pixel) - want).abs();
                        assert!(off <= 0.6, "{range:?} {matrix:?} {y} {cb} {cr}: {pixel} for {want}");
                    }
                    assert_eq!((pixels[3], &pixels[..4]), (255, &pixels[4..]), "two pixels of one colour");
                }
            }
        }
    }

    #[test]
    fn rows_and_odd_widths_find_their_samples() {
        let to_rgba = ToRgba::from(ColorRange::Full, ColorMatrix::Bt601);
        let frame = frame([10, 20, 30, 40], 128, 128, ColorRange::Full, ColorMatrix::Bt601);
        let mut pixels = [7; 12];
        to_rgba.row(&frame, 1, &mut pixels);
        assert_eq!(pixels, [30, 30, 30, 255, 40, 40, 40, 255, 7, 7, 7, 7], "room for more than there is");
        let mut pixels = [7; 4];
        to_rgba.row(&frame, 0, &mut pixels);
        assert_eq!(pixels, [10, 10, 10, 255], "room for less");
    }

    fn frame(y: [u8; 4], cb: u8, cr: u8, range: ColorRange, matrix: ColorMatrix) -> Frame {
        let plane = |samples: Vec<u8>, stride| Plane { data: Bytes::from(samples), stride };
        let planes = [plane(y.to_vec(), 2), plane(vec![cb], 1), plane(vec![cr], 1)];
        Frame::new((2, 2), planes, range, Some(matrix), 0, Instant::now()).expect("a frame")
    }
}
