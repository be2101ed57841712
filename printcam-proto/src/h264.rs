//! H.264 as RTP carries it (RFC 6184): NAL units, parameter sets, depacketizing, access units.
//!
//! ```text
//! MediaPacket -> Depacketizer (RTP payload -> NAL units) -> Assembler (NAL units -> pictures) -> AccessUnit
//!                                                              |- ParameterSetTracker: the sets in force
//!                                                              '- PresentationClock: a time that never runs back
//! ```

pub mod access_unit;
mod assembler;
mod bits;
pub mod depacketizer;
pub mod nal_unit;
pub mod parameter_sets;
pub mod presentation_time;
pub mod sps;

pub use access_unit::{AccessUnit, Coding};
pub use depacketizer::{Depacketizer, DepacketizerStats, Discard, Marker, MediaPacket};
pub use nal_unit::{NalUnitType, NalUnits};
pub use parameter_sets::{ParameterSetError, ParameterSetTracker, ParameterSets};
pub use presentation_time::PresentationClock;
pub use sps::{ColorMatrix, FrameRate, Sps, SpsError};
