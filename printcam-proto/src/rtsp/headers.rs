//! Header fields of an RTSP message, and the few whose values we read (RFC 2326 §12).

use std::time::Duration;

/// Header fields in the order received; names compare without case (RFC 2326 §4.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// Adds a field behind those already there.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// The first field of that name.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Every field of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// All fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The last value, to append a folded line to.
    pub(super) fn last_value_mut(&mut self) -> Option<&mut String> {
        self.0.last_mut().map(|(_, v)| v)
    }

    /// `CSeq`; `None` where it is missing or no number.
    pub fn cseq(&self) -> Option<u32> {
        self.first("CSeq")?.trim().parse().ok()
    }
}

/// The `Session` header (RFC 2326 §12.37): identifier and how long the server keeps a silent session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionHeader {
    /// Opaque, at most [`SessionHeader::MAX_ID`] bytes.
    pub id: String,
    /// As the server said, clamped to 5..=60 s; 60 s where it said nothing (RFC 2326 §12.37).
    pub timeout: Duration,
}

impl SessionHeader {
    /// Longest identifier accepted. RFC 2326 names no bound; real ones have 8 to 32 bytes.
    pub const MAX_ID: usize = 256;

    /// Reads `061546E4;timeout=10`. `None` where there is no usable identifier.
    pub fn parse(value: &str) -> Option<Self> {
        let mut parts = value.split(';').map(str::trim);
        let id = parts.next()?;
        if id.is_empty() || id.len() > Self::MAX_ID || id.contains(|c: char| c.is_control() || c == ' ') {
            return None;
        }
        let seconds = parts
            .filter_map(|p| p.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("timeout"))
            .and_then(|(_, v)| v.trim().parse::<i64>().ok())
            .unwrap_or(60);
        // A lie in either direction would have us hammer the server or lose the session.
        Some(Self { id: id.to_owned(), timeout: Duration::from_secs(seconds.clamp(5, 60) as u64) })
    }
}

/// What the server chose in its `Transport` header (RFC 2326 §12.39).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerTransport {
    /// RTP and RTCP inside the RTSP connection, on these channels.
    Interleaved {
        /// Channel of the RTP packets.
        rtp: u8,
        /// Channel of the RTCP packets.
        rtcp: u8,
    },
    /// RTP and RTCP as datagrams from these ports of the server.
    Udp {
        /// Port the RTP datagrams come from.
        rtp: u16,
        /// Port the RTCP datagrams come from and ours go to.
        rtcp: u16,
    },
}

impl ServerTransport {
    /// Reads the first specification of the header. `None` where it names neither channels nor ports.
    pub fn parse(value: &str) -> Option<Self> {
        let spec = value.split(',').next()?;
        let mut fields = spec.split(';').map(str::trim);
        let protocol = fields.next()?;
        let pair = |name: &str| {
            let (_, v) =
                fields.clone().filter_map(|f| f.split_once('=')).find(|(n, _)| n.eq_ignore_ascii_case(name))?;
            let (a, b) = v.split_once('-').map_or((v, None), |(a, b)| (a, Some(b)));
            let a: u16 = a.trim().parse().ok()?;
            Some((a, b.map_or(Some(a.wrapping_add(1)), |b| b.trim().parse().ok())?))
        };
        if let Some((rtp, rtcp)) = pair("interleaved") {
            return Some(Self::Interleaved { rtp: rtp.try_into().ok()?, rtcp: rtcp.try_into().ok()? });
        }
        if protocol.to_ascii_uppercase().ends_with("/TCP") {
            // RFC 2326 wants the channels named; a server that leaves them out accepted those proposed.
            return Some(Self::Interleaved { rtp: 0, rtcp: 1 });
        }
        match pair("server_port")? {
            (0, _) | (_, 0) => None,
            (rtp, rtcp) => Some(Self::Udp { rtp, rtcp }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_values() {
        for (value, id, seconds) in [
            ("061546E4;timeout=10", "061546E4", 10),
            ("061546E4", "061546E4", 60),
            (" ab ; timeout = 30 ", "ab", 30),
            ("x;timeout=0", "x", 5),
            ("x;timeout=-1", "x", 5),
            ("x;timeout=4294967296", "x", 60),
            ("x;timeout=99999999999999999999", "x", 60),
            ("x;TIMEOUT=15;foo", "x", 15),
        ] {
            let got = SessionHeader::parse(value).expect(value);
            assert_eq!((got.id.as_str(), got.timeout.as_secs()), (id, seconds), "{value}");
        }
        for value in ["", ";timeout=10", "a b", &"x".repeat(10_000)] {
            assert_eq!(SessionHeader::parse(value), None, "{:.20}", value);
        }
    }

    #[test]
    fn transport_values() {
        use ServerTransport::*;
        for (value, want) in [
            (
                "RTP/AVP/TCP;unicast;destination=1.2.3.4;source=5.6.7.8;interleaved=0-1",
                Some(Interleaved { rtp: 0, rtcp: 1 }),
            ),
            ("RTP/AVP/TCP;unicast;interleaved=2-3;ssrc=1234", Some(Interleaved { rtp: 2, rtcp: 3 })),
            ("RTP/AVP/TCP;unicast;interleaved=4", Some(Interleaved { rtp: 4, rtcp: 5 })),
            ("RTP/AVP/TCP;unicast", Some(Interleaved { rtp: 0, rtcp: 1 })),
            ("RTP/AVP/TCP;interleaved=300-301", None),
            ("RTP/AVP;unicast;client_port=5000-5001;server_port=6970-6971", Some(Udp { rtp: 6970, rtcp: 6971 })),
            ("RTP/AVP/UDP;unicast;server_port=6970", Some(Udp { rtp: 6970, rtcp: 6971 })),
            ("RTP/AVP;unicast;server_port=0-1", None),
            ("RTP/AVP;unicast;server_port=65535", None),
            ("RTP/AVP;unicast;client_port=5000-5001", None),
            ("", None),
        ] {
            assert_eq!(ServerTransport::parse(value), want, "{value}");
        }
    }
}
