//! RTP as a receiver sees it (RFC 3550): packets, wrapping numbers, reception statistics, reordering.
//!
//! A packet's way: [`RtpPacket::parse`] -> [`Reception::record`], which says what the packet's place in the sequence
//! is -> over UDP [`ReorderWindow::push`] -> the depacketizer. Over TCP the order is given and the window is left out.

mod jitter;
mod packet;
mod reception;
mod reorder;
mod sequence_number;
mod sequence_tracker;
mod ssrc_lock;
mod timestamp;
#[cfg(test)]
pub(crate) mod virtual_clock;

pub use jitter::Jitter;
pub use packet::{RtpPacket, RtpPacketError};
pub use reception::{Arrival, Counters, Reception};
pub use reorder::{Pushed, Released, ReorderWindow};
pub use sequence_number::SequenceNumber;
pub use ssrc_lock::{Source, SsrcLock};
pub use timestamp::RtpTimestamp;
