//! An access unit: the coded form of one picture (H.264 §3.1, RFC 6184 §5.1).

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::ParameterSets;

/// One coded picture, complete and reference-counted; cloning it copies no media.
#[derive(Debug, Clone)]
pub struct AccessUnit {
    /// Presentation time in RTP ticks (90 kHz) since the first access unit of the session; never runs backwards.
    pub timestamp: u64,
    /// When its last packet arrived.
    pub received_at: Instant,
    /// Whether decoding can start here: it holds an IDR picture (`nal_unit_type` 5).
    pub key_frame: bool,
    /// Media was lost between the previous access unit and this one; a decoder that shows only true pictures waits
    /// for the next key frame.
    pub discontinuity: bool,
    /// The parameter sets in force. The same `Arc` as before as long as they are equal.
    pub parameter_sets: Arc<ParameterSets>,
    /// The NAL units as received, each behind a four-byte start code (Annex B); parameter sets only if sent in band.
    pub data: Bytes,
}
