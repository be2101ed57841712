//! A session in virtual time, and the server's side of its dialogue as an X1C holds it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use printcam_proto::h264::AccessUnit;
use printcam_proto::rtsp::RtspUrl;
use printcam_proto::session::{Config, Error, Event, Input, Output, Session, Transport};

/// A session, what it has sent and what it has said.
pub(crate) struct Client {
    pub(crate) session: Session,
    pub(crate) now: Instant,
    /// Text sent on the connection and not looked at yet.
    pub(crate) sent: Vec<u8>,
    packets: Vec<(u8, Vec<u8>)>,
    /// Datagrams sent from the RTCP port.
    pub(crate) datagrams: Vec<Vec<u8>>,
    /// Outputs about UDP, in words.
    pub(crate) udp: Vec<String>,
    pub(crate) events: VecDeque<Event>,
    pub(crate) access_units: Vec<AccessUnit>,
    pub(crate) result: Option<Result<(), Error>>,
    /// The answer to `BindUdp`.
    pub(crate) udp_port: Option<u16>,
}

pub(crate) fn config(transport: Transport) -> Config {
    let (url, credentials) = RtspUrl::parse("rtsps://bblp:12345678@192.168.1.2:322/streaming/live/1").unwrap();
    let mut config = Config::new(url, credentials, 7);
    config.transport = transport;
    config
}

impl Client {
    pub(crate) fn new(config: Config) -> Self {
        #[allow(clippy::disallowed_methods, reason = "where virtual time starts; from here it is moved by hand")]
        let now = Instant::now();
        let mut client = Self {
            session: Session::new(config, now),
            now,
            sent: Vec::new(),
            packets: Vec::new(),
            datagrams: Vec::new(),
            udp: Vec::new(),
            events: VecDeque::new(),
            access_units: Vec::new(),
            result: None,
            udp_port: Some(50_000),
        };
        client.drain();
        client
    }

    /// The server sends these bytes.
    pub(crate) fn receive(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let buffer = self.session.receive_buffer();
            let count = buffer.len().min(bytes.len());
            buffer[..count].copy_from_slice(&bytes[..count]);
            bytes = &bytes[count..];
            self.input(Input::Received(count));
        }
    }

    pub(crate) fn input(&mut self, input: Input<'_>) {
        self.session.handle_input(self.now, input);
        self.drain();
    }

    /// Time passes; the session is woken whenever it asked to be.
    pub(crate) fn pass(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(deadline) = self.session.deadline().filter(|&deadline| deadline <= end) {
            assert!(deadline >= self.now, "a deadline in the past would spin");
            let before = (self.now, self.session.deadline());
            self.now = deadline;
            self.input(Input::Tick);
            assert_ne!((self.now, self.session.deadline()), before, "a deadline that stays would spin");
        }
        self.now = end;
    }

    /// The text sent since last asked, which must be one whole request.
    #[track_caller]
    pub(crate) fn request(&mut self) -> String {
        let text = String::from_utf8(std::mem::take(&mut self.sent)).expect("a request is text");
        assert_eq!(text.matches("\r\n\r\n").count(), 1, "one request: {text:?}");
        text
    }

    /// Answers the request waiting in `sent`, which must be `method`; `rest` is what follows its CSeq.
    #[track_caller]
    pub(crate) fn answer(&mut self, method: &str, status: &str, rest: &str) -> String {
        let request = self.request();
        assert!(request.starts_with(&format!("{method} ")), "{method} expected: {request:?}");
        let response = format!("RTSP/1.0 {status}\r\nCSeq: {}\r\n{rest}", cseq(&request));
        self.receive(response.as_bytes());
        request
    }

    /// Takes the session as far as an answered SETUP over TCP: PLAY is in `sent`.
    pub(crate) fn set_up(transport: Transport) -> Self {
        let mut client = Self::new(config(transport));
        client.answer("OPTIONS", "200 OK", PUBLIC);
        client.answer("DESCRIBE", "401 Unauthorized", CHALLENGE);
        client.answer("DESCRIBE", "200 OK", &description(SDP));
        if transport == Transport::Tcp {
            client.answer("SETUP", "200 OK", SET_UP_TCP);
        }
        client
    }

    /// A session that plays over TCP.
    pub(crate) fn playing() -> Self {
        let mut client = Self::set_up(Transport::Tcp);
        client.answer("PLAY", "200 OK", PLAYING);
        assert!(client.has_event(|e| matches!(e, Event::Playing { .. })));
        client
    }

    pub(crate) fn has_event(&self, matches: impl Fn(&Event) -> bool) -> bool {
        self.events.iter().any(matches)
    }

    /// The error that ended the session.
    #[track_caller]
    pub(crate) fn error(&self) -> Error {
        match &self.result {
            Some(Err(error)) => error.clone(),
            other => panic!("an error expected: {other:?}"),
        }
    }

    /// The interleaved packets sent since last asked: channel and payload.
    pub(crate) fn interleaved(&mut self) -> Vec<(u8, Vec<u8>)> {
        std::mem::take(&mut self.packets)
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            assert!(self.result.is_none(), "nothing comes after the end: {output:?}");
            match output {
                Output::Send(bytes) => match bytes[..] {
                    [b'$', channel, hi, lo, ref packet @ ..] => {
                        assert_eq!(usize::from(u16::from_be_bytes([hi, lo])), packet.len(), "one packet a message");
                        self.packets.push((channel, packet.to_vec()));
                    }
                    _ => self.sent.extend_from_slice(&bytes),
                },
                Output::SendRtcp(bytes) => self.datagrams.push(bytes.to_vec()),
                Output::BindUdp => {
                    self.udp.push("bind".into());
                    self.session.handle_input(self.now, Input::UdpBound(self.udp_port));
                }
                Output::ConnectUdp { rtp, rtcp } => self.udp.push(format!("connect {rtp} {rtcp}")),
                Output::CloseUdp => self.udp.push("close".into()),
                Output::Event(Event::AccessUnit(unit)) => self.access_units.push(unit),
                Output::Event(Event::Ended(result)) => self.result = Some(result),
                Output::Event(event) => self.events.push_back(event),
            }
        }
    }
}

pub(crate) fn cseq(request: &str) -> &str {
    request.split("CSeq: ").nth(1).and_then(|rest| rest.split("\r\n").next()).expect("a CSeq")
}

pub(crate) fn description(sdp: &str) -> String {
    format!(
        "Content-Base: rtsps://192.168.1.2/streaming/live/1/\r\nContent-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    )
}

/// A packet on an interleaved channel.
pub(crate) fn interleave(channel: u8, payload: &[u8]) -> Vec<u8> {
    [&[b'$', channel], &(payload.len() as u16).to_be_bytes()[..], payload].concat()
}

/// An RTP packet of the printer.
pub(crate) fn rtp(sequence_number: u16, timestamp: u32, marker: bool, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 96 | if marker { 0x80 } else { 0 }];
    packet.extend_from_slice(&sequence_number.to_be_bytes());
    packet.extend_from_slice(&timestamp.to_be_bytes());
    packet.extend_from_slice(&SSRC.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}

pub(crate) const SSRC: u32 = 0x0102_0304;

/// A slice of an IDR picture: its header's `first_mb_in_slice` is 0, the rest means nothing to the session.
pub(crate) const KEY_SLICE: &[u8] = &[0x65, 0x88, 0x84, 0x21, 0xa0];
/// A slice of another picture.
pub(crate) const SLICE: &[u8] = &[0x41, 0x9a, 0x24, 0x6c, 0x41];

/// A sender report (28 bytes) with an SDES whose CNAME is the model code, as an X1C sends them before PLAY's response.
pub(crate) fn sender_report() -> Vec<u8> {
    let mut report = vec![0x80, 200, 0, 6];
    report.extend_from_slice(&SSRC.to_be_bytes());
    report.extend_from_slice(&[0xe8, 0x01, 0x02, 0x03, 0x80, 0, 0, 0]); // NTP
    report.extend_from_slice(&1000u32.to_be_bytes());
    report.extend_from_slice(&[0; 8]);
    report.extend_from_slice(&[0x81, 202, 0, 4]);
    report.extend_from_slice(&SSRC.to_be_bytes());
    report.extend_from_slice(b"\x01\x07BL-P001\x00\x00\x00");
    report
}

pub(crate) const PUBLIC: &str =
    "Public: OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER\r\n\r\n";
pub(crate) const CHALLENGE: &str = "WWW-Authenticate: Digest realm=\"LIVE555 Streaming Media\", \
                             nonce=\"0123456789abcdef0123456789abcdef\"\r\n\r\n";
pub(crate) const SET_UP_TCP: &str = "Transport: RTP/AVP/TCP;unicast;destination=192.168.1.9;source=192.168.1.2;interleaved=0-1\r\n\
                              Session: 061546E4;timeout=10\r\n\r\n";
pub(crate) const PLAYING: &str = "Range: npt=0.000-\r\nSession: 061546E4\r\n\
                           RTP-Info: url=rtsps://192.168.1.2/streaming/live/1/track1;seq=17;rtptime=1000\r\n\r\n";
/// The description of an X1C (KittyCAD/machine-api's trace, addresses and times replaced): blank lines in its middle.
pub(crate) const SDP: &str = "v=0\r\no=- 1700000000000000 1 IN IP4 192.168.1.2\r\ns=rtsp stream server\r\n\
    i=Tue Nov 14 22:13:20 2023\n\r\nt=0 0\r\na=tool:LIVE555 Streaming Media v2023.03.30\r\na=type:broadcast\r\n\
    a=control:*\r\na=range:npt=now-\r\na=x-qt-text-nam:rtsp stream server\r\n\
    a=x-qt-text-inf:Tue Nov 14 22:13:20 2023\n\r\nm=video 0 RTP/AVP 96\r\nc=IN IP4 0.0.0.0\r\nb=AS:17186\r\n\
    a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;profile-level-id=42C01F;\
    sprop-parameter-sets=Z0LAH42NUCSC2TZAAAADAEAAAA8jwiEagA==,aM4xsg==\r\na=control:track1\r\n";
