//! Byte streams of NAL units behind start codes (ITU-T H.264 annex B).

/// A NAL unit together with the start code before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NalUnit<'a> {
    /// The unit with its three-byte start code: still a valid byte stream.
    pub(crate) with_start_code: &'a [u8],
}

impl<'a> NalUnit<'a> {
    /// `nal_unit_type` (H.264 table 7-1); 0 for an empty unit.
    pub(crate) fn kind(self) -> u8 {
        self.payload().first().map_or(0, |header| header & 0x1f)
    }

    /// The unit without start code: header byte and payload.
    pub(crate) fn payload(self) -> &'a [u8] {
        &self.with_start_code[START_CODE.len()..]
    }
}

/// The NAL units of a byte stream, in order. What stands before the first start code is no NAL unit and is skipped.
pub(crate) fn nal_units(data: &[u8]) -> impl Iterator<Item = NalUnit<'_>> {
    let mut start = find_start_code(data, 0);
    std::iter::from_fn(move || {
        let begin = start?;
        start = find_start_code(data, begin + START_CODE.len());
        let mut end = start.unwrap_or(data.len());
        // No NAL unit ends with a zero: these belong to a longer start code, or pad the stream (H.264 §B.1.1).
        while end > begin + START_CODE.len() && data[end - 1] == 0 {
            end -= 1;
        }
        Some(NalUnit { with_start_code: &data[begin..end] })
    })
}

/// Whether these bytes would be read as more than one NAL unit, or as a shorter one, behind a start code.
pub(crate) fn holds_start_code(nal_unit: &[u8]) -> bool {
    nal_unit.windows(3).any(|bytes| matches!(bytes, [0, 0, 0 | 1]))
}

/// Where the next `00 00 01` begins, at `from` or after it.
fn find_start_code(data: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(&third) = data.get(at + 2) {
        // Most third bytes are neither 0 nor 1, and then none of the next three positions can begin a start code.
        match third {
            1 if data[at] == 0 && data[at + 1] == 0 => return Some(at),
            0 => at += 1,
            _ => at += 3,
        }
    }
    None
}

const START_CODE: [u8; 3] = [0, 0, 1];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_nal_unit() {
        let table: [(&[u8], &[&[u8]]); 8] = [
            (&[], &[]),
            (&[0, 0], &[]),
            (&[0, 0, 1], &[&[]]),
            (&[0, 0, 1, 0x65, 7], &[&[0x65, 7]]),
            (&[0, 0, 0, 1, 0x65], &[&[0x65]]),
            (&[9, 9, 0, 0, 1, 0x65, 0, 0, 1, 0x41, 1, 1], &[&[0x65], &[0x41, 1, 1]]),
            (&[0, 0, 0, 1, 0x67, 0, 0, 0, 1, 0x68, 0, 0], &[&[0x67], &[0x68]]),
            (&[0, 0, 1, 0x65, 0, 1, 1, 0, 0, 2, 0, 0, 1], &[&[0x65, 0, 1, 1, 0, 0, 2], &[]]),
        ];
        for (data, want) in table {
            let got: Vec<&[u8]> = nal_units(data).map(NalUnit::payload).collect();
            assert_eq!(got, want, "{data:02x?}");
        }
    }

    #[test]
    fn agrees_with_a_plain_search_on_all_short_streams() {
        // Every string of nine symbols over {0, 1, 2}: all overlaps of start codes there are.
        for number in 0..3_usize.pow(9) {
            let data: Vec<u8> = (0..9).map(|digit| (number / 3_usize.pow(digit) % 3) as u8).collect();
            let plain = (0..data.len()).find(|&at| data[at..].starts_with(&START_CODE));
            assert_eq!(find_start_code(&data, 0), plain, "{data:?}");
        }
    }
}
