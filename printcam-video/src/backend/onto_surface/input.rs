//! What a decoder is given: parameter sets, access units, times.

use bytes::Bytes;

use crate::DecodeError;

/// Four bytes, as the decoders of the platforms want it before parameter sets.
pub(super) const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// NAL units, each behind a start code.
pub(super) fn behind_start_codes<'a>(nal_units: impl IntoIterator<Item = &'a Bytes>) -> Vec<u8> {
    nal_units.into_iter().flat_map(|nal_unit| START_CODE.iter().chain(nal_unit)).copied().collect()
}

/// Writes pieces one behind the other to the beginning of a buffer, of bytes or what else `cell` makes of them. Returns
/// how many there are.
pub(in crate::backend) fn fill<T>(buffer: &mut [T], pieces: &[&[u8]], cell: fn(u8) -> T) -> Result<usize, DecodeError> {
    let (needed, room) = (pieces.iter().map(|piece| piece.len()).sum(), buffer.len());
    if needed > room {
        return Err(DecodeError::InputTooLarge { needed, room });
    }
    for (to, from) in buffer.iter_mut().zip(pieces.iter().copied().flatten()) {
        *to = cell(*from);
    }
    Ok(needed)
}

/// Times for a decoder, in microseconds: each access unit has its own, later than that of the one before.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// Added to what the stream says; sessions begin anew at 0.
    offset: i64,
    last: Option<i64>,
}

impl Times {
    /// For an access unit of this timestamp, in ticks of 90 kHz.
    pub(super) fn next(&mut self, timestamp: u64) -> i64 {
        let micros = i64::try_from(u128::from(timestamp) * 100 / 9).unwrap_or(i64::MAX / 2);
        if let Some(last) = self.last.filter(|&last| micros.saturating_add(self.offset) <= last) {
            self.offset = last + 1 - micros;
        }
        let time = micros.saturating_add(self.offset);
        self.last = Some(time);
        time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_written_or_refused_whole() {
        let refused = |room| Err(DecodeError::InputTooLarge { needed: 3, room });
        let rows = [
            (4, Ok(3), vec![1, 2, 3, 9]),
            (3, Ok(3), vec![1, 2, 3]),
            (2, refused(2), vec![9; 2]),
            (0, refused(0), vec![]),
        ];
        for (room, want, written) in rows {
            let mut buffer = vec![9; room];
            assert_eq!(fill(&mut buffer, &[&[1, 2], &[], &[3]], |byte| byte), want, "{room} bytes of room");
            assert_eq!(buffer, written, "{room} bytes of room");
        }
    }

    #[test]
    fn parameter_sets_stand_behind_start_codes() {
        let sets = [Bytes::from_static(&[0x68, 1]), Bytes::from_static(&[0x68])];
        assert_eq!(behind_start_codes(&sets), [0, 0, 0, 1, 0x68, 1, 0, 0, 0, 1, 0x68]);
    }

    #[test]
    fn times_are_the_streams_and_never_run_backwards() {
        let rows = [
            (0, 0),
            (9, 100),
            (9000, 100_000),
            (9000, 100_001), // two of a time
            (9003, 100_034),
            (0, 100_035), // another session
            (9000, 200_035),
            (u64::MAX, i64::MAX / 2 + 100_035),
            (u64::MAX, i64::MAX / 2 + 100_036),
        ];
        let mut times = Times::default();
        for (row, (timestamp, want)) in rows.into_iter().enumerate() {
            assert_eq!(times.next(timestamp), want, "row {row}");
        }
    }
}
