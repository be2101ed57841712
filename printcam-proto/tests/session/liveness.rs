//! What keeps a camera sending, and how silence shows.

use std::time::Duration;

use printcam_proto::rtsp::Method;
use printcam_proto::session::{Error, Event, Transport};

use crate::client::*;

const MS: fn(u64) -> Duration = Duration::from_millis;

#[test]
fn reports_each_second_and_each_quarter_in_a_stall() {
    let mut client = Client::playing();
    let mut sequence_number = 0;
    let mut play = |client: &mut Client, milliseconds: u64| {
        for _ in 0..milliseconds / 50 {
            sequence_number += 1;
            client.receive(&interleave(0, &rtp(sequence_number, u32::from(sequence_number) * 4500, true, KEY_SLICE)));
            client.pass(MS(50));
        }
    };
    play(&mut client, 3000);
    client.interleaved();
    play(&mut client, 3000);
    assert_eq!(client.interleaved().len(), 3, "one a second");
    assert!(!client.has_event(|e| matches!(e, Event::Stalled { .. })));

    client.pass(MS(1500));
    assert!(client.has_event(|e| matches!(e, Event::Stalled { .. })), "1.5 s without RTP");
    client.interleaved();
    client.pass(MS(1000));
    assert_eq!(client.interleaved().len(), 4, "four a second");

    play(&mut client, 100);
    assert!(client.has_event(|e| matches!(e, Event::Resumed { .. })));
    let statistics = client.session.statistics(client.now);
    assert_eq!((statistics.stalls, statistics.jitter), (1, Duration::ZERO), "the stall is not jitter");
    assert!((MS(2500)..MS(2600)).contains(&statistics.stalled_for), "{:?}", statistics.stalled_for);
}

#[test]
fn a_stream_that_never_starts_is_stalled() {
    let mut client = Client::playing();
    client.pass(MS(1500));
    assert!(client.has_event(|e| matches!(e, Event::Stalled { .. })));
    client.interleaved();
    client.pass(MS(1000));
    let reports = client.interleaved();
    assert_eq!(reports.len(), 4);
    assert!(reports.iter().all(|(_, rr)| rr[0] & 0x1f == 0), "no block of zeros, which makes an H2C slow down");
}

#[test]
fn keep_alive_each_third_of_the_timeout() {
    for (public, timeout, method, seconds) in [
        (PUBLIC, "timeout=10", "GET_PARAMETER", 10),
        ("Public: OPTIONS, PLAY\r\n\r\n", "timeout=10", "OPTIONS", 10),
        (PUBLIC, "timeout=0", "GET_PARAMETER", 5),
        (PUBLIC, "timeout=4294967296", "GET_PARAMETER", 60),
    ] {
        let mut client = Client::new(config(Transport::Tcp));
        client.answer("OPTIONS", "200 OK", public);
        client.answer("DESCRIBE", "200 OK", &description(SDP));
        client.answer("SETUP", "200 OK", &SET_UP_TCP.replace("timeout=10", timeout));
        client.answer("PLAY", "200 OK", PLAYING);
        for round in 0..3 {
            let third = MS(seconds * 1000) / 3;
            client.pass(third - MS(1));
            client.interleaved();
            assert!(client.sent.is_empty(), "{timeout} {round}: {:?}", client.sent);
            client.pass(MS(1));
            client.interleaved();
            let request = client.answer(method, "200 OK", "\r\n");
            assert!(request.contains("Session: 061546E4"), "{request}");
        }
    }
}

#[test]
fn keep_alive_that_is_not_honoured_and_a_session_that_is_gone() {
    let mut client = Client::playing();
    client.pass(MS(3500));
    client.interleaved();
    client.pass(MS(40));
    client.receive(b"RTSP/1.0 200 OK\r\nCSeq: 99\r\n\r\n");
    client.answer("GET_PARAMETER", "501 Not Implemented", "\r\n");
    let round_trip = client.session.statistics(client.now).round_trip;
    assert_eq!(round_trip, Some(MS(3540) - MS(10_000) / 3), "of the request, and not of a stray answer");
    client.pass(MS(3500));
    client.interleaved();
    client.answer("OPTIONS", "454 Session Not Found", "\r\n");
    assert_eq!(client.error(), Error::SessionExpired);
    assert!(client.sent.is_empty(), "there is nothing to tear down");
}

#[test]
fn an_unanswered_keep_alive_does_not_end_a_stream_that_plays() {
    let mut client = Client::playing();
    for second in 0..40u16 {
        client.receive(&interleave(0, &rtp(second, u32::from(second) * 90_000, true, KEY_SLICE)));
        client.pass(MS(1000));
        client.interleaved();
    }
    assert_eq!(client.result, None);
    let requests = String::from_utf8(client.sent).unwrap().matches("GET_PARAMETER ").count();
    assert!((2..=4).contains(&requests), "it is asked again after 10 s: {requests}");
}

#[test]
fn ten_seconds_for_each_request() {
    let answers: [(&str, &str, String); 4] = [
        ("OPTIONS", "200 OK", PUBLIC.into()),
        ("DESCRIBE", "200 OK", description(SDP)),
        ("SETUP", "200 OK", SET_UP_TCP.into()),
        ("PLAY", "200 OK", PLAYING.into()),
    ];
    let methods = [Method::Options, Method::Describe, Method::Setup, Method::Play];
    for (answered, method) in methods.into_iter().enumerate() {
        let mut client = Client::new(config(Transport::Tcp));
        for (method, status, rest) in &answers[..answered] {
            client.pass(MS(9000));
            client.answer(method, status, rest);
        }
        client.request();
        client.pass(MS(9000));
        client.receive(b"RTSP/1.0 200 OK\r\nServer: one byte at a ti"); // a deadline on the whole message, not on a read
        client.pass(MS(999));
        assert_eq!(client.result, None, "{method}");
        client.pass(MS(1));
        assert_eq!(client.error(), Error::RequestTimedOut { method, after: MS(10_000) });
    }
}
