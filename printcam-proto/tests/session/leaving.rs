//! Every way out gives the session back, if there is one.

use std::time::Duration;

use printcam_proto::rtsp::Method;
use printcam_proto::session::{Error, Input, Transport};

use crate::client::*;

#[test]
fn before_a_session_there_is_nothing_to_give_back() {
    let before: [fn() -> Client; 2] = [
        || Client::new(config(Transport::Tcp)),
        || {
            let mut client = Client::new(config(Transport::Tcp));
            client.answer("OPTIONS", "200 OK", PUBLIC);
            client
        },
    ];
    for (row, client) in before.into_iter().enumerate() {
        let mut client = client();
        client.request();
        client.input(Input::Leave);
        assert_eq!(client.result, Some(Ok(())), "row {row}");
        assert!(client.sent.is_empty(), "row {row}");
    }
}

#[test]
fn a_session_that_is_being_made_is_waited_for_and_ended() {
    for (name, answer, ends_by_teardown) in [
        ("made", "RTSP/1.0 200 OK\r\nCSeq: 4\r\nSession: 061546E4;timeout=10\r\n\r\n", true),
        ("made without a name", "RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n", false),
        ("refused", "RTSP/1.0 461 Unsupported Transport\r\nCSeq: 4\r\n\r\n", false),
        ("unauthorized", "RTSP/1.0 401 Unauthorized\r\nCSeq: 4\r\n\r\n", false),
        ("never answered", "", false),
    ] {
        let mut client = Client::set_up(Transport::Auto);
        assert!(client.request().starts_with("SETUP "), "{name}");
        client.input(Input::Leave);
        assert!(client.sent.is_empty() && client.result.is_none(), "{name}: the answer to SETUP is waited for");
        client.receive(answer.as_bytes());
        if ends_by_teardown {
            let request = client.request();
            assert!(request.starts_with("TEARDOWN ") && request.contains("\r\nSession: 061546E4\r\n"), "{request}");
            assert_eq!(client.result, None, "{name}: its answer is waited for");
            client.receive(b"RTSP/1.0 200 OK\r\nCSeq: 5\r\n\r\n");
        }
        assert_eq!(client.result.is_none(), answer.is_empty(), "{name}: then there is nothing to wait for");
        client.pass(Duration::from_millis(500));
        assert_eq!(client.result, Some(Ok(())), "{name}");
        assert!(client.sent.is_empty(), "{name}");
    }
}

#[test]
fn teardown_and_bye_then_the_end_with_or_without_an_answer() {
    for (name, happens) in [
        ("answered", "RTSP/1.0 200 OK\r\nCSeq: 6\r\n\r\n"),
        ("refused", "RTSP/1.0 454 Session Not Found\r\nCSeq: 6\r\n\r\n"),
        ("unauthorized", "RTSP/1.0 401 Unauthorized\r\nCSeq: 6\r\n\r\n"),
        ("media, then answered", "$\0\0\x01xRTSP/1.0 200 OK\r\nCSeq: 6\r\n\r\n"),
        ("never", ""),
        ("closed", "EOF"),
        ("garbage", "\x01\x02"),
    ] {
        let mut client = Client::playing();
        client.input(Input::Leave);
        let packets = client.interleaved();
        assert_eq!(packets.len(), 1, "{name}");
        assert_eq!(packets[0].1[packets[0].1.len() - 7], 203, "{name}: BYE ends the compound");
        assert!(client.request().starts_with("TEARDOWN "), "{name}");
        client.input(Input::Leave);
        assert!(client.sent.is_empty(), "{name}: once");
        assert_eq!(client.result, None, "{name}: the answer is waited for");
        match happens {
            "EOF" => client.input(Input::EndOfStream),
            text => client.receive(text.as_bytes()),
        }
        client.pass(Duration::from_millis(500));
        assert_eq!(client.result, Some(Ok(())), "{name}");
        client.receive(b"RTSP/1.0 200 OK\r\n\r\n");
        client.input(Input::Tick);
        assert!(client.sent.is_empty(), "{name}: an ended session stays silent");
    }
}

#[test]
fn an_error_gives_the_session_back_where_the_connection_works() {
    let mut client = Client::set_up(Transport::Tcp);
    client.answer("PLAY", "500 Internal Server Error", "\r\n");
    assert_eq!(client.error(), Error::Refused { method: Method::Play, status: 500 });
    assert!(client.request().starts_with("TEARDOWN "));

    let mut client = Client::playing();
    client.input(Input::EndOfStream);
    assert_eq!(client.error(), Error::Closed { during: None });
    assert!(client.sent.is_empty());
}
