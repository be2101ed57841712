//! A bare RTSP client, just enough to look at every byte; independent of the simulator's code.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use md5::{Digest as _, Md5};
use printcam_sim::Simulator;
use rustls::{ClientConnection, StreamOwned};

use crate::any_certificate::{client_config, name};

pub(crate) type Tls = StreamOwned<ClientConnection, TcpStream>;

/// Connects over TCP; a test that waits for more than ten seconds has failed.
pub(crate) fn connect(camera: &Simulator) -> TcpStream {
    let tcp = TcpStream::connect(camera.addr()).expect("connected");
    tcp.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
    tcp
}

/// Connects with TLS and completes the handshake.
pub(crate) fn connect_tls(camera: &Simulator) -> Tls {
    let connection = ClientConnection::new(client_config(), name()).expect("a client");
    let mut tls = StreamOwned::new(connection, connect(camera));
    while tls.conn.is_handshaking() {
        tls.conn.complete_io(&mut tls.sock).expect("handshake");
    }
    tls
}

/// One side of the dialogue: what was read and not yet looked at.
pub(crate) struct Client<S> {
    pub(crate) stream: S,
    unread: Vec<u8>,
    cseq: u32,
}

/// What comes from the camera.
#[derive(Debug)]
pub(crate) enum Unit {
    Frame(u8, Vec<u8>),
    Response(String),
}

impl<S: Read + Write> Client<S> {
    pub(crate) fn new(stream: S) -> Client<S> {
        Client { stream, unread: Vec::new(), cseq: 0 }
    }

    pub(crate) fn send(&mut self, method: &str, uri: &str, headers: &[&str]) {
        self.cseq += 1;
        let mut text = format!("{method} {uri} RTSP/1.0\r\nCSeq: {}\r\n", self.cseq);
        for header in headers {
            text.push_str(header);
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        self.stream.write_all(text.as_bytes()).expect("sent");
        self.stream.flush().expect("sent");
    }

    /// Sends and waits for the response; interleaved packets before it are left out.
    pub(crate) fn ask(&mut self, method: &str, uri: &str, headers: &[&str]) -> String {
        self.send(method, uri, headers);
        loop {
            if let Unit::Response(text) = self.next() {
                return text;
            }
        }
    }

    pub(crate) fn next(&mut self) -> Unit {
        loop {
            match &self.unread[..] {
                [b'$', channel, high, low, rest @ ..] => {
                    let length = usize::from(*high) << 8 | usize::from(*low);
                    if rest.len() >= length {
                        let unit = Unit::Frame(*channel, rest[..length].to_vec());
                        self.unread.drain(..4 + length);
                        return unit;
                    }
                }
                [b'R', ..] => {
                    let text = String::from_utf8_lossy(&self.unread).into_owned();
                    if let Some((head, rest)) = text.split_once("\r\n\r\n") {
                        let length = header(head, "Content-Length").map_or(0, |l| l.parse().expect("a number"));
                        if rest.len() >= length {
                            let whole = head.len() + 4 + length;
                            let text = String::from_utf8_lossy(&self.unread[..whole]).into_owned();
                            self.unread.drain(..whole);
                            return Unit::Response(text);
                        }
                    }
                }
                [] | [b'$', ..] => {}
                other => panic!("neither frame nor response: {}", other.escape_ascii()),
            }
            let mut buffer = [0; 4096];
            let count = self.stream.read(&mut buffer).expect("more");
            assert_ne!(count, 0, "closed; unread: {}", self.unread.escape_ascii());
            self.unread.extend(&buffer[..count]);
        }
    }

    /// Reads to the end; `Ok` where it was an orderly one.
    pub(crate) fn read_to_end(&mut self) -> io::Result<()> {
        self.stream.read_to_end(&mut self.unread).map(drop)
    }
}

/// A header's value.
pub(crate) fn header<'a>(response: &'a str, name: &str) -> Option<&'a str> {
    response.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// The response without its Date, which must look like one.
pub(crate) fn without_date(response: &str) -> String {
    let date = header(response, "Date").expect("a Date");
    assert!(date.len() == 29 && date.ends_with(" GMT"), "{date}");
    response.replace(&format!("Date: {date}\r\n"), "")
}

/// An `Authorization` header, RFC 2069.
pub(crate) fn authorization(challenge: &str, code: &str, method: &str, uri: &str) -> String {
    let quoted: Vec<_> = challenge.split('"').collect();
    let [_, realm, _, nonce, ..] = quoted[..] else {
        panic!("{challenge}");
    };
    let md5 = |text: String| -> String { Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect() };
    let (a1, a2) = (md5(format!("bblp:{realm}:{code}")), md5(format!("{method}:{uri}")));
    let response = md5(format!("{a1}:{nonce}:{a2}"));
    format!(
        "Authorization: Digest username=\"bblp\", realm=\"{realm}\", nonce=\"{nonce}\", \
         uri=\"{uri}\", response=\"{response}\""
    )
}
