//! One block of quantised levels as CAVLC bits (H.264 §7.3.5.3.2, §9.2).

use super::bit_writer::BitWriter;
use super::codes::{CHROMA_DC_TOTAL_ZEROS, RUN_BEFORE, TOTAL_ZEROS, TokenTable};

/// Writes `levels` (in scan order; 16, 15 or 4 of them) and returns how many are not zero.
pub(super) fn write_residual(bits: &mut BitWriter, levels: &[i32], table: TokenTable) -> u8 {
    // Coded from the highest frequency down, each with the zeros below it.
    let mut coded = [(0, 0); 16];
    let mut total = 0;
    let mut zeros_left = 0;
    for &level in levels {
        if level == 0 {
            zeros_left += 1;
        } else {
            coded[total] = (level, zeros_left);
            zeros_left = 0;
            total += 1;
        }
    }
    let coded = &mut coded[..total];
    coded.reverse();

    let ones = coded.iter().take(3).take_while(|(level, _)| level.abs() == 1);
    let trailing_ones = ones.count();
    bits.code(table.codes()[4 * total + trailing_ones]);
    if total == 0 {
        return 0;
    }
    for &(level, _) in &coded[..trailing_ones] {
        bits.bits(u32::from(level < 0), 1);
    }
    write_levels(bits, coded, trailing_ones);

    let mut zeros_left: usize = coded.iter().map(|(_, zeros)| zeros).sum();
    if total < levels.len() {
        bits.code(match table {
            TokenTable::ChromaDc => CHROMA_DC_TOTAL_ZEROS[total - 1][zeros_left],
            TokenTable::Neighbours(_) => TOTAL_ZEROS[total - 1][zeros_left],
        });
    }
    for &(_, zeros) in &coded[..total - 1] {
        if zeros_left == 0 {
            break;
        }
        bits.code(RUN_BEFORE[zeros_left.min(7) - 1][zeros]);
        zeros_left -= zeros;
    }
    total as u8
}

/// Everything above the trailing ones (§9.2.2).
fn write_levels(bits: &mut BitWriter, coded: &[(i32, usize)], trailing_ones: usize) {
    let mut suffix_length = u32::from(coded.len() > 10 && trailing_ones < 3);
    for (index, &(level, _)) in coded.iter().enumerate().skip(trailing_ones) {
        let mut code = 2 * level.unsigned_abs() - 2 + u32::from(level < 0);
        if index == trailing_ones && trailing_ones < 3 {
            // It cannot be ±1, or it would have been one of them.
            code -= 2;
        }
        let escape = if suffix_length == 0 { 30 } else { 15 << suffix_length };
        if code >= escape {
            debug_assert!(code - escape < 1 << 12, "level {level} needs a higher QP");
            bits.bits(1, 16);
            bits.bits(code - escape, 12);
        } else if suffix_length == 0 && code >= 14 {
            bits.bits(1, 15);
            bits.bits(code - 14, 4);
        } else {
            bits.bits(1, (code >> suffix_length) + 1);
            bits.bits(code & ((1 << suffix_length) - 1), suffix_length);
        }
        suffix_length = suffix_length.max(1);
        if suffix_length < 6 && level.unsigned_abs() > 3 << (suffix_length - 1) {
            suffix_length += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_examples() {
        // The first two are the examples that every CAVLC text works through by hand.
        for (levels, want) in [
            ([0, 3, 0, 1, -1, -1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], "000010001110010111101101"),
            ([-2, 4, 3, -3, 0, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0], "000000011010001001000010111001100"),
            ([0; 16], "1"),
        ] {
            let mut bits = BitWriter::default();
            write_residual(&mut bits, &levels, TokenTable::Neighbours(0));
            let mut expected = BitWriter::default();
            for bit in want.bytes() {
                expected.bits(u32::from(bit - b'0'), 1);
            }
            assert_eq!(bits.into_nal_unit(0), expected.into_nal_unit(0), "{levels:?}");
        }
    }

    #[test]
    fn large_levels_use_the_escape() {
        for level in [15, 16, 17, 31, -32, 400, -2000] {
            let mut levels = [0; 16];
            levels[0] = level;
            let mut bits = BitWriter::default();
            let total = write_residual(&mut bits, &levels, TokenTable::Neighbours(8));
            assert_eq!(total, 1, "{level}");
        }
    }
}
