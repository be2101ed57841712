//! Who says what when on the RTSP connection (RFC 2326 §10, §A.1):
//!
//! ```text
//! OPTIONS -> DESCRIBE -> (bind UDP ports) -> SETUP -> PLAY -> keep-alive ... -> TEARDOWN
//!               |                              |
//!            401: again with credentials    refused: again with TCP
//! ```
//!
//! One request is in flight at a time. What comes out is text to send, and [`Step`]s for the session to take.

use std::time::Duration;

use super::authenticator::Authenticator;
use super::config::{Config, Transport};
use super::error::Error;
use super::random::Random;
use crate::rtsp::headers::{ServerTransport, SessionHeader};
use crate::rtsp::message::{latin1, write_request, write_response};
use crate::rtsp::{Headers, Method, Request, Response, RtspUrl};
use crate::sdp::{Sdp, VideoTrack};

/// The RTSP side of a session.
#[derive(Debug)]
pub(super) struct Handshake {
    url: RtspUrl,
    transport: Transport,
    authenticator: Authenticator,
    cseq: u32,
    in_flight: Option<InFlight>,
    /// URL of the whole presentation: PLAY, keep-alive, TEARDOWN.
    presentation: RtspUrl,
    /// URL of the video track: SETUP.
    track: RtspUrl,
    session: Option<SessionHeader>,
    /// Whether keep-alive is GET_PARAMETER; OPTIONS where the server does not offer it.
    get_parameter: bool,
    proposed: Proposal,
    leaving: bool,
    /// Responses and requests that belonged to nothing.
    stray: u64,
}

#[derive(Debug)]
struct InFlight {
    method: Method,
    cseq: u32,
    uri: RtspUrl,
    extra: Headers,
    had_credentials: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proposal {
    Udp,
    Interleaved,
}

/// What the session has to do next.
#[derive(Debug)]
pub(super) enum Step {
    /// Nothing.
    Wait,
    /// The track is known. If `bind`, a pair of UDP ports is wanted before SETUP.
    Described { track: Box<VideoTrack>, bind: bool },
    /// UDP was refused and TCP has been asked for: the ports can go.
    UdpRefused { status: u16 },
    /// SETUP was accepted and PLAY has been sent: media may arrive from now on.
    SetUp(ServerTransport),
    /// PLAY was accepted.
    Playing,
    /// TEARDOWN was answered, or there is nothing to give back.
    Left,
}

impl Handshake {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            url: config.url.clone(),
            transport: config.transport,
            authenticator: Authenticator::new(config.credentials.clone(), config.allow_basic),
            cseq: 0,
            in_flight: None,
            presentation: config.url.clone(),
            track: config.url.clone(),
            session: None,
            get_parameter: false,
            proposed: Proposal::Interleaved,
            leaving: false,
            stray: 0,
        }
    }

    /// The request in flight.
    pub(super) fn waiting_for(&self) -> Option<Method> {
        self.in_flight.as_ref().map(|r| r.method)
    }

    /// Whether the server holds a session of ours, which TEARDOWN should end.
    pub(super) fn has_session(&self) -> bool {
        self.session.is_some()
    }

    /// How long the server keeps a silent session; a third of it is the time between keep-alive requests.
    pub(super) fn session_timeout(&self) -> Duration {
        self.session.as_ref().map_or(Duration::from_secs(60), |s| s.timeout)
    }

    /// Responses and requests that belonged to nothing.
    pub(super) fn stray(&self) -> u64 {
        self.stray
    }

    /// The first request.
    pub(super) fn start(&mut self, random: &mut Random, out: &mut Vec<u8>) {
        let url = self.url.clone();
        self.send(Method::Options, url, Headers::default(), random, out);
    }

    /// SETUP by UDP, our ports being `rtp_port` and the one above it.
    pub(super) fn set_up_udp(&mut self, rtp_port: u16, random: &mut Random, out: &mut Vec<u8>) {
        self.proposed = Proposal::Udp;
        self.set_up(format!("RTP/AVP;unicast;client_port={rtp_port}-{}", rtp_port + 1), random, out);
    }

    /// SETUP inside the connection.
    pub(super) fn set_up_interleaved(&mut self, random: &mut Random, out: &mut Vec<u8>) {
        self.proposed = Proposal::Interleaved;
        self.set_up("RTP/AVP/TCP;unicast;interleaved=0-1".to_owned(), random, out);
    }

    /// Tells the server that we are still there. Nothing is sent while another request is in flight: that tells it too.
    pub(super) fn keep_alive(&mut self, random: &mut Random, out: &mut Vec<u8>) {
        if self.in_flight.is_none() {
            let method = if self.get_parameter { Method::GetParameter } else { Method::Options };
            self.send(method, self.presentation.clone(), Headers::default(), random, out);
        }
    }

    /// Stops waiting for the answer to a keep-alive request: media flows, so the camera lives.
    pub(super) fn forget_request(&mut self) {
        self.stray += 1;
        self.in_flight = None;
    }

    /// Gives the session back, and says whether there is an answer to wait for.
    ///
    /// With SETUP on its way the camera may be making a session at this moment: its answer names what TEARDOWN ends.
    pub(super) fn leave(&mut self, random: &mut Random, out: &mut Vec<u8>) -> bool {
        self.leaving = true;
        if self.has_session() {
            self.tear_down(random, out);
        }
        matches!(self.waiting_for(), Some(Method::Setup | Method::Teardown))
    }

    /// Gives the session back. An answer still outstanding is no longer waited for.
    pub(super) fn tear_down(&mut self, random: &mut Random, out: &mut Vec<u8>) {
        self.send(Method::Teardown, self.presentation.clone(), Headers::default(), random, out);
    }

    /// Takes a response; whatever it leads to be sent is appended to `out`.
    pub(super) fn handle_response(
        &mut self,
        response: Response,
        random: &mut Random,
        out: &mut Vec<u8>,
    ) -> Result<Step, Error> {
        log_response(&response);
        // A response without CSeq (RFC 2326 §12.17 wants one) can only belong to the one request there is.
        let is_ours =
            self.in_flight.as_ref().is_some_and(|r| response.headers.cseq().is_none_or(|cseq| cseq == r.cseq));
        if response.status < 200 || !is_ours {
            self.stray += 1;
            return Ok(Step::Wait);
        }
        let Some(request) = self.in_flight.take() else { return Ok(Step::Wait) };
        if response.status == 401 {
            if self.leaving {
                return Ok(Step::Left);
            }
            self.authenticator.challenged(&response.headers, request.had_credentials)?;
            self.send(request.method, request.uri, request.extra, random, out);
            return Ok(Step::Wait);
        }
        let accepted = (200..300).contains(&response.status);
        if accepted {
            self.authenticator.accepted();
        }
        let refused = Error::Refused { method: request.method, status: response.status };
        match request.method {
            Method::Options | Method::GetParameter if self.has_session() => self.handle_keep_alive(&request, &response),
            Method::Options => {
                // Whatever the answer: DESCRIBE will tell.
                self.get_parameter =
                    response.headers.all("Public").any(|p| p.to_ascii_uppercase().contains("GET_PARAMETER"));
                let mut headers = Headers::default();
                headers.push("Accept", "application/sdp");
                self.send(Method::Describe, self.url.clone(), headers, random, out);
                Ok(Step::Wait)
            }
            Method::Describe if accepted => self.handle_description(&response, random, out),
            Method::Setup if self.leaving => {
                self.session = response.headers.first("Session").and_then(SessionHeader::parse).filter(|_| accepted);
                Ok(if self.leave(random, out) { Step::Wait } else { Step::Left })
            }
            Method::Setup if accepted => self.handle_set_up(&response, random, out),
            Method::Setup if self.proposed == Proposal::Udp && self.transport == Transport::Auto => {
                tracing::info!(target: "printcam::udp", status = response.status, "UDP refused, TCP it is");
                self.set_up_interleaved(random, out);
                Ok(Step::UdpRefused { status: response.status })
            }
            Method::Play if accepted => Ok(Step::Playing),
            Method::Teardown => Ok(Step::Left),
            _ => Err(refused),
        }
    }

    /// Answers a request of the server (RFC 2326 §10.1, §10.8); we have nothing to offer, and say so.
    pub(super) fn handle_request(&mut self, request: &Request, out: &mut Vec<u8>) {
        tracing::debug!(target: "printcam::rtsp", method = %request.method, "the server asks");
        self.stray += 1;
        let mut headers = Headers::default();
        let (status, reason) = match request.method.as_str() {
            "OPTIONS" => {
                headers.push("Public", "OPTIONS, GET_PARAMETER, SET_PARAMETER");
                (200, "OK")
            }
            "GET_PARAMETER" | "SET_PARAMETER" => (200, "OK"),
            _ => (501, "Not Implemented"),
        };
        write_response(out, status, reason, request.headers.cseq(), &headers);
    }

    fn handle_description(
        &mut self,
        response: &Response,
        random: &mut Random,
        out: &mut Vec<u8>,
    ) -> Result<Step, Error> {
        for line in response.body.split(|&b| b == b'\n') {
            tracing::debug!(target: "printcam::sdp", "{}", latin1(line).trim_end().escape_debug());
        }
        let sdp = Sdp::parse(&response.body);
        let track = sdp.h264_track()?;
        let base = response.headers.first("Content-Base").or_else(|| response.headers.first("Content-Location"));
        self.presentation = self.url.resolve(base, sdp.control.as_deref().unwrap_or("*"));
        self.track = self.url.resolve(base, track.control.as_deref().unwrap_or("*"));
        let bind = self.transport != Transport::Tcp;
        if !bind {
            self.set_up_interleaved(random, out);
        }
        Ok(Step::Described { track: Box::new(track), bind })
    }

    fn handle_set_up(&mut self, response: &Response, random: &mut Random, out: &mut Vec<u8>) -> Result<Step, Error> {
        self.session = response.headers.first("Session").and_then(SessionHeader::parse);
        let transport = response.headers.first("Transport").and_then(ServerTransport::parse);
        let transport = match (transport, self.proposed) {
            (Some(transport), _) => transport,
            // RFC 2326 wants the choice repeated; without it, what was proposed was accepted.
            (None, Proposal::Interleaved) => ServerTransport::Interleaved { rtp: 0, rtcp: 1 },
            (None, Proposal::Udp) => return Err(Error::UnusableTransport),
        };
        let mut headers = Headers::default();
        headers.push("Range", "npt=0.000-");
        self.send(Method::Play, self.presentation.clone(), headers, random, out);
        Ok(Step::SetUp(transport))
    }

    fn handle_keep_alive(&mut self, request: &InFlight, response: &Response) -> Result<Step, Error> {
        match response.status {
            454 => return Err(Error::SessionExpired),
            // Offered and not honoured (RFC 2326 §10.8 allows it): ask what every server answers.
            405 | 501 | 551 if request.method == Method::GetParameter => self.get_parameter = false,
            _ => {}
        }
        Ok(Step::Wait)
    }

    fn set_up(&mut self, transport: String, random: &mut Random, out: &mut Vec<u8>) {
        let mut headers = Headers::default();
        headers.push("Transport", transport);
        self.send(Method::Setup, self.track.clone(), headers, random, out);
    }

    fn send(&mut self, method: Method, uri: RtspUrl, extra: Headers, random: &mut Random, out: &mut Vec<u8>) {
        self.cseq += 1;
        let target = uri.to_string();
        let authorization = self.authenticator.authorization(method, &target, random);
        let had_credentials = authorization.is_some();
        tracing::debug!(target: "printcam::rtsp", "> {method} {target} (CSeq {})", self.cseq);
        let mut headers = Headers::default();
        headers.push("User-Agent", concat!("printcam/", env!("CARGO_PKG_VERSION")));
        if let Some(session) = &self.session {
            headers.push("Session", session.id.clone());
        }
        for (name, value) in extra.iter() {
            headers.push(name, value);
        }
        for (name, value) in headers.iter() {
            tracing::debug!(target: "printcam::rtsp", "> {name}: {value}");
        }
        if let Some(authorization) = authorization {
            // Eight characters under a hash can be guessed by whoever reads it: never into the log.
            tracing::debug!(target: "printcam::rtsp", "> Authorization: ***");
            headers.push("Authorization", authorization);
        }
        write_request(out, method, &target, self.cseq, &headers);
        self.in_flight = Some(InFlight { method, cseq: self.cseq, uri, extra, had_credentials });
    }
}

fn log_response(response: &Response) {
    tracing::debug!(target: "printcam::rtsp", "< {} {}", response.status, response.reason.escape_debug());
    for (name, value) in response.headers.iter() {
        tracing::debug!(target: "printcam::rtsp", "< {}: {}", name.escape_debug(), value.escape_debug());
    }
}
