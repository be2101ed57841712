//! Sequence and picture parameter sets in force (ITU-T H.264 §7.3.2.1, §7.3.2.2), and how they change.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::NalUnitType;
use super::bits::BitReader;
pub use super::sps::{ColorMatrix, FrameRate, Sps, SpsError};

/// Longest parameter set taken, in bytes. Real ones have 4 to 60; twelve scaling lists make about 1,500. All 256 picture
/// parameter sets a peer may send then stay within 1 MiB.
pub const MAX_PARAMETER_SET_LEN: usize = 4096;

/// The parameter sets in force for an access unit, as NAL units without start code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterSets {
    /// The sequence parameter set.
    pub sps: Bytes,
    /// Every picture parameter set seen for it, in order of `pic_parameter_set_id`.
    pub pps: Vec<Bytes>,
    /// `sps`, parsed.
    pub info: Sps,
}

impl ParameterSets {
    /// Puts sets together that were obtained elsewhere; parses `sps`.
    ///
    /// # Errors
    /// [`SpsError`] where `sps` is refused.
    pub fn new(sps: Bytes, pps: Vec<Bytes>) -> Result<Self, SpsError> {
        let info = Sps::parse(&sps)?;
        Ok(Self { sps, pps, info })
    }
}

/// Why a parameter set is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterSetError {
    /// A sequence parameter set that is refused.
    #[error(transparent)]
    Sps(#[from] SpsError),
    /// A picture parameter set of [`MAX_PARAMETER_SET_LEN`] bytes or more.
    #[error("picture parameter set of {got} bytes, over {limit}")]
    PpsTooLong {
        /// Its length in bytes.
        got: usize,
        /// [`MAX_PARAMETER_SET_LEN`].
        limit: usize,
    },
    /// A picture parameter set whose identifiers cannot be read.
    #[error("picture parameter set ends too early, after {got} bytes")]
    PpsTruncated {
        /// Its length in bytes.
        got: usize,
    },
    /// Identifiers outside 0..=255 and 0..=31.
    #[error("picture parameter set {id} of sequence parameter set {sps_id}, outside 255 and 31")]
    PpsOutOfRange {
        /// `pic_parameter_set_id`.
        id: u32,
        /// `seq_parameter_set_id`.
        sps_id: u32,
    },
    /// Some other NAL unit.
    #[error("not a parameter set: nal_unit_type {got:?}")]
    NotAParameterSet {
        /// The type of the NAL unit; `None` of an empty one.
        got: Option<u8>,
    },
}

/// Keeps the parameter sets in force, from SDP and from the stream.
///
/// Cameras repeat identical sets before every key frame; only different bytes count as a change, and
/// [`current`](Self::current) gives the same `Arc` until one happens. The latest sequence parameter set is the one in
/// force, with the picture parameter sets that name its id.
#[derive(Debug, Default)]
pub struct ParameterSetTracker {
    sps: Option<(Bytes, Sps)>,
    /// By `pic_parameter_set_id`: at most 256, since the id has been checked.
    pps: BTreeMap<u8, Pps>,
    current: Option<Arc<ParameterSets>>,
    /// `sps` or `pps` changed after `current` was made.
    stale: bool,
}

#[derive(Debug)]
struct Pps {
    sps_id: u8,
    nal_unit: Bytes,
}

impl ParameterSetTracker {
    /// A tracker that knows no parameter sets yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes an SPS or PPS, a NAL unit without start code. Copies it only where it differs from the one known.
    ///
    /// # Errors
    /// [`ParameterSetError`] where it is refused; what was in force stays so.
    pub fn push(&mut self, nal_unit: &[u8]) -> Result<(), ParameterSetError> {
        match nal_unit.first().map(|&header| NalUnitType::of(header)) {
            Some(NalUnitType::SPS) => self.push_sps(nal_unit),
            Some(NalUnitType::PPS) => self.push_pps(nal_unit),
            other => Err(ParameterSetError::NotAParameterSet { got: other.map(NalUnitType::value) }),
        }
    }

    /// The sets in force; `None` until an SPS and a PPS for it have come. A new SPS takes force when it has a PPS.
    pub fn current(&mut self) -> Option<&Arc<ParameterSets>> {
        if std::mem::take(&mut self.stale) {
            self.rebuild();
        }
        self.current.as_ref()
    }

    fn push_sps(&mut self, nal_unit: &[u8]) -> Result<(), ParameterSetError> {
        if self.sps.as_ref().is_some_and(|(known, _)| known == nal_unit) {
            return Ok(());
        }
        let info = Sps::parse(nal_unit)?;
        self.sps = Some((Bytes::copy_from_slice(nal_unit), info));
        self.stale = true;
        Ok(())
    }

    fn push_pps(&mut self, nal_unit: &[u8]) -> Result<(), ParameterSetError> {
        if nal_unit.len() > MAX_PARAMETER_SET_LEN {
            return Err(ParameterSetError::PpsTooLong { got: nal_unit.len(), limit: MAX_PARAMETER_SET_LEN });
        }
        let mut bits = BitReader::new(&nal_unit[1..]);
        let (Ok(id), Ok(sps_id)) = (bits.ue(), bits.ue()) else {
            return Err(ParameterSetError::PpsTruncated { got: nal_unit.len() });
        };
        let (Ok(key), Ok(sps_id @ 0..=31)) = (u8::try_from(id), u8::try_from(sps_id)) else {
            return Err(ParameterSetError::PpsOutOfRange { id, sps_id });
        };
        if self.pps.get(&key).is_some_and(|known| known.nal_unit == nal_unit) {
            return Ok(());
        }
        self.pps.insert(key, Pps { sps_id, nal_unit: Bytes::copy_from_slice(nal_unit) });
        self.stale = true;
        Ok(())
    }

    fn rebuild(&mut self) {
        let Some((sps, info)) = &self.sps else { return };
        let pps: Vec<Bytes> =
            self.pps.values().filter(|pps| pps.sps_id == info.id).map(|pps| pps.nal_unit.clone()).collect();
        if pps.is_empty() {
            return;
        }
        let sets = ParameterSets { sps: sps.clone(), pps, info: info.clone() };
        // Changed and changed back between two pictures is no change.
        if self.current.as_deref() != Some(&sets) {
            self.current = Some(Arc::new(sets));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// X1C, KittyCAD/machine-api trace.
    const X1C_SPS: &[u8] = &[
        0x67, 0x42, 0xc0, 0x1f, 0x8d, 0x8d, 0x50, 0x24, 0x82, 0xd9, 0x36, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00,
        0x00, 0x0f, 0x23, 0xc2, 0x21, 0x1a, 0x80,
    ];
    const X1C_PPS: &[u8] = &[0x68, 0xce, 0x31, 0xb2];

    /// The X1C's SPS with level 4.0.
    fn other_sps() -> Vec<u8> {
        let mut sps = X1C_SPS.to_vec();
        sps[3] = 0x28;
        sps
    }

    fn known() -> (ParameterSetTracker, Arc<ParameterSets>) {
        let mut tracker = ParameterSetTracker::new();
        tracker.push(X1C_SPS).unwrap();
        assert_eq!(tracker.current(), None, "an SPS alone decodes nothing");
        tracker.push(X1C_PPS).unwrap();
        let sets = Arc::clone(tracker.current().unwrap());
        (tracker, sets)
    }

    #[test]
    fn the_same_arc_while_equal() {
        let (mut tracker, first) = known();
        assert_eq!((&first.sps[..], &first.pps[0][..], first.info.width), (X1C_SPS, X1C_PPS, 1168));
        for _ in 0..3 {
            tracker.push(X1C_SPS).unwrap();
            tracker.push(X1C_PPS).unwrap();
            assert!(Arc::ptr_eq(tracker.current().unwrap(), &first));
        }
        // There and back between two pictures.
        tracker.push(&other_sps()).unwrap();
        tracker.push(X1C_SPS).unwrap();
        assert!(Arc::ptr_eq(tracker.current().unwrap(), &first));
        tracker.push(&other_sps()).unwrap();
        assert_eq!(tracker.current().unwrap().info.level_idc, 40);
    }

    #[test]
    fn picture_parameter_sets_are_kept_by_id() {
        let (mut tracker, _) = known();
        // Ids 2 and 1 (ue 011, 010), each of sequence parameter set 0 (ue 1).
        tracker.push(&[0x68, 0b0111_0000, 1]).unwrap();
        tracker.push(&[0x68, 0b0101_0000, 2]).unwrap();
        tracker.push(&[0x68, 0b0111_0000, 3]).unwrap();
        // Id 3 (ue 00100) of sequence parameter set 1 (ue 010) is another one's.
        tracker.push(&[0x68, 0b0010_0010, 4]).unwrap();
        let last: Vec<u8> = tracker.current().unwrap().pps.iter().map(|pps| *pps.last().unwrap()).collect();
        assert_eq!(last, [0xb2, 2, 3]);
    }

    #[test]
    fn a_set_of_another_id_takes_force_with_its_picture_parameter_set() {
        let (mut tracker, first) = known();
        let mut second = X1C_SPS.to_vec();
        // seq_parameter_set_id 1 (ue 010) moves all behind it by two bits; the picture comes out another, but valid.
        second[4] = 0b0100_1101;
        let info = Sps::parse(&second);
        assert!(matches!(info, Ok(Sps { id: 1, .. })), "{info:?}");
        tracker.push(&second).unwrap();
        assert!(Arc::ptr_eq(tracker.current().unwrap(), &first), "no PPS for it yet");
        tracker.push(&[0x68, 0b0010_0010, 4]).unwrap();
        assert_eq!(tracker.current().unwrap().info.id, 1);
        assert_eq!(tracker.current().unwrap().pps.len(), 1);
    }

    #[test]
    fn refused_sets_change_nothing() {
        let too_long_pps = [&[0x68, 0xce][..], &[0xff; MAX_PARAMETER_SET_LEN]].concat();
        let (mut tracker, first) = known();
        for (nal_unit, want) in [
            (&[][..], ParameterSetError::NotAParameterSet { got: None }),
            (&[0x65, 0x88], ParameterSetError::NotAParameterSet { got: Some(5) }),
            (&X1C_SPS[..8], ParameterSetError::Sps(SpsError::Truncated { got: 8 })),
            (&[0x68], ParameterSetError::PpsTruncated { got: 1 }),
            (&[0x68, 0x80], ParameterSetError::PpsTruncated { got: 2 }),
            (&[0x68, 0, 0x80, 0xc0], ParameterSetError::PpsOutOfRange { id: 256, sps_id: 0 }),
            (&[0x68, 0b1000_0010, 0b0001_0000], ParameterSetError::PpsOutOfRange { id: 0, sps_id: 32 }),
            (&too_long_pps, ParameterSetError::PpsTooLong { got: 4098, limit: 4096 }),
        ] {
            assert_eq!(tracker.push(nal_unit), Err(want), "{:02x?}", &nal_unit[..nal_unit.len().min(8)]);
            assert!(Arc::ptr_eq(tracker.current().unwrap(), &first));
        }
    }
}
