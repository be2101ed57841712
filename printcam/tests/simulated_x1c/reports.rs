//! Receiver reports, as the camera reads them: it stops sending without.

use std::time::{Duration, Instant};

use printcam::{Connection, Event, Transport};
use printcam_sim::{Options, ReceiverReport};

use crate::camera::{last, options, seen, source, start};

#[tokio::test]
async fn come_every_second_with_true_numbers() {
    tokio::join!(watch(Transport::Tcp), watch(Transport::Udp));
}

async fn watch(transport: Transport) {
    let camera = start(Options { fps: 10, ..Options::default() });
    let mut options = options();
    options.transport = transport;
    let mut stream = Connection::open(&source(&camera), &options).await.expect("a stream");
    while !matches!(stream.next().await.expect("no error"), Some(Event::Playing { .. })) {}
    let pictures = tokio::spawn(async move { while !matches!(stream.next().await, Ok(None) | Err(_)) {} });
    let mut before = Instant::now();
    for count in 1..=4 {
        seen(&camera, "a report", move |log| log.clients[0].receiver_report_count >= count).await;
        let gap = before.elapsed();
        // The promise is a second; at 1.8 s the camera stops.
        assert!(gap < Duration::from_millis(1500), "{transport:?}: report {count} came after {gap:?}");
        before = Instant::now();
    }
    let client = last(&camera);
    pictures.abort();

    assert_eq!(client.garbage_packets, 0, "{transport:?}");
    let reports = client.receiver_reports;
    let ssrc = reports[0].sender_ssrc;
    assert!(reports.iter().all(|report| report.with_source_description && report.sender_ssrc == ssrc), "{reports:?}");
    let blocks: Vec<_> = reports.iter().filter_map(|report: &ReceiverReport| report.block).collect();
    assert!(blocks.len() + 1 >= reports.len(), "at most the first has nothing to tell: {reports:?}");
    for (a, b) in blocks.iter().zip(&blocks[1..]) {
        assert!(a.extended_highest_sequence_number < b.extended_highest_sequence_number, "{transport:?}: {blocks:?}");
        assert_eq!((b.fraction_lost, b.cumulative_lost), (0, 0), "{transport:?}: nothing is lost on loopback");
        assert_ne!(b.last_sr, 0, "{transport:?}: the camera has sent a report, and waits to see it acknowledged");
        let delay = b.delay_since_last_sr.wrapping_sub(a.delay_since_last_sr);
        assert!(a.last_sr != b.last_sr || (0xc000..0x1_8000).contains(&delay), "{transport:?}: about 1 s: {blocks:?}");
    }
    let (first, last) = (blocks[0], blocks[blocks.len() - 1]);
    let packets = last.extended_highest_sequence_number - first.extended_highest_sequence_number;
    assert!(u64::from(packets) <= client.rtp_packets && packets > 20, "{packets} of {}", client.rtp_packets);
}
