//! RTCP as the camera sends it, and as it reads its clients' reports (RFC 3550 §6).

/// What a sender report says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SenderReport {
    pub(crate) ssrc: u32,
    /// NTP timestamp, 32.32 fixed point seconds since 1900.
    pub(crate) ntp: u64,
    pub(crate) rtp_timestamp: u32,
    pub(crate) packet_count: u32,
    pub(crate) octet_count: u32,
}

impl SenderReport {
    /// The compound that cameras send: SR (28 bytes) and SDES with a CNAME.
    pub(crate) fn with_cname(&self, cname: &str) -> Vec<u8> {
        let mut packet = vec![0x80, SENDER_REPORT, 0, 6];
        packet.extend(self.ssrc.to_be_bytes());
        packet.extend(self.ntp.to_be_bytes());
        packet.extend(self.rtp_timestamp.to_be_bytes());
        packet.extend(self.packet_count.to_be_bytes());
        packet.extend(self.octet_count.to_be_bytes());

        let mut chunk = self.ssrc.to_be_bytes().to_vec();
        chunk.extend([CNAME, cname.len() as u8]);
        chunk.extend(cname.bytes());
        // At least one zero ends the items, then zeros up to a whole word.
        chunk.resize(chunk.len() / 4 * 4 + 4, 0);
        packet.extend([0x81, SOURCE_DESCRIPTION, 0, (chunk.len() / 4) as u8]);
        packet.extend(chunk);
        packet
    }
}

pub(crate) fn bye(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x81, BYE, 0, 1];
    packet.extend(ssrc.to_be_bytes());
    packet
}

/// A client's receiver report, as the log keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiverReport {
    /// The reporter's SSRC.
    pub sender_ssrc: u32,
    /// The block about the camera's own SSRC; `None` where the report was empty or about others.
    pub block: Option<ReportBlock>,
    /// Whether the same compound carried a source description, as RFC 3550 §6.1 demands.
    pub with_source_description: bool,
}

/// One report block (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlock {
    /// Of 256, since the report before.
    pub fraction_lost: u8,
    /// Since the beginning; negative where duplicates outweigh losses.
    pub cumulative_lost: i32,
    /// Cycles in the upper 16 bits.
    pub extended_highest_sequence_number: u32,
    /// In RTP timestamp units.
    pub interarrival_jitter: u32,
    /// Middle 32 bits of the NTP timestamp of the last sender report; 0 before the first.
    pub last_sr: u32,
    /// In 1/65536 s.
    pub delay_since_last_sr: u32,
}

impl ReportBlock {
    /// Whether it tells nothing at all, as from a client that only wants to be heard.
    pub(crate) fn is_all_zero(&self) -> bool {
        let ReportBlock { fraction_lost, cumulative_lost, extended_highest_sequence_number, .. } = *self;
        let ReportBlock { interarrival_jitter, last_sr, delay_since_last_sr, .. } = *self;
        let words = [extended_highest_sequence_number, interarrival_jitter, last_sr, delay_since_last_sr];
        fraction_lost == 0 && cumulative_lost == 0 && words == [0; 4]
    }
}

/// The receiver reports of a compound packet; `None` where it is not RTCP at all.
pub(crate) fn receiver_reports(compound: &[u8], about: u32) -> Option<Vec<ReceiverReport>> {
    let mut reports = Vec::new();
    let mut with_source_description = false;
    let mut rest = compound;
    while !rest.is_empty() {
        let &[first, kind, high, low, ..] = rest else {
            return None;
        };
        let length = 4 * (1 + usize::from(u16::from_be_bytes([high, low])));
        let (packet, after) = rest.split_at_checked(length)?;
        if first >> 6 != 2 {
            return None;
        }
        match kind {
            RECEIVER_REPORT => {
                let count = usize::from(first & 0x1f);
                reports.push(parse_report(packet.get(4..)?, count, about)?);
            }
            SOURCE_DESCRIPTION => with_source_description = true,
            _ => {}
        }
        rest = after;
    }
    for report in &mut reports {
        report.with_source_description = with_source_description;
    }
    Some(reports)
}

fn parse_report(body: &[u8], count: usize, about: u32) -> Option<ReceiverReport> {
    let (ssrc, blocks) = body.split_first_chunk()?;
    let blocks = blocks.get(..24 * count)?;
    let block = blocks.chunks_exact(24).find(|block| word(block, 0) == about);
    Some(ReceiverReport {
        sender_ssrc: u32::from_be_bytes(*ssrc),
        block: block.map(|block| ReportBlock {
            fraction_lost: block[4],
            // 24 bits, signed.
            cumulative_lost: (word(block, 1) << 8) as i32 >> 8,
            extended_highest_sequence_number: word(block, 2),
            interarrival_jitter: word(block, 3),
            last_sr: word(block, 4),
            delay_since_last_sr: word(block, 5),
        }),
        with_source_description: false,
    })
}

fn word(block: &[u8], index: usize) -> u32 {
    let bytes = &block[4 * index..4 * index + 4];
    bytes.iter().fold(0, |word, &byte| word << 8 | u32::from(byte))
}

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const BYE: u8 = 203;
/// The SDES item.
const CNAME: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sender_report_and_description() {
        let report = SenderReport {
            ssrc: 0x01020304,
            ntp: 0x1112131415161718,
            rtp_timestamp: 0x21222324,
            packet_count: 5,
            octet_count: 6,
        };
        let want = b"\x80\xc8\x00\x06\x01\x02\x03\x04\x11\x12\x13\x14\x15\x16\x17\x18\
            \x21\x22\x23\x24\x00\x00\x00\x05\x00\x00\x00\x06\
            \x81\xca\x00\x04\x01\x02\x03\x04\x01\x07BL-P001\x00\x00\x00";
        assert_eq!(report.with_cname("BL-P001"), want);
        // Where the text fills the word, a whole word of zeros follows.
        assert_eq!(report.with_cname("ab").len(), 28 + 4 + 4 + 4 + 4);
    }

    #[test]
    fn reads_a_receiver_report() {
        let compound = b"\x81\xc9\x00\x07\xaa\xbb\xcc\xdd\x00\x00\x00\x09\x40\xff\xff\xfe\
            \x00\x01\x00\x02\x00\x00\x00\x63\x12\x34\x56\x78\x00\x01\x00\x00\
            \x81\xca\x00\x02\xaa\xbb\xcc\xdd\x01\x00\x00\x00";
        let block = ReportBlock {
            fraction_lost: 64,
            cumulative_lost: -2,
            extended_highest_sequence_number: 65538,
            interarrival_jitter: 99,
            last_sr: 0x12345678,
            delay_since_last_sr: 65536,
        };
        let want = |block| ReceiverReport { sender_ssrc: 0xaabbccdd, block, with_source_description: true };
        assert_eq!(receiver_reports(compound, 9), Some(vec![want(Some(block))]));
        assert_eq!(receiver_reports(compound, 8), Some(vec![want(None)]), "another source");
    }

    #[test]
    fn cut_packets_are_not_rtcp() {
        let compound = b"\x81\xc9\x00\x07\xaa\xbb\xcc\xdd\x00\x00\x00\x09\x40\xff\xff\xfe\
            \x00\x01\x00\x02\x00\x00\x00\x63\x12\x34\x56\x78\x00\x01\x00\x00";
        for cut in 1..compound.len() {
            assert_eq!(receiver_reports(&compound[..cut], 9), None, "cut at {cut}");
        }
        assert_eq!(receiver_reports(b"\x41\xc9\x00\x01\0\0\0\0", 9), None, "version 1");
        assert_eq!(receiver_reports(b"\x82\xc9\x00\x01\0\0\0\0", 9), None, "missing blocks");
    }
}
