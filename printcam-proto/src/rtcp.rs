//! RTCP as a receiver needs it (RFC 3550 §6): lenient in reading a printer's packets, strict in writing ours.
//!
//! [`parse_compound`] reads whatever came in one datagram or interleaved packet. [`write_report_compound`] makes the
//! report that keeps a printer sending, and [`ReportTimer`] says when it is due.

mod compound;
mod goodbye;
mod interval;
mod receiver_report;
mod sender_report;
mod source_description;

pub use compound::{Compound, RtcpError, RtcpPacket, parse_compound, write_goodbye_compound, write_report_compound};
pub use goodbye::Goodbye;
pub use interval::{ReportIntervals, ReportTimer};
pub use receiver_report::{ReceiverReport, ReportBlock, ReportBlocks};
pub use sender_report::SenderReport;
pub use source_description::{Chunk, SourceDescription};
