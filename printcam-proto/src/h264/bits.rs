//! Reading a NAL unit bit by bit: emulation prevention and Exp-Golomb codes (H.264 §7.3.1, §9.1).

/// Why a value could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BitsError {
    /// The data ended inside the value.
    EndOfData,
    /// An Exp-Golomb code with 32 or more leading zeros, which no 32-bit value has.
    ExpGolombTooLong,
}

/// A cursor over the bytes behind a NAL unit's header. Emulation prevention bytes (the 3 of 00 00 03) are stepped over
/// while reading, so nothing is copied.
#[derive(Debug)]
pub(crate) struct BitReader<'a> {
    rest: &'a [u8],
    /// The byte being read, its next bit on the left.
    byte: u8,
    /// Bits of `byte` not yet read.
    left: u8,
    /// Zero bytes directly before `rest`.
    zeros: u8,
}

impl<'a> BitReader<'a> {
    /// Reads `ebsp`, a NAL unit without its header byte.
    pub(crate) fn new(ebsp: &'a [u8]) -> Self {
        Self { rest: ebsp, byte: 0, left: 0, zeros: 0 }
    }

    fn next_byte(&mut self) -> Result<u8, BitsError> {
        let mut rest = self.rest;
        if self.zeros >= 2
            && let &[3, ref behind @ ..] = rest
        {
            rest = behind;
            self.zeros = 0;
        }
        let &[byte, ref behind @ ..] = rest else {
            return Err(BitsError::EndOfData);
        };
        self.rest = behind;
        self.zeros = if byte == 0 { self.zeros.saturating_add(1) } else { 0 };
        Ok(byte)
    }

    /// One bit, u(1).
    pub(crate) fn bit(&mut self) -> Result<bool, BitsError> {
        if self.left == 0 {
            self.byte = self.next_byte()?;
            self.left = 8;
        }
        let bit = self.byte & 0x80 != 0;
        self.byte <<= 1;
        self.left -= 1;
        Ok(bit)
    }

    /// `count` bits, most significant first, u(n); `count` is at most 32.
    pub(crate) fn bits(&mut self, count: u32) -> Result<u32, BitsError> {
        debug_assert!(count <= 32);
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.bit()?);
        }
        Ok(value)
    }

    /// One byte, u(8).
    pub(crate) fn byte(&mut self) -> Result<u8, BitsError> {
        Ok(self.bits(8)?.to_be_bytes()[3])
    }

    /// Unsigned Exp-Golomb, ue(v): 0..=2^32-2.
    pub(crate) fn ue(&mut self) -> Result<u32, BitsError> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros == 32 {
                return Err(BitsError::ExpGolombTooLong);
            }
        }
        // 31 zeros at most: the largest sum is 2^31 - 1 + 2^31 - 1.
        Ok((1u32 << zeros) - 1 + self.bits(zeros)?)
    }

    /// Signed Exp-Golomb, se(v): 0, 1, -1, 2, -2, …
    pub(crate) fn se(&mut self) -> Result<i64, BitsError> {
        let code = i64::from(self.ue()?);
        Ok(if code & 1 == 1 { (code + 1) / 2 } else { -(code / 2) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb() {
        for (bytes, want) in [
            (&[0b1000_0000][..], Ok(0)),
            (&[0b0100_0000], Ok(1)),
            (&[0b0110_0000], Ok(2)),
            (&[0b0010_1000], Ok(4)),
            (&[0b0000_1000, 0b1000_0000], Ok(16)),
            (&[0, 0, 3, 0, 1, 0xff, 0xff, 0xff, 0xff], Ok(u32::MAX - 1)),
            (&[0b0001_0000], Ok(7)),
            (&[0b0000_0001], Err(BitsError::EndOfData)),
            (&[], Err(BitsError::EndOfData)),
            (&[0, 0, 3, 0, 0, 3, 0x80, 0, 0, 3, 0, 0], Err(BitsError::ExpGolombTooLong)),
        ] {
            assert_eq!(BitReader::new(bytes).ue(), want, "{bytes:02x?}");
        }
    }

    #[test]
    fn signed_exp_golomb() {
        for (bytes, want) in
            [([0b1000_0000], 0), ([0b0100_0000], 1), ([0b0110_0000], -1), ([0b0010_0000], 2), ([0b0010_1000], -2)]
        {
            assert_eq!(BitReader::new(&bytes).se(), Ok(want), "{bytes:02x?}");
        }
    }

    #[test]
    fn emulation_prevention() {
        for (bytes, want) in [
            (&[0, 0, 3, 1][..], &[0, 0, 1][..]),
            (&[0, 0, 3, 0, 0, 3, 3], &[0, 0, 0, 0, 3]),
            (&[0, 0, 3], &[0, 0]),
            (&[0, 0, 3, 0, 3, 5], &[0, 0, 0, 3, 5]),
            (&[0, 3, 0, 3], &[0, 3, 0, 3]),
            (&[3, 0, 0, 2], &[3, 0, 0, 2]),
            (&[0, 0, 0, 3, 5], &[0, 0, 0, 5]),
        ] {
            let mut bits = BitReader::new(bytes);
            let got: Vec<u8> = std::iter::from_fn(|| bits.byte().ok()).collect();
            assert_eq!(got, want, "{bytes:02x?}");
        }
    }
}
