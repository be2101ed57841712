//! Servers that do what no RFC says.

use std::time::Duration;

use printcam_proto::rtsp::{FramingError, Method};
use printcam_proto::session::{Error, Input, Transport};

use crate::client::*;

#[test]
fn responses_that_belong_to_nothing_are_left_alone() {
    let mut client = Client::new(config(Transport::Tcp));
    client.request();
    for response in [
        "RTSP/1.0 200 OK\r\nCSeq: 99\r\n\r\n",
        "RTSP/1.0 100 Continue\r\nCSeq: 1\r\n\r\n",
        "RTSP/1.0 401 Unauthorized\r\nCSeq: 0\r\n\r\n",
    ] {
        for _ in 0..100 {
            client.receive(response.as_bytes());
        }
        assert!(client.sent.is_empty() && client.result.is_none(), "{response}");
    }
    assert_eq!(client.session.statistics(client.now).stray_messages, 300);
    client.receive(b"RTSP/1.0 200 OK\r\nCSeq : 1 \r\n\r\n");
    assert!(client.request().starts_with("DESCRIBE "), "CSeq among spaces");
    client.receive(b"RTSP/1.0 404 Not Found\r\n\r\n");
    assert_eq!(client.error(), Error::Refused { method: Method::Describe, status: 404 }, "no CSeq: it is ours");
}

#[test]
fn a_flood_of_continue_ends_in_the_timeout() {
    let mut client = Client::new(config(Transport::Tcp));
    for _ in 0..20 {
        client.receive(b"RTSP/1.0 100 Continue\r\nCSeq: 1\r\n\r\n");
        client.pass(Duration::from_millis(500));
    }
    assert!(matches!(client.error(), Error::RequestTimedOut { method: Method::Options, .. }));
}

#[test]
fn requests_of_the_server_are_answered() {
    let mut client = Client::playing();
    for (method, answer) in [
        ("OPTIONS", "RTSP/1.0 200 OK\r\nCSeq: 3\r\nPublic: "),
        ("SET_PARAMETER", "RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n"),
        ("ANNOUNCE", "RTSP/1.0 501 Not Implemented\r\nCSeq: 3\r\n\r\n"),
        ("REDIRECT", "RTSP/1.0 501 Not Implemented\r\nCSeq: 3\r\n\r\n"),
    ] {
        client.receive(format!("{method} * RTSP/1.0\r\nCSeq: 3\r\nContent-Length: 2\r\n\r\nxx").as_bytes());
        assert!(client.request().starts_with(answer), "{method}");
    }
}

#[test]
fn what_is_no_camera() {
    for (bytes, want) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], Error::Framing(FramingError::NotRtsp)),
        (b"\x15\x03\x01\x00\x02\x02\x46", Error::Framing(FramingError::TlsOnPlainPort)),
    ] {
        let mut client = Client::new(config(Transport::Tcp));
        client.receive(bytes);
        assert_eq!(client.error(), want);
    }
    let mut client = Client::new(config(Transport::Tcp));
    client.input(Input::EndOfStream);
    assert_eq!(client.error(), Error::Closed { during: Some(Method::Options) });
}

#[test]
fn descriptions_without_a_picture_for_us() {
    for sdp in ["v=0\r\nm=audio 0 RTP/AVP 0\r\n", "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n", ""] {
        let mut client = Client::new(config(Transport::Tcp));
        client.answer("OPTIONS", "200 OK", PUBLIC);
        client.answer("DESCRIBE", "200 OK", &description(sdp));
        assert!(matches!(client.error(), Error::NoVideo(_)), "{sdp:?}: {:?}", client.error());
    }
}

#[test]
fn hostile_numbers_in_the_answer_to_setup() {
    for rest in
        ["Transport: RTP/AVP/TCP;interleaved=0-1\r\nSession: 1;timeout=-1\r\n\r\n", "Session: 1\r\n\r\n", "\r\n"]
    {
        let mut client = Client::set_up(Transport::Auto);
        client.answer("SETUP", "461 Unsupported Transport", "\r\n");
        client.answer("SETUP", "200 OK", rest);
        client.answer("PLAY", "200 OK", "\r\n");
        client.receive(&interleave(0, &rtp(1, 0, true, KEY_SLICE)));
        assert_eq!(client.access_units.len(), 1, "{rest:?}");
    }
}

/// Any flow of bytes ends in events or an error; never in a panic, never in a wait without a deadline.
#[test]
fn a_damaged_dialogue_never_hangs() {
    let mut random = 1u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    let transcript = [
        format!("RTSP/1.0 200 OK\r\nCSeq: 1\r\n{PUBLIC}RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\n{CHALLENGE}")
            .into_bytes(),
        format!("RTSP/1.0 200 OK\r\nCSeq: 3\r\n{}RTSP/1.0 200 OK\r\nCSeq: 4\r\n{SET_UP_TCP}", description(SDP))
            .into_bytes(),
        interleave(1, &sender_report()),
        format!("RTSP/1.0 200 OK\r\nCSeq: 5\r\n{PLAYING}").into_bytes(),
        interleave(0, &rtp(1, 0, true, KEY_SLICE)),
        interleave(0, &rtp(2, 3000, true, SLICE)),
    ]
    .concat();
    for round in 0..3000 {
        let mut bytes = transcript.clone();
        for _ in 0..=next(4) {
            let at = next(bytes.len());
            match next(3) {
                0 => bytes[at] = next(256) as u8,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, next(256) as u8),
            }
        }
        let mut client = Client::new(config(Transport::Tcp));
        for chunk in bytes.chunks(1 + next(200)) {
            client.receive(chunk);
        }
        assert!(client.result.is_some() || client.session.deadline().is_some(), "round {round} waits for ever");
        client.pass(Duration::from_secs(30));
    }
}
