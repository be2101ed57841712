//! One Intra16x16 macroblock: choose a prediction, transform, write, reconstruct.

use crate::picture::{Colour, Picture, Plane};

use super::bit_writer::BitWriter;
use super::codes::TokenTable;
use super::prediction::{Mode, best_chroma, best_luma};
use super::residual::write_residual;
use super::transform::{Block, Quantiser, ZIGZAG, forward, hadamard, hadamard_2x2, inverse};

/// The slice type decides how macroblock types are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SliceKind {
    I,
    P,
}

/// The state that macroblocks share: reconstruction and coefficient counts.
#[derive(Debug)]
pub(super) struct MacroblockCoder {
    reconstruction: Picture,
    luma_quantiser: Quantiser,
    chroma_quantiser: Quantiser,
    luma_counts: Counts,
    chroma_counts: [Counts; 2],
}

impl MacroblockCoder {
    /// Width and height are multiples of 16.
    pub(super) fn new([width, height]: [usize; 2], qp: u32, chroma_qp_offset: i32) -> Self {
        let chroma_qp = qp as i32 + chroma_qp_offset;
        // Table 8-15 is the identity below 30.
        assert!((0..30).contains(&chroma_qp));
        MacroblockCoder {
            reconstruction: Picture::new([width, height], Colour::rgb(0)),
            luma_quantiser: Quantiser::new(qp),
            chroma_quantiser: Quantiser::new(chroma_qp as u32),
            luma_counts: Counts::new(width / 4, height / 4),
            chroma_counts: [Counts::new(width / 8, height / 8), Counts::new(width / 8, height / 8)],
        }
    }

    pub(super) fn reconstruction(&self) -> &Picture {
        &self.reconstruction
    }

    /// P_Skip: the reconstruction stays; its motion vector is always predicted as zero, because
    /// every neighbour is intra coded or skipped too (§8.4.1.1).
    pub(super) fn skip(&mut self, [x, y]: [usize; 2]) {
        self.luma_counts.clear([4 * x, 4 * y], 4);
        for counts in &mut self.chroma_counts {
            counts.clear([2 * x, 2 * y], 2);
        }
    }

    pub(super) fn code(&mut self, bits: &mut BitWriter, picture: &Picture, [x, y]: [usize; 2], slice: SliceKind) {
        let luma = self.luma(&picture.luma, [x, y]);
        let (chroma_mode, chroma) = self.chroma(&picture.chroma, [x, y]);
        let chroma_pattern = if chroma.iter().any(|plane| plane.has_ac()) {
            2
        } else {
            u32::from(chroma.iter().any(|plane| plane.dc != [0; 4]))
        };

        // Table 7-11: prediction mode, chroma pattern, luma AC; P slices count five inter types first.
        let kind = 1 + luma.mode as u32 + 4 * chroma_pattern + 12 * u32::from(luma.has_ac);
        bits.unsigned(kind + if slice == SliceKind::P { 5 } else { 0 });
        bits.unsigned(match chroma_mode {
            Mode::Dc => 0,
            Mode::Horizontal => 1,
            Mode::Vertical => 2,
        });
        bits.signed(0); // mb_qp_delta
        self.write_luma(bits, &luma, [4 * x, 4 * y]);
        self.write_chroma(bits, &chroma, chroma_pattern, [2 * x, 2 * y]);
    }

    /// Predicts, transforms and reconstructs the luma samples.
    fn luma(&mut self, source: &Plane, [x, y]: [usize; 2]) -> Luma {
        let origin = [16 * x, 16 * y];
        let (mode, prediction) = best_luma(source, &self.reconstruction.luma, origin);
        let mut luma = Luma::flat(mode);
        let (mut blocks, mut dc) = ([[0; 16]; 16], [0; 16]);
        let mut exact = true;
        for (index, block) in blocks.iter_mut().enumerate() {
            let [bx, by] = [4 * (index % 4), 4 * (index / 4)];
            for row in 0..4 {
                let samples = source.row::<4>(origin[0] + bx, origin[1] + by + row);
                for column in 0..4 {
                    let predicted = prediction[16 * (by + row) + bx + column];
                    block[4 * row + column] = i32::from(samples[column]) - i32::from(predicted);
                }
            }
            if *block != [0; 16] {
                exact = false;
                forward(block);
                dc[index] = block[0];
            }
        }
        if !exact {
            hadamard(&mut dc);
            let mut levels = dc.map(|value| self.luma_quantiser.quantise_dc((value + 1) >> 1));
            luma.dc = ZIGZAG.map(|position| levels[position]);
            hadamard(&mut levels);
            for (index, block) in blocks.iter_mut().enumerate() {
                luma.ac[index] = quantise_ac(block, &self.luma_quantiser);
                luma.has_ac |= luma.ac[index] != [0; 15];
                block[0] = self.luma_quantiser.dequantise_luma_dc(levels[index]);
                inverse_unless_empty(block);
            }
        }
        for row in 0..16 {
            let to = self.reconstruction.luma.row_mut::<16>(origin[0], origin[1] + row);
            for (column, sample) in to.iter_mut().enumerate() {
                let residual = blocks[row / 4 * 4 + column / 4][row % 4 * 4 + column % 4];
                *sample = add(prediction[16 * row + column], residual);
            }
        }
        luma
    }

    /// The same for both chroma planes, which share their prediction mode.
    fn chroma(&mut self, source: &[Plane; 2], [x, y]: [usize; 2]) -> (Mode, [Chroma; 2]) {
        let origin = [8 * x, 8 * y];
        let (mode, predictions) = best_chroma(source, &self.reconstruction.chroma, origin);
        let mut planes = [Chroma::default(); 2];
        for (index, plane) in planes.iter_mut().enumerate() {
            let to = &mut self.reconstruction.chroma[index];
            *plane = code_chroma(&source[index], to, origin, &predictions[index], &self.chroma_quantiser);
        }
        (mode, planes)
    }

    fn write_luma(&mut self, bits: &mut BitWriter, luma: &Luma, origin: [usize; 2]) {
        let table = TokenTable::Neighbours(self.luma_counts.expected(origin));
        write_residual(bits, &luma.dc, table);
        if !luma.has_ac {
            self.luma_counts.clear(origin, 4);
            return;
        }
        // Blocks go by quarters, then within a quarter (§6.4.3).
        for index in 0..16 {
            let bx = index % 2 + index / 4 % 2 * 2;
            let by = index / 2 % 2 + index / 8 * 2;
            let at = [origin[0] + bx, origin[1] + by];
            let table = TokenTable::Neighbours(self.luma_counts.expected(at));
            let total = write_residual(bits, &luma.ac[4 * by + bx], table);
            self.luma_counts.set(at, total);
        }
    }

    fn write_chroma(&mut self, bits: &mut BitWriter, chroma: &[Chroma; 2], pattern: u32, origin: [usize; 2]) {
        if pattern > 0 {
            for plane in chroma {
                write_residual(bits, &plane.dc, TokenTable::ChromaDc);
            }
        }
        for (plane, counts) in chroma.iter().zip(&mut self.chroma_counts) {
            if pattern < 2 {
                counts.clear(origin, 2);
                continue;
            }
            for (index, levels) in plane.ac.iter().enumerate() {
                let at = [origin[0] + index % 2, origin[1] + index / 2];
                let table = TokenTable::Neighbours(counts.expected(at));
                counts.set(at, write_residual(bits, levels, table));
            }
        }
    }
}

/// Quantised levels of the luma samples; AC blocks in raster order.
#[derive(Debug)]
struct Luma {
    mode: Mode,
    dc: [i32; 16],
    ac: [[i32; 15]; 16],
    has_ac: bool,
}

impl Luma {
    fn flat(mode: Mode) -> Luma {
        Luma { mode, dc: [0; 16], ac: [[0; 15]; 16], has_ac: false }
    }
}

/// Quantised levels of one chroma plane.
#[derive(Clone, Copy, Debug, Default)]
struct Chroma {
    dc: [i32; 4],
    ac: [[i32; 15]; 4],
}

impl Chroma {
    fn has_ac(&self) -> bool {
        self.ac != [[0; 15]; 4]
    }
}

fn code_chroma(
    source: &Plane,
    reconstruction: &mut Plane,
    origin: [usize; 2],
    prediction: &[u8; 64],
    quantiser: &Quantiser,
) -> Chroma {
    let mut blocks = [[0; 16]; 4];
    for row in 0..8 {
        let samples = source.row::<8>(origin[0], origin[1] + row);
        for column in 0..8 {
            let difference = i32::from(samples[column]) - i32::from(prediction[8 * row + column]);
            blocks[row / 4 * 2 + column / 4][row % 4 * 4 + column % 4] = difference;
        }
    }
    let mut chroma = Chroma::default();
    if blocks != [[0; 16]; 4] {
        blocks.iter_mut().for_each(forward);
        let dc = hadamard_2x2([blocks[0][0], blocks[1][0], blocks[2][0], blocks[3][0]]);
        chroma.dc = dc.map(|value| quantiser.quantise_dc(value));
        let restored = hadamard_2x2(chroma.dc);
        for (index, block) in blocks.iter_mut().enumerate() {
            chroma.ac[index] = quantise_ac(block, quantiser);
            block[0] = quantiser.dequantise_chroma_dc(restored[index]);
            inverse_unless_empty(block);
        }
    }
    for row in 0..8 {
        let to = reconstruction.row_mut::<8>(origin[0], origin[1] + row);
        for (column, sample) in to.iter_mut().enumerate() {
            let residual = blocks[row / 4 * 2 + column / 4][row % 4 * 4 + column % 4];
            *sample = add(prediction[8 * row + column], residual);
        }
    }
    chroma
}

/// Levels of the fifteen AC values in scan order; leaves their dequantised values in `block`.
fn quantise_ac(block: &mut Block, quantiser: &Quantiser) -> [i32; 15] {
    let mut levels = [0; 15];
    if block[1..] == [0; 15] {
        return levels;
    }
    for (level, &position) in levels.iter_mut().zip(&ZIGZAG[1..]) {
        *level = quantiser.quantise(block[position], position);
        block[position] = quantiser.dequantise(*level, position);
    }
    levels
}

fn inverse_unless_empty(block: &mut Block) {
    if *block != [0; 16] {
        inverse(block);
    }
}

fn add(sample: u8, residual: i32) -> u8 {
    (i32::from(sample) + residual).clamp(0, 255) as u8
}

/// How many coefficients each 4x4 block of a plane has: the context of the next ones (§9.2.1).
#[derive(Debug)]
struct Counts {
    width: usize,
    counts: Vec<u8>,
}

impl Counts {
    fn new(width: usize, height: usize) -> Counts {
        Counts { width, counts: vec![0; width * height] }
    }

    fn set(&mut self, [x, y]: [usize; 2], count: u8) {
        self.counts[y * self.width + x] = count;
    }

    fn clear(&mut self, [x, y]: [usize; 2], size: usize) {
        for row in y..y + size {
            self.counts[row * self.width + x..][..size].fill(0);
        }
    }

    /// nC: the mean of left and above, or the one there is.
    fn expected(&self, [x, y]: [usize; 2]) -> u8 {
        let left = (x > 0).then(|| self.counts[y * self.width + x - 1]);
        let above = (y > 0).then(|| self.counts[(y - 1) * self.width + x]);
        match (left, above) {
            (Some(left), Some(above)) => (left + above).div_ceil(2),
            (Some(count), None) | (None, Some(count)) => count,
            (None, None) => 0,
        }
    }
}
