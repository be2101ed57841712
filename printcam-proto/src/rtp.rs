//! RTP as a receiver sees it (RFC 3550): packets, wrapping numbers, reception statistics, reordering.

mod packet;
mod sequence_number;
mod timestamp;
#[cfg(test)]
pub(crate) mod virtual_clock;

pub use packet::{RtpPacket, RtpPacketError};
pub use sequence_number::SequenceNumber;
pub use timestamp::RtpTimestamp;
