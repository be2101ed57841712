//! Printers announce themselves over real sockets.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use printcam_sim::{Announce, Encryption, Options, Personality, Simulator};

fn listener() -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
    socket.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
    socket
}

fn options(personality: Personality, to: &UdpSocket, searches_at: SocketAddr) -> Options {
    let announce = Announce {
        to: to.local_addr().expect("an address"),
        every: Duration::from_millis(50),
        name: "Garage".into(),
        searches_at,
    };
    // Nothing is encrypted here: keys need not be loaded.
    Options { announce: Some(announce), encryption: Encryption::None, ..Options::of(personality) }
}

fn start(personality: Personality, to: &UdpSocket) -> Simulator {
    Simulator::start(options(personality, to, (Ipv4Addr::LOCALHOST, 0).into())).expect("a camera")
}

fn next(socket: &UdpSocket) -> (String, u16) {
    let mut buffer = [0; 2048];
    let (count, from) = socket.recv_from(&mut buffer).expect("a datagram");
    (String::from_utf8_lossy(&buffer[..count]).into_owned(), from.port())
}

#[test]
fn notifications_come_again_and_again() {
    for (personality, wanted) in [
        (Personality::H2c, ["Location: 127.0.0.1\r\n", "USN: 31B00A000000000\r\n"]),
        (Personality::A1, ["DevSignal.bambu.com", "USN: 03900A000000000\r\n"]),
    ] {
        let socket = listener();
        let _printer = start(personality, &socket);
        let (first, from) = next(&socket);
        assert!(first.starts_with("NOTIFY * HTTP/1.1\r\n"), "{personality}: {first}");
        assert!(wanted.iter().all(|header| first.contains(header)), "{personality}: {first}");
        assert_eq!(from == 1900, personality == Personality::A1, "{personality}");
        assert_eq!(next(&socket).0, first, "{personality}");
    }
}

#[test]
fn a_p1s_is_silent_until_it_is_searched_for() {
    let socket = listener();
    let printer = start(Personality::P1s, &socket);
    let searches_at = printer.searches_at().expect("it listens");
    for text in ["hello", "M-SEARCH * HTTP/1.1\r\nST: urn:bambulab-com:device:3dprinter:1\r\n\r\n"] {
        socket.send_to(text.as_bytes(), searches_at).expect("sent");
    }
    let began = Instant::now();
    let (answer, from) = next(&socket);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("USN: 01P00A000000000\r\n"), "{answer}");
    assert_eq!(from, searches_at.port());
    assert!(began.elapsed() < Duration::from_secs(9));
    socket.set_nonblocking(true).expect("set");
    assert!(socket.recv(&mut [0; 16]).is_err(), "one answer, and no NOTIFY");
}

#[test]
fn a_fault_decides_the_form_while_it_lasts() {
    let socket = listener();
    let printer = start(Personality::H2c, &socket);
    for (fault, wanted) in [
        (
            Some("announcement=lower-case"),
            (|text| text.contains("\r\ndevmodel.bambu.com: O1C\r\n")) as fn(&str) -> bool,
        ),
        (Some("announcement=signal"), |text| text.contains("DevSignal.bambu.com")),
        (None, |text| text.contains("DevInf.bambu.com")),
    ] {
        printer.change(|options| options.faults = fault.map(|text| text.parse().expect(text)).into_iter().collect());
        assert!((0..100).any(|_| wanted(&next(&socket).0)), "{fault:?}");
    }
}

#[test]
fn nothing_is_announced_unless_told() {
    let printer = Simulator::start(Options::of(Personality::P1s)).expect("a camera");
    assert_eq!(printer.searches_at(), None);
}

/// Where the caller has a runtime of its own, too.
#[tokio::test]
async fn what_cannot_start_is_an_error() {
    let socket = listener();
    let taken = socket.local_addr().expect("an address");
    for (options, want) in [
        (options(Personality::P1s, &socket, taken), ErrorKind::AddrInUse),
        (Options { serial: "short".into(), ..Options::default() }, ErrorKind::InvalidInput),
    ] {
        assert_eq!(Simulator::start(options).expect_err("no camera").kind(), want);
    }
}
