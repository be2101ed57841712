//! The dialogue with one client, without I/O: requests, RTCP, pictures and time go in; bytes come out.
//!
//! ```text
//! OPTIONS -> DESCRIBE -> 401 -> DESCRIBE -> SETUP -> PLAY -> TEARDOWN
//!                                             |        |
//!                                             +--------+--> expired: BYE, 454 from then on
//! ```

mod media_faults;
mod playback;
mod requests;
mod transport;

use std::time::{Duration, Instant, SystemTime};

use crate::camera::AccessUnit;
use crate::dialogue::{Dialogue, Farewell, Output, Surroundings};
use crate::digest::Challenge;
use crate::event::Happening;
use crate::fault::FaultKind;
use crate::log::{Ending, RequestRecord};
use crate::outgoing::Outgoing;
use crate::personality::Rtsp;
use crate::random::Random;
use crate::request::{Inbound, Inbox, Request};
use crate::response::Response;
use crate::rtcp;
use crate::timeline::Timeline;

use playback::Playback;

/// One connection's state.
#[derive(Debug)]
pub(crate) struct Session {
    around: Surroundings,
    rtsp: &'static Rtsp,
    inbox: Inbox,
    challenge: Challenge,
    random: Random,
    playback: Option<Playback>,
    /// Since a fault: requests without fresh credentials are refused.
    strict: bool,
    outgoing: Outgoing,
}

impl Session {
    pub(crate) fn new(rtsp: &'static Rtsp, around: Surroundings, timeline: Timeline) -> Session {
        let mut random = Random::new(around.options.seed.wrapping_add(around.log.id << 32));
        Session {
            rtsp,
            inbox: Inbox::default(),
            challenge: Challenge::new(&mut random),
            random,
            playback: None,
            strict: false,
            outgoing: Outgoing::new(around.log.clone(), timeline),
            around,
        }
    }

    /// Whether the client's reports, or their absence, have stalled it.
    fn is_stalled(&self, now: Instant) -> bool {
        self.playback.as_ref().is_some_and(|playback| playback.is_stalled(now))
    }

    /// Lets the faults begin that are due.
    fn begin_faults(&mut self, now: Instant) {
        for kind in self.outgoing.take_begun(now) {
            match kind {
                FaultKind::Expire => self.expire(now),
                FaultKind::NewNonce => {
                    self.challenge = Challenge::new(&mut self.random);
                    self.strict = true;
                }
                kind => {
                    if let Some(playback) = &mut self.playback {
                        playback.begin_fault(kind, &mut self.random);
                    }
                }
            }
        }
    }

    pub(crate) fn handle_request(&mut self, request: &Request, now: Instant) {
        if let Some(playback) = &mut self.playback
            && request.header("Session").is_some_and(|id| playback.is_named(id))
        {
            playback.note_liveness(now);
        }
        self.outgoing.timeline.note_request(&request.method, now);
        self.begin_faults(now);
        let lost = self.outgoing.farewell().is_some() || self.outgoing.is_frozen(now);
        let response = if lost { None } else { self.answer(request, now) };
        // PLAY may have begun some more.
        self.begin_faults(now);
        self.record(request, response.as_ref(), now);
        let Some(response) = response else {
            return;
        };
        let mut bytes = response.bytes(request.header("CSeq"), self.wall(now).as_secs());
        for (kind, random) in self.outgoing.timeline.active(now) {
            if kind == FaultKind::FramesInHeaders {
                put_frame_into_head(&mut bytes, random);
            }
        }
        self.outgoing.queue.push_back(Output::Reply(bytes));
        if response.status == 453 {
            self.outgoing.queue.push_back(Output::Close(Farewell::Orderly));
        }
    }

    /// A packet from the client on the RTCP channel or port.
    pub(crate) fn handle_rtcp(&mut self, packet: &[u8], now: Instant) {
        let Some(playback) = &mut self.playback else {
            return;
        };
        let Some(reports) = rtcp::receiver_reports(packet, playback.ssrc()) else {
            self.around.log.update(|record| record.garbage_packets += 1);
            return;
        };
        playback.note_liveness(now);
        for report in reports {
            let jitter_limit = self.outgoing.timeline.value(now, |kind| match kind {
                FaultKind::Throttle(ticks) => Some(ticks),
                _ => None,
            });
            playback.note_report(&report, jitter_limit, now);
            self.around.log.note(now, Happening::Report(report));
        }
    }

    /// An interleaved packet; only the RTCP channel has a meaning.
    pub(crate) fn handle_interleaved(&mut self, channel: u8, packet: &[u8], now: Instant) {
        match &self.playback {
            Some(playback) if playback.transport().is_rtcp_channel(channel) => {
                self.handle_rtcp(packet, now);
            }
            _ => self.around.log.update(|r| r.garbage_packets += 1),
        }
    }

    fn expire(&mut self, now: Instant) {
        tracing::info!(target: "printcam_sim", client = self.around.log.id, "session expired");
        self.around.log.note(now, Happening::Expired);
        self.end_session();
    }

    /// BYE, and the place is free.
    fn end_session(&mut self) {
        if let Some(mut playback) = self.playback.take() {
            playback.send_bye(&mut self.outgoing.queue);
            self.around.place.leave(self.around.log.id, None);
            self.around.log.set_session(false);
        }
    }

    /// Time since 1970.
    fn wall(&self, now: Instant) -> Duration {
        let (instant, wall) = self.around.started;
        let at_start = wall.duration_since(SystemTime::UNIX_EPOCH);
        at_start.unwrap_or_default() + now.saturating_duration_since(instant)
    }

    fn record(&self, request: &Request, response: Option<&Response>, now: Instant) {
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
            client = self.around.log.id,
            method = %record.method,
            uri = %record.uri,
            cseq = record.cseq,
            credentials = record.had_credentials,
            status = record.status,
            "request"
        );
        self.around.log.note(now, Happening::Request(record));
    }
}

impl Dialogue for Session {
    fn receive(&mut self, bytes: &[u8]) {
        self.inbox.push(bytes);
    }

    fn handle_received(&mut self, now: Instant) -> bool {
        while !self.outgoing.is_frozen(now) {
            match self.inbox.next() {
                Ok(None) => return true,
                Ok(Some(Inbound::Request(request))) => self.handle_request(&request, now),
                Ok(Some(Inbound::Interleaved { channel, payload })) => {
                    self.handle_interleaved(channel, &payload, now);
                }
                Err(_) => return false,
            }
        }
        true
    }

    fn handle_datagram(&mut self, datagram: &[u8], now: Instant) {
        self.handle_rtcp(datagram, now);
    }

    fn handle_access_unit(&mut self, unit: &AccessUnit, now: Instant) {
        self.begin_faults(now);
        let takes_it = self.outgoing.takes_picture(self.is_stalled(now), now);
        let Some(playback) = &mut self.playback else {
            return;
        };
        if !playback.is_starved() && !self.around.place.is_held_by(self.around.log.id) {
            // Another client has taken the place.
            self.end_session();
            self.outgoing.queue.push_back(Output::Close(Farewell::Orderly));
            return;
        }
        if !takes_it {
            playback.wait_for_key_frame();
            return;
        }
        let packets = playback.handle_access_unit(unit, now, &mut self.outgoing.timeline, &mut self.outgoing.queue);
        if packets > 0 {
            self.around.log.update(|r| r.rtp_packets += packets);
        }
    }

    /// The next picture sent is a key frame.
    fn note_lost_media(&mut self) {
        if let Some(playback) = &mut self.playback {
            playback.wait_for_key_frame();
        }
    }

    fn handle_tick(&mut self, now: Instant) {
        self.begin_faults(now);
        let wall = self.wall(now);
        let stalled = self.is_stalled(now) || self.outgoing.timeline.is_active(FaultKind::Stall, now);
        let hangs = self.outgoing.is_frozen(now) || self.outgoing.timeline.is_active(FaultKind::Hang, now);
        let Some(playback) = &mut self.playback else {
            return;
        };
        if playback.is_expired(now) {
            self.expire(now);
        } else {
            if stalled {
                // What the client has not got it cannot answer.
                playback.forget_unanswered();
            }
            playback.stall_unanswered(now, &mut self.outgoing.timeline);
            playback.send_due_report(now, wall, (!hangs).then_some(&mut self.outgoing.queue));
        }
    }

    /// A session still open is an unclean end, whatever TLS said; but not where the camera itself goes, as to restart.
    fn handle_end(&mut self, ending: Option<Ending>, now: Instant) {
        let open = self.playback.take().is_some();
        if open {
            self.around.log.set_session(false);
        }
        let until = self.outgoing.wedged_until(open && ending != Some(Ending::ByCamera), now);
        self.around.place.leave(self.around.log.id, until);
    }

    fn poll_output(&mut self, now: Instant) -> Option<Output> {
        self.outgoing.poll(self.is_stalled(now), now)
    }

    fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let playback = self.playback.as_ref().map(|playback| playback.next_deadline(now));
        playback.into_iter().chain(self.outgoing.timeline.next_change(now)).min()
    }

    fn is_playing(&self) -> bool {
        self.playback.as_ref().is_some_and(Playback::is_playing)
    }

    fn outgoing(&self) -> &Outgoing {
        &self.outgoing
    }
}

/// Anywhere in a response's head, as H2-series printers do: before its first byte, in the middle of a line or of the
/// empty one. What is in it is neither RTP nor RTCP, whose version it lacks.
fn put_frame_into_head(response: &mut Vec<u8>, random: &mut Random) {
    let head = response.windows(4).position(|end| end == b"\r\n\r\n").map_or(response.len(), |end| end + 4);
    let place = random.up_to(head) - 1;
    let channel = random.up_to(2) as u8 - 1;
    let mut packet: Vec<u8> = (0..random.up_to(LARGEST_ODD_PACKET)).map(|_| random.next_u32() as u8).collect();
    packet[0] &= 0x3f;
    response.splice(place..place, transport::interleaved(channel, &packet));
}

/// As long as an RTCP compound packet may be: nothing else is sent before PLAY.
const LARGEST_ODD_PACKET: usize = 200;

/// The URI without what stands before `@`, and whether there was something.
fn without_credentials(uri: &str) -> (String, bool) {
    let (scheme, rest) = uri.split_at(uri.find("://").map_or(0, |at| at + 3));
    match rest.rsplit_once('@') {
        Some((_, rest)) => (format!("{scheme}{rest}"), true),
        None => (uri.to_owned(), false),
    }
}

#[cfg(test)]
mod tests;
