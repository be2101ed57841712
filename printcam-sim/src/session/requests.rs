//! One answer for each method, with the headers and in the order of LIVE555.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Instant, SystemTime};

use crate::digest::Challenge;
use crate::event::Happening;
use crate::fault::FaultKind;
use crate::options::{SecondClient, Udp};
use crate::place::Obstacle;
use crate::request::Request;
use crate::response::Response;
use crate::sdp::Description;

use super::Session;
use super::playback::Playback;
use super::transport::Transport;

impl Session {
    /// The response, or `None` where a fault keeps it back.
    pub(super) fn answer(&mut self, request: &Request, now: Instant) -> Option<Response> {
        if request.header("CSeq").is_none() {
            return Some(Response::new(400).header("Allow", METHODS));
        }
        let method = request.method.as_str();
        let open = matches!(method, "OPTIONS" | "TEARDOWN");
        if self.outgoing.timeline.is_active(FaultKind::Unauthorized, now) && !open
            || self.strict && !open && !self.is_authorized(request)
        {
            return Some(self.challenge());
        }
        if request.uri == "*" && self.outgoing.timeline.is_active(FaultKind::RefuseStar, now) {
            return Some(Response::new(405).header("Allow", METHODS));
        }
        let alive = matches!(method, "OPTIONS" | "GET_PARAMETER" | "SET_PARAMETER");
        if alive && self.outgoing.timeline.is_active(FaultKind::KeepAliveUnanswered, now) {
            return None;
        }
        if method == "GET_PARAMETER" && self.outgoing.timeline.is_active(FaultKind::GetParameter501, now) {
            return Some(Response::new(501));
        }
        let no_get_parameter = self.outgoing.timeline.is_active(FaultKind::NoGetParameter, now);
        let methods = if no_get_parameter { METHODS_WITHOUT_GET_PARAMETER } else { METHODS };
        Some(match method {
            "OPTIONS" => Response::new(200).header("Public", methods),
            "GET_PARAMETER" if no_get_parameter => Response::new(405).header("Allow", methods),
            "DESCRIBE" => return self.describe(request, now),
            "SETUP" => self.set_up(request, now),
            "PLAY" => self.play(request, now),
            "PAUSE" => self.with_session(request, |session| {
                session.pause();
                session.reply()
            }),
            "TEARDOWN" => self.tear_down(request),
            "GET_PARAMETER" if request.header("Session").is_none() => Response::new(200).body(VERSION),
            "GET_PARAMETER" => self.with_session(request, |session| session.reply().body(VERSION)),
            "SET_PARAMETER" => self.with_session(request, |session| session.reply()),
            _ => Response::new(405).header("Allow", methods),
        })
    }

    fn describe(&mut self, request: &Request, now: Instant) -> Option<Response> {
        if !self.is_authorized(request) {
            return Some(self.challenge());
        }
        if self.stream_suffix(&request.uri).is_none() {
            return Some(Response::new(404));
        }
        if self.meets(SecondClient::Refuse, now) {
            return Some(Response::new(453));
        }
        if self.outgoing.timeline.is_active(FaultKind::DescribeUnanswered, now) {
            return None;
        }
        let at_least = self.outgoing.timeline.value(now, |kind| match kind {
            FaultKind::LargeReplies(bytes) => Some(bytes as usize),
            _ => None,
        });
        let started = self.around.started.1.duration_since(SystemTime::UNIX_EPOCH);
        let description = Description {
            media: self.around.options.media(self.rtsp),
            address: self.around.local.to_string(),
            started: started.unwrap_or_default().as_micros() as u64,
            video: !self.outgoing.timeline.is_active(FaultKind::NoVideo, now),
            sprop: !self.outgoing.timeline.is_active(FaultKind::NoSprop, now),
            at_least: at_least.unwrap_or(0),
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
            Some("/track1") => {}
            // The aggregate or `*`: seen to be refused so.
            Some("" | "/" | "/*") => return Response::new(405).header("Allow", METHODS),
            None if request.uri == "*" => return Response::new(405).header("Allow", METHODS),
            _ => return Response::new(404),
        }
        if self.meets(SecondClient::Refuse, now) {
            return Response::new(453);
        }
        let refuses_udp = self.outgoing.timeline.is_active(FaultKind::RefuseUdp, now);
        let options = &self.around.options;
        let server_ports = self.around.server_ports.filter(|_| options.udp == Udp::Allow && !refuses_udp);
        let offers = request.header("Transport").unwrap_or_default();
        let Some(transport) = Transport::choose(offers, server_ports) else {
            return Response::new(461);
        };
        let starved = self.meets(SecondClient::Starve, now);
        if !starved {
            self.around.place.take(self.around.log.id);
        }
        let media = options.media(self.rtsp);
        let playback = Playback::new(transport, options, media, starved, &mut self.random, now);
        let response = Response::new(200)
            .header("Transport", transport.header(self.around.peer, self.around.local))
            .header("Session", format!("{};timeout={}", playback.id(), options.session_timeout.as_secs()));
        self.playback = Some(playback);
        self.around.log.set_session(true);
        response
    }

    fn play(&mut self, request: &Request, now: Instant) -> Response {
        if !self.is_authorized(request) {
            return self.challenge();
        }
        let wall = self.wall(now);
        let url = format!("{}/track1", self.base_url());
        if self.named_playback(request).is_none() {
            return Response::new(454);
        }
        self.outgoing.timeline.note_play(now);
        // Those that begin with PLAY befall its answer already.
        self.begin_faults(now);
        self.around.log.note(now, Happening::Playing);
        let in_band = !self.outgoing.timeline.is_active(FaultKind::NoParameterSets, now);
        let Some(playback) = self.playback.as_mut() else {
            return Response::new(454);
        };
        let mut outputs = VecDeque::new();
        let (sequence_number, timestamp) = playback.play(now, wall, in_band, &mut outputs);
        let response = Response::new(200)
            .header("Range", "npt=0.000-")
            .header("Session", playback.id())
            .header("RTP-Info", format!("url={url};seq={sequence_number};rtptime={timestamp}"));
        // Media first: it overtakes the response.
        self.outgoing.queue.append(&mut outputs);
        response
    }

    fn tear_down(&mut self, request: &Request) -> Response {
        if self.named_playback(request).is_none() {
            return Response::new(454);
        }
        self.around.log.update(|record| record.teardown = true);
        self.end_session();
        Response::new(200)
    }

    fn with_session(&mut self, request: &Request, answer: impl FnOnce(&mut Playback) -> Response) -> Response {
        match self.named_playback(request) {
            Some(playback) => answer(playback),
            None => Response::new(454),
        }
    }

    fn named_playback(&mut self, request: &Request) -> Option<&mut Playback> {
        let id = request.header("Session")?;
        self.playback.as_mut().filter(|playback| playback.is_named(id))
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

    /// Whether the place is taken, and this is what comes of it.
    fn meets(&self, policy: SecondClient, now: Instant) -> bool {
        self.around.place.obstacle_for(self.around.log.id, now).is_some_and(|obstacle| {
            policy
                == match obstacle {
                    Obstacle::Holder => self.outgoing.second_client(&self.around.options, now),
                    Obstacle::Wedge => SecondClient::Refuse,
                }
        })
    }

    /// What follows the stream's path in a URI; `None` for another stream.
    fn stream_suffix<'a>(&self, uri: &'a str) -> Option<&'a str> {
        let (_, rest) = uri.split_once("://")?;
        let path = &rest[rest.find('/')?..];
        let suffix = path.strip_prefix(self.rtsp.path)?;
        (suffix.is_empty() || suffix.starts_with('/')).then_some(suffix)
    }

    /// Without the port, as seen: not a place to connect to.
    fn base_url(&self) -> String {
        let scheme = self.around.options.encryption.scheme();
        let host = match self.around.local {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        format!("{scheme}://{host}{}", self.rtsp.path)
    }
}

/// As traced.
const METHODS: &str = "OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER";
const METHODS_WITHOUT_GET_PARAMETER: &str = "OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY, PAUSE, SET_PARAMETER";
/// What LIVE555 answers to GET_PARAMETER: the version of its library.
const VERSION: &str = "2023.03.30";
