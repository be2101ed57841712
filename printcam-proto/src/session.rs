//! One RTSP session with one camera, as a state machine: [`Session::handle_input`] takes bytes, datagrams and time;
//! [`Session::poll_output`] gives bytes to send and events; [`Session::deadline`] says when to come back.
//!
//! ```text
//!            Connecting                          Playing            Leaving      Ended
//! OPTIONS, DESCRIBE, (BindUdp), SETUP, PLAY  ->  media, RTCP    ->  TEARDOWN  ->  Event::Ended
//!                    \______________________________\________________________________/
//!                                      an Error ends it from anywhere
//! ```
//!
//! The driver moves bytes and decides nothing: TLS, sockets and the clock are its business.

mod authenticator;
mod config;
mod error;
mod exchange;
mod handshake;
mod random;
mod statistics;
mod timers;
mod track;

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

pub use config::{Config, Transport};
pub use error::{AuthenticationError, Error};
pub use exchange::{Event, Input, Output};
pub use statistics::Statistics;

use crate::rtsp::headers::ServerTransport;
use crate::rtsp::{Deframer, Unit};
use handshake::{Handshake, Step};
use random::Random;
use timers::{Timer, Timers};
use track::{Rtcp, Track};

/// One session with one camera.
#[derive(Debug)]
pub struct Session {
    config: Config,
    deframer: Deframer,
    handshake: Handshake,
    random: Random,
    timers: Timers,
    track: Option<Track>,
    media: Option<ServerTransport>,
    phase: Phase,
    outputs: VecDeque<Output>,
    /// Last RTP packet, or when PLAY was sent.
    last_rtp: Instant,
    stalled_since: Option<Instant>,
    /// When the request in flight was sent.
    asked_at: Option<Instant>,
    /// Text to be sent; kept to reuse its memory.
    text: Vec<u8>,
    statistics: Statistics,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Connecting,
    /// From the moment PLAY was sent: printers send media before they answer it.
    Playing,
    Leaving,
    Ended,
}

impl Session {
    /// A session on a fresh connection; its first request waits in [`poll_output`](Self::poll_output).
    pub fn new(config: Config, now: Instant) -> Self {
        let mut session = Self {
            handshake: Handshake::new(&config),
            random: Random::new(config.seed),
            deframer: Deframer::default(),
            timers: Timers::default(),
            track: None,
            media: None,
            phase: Phase::Connecting,
            outputs: VecDeque::new(),
            last_rtp: now,
            stalled_since: None,
            asked_at: None,
            text: Vec::new(),
            statistics: Statistics::default(),
            config,
        };
        session.handshake.start(&mut session.random, &mut session.text);
        session.flush_text(now);
        session
    }

    /// Where received bytes go, before [`Input::Received`] says how many they are. Never empty.
    pub fn receive_buffer(&mut self) -> &mut [u8] {
        self.deframer.spare()
    }

    /// Takes what happened. Ignored once the session has ended.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        if self.phase == Phase::Ended {
            return;
        }
        let result = match input {
            Input::Received(count) => {
                self.deframer.commit(count);
                self.handle_received(now)
            }
            Input::EndOfStream if self.phase == Phase::Leaving => {
                self.end(Ok(()));
                Ok(())
            }
            Input::EndOfStream => Err(Error::Closed { during: self.handshake.waiting_for() }),
            Input::Rtp(packet) => {
                self.handle_rtp(now, packet);
                Ok(())
            }
            Input::Rtcp(packet) => {
                self.handle_rtcp(now, packet);
                Ok(())
            }
            Input::UdpBound(port) => self.handle_udp_bound(now, port),
            Input::Tick => Ok(()),
            Input::Leave => {
                self.leave(now);
                Ok(())
            }
        };
        if let Err(error) = result.and_then(|()| self.handle_timers(now)) {
            self.fail(error);
        }
    }

    /// The next thing to do; `None` when there is nothing before more input comes.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to give [`Input::Tick`] if nothing else happens before.
    pub fn deadline(&self) -> Option<Instant> {
        let track = self.track.as_ref().filter(|_| self.phase == Phase::Playing).and_then(Track::deadline);
        self.timers.next().into_iter().chain(track).min()
    }

    /// What was counted so far.
    pub fn statistics(&self, now: Instant) -> Statistics {
        let mut statistics = self.statistics.clone();
        statistics.stray_messages = self.handshake.stray();
        statistics.garbage_bytes = self.deframer.discarded();
        if let Some(since) = self.stalled_since {
            statistics.stalled_for += now.saturating_duration_since(since);
        }
        if let Some(track) = &self.track {
            track.add_to(&mut statistics);
        }
        statistics
    }

    fn handle_received(&mut self, now: Instant) -> Result<(), Error> {
        // The deframer lends its packets out while the rest of the session takes them.
        let mut deframer = std::mem::take(&mut self.deframer);
        let result = loop {
            let unit = match deframer.next() {
                Ok(Some(unit)) => unit,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error.into()),
            };
            let result = match unit {
                Unit::Interleaved { channel, payload } => {
                    self.handle_interleaved(now, channel, payload);
                    Ok(())
                }
                Unit::Response(response) => {
                    let (stray, asked, status) =
                        (self.handshake.stray(), self.handshake.waiting_for(), response.status);
                    let step = self.handshake.handle_response(response, &mut self.random, &mut self.text);
                    if let Some(method) = asked.filter(|_| stray == self.handshake.stray()) {
                        let took = now - self.asked_at.take().unwrap_or(now);
                        self.statistics.round_trip = Some(took);
                        self.emit(Event::Answered { method, status, took });
                    }
                    step.and_then(|step| self.take_step(now, step))
                }
                Unit::Request(request) => {
                    self.handshake.handle_request(&request, &mut self.text);
                    Ok(())
                }
            };
            self.flush_text(now);
            if result.is_err() || self.phase == Phase::Ended {
                break result;
            }
            if let Some(ServerTransport::Interleaved { rtp, rtcp }) = self.media {
                deframer.set_channels(rtp, rtcp);
            }
        };
        self.deframer = deframer;
        result
    }

    fn handle_interleaved(&mut self, now: Instant, channel: u8, payload: &[u8]) {
        match self.media {
            Some(ServerTransport::Interleaved { rtp, .. }) if channel == rtp => self.handle_rtp(now, payload),
            Some(ServerTransport::Interleaved { rtcp, .. }) if channel == rtcp => self.handle_rtcp(now, payload),
            _ => self.statistics.stray_packets += 1,
        }
    }

    fn handle_rtp(&mut self, now: Instant, packet: &[u8]) {
        let Some(track) = self.track.as_mut().filter(|_| self.phase == Phase::Playing) else {
            self.statistics.stray_packets += 1;
            return;
        };
        if track.handle_rtp(now, packet) {
            self.last_rtp = now;
            if let Some(since) = self.stalled_since.take() {
                self.statistics.stalled_for += now - since;
                track.set_stalled(false);
                self.timers.set(Timer::Stall, now + self.config.stall_after);
                self.emit(Event::Resumed { since });
            }
        }
        self.collect_access_units();
    }

    fn handle_rtcp(&mut self, now: Instant, packet: &[u8]) {
        match self.track.as_mut().filter(|_| self.phase == Phase::Playing) {
            Some(track) => {
                if let Some(name) = track.handle_rtcp(now, packet) {
                    self.emit(Event::Named(name));
                }
            }
            None => self.statistics.stray_packets += 1,
        }
    }

    fn collect_access_units(&mut self) {
        while let Some(unit) = self.track.as_mut().and_then(Track::next_access_unit) {
            self.outputs.push_back(Output::Event(Event::AccessUnit(unit)));
        }
    }

    fn take_step(&mut self, now: Instant, step: Step) -> Result<(), Error> {
        match step {
            Step::Wait => {}
            Step::Described { track, bind } => {
                self.track = Some(Track::new(&track, &self.config, &mut self.random));
                self.emit(Event::Described(track));
                if bind {
                    self.outputs.push_back(Output::BindUdp);
                }
            }
            Step::UdpRefused { status } => {
                self.outputs.push_back(Output::CloseUdp);
                self.emit(Event::UdpRefused { status });
            }
            Step::SetUp(transport) => {
                self.media = Some(transport);
                self.phase = Phase::Playing;
                match transport {
                    ServerTransport::Udp { rtp, rtcp } => self.outputs.push_back(Output::ConnectUdp { rtp, rtcp }),
                    ServerTransport::Interleaved { .. } => self.outputs.push_back(Output::CloseUdp),
                }
                if let Some(track) = &mut self.track {
                    track.start(now, matches!(transport, ServerTransport::Udp { .. }));
                }
                self.last_rtp = now;
            }
            Step::Playing => {
                if let Some(transport) = self.media {
                    self.statistics.transport = Some(transport);
                    self.emit(Event::Playing { transport });
                }
                self.timers.set(Timer::Stall, now + self.config.stall_after);
                self.timers.set(Timer::KeepAlive, now + self.handshake.session_timeout() / 3);
            }
            Step::Left => self.end(Ok(())),
        }
        Ok(())
    }

    fn handle_udp_bound(&mut self, now: Instant, port: Option<u16>) -> Result<(), Error> {
        if self.phase != Phase::Connecting || self.handshake.waiting_for().is_some() {
            return Ok(()); // not asked for any more
        }
        match (port, self.config.transport) {
            (Some(port), _) => self.handshake.set_up_udp(port, &mut self.random, &mut self.text),
            (None, Transport::Udp) => return Err(Error::UdpUnavailable),
            (None, _) => self.handshake.set_up_interleaved(&mut self.random, &mut self.text),
        }
        self.flush_text(now);
        Ok(())
    }

    fn handle_timers(&mut self, now: Instant) -> Result<(), Error> {
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Request => match self.handshake.waiting_for() {
                    // Media says that the camera lives, whatever became of its answer.
                    Some(_) if self.phase == Phase::Playing && self.play_was_accepted() => {
                        self.handshake.forget_request();
                    }
                    Some(method) => {
                        return Err(Error::RequestTimedOut { method, after: self.config.request_timeout });
                    }
                    None => {}
                },
                Timer::KeepAlive => {
                    self.handshake.keep_alive(&mut self.random, &mut self.text);
                    self.flush_text(now);
                    self.timers.set(Timer::KeepAlive, now + self.handshake.session_timeout() / 3);
                }
                Timer::Stall => self.check_stall(now),
                Timer::Leave => self.end(Ok(())),
            }
        }
        if self.phase == Phase::Playing {
            if let Some(track) = &mut self.track {
                track.handle_time(now);
            }
            self.collect_access_units();
            self.report(now);
        }
        Ok(())
    }

    /// PLAY was answered: from then on requests only keep alive.
    fn play_was_accepted(&self) -> bool {
        self.statistics.transport.is_some()
    }

    fn check_stall(&mut self, now: Instant) {
        let due = self.last_rtp + self.config.stall_after;
        if due > now {
            self.timers.set(Timer::Stall, due);
        } else if let Some(track) = &mut self.track {
            track.set_stalled(true);
            self.stalled_since = Some(self.last_rtp);
            self.statistics.stalls += 1;
            self.emit(Event::Stalled { since: self.last_rtp });
        }
    }

    /// Sends the receiver report that is due.
    fn report(&mut self, now: Instant) {
        if let Some(rtcp) = self.track.as_mut().and_then(|track| track.report_due(now)) {
            self.send_rtcp(rtcp);
        }
    }

    fn send_rtcp(&mut self, Rtcp(packet): Rtcp) {
        match self.media {
            Some(ServerTransport::Interleaved { rtcp, .. }) => {
                let length = (packet.len() as u16).to_be_bytes();
                let framed = [&[b'$', rtcp, length[0], length[1]], &packet[..]].concat();
                self.outputs.push_back(Output::Send(framed.into()));
            }
            Some(ServerTransport::Udp { .. }) => self.outputs.push_back(Output::SendRtcp(packet.into())),
            None => {}
        }
    }

    fn leave(&mut self, now: Instant) {
        if self.phase == Phase::Leaving {
            return;
        }
        if let Some(goodbye) = self.track.as_mut().map(|track| track.goodbye(now)) {
            self.send_rtcp(goodbye);
        }
        if !self.handshake.leave(&mut self.random, &mut self.text) {
            self.end(Ok(()));
            return;
        }
        self.phase = Phase::Leaving;
        self.timers = Timers::default();
        self.timers.set(Timer::Leave, now + self.config.teardown_timeout);
        self.flush_text(now);
    }

    /// Ends with an error; where the server holds a session, TEARDOWN goes out on the way.
    fn fail(&mut self, error: Error) {
        let connection_works = !matches!(error, Error::Closed { .. } | Error::Framing(_));
        if self.phase == Phase::Leaving {
            self.end(Ok(()));
            return;
        }
        if connection_works && self.handshake.has_session() && error != Error::SessionExpired {
            self.handshake.tear_down(&mut self.random, &mut self.text);
            self.send_text();
        }
        self.end(Err(error));
    }

    fn end(&mut self, result: Result<(), Error>) {
        self.phase = Phase::Ended;
        self.timers = Timers::default();
        self.outputs.push_back(Output::CloseUdp);
        self.emit(Event::Ended(result));
    }

    fn emit(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    /// Sends the text the handshake wrote, and watches over its answer.
    fn flush_text(&mut self, now: Instant) {
        if self.handshake.waiting_for().is_none() {
            self.timers.stop(Timer::Request);
        }
        if self.text.is_empty() {
            return;
        }
        self.send_text();
        self.asked_at = self.handshake.waiting_for().map(|_| now);
        if self.handshake.waiting_for().is_some() && self.phase != Phase::Leaving {
            self.timers.set(Timer::Request, now + self.config.request_timeout);
        }
    }

    fn send_text(&mut self) {
        self.outputs.push_back(Output::Send(Bytes::copy_from_slice(&self.text)));
        self.text.clear();
    }
}
