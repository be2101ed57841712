//! The dialogue of an X1C, as traced by KittyCAD/machine-api: every request to the letter, at every split of the answers.

use std::time::Duration;

use printcam_proto::rtsp::Method;
use printcam_proto::session::{Event, Input, Transport};

use crate::client::*;

const URI: &str = "rtsps://192.168.1.2:322/streaming/live/1";
const AGENT: &str = concat!("User-Agent: printcam/", env!("CARGO_PKG_VERSION"), "\r\n");

/// What follows `Authorization: Digest ` for a method, the response being computed by `md5sum` from RFC 2069 §2.1.2.
fn authorization(uri: &str, response: &str) -> String {
    format!(
        "Authorization: Digest username=\"bblp\", realm=\"LIVE555 Streaming Media\", \
         nonce=\"0123456789abcdef0123456789abcdef\", uri=\"{uri}\", response=\"{response}\"\r\n\r\n"
    )
}

#[test]
fn every_request_to_the_letter() {
    let mut client = Client::new(config(Transport::Tcp));
    let request = client.answer("OPTIONS", "200 OK", PUBLIC);
    assert_eq!(request, format!("OPTIONS {URI} RTSP/1.0\r\nCSeq: 1\r\n{AGENT}\r\n"));
    let request = client.answer("DESCRIBE", "401 Unauthorized", CHALLENGE);
    assert_eq!(request, format!("DESCRIBE {URI} RTSP/1.0\r\nCSeq: 2\r\n{AGENT}Accept: application/sdp\r\n\r\n"));
    let request = client.answer("DESCRIBE", "200 OK", &description(SDP));
    let authorized = authorization(URI, DESCRIBE_RESPONSE);
    assert_eq!(
        request,
        format!("DESCRIBE {URI} RTSP/1.0\r\nCSeq: 3\r\n{AGENT}Accept: application/sdp\r\n{authorized}")
    );
    let request = client.answer("SETUP", "200 OK", SET_UP_TCP);
    let track = format!("{URI}/track1");
    let authorized = authorization(&track, SETUP_RESPONSE);
    let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
    assert_eq!(request, format!("SETUP {track} RTSP/1.0\r\nCSeq: 4\r\n{AGENT}{transport}{authorized}"));
    let request = client.answer("PLAY", "200 OK", PLAYING);
    let presentation = format!("{URI}/");
    let authorized = authorization(&presentation, PLAY_RESPONSE);
    let fields = "Session: 061546E4\r\nRange: npt=0.000-\r\n";
    assert_eq!(request, format!("PLAY {presentation} RTSP/1.0\r\nCSeq: 5\r\n{AGENT}{fields}{authorized}"));
    assert!(client.has_event(|e| matches!(e, Event::Playing { .. })));

    client.input(Input::Leave);
    assert_eq!(client.interleaved().len(), 1, "RR, SDES and BYE");
    let request = client.answer("TEARDOWN", "200 OK", "\r\n");
    assert!(
        request.starts_with(&format!("TEARDOWN {presentation} RTSP/1.0\r\nCSeq: 6\r\n{AGENT}Session: 061546E4\r\n"))
    );
    assert_eq!(client.result, Some(Ok(())));
    let answered: Vec<(Method, u16)> = client.events.iter().filter_map(answer).collect();
    use Method::{Describe, Options, Play, Setup, Teardown};
    let whole = [(Options, 200), (Describe, 401), (Describe, 200), (Setup, 200), (Play, 200), (Teardown, 200)];
    assert_eq!(answered, whole, "told one by one");
}

fn answer(event: &Event) -> Option<(Method, u16)> {
    match event {
        Event::Answered { method, status, .. } => Some((*method, *status)),
        _ => None,
    }
}

/// A sender report, parameter sets and half a picture come before PLAY is answered, in the middle of the answer too.
#[test]
fn media_around_the_answer_to_play_at_every_split() {
    let sps = [
        0x67, 0x42, 0xc0, 0x1f, 0x8d, 0x8d, 0x50, 0x24, 0x82, 0xd9, 0x36, 0x40, 0, 0, 3, 0, 0x40, 0, 0, 0x0f, 0x23,
        0xc2, 0x21, 0x1a, 0x80,
    ];
    let pps = [0x68, 0xce, 0x31, 0xb2];
    let (fu_start, fu_end) = ([0x7c, 0x85, 0x88, 0x84], [0x7c, 0x45, 0x21, 0xa0]);
    let response = format!("RTSP/1.0 200 OK\r\nCSeq: 5\r\n{PLAYING}");
    let (before, after) = response.split_at(20);
    let bytes = [
        interleave(1, &sender_report()),
        interleave(0, &rtp(17, 1000, false, &sps)),
        before.as_bytes().to_vec(),
        interleave(0, &rtp(18, 1000, false, &pps)),
        after.as_bytes().to_vec(),
        interleave(0, &rtp(19, 1000, false, &fu_start)),
        interleave(0, &rtp(20, 1000, true, &fu_end)),
        interleave(0, &rtp(21, 4000, true, SLICE)),
    ]
    .concat();
    for cut in 0..=bytes.len() {
        let mut client = Client::set_up(Transport::Tcp);
        client.request();
        client.receive(&bytes[..cut]);
        client.receive(&bytes[cut..]);
        let units: Vec<_> = client.access_units.iter().map(|u| (u.key_frame, u.timestamp, u.discontinuity)).collect();
        assert_eq!(units, [(true, 0, false), (false, 3000, false)], "cut at {cut}");
        let annex_b = [&[0, 0, 0, 1][..], &sps, &[0, 0, 0, 1], &pps, &[0, 0, 0, 1], KEY_SLICE].concat();
        assert_eq!(client.access_units[0].data, annex_b, "cut at {cut}");
        let info = &client.access_units[0].parameter_sets().unwrap().info;
        assert_eq!((info.width, info.height, info.full_range), (1168, 720, true));
        let statistics = client.session.statistics(client.now);
        assert_eq!(
            (statistics.rtp.received, statistics.rtp.lost, statistics.sender_reports),
            (5, 0, 1),
            "cut at {cut}"
        );
        assert_eq!(client.interleaved().len(), 1, "the sender report is answered at once, cut at {cut}");
        assert!(client.has_event(|e| matches!(e, Event::Named(name) if name == "BL-P001")), "cut at {cut}");
    }
}

/// What a printer reads of us: judged by a parser that is not ours.
#[test]
fn receiver_reports_as_others_read_them() {
    let mut client = Client::playing();
    client.receive(&interleave(1, &sender_report()));
    for (sequence_number, timestamp) in [(17, 1000), (18, 4000), (21, 7000)] {
        client.receive(&interleave(0, &rtp(sequence_number, timestamp, true, SLICE)));
    }
    client.interleaved();
    client.pass(Duration::from_secs(1));
    let reports = client.interleaved();
    let [(1, compound)] = &reports[..] else { panic!("one report on channel 1: {reports:?}") };
    let compound = rtcp_types::Compound::parse(compound).unwrap();
    let mut seen = Vec::new();
    for packet in compound {
        match packet.unwrap() {
            rtcp_types::Packet::Rr(rr) => {
                let block = rr.report_blocks().next().expect("a block");
                assert_eq!(
                    (block.ssrc(), block.cumulative_lost(), block.fraction_lost()),
                    (SSRC, 2, (2 * 256 / 5) as u8)
                );
                assert_eq!(block.extended_sequence_number(), 21);
                assert_eq!(block.last_sender_report_timestamp(), 0x0203_8000, "the middle of the NTP time");
                assert_eq!(block.delay_since_last_sender_report_timestamp(), 65_536, "one second");
                seen.push(format!("RR {}", rr.ssrc() != SSRC));
            }
            rtcp_types::Packet::Sdes(sdes) => {
                let item = sdes.chunks().next().and_then(|chunk| chunk.items().next()).expect("an item");
                seen.push(format!("SDES {}", item.type_()));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen, ["RR true", "SDES 1"]);
}

const DESCRIBE_RESPONSE: &str = "ced753f7a074605c7545485102cbe9ec";
const SETUP_RESPONSE: &str = "8d323230871f6ad53ce36ead4a8b075d";
const PLAY_RESPONSE: &str = "b69750980c0c4b5f9e79cdc83091ad07";
