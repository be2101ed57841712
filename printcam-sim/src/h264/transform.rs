//! The 4x4 integer transform and its quantisation, forward and back (H.264 §8.5).
//!
//! The inverse direction is exact: it gives the very samples that every decoder gives.

/// Sixteen values, row after row.
pub(super) type Block = [i32; 16];

/// Positions of a block in zig-zag order (§8.5.6).
pub(super) const ZIGZAG: [usize; 16] = [0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15];

/// One quantisation parameter with its factors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quantiser {
    shift: u32,
    forward: [i32; 3],
    back: [i32; 3],
}

impl Quantiser {
    /// For a QP between 0 and 35 (above it, the rounding of DC values differs).
    pub(super) fn new(qp: u32) -> Quantiser {
        assert!(qp < 36);
        Quantiser { shift: qp / 6, forward: FORWARD[qp as usize % 6], back: BACK[qp as usize % 6] }
    }

    /// One transformed AC value at `position` of its block.
    pub(super) fn quantise(&self, value: i32, position: usize) -> i32 {
        self.divide(value, self.forward[class(position)], 15 + self.shift)
    }

    /// One value of the second (DC) transform.
    pub(super) fn quantise_dc(&self, value: i32) -> i32 {
        self.divide(value, self.forward[0], 16 + self.shift)
    }

    fn divide(&self, value: i32, factor: i32, bits: u32) -> i32 {
        // A third of a step rounds down: the usual dead zone of intra coding.
        let level = (value.unsigned_abs() * factor as u32 + (1 << bits) / 3) >> bits;
        level as i32 * value.signum()
    }

    pub(super) fn dequantise(&self, level: i32, position: usize) -> i32 {
        (level * self.back[class(position)]) << self.shift
    }

    /// §8.5.10, after the inverse luma DC transform.
    pub(super) fn dequantise_luma_dc(&self, value: i32) -> i32 {
        let scaled = value * self.back[0] * 16;
        let down = 6 - self.shift;
        (scaled + (1 << (down - 1))) >> down
    }

    /// §8.5.11.2, after the inverse chroma DC transform.
    pub(super) fn dequantise_chroma_dc(&self, value: i32) -> i32 {
        ((value * self.back[0] * 16) << self.shift) >> 5
    }
}

/// Even-even, odd-odd, mixed positions have their own factor.
fn class(position: usize) -> usize {
    match (position / 4 % 2, position % 2) {
        (0, 0) => 0,
        (1, 1) => 1,
        _ => 2,
    }
}

const FORWARD: [[i32; 3]; 6] = [
    [13107, 5243, 8066],
    [11916, 4660, 7490],
    [10082, 4194, 6554],
    [9362, 3647, 5825],
    [8192, 3355, 5243],
    [7282, 2893, 4559],
];

const BACK: [[i32; 3]; 6] = [[10, 16, 13], [11, 18, 14], [13, 20, 16], [14, 23, 18], [16, 25, 20], [18, 29, 23]];

/// Applies `butterfly` to the rows, then to the columns.
fn both_ways(block: &mut Block, butterfly: impl Fn([i32; 4]) -> [i32; 4]) {
    for row in block.chunks_exact_mut(4) {
        row.copy_from_slice(&butterfly([row[0], row[1], row[2], row[3]]));
    }
    for x in 0..4 {
        let column = butterfly([block[x], block[4 + x], block[8 + x], block[12 + x]]);
        for (y, value) in column.into_iter().enumerate() {
            block[4 * y + x] = value;
        }
    }
}

/// The forward core transform.
pub(super) fn forward(block: &mut Block) {
    both_ways(block, |[a, b, c, d]| {
        let (s0, s1, d0, d1) = (a + d, b + c, a - d, b - c);
        [s0 + s1, 2 * d0 + d1, s0 - s1, d0 - 2 * d1]
    });
}

/// The inverse core transform with its final rounding (§8.5.12.2).
pub(super) fn inverse(block: &mut Block) {
    both_ways(block, |[a, b, c, d]| {
        let (e0, e1) = (a + c, a - c);
        let (e2, e3) = ((b >> 1) - d, b + (d >> 1));
        [e0 + e3, e1 + e2, e1 - e2, e0 - e3]
    });
    for value in block {
        *value = (*value + 32) >> 6;
    }
}

/// The 4x4 Hadamard transform of luma DC values; it is its own inverse but for the scale.
pub(super) fn hadamard(block: &mut Block) {
    both_ways(block, |[a, b, c, d]| [a + b + c + d, a + b - c - d, a - b - c + d, a - b + c - d]);
}

/// The 2x2 transform of chroma DC values, both directions.
pub(super) fn hadamard_2x2([a, b, c, d]: [i32; 4]) -> [i32; 4] {
    [a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_and_forth_stays_within_half_a_step() {
        let original: Block = core::array::from_fn(|i| (i as i32 * 37 % 101) - 50);
        // The step doubles every 6: 0.625 at QP 0.
        for (qp, allowed) in [(0, 1), (12, 3), (24, 12)] {
            let quantiser = Quantiser::new(qp);
            let mut block = original;
            forward(&mut block);
            for (position, value) in block.iter_mut().enumerate() {
                let level = quantiser.quantise(*value, position);
                *value = quantiser.dequantise(level, position);
            }
            inverse(&mut block);
            let worst = block.iter().zip(&original).map(|(a, b)| (a - b).abs());
            assert!(worst.max() <= Some(allowed), "qp {qp}: {block:?}");
        }
    }

    #[test]
    fn hadamards_invert_themselves() {
        let original: Block = core::array::from_fn(|i| i as i32 * i as i32 - 40);
        let mut block = original;
        hadamard(&mut block);
        hadamard(&mut block);
        assert_eq!(block, original.map(|v| v * 16));
        let dc = [7, -3, 0, 12];
        assert_eq!(hadamard_2x2(hadamard_2x2(dc)), dc.map(|v| v * 4));
    }
}
