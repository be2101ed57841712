//! NAL units: their header (H.264 §7.3.1, §7.4.1) and the byte stream that separates them by start codes (Annex B).

/// What stands before each NAL unit of [`AccessUnit::data`](super::AccessUnit::data). Always four bytes, so that a
/// consumer can overwrite each with the NAL unit's length (AVCC) in place.
pub const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// `nal_unit_type`, the low five bits of a NAL unit's header (H.264 table 7-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NalUnitType(u8);

impl NalUnitType {
    /// Slice of a picture that is not IDR.
    pub const SLICE: Self = Self(1);
    /// Slice data partition A: the slice header and macroblock headers.
    pub const PARTITION_A: Self = Self(2);
    /// Slice data partition B.
    pub const PARTITION_B: Self = Self(3);
    /// Slice data partition C.
    pub const PARTITION_C: Self = Self(4);
    /// Slice of an IDR picture: decoding can start here.
    pub const IDR: Self = Self(5);
    /// Supplemental enhancement information.
    pub const SEI: Self = Self(6);
    /// Sequence parameter set.
    pub const SPS: Self = Self(7);
    /// Picture parameter set.
    pub const PPS: Self = Self(8);
    /// Access unit delimiter, the first NAL unit of its access unit.
    pub const AUD: Self = Self(9);
    /// End of sequence.
    pub const END_OF_SEQUENCE: Self = Self(10);
    /// End of stream.
    pub const END_OF_STREAM: Self = Self(11);
    /// Filler data, which no consumer wants.
    pub const FILLER: Self = Self(12);

    /// The type in a NAL unit's first byte.
    #[must_use]
    pub const fn of(header: u8) -> Self {
        Self(header & 0x1f)
    }

    /// The number itself, 0..=31.
    #[must_use]
    pub const fn value(self) -> u8 {
        self.0
    }

    /// Whether it carries part of a picture (a VCL NAL unit of the base view, types 1 to 5).
    #[must_use]
    pub const fn is_slice(self) -> bool {
        matches!(self.0, 1..=5)
    }

    /// Whether it begins with a slice header, whose first field is `first_mb_in_slice`: types 1, 2 and 5.
    #[must_use]
    pub const fn has_slice_header(self) -> bool {
        matches!(self.0, 1 | 2 | 5)
    }

    /// Whether it stands before the picture it belongs to, so that it ends the access unit before it (H.264
    /// §7.4.1.2.3): SEI, SPS, PPS and access unit delimiter.
    #[must_use]
    pub const fn precedes_picture(self) -> bool {
        matches!(self.0, 6..=9)
    }
}

/// The NAL units of `annex_b`, whose start codes are four bytes long ([`START_CODE`]), without the start codes.
#[must_use]
pub fn nal_units(annex_b: &[u8]) -> NalUnits<'_> {
    NalUnits { rest: annex_b.get(next_unit(annex_b).saturating_add(START_CODE.len())..).unwrap_or_default() }
}

/// Iterator over NAL units, made by [`nal_units`] and [`AccessUnit::nal_units`](super::AccessUnit::nal_units).
#[derive(Debug, Clone)]
pub struct NalUnits<'a> {
    /// What follows the last start code passed.
    rest: &'a [u8],
}

impl<'a> Iterator for NalUnits<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let (nal_unit, behind) = self.rest.split_at(next_unit(self.rest));
            self.rest = behind.get(START_CODE.len()..).unwrap_or_default();
            if !nal_unit.is_empty() {
                return Some(nal_unit);
            }
        }
        None
    }
}

/// Where the first four-byte start code begins; the length where there is none.
fn next_unit(bytes: &[u8]) -> usize {
    let mut from = 0;
    while let Some(found) = find_start_code(&bytes[from..]) {
        let at = from + found;
        if at > 0 && bytes[at - 1] == 0 {
            return at - 1;
        }
        from = at + 1;
    }
    bytes.len()
}

/// Where the first 00 00 01 begins. Looks at about every third byte of coded video.
pub(crate) fn find_start_code(bytes: &[u8]) -> Option<usize> {
    let mut at = 2;
    while let Some(&byte) = bytes.get(at) {
        at += match byte {
            0 => 1,
            1 if bytes[at - 1] == 0 && bytes[at - 2] == 0 => return Some(at - 2),
            _ => 3,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn types() {
        for (header, want) in [
            (0x67, NalUnitType::SPS),
            (0x68, NalUnitType::PPS),
            (0x65, NalUnitType::IDR),
            (0x41, NalUnitType::SLICE),
            (0x01, NalUnitType::SLICE),
            (0x06, NalUnitType::SEI),
            (0x09, NalUnitType::AUD),
            (0x0c, NalUnitType::FILLER),
        ] {
            assert_eq!(NalUnitType::of(header), want, "header {header:#04x}");
        }
    }

    #[test]
    fn iteration() {
        for (bytes, want) in [
            (&[][..], &[][..]),
            (&[0, 0, 0, 1], &[]),
            (&[0, 0, 0, 1, 0x67], &[&[0x67][..]]),
            (&[9, 9, 0, 0, 0, 1, 0x67], &[&[0x67]]),
            (&[0, 0, 0, 1, 0x67, 0, 0, 0, 1, 0x68, 7], &[&[0x67], &[0x68, 7]]),
            // A trailing zero stays with its NAL unit, so that lengths written over start codes add up.
            (&[0, 0, 0, 1, 0x67, 0, 0, 0, 0, 1, 0x68], &[&[0x67, 0], &[0x68]]),
            (&[0, 0, 0, 1, 0, 0, 0, 1, 0x68, 0, 0, 0], &[&[0x68, 0, 0, 0]]),
            (&[0, 0, 0, 1, 0x65, 2, 0, 0, 1, 3], &[&[0x65, 2, 0, 0, 1, 3]]),
        ] {
            assert_eq!(nal_units(bytes).collect::<Vec<_>>(), want, "{bytes:02x?}");
        }
    }

    proptest! {
        #[test]
        fn start_codes_are_found_where_a_plain_search_finds_them(
            bytes in prop::collection::vec(prop_oneof![4 => Just(0u8), 2 => Just(1u8), 1 => any::<u8>()], 0..80),
        ) {
            let plain = bytes.windows(3).position(|window| window == [0, 0, 1]);
            prop_assert_eq!(find_start_code(&bytes), plain);
        }
    }
}
