//! The dialogue with one client, without I/O: requests, RTCP, pictures and time go in; bytes come out.
//!
//! ```text
//! OPTIONS -> DESCRIBE -> 401 -> DESCRIBE -> SETUP -> PLAY -> TEARDOWN
//!                                             |        |
//!                                             +--------+--> expired: BYE, 454 from then on
//! ```

mod playback;
mod transport;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

use crate::camera::AccessUnit;
use crate::digest::Challenge;
use crate::log::{RequestRecord, SharedLog};
use crate::options::{Encryption, Options, SecondClient, Udp};
use crate::personality::Facts;
use crate::place::Place;
use crate::random::Random;
use crate::request::Request;
use crate::response::Response;
use crate::rtcp;
use crate::sdp::Description;

use playback::Playback;
use transport::Transport;

/// What a session is told about its surroundings.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    pub(crate) options: Options,
    pub(crate) place: Place,
    pub(crate) log: SharedLog,
    /// The connection's id in the log.
    pub(crate) client: u64,
    pub(crate) local: IpAddr,
    pub(crate) peer: IpAddr,
    /// RTP and RTCP; `None` where no sockets could be had.
    pub(crate) server_ports: Option<[u16; 2]>,
    /// When the camera started, by both clocks.
    pub(crate) started: (Instant, SystemTime),
}

/// What the driver shall send or do, in this order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// An RTSP response.
    Reply(Vec<u8>),
    /// Interleaved packets for the connection.
    Media(Vec<u8>),
    /// A datagram from the RTP or RTCP socket to a port of the client.
    Datagram {
        rtcp: bool,
        port: u16,
        bytes: Vec<u8>,
    },
    Close,
}

/// One connection's state.
#[derive(Debug)]
pub(crate) struct Session {
    around: Surroundings,
    facts: &'static Facts,
    challenge: Challenge,
    random: Random,
    playback: Option<Playback>,
    outputs: VecDeque<Output>,
}

impl Session {
    pub(crate) fn new(around: Surroundings) -> Session {
        let mut random = Random::new(around.options.seed.wrapping_add(around.client << 32));
        Session {
            facts: around.options.personality.facts(),
            challenge: Challenge::new(&mut random),
            random,
            playback: None,
            outputs: VecDeque::new(),
            around,
        }
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When `handle_tick` is due.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.playback.as_ref().map(Playback::next_deadline)
    }

    /// Whether pictures are wanted.
    pub(crate) fn is_playing(&self) -> bool {
        self.playback.as_ref().is_some_and(Playback::is_playing)
    }

    pub(crate) fn handle_request(&mut self, request: &Request, now: Instant) {
        if let Some(playback) = &mut self.playback
            && request
                .header("Session")
                .is_some_and(|id| playback.is_named(id))
        {
            playback.note_liveness(now);
        }
        let response = self.answer(request, now);
        self.record(request, response.as_ref());
        let Some(response) = response else {
            return;
        };
        let mut bytes = response.bytes(request.header("CSeq"), self.wall(now).as_secs());
        if self.around.options.faults.frames_in_headers {
            self.put_frame_into_header(&mut bytes);
        }
        self.outputs.push_back(Output::Reply(bytes));
        if response.status == 453 {
            self.outputs.push_back(Output::Close);
        }
    }

    /// A packet from the client on the RTCP channel or port.
    pub(crate) fn handle_rtcp(&mut self, packet: &[u8], now: Instant) {
        let Some(playback) = &mut self.playback else {
            return;
        };
        let Some(reports) = rtcp::receiver_reports(packet, playback.ssrc()) else {
            self.around
                .log
                .update(self.around.client, |record| record.garbage_packets += 1);
            return;
        };
        playback.note_liveness(now);
        for report in reports {
            playback.note_report(now);
            self.around
                .log
                .update(self.around.client, |record| record.push_report(report));
        }
    }

    /// An interleaved packet; only the RTCP channel has a meaning.
    pub(crate) fn handle_interleaved(&mut self, channel: u8, packet: &[u8], now: Instant) {
        match &self.playback {
            Some(playback) if playback.transport().is_rtcp_channel(channel) => {
                self.handle_rtcp(packet, now);
            }
            _ => self
                .around
                .log
                .update(self.around.client, |r| r.garbage_packets += 1),
        }
    }

    pub(crate) fn handle_access_unit(&mut self, unit: &AccessUnit, now: Instant) {
        let Some(playback) = &mut self.playback else {
            return;
        };
        if !playback.is_starved() && !self.around.place.is_held_by(self.around.client) {
            // Another client has taken the place.
            self.end_session();
            self.outputs.push_back(Output::Close);
            return;
        }
        let packets = playback.handle_access_unit(unit, now, &mut self.outputs);
        if packets > 0 {
            self.around
                .log
                .update(self.around.client, |r| r.rtp_packets += packets);
        }
    }

    /// The driver could not pass pictures on: the next one sent is a key frame.
    pub(crate) fn note_lost_media(&mut self) {
        if let Some(playback) = &mut self.playback {
            playback.wait_for_key_frame();
        }
    }

    pub(crate) fn handle_tick(&mut self, now: Instant) {
        let wall = self.wall(now);
        let Some(playback) = &mut self.playback else {
            return;
        };
        if playback.is_expired(now) {
            tracing::info!(target: "printcam_sim", client = self.around.client, "session expired");
            self.around
                .log
                .update(self.around.client, |record| record.expired = true);
            self.end_session();
        } else {
            playback.send_due_report(now, wall, &mut self.outputs);
        }
    }

    /// The connection has ended; a session still open is an unclean end.
    pub(crate) fn handle_end(&mut self, now: Instant) {
        let wedge = self.around.options.wedge_after_unclean_end;
        let until = (self.playback.take().is_some() && !wedge.is_zero()).then(|| now + wedge);
        self.around.place.leave(self.around.client, until);
    }

    fn answer(&mut self, request: &Request, now: Instant) -> Option<Response> {
        if request.header("CSeq").is_none() {
            return Some(Response::new(400).header("Allow", METHODS));
        }
        Some(match request.method.as_str() {
            "OPTIONS" => Response::new(200).header("Public", METHODS),
            "DESCRIBE" => return self.describe(request, now),
            "SETUP" => self.set_up(request, now),
            "PLAY" => self.play(request, now),
            "PAUSE" => self.with_session(request, |session| {
                session.pause();
                session.reply()
            }),
            "TEARDOWN" => self.tear_down(request),
            "GET_PARAMETER" if request.header("Session").is_none() => {
                Response::new(200).body(VERSION)
            }
            "GET_PARAMETER" => self.with_session(request, |session| session.reply().body(VERSION)),
            "SET_PARAMETER" => self.with_session(request, |session| session.reply()),
            _ => Response::new(405).header("Allow", METHODS),
        })
    }

    fn describe(&mut self, request: &Request, now: Instant) -> Option<Response> {
        if !self.is_authorized(request) {
            return Some(self.challenge());
        }
        if self.stream_suffix(&request.uri).is_none() {
            return Some(Response::new(404));
        }
        if self.is_refused(now) {
            return Some(Response::new(453));
        }
        if self.around.options.faults.describe_unanswered {
            return None;
        }
        let started = self.around.started.1.duration_since(SystemTime::UNIX_EPOCH);
        let description = Description {
            facts: self.facts,
            address: self.around.local.to_string(),
            started: started.unwrap_or_default().as_micros() as u64,
            video: !self.around.options.faults.sdp_without_video,
        };
        let response = Response::new(200)
            .header("Content-Base", format!("{}/", self.base_url()))
            .header("Content-Type", "application/sdp")
            .body(description.text());
        Some(response)
    }

    fn set_up(&mut self, request: &Request, now: Instant) -> Response {
        if !self.is_authorized(request) {
            return self.challenge();
        }
        match self.stream_suffix(&request.uri) {
            None => return Response::new(404),
            Some("/track1") => {}
            // The aggregate or `*`: seen to be refused so.
            Some("" | "/" | "/*") => return Response::new(405).header("Allow", METHODS),
            Some(_) => return Response::new(404),
        }
        if self.is_refused(now) {
            return Response::new(453);
        }
        let options = &self.around.options;
        let server_ports = self
            .around
            .server_ports
            .filter(|_| options.udp == Udp::Allow);
        let offers = request.header("Transport").unwrap_or_default();
        let Some(transport) = Transport::choose(offers, server_ports) else {
            return Response::new(461);
        };
        let starved = !self.around.place.is_free_for(self.around.client, now)
            && options.second_client == SecondClient::Starve;
        if !starved {
            self.around.place.take(self.around.client);
        }
        let playback = Playback::new(
            transport,
            self.facts,
            options,
            starved,
            &mut self.random,
            now,
        );
        let response = Response::new(200)
            .header(
                "Transport",
                transport.header(self.around.peer, self.around.local),
            )
            .header(
                "Session",
                format!(
                    "{};timeout={}",
                    playback.id(),
                    options.session_timeout.as_secs()
                ),
            );
        self.playback = Some(playback);
        response
    }

    fn play(&mut self, request: &Request, now: Instant) -> Response {
        if !self.is_authorized(request) {
            return self.challenge();
        }
        let wall = self.wall(now);
        let url = format!("{}/track1", self.base_url());
        let Some(playback) = self.named_playback(request) else {
            return Response::new(454);
        };
        let mut outputs = VecDeque::new();
        let (sequence_number, timestamp) = playback.play(now, wall, &mut outputs);
        let response = Response::new(200)
            .header("Range", "npt=0.000-")
            .header("Session", playback.id())
            .header(
                "RTP-Info",
                format!("url={url};seq={sequence_number};rtptime={timestamp}"),
            );
        // Media first: it overtakes the response.
        self.outputs.append(&mut outputs);
        response
    }

    fn tear_down(&mut self, request: &Request) -> Response {
        if self.named_playback(request).is_none() {
            return Response::new(454);
        }
        self.around
            .log
            .update(self.around.client, |record| record.teardown = true);
        self.end_session();
        Response::new(200)
    }

    /// BYE, and the place is free.
    fn end_session(&mut self) {
        if let Some(mut playback) = self.playback.take() {
            playback.send_bye(&mut self.outputs);
            self.around.place.leave(self.around.client, None);
        }
    }

    fn with_session(
        &mut self,
        request: &Request,
        answer: impl FnOnce(&mut Playback) -> Response,
    ) -> Response {
        match self.named_playback(request) {
            Some(playback) => answer(playback),
            None => Response::new(454),
        }
    }

    fn named_playback(&mut self, request: &Request) -> Option<&mut Playback> {
        let id = request.header("Session")?;
        self.playback
            .as_mut()
            .filter(|playback| playback.is_named(id))
    }

    fn is_authorized(&self, request: &Request) -> bool {
        request.header("Authorization").is_some_and(|header| {
            let code = &self.around.options.access_code;
            self.challenge.is_answered_by(header, &request.method, code)
        })
    }

    /// 401 with a new nonce, as LIVE555 does after every failure.
    fn challenge(&mut self) -> Response {
        self.challenge = Challenge::new(&mut self.random);
        Response::new(401).header("WWW-Authenticate", self.challenge.header())
    }

    fn is_refused(&self, now: Instant) -> bool {
        self.around.options.second_client == SecondClient::Refuse
            && !self.around.place.is_free_for(self.around.client, now)
    }

    /// What follows the stream's path in a URI; `None` for another stream.
    fn stream_suffix<'a>(&self, uri: &'a str) -> Option<&'a str> {
        let (_, rest) = uri.split_once("://")?;
        let path = &rest[rest.find('/')?..];
        let suffix = path.strip_prefix(self.facts.path)?;
        (suffix.is_empty() || suffix.starts_with('/')).then_some(suffix)
    }

    /// Without the port, as seen: not a place to connect to.
    fn base_url(&self) -> String {
        let scheme = match self.around.options.encryption {
            Encryption::None => "rtsp",
            Encryption::Tls12 | Encryption::Tls13 => "rtsps",
        };
        let host = match self.around.local {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        format!("{scheme}://{host}{}", self.facts.path)
    }

    /// Time since 1970.
    fn wall(&self, now: Instant) -> Duration {
        let (instant, wall) = self.around.started;
        let at_start = wall.duration_since(SystemTime::UNIX_EPOCH);
        at_start.unwrap_or_default() + now.saturating_duration_since(instant)
    }

    fn put_frame_into_header(&self, bytes: &mut Vec<u8>) {
        let mut line_ends = bytes
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| pair == b"\r\n");
        let Some((second_line_end, _)) = line_ends.nth(1) else {
            return;
        };
        let ssrc = self.playback.as_ref().map_or(0, Playback::ssrc);
        let frame = transport::interleaved(1, &rtcp::bye(ssrc.wrapping_add(1)));
        let middle = second_line_end + 5;
        bytes.splice(middle..middle, frame);
    }

    fn record(&self, request: &Request, response: Option<&Response>) {
        let (uri, credentials_in_uri) = without_credentials(&request.uri);
        let record = RequestRecord {
            method: request.method.clone(),
            uri,
            cseq: request.cseq(),
            had_credentials: request.header("Authorization").is_some(),
            credentials_in_uri,
            status: response.map(|response| response.status),
        };
        tracing::debug!(
            target: "printcam_sim",
            client = self.around.client,
            method = %record.method,
            uri = %record.uri,
            cseq = record.cseq,
            credentials = record.had_credentials,
            status = record.status,
            "request"
        );
        self.around
            .log
            .update(self.around.client, |client| client.push_request(record));
    }
}

/// The URI without what stands before `@`, and whether there was something.
fn without_credentials(uri: &str) -> (String, bool) {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return (uri.to_owned(), false);
    };
    match rest.rsplit_once('@') {
        Some((_, rest)) => (format!("{scheme}://{rest}"), true),
        None => (uri.to_owned(), false),
    }
}

/// As traced.
const METHODS: &str =
    "OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER";
/// What LIVE555 answers to GET_PARAMETER: the version of its library.
const VERSION: &str = "2023.03.30";

#[cfg(test)]
mod tests;
