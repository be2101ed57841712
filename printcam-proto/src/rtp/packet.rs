//! One RTP packet, borrowed from the bytes it came in (RFC 3550 §5.1, §5.3.1).

use super::{RtpTimestamp, SequenceNumber};

/// An RTP packet; `payload` points into the bytes it was parsed from (RFC 3550 §5.1).
///
/// CSRC list, header extension and padding are checked and skipped: nothing here uses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpPacket<'a> {
    /// Payload type, 0 to 127; what it means stands in the SDP.
    pub payload_type: u8,
    /// Marker bit: for video, the last packet of a picture (RFC 6184 §5.1). Some printers set it wrongly.
    pub marker: bool,
    /// Place in the sequence of packets.
    pub sequence_number: SequenceNumber,
    /// Sampling time in ticks of the payload's clock.
    pub timestamp: RtpTimestamp,
    /// Synchronization source: whose packets these are.
    pub ssrc: u32,
    /// The media without header and padding. Empty is allowed, see [`RtpPacket::parse`].
    pub payload: &'a [u8],
}

/// Why bytes are no RTP packet (RFC 3550 §5.1, A.1). Lengths are octets from the start of the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RtpPacketError {
    /// Not even the fixed header is there.
    #[error("RTP header needs {needed} octets, got {got}")]
    Truncated {
        /// Octets of the fixed header.
        needed: usize,
        /// Octets there are.
        got: usize,
    },
    /// The first two bits are not 2: something else came on this channel.
    #[error("RTP version is 2, got {got}")]
    Version {
        /// The version found.
        got: u8,
    },
    /// The CSRC count goes past the end.
    #[error("RTP packet with its CSRC list needs {needed} octets, got {got}")]
    CsrcList {
        /// Octets up to the end of the list.
        needed: usize,
        /// Octets there are.
        got: usize,
    },
    /// The header extension goes past the end (RFC 3550 §5.3.1).
    #[error("RTP packet with its header extension needs {needed} octets, got {got}")]
    Extension {
        /// Octets up to the end of the extension, or of its own header where that is cut.
        needed: usize,
        /// Octets there are.
        got: usize,
    },
    /// The padding bit is set, and the padding count is zero or larger than what follows the header.
    #[error("RTP padding count is {padding}, with {available} octets after the header")]
    Padding {
        /// The last octet, which counts the padding and itself; 0 also where no octet is left to hold it.
        padding: u8,
        /// Octets after the header.
        available: usize,
    },
}

impl<'a> RtpPacket<'a> {
    /// Parses one packet, which is all of `bytes`: RTP has no length of its own.
    ///
    /// An empty payload is no error, and the payload's reader ignores it. Such a packet has used up a sequence number
    /// (senders pad or probe so); refusing it here would leave a gap, and a gap discards a whole NAL unit.
    ///
    /// # Errors
    ///
    /// [`RtpPacketError`], with what was needed and what was there. The packet is to be dropped; the session goes on.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RtpPacketError> {
        let got = bytes.len();
        let &[flags, kind, s1, s0, t3, t2, t1, t0, c3, c2, c1, c0, ref rest @ ..] = bytes else {
            return Err(RtpPacketError::Truncated { needed: FIXED_HEADER, got });
        };
        if flags >> 6 != VERSION {
            return Err(RtpPacketError::Version { got: flags >> 6 });
        }
        let csrc_list = 4 * usize::from(flags & 0x0f);
        let mut after_header =
            rest.get(csrc_list..).ok_or(RtpPacketError::CsrcList { needed: FIXED_HEADER + csrc_list, got })?;
        if flags & EXTENSION_BIT != 0 {
            after_header = skip_extension(after_header, got)?;
        }
        let payload = if flags & PADDING_BIT != 0 { strip_padding(after_header)? } else { after_header };
        Ok(Self {
            payload_type: kind & 0x7f,
            marker: kind & MARKER_BIT != 0,
            sequence_number: SequenceNumber::new(u16::from_be_bytes([s1, s0])),
            timestamp: RtpTimestamp::new(u32::from_be_bytes([t3, t2, t1, t0])),
            ssrc: u32::from_be_bytes([c3, c2, c1, c0]),
            payload,
        })
    }
}

/// What follows the header extension at the start of `bytes`; `got` is the length of the whole packet, for the error.
fn skip_extension(bytes: &[u8], got: usize) -> Result<&[u8], RtpPacketError> {
    let start = got - bytes.len();
    let &[_, _, hi, lo, ref rest @ ..] = bytes else {
        return Err(RtpPacketError::Extension { needed: start + EXTENSION_HEADER, got });
    };
    // In usize: 65,535 words do not fit the 16 bits they are counted in.
    let length = 4 * usize::from(u16::from_be_bytes([hi, lo]));
    rest.get(length..).ok_or(RtpPacketError::Extension { needed: start + EXTENSION_HEADER + length, got })
}

/// `bytes` without the padding that their last octet counts.
fn strip_padding(bytes: &[u8]) -> Result<&[u8], RtpPacketError> {
    let padding = bytes.last().copied().unwrap_or(0);
    match bytes.len().checked_sub(usize::from(padding)) {
        Some(payload) if padding != 0 => Ok(&bytes[..payload]),
        _ => Err(RtpPacketError::Padding { padding, available: bytes.len() }),
    }
}

const VERSION: u8 = 2;
const FIXED_HEADER: usize = 12;
const EXTENSION_HEADER: usize = 4;
const PADDING_BIT: u8 = 0x20;
const EXTENSION_BIT: u8 = 0x10;
const MARKER_BIT: u8 = 0x80;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Synthetic: marker, payload type 96, sequence number 0x1234, timestamp 0x01020304, SSRC 0xdeadbeef.
    fn packet(flags: u8, after_fixed_header: &[u8]) -> Vec<u8> {
        let mut bytes = vec![flags, 0xe0, 0x12, 0x34, 1, 2, 3, 4, 0xde, 0xad, 0xbe, 0xef];
        bytes.extend_from_slice(after_fixed_header);
        bytes
    }

    const CSRC_2: [u8; 8] = [0, 0, 0, 1, 0, 0, 0, 2];
    const EXTENSION_1: [u8; 8] = [0xbe, 0xde, 0, 1, 0x10, 0xaa, 0, 0];
    const MEDIA: [u8; 3] = [0x65, 0x88, 0x84];

    #[test]
    fn fields_are_read() {
        assert_eq!(
            RtpPacket::parse(&packet(0x80, &MEDIA)),
            Ok(RtpPacket {
                payload_type: 96,
                marker: true,
                sequence_number: SequenceNumber::new(0x1234),
                timestamp: RtpTimestamp::new(0x0102_0304),
                ssrc: 0xdead_beef,
                payload: &MEDIA,
            })
        );
        let mut unmarked = packet(0x80, &MEDIA);
        unmarked[1] = 0x7f;
        let unmarked = RtpPacket::parse(&unmarked).unwrap();
        assert_eq!((unmarked.payload_type, unmarked.marker), (127, false));
    }

    #[test]
    fn payload_lies_between_header_and_padding() {
        for (name, flags, parts, want) in [
            ("plain", 0x80, &[&MEDIA[..]][..], &MEDIA[..]),
            ("CSRC list", 0x82, &[&CSRC_2, &MEDIA], &MEDIA),
            ("extension", 0x90, &[&EXTENSION_1, &MEDIA], &MEDIA),
            ("empty extension", 0x90, &[&[0, 0, 0, 0], &MEDIA], &MEDIA),
            ("padding", 0xa0, &[&MEDIA, &[0, 0, 3]], &MEDIA),
            ("padding of one", 0xa0, &[&MEDIA, &[1]], &MEDIA),
            ("all three", 0xb2, &[&CSRC_2, &EXTENSION_1, &MEDIA, &[9, 2]], &MEDIA),
            ("nothing", 0x80, &[], &[]),
            ("padding only", 0xa0, &[&[0, 0, 0, 4]], &[]),
        ] {
            let bytes = packet(flags, &parts.concat());
            let payload = RtpPacket::parse(&bytes).map(|packet| packet.payload);
            assert_eq!(payload, Ok(want), "{name}");
        }
    }

    #[test]
    fn malformed_packets_say_what_is_wrong() {
        use RtpPacketError::*;
        let fifteen_csrcs = packet(0x8f, &[0; 59]);
        for (name, bytes, want) in [
            ("nothing", &[][..], Truncated { needed: 12, got: 0 }),
            ("11 octets", &packet(0x80, &[])[..11], Truncated { needed: 12, got: 11 }),
            ("version 0", &packet(0x00, &MEDIA), Version { got: 0 }),
            ("version 1", &packet(0x40, &MEDIA), Version { got: 1 }),
            ("version 3", &packet(0xc0, &MEDIA), Version { got: 3 }),
            ("CSRC list past the end", &fifteen_csrcs, CsrcList { needed: 72, got: 71 }),
            ("extension header cut", &packet(0x90, &[0xbe, 0xde, 0]), Extension { needed: 16, got: 15 }),
            ("extension past the end", &packet(0x90, &EXTENSION_1[..7]), Extension { needed: 20, got: 19 }),
            (
                // 4 * 0x4001 is 4 in 16 bits: a wrapped length would find its four octets.
                "extension wrapping 16 bits",
                &packet(0x90, &[0xbe, 0xde, 0x40, 0x01, 1, 2, 3, 4, 5]),
                Extension { needed: 16 + 4 * 0x4001, got: 21 },
            ),
            (
                "longest extension",
                &packet(0x90, &[0xbe, 0xde, 0xff, 0xff, 1, 2, 3, 4]),
                Extension { needed: 16 + 4 * 0xffff, got: 20 },
            ),
            ("padding of 0", &packet(0xa0, &[1, 2, 0]), Padding { padding: 0, available: 3 }),
            ("padding beyond the payload", &packet(0xa0, &[1, 2, 4]), Padding { padding: 4, available: 3 }),
            ("padding bit and nothing behind the header", &packet(0xa0, &[]), Padding { padding: 0, available: 0 }),
            (
                "padding that would reach into the extension",
                &packet(0xb0, &[&EXTENSION_1[..], &[5, 5, 5, 4]].concat()[..11]),
                Padding { padding: 5, available: 3 },
            ),
        ] {
            assert_eq!(RtpPacket::parse(bytes), Err(want), "{name}");
        }
    }

    #[test]
    fn every_cut_is_a_typed_error_or_a_shorter_payload() {
        let whole = packet(0x92, &[&CSRC_2[..], &EXTENSION_1, &MEDIA].concat());
        let header = 12 + 8 + 8;
        for cut in 0..=whole.len() {
            let parsed = RtpPacket::parse(&whole[..cut]);
            let needed = match parsed {
                Ok(packet) => {
                    assert_eq!(packet.payload, &MEDIA[..cut - header], "cut at {cut}");
                    continue;
                }
                Err(
                    RtpPacketError::Truncated { needed, got }
                    | RtpPacketError::CsrcList { needed, got }
                    | RtpPacketError::Extension { needed, got },
                ) => {
                    assert_eq!(got, cut, "cut at {cut}");
                    needed
                }
                Err(other) => panic!("cut at {cut}: {other}"),
            };
            assert!(cut < needed && needed <= header, "cut at {cut}: {needed}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_packet_or_an_error(
            flags in 0x80_u8..0xc0,
            rest in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let bytes = [&[flags][..], &rest].concat();
            if let Ok(packet) = RtpPacket::parse(&bytes) {
                prop_assert!(packet.payload.len() <= bytes.len() - 12);
            }
        }
    }
}
