use super::super::virtual_clock::{epoch, ms};
use super::*;

const OURS: u32 = 0xa;
const OTHER: u32 = 0xb;

/// A packet of ten octets, one picture (40 ms) for each sequence number.
fn packet(ssrc: u32, sequence_number: u16) -> RtpPacket<'static> {
    RtpPacket {
        payload_type: 96,
        marker: true,
        sequence_number: sequence_number.into(),
        timestamp: (u32::from(sequence_number) * 3600).into(),
        ssrc,
        payload: &[7; 10],
    }
}

fn sender_report(ssrc: u32, ntp_timestamp: u64) -> SenderReport {
    SenderReport { ssrc, ntp_timestamp, rtp_timestamp: 0.into(), packet_count: 0, octet_count: 0 }
}

/// Records packets 40 ms apart; returns what was said of each.
fn record_all(reception: &mut Reception, start: Instant, packets: &[(u32, u16)]) -> Vec<Arrival> {
    (0..).zip(packets).map(|(i, &(ssrc, number))| reception.record(start + ms(40 * i), &packet(ssrc, number))).collect()
}

#[test]
fn arrivals_and_their_counters() {
    use Arrival::*;
    let mut reception = Reception::new(90_000);
    for (name, number, want, counted) in [
        ("first", 65530, InOrder, (1, 0, 0, 0, 0)),
        ("next", 65531, InOrder, (2, 0, 0, 0, 0)),
        ("gap over the wrap", 1, Gap { lost: 5 }, (3, 5, 0, 0, 0)),
        ("late", 65534, Late, (4, 4, 1, 0, 0)),
        ("late again", 65534, Duplicate, (5, 4, 1, 1, 0)),
        ("repeated", 1, Duplicate, (6, 4, 1, 2, 0)),
        ("late, older", 65532, Late, (7, 3, 2, 2, 0)),
        ("jump", 40_000, OutOfRange, (7, 3, 2, 2, 1)),
        ("jump confirmed", 40_001, Resync, (8, 3, 2, 2, 1)),
        ("gap after it", 40_003, Gap { lost: 1 }, (9, 4, 2, 2, 1)),
    ] {
        assert_eq!(reception.record(epoch(), &packet(OURS, number)), want, "{name}");
        let Counters { received, bytes, lost, late, duplicate, out_of_range, foreign } = reception.counters();
        assert_eq!((received, lost, late, duplicate, out_of_range), counted, "{name}");
        assert_eq!((bytes, foreign), (10 * received, 0), "{name}");
    }
}

#[test]
fn duplicate_storm_changes_only_its_counter() {
    let start = epoch();
    let mut reception = Reception::new(90_000);
    record_all(&mut reception, start, &[(OURS, 10), (OURS, 12), (OURS, 13)]);
    let jitter = reception.jitter();
    for i in 0..100_000 {
        let copy = packet(OURS, [10, 12, 13][i % 3]);
        let arrival = reception.record(start + ms(80 + i as u64), &copy);
        assert_eq!(arrival, Arrival::Duplicate, "copy {i}");
    }
    let counters = reception.counters();
    assert_eq!((counters.received, counters.duplicate, counters.lost), (100_003, 100_000, 1));
    let block = reception.report_block(start).unwrap();
    assert_eq!((block.fraction_lost, block.cumulative_lost, block.interarrival_jitter), (0, 4 - 100_003, jitter));
}

#[test]
fn cumulative_loss_stays_within_24_bits() {
    let start = epoch();
    let mut reception = Reception::new(90_000);
    reception.record(start, &packet(OURS, 0));
    let mut number = 0_u16;
    // 2998 lost each time: 8,394,400 in all, past 2^23 - 1 = 8,388,607.
    for _ in 0..2800 {
        number = number.wrapping_add(2999);
        reception.record(start, &packet(OURS, number));
    }
    assert_eq!(reception.counters().lost, 2800 * 2998);
    assert_eq!(reception.report_block(start).unwrap().cumulative_lost, 0x7f_ffff);
}

#[test]
fn report_block_worked_out_by_hand() {
    let start = epoch();
    let mut reception = Reception::new(90_000);
    assert_eq!(reception.report_block(start), None, "nothing received");
    assert!(reception.record_sender_report(start, &sender_report(OURS, 0x1122_3344_5566_7788)));
    assert_eq!(reception.report_block(start), None, "a sender report is no packet");

    // 65533 to 0, 65535 lost. The last is 10 ms late: 900 ticks, a sixteenth of which is 56.
    for (at, number) in [(0, 65533), (40, 65534), (130, 0)] {
        let mut packet = packet(OURS, number);
        packet.timestamp = (u32::from(number.wrapping_sub(65533)) * 3600).into();
        reception.record(start + ms(at), &packet);
    }
    let block = reception.report_block(start + ms(1500)).unwrap();
    assert_eq!(
        block,
        ReportBlock {
            ssrc: OURS,
            // 1 of 4.
            fraction_lost: 64,
            cumulative_lost: 1,
            extended_highest_sequence_number: 0x1_0000,
            interarrival_jitter: 56,
            last_sr: 0x3344_5566,
            delay_since_last_sr: 0x1_8000,
        }
    );
    let second = reception.report_block(start + ms(1750)).unwrap();
    assert_eq!(
        second,
        ReportBlock { fraction_lost: 0, delay_since_last_sr: 0x1_c000, ..block },
        "a second report with nothing in between"
    );
    reception.forget_jitter();
    assert_eq!(reception.report_block(start + ms(1750)).unwrap().interarrival_jitter, 0);
}

#[test]
fn last_sender_report_and_its_delay() {
    let start = epoch();
    let hour = 3_600_000;
    for (name, reports, asked_at, want) in [
        ("none", &[][..], 0, (0, 0)),
        ("one", &[(0, OURS, 0xdead_beef_cafe_f00d)], 1, (0xbeef_cafe, 65)),
        ("the newer", &[(0, OURS, 5 << 16), (500, OURS, 6 << 16)], 1000, (6, 0x8000)),
        ("going backwards", &[(0, OURS, 9 << 16), (500, OURS, 8 << 16)], 750, (8, 0x4000)),
        ("NTP 0", &[(0, OURS, 0)], 1000, (0, 0)),
        ("NTP 0 after a proper one", &[(0, OURS, 5 << 16), (0, OURS, 0)], 1000, (0, 0)),
        ("foreign", &[(0, OURS, 5 << 16), (500, OTHER, 6 << 16)], 1000, (5, 0x1_0000)),
        ("after the question", &[(500, OURS, 5 << 16)], 0, (5, 0)),
        ("18.2 hours ago", &[(0, OURS, 5 << 16)], 18 * hour + hour / 4, (5, u32::MAX)),
    ] {
        let mut reception = Reception::new(90_000);
        reception.record(start, &packet(OURS, 1));
        for &(at, ssrc, ntp_timestamp) in reports {
            let ours = reception.record_sender_report(start + ms(at), &sender_report(ssrc, ntp_timestamp));
            assert_eq!(ours, ssrc == OURS, "{name}");
        }
        let block = reception.report_block(start + ms(asked_at)).unwrap();
        assert_eq!((block.last_sr, block.delay_since_last_sr), want, "{name}");
    }
}

#[test]
fn sender_report_before_the_first_packet_counts_if_it_is_from_the_same_source() {
    for (ssrc, want) in [(OURS, 5), (OTHER, 0)] {
        let mut reception = Reception::new(90_000);
        assert!(reception.record_sender_report(epoch(), &sender_report(ssrc, 5 << 16)));
        reception.record(epoch(), &packet(OURS, 1));
        assert_eq!(reception.report_block(epoch()).unwrap().last_sr, want, "from {ssrc:#x}");
    }
}

#[test]
fn foreign_packets_disturb_nothing() {
    let start = epoch();
    let mut reception = Reception::new(90_000);
    let packets = [(OURS, 10), (OTHER, 900), (OURS, 11), (OTHER, 12), (OURS, 12), (OTHER, 40_000)];
    let arrivals = record_all(&mut reception, start, &packets);
    assert_eq!(arrivals, [Arrival::InOrder, Arrival::Foreign].repeat(3));
    assert_eq!(reception.ssrc(), Some(OURS));
    let counters = reception.counters();
    assert_eq!((counters.received, counters.lost, counters.foreign), (3, 0, 3));
    assert_eq!(reception.report_block(start).unwrap().ssrc, OURS);
}

#[test]
fn change_of_source_starts_over_but_keeps_the_totals() {
    let start = epoch();
    let mut reception = Reception::new(90_000);
    record_all(&mut reception, start, &[(OURS, 10), (OURS, 13)]);
    reception.record_sender_report(start, &sender_report(OURS, 5 << 16));
    let others: Vec<_> = (500..508).map(|number| (OTHER, number)).collect();
    let arrivals = record_all(&mut reception, start + ms(900), &others);
    assert_eq!(arrivals[..7], [Arrival::Foreign; 7]);
    assert_eq!(arrivals[7], Arrival::SourceChanged);
    assert_eq!(reception.record(start + ms(1220), &packet(OTHER, 508)), Arrival::InOrder);

    let block = reception.report_block(start + ms(1220)).unwrap();
    assert_eq!(
        block,
        ReportBlock {
            ssrc: OTHER,
            fraction_lost: 0,
            cumulative_lost: 0,
            extended_highest_sequence_number: 508,
            interarrival_jitter: 0,
            last_sr: 0,
            delay_since_last_sr: 0,
        }
    );
    let counters = reception.counters();
    assert_eq!((counters.received, counters.lost, counters.foreign), (4, 2, 7));
}

#[test]
fn resync_forgets_the_jitter() {
    let start = epoch();
    let mut reception = Reception::new(90_000);
    record_all(&mut reception, start, &[(OURS, 10), (OURS, 12)]);
    assert_ne!(reception.jitter(), 0, "80 ms of timestamp in 40 ms");
    record_all(&mut reception, start + ms(9000), &[(OURS, 30_000), (OURS, 30_001), (OURS, 30_002)]);
    assert_eq!(reception.jitter(), 0);
}
