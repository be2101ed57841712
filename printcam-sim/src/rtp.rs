//! H.264 access units as RTP packets (RFC 3550 §5.1, RFC 6184 §5.6 and §5.8).

/// Numbers and stamps the packets of one session.
#[derive(Debug)]
pub(crate) struct Packetizer {
    /// Header and payload, of a packet.
    pub(crate) max_packet: usize,
    pub(crate) ssrc: u32,
    /// Of the next packet.
    pub(crate) sequence_number: u16,
    /// Packets and payload octets so far, as sender reports count them.
    pub(crate) packet_count: u32,
    pub(crate) octet_count: u32,
}

impl Packetizer {
    pub(crate) fn new(max_packet: usize, ssrc: u32, sequence_number: u16) -> Packetizer {
        Packetizer { max_packet: max_packet.max(SMALLEST), ssrc, sequence_number, packet_count: 0, octet_count: 0 }
    }

    /// Appends the packets of one NAL unit: one as it is, or several fragments (FU-A).
    /// `last` says that the access unit ends with it, and sets the marker.
    pub(crate) fn push(&mut self, packets: &mut Vec<Vec<u8>>, nal_unit: &[u8], timestamp: u32, last: bool) {
        if nal_unit.len() <= self.max_packet - HEADER {
            packets.push(self.packet(&[nal_unit], timestamp, last));
            return;
        }
        let (header, body) = (nal_unit[0], &nal_unit[1..]);
        let fragments = body.chunks(self.max_packet - HEADER - 2);
        let count = fragments.len();
        for (index, fragment) in fragments.enumerate() {
            let (start, end) = (index == 0, index == count - 1);
            let indicator = header & 0xe0 | FU_A;
            let fu_header = u8::from(start) << 7 | u8::from(end) << 6 | header & 0x1f;
            let payload = [&[indicator, fu_header], fragment];
            packets.push(self.packet(&payload, timestamp, last && end));
        }
    }

    fn packet(&mut self, payload: &[&[u8]], timestamp: u32, marker: bool) -> Vec<u8> {
        let mut packet = Vec::with_capacity(self.max_packet);
        packet.extend([0x80, u8::from(marker) << 7 | PAYLOAD_TYPE]);
        packet.extend(self.sequence_number.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        packet.extend(payload.iter().copied().flatten());
        self.sequence_number = self.sequence_number.wrapping_add(1);
        self.packet_count = self.packet_count.wrapping_add(1);
        let octets = (packet.len() - HEADER) as u32;
        self.octet_count = self.octet_count.wrapping_add(octets);
        packet
    }
}

const HEADER: usize = 12;
/// With a byte of a fragment.
const SMALLEST: usize = HEADER + 2 + 1;
/// As the description says: `a=rtpmap:96`.
const PAYLOAD_TYPE: u8 = 96;
const FU_A: u8 = 28;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_markers_and_fragments() {
        // NAL unit length -> packet lengths; the type is the IDR slice's.
        for (length, want) in [
            (1, vec![13]),
            (1440, vec![1452]),
            // 1440 bytes after the header: 1438 + 2.
            (1441, vec![1452, 16]),
            (1 + 2 * 1438, vec![1452, 1452]),
            (2 + 2 * 1438, vec![1452, 1452, 15]),
        ] {
            let nal_unit: Vec<u8> = (0..length).map(|i| if i == 0 { 0x65 } else { i as u8 }).collect();
            let mut packets = Vec::new();
            let mut packetizer = Packetizer::new(1452, 0x11223344, 0xffff);
            packetizer.push(&mut packets, &nal_unit, 90_000, true);
            let lengths: Vec<_> = packets.iter().map(Vec::len).collect();
            assert_eq!(lengths, want, "{length}");
            assert_eq!(packetizer.packet_count as usize, packets.len(), "{length}");

            let mut rebuilt = Vec::new();
            for (index, packet) in packets.iter().enumerate() {
                let number = 0xffff_u16.wrapping_add(index as u16);
                assert_eq!(packet[2..4], number.to_be_bytes(), "{length}: sequence");
                assert_eq!(packet[4..12], [0, 1, 0x5f, 0x90, 0x11, 0x22, 0x33, 0x44], "{length}");
                let last = index == packets.len() - 1;
                assert_eq!(packet[1], if last { 0xe0 } else { 0x60 }, "{length}: marker");
                if packets.len() == 1 {
                    rebuilt.extend(&packet[12..]);
                    continue;
                }
                assert_eq!(packet[12], 0x7c, "{length}: FU indicator");
                let flags = u8::from(index == 0) << 7 | u8::from(last) << 6;
                assert_eq!(packet[13], flags | 5, "{length}: FU header");
                if index == 0 {
                    rebuilt.push(0x65);
                }
                rebuilt.extend(&packet[14..]);
            }
            assert_eq!(rebuilt, nal_unit, "{length}");
        }
    }

    #[test]
    fn no_marker_inside_an_access_unit() {
        let mut packets = Vec::new();
        Packetizer::new(1452, 1, 0).push(&mut packets, &[0x67; 2000], 0, false);
        assert!(packets.iter().all(|packet| packet[1] == 0x60));
    }
}
