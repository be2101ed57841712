//! A bare client in virtual time: notes what comes and when, and has switchable habits.

use std::ops::Range;
use std::time::Duration;

use md5::{Digest as _, Md5};
use printcam_sim::VirtualCamera;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::time::Instant;

/// What came, and when since PLAY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) at: Duration,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Rtp {
        sequence: u16,
        timestamp: u32,
        ssrc: u32,
        marker: bool,
        nal_type: u8,
        first: u8,
    },
    /// The packet type of the first packet.
    Rtcp(u8),
    Response(u16),
    End,
}

/// The receiver reports that a client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reports {
    /// Every second, and at once for every sender report; with this jitter.
    Good { jitter: u32 },
    /// Every 700 ms, blind to sender reports.
    Unprompted,
    /// All zero, every second and at once.
    Zeros,
}

pub(crate) struct Client {
    stream: DuplexStream,
    unread: Vec<u8>,
    /// All that has ever come.
    pub(crate) received: Vec<u8>,
    cseq: u32,
    pub(crate) session: String,
    challenge: String,
    pub(crate) uri: String,
    pub(crate) reports: Reports,
    ssrc: u32,
    highest: u16,
    started: Instant,
    next_report: Instant,
}

/// A whole unit: a response's head and body, or an interleaved packet.
enum Unit {
    Response(String),
    Frame(u8, Vec<u8>),
}

impl Client {
    pub(crate) fn connect(camera: &VirtualCamera) -> Client {
        Client {
            stream: camera.connect().expect("connected"),
            unread: Vec::new(),
            received: Vec::new(),
            cseq: 0,
            session: String::new(),
            challenge: String::new(),
            uri: camera.url(),
            reports: Reports::Good { jitter: 5 },
            ssrc: 0,
            highest: 0,
            started: Instant::now(),
            next_report: Instant::now() + Duration::from_secs(1),
        }
    }

    /// Connects and plays.
    pub(crate) async fn play(camera: &VirtualCamera) -> Client {
        let mut client = Client::connect(camera);
        client.begin().await;
        client
    }

    /// All up to PLAY.
    pub(crate) async fn begin(&mut self) {
        assert_eq!(self.describe().await.0, 200);
        assert_eq!(self.set_up().await.0, 200);
        self.send("PLAY", true).await;
        self.started = Instant::now();
        self.next_report = self.started + Duration::from_secs(1);
    }

    pub(crate) async fn describe(&mut self) -> (u16, String) {
        let (status, reply) = self.ask("DESCRIBE").await;
        assert_eq!(status, 401);
        self.take_challenge(&reply);
        self.ask("DESCRIBE").await
    }

    pub(crate) async fn set_up(&mut self) -> (u16, String) {
        let (status, reply) = self.ask("SETUP").await;
        self.session = header(&reply, "Session").unwrap_or("").split(';').next().unwrap_or("").to_owned();
        (status, reply)
    }

    pub(crate) fn take_challenge(&mut self, reply: &str) {
        self.challenge = header(reply, "WWW-Authenticate").expect("a challenge").to_owned();
    }

    pub(crate) async fn send(&mut self, method: &str, with_credentials: bool) {
        self.cseq += 1;
        let uri = if method == "SETUP" { format!("{}/track1", self.uri) } else { self.uri.clone() };
        let mut text = format!("{method} {uri} RTSP/1.0\r\nCSeq: {}\r\n", self.cseq);
        if method == "SETUP" {
            text.push_str("Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n");
        }
        if !self.session.is_empty() {
            text.push_str(&format!("Session: {}\r\n", self.session));
        }
        if with_credentials && !self.challenge.is_empty() {
            text.push_str(&authorization(&self.challenge, method, &uri));
        }
        text.push_str("\r\n");
        // A camera that has closed shows in what is read.
        let _ = self.stream.write_all(text.as_bytes()).await;
    }

    /// Sends and waits at most a minute for the response; status 0 is none, and 1 an end.
    pub(crate) async fn ask(&mut self, method: &str) -> (u16, String) {
        self.send(method, true).await;
        let waiting = async {
            loop {
                match self.next().await {
                    Some(Unit::Response(text)) => return (status(&text), text),
                    Some(Unit::Frame(..)) => {}
                    None => return (1, String::new()),
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waiting).await.unwrap_or_default()
    }

    /// Receives until so long after PLAY, with reports; a request at each of `asking`.
    pub(crate) async fn receive(&mut self, until: Duration, asking: &[(Duration, &str)]) -> Vec<Event> {
        let mut events = Vec::new();
        let mut asking = asking.iter();
        let mut next_ask = asking.next();
        loop {
            let ask_at = next_ask.map_or(self.started + until + until, |(at, _)| self.started + *at);
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(self.started + until) => return events,
                () = tokio::time::sleep_until(ask_at) => {
                    if let Some((_, method)) = next_ask {
                        self.send(method, false).await;
                    }
                    next_ask = asking.next();
                }
                () = tokio::time::sleep_until(self.next_report) => self.report().await,
                unit = next(&mut self.stream, &mut self.unread, &mut self.received) => {
                    let what = self.what(unit).await;
                    let over = what == What::End;
                    events.push(Event { at: self.started.elapsed(), what });
                    if over {
                        return events;
                    }
                }
            }
        }
    }

    async fn what(&mut self, unit: Option<Unit>) -> What {
        match unit {
            None => What::End,
            Some(Unit::Response(text)) => What::Response(status(&text)),
            Some(Unit::Frame(0, packet)) => {
                let word = |at: usize| u32::from_be_bytes([packet[at], packet[at + 1], packet[at + 2], packet[at + 3]]);
                let sequence = word(0) as u16;
                (self.ssrc, self.highest) = (word(8), sequence);
                What::Rtp {
                    sequence,
                    timestamp: word(4),
                    ssrc: word(8),
                    marker: packet[1] & 0x80 != 0,
                    nal_type: packet[12] & 0x1f,
                    first: packet[0],
                }
            }
            Some(Unit::Frame(_, packet)) => {
                if packet[1] == 200 && self.reports != Reports::Unprompted {
                    self.report().await;
                }
                What::Rtcp(packet[1])
            }
        }
    }

    async fn report(&mut self) {
        let (pace, highest, jitter) = match self.reports {
            Reports::Good { jitter } => (1000, u32::from(self.highest), jitter),
            Reports::Unprompted => (700, u32::from(self.highest), 5),
            Reports::Zeros => (1000, 0, 0),
        };
        self.next_report = Instant::now() + Duration::from_millis(pace);
        let mut packet = b"$\x01\x00\x20\x81\xc9\x00\x07\x00\x00\x00\x2a".to_vec();
        for word in [self.ssrc, 0, highest, jitter, 0, 0] {
            packet.extend(word.to_be_bytes());
        }
        let _ = self.stream.write_all(&packet).await;
    }

    async fn next(&mut self) -> Option<Unit> {
        next(&mut self.stream, &mut self.unread, &mut self.received).await
    }
}

/// Cancelled at any time, it loses nothing.
async fn next(stream: &mut DuplexStream, unread: &mut Vec<u8>, received: &mut Vec<u8>) -> Option<Unit> {
    loop {
        if let Some((unit, place)) = first_unit(unread) {
            unread.drain(place);
            return Some(unit);
        }
        let count = stream.read_buf(unread).await.unwrap_or(0);
        received.extend(&unread[unread.len() - count..]);
        if count == 0 {
            return None;
        }
    }
}

/// Also a packet that stands in the middle of a response's head.
fn first_unit(unread: &[u8]) -> Option<(Unit, Range<usize>)> {
    let head_end = unread.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let head = &unread[..head_end.unwrap_or(unread.len())];
    if let Some(start) = head.windows(2).position(|bytes| matches!(bytes, b"$\x00" | b"$\x01")) {
        let &[_, channel, high, low, ref rest @ ..] = &unread[start..] else {
            return None;
        };
        let length = usize::from(high) << 8 | usize::from(low);
        return rest.get(..length).map(|packet| (Unit::Frame(channel, packet.to_vec()), start..start + 4 + length));
    }
    let head_end = head_end? + 4;
    let text = String::from_utf8_lossy(&unread[..head_end]);
    let length = header(&text, "Content-Length").map_or(0, |length| length.parse().expect("a number"));
    let whole = unread.get(..head_end + length)?;
    Some((Unit::Response(String::from_utf8_lossy(whole).into_owned()), 0..whole.len()))
}

pub(crate) fn header<'a>(reply: &'a str, name: &str) -> Option<&'a str> {
    reply.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn status(reply: &str) -> u16 {
    reply.get(9..12).and_then(|status| status.parse().ok()).expect("a status")
}

/// RFC 2069.
fn authorization(challenge: &str, method: &str, uri: &str) -> String {
    let quoted: Vec<_> = challenge.split('"').collect();
    let (realm, nonce) = (quoted[1], quoted[3]);
    let md5 = |text: String| -> String { Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect() };
    let (a1, a2) = (md5(format!("bblp:{realm}:12345678")), md5(format!("{method}:{uri}")));
    let response = md5(format!("{a1}:{nonce}:{a2}"));
    format!(
        "Authorization: Digest username=\"bblp\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{response}\"\r\n"
    )
}
