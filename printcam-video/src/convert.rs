//! Samples of any range and matrix to the one kind JPEG files have: full range, BT.601 (JFIF 1.02).
//!
//! Going through R'G'B' and back is a linear map of (Y, Cb, Cr). Grey stays grey, so chroma does not depend on luma
//! and is converted at its own resolution; luma takes a small correction from the chroma of its 2x2 block.

use crate::{ColorMatrix, ColorRange};

/// The map from a frame's samples to JPEG's.
///
/// Its weights are constants of functions made for each kind of source: only then do compilers know that a product of
/// two 16-bit numbers is wanted, for which processors have an instruction, eight or more at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToJpeg {
    /// Converts a row of luma. Arguments: Y, then Cb and Cr of the same source, half as wide, rounded up; the result.
    pub(crate) luma_row: LumaRow,
    /// Converts a row of chroma to Cb and writes each sample twice, as JPEG's encoder wants it; the last one once if
    /// the result is odd. Arguments: Cb, Cr, the result.
    pub(crate) cb_row_doubled: ChromaRow,
    /// The same for Cr. Arguments: Cb, Cr, the result.
    pub(crate) cr_row_doubled: ChromaRow,
}

type LumaRow = fn(&[u8], &[u8], &[u8], &mut [u8]);
type ChromaRow = fn(&[u8], &[u8], &mut [u8]);

impl ToJpeg {
    /// The map for a frame; `None` where its samples are JPEG's already.
    pub(crate) fn from(range: ColorRange, matrix: ColorMatrix) -> Option<Self> {
        use {ColorMatrix::*, ColorRange::*};
        match (range, matrix) {
            (Full, Bt601) => None,
            (Limited, Bt601) => Some(Self::of::<LIMITED_601>()),
            (Limited, Bt709) => Some(Self::of::<LIMITED_709>()),
            (Limited, Bt2020) => Some(Self::of::<LIMITED_2020>()),
            (Full, Bt709) => Some(Self::of::<FULL_709>()),
            (Full, Bt2020) => Some(Self::of::<FULL_2020>()),
        }
    }

    fn of<const SOURCE: usize>() -> Self {
        Self {
            luma_row: luma_row::<SOURCE>,
            cb_row_doubled: |cb, cr, out| chroma_row_doubled(cb, cr, out, const { WEIGHTS[SOURCE].to_cb }),
            cr_row_doubled: |cb, cr, out| chroma_row_doubled(cb, cr, out, const { WEIGHTS[SOURCE].to_cr }),
        }
    }
}

fn luma_row<const SOURCE: usize>(y: &[u8], cb: &[u8], cr: &[u8], out: &mut [u8]) {
    let Weights { y_gain, to_y, .. } = const { WEIGHTS[SOURCE] };
    let luma = y.chunks(2 * BLOCK).zip(out.chunks_mut(2 * BLOCK));
    for ((y, out), (cb, cr)) in luma.zip(cb.chunks(BLOCK).zip(cr.chunks(BLOCK))) {
        let y: [u8; 2 * BLOCK] = block(y);
        let from_chroma = doubled(to_y.of(&block(cb), &block(cr)));
        let mut converted = [0; 2 * BLOCK];
        for ((out, y), from_chroma) in converted.iter_mut().zip(y).zip(from_chroma) {
            let y = i16::from(y);
            *out = sample((y << FRACTION_BITS) + upper_half(y << LUMA_SHIFT, y_gain) + from_chroma);
        }
        out.copy_from_slice(&converted[..out.len()]);
    }
}

#[inline(always)] // for its weights to be constants
fn chroma_row_doubled(cb: &[u8], cr: &[u8], out: &mut [u8], weights: FromChroma) {
    for ((cb, cr), out) in cb.chunks(BLOCK).zip(cr.chunks(BLOCK)).zip(out.chunks_mut(2 * BLOCK)) {
        let converted = doubled(weights.of(&block(cb), &block(cr)).map(sample));
        out.copy_from_slice(&converted[..out.len()]);
    }
}

/// The map's numbers, in 16-bit fixed point.
///
/// A weight is multiplied to a sample that was shifted up so far that the upper half of the product is the weighted
/// sample with [`FRACTION_BITS`] bits of fraction.
#[derive(Debug, Clone, Copy)]
struct Weights {
    /// Weight of Y in Y above 1.
    y_gain: i16,
    to_y: FromChroma,
    to_cb: FromChroma,
    to_cr: FromChroma,
}

/// What a sample gets from the chroma at its place.
#[derive(Debug, Clone, Copy)]
struct FromChroma {
    cb: i16,
    cr: i16,
    offset: i16,
}

impl Weights {
    const fn new(range: ColorRange, matrix: ColorMatrix) -> Self {
        let (black, luma_span, chroma_span) = match range {
            ColorRange::Limited => (16.0, 219.0, 224.0),
            ColorRange::Full => (0.0, 255.0, 255.0),
        };
        let of_pb = rgb_to_jpeg(to_rgb([0.0, 1.0, 0.0], luma_weights(matrix)));
        let of_pr = rgb_to_jpeg(to_rgb([0.0, 0.0, 1.0], luma_weights(matrix)));
        // A step of the source in steps of JPEG.
        let (luma_step, chroma_step) = (255.0 / luma_span, 255.0 / chroma_span);
        Self {
            y_gain: fixed(luma_step - 1.0, LUMA_WEIGHT_BITS),
            to_y: FromChroma::new(of_pb[0] * chroma_step, of_pr[0] * chroma_step, -black * luma_step),
            to_cb: FromChroma::new(of_pb[1] * chroma_step, of_pr[1] * chroma_step, 128.0),
            to_cr: FromChroma::new(of_pb[2] * chroma_step, of_pr[2] * chroma_step, 128.0),
        }
    }
}

impl FromChroma {
    const fn new(cb: f64, cr: f64, offset: f64) -> Self {
        Self {
            cb: fixed(cb, CHROMA_WEIGHT_BITS),
            cr: fixed(cr, CHROMA_WEIGHT_BITS),
            // Half a step to round, and half of what each of two products loses by rounding down.
            offset: fixed(offset + 0.5, FRACTION_BITS) + 1,
        }
    }

    #[inline(always)] // for its weights to be constants
    fn of(&self, cb: &[u8; BLOCK], cr: &[u8; BLOCK]) -> [i16; BLOCK] {
        let mut sums = [0; BLOCK];
        for ((sum, &cb), &cr) in sums.iter_mut().zip(cb).zip(cr) {
            let [cb, cr] = [cb, cr].map(|chroma| (i16::from(chroma) - 128) << CHROMA_SHIFT);
            *sum = upper_half(cb, self.cb) + upper_half(cr, self.cr) + self.offset;
        }
        sums
    }
}

/// Writes each sample twice; the last one once if `out` is odd.
pub(crate) fn double(samples: &[u8], out: &mut [u8]) {
    for (samples, out) in samples.chunks(BLOCK).zip(out.chunks_mut(2 * BLOCK)) {
        out.copy_from_slice(&doubled(block::<BLOCK>(samples))[..out.len()]);
    }
}

/// The samples, with zeros behind them if they are fewer.
fn block<const N: usize>(samples: &[u8]) -> [u8; N] {
    samples.try_into().unwrap_or_else(|_| {
        let mut padded = [0; N];
        padded[..samples.len()].copy_from_slice(samples);
        padded
    })
}

fn doubled<T: Copy + Default>(values: [T; BLOCK]) -> [T; 2 * BLOCK] {
    let mut twice = [T::default(); 2 * BLOCK];
    for (pair, value) in twice.chunks_exact_mut(2).zip(values) {
        pair[0] = value;
        pair[1] = value;
    }
    twice
}

fn upper_half(a: i16, b: i16) -> i16 {
    ((i32::from(a) * i32::from(b)) >> 16) as i16
}

/// The sample that a sum stands for; rounding is in the offsets.
fn sample(sum: i16) -> u8 {
    (sum >> FRACTION_BITS).clamp(0, 255) as u8
}

/// The share of R' and of B' in Y' (ITU-R BT.601-7, BT.709-6, BT.2020-2).
const fn luma_weights(matrix: ColorMatrix) -> (f64, f64) {
    match matrix {
        ColorMatrix::Bt601 => BT601,
        ColorMatrix::Bt709 => (0.2126, 0.0722),
        ColorMatrix::Bt2020 => (0.2627, 0.0593),
    }
}

/// R'G'B' of Y' in 0..=1 and Pb, Pr in -0.5..=0.5.
const fn to_rgb([y, pb, pr]: [f64; 3], (red, blue): (f64, f64)) -> [f64; 3] {
    let r = y + 2.0 * (1.0 - red) * pr;
    let b = y + 2.0 * (1.0 - blue) * pb;
    [r, (y - red * r - blue * b) / (1.0 - red - blue), b]
}

/// Y', Pb and Pr by BT.601.
const fn rgb_to_jpeg([r, g, b]: [f64; 3]) -> [f64; 3] {
    let (red, blue) = BT601;
    let y = red * r + (1.0 - red - blue) * g + blue * b;
    [y, (b - y) / (2.0 * (1.0 - blue)), (r - y) / (2.0 * (1.0 - red))]
}

/// To the nearest number with so many bits of fraction.
const fn fixed(value: f64, fraction_bits: u32) -> i16 {
    let scaled = value * (1 << fraction_bits) as f64;
    (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i16
}

const WEIGHTS: [Weights; 5] = [
    Weights::new(ColorRange::Limited, ColorMatrix::Bt601),
    Weights::new(ColorRange::Limited, ColorMatrix::Bt709),
    Weights::new(ColorRange::Limited, ColorMatrix::Bt2020),
    Weights::new(ColorRange::Full, ColorMatrix::Bt709),
    Weights::new(ColorRange::Full, ColorMatrix::Bt2020),
];
const LIMITED_601: usize = 0;
const LIMITED_709: usize = 1;
const LIMITED_2020: usize = 2;
const FULL_709: usize = 3;
const FULL_2020: usize = 4;

const BT601: (f64, f64) = (0.299, 0.114);

/// Chroma samples that are converted at a time: arrays of a fixed size are what compilers vectorise.
const BLOCK: usize = 64;

/// 255 and a fifth of it, with chroma's share and the sign, fit 16 bits.
const FRACTION_BITS: u32 = 6;

/// Luma (0..=255) is shifted to fill 15 bits, chroma (-128..=127) to fill 16.
const LUMA_SHIFT: u32 = 7;
const CHROMA_SHIFT: u32 = 8;

/// So that the upper half of a product has [`FRACTION_BITS`] bits of fraction.
const LUMA_WEIGHT_BITS: u32 = 16 + FRACTION_BITS - LUMA_SHIFT;
const CHROMA_WEIGHT_BITS: u32 = 16 + FRACTION_BITS - CHROMA_SHIFT;

#[cfg(test)]
mod tests {
    use super::*;

    // Half a step of rounding and what three products lose: no sample is off by more than one.
    const TOLERANCE: f64 = 0.55;

    /// The same by the book, in one sample's steps and without a common factor: JFIF 1.02's own constants.
    fn by_the_book(range: ColorRange, matrix: ColorMatrix, [y, cb, cr]: [u8; 3]) -> [f64; 3] {
        let [y, cb, cr] = [y, cb, cr].map(f64::from);
        let (y, pb, pr) = match range {
            ColorRange::Limited => ((y - 16.0) / 219.0, (cb - 128.0) / 224.0, (cr - 128.0) / 224.0),
            ColorRange::Full => (y / 255.0, (cb - 128.0) / 255.0, (cr - 128.0) / 255.0),
        };
        let (r, g, b) = match matrix {
            ColorMatrix::Bt601 => (y + 1.402 * pr, y - 0.344136 * pb - 0.714136 * pr, y + 1.772 * pb),
            ColorMatrix::Bt709 => (y + 1.5748 * pr, y - 0.187324 * pb - 0.468124 * pr, y + 1.8556 * pb),
            ColorMatrix::Bt2020 => (y + 1.4746 * pr, y - 0.164553 * pb - 0.571353 * pr, y + 1.8814 * pb),
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
        for (range, matrix) in [(Limited, Bt601), (Limited, Bt709), (Limited, Bt2020), (Full, Bt709), (Full, Bt2020)] {
            let map = ToJpeg::from(range, matrix).expect("a map is needed");
            let values = || (0..=255).step_by(5).chain([1, 15, 16, 17, 127, 128, 129, 234, 235, 236, 240, 241]);
            for (cb, cr) in values().flat_map(|cb| values().map(move |cr| (cb, cr))) {
                let lumas: Vec<u8> = values().collect();
                let chroma = |value: u8| vec![value; lumas.len().div_ceil(2)];
                let mut got = [0, 1, 2].map(|_| vec![0; lumas.len()]);
                (map.luma_row)(&lumas, &chroma(cb), &chroma(cr), &mut got[0]);
                (map.cb_row_doubled)(&chroma(cb), &chroma(cr), &mut got[1]);
                (map.cr_row_doubled)(&chroma(cb), &chroma(cr), &mut got[2]);
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
        (map.luma_row)(&y, &cb, &cr, &mut got[0]);
        (map.cb_row_doubled)(&cb, &cr, &mut got[1]);
        (map.cr_row_doubled)(&cb, &cr, &mut got[2]);
        for x in 0..y.len() {
            let want = by_the_book(ColorRange::Limited, ColorMatrix::Bt709, [y[x], cb[x / 2], cr[x / 2]]);
            for (row, want) in got.iter().zip(want) {
                assert!((f64::from(row[x]) - want).abs() < TOLERANCE, "sample {x}: {}, not {want}", row[x]);
            }
        }
    }
}
