//! Sender report (RFC 3550 §6.4.1).

use super::RtcpError;
use crate::rtp::RtpTimestamp;

/// What a sender says of its stream, without the report blocks: we send nothing they could be about
/// (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderReport {
    /// The sender's SSRC.
    pub ssrc: u32,
    /// Wall clock in 1/2^32 s since 1900 when this was sent; 0 from a sender that has none.
    pub ntp_timestamp: u64,
    /// The same instant in the ticks of its RTP timestamps.
    pub rtp_timestamp: RtpTimestamp,
    /// RTP packets sent so far, modulo 2^32.
    pub packet_count: u32,
    /// Payload octets sent so far, without headers and padding, modulo 2^32.
    pub octet_count: u32,
}

impl SenderReport {
    /// Packet type on the wire.
    pub const PACKET_TYPE: u8 = 200;

    /// Reads what follows the RTCP header. Report blocks are neither read nor required to be there.
    ///
    /// # Errors
    ///
    /// [`RtcpError::Body`] below 24 octets.
    pub(super) fn parse(body: &[u8]) -> Result<Self, RtcpError> {
        let Some((words, _)) = body.as_chunks::<4>().0.split_first_chunk() else {
            return Err(RtcpError::Body { packet_type: Self::PACKET_TYPE, needed: 24, got: body.len() });
        };
        let [ssrc, ntp_seconds, ntp_fraction, rtp_timestamp, packet_count, octet_count] = words.map(u32::from_be_bytes);
        Ok(Self {
            ssrc,
            ntp_timestamp: u64::from(ntp_seconds) << 32 | u64::from(ntp_fraction),
            rtp_timestamp: RtpTimestamp::new(rtp_timestamp),
            packet_count,
            octet_count,
        })
    }
}
