//! Samples of any range and matrix to the one kind JPEG files have: full range, BT.601 (JFIF 1.02).
//!
//! Going through R'G'B' and back is a linear map of (Y, Cb, Cr). Grey stays grey, so chroma does not depend on luma
//! and is converted at its own resolution; luma takes a small correction from the chroma of its 2x2 block.

use crate::{ColorMatrix, ColorRange};

/// The map from a frame's samples to JPEG's, in fixed point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToJpeg {
    /// Weight of Y in Y.
    y_y: i32,
    /// Weights of Cb and Cr in Y.
    y_c: [i32; 2],
    y_offset: i32,
    /// Weights of Cb and Cr in Cb.
    cb_c: [i32; 2],
    cb_offset: i32,
    /// Weights of Cb and Cr in Cr.
    cr_c: [i32; 2],
    cr_offset: i32,
}

impl ToJpeg {
    /// The map for a frame; `None` where its samples are JPEG's already.
    pub(crate) fn from(range: ColorRange, matrix: ColorMatrix) -> Option<Self> {
        if range == ColorRange::Full && matrix == ColorMatrix::Bt601 {
            return None;
        }
        let (black, luma_span, chroma_span) = match range {
            ColorRange::Limited => (16.0, 219.0, 224.0),
            ColorRange::Full => (0.0, 255.0, 255.0),
        };
        let [y, pb, pr] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
            .map(|unit| rgb_to_jpeg(to_rgb(unit, luma_weights(matrix))));
        // From a sample of the source to one of JPEG, both as steps of 1.
        let luma = 255.0 / luma_span;
        let chroma = 255.0 / chroma_span;
        let fixed = |weight: f64| (weight * f64::from(ONE)).round() as i32;
        let of_chroma = |index: usize| [fixed(pb[index] * chroma), fixed(pr[index] * chroma)];
        let (y_y, y_c, cb_c, cr_c) = (fixed(y[0] * luma), of_chroma(0), of_chroma(1), of_chroma(2));
        let offset = |neutral: i32, weights: [i32; 2]| {
            neutral * ONE + ONE / 2 - 128 * (weights[0] + weights[1])
        };
        Some(Self {
            y_y,
            y_c,
            y_offset: offset(0, y_c) - black as i32 * y_y,
            cb_c,
            cb_offset: offset(128, cb_c),
            cr_c,
            cr_offset: offset(128, cr_c),
        })
    }

    /// Converts a row of luma; `cb` and `cr` are the source's chroma for it, half as wide, rounded up.
    pub(crate) fn luma_row(&self, y: &[u8], cb: &[u8], cr: &[u8], out: &mut [u8]) {
        // By blocks, so that the chroma's share fits the stack and both loops are plain enough to be vectorised.
        const BLOCK: usize = 64;
        let mut share = [0; 2 * BLOCK];
        let luma = y.chunks(2 * BLOCK).zip(out.chunks_mut(2 * BLOCK));
        for ((y, out), (cb, cr)) in luma.zip(cb.chunks(BLOCK).zip(cr.chunks(BLOCK))) {
            for (pair, (&cb, &cr)) in share.chunks_exact_mut(2).zip(cb.iter().zip(cr)) {
                pair.fill(weigh(self.y_c, cb, cr) + self.y_offset);
            }
            for ((out, &y), share) in out.iter_mut().zip(y).zip(share) {
                *out = sample(i32::from(y) * self.y_y + share);
            }
        }
    }

    /// Converts a row of chroma to Cb and doubles each sample, as JPEG's encoder wants it.
    pub(crate) fn cb_row_doubled(&self, cb: &[u8], cr: &[u8], out: &mut [u8]) {
        chroma_row_doubled(self.cb_c, self.cb_offset, cb, cr, out);
    }

    /// Converts a row of chroma to Cr and doubles each sample, as JPEG's encoder wants it.
    pub(crate) fn cr_row_doubled(&self, cb: &[u8], cr: &[u8], out: &mut [u8]) {
        chroma_row_doubled(self.cr_c, self.cr_offset, cb, cr, out);
    }
}

/// Writes each sample twice; `out` may be one shorter than that.
pub(crate) fn double(samples: &[u8], out: &mut [u8]) {
    for (pair, &sample) in out.chunks_mut(2).zip(samples) {
        pair.fill(sample);
    }
}

fn chroma_row_doubled(weights: [i32; 2], offset: i32, cb: &[u8], cr: &[u8], out: &mut [u8]) {
    for (pair, (&cb, &cr)) in out.chunks_mut(2).zip(cb.iter().zip(cr)) {
        pair.fill(sample(weigh(weights, cb, cr) + offset));
    }
}

fn weigh([of_cb, of_cr]: [i32; 2], cb: u8, cr: u8) -> i32 {
    of_cb * i32::from(cb) + of_cr * i32::from(cr)
}

/// The sample that a sum of weighted samples stands for; rounding is in the offsets.
fn sample(sum: i32) -> u8 {
    (sum >> FRACTION_BITS).clamp(0, 255) as u8
}

/// The share of R' and of B' in Y' (ITU-R BT.601-7, BT.709-6, BT.2020-2).
fn luma_weights(matrix: ColorMatrix) -> (f64, f64) {
    match matrix {
        ColorMatrix::Bt601 => BT601,
        ColorMatrix::Bt709 => (0.2126, 0.0722),
        ColorMatrix::Bt2020 => (0.2627, 0.0593),
    }
}

/// R'G'B' of Y' in 0..=1 and Pb, Pr in -0.5..=0.5.
fn to_rgb([y, pb, pr]: [f64; 3], (red, blue): (f64, f64)) -> [f64; 3] {
    let r = y + 2.0 * (1.0 - red) * pr;
    let b = y + 2.0 * (1.0 - blue) * pb;
    [r, (y - red * r - blue * b) / (1.0 - red - blue), b]
}

/// Y', Pb and Pr by BT.601.
fn rgb_to_jpeg([r, g, b]: [f64; 3]) -> [f64; 3] {
    let (red, blue) = BT601;
    let y = red * r + (1.0 - red - blue) * g + blue * b;
    [
        y,
        (b - y) / (2.0 * (1.0 - blue)),
        (r - y) / (2.0 * (1.0 - red)),
    ]
}

const BT601: (f64, f64) = (0.299, 0.114);

/// Weights are below 2, so that a weight fits 16 bits and two products fit one multiply-and-add.
const FRACTION_BITS: u32 = 14;
const ONE: i32 = 1 << FRACTION_BITS;

#[cfg(test)]
mod tests {
    use super::*;

    // Half a step of rounding, and what 14 bits of fraction cost: no sample is off by more than one.
    const TOLERANCE: f64 = 0.53;

    /// The same by the book, in one sample's steps and without a common factor: JFIF 1.02's own constants.
    fn by_the_book(range: ColorRange, matrix: ColorMatrix, [y, cb, cr]: [u8; 3]) -> [f64; 3] {
        let [y, cb, cr] = [y, cb, cr].map(f64::from);
        let (y, pb, pr) = match range {
            ColorRange::Limited => (
                (y - 16.0) / 219.0,
                (cb - 128.0) / 224.0,
                (cr - 128.0) / 224.0,
            ),
            ColorRange::Full => (y / 255.0, (cb - 128.0) / 255.0, (cr - 128.0) / 255.0),
        };
        let (r, g, b) = match matrix {
            ColorMatrix::Bt601 => (
                y + 1.402 * pr,
                y - 0.344136 * pb - 0.714136 * pr,
                y + 1.772 * pb,
            ),
            ColorMatrix::Bt709 => (
                y + 1.5748 * pr,
                y - 0.187324 * pb - 0.468124 * pr,
                y + 1.8556 * pb,
            ),
            ColorMatrix::Bt2020 => (
                y + 1.4746 * pr,
                y - 0.164553 * pb - 0.571353 * pr,
                y + 1.8814 * pb,
            ),
        };
        [
            255.0 * (0.299 * r + 0.587 * g + 0.114 * b),
            255.0 * (-0.168736 * r - 0.331264 * g + 0.5 * b) + 128.0,
            255.0 * (0.5 * r - 0.418688 * g - 0.081312 * b) + 128.0,
        ]
        .map(|exact| exact.clamp(0.0, 255.0))
    }

    #[test]
    fn agrees_with_the_exact_map() {
        use {ColorMatrix::*, ColorRange::*};
        for (range, matrix) in [
            (Limited, Bt601),
            (Limited, Bt709),
            (Limited, Bt2020),
            (Full, Bt709),
            (Full, Bt2020),
        ] {
            let map = ToJpeg::from(range, matrix).expect("a map is needed");
            let values = || {
                (0..=255)
                    .step_by(5)
                    .chain([1, 15, 16, 17, 127, 128, 129, 234, 235, 236, 240, 241])
            };
            for (cb, cr) in values().flat_map(|cb| values().map(move |cr| (cb, cr))) {
                let lumas: Vec<u8> = values().collect();
                let chroma = |value: u8| vec![value; lumas.len().div_ceil(2)];
                let mut got = [0, 1, 2].map(|_| vec![0; lumas.len()]);
                map.luma_row(&lumas, &chroma(cb), &chroma(cr), &mut got[0]);
                map.cb_row_doubled(&chroma(cb), &chroma(cr), &mut got[1]);
                map.cr_row_doubled(&chroma(cb), &chroma(cr), &mut got[2]);
                for (at, &y) in lumas.iter().enumerate() {
                    let want = by_the_book(range, matrix, [y, cb, cr]);
                    for (got, want) in got.iter().map(|row| f64::from(row[at])).zip(want) {
                        assert!(
                            (got - want).abs() < TOLERANCE,
                            "{range:?} {matrix:?} {:?}: {got}, not {want}",
                            [y, cb, cr]
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn full_range_bt601_is_jpeg_already() {
        assert!(ToJpeg::from(ColorRange::Full, ColorMatrix::Bt601).is_none());
    }

    #[test]
    fn every_sample_of_a_row_is_converted_with_its_own_chroma() {
        // 259 samples: two whole blocks and an odd rest.
        let map = ToJpeg::from(ColorRange::Limited, ColorMatrix::Bt709).expect("a map is needed");
        let y: Vec<u8> = (0..259_usize).map(|x| (16 + x % 220) as u8).collect();
        let cb: Vec<u8> = (0..130_usize).map(|x| (60 + x) as u8).collect();
        let cr: Vec<u8> = (0..130_usize).map(|x| (200 - x) as u8).collect();
        let mut got = [0, 1, 2].map(|_| vec![0; y.len()]);
        map.luma_row(&y, &cb, &cr, &mut got[0]);
        map.cb_row_doubled(&cb, &cr, &mut got[1]);
        map.cr_row_doubled(&cb, &cr, &mut got[2]);
        for x in 0..y.len() {
            let want = by_the_book(
                ColorRange::Limited,
                ColorMatrix::Bt709,
                [y[x], cb[x / 2], cr[x / 2]],
            );
            for (row, want) in got.iter().zip(want) {
                assert!(
                    (f64::from(row[x]) - want).abs() < TOLERANCE,
                    "sample {x}: {}, not {want}",
                    row[x]
                );
            }
        }
    }
}
