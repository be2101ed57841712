//! Bits, Exp-Golomb codes and NAL units (H.264 §7.2, §7.4.1, §9.1).

use super::codes::Code;

/// Collects the bits of one raw byte sequence payload, first bit highest.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits not yet in `bytes`, in the low `pending` positions.
    word: u64,
    pending: u32,
}

impl BitWriter {
    /// The low `length` bits of `value`; `length` is at most 32.
    pub(super) fn bits(&mut self, value: u32, length: u32) {
        debug_assert!(length == 32 || value >> length == 0);
        self.word = self.word << length | u64::from(value);
        self.pending += length;
        while self.pending >= 8 {
            self.pending -= 8;
            self.bytes.push((self.word >> self.pending) as u8);
        }
    }

    pub(super) fn code(&mut self, code: Code) {
        debug_assert!(code.length > 0, "the table has no such word");
        self.bits(u32::from(code.value), u32::from(code.length));
    }

    /// ue(v), for values below 2^16.
    pub(super) fn unsigned(&mut self, value: u32) {
        let length = (value + 1).ilog2();
        self.bits(0, length);
        self.bits(value + 1, length + 1);
    }

    /// se(v), for values between -2^14 and 2^14.
    pub(super) fn signed(&mut self, value: i32) {
        let magnitude = value.unsigned_abs() * 2;
        self.unsigned(if value > 0 { magnitude - 1 } else { magnitude });
    }

    /// Adds the trailing bits and wraps the payload: header byte, emulation prevention.
    pub(super) fn into_nal_unit(mut self, header: u8) -> Vec<u8> {
        self.bits(1, 1);
        self.bits(0, (8 - self.pending % 8) % 8);
        let mut unit = Vec::with_capacity(self.bytes.len() + self.bytes.len() / 64 + 8);
        unit.push(header);
        let mut zeros = 0;
        for byte in self.bytes {
            if zeros >= 2 && byte <= 3 {
                unit.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            unit.push(byte);
        }
        unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_as_in_table_9_2() {
        for (value, want) in [(0, 0b1100_0000), (1, 0b0101_0000), (2, 0b0111_0000), (3, 0b0010_0100), (6, 0b0011_1100)]
        {
            let mut bits = BitWriter::default();
            bits.unsigned(value);
            assert_eq!(bits.into_nal_unit(0x65), [0x65, want], "ue({value})");
        }
        for (value, want) in [(0, 0b1100_0000), (1, 0b0101_0000), (-1, 0b0111_0000)] {
            let mut bits = BitWriter::default();
            bits.signed(value);
            assert_eq!(bits.into_nal_unit(0x65), [0x65, want], "se({value})");
        }
    }

    #[test]
    fn start_codes_cannot_appear_inside() {
        for (payload, want) in [
            (&[0, 0, 0][..], &[0x41, 0, 0, 3, 0, 0x80][..]),
            (&[0, 0, 1], &[0x41, 0, 0, 3, 1, 0x80]),
            (&[0, 0, 4], &[0x41, 0, 0, 4, 0x80]),
            (&[0, 0, 0, 0, 0], &[0x41, 0, 0, 3, 0, 0, 3, 0, 0x80]),
        ] {
            let mut bits = BitWriter::default();
            for &byte in payload {
                bits.bits(byte, 8);
            }
            assert_eq!(bits.into_nal_unit(0x41), want, "{payload:?}");
        }
    }
}
