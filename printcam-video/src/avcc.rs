//! NAL units with their lengths before them, as MP4 files have them and VideoToolbox takes them (ISO/IEC 14496-15 §5.3).

use crate::annex_b::NalUnit;

/// Bytes of the length before each NAL unit.
pub(crate) const LENGTH_SIZE: usize = 4;

/// Bytes that [`write`] fills for these NAL units.
pub(crate) fn written_len<'a>(nal_units: impl Iterator<Item = NalUnit<'a>>) -> usize {
    nal_units.map(|nal_unit| LENGTH_SIZE + nal_unit.payload().len()).sum()
}

/// Writes NAL units behind lengths of four bytes, big-endian, to the front of `out`. `None` when they are longer than
/// that.
pub(crate) fn write<'a>(nal_units: impl Iterator<Item = NalUnit<'a>>, mut out: &mut [u8]) -> Option<()> {
    for nal_unit in nal_units {
        let payload = nal_unit.payload();
        let (length, rest) = out.split_first_chunk_mut::<LENGTH_SIZE>()?;
        let (to, rest) = rest.split_at_mut_checked(payload.len())?;
        *length = u32::try_from(payload.len()).ok()?.to_be_bytes();
        to.copy_from_slice(payload);
        out = rest;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annex_b::nal_units;

    const STREAM: [u8; 16] = [0, 0, 0, 1, 0x65, 7, 8, 0, 0, 1, 0x41, 0, 0, 1, 0x41, 9];
    const AVCC: [u8; 18] = [0, 0, 0, 3, 0x65, 7, 8, 0, 0, 0, 1, 0x41, 0, 0, 0, 2, 0x41, 9];

    #[test]
    fn start_codes_become_lengths() {
        let mut out = vec![0; written_len(nal_units(&STREAM))];
        assert_eq!(write(nal_units(&STREAM), &mut out), Some(()));
        assert_eq!(out, AVCC);
    }

    #[test]
    fn too_little_room_is_refused() {
        for len in 0..AVCC.len() {
            assert_eq!(write(nal_units(&STREAM), &mut vec![0; len]), None, "{len} bytes");
        }
    }
}
