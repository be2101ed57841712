//! H.264 as RTP carries it (RFC 6184): NAL units, parameter sets, depacketizing, access units.

pub mod access_unit;
pub mod parameter_sets;

pub use access_unit::AccessUnit;
pub use parameter_sets::{ColorMatrix, ParameterSets, Sps};
