//! Receiver report and its blocks (RFC 3550 §6.4.1, §6.4.2).

use super::RtcpError;
use super::compound::write_header;

/// What a receiver says of the sources it hears (RFC 3550 §6.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiverReport<'a> {
    /// SSRC of the one who sends this report.
    pub sender_ssrc: u32,
    /// One block for each source; none if nothing has been received.
    pub blocks: ReportBlocks<'a>,
}

/// Report blocks in the form they have on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReportBlocks<'a>(&'a [[u8; ReportBlock::SIZE]]);

/// Reception of one source (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source this is about.
    pub ssrc: u32,
    /// Packets lost since the previous report, in 1/256 of those expected.
    pub fraction_lost: u8,
    /// Packets expected less packets received since the beginning: 24 bits, negative if many came twice.
    pub cumulative_lost: i32,
    /// Highest sequence number received, with the count of its cycles in the upper 16 bits.
    pub extended_highest_sequence_number: u32,
    /// Interarrival jitter in RTP timestamp units (RFC 3550 A.8).
    pub interarrival_jitter: u32,
    /// The middle 32 bits of the NTP timestamp of the last sender report; 0 if there was none.
    pub last_sr: u32,
    /// Time since that sender report arrived, in 1/65536 s; 0 if there was none.
    pub delay_since_last_sr: u32,
}

impl<'a> ReceiverReport<'a> {
    /// Packet type on the wire.
    pub const PACKET_TYPE: u8 = 201;

    /// Appends it as one RTCP packet. A packet holds at most 31 blocks; those beyond are left out.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let blocks = &self.blocks.0[..self.blocks.0.len().min(MAX_BLOCKS)];
        write_header(out, blocks.len() as u8, Self::PACKET_TYPE, 4 + ReportBlock::SIZE * blocks.len());
        out.extend_from_slice(&self.sender_ssrc.to_be_bytes());
        out.extend_from_slice(blocks.as_flattened());
    }

    /// Reads what follows the RTCP header that announces `count` blocks; what follows the blocks is ignored.
    ///
    /// # Errors
    ///
    /// [`RtcpError::Body`] if they are not all there.
    pub(super) fn parse(count: u8, body: &'a [u8]) -> Result<Self, RtcpError> {
        let count = usize::from(count);
        let truncated =
            RtcpError::Body { packet_type: Self::PACKET_TYPE, needed: 4 + ReportBlock::SIZE * count, got: body.len() };
        let (sender_ssrc, rest) = body.split_first_chunk().ok_or(truncated)?;
        let blocks = rest.as_chunks().0.get(..count).ok_or(truncated)?;
        Ok(Self { sender_ssrc: u32::from_be_bytes(*sender_ssrc), blocks: ReportBlocks(blocks) })
    }
}

impl<'a> ReportBlocks<'a> {
    /// The blocks made by [`ReportBlock::to_bytes`].
    pub const fn new(blocks: &'a [[u8; ReportBlock::SIZE]]) -> Self {
        Self(blocks)
    }

    /// Number of blocks.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The blocks, read one by one.
    pub fn iter(&self) -> impl Iterator<Item = ReportBlock> + use<'a> {
        self.0.iter().map(ReportBlock::parse)
    }
}

impl ReportBlock {
    /// Octets of a block.
    pub const SIZE: usize = 24;

    /// Reads a block; every 24 octets are one.
    pub fn parse(bytes: &[u8; Self::SIZE]) -> Self {
        let &[s3, s2, s1, s0, fraction_lost, l2, l1, l0, ref rest @ ..] = bytes;
        let word = |i: usize| u32::from_be_bytes([rest[i], rest[i + 1], rest[i + 2], rest[i + 3]]);
        Self {
            ssrc: u32::from_be_bytes([s3, s2, s1, s0]),
            fraction_lost,
            // Shifted down from the top, so that the sign comes along.
            cumulative_lost: i32::from_be_bytes([l2, l1, l0, 0]) >> 8,
            extended_highest_sequence_number: word(0),
            interarrival_jitter: word(4),
            last_sr: word(8),
            delay_since_last_sr: word(12),
        }
    }

    /// The block as it is on the wire, with `cumulative_lost` clamped to its 24 bits.
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let [_, l2, l1, l0] = Self::clamp_lost(self.cumulative_lost.into()).to_be_bytes();
        let fraction_and_lost = u32::from_be_bytes([self.fraction_lost, l2, l1, l0]);
        let mut bytes = [0; Self::SIZE];
        let words = [
            self.ssrc,
            fraction_and_lost,
            self.extended_highest_sequence_number,
            self.interarrival_jitter,
            self.last_sr,
            self.delay_since_last_sr,
        ];
        for (octets, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
            *octets = word.to_be_bytes();
        }
        bytes
    }

    /// The nearest number of packets that 24 bits with a sign can hold (RFC 3550 A.3).
    pub(crate) fn clamp_lost(lost: i64) -> i32 {
        lost.clamp(-0x80_0000, 0x7f_ffff) as i32
    }
}

/// What the five bits of the count allow (RFC 3550 §6.4.2).
const MAX_BLOCKS: usize = 31;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BLOCK: ReportBlock = ReportBlock {
        ssrc: 0x0102_0304,
        fraction_lost: 0x05,
        cumulative_lost: 0x06_0708,
        extended_highest_sequence_number: 0x090a_0b0c,
        interarrival_jitter: 0x0d0e_0f10,
        last_sr: 0x1112_1314,
        delay_since_last_sr: 0x1516_1718,
    };

    #[test]
    fn block_is_laid_out_as_in_6_4_1() {
        let want: [u8; 24] = std::array::from_fn(|i| i as u8 + 1);
        assert_eq!(BLOCK.to_bytes(), want);
        assert_eq!(ReportBlock::parse(&want), BLOCK);
    }

    #[test]
    fn loss_is_24_bits_of_twos_complement() {
        for (lost, wire, back) in [
            (0, [0, 0, 0], 0),
            (1, [0, 0, 1], 1),
            (-1, [0xff, 0xff, 0xff], -1),
            (-2, [0xff, 0xff, 0xfe], -2),
            (-256, [0xff, 0xff, 0], -256),
            (0x7f_ffff, [0x7f, 0xff, 0xff], 0x7f_ffff),
            (0x80_0000, [0x7f, 0xff, 0xff], 0x7f_ffff),
            (i32::MAX, [0x7f, 0xff, 0xff], 0x7f_ffff),
            (-0x80_0000, [0x80, 0, 0], -0x80_0000),
            (-0x80_0001, [0x80, 0, 0], -0x80_0000),
            (i32::MIN, [0x80, 0, 0], -0x80_0000),
        ] {
            let block = ReportBlock { cumulative_lost: lost, ..BLOCK };
            let bytes = block.to_bytes();
            assert_eq!(bytes[5..8], wire, "{lost}");
            assert_eq!(bytes[4], BLOCK.fraction_lost, "the octet before it, {lost}");
            assert_eq!(ReportBlock::parse(&bytes).cumulative_lost, back, "{lost}");
        }
    }

    #[test]
    fn more_blocks_than_fit_are_left_out() {
        let blocks = [BLOCK.to_bytes(); 40];
        let mut out = Vec::new();
        let report = ReceiverReport { sender_ssrc: 9, blocks: ReportBlocks::new(&blocks) };
        report.write_to(&mut out);
        assert_eq!(out.len(), 8 + 31 * 24);
        assert_eq!(out[0], 0x80 | 31);
        assert_eq!(ReceiverReport::parse(31, &out[4..]).unwrap().blocks.len(), 31);
    }

    #[test]
    fn every_cut_is_an_error_that_says_what_is_needed() {
        let blocks = [BLOCK.to_bytes(); 2];
        let mut out = Vec::new();
        let report = ReceiverReport { sender_ssrc: 9, blocks: ReportBlocks::new(&blocks) };
        report.write_to(&mut out);
        let body = &out[4..];
        for cut in 0..body.len() {
            let want = RtcpError::Body { packet_type: 201, needed: 52, got: cut };
            assert_eq!(ReceiverReport::parse(2, &body[..cut]), Err(want), "cut at {cut}");
        }
        assert_eq!(ReceiverReport::parse(2, body), Ok(report));
        let extended = [body, &[1, 2, 3, 4]].concat();
        assert_eq!(ReceiverReport::parse(2, &extended), Ok(report), "profile extension");
    }

    proptest! {
        #[test]
        fn blocks_survive_the_wire(bytes: [u8; 24]) {
            prop_assert_eq!(ReportBlock::parse(&bytes).to_bytes(), bytes);
        }
    }
}
