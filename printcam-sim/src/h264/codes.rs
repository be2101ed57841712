//! The code words of CAVLC, as H.264 prints them (tables 9-5, 9-7, 9-8, 9-9 and 9-10).

/// One code word: the low `length` bits of `value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) value: u16,
    pub(super) length: u8,
}

/// `coeff_token` by its table (see [`TokenTable`]), then `4 * total_coeff + trailing_ones`.
pub(super) static COEFF_TOKEN: [[Code; 68]; 5] =
    [parse(TOKENS[0]), parse(TOKENS[1]), parse(TOKENS[2]), parse(TOKENS[3]), parse(TOKENS[4])];

/// Which `coeff_token` table serves a block (§9.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenTable {
    /// nC, the mean of the counts left and above.
    Neighbours(u8),
    /// nC = -1.
    ChromaDc,
}

impl TokenTable {
    pub(super) fn codes(self) -> &'static [Code; 68] {
        match self {
            TokenTable::Neighbours(0..=1) => &COEFF_TOKEN[0],
            TokenTable::Neighbours(2..=3) => &COEFF_TOKEN[1],
            TokenTable::Neighbours(4..=7) => &COEFF_TOKEN[2],
            TokenTable::Neighbours(_) => &COEFF_TOKEN[3],
            TokenTable::ChromaDc => &COEFF_TOKEN[4],
        }
    }
}

/// `total_zeros` of a 4x4 block by `total_coeff - 1`, then by its value.
pub(super) static TOTAL_ZEROS: [[Code; 16]; 15] = parse_rows(&ZEROS);

/// `total_zeros` of chroma DC by `total_coeff - 1`, then by its value.
pub(super) static CHROMA_DC_TOTAL_ZEROS: [[Code; 4]; 3] = parse_rows(&CHROMA_DC_ZEROS);

/// `run_before` by `min(zeros_left, 7) - 1`, then by its value.
pub(super) static RUN_BEFORE: [[Code; 15]; 7] = parse_rows(&RUNS);

const fn parse_rows<const N: usize, const ROWS: usize>(rows: &[&str; ROWS]) -> [[Code; N]; ROWS] {
    let mut parsed = [[Code { value: 0, length: 0 }; N]; ROWS];
    let mut row = 0;
    while row < ROWS {
        parsed[row] = parse(rows[row]);
        row += 1;
    }
    parsed
}

/// Code words parted by single spaces; `-` where the table has none.
const fn parse<const N: usize>(text: &str) -> [Code; N] {
    let mut codes = [Code { value: 0, length: 0 }; N];
    let text = text.as_bytes();
    let (mut at, mut index) = (0, 0);
    while at < text.len() {
        match text[at] {
            b' ' => index += 1,
            b'-' => {}
            bit => {
                codes[index].value = codes[index].value << 1 | (bit - b'0') as u16;
                codes[index].length += 1;
            }
        }
        at += 1;
    }
    codes
}

/// Four words a line: trailing ones 0 to 3; one line for each total from 0.
const TOKENS: [&str; 5] = [
    // 0 <= nC < 2
    "1 - - - \
     000101 01 - - \
     00000111 000100 001 - \
     000000111 00000110 0000101 00011 \
     0000000111 000000110 00000101 000011 \
     00000000111 0000000110 000000101 0000100 \
     0000000001111 00000000110 0000000101 00000100 \
     0000000001011 0000000001110 00000000101 000000100 \
     0000000001000 0000000001010 0000000001101 0000000100 \
     00000000001111 00000000001110 0000000001001 00000000100 \
     00000000001011 00000000001010 00000000001101 0000000001100 \
     000000000001111 000000000001110 00000000001001 00000000001100 \
     000000000001011 000000000001010 000000000001101 00000000001000 \
     0000000000001111 000000000000001 000000000001001 000000000001100 \
     0000000000001011 0000000000001110 0000000000001101 000000000001000 \
     0000000000000111 0000000000001010 0000000000001001 0000000000001100 \
     0000000000000100 0000000000000110 0000000000000101 0000000000001000",
    // 2 <= nC < 4
    "11 - - - \
     001011 10 - - \
     000111 00111 011 - \
     0000111 001010 001001 0101 \
     00000111 000110 000101 0100 \
     00000100 0000110 0000101 00110 \
     000000111 00000110 00000101 001000 \
     00000001111 000000110 000000101 000100 \
     00000001011 00000001110 00000001101 0000100 \
     000000001111 00000001010 00000001001 000000100 \
     000000001011 000000001110 000000001101 00000001100 \
     000000001000 000000001010 000000001001 00000001000 \
     0000000001111 0000000001110 0000000001101 000000001100 \
     0000000001011 0000000001010 0000000001001 0000000001100 \
     0000000000111 00000000001011 0000000000110 0000000001000 \
     00000000001001 00000000001000 00000000001010 0000000000001 \
     00000000000111 00000000000110 00000000000101 00000000000100",
    // 4 <= nC < 8
    "1111 - - - \
     001111 1110 - - \
     001011 01111 1101 - \
     001000 01100 01110 1100 \
     0001111 01010 01011 1011 \
     0001011 01000 01001 1010 \
     0001001 001110 001101 1001 \
     0001000 001010 001001 1000 \
     00001111 0001110 0001101 01101 \
     00001011 00001110 0001010 001100 \
     000001111 00001010 00001101 0001100 \
     000001011 000001110 00001001 00001100 \
     000001000 000001010 000001101 00001000 \
     0000001101 000000111 000001001 000001100 \
     0000001001 0000001100 0000001011 0000001010 \
     0000000101 0000001000 0000000111 0000000110 \
     0000000001 0000000100 0000000011 0000000010",
    // 8 <= nC
    "000011 - - - \
     000000 000001 - - \
     000100 000101 000110 - \
     001000 001001 001010 001011 \
     001100 001101 001110 001111 \
     010000 010001 010010 010011 \
     010100 010101 010110 010111 \
     011000 011001 011010 011011 \
     011100 011101 011110 011111 \
     100000 100001 100010 100011 \
     100100 100101 100110 100111 \
     101000 101001 101010 101011 \
     101100 101101 101110 101111 \
     110000 110001 110010 110011 \
     110100 110101 110110 110111 \
     111000 111001 111010 111011 \
     111100 111101 111110 111111",
    // nC == -1 (chroma DC)
    "01 - - - \
     000111 1 - - \
     000100 000110 001 - \
     000011 0000011 0000010 000101 \
     000010 00000011 00000010 0000000",
];

const ZEROS: [&str; 15] = [
    "1 011 010 0011 0010 00011 00010 000011 000010 0000011 0000010 00000011 00000010 000000011 000000010 000000001",
    "111 110 101 100 011 0101 0100 0011 0010 00011 00010 000011 000010 000001 000000",
    "0101 111 110 101 0100 0011 100 011 0010 00011 00010 000001 00001 000000",
    "00011 111 0101 0100 110 101 100 0011 011 0010 00010 00001 00000",
    "0101 0100 0011 111 110 101 100 011 0010 00001 0001 00000",
    "000001 00001 111 110 101 100 011 010 0001 001 000000",
    "000001 00001 101 100 011 11 010 0001 001 000000",
    "000001 0001 00001 011 11 10 010 001 000000",
    "000001 000000 0001 11 10 001 01 00001",
    "00001 00000 001 11 10 01 0001",
    "0000 0001 001 010 1 011",
    "0000 0001 01 1 001",
    "000 001 1 01",
    "00 01 1",
    "0 1",
];

const CHROMA_DC_ZEROS: [&str; 3] = ["1 01 001 000", "1 01 00", "1 0"];

const RUNS: [&str; 7] = [
    "1 0",
    "1 01 00",
    "11 10 01 00",
    "11 10 01 001 000",
    "11 10 011 010 001 000",
    "11 000 001 011 010 101 100",
    "111 110 101 100 011 010 001 0001 00001 000001 0000001 00000001 000000001 0000000001 00000000001",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Kraft's sum, in units of 2^-16; no word may begin another one.
    fn prefix_free(name: &str, codes: &[Code]) -> u32 {
        let codes: Vec<_> = codes.iter().filter(|code| code.length > 0).collect();
        for (i, a) in codes.iter().enumerate() {
            for b in &codes[i + 1..] {
                let length = a.length.min(b.length);
                assert_ne!(a.value >> (a.length - length), b.value >> (b.length - length), "{name}: {a:?} and {b:?}");
            }
        }
        codes.iter().map(|code| 1 << (16 - code.length)).sum()
    }

    #[test]
    fn no_word_begins_another() {
        for (index, table) in COEFF_TOKEN.iter().enumerate() {
            let words = table.iter().filter(|code| code.length > 0).count();
            assert_eq!(words, if index == 4 { 14 } else { 62 }, "coeff_token {index}");
            prefix_free(&format!("coeff_token {index}"), table);
        }
        for (index, row) in TOTAL_ZEROS.iter().enumerate() {
            assert_eq!(row.iter().filter(|code| code.length > 0).count(), 16 - index);
            prefix_free(&format!("total_zeros {index}"), row);
        }
        for (index, row) in CHROMA_DC_TOTAL_ZEROS.iter().enumerate() {
            let kraft = prefix_free(&format!("chroma total_zeros {index}"), row);
            assert_eq!(kraft, 1 << 16, "chroma total_zeros {index} is complete");
        }
        for (index, row) in RUN_BEFORE.iter().enumerate() {
            prefix_free(&format!("run_before {index}"), row);
        }
    }
}
