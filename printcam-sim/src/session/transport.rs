//! How media travels: the `Transport` header in both directions.

use std::net::IpAddr;

/// What was agreed on in SETUP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Interleaved { rtp: u8, rtcp: u8 },
    Udp { client: [u16; 2], server: [u16; 2] },
}

impl Transport {
    /// The first offer that can be served; UDP only where there are `server_ports`.
    pub(super) fn choose(offers: &str, server_ports: Option<[u16; 2]>) -> Option<Transport> {
        offers.split(',').find_map(|offer| {
            let mut parts = offer.trim().split(';');
            let profile = parts.next()?;
            let pair = |name: &str| {
                let value = parts.clone().find_map(|part| part.strip_prefix(name)?.strip_prefix('='))?;
                let (first, second) = value.split_once('-')?;
                Some([first.parse::<u16>().ok()?, second.parse::<u16>().ok()?])
            };
            match profile {
                "RTP/AVP/TCP" => {
                    let [rtp, rtcp] = pair("interleaved").unwrap_or([0, 1]);
                    Some(Transport::Interleaved { rtp: rtp.try_into().ok()?, rtcp: rtcp.try_into().ok()? })
                }
                "RTP/AVP" | "RTP/AVP/UDP" if !parts.clone().any(|part| part == "multicast") => {
                    Some(Transport::Udp { client: pair("client_port")?, server: server_ports? })
                }
                _ => None,
            }
        })
    }

    /// The answer's header, as LIVE555 writes it.
    pub(super) fn header(&self, destination: IpAddr, source: IpAddr) -> String {
        let addresses = format!("unicast;destination={destination};source={source}");
        match self {
            Transport::Interleaved { rtp, rtcp } => {
                format!("RTP/AVP/TCP;{addresses};interleaved={rtp}-{rtcp}")
            }
            Transport::Udp { client: [a, b], server: [c, d] } => {
                format!("RTP/AVP;{addresses};client_port={a}-{b};server_port={c}-{d}")
            }
        }
    }

    pub(super) fn is_rtcp_channel(&self, channel: u8) -> bool {
        matches!(self, Transport::Interleaved { rtcp, .. } if *rtcp == channel)
    }
}

/// Appends a `$` unit (RFC 2326 §10.12).
pub(super) fn push_interleaved(units: &mut Vec<u8>, channel: u8, packet: &[u8]) {
    units.extend([b'$', channel]);
    units.extend((packet.len() as u16).to_be_bytes());
    units.extend(packet);
}

/// One `$` unit.
pub(super) fn interleaved(channel: u8, packet: &[u8]) -> Vec<u8> {
    let mut unit = Vec::with_capacity(4 + packet.len());
    push_interleaved(&mut unit, channel, packet);
    unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_and_choices() {
        let server = [6970, 6971];
        let tcp = |rtp, rtcp| Some(Transport::Interleaved { rtp, rtcp });
        let udp = Some(Transport::Udp { client: [5000, 5001], server });
        for (offers, with_udp, without) in [
            ("RTP/AVP/TCP;unicast;interleaved=0-1", tcp(0, 1), tcp(0, 1)),
            ("RTP/AVP/TCP;unicast;interleaved=2-3;mode=play", tcp(2, 3), tcp(2, 3)),
            ("RTP/AVP/TCP;unicast", tcp(0, 1), tcp(0, 1)),
            ("RTP/AVP;unicast;client_port=5000-5001", udp, None),
            ("RTP/AVP/UDP;unicast;client_port=5000-5001", udp, None),
            ("RTP/AVP;unicast;client_port=5000-5001, RTP/AVP/TCP;interleaved=0-1", udp, tcp(0, 1)),
            ("RTP/AVP;multicast;client_port=5000-5001", None, None),
            ("RTP/AVP/TCP;interleaved=0-256", None, None),
            ("RTP/SAVP;unicast", None, None),
            ("", None, None),
        ] {
            assert_eq!(Transport::choose(offers, Some(server)), with_udp, "{offers}");
            assert_eq!(Transport::choose(offers, None), without, "{offers}, no UDP");
        }
    }
}
