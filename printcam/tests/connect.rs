//! Connections that do not come about, and those that do, against peers that speak something else or nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use printcam::connect::{Carrier, ConnectError, ConnectOptions, PlainAnswer, Socket, Target, connect};
use printcam::tls::{TlsOptions, Trust};
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn tls() -> ConnectOptions {
    ConnectOptions::tls(TlsOptions::new(Trust::AcceptAny))
}

/// A listener on loopback, and where it is.
async fn listener() -> (TcpListener, Target, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, Target::new("127.0.0.1", addr.port()), addr)
}

/// The socket of the next client, once the first byte of its ClientHello has come.
async fn greeted(listener: TcpListener) -> TcpStream {
    let (mut tcp, _) = listener.accept().await.unwrap();
    let mut hello = [0; 1];
    tcp.read_exact(&mut hello).await.unwrap();
    assert_eq!(hello, [0x16], "the client does not begin with a handshake record");
    tcp
}

async fn refused(target: &Target) -> ConnectError {
    connect(target, &tls()).await.unwrap_err()
}

#[tokio::test]
async fn a_closed_port_is_refused() {
    let (listener, target, addr) = listener().await;
    drop(listener);
    for options in [ConnectOptions::plain(), tls()] {
        let error = connect(&target, &options).await.unwrap_err();
        assert!(matches!(error, ConnectError::Refused { addr: at } if at == addr), "{error}");
    }
}

#[tokio::test]
async fn a_name_without_an_address_is_not_found() {
    // A name that no resolver is ever asked for.
    let error = connect(&Target::new("no\0name", 322), &tls()).await.unwrap_err();
    assert!(matches!(error, ConnectError::NameNotFound { .. }), "{error}");
}

#[tokio::test]
async fn a_plain_connection_carries_bytes_at_once() {
    let (listener, target, addr) = listener().await;
    let mut connected = connect(&target, &ConnectOptions::plain()).await.unwrap();
    let (mut server, client) = listener.accept().await.unwrap();
    assert_eq!((connected.peer, connected.local), (addr, client));
    assert!(connected.tls.is_none());
    connected.stream.write_all(b"OPTIONS").await.unwrap();
    let mut got = [0; 7];
    server.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"OPTIONS");
    let Socket::Plain(Carrier::Tcp(tcp)) = &connected.stream else { panic!("{:?}", connected.stream) };
    assert!(tcp.nodelay().unwrap());
    assert!(SockRef::from(tcp).keepalive().unwrap());
    connected.stream.close(Duration::from_secs(1)).await;
    assert_eq!(server.read(&mut got).await.unwrap(), 0);
}

#[tokio::test]
async fn a_plain_peer_on_the_tls_port_is_told_apart() {
    for (answer, want) in [
        (&b"RTSP/1.0 400 Bad Request\r\nAllow: OPTIONS\r\n\r\n"[..], PlainAnswer::Rtsp),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", PlainAnswer::Http),
        (b"RT", PlainAnswer::Rtsp),
        // What a P2S says on port 6000.
        (b"\x08\0\0\0\x3f\x01\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", PlainAnswer::Unknown),
    ] {
        let (listener, target, addr) = listener().await;
        let serve = async {
            let mut tcp = greeted(listener).await;
            tcp.write_all(answer).await.unwrap();
            tcp.shutdown().await.unwrap();
            let mut rest = Vec::new();
            // The client may well reset the connection.
            let _ = tcp.read_to_end(&mut rest).await;
        };
        let (error, ()) = tokio::join!(refused(&target), serve);
        assert!(
            matches!(error, ConnectError::NotTls { addr: at, answer } if at == addr && answer == want),
            "{}: {error}",
            answer.escape_ascii()
        );
    }
}

#[tokio::test]
async fn a_peer_that_never_answers_hangs_for_8_seconds() {
    let (listener, target, addr) = listener().await;
    let serve = async {
        let tcp = greeted(listener).await;
        // Nothing but timers is left: the clock jumps from one to the next.
        tokio::time::pause();
        tcp
    };
    let (error, _open) = tokio::join!(refused(&target), serve);
    let ConnectError::Hung { addr: at, after, answered } = error else { panic!("{error}") };
    assert_eq!((at, answered, after), (addr, false, Duration::from_secs(8)));
    assert!(error.to_string().ends_with("hangs: it did not begin TLS within 8s"), "{error}");
    assert!(error.hint().unwrap().contains("Restart the printer"));
}

#[tokio::test]
async fn a_peer_that_stops_in_mid_handshake_hangs_for_10_seconds() {
    let (listener, target, _) = listener().await;
    let serve = async {
        let mut tcp = greeted(listener).await;
        tcp.write_all(b"\x16\x03\x03\x00\x41\x02").await.unwrap();
        tokio::time::pause();
        tcp
    };
    let (error, _open) = tokio::join!(refused(&target), serve);
    let ConnectError::Hung { after, answered, .. } = error else { panic!("{error}") };
    assert_eq!((answered, after), (true, Duration::from_secs(10)));
}

#[tokio::test]
async fn a_peer_that_leaves_in_mid_handshake_has_closed() {
    for (how, answer, reset) in
        [("FIN", &b""[..], false), ("RST", b"", true), ("FIN in mid-record", b"\x16\x03\x03\x00\x41\x02", false)]
    {
        let (listener, target, addr) = listener().await;
        let serve = async {
            let mut tcp = greeted(listener).await;
            tcp.write_all(answer).await.unwrap();
            if reset {
                SockRef::from(&tcp).set_linger(Some(Duration::ZERO)).unwrap();
            }
        };
        let (error, ()) = tokio::join!(refused(&target), serve);
        assert!(matches!(error, ConnectError::ClosedDuringHandshake { addr: at } if at == addr), "{how}: {error}");
    }
}

#[tokio::test]
async fn dropping_the_future_closes_the_socket() {
    let (listener, target, _) = listener().await;
    let attempt = tokio::spawn(async move { connect(&target, &tls()).await });
    let mut tcp = greeted(listener).await;
    attempt.abort();
    assert!(attempt.await.unwrap_err().is_cancelled());
    let mut rest = Vec::new();
    tcp.read_to_end(&mut rest).await.unwrap();
}

#[test]
fn hints_say_what_to_touch() {
    let refused = |port| ConnectError::Refused { addr: SocketAddr::from((Ipv4Addr::LOCALHOST, port)) };
    for (error, want) in [
        (refused(322), "LAN Only Liveview"),
        (refused(6000), "P1 and A1"),
        (refused(80), "port 322"),
        (ConnectError::ClosedDuringHandshake { addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 322)) }, "one at a time"),
    ] {
        assert!(error.hint().unwrap().contains(want), "{error}: {:?}", error.hint());
    }
}
