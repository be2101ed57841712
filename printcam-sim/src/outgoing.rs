//! What waits to be sent to one client, and the faults that hold it back or end it: the same for every protocol.

use std::collections::VecDeque;
use std::time::Instant;

use crate::dialogue::{Farewell, Output};
use crate::event::Happening;
use crate::fault::FaultKind;
use crate::log::ClientLog;
use crate::options::{Options, SecondClient};
use crate::timeline::Timeline;

/// One connection's way out.
#[derive(Debug)]
pub(crate) struct Outgoing {
    log: ClientLog,
    pub(crate) timeline: Timeline,
    pub(crate) queue: VecDeque<Output>,
    /// Pictures may pile up: a stall is on, or its burst is on its way.
    holding: bool,
    /// A fault has ended the connection.
    farewell: Option<Farewell>,
}

impl Outgoing {
    pub(crate) fn new(log: ClientLog, timeline: Timeline) -> Outgoing {
        Outgoing { log, timeline, queue: VecDeque::new(), holding: false, farewell: None }
    }

    /// The faults that begin now. Those that end the connection have done so already.
    pub(crate) fn take_begun(&mut self, now: Instant) -> Vec<FaultKind> {
        let begun = self.timeline.take_begun(now);
        for kind in &begun {
            tracing::info!(target: "printcam_sim", client = self.log.id, fault = kind.name(), "fault begins");
            self.log.note(now, Happening::Fault(*kind));
            match kind {
                FaultKind::Close => self.farewell = Some(Farewell::Bare),
                FaultKind::Reset => self.farewell = Some(Farewell::Reset),
                FaultKind::Vanish => self.farewell = Some(Farewell::Vanish),
                _ => {}
            }
        }
        begun
    }

    /// Whether one more picture may be queued. `stalled`: the dialogue has reasons of its own to hold it back.
    pub(crate) fn takes_picture(&mut self, stalled: bool, now: Instant) -> bool {
        self.holding |= self.holds_back(stalled, now);
        let room = if self.holding { HELD } else { USUAL };
        let lost = self.farewell.is_some() || self.is_frozen(now) || self.timeline.is_active(FaultKind::Hang, now);
        self.queue.len() < room && !lost
    }

    /// Nothing comes out of a stalled or frozen connection.
    pub(crate) fn poll(&mut self, stalled: bool, now: Instant) -> Option<Output> {
        if let Some(farewell) = self.farewell {
            return Some(Output::Close(farewell));
        }
        if self.holds_back(stalled, now) || self.is_frozen(now) {
            return None;
        }
        let output = self.queue.pop_front();
        self.holding &= output.is_some();
        output
    }

    fn holds_back(&self, stalled: bool, now: Instant) -> bool {
        stalled || self.timeline.is_active(FaultKind::Stall, now) || self.timeline.is_between_bursts(now)
    }

    /// A fault's end of the connection, which does not wait for what is being written.
    pub(crate) fn farewell(&self) -> Option<Farewell> {
        self.farewell
    }

    /// Whether nothing is read or written.
    pub(crate) fn is_frozen(&self, now: Instant) -> bool {
        self.timeline.is_active(FaultKind::Freeze, now)
    }

    /// When that is over; `None` is never.
    pub(crate) fn thaws_at(&self, now: Instant) -> Option<Instant> {
        self.timeline.end_of(FaultKind::Freeze, now)
    }

    pub(crate) fn loses_datagrams(&self, now: Instant) -> bool {
        self.timeline.is_active(FaultKind::DatagramsLost, now)
    }

    /// Whether replies are written so.
    pub(crate) fn writes_byte_by_byte(&self, now: Instant) -> bool {
        self.timeline.is_active(FaultKind::OneByteWrites, now)
    }

    /// What a client meets now while another one has a session.
    pub(crate) fn second_client(&self, options: &Options, now: Instant) -> SecondClient {
        let told = self.timeline.value(now, |kind| match kind {
            FaultKind::SecondClient(policy) => Some(policy),
            _ => None,
        });
        told.unwrap_or(options.second_client)
    }

    /// How long the place stays taken after the connection's end, if it was the client's and an `unclean` one; a restart
    /// ends it, of those that are planned now.
    pub(crate) fn wedged_until(&mut self, unclean: bool, now: Instant) -> Option<Instant> {
        let by_client = self.farewell.is_none();
        let wedges = self.timeline.active(now).filter_map(|(kind, random)| match kind {
            FaultKind::Wedge(length) if unclean && by_client => Some(now + length.pick(random)),
            _ => None,
        });
        let wedged_until = wedges.last()?;
        let restart = self.timeline.next_beginning(FaultKind::Restart, now);
        Some(restart.map_or(wedged_until, |restart| restart.min(wedged_until)))
    }
}

/// Pictures beyond it are left out: about two seconds of RTSP, where a picture is one entry, or four of JPEG.
const USUAL: usize = 64;
/// What a stall holds back: a minute and a half of RTSP by TCP, minutes of JPEG.
const HELD: usize = 3000;
