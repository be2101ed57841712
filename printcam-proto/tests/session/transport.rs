//! UDP first, TCP after a refusal.

use std::time::Duration;

use printcam_proto::rtsp::Method;
use printcam_proto::session::{Error, Event, Input, Transport};

use crate::client::*;

const SET_UP_UDP: &str = "Transport: RTP/AVP;unicast;client_port=50000-50001;server_port=6970-6971\r\n\
                          Session: 061546E4;timeout=10\r\n\r\n";

#[test]
fn auto_asks_for_udp_and_takes_tcp_after_any_refusal() {
    for status in
        ["461 Unsupported Transport", "400 Bad Request", "500 Internal Server Error", "405 Method Not Allowed"]
    {
        let mut client = Client::set_up(Transport::Auto);
        let request = client.answer("SETUP", status, "\r\n");
        assert!(request.contains("\r\nTransport: RTP/AVP;unicast;client_port=50000-50001\r\n"), "{request}");
        let request = client.answer("SETUP", "200 OK", SET_UP_TCP);
        assert!(request.contains("\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"), "{request}");
        client.answer("PLAY", "200 OK", PLAYING);
        assert!(client.has_event(|e| matches!(e, Event::UdpRefused { .. })), "{status}");
        assert_eq!(client.udp, ["bind", "close", "close"], "{status}");
        client.receive(&interleave(0, &rtp(1, 0, true, KEY_SLICE)));
        assert_eq!(client.access_units.len(), 1, "{status}");
    }
}

#[test]
fn no_ports_here_means_tcp() {
    let mut client = Client::new(config(Transport::Auto));
    client.udp_port = None;
    client.answer("OPTIONS", "200 OK", PUBLIC);
    client.answer("DESCRIBE", "200 OK", &description(SDP));
    assert!(client.request().contains("RTP/AVP/TCP"));

    let mut client = Client::new(config(Transport::Udp));
    client.udp_port = None;
    client.answer("OPTIONS", "200 OK", PUBLIC);
    client.answer("DESCRIBE", "200 OK", &description(SDP));
    assert_eq!(client.error(), Error::UdpUnavailable);
}

#[test]
fn udp_or_nothing_says_so() {
    let mut client = Client::set_up(Transport::Udp);
    client.answer("SETUP", "461 Unsupported Transport", "\r\n");
    assert_eq!(client.error(), Error::Refused { method: Method::Setup, status: 461 });

    let mut client = Client::set_up(Transport::Udp);
    client.answer("SETUP", "200 OK", "Transport: RTP/AVP;unicast;client_port=1-2\r\nSession: 1\r\n\r\n");
    assert_eq!(client.error(), Error::UnusableTransport, "no ports of the server");
    assert!(client.request().starts_with("TEARDOWN "), "and the session goes back");
}

#[test]
fn a_server_may_answer_udp_with_tcp() {
    let mut client = Client::set_up(Transport::Auto);
    client.answer("SETUP", "200 OK", SET_UP_TCP);
    client.answer("PLAY", "200 OK", PLAYING);
    client.receive(&interleave(0, &rtp(1, 0, true, KEY_SLICE)));
    assert_eq!(client.access_units.len(), 1);
}

#[test]
fn datagrams_come_back_into_order_and_are_reported_by_datagram() {
    let mut client = Client::set_up(Transport::Auto);
    client.answer("SETUP", "200 OK", SET_UP_UDP);
    assert_eq!(client.udp, ["bind", "connect 6970 6971"]);
    client.answer("PLAY", "200 OK", PLAYING);
    for sequence_number in [10u16, 12, 11, 13] {
        let timestamp = u32::from(sequence_number) * 3000;
        client.input(Input::Rtp(&rtp(sequence_number, timestamp, true, KEY_SLICE)));
    }
    let timestamps: Vec<_> = client.access_units.iter().map(|unit| unit.timestamp).collect();
    assert_eq!(timestamps, [0, 3000, 6000, 9000]);
    assert!(client.access_units.iter().all(|unit| !unit.discontinuity));

    client.input(Input::Rtp(&rtp(15, 45_000, true, KEY_SLICE)));
    assert_eq!(client.access_units.len(), 4, "14 may still come");
    client.pass(Duration::from_millis(200));
    assert_eq!(client.access_units.len(), 5, "but is not waited for very long");
    assert!(client.access_units[4].discontinuity);

    client.input(Input::Rtcp(&sender_report()));
    client.pass(Duration::from_millis(200));
    assert!(!client.datagrams.is_empty(), "the sender report is answered");
    assert!(client.sent.is_empty(), "and not on the connection");
}
