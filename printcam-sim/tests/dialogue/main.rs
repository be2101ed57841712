//! The X1C's dialogue over real sockets, compared with the trace byte by byte where it is fixed.

#[path = "../peer/any_certificate.rs"]
mod any_certificate;
mod client;

use std::io::{ErrorKind, Write as _};
use std::net::{Ipv4Addr, TcpStream, UdpSocket};
use std::time::Duration;

use client::{Client, Unit, authorization, connect, connect_tls, header, without_date};
use printcam_sim::{Certificate, Encryption, Ending, Fault, FaultKind, Options, Simulator};

const SOON: Duration = Duration::from_secs(10);
const PUBLIC: &str = "OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER";

fn start(options: Options) -> Simulator {
    Simulator::start(options).expect("a camera")
}

/// OPTIONS and both DESCRIBEs; gives the challenge and the description's response.
fn describe<S: std::io::Read + std::io::Write>(client: &mut Client<S>, uri: &str, code: &str) -> (String, String) {
    let response = client.ask("DESCRIBE", uri, &["Accept: application/sdp"]);
    let challenge = header(&response, "WWW-Authenticate").expect("a challenge").to_owned();
    let credentials = authorization(&challenge, code, "DESCRIBE", uri);
    let response = client.ask("DESCRIBE", uri, &["Accept: application/sdp", &credentials]);
    (challenge, response)
}

#[test]
fn the_whole_dialogue_as_traced() {
    let camera = start(Options::default());
    let uri = camera.url();
    let mut client = Client::new(connect_tls(&camera));

    let response = client.ask("OPTIONS", &uri, &[]);
    assert_eq!(without_date(&response), format!("RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: {PUBLIC}\r\n\r\n"));

    let response = client.ask("DESCRIBE", &uri, &[]);
    let challenge = header(&response, "WWW-Authenticate").expect("a challenge").to_owned();
    let nonce = challenge.split('"').nth(3).expect("a nonce");
    assert!(nonce.len() == 32 && nonce.bytes().all(|b| b.is_ascii_hexdigit()), "{nonce}");
    assert_eq!(
        without_date(&response),
        format!(
            "RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Digest \
             realm=\"LIVE555 Streaming Media\", nonce=\"{nonce}\"\r\n\r\n"
        )
    );

    let credentials = |method, uri: &str| authorization(&challenge, "12345678", method, uri);
    let response = client.ask("DESCRIBE", &uri, &[&credentials("DESCRIBE", &uri)]);
    let session_id = response.split("o=- ").nth(1).and_then(|s| s.split(' ').next()).expect("o=");
    let date = response.split("i=").nth(1).and_then(|s| s.split('\n').next()).expect("i=");
    let description = format!(
        "v=0\r\no=- {session_id} 1 IN IP4 127.0.0.1\r\ns=rtsp stream server\r\ni={date}\n\r\n\
         t=0 0\r\na=tool:LIVE555 Streaming Media v2023.03.30\r\na=type:broadcast\r\n\
         a=control:*\r\na=range:npt=now-\r\na=x-qt-text-nam:rtsp stream server\r\n\
         a=x-qt-text-inf:{date}\n\r\nm=video 0 RTP/AVP 96\r\nc=IN IP4 0.0.0.0\r\nb=AS:17186\r\n\
         a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;profile-level-id=42C01F;\
         sprop-parameter-sets=Z0LAH42NUCSC2TZAAAADAEAAAA8jwiEagA==,aM4xsg==\r\n\
         a=control:track1\r\n"
    );
    assert_eq!(
        without_date(&response),
        format!(
            "RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Base: rtsps://127.0.0.1/streaming/live/1/\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{description}",
            description.len()
        )
    );

    let base = header(&response, "Content-Base").expect("a base").to_owned();
    let track = format!("{base}track1");
    let aggregate = client.ask(
        "SETUP",
        &format!("{base}*"),
        &[&credentials("SETUP", &format!("{base}*")), "Transport: RTP/AVP/TCP;interleaved=0-1"],
    );
    assert!(aggregate.starts_with("RTSP/1.0 405 "), "{aggregate}");
    let response =
        client.ask("SETUP", &track, &[&credentials("SETUP", &track), "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"]);
    let session = header(&response, "Session").expect("a session").to_owned();
    let session = session.strip_suffix(";timeout=10").expect("a timeout");
    assert!(session.len() == 8 && session.bytes().all(|b| b.is_ascii_hexdigit()), "{session}");
    assert_eq!(
        without_date(&response),
        format!(
            "RTSP/1.0 200 OK\r\nCSeq: 5\r\nTransport: RTP/AVP/TCP;unicast;destination=127.0.0.1;\
             source=127.0.0.1;interleaved=0-1\r\nSession: {session};timeout=10\r\n\r\n"
        )
    );

    let session = format!("Session: {session}");
    client.send("PLAY", &base, &[&session, &credentials("PLAY", &base), "Range: npt=0.000-"]);
    let ssrc = first_media(&mut client, &session, &track);
    let payloads = one_access_unit(&mut client);
    assert_eq!(payloads[0][0] & 0x1f, 7, "SPS");
    assert_eq!(payloads[1][0] & 0x1f, 8, "PPS");
    assert_eq!(payloads[2][..2], [0x7c, 0x85], "FU-A start of an IDR slice");
    assert_eq!(payloads.last().expect("some")[..2], [0x7c, 0x45], "its end");

    // A report with one block: 3 lost, 1/4 of late.
    let mut report = b"$\x01\x00\x20\x81\xc9\x00\x07\x00\x00\x00\x2a".to_vec();
    report.extend(ssrc);
    report.extend(b"\x40\x00\x00\x03\x00\x01\x00\x07\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00\x00");
    client.stream.write_all(&report).expect("sent");
    client.stream.flush().expect("sent");
    let response = client.ask("GET_PARAMETER", &base, &[&session]);
    assert!(response.ends_with("\r\nContent-Length: 10\r\n\r\n2023.03.30"), "{response}");

    client.send("TEARDOWN", &base, &[&session]);
    let mut bye = false;
    let response = loop {
        match client.next() {
            Unit::Frame(1, packet) => bye |= packet[1] == 203,
            Unit::Frame(..) => {}
            Unit::Response(response) => break response,
        }
    };
    assert!(bye && response.starts_with("RTSP/1.0 200 OK\r\n"), "{response}");
    client.stream.conn.send_close_notify();
    client.stream.flush().expect("sent");
    client.read_to_end().expect("close_notify from the camera too");

    assert!(camera.wait_for(SOON, |log| log.clients[0].ending.is_some()));
    let record = camera.log().clients.remove(0);
    assert!(record.tls_established && record.teardown && !record.expired);
    assert_eq!(record.ending, Some(Ending::Clean));
    let requests: Vec<_> =
        record.requests.iter().map(|r| (r.method.as_str(), r.cseq, r.had_credentials, r.status)).collect();
    assert_eq!(
        requests,
        [
            ("OPTIONS", Some(1), false, Some(200)),
            ("DESCRIBE", Some(2), false, Some(401)),
            ("DESCRIBE", Some(3), true, Some(200)),
            ("SETUP", Some(4), true, Some(405)),
            ("SETUP", Some(5), true, Some(200)),
            ("PLAY", Some(6), true, Some(200)),
            ("GET_PARAMETER", Some(7), false, Some(200)),
            ("TEARDOWN", Some(8), false, Some(200)),
        ]
    );
    let report = record.receiver_reports[0];
    let block = report.block.expect("about our stream");
    assert!(!report.with_source_description && report.sender_ssrc == 42);
    assert_eq!((block.fraction_lost, block.cumulative_lost), (64, 3));
    assert_eq!((block.extended_highest_sequence_number, block.interarrival_jitter), (65543, 9));
}

/// What overtakes the response to PLAY, and the response; gives the SSRC.
fn first_media<S: std::io::Read + std::io::Write>(client: &mut Client<S>, session: &str, track: &str) -> [u8; 4] {
    let Unit::Frame(1, reports) = client.next() else {
        panic!("no sender report first");
    };
    assert_eq!(reports.len(), 28 + 20);
    assert_eq!(reports[..4], [0x80, 200, 0, 6]);
    assert_eq!(reports[36..], *b"\x01\x07BL-P001\0\0\0");
    let Unit::Frame(0, sps) = client.next() else {
        panic!("no SPS");
    };
    assert_eq!(sps.len(), 12 + 25);
    let Unit::Frame(0, pps) = client.next() else {
        panic!("no PPS");
    };
    assert_eq!(pps[12..], [0x68, 0xce, 0x31, 0xb2]);
    let Unit::Response(response) = client.next() else {
        panic!("no response");
    };
    let number = u16::from_be_bytes([sps[2], sps[3]]);
    let timestamp = u32::from_be_bytes([sps[4], sps[5], sps[6], sps[7]]);
    assert_eq!(
        without_date(&response),
        format!(
            "RTSP/1.0 200 OK\r\nCSeq: 6\r\nRange: npt=0.000-\r\n{session}\r\n\
             RTP-Info: url={track};seq={number};rtptime={timestamp}\r\n\r\n"
        )
    );
    [sps[8], sps[9], sps[10], sps[11]]
}

/// RTP payloads up to the marker.
fn one_access_unit<S: std::io::Read + std::io::Write>(client: &mut Client<S>) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    loop {
        let Unit::Frame(0, packet) = client.next() else {
            continue;
        };
        assert!(packet.len() <= 1452);
        payloads.push(packet[12..].to_vec());
        if packet[1] & 0x80 != 0 {
            return payloads;
        }
    }
}

#[test]
fn tls_is_1_2_with_a_version_1_leaf_alone() {
    let camera = start(Options::default());
    let leaf = |camera: &Simulator| {
        let tls = connect_tls(camera);
        let certificates = tls.conn.peer_certificates().expect("certificates").to_vec();
        assert_eq!(certificates.len(), 1);
        (tls.conn.protocol_version(), certificates[0].clone())
    };
    let (version, usual) = leaf(&camera);
    assert_eq!(version, Some(rustls::ProtocolVersion::TLSv1_2));
    // Two sequence headers of four bytes, then at once the serial number: no version field.
    assert_eq!((usual[0], usual[4], usual[8]), (0x30, 0x30, 0x02));
    let contains = |text: &str| usual.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(contains("BBL CA") && contains(&camera.options().serial));

    camera.change(|options| {
        options.certificate = Certificate::Second;
        options.encryption = Encryption::Tls13;
    });
    let (version, second) = leaf(&camera);
    assert_eq!(version, Some(rustls::ProtocolVersion::TLSv1_3));
    assert_ne!(usual, second);
}

#[test]
fn a_rotated_code_is_refused_until_the_client_knows_it() {
    let camera = start(Options::default());
    camera.change(|options| options.access_code = "abcdefgh".into());
    for (code, want) in [("12345678", "401"), ("abcdefgh", "200")] {
        let mut client = Client::new(connect_tls(&camera));
        let (_, response) = describe(&mut client, &camera.url(), code);
        assert_eq!(&response[9..12], want, "{code}");
    }
    assert!(!format!("{:?} {camera:?} {:?}", camera.log(), camera.options()).contains("abcdefgh"));
}

#[test]
fn an_end_without_close_notify_is_noticed() {
    let camera = start(Options::default());
    let client = Client::new(connect_tls(&camera));
    assert!(camera.wait_for(SOON, |log| log.clients[0].tls_established));
    drop(client);
    assert!(camera.wait_for(SOON, |log| log.clients[0].ending == Some(Ending::BareEof)));
}

#[test]
fn a_hung_tls_layer_never_answers() {
    let faults = vec![Fault::new(FaultKind::NoServerHello)];
    let mut camera = start(Options { faults, ..Options::default() });
    let mut client = Client::new(connect(&camera));
    client.stream.write_all(b"\x16\x03\x01\x00\x05hello").expect("sent");
    assert!(camera.wait_for(SOON, |log| log.clients.len() == 1));
    camera.stop();
    client.read_to_end().expect("an end");
    assert!(!camera.log().clients[0].tls_established);
    assert_eq!(camera.log().clients[0].ending, Some(Ending::ByCamera));
}

#[test]
fn silent_clients_do_not_hold_up_the_end() {
    let mut camera = start(Options::default());
    let _no_hello = connect(&camera);
    let _no_request = connect_tls(&camera);
    let both = |log: &printcam_sim::Log| log.clients.len() == 2 && log.clients[1].tls_established;
    assert!(camera.wait_for(SOON, both));
    camera.stop();
    let endings: Vec<_> = camera.log().clients.iter().map(|client| client.ending).collect();
    assert_eq!(endings, [Some(Ending::ByCamera); 2]);
}

#[test]
fn one_byte_writes_change_no_byte() {
    let faults = vec![Fault::new(FaultKind::OneByteWrites)];
    let camera = start(Options { faults, ..Options::default() });
    let mut client = Client::new(connect_tls(&camera));
    let (_, response) = describe(&mut client, &camera.url(), "12345678");
    assert!(response.starts_with("RTSP/1.0 200 OK") && response.ends_with("a=control:track1\r\n"));
}

#[test]
fn udp_media_comes_from_an_even_port_pair() {
    for lost in [false, true] {
        let faults = lost.then(|| Fault::new(FaultKind::DatagramsLost)).into_iter().collect();
        let encryption = Encryption::None;
        let camera = start(Options { encryption, faults, ..Options::default() });
        let rtp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        let rtcp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        let port = |socket: &UdpSocket| socket.local_addr().expect("bound").port();

        let mut client = Client::new(connect(&camera));
        let (challenge, _) = describe(&mut client, &camera.url(), "12345678");
        let track = format!("{}/track1", camera.url());
        let transport = format!("Transport: RTP/AVP;unicast;client_port={}-{}", port(&rtp), port(&rtcp));
        let credentials = authorization(&challenge, "12345678", "SETUP", &track);
        let response = client.ask("SETUP", &track, &[&credentials, &transport]);
        let ports = response.split("server_port=").nth(1).expect("ports");
        let ports = ports.lines().next().and_then(|p| p.split_once('-')).expect("a pair");
        let [server_rtp, server_rtcp] = [ports.0, ports.1].map(|p| p.parse::<u16>().expect("a port"));
        assert!(server_rtp % 2 == 0 && server_rtcp == server_rtp + 1);
        let session = header(&response, "Session").expect("a session").replace(";timeout=10", "");
        let session = format!("Session: {session}");
        let credentials = authorization(&challenge, "12345678", "PLAY", &camera.url());
        client.ask("PLAY", &camera.url(), &[&session, &credentials]);

        if lost {
            assert!(camera.wait_for(SOON, |log| log.clients[0].rtp_packets > 0));
            rtp.set_nonblocking(true).expect("set");
            assert!(rtp.recv(&mut [0; 1500]).is_err());
            continue;
        }
        let mut packet = [0; 1500];
        rtp.set_read_timeout(Some(SOON)).expect("set");
        let (count, from) = rtp.recv_from(&mut packet).expect("RTP");
        assert_eq!((from.port(), packet[0], packet[1] & 0x7f), (server_rtp, 0x80, 96));
        assert!(count <= 1452);
        rtcp.set_read_timeout(Some(SOON)).expect("set");
        let (_, from) = rtcp.recv_from(&mut packet).expect("RTCP");
        assert_eq!((from.port(), packet[1]), (server_rtcp, 200));
        let report = b"\x80\xc9\x00\x01\x00\x00\x00\x07";
        rtcp.send_to(report, (Ipv4Addr::LOCALHOST, server_rtcp)).expect("sent");
        assert!(camera.wait_for(SOON, |log| log.clients[0].receiver_report_count == 1));
    }
}

#[test]
fn a_reset_is_one_on_the_wire_and_a_close_is_bare() {
    for (fault, want) in [("reset@describe", ErrorKind::ConnectionReset), ("close@describe", ErrorKind::UnexpectedEof)]
    {
        let faults = vec![fault.parse().expect("a fault")];
        let camera = start(Options { faults, ..Options::default() });
        let mut client = Client::new(connect_tls(&camera));
        client.ask("OPTIONS", &camera.url(), &[]);
        client.send("DESCRIBE", &camera.url(), &[]);
        let error = client.read_to_end().expect_err("no close_notify");
        assert_eq!(error.kind(), want, "{fault}");
        assert!(camera.wait_for(SOON, |log| log.clients[0].ending == Some(Ending::ByCamera)), "{fault}");
    }
}

#[test]
fn a_restarted_camera_listens_at_the_same_address_again() {
    let camera = start(Options::default());
    let mut client = Client::new(connect_tls(&camera));
    client.ask("OPTIONS", &camera.url(), &[]);
    camera.restart(Duration::from_secs(3600));
    assert!(client.read_to_end().is_err(), "no close_notify");
    assert!(camera.wait_for(SOON, |log| !log.is_listening));
    let refused = TcpStream::connect(camera.addr()).expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    camera.restart(Duration::ZERO);
    assert!(camera.wait_for(SOON, |log| log.is_listening));
    let mut client = Client::new(connect_tls(&camera));
    assert!(client.ask("OPTIONS", &camera.url(), &[]).starts_with("RTSP/1.0 200"));
}

#[test]
fn the_certificate_changes_when_told() {
    let leaf = |faults: &[&str]| {
        let faults = faults.iter().map(|text| text.parse().expect("a fault")).collect();
        let camera = start(Options { faults, ..Options::default() });
        let tls = connect_tls(&camera);
        tls.conn.peer_certificates().expect("certificates")[0].clone()
    };
    assert_ne!(leaf(&["second-certificate"]), leaf(&[]));
    assert_eq!(leaf(&["second-certificate@1h"]), leaf(&[]));
}

#[test]
fn pictures_of_the_live_scene_are_known_where_wanted() {
    for wanted in [false, true] {
        let encryption = Encryption::None;
        let camera = start(Options { encryption, picture_digests: wanted, ..Options::default() });
        let mut client = Client::new(connect(&camera));
        let (challenge, _) = describe(&mut client, &camera.url(), "12345678");
        let track = format!("{}/track1", camera.url());
        let credentials = authorization(&challenge, "12345678", "SETUP", &track);
        let response = client.ask("SETUP", &track, &[&credentials, "Transport: RTP/AVP/TCP;interleaved=0-1"]);
        let session = header(&response, "Session").expect("a session").replace(";timeout=10", "");
        let credentials = authorization(&challenge, "12345678", "PLAY", &camera.url());
        client.ask("PLAY", &camera.url(), &[&format!("Session: {session}"), &credentials]);
        one_access_unit(&mut client);
        assert_eq!(camera.pictures().count() > 0, wanted);
    }
}
