use proptest::prelude::*;

use super::*;

/// Sender report and source description as a printer's first interleaved packet has them: synthetic, with the sizes
/// and the order of a trace of an X1C.
const PRINTER: &[u8] = b"\x80\xc8\0\x06\0\0\0\x07\xe9\x01\x02\x03\x04\x05\x06\x07\0\x01\x5f\x90\0\0\0\x0a\0\0\x13\x88\
    \x81\xca\0\x03\0\0\0\x07\x01\x05BL-P1\0";
const GOODBYE: &[u8] = b"\x81\xcb\0\x01\0\0\0\x07";
const APP: &[u8] = b"\x80\xcc\0\x02\0\0\0\x07name";

const REPORT: SenderReport = SenderReport {
    ssrc: 7,
    ntp_timestamp: 0xe901_0203_0405_0607,
    rtp_timestamp: crate::rtp::RtpTimestamp::new(90_000),
    packet_count: 10,
    octet_count: 5000,
};

const BLOCK: ReportBlock = ReportBlock {
    ssrc: 0xaabb_ccdd,
    fraction_lost: 12,
    cumulative_lost: 345,
    extended_highest_sequence_number: 0x0002_fffe,
    interarrival_jitter: 4500,
    last_sr: 0x1122_3344,
    delay_since_last_sr: 0x1_8000,
};

/// A short name of each item, for tables.
fn read(bytes: &[u8]) -> Vec<Result<&'static str, RtcpError>> {
    let kind = |packet| match packet {
        RtcpPacket::SenderReport(_) => "SR",
        RtcpPacket::ReceiverReport(_) => "RR",
        RtcpPacket::SourceDescription(_) => "SDES",
        RtcpPacket::Goodbye(_) => "BYE",
        RtcpPacket::Other { .. } => "other",
    };
    parse_compound(bytes).map(|item| item.map(kind)).collect()
}

#[test]
fn a_printers_compound_is_read() {
    let items: Vec<_> = parse_compound(PRINTER).collect();
    let [Ok(RtcpPacket::SenderReport(report)), Ok(RtcpPacket::SourceDescription(description))] = items[..] else {
        panic!("{items:?}");
    };
    assert_eq!(report, REPORT);
    let chunks: Vec<_> = description.chunks().collect();
    assert_eq!(chunks, [super::super::Chunk { ssrc: 7, cname: Some(b"BL-P1") }]);
}

#[test]
fn wrong_packets_are_errors_in_their_place() {
    use RtcpError::*;
    let long_padding = b"\xa0\xcc\0\x01\0\0\0\x05";
    for (name, parts, want) in [
        ("nothing", &[][..], &[][..]),
        ("any order", &[GOODBYE, APP, PRINTER], &[Ok("BYE"), Ok("other"), Ok("SR"), Ok("SDES")]),
        ("header only", &[b"\x80\xcb\0\0", GOODBYE], &[Ok("BYE"), Ok("BYE")]),
        ("length lies", &[GOODBYE, b"\x80\xcb\0\x02\0\0\0\x01"], &[Ok("BYE"), Err(Truncated { needed: 12, got: 8 })]),
        (
            "length lies by all it can",
            &[PRINTER, b"\x80\xc9\xff\xff\0\0\0\x01"],
            &[Ok("SR"), Ok("SDES"), Err(Truncated { needed: 4 + 4 * 65_535, got: 8 })],
        ),
        ("header cut", &[GOODBYE, b"\x80\xcb\0"], &[Ok("BYE"), Err(Truncated { needed: 4, got: 3 })]),
        ("no RTCP", &[GOODBYE, b"GET / HTTP/1.1\r\n", GOODBYE], &[Ok("BYE"), Err(Version { got: 1 })]),
        (
            "sender report too short",
            &[b"\x80\xc8\0\x05", &[0; 20], GOODBYE],
            &[Err(Body { packet_type: 200, needed: 24, got: 20 }), Ok("BYE")],
        ),
        ("sender report without its block", &[b"\x81\xc8\0\x06", &[0; 24], GOODBYE], &[Ok("SR"), Ok("BYE")]),
        (
            "receiver report without its block",
            &[b"\x81\xc9\0\x01\0\0\0\x01", GOODBYE],
            &[Err(Body { packet_type: 201, needed: 28, got: 4 }), Ok("BYE")],
        ),
        (
            "goodbye without its source",
            &[b"\x81\xcb\0\0", GOODBYE],
            &[Err(Body { packet_type: 203, needed: 4, got: 0 }), Ok("BYE")],
        ),
        ("description without chunks", &[b"\x9f\xca\0\0", GOODBYE], &[Ok("SDES"), Ok("BYE")]),
        ("padded", &[b"\xa1\xcb\0\x02\0\0\0\x07\0\0\0\x04", GOODBYE], &[Ok("BYE"), Ok("BYE")]),
        (
            "padding beyond the content",
            &[long_padding, GOODBYE],
            &[Err(Padding { padding: 5, available: 4 }), Ok("BYE")],
        ),
        (
            "padding of 0",
            &[b"\xa0\xcc\0\x01\0\0\0\0", GOODBYE],
            &[Err(Padding { padding: 0, available: 4 }), Ok("BYE")],
        ),
        ("padding with no room", &[b"\xa0\xcc\0\0", GOODBYE], &[Err(Padding { padding: 0, available: 0 }), Ok("BYE")]),
        (
            "padding that eats the source",
            &[b"\xa1\xcb\0\x01\0\0\0\x04", GOODBYE],
            &[Err(Body { packet_type: 203, needed: 4, got: 0 }), Ok("BYE")],
        ),
    ] {
        assert_eq!(read(&parts.concat()), want, "{name}");
    }
}

#[test]
fn every_cut_keeps_the_packets_before_it() {
    let mut whole = PRINTER.to_vec();
    write_goodbye_compound(&mut whole, 9, Some(BLOCK), "printcam");
    let all = read(&whole);
    assert_eq!(all, ["SR", "SDES", "RR", "SDES", "BYE"].map(Ok));
    let mut ends = vec![0];
    while let Some(&[_, _, hi, lo]) = whole.get(ends[ends.len() - 1]..).and_then(|rest| rest.first_chunk()) {
        ends.push(ends[ends.len() - 1] + 4 + 4 * usize::from(u16::from_be_bytes([hi, lo])));
    }
    for cut in 0..whole.len() {
        let items = read(&whole[..cut]);
        let complete = ends.iter().filter(|&&end| 0 < end && end <= cut).count();
        assert_eq!(items[..complete], all[..complete], "cut at {cut}");
        if ends.contains(&cut) {
            assert_eq!(items.len(), complete, "cut at {cut}, between two packets");
        } else {
            let [Err(RtcpError::Truncated { needed, got })] = items[complete..] else {
                panic!("cut at {cut}: {items:?}");
            };
            assert!(got < needed && got == cut - ends[complete], "cut at {cut}");
        }
    }
}

/// Our compounds as another implementation reads them.
mod judged_by_rtcp_types {
    use rtcp_types::{Compound, Packet};

    use super::*;

    fn packets(bytes: &[u8]) -> Vec<Packet<'_>> {
        let compound = Compound::parse(bytes).expect("a valid compound");
        compound.map(|packet| packet.expect("a valid packet")).collect()
    }

    fn judge_report(packet: &Packet<'_>, block: Option<ReportBlock>) {
        let Packet::Rr(report) = packet else {
            panic!("{packet:?}");
        };
        assert_eq!(report.ssrc(), 9);
        assert_eq!(usize::from(report.n_reports()), block.iter().count());
        for (theirs, ours) in report.report_blocks().zip(block) {
            assert_eq!(theirs.ssrc(), ours.ssrc);
            assert_eq!(theirs.fraction_lost(), ours.fraction_lost);
            assert_eq!(theirs.extended_sequence_number(), ours.extended_highest_sequence_number);
            assert_eq!(theirs.interarrival_jitter(), ours.interarrival_jitter);
            assert_eq!(theirs.last_sender_report_timestamp(), ours.last_sr);
            assert_eq!(theirs.delay_since_last_sender_report_timestamp(), ours.delay_since_last_sr);
            // It reads the 24 bits without their sign.
            assert_eq!(theirs.cumulative_lost(), (ours.cumulative_lost & 0xff_ffff) as u32);
        }
    }

    fn judge_description(packet: &Packet<'_>, cname: &str) {
        let Packet::Sdes(description) = packet else {
            panic!("{packet:?}");
        };
        let chunks: Vec<_> = description.chunks().collect();
        assert_eq!(chunks.len(), 1);
        assert_eq!(chunks[0].ssrc(), 9);
        let items: Vec<_> = chunks[0].items().map(|item| (item.type_(), item.value())).collect();
        assert_eq!(items, [(1, cname.as_bytes())]);
    }

    #[test]
    fn report_compound() {
        let negative = ReportBlock { cumulative_lost: -2, ..BLOCK };
        for block in [None, Some(BLOCK), Some(negative)] {
            for cname in ["a", "ab", "abc", "abcd", "printcam@example"] {
                let mut out = Vec::new();
                write_report_compound(&mut out, 9, block, cname);
                let packets = packets(&out);
                assert_eq!(packets.len(), 2, "{cname}");
                judge_report(&packets[0], block);
                judge_description(&packets[1], cname);
            }
        }
    }

    #[test]
    fn goodbye_compound() {
        let mut out = Vec::new();
        write_goodbye_compound(&mut out, 9, Some(BLOCK), "printcam");
        let packets = packets(&out);
        assert_eq!(packets.len(), 3);
        judge_report(&packets[0], Some(BLOCK));
        judge_description(&packets[1], "printcam");
        let Packet::Bye(goodbye) = &packets[2] else {
            panic!("{:?}", packets[2]);
        };
        assert_eq!(goodbye.ssrcs().collect::<Vec<_>>(), [9]);
        assert_eq!(goodbye.reason(), None);
    }

    #[test]
    fn what_it_writes_we_read() {
        use rtcp_types::{
            Bye, RtcpPacketWriter, RtcpPacketWriterExt, Sdes, SdesChunk, SdesItem, SenderReport as Theirs,
        };
        let name = SdesChunk::builder(7).add_item(SdesItem::builder(SdesItem::CNAME, "BL-P1"));
        let compound = rtcp_types::Compound::builder()
            .add_packet(
                Theirs::builder(7)
                    .ntp_timestamp(REPORT.ntp_timestamp)
                    .rtp_timestamp(REPORT.rtp_timestamp.value())
                    .packet_count(REPORT.packet_count)
                    .octet_count(REPORT.octet_count),
            )
            .add_packet(Sdes::builder().add_chunk(name))
            .add_packet(Bye::builder().add_source(7).reason("off"));
        let mut bytes = vec![0; compound.calculate_size().unwrap()];
        compound.write_into(&mut bytes).unwrap();
        let items: Vec<_> = parse_compound(&bytes).map(Result::unwrap).collect();
        let [
            RtcpPacket::SenderReport(report),
            RtcpPacket::SourceDescription(description),
            RtcpPacket::Goodbye(goodbye),
        ] = items[..]
        else {
            panic!("{items:?}");
        };
        assert_eq!(report, REPORT);
        assert_eq!(description.chunks().next().unwrap().cname, Some(&b"BL-P1"[..]));
        assert_eq!((goodbye.ssrcs().next(), goodbye.reason), (Some(7), Some(&b"off"[..])));
    }
}

proptest! {
    /// Random bytes with headers that are likely to be followed, so that the readers behind them are reached.
    #[test]
    fn any_bytes_are_read_to_an_end(
        packets in proptest::collection::vec(
            (0x80_u8..0xc0, 198_u8..206, 0_u8..12, proptest::collection::vec(any::<u8>(), 0..50)),
            0..6,
        ),
    ) {
        let mut bytes = Vec::new();
        for (flags, packet_type, length, body) in packets {
            bytes.extend_from_slice(&[flags, packet_type, 0, length]);
            bytes.extend_from_slice(&body);
        }
        let mut items = 0;
        for item in parse_compound(&bytes) {
            items += 1;
            match item {
                Ok(RtcpPacket::SourceDescription(description)) => {
                    prop_assert!(description.chunks().count() < 32);
                }
                Ok(RtcpPacket::Goodbye(goodbye)) => prop_assert!(goodbye.ssrcs().count() < 32),
                Ok(RtcpPacket::ReceiverReport(report)) => {
                    prop_assert_eq!(report.blocks.iter().count(), report.blocks.len());
                }
                _ => {}
            }
        }
        prop_assert!(items <= bytes.len().div_ceil(4));
    }
}
