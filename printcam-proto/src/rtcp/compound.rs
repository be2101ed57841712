//! Compound packets: all RTCP packets of one datagram or interleaved packet (RFC 3550 §6.1, A.2).

use super::{Goodbye, ReceiverReport, ReportBlock, ReportBlocks, SenderReport, SourceDescription};

/// Reads the packets of a compound one by one.
///
/// It is more lenient than A.2: any packet may be the first, and any may be padded. A packet whose content is wrong
/// is an error in its place, and the next one follows. A length that goes past the end, or a header that is none, is
/// the last item: where a next packet would begin is not known.
pub fn parse_compound(bytes: &[u8]) -> Compound<'_> {
    Compound { rest: bytes }
}

/// The packets of a compound; made by [`parse_compound`].
#[derive(Debug, Clone)]
pub struct Compound<'a> {
    rest: &'a [u8],
}

/// One RTCP packet (RFC 3550 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RtcpPacket<'a> {
    /// What a sender says of its stream (§6.4.1).
    SenderReport(SenderReport),
    /// What a receiver says of the sources it hears (§6.4.2).
    ReceiverReport(ReceiverReport<'a>),
    /// Who the sources are (§6.5).
    SourceDescription(SourceDescription<'a>),
    /// Sources that leave (§6.6).
    Goodbye(Goodbye<'a>),
    /// A packet of a type that is not read here, such as APP (204).
    Other {
        /// Packet type on the wire.
        packet_type: u8,
    },
}

/// Why a packet of a compound cannot be read. Lengths are octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RtcpError {
    /// A header is cut, or announces more than there is. The rest of the compound is lost.
    #[error("RTCP packet needs {needed} octets, got {got}")]
    Truncated {
        /// Octets announced, or those of a header.
        needed: usize,
        /// Octets there are.
        got: usize,
    },
    /// The first two bits are not 2: this is no RTCP. The rest of the compound is lost.
    #[error("RTCP version is 2, got {got}")]
    Version {
        /// The version found.
        got: u8,
    },
    /// The padding bit is set, and the padding count is zero or larger than what follows the header.
    #[error("RTCP padding count is {padding}, with {available} octets after the header")]
    Padding {
        /// The last octet, which counts the padding and itself; 0 also where no octet is left to hold it.
        padding: u8,
        /// Octets after the header.
        available: usize,
    },
    /// The content is too short for its type.
    #[error("RTCP packet of type {packet_type} needs {needed} octets after its header, got {got}")]
    Body {
        /// Packet type on the wire.
        packet_type: u8,
        /// Octets needed after the header.
        needed: usize,
        /// Octets there are.
        got: usize,
    },
}

impl<'a> Iterator for Compound<'a> {
    type Item = Result<RtcpPacket<'a>, RtcpError>;

    fn next(&mut self) -> Option<Self::Item> {
        // Whatever is not put back is not read again.
        let bytes = std::mem::take(&mut self.rest);
        if bytes.is_empty() {
            return None;
        }
        let item = split_packet(bytes).and_then(|packet| {
            self.rest = packet.rest;
            let body = strip_padding(packet.flags, packet.body)?;
            read_body(packet.flags & COUNT_BITS, packet.packet_type, body)
        });
        Some(item)
    }
}

impl std::iter::FusedIterator for Compound<'_> {}

struct Split<'a> {
    /// Version, padding bit and count.
    flags: u8,
    packet_type: u8,
    body: &'a [u8],
    /// What follows the packet.
    rest: &'a [u8],
}

fn split_packet(bytes: &[u8]) -> Result<Split<'_>, RtcpError> {
    let got = bytes.len();
    let &[flags, packet_type, hi, lo, ref rest @ ..] = bytes else {
        return Err(RtcpError::Truncated { needed: HEADER, got });
    };
    if flags >> 6 != VERSION {
        return Err(RtcpError::Version { got: flags >> 6 });
    }
    let length = 4 * usize::from(u16::from_be_bytes([hi, lo]));
    let (body, rest) = rest.split_at_checked(length).ok_or(RtcpError::Truncated { needed: HEADER + length, got })?;
    Ok(Split { flags, packet_type, body, rest })
}

fn strip_padding(flags: u8, body: &[u8]) -> Result<&[u8], RtcpError> {
    if flags & PADDING_BIT == 0 {
        return Ok(body);
    }
    let padding = body.last().copied().unwrap_or(0);
    match body.len().checked_sub(padding.into()) {
        Some(length) if padding != 0 => Ok(&body[..length]),
        _ => Err(RtcpError::Padding { padding, available: body.len() }),
    }
}

fn read_body(count: u8, packet_type: u8, body: &[u8]) -> Result<RtcpPacket<'_>, RtcpError> {
    Ok(match packet_type {
        SenderReport::PACKET_TYPE => RtcpPacket::SenderReport(SenderReport::parse(body)?),
        ReceiverReport::PACKET_TYPE => RtcpPacket::ReceiverReport(ReceiverReport::parse(count, body)?),
        SourceDescription::PACKET_TYPE => RtcpPacket::SourceDescription(SourceDescription::new(count, body)),
        Goodbye::PACKET_TYPE => RtcpPacket::Goodbye(Goodbye::parse(count, body)?),
        packet_type => RtcpPacket::Other { packet_type },
    })
}

/// Appends the compound that reports what was received: a receiver report, which is empty without a block, and our
/// CNAME (RFC 3550 §6.1).
pub fn write_report_compound(out: &mut Vec<u8>, sender_ssrc: u32, block: Option<ReportBlock>, cname: &str) {
    let block = block.map(|block| block.to_bytes());
    let report = ReceiverReport { sender_ssrc, blocks: ReportBlocks::new(block.as_slice()) };
    report.write_to(out);
    SourceDescription::write_cname(out, sender_ssrc, cname);
}

/// Appends the compound that ends our part: report, CNAME and goodbye (RFC 3550 §6.1, §6.6).
pub fn write_goodbye_compound(out: &mut Vec<u8>, sender_ssrc: u32, block: Option<ReportBlock>, cname: &str) {
    write_report_compound(out, sender_ssrc, block, cname);
    Goodbye::write_one(out, sender_ssrc);
}

/// Appends the header of a packet with `length` octets after it, a multiple of four (RFC 3550 §6.4.1).
pub(super) fn write_header(out: &mut Vec<u8>, count: u8, packet_type: u8, length: usize) {
    debug_assert!(count < 32 && length.is_multiple_of(4), "{count}, {length}");
    // The largest is a report of 31 blocks: 187 words.
    let [.., hi, lo] = (length / 4).to_be_bytes();
    out.extend_from_slice(&[VERSION << 6 | count, packet_type, hi, lo]);
}

const VERSION: u8 = 2;
const HEADER: usize = 4;
const PADDING_BIT: u8 = 0x20;
const COUNT_BITS: u8 = 0x1f;

#[cfg(test)]
mod tests;
