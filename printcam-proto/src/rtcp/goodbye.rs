//! Goodbye (RFC 3550 §6.6).

use super::RtcpError;
use super::compound::write_header;

/// Sources that leave, and why (RFC 3550 §6.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Goodbye<'a> {
    ssrcs: &'a [[u8; 4]],
    /// The reason given, which should be UTF-8. One that is cut off counts as not given.
    pub reason: Option<&'a [u8]>,
}

impl<'a> Goodbye<'a> {
    /// Packet type on the wire.
    pub const PACKET_TYPE: u8 = 203;

    /// The sources that leave; there may be none.
    pub fn ssrcs(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.ssrcs.iter().copied().map(u32::from_be_bytes)
    }

    /// Appends an RTCP packet that says goodbye for one source, without a reason.
    pub fn write_one(out: &mut Vec<u8>, ssrc: u32) {
        write_header(out, 1, Self::PACKET_TYPE, 4);
        out.extend_from_slice(&ssrc.to_be_bytes());
    }

    /// Reads what follows the RTCP header that announces `count` sources.
    ///
    /// # Errors
    ///
    /// [`RtcpError::Body`] if they are not all there.
    pub(super) fn parse(count: u8, body: &'a [u8]) -> Result<Self, RtcpError> {
        let size = 4 * usize::from(count);
        let Some((ssrcs, rest)) = body.split_at_checked(size) else {
            return Err(RtcpError::Body { packet_type: Self::PACKET_TYPE, needed: size, got: body.len() });
        };
        let reason = match *rest {
            [length, ref text @ ..] => text.get(..length.into()),
            [] => None,
        };
        Ok(Self { ssrcs: ssrcs.as_chunks().0, reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_and_reason() {
        for (name, count, body, want_ssrcs, want_reason) in [
            ("no source", 0, &b""[..], &[][..], None),
            ("one", 1, b"\0\0\0\x07", &[7], None),
            ("two with a reason", 2, b"\0\0\0\x07\0\0\0\x08\x03bye", &[7, 8], Some(&b"bye"[..])),
            ("padded reason", 1, b"\0\0\0\x07\x02by\0", &[7], Some(b"by")),
            ("empty reason", 1, b"\0\0\0\x07\0\0\0\0", &[7], Some(b"")),
            ("reason past the end", 1, b"\0\0\0\x07\x04bye", &[7], None),
        ] {
            let goodbye = Goodbye::parse(count, body).unwrap();
            assert_eq!(goodbye.ssrcs().collect::<Vec<_>>(), want_ssrcs, "{name}");
            assert_eq!(goodbye.reason, want_reason, "{name}");
        }
    }

    #[test]
    fn every_cut_of_the_sources_is_an_error() {
        for cut in 0..8 {
            let want = RtcpError::Body { packet_type: 203, needed: 8, got: cut };
            assert_eq!(Goodbye::parse(2, &[0; 8][..cut]), Err(want), "cut at {cut}");
        }
    }

    #[test]
    fn one_source_is_written() {
        let mut out = Vec::new();
        Goodbye::write_one(&mut out, 0x0102_0304);
        assert_eq!(out, [0x81, 203, 0, 1, 1, 2, 3, 4]);
    }
}
