//! When to connect, when to give up, when to try again: the life of one stream as a state machine without I/O.
//!
//! ```text
//!          +-------- nobody views --------> Idle
//!          |                                 | somebody views
//! Connecting ----> Playing <----> Stalled <--+ (by way of Connecting)
//!    |    ^           |              |
//!    |    |           +- lost, silent, rotated, useless by UDP
//!    v    |           v
//!  Failed +---- Reconnecting                      Stopped: from anywhere, for good
//! ```
//!
//! [`Supervisor::handle`] takes what happens, [`Supervisor::poll`] gives what is to be done, [`Supervisor::deadline`]
//! says when to come back. Whoever runs it opens connections and leaves them, and decides nothing.

mod exchange;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use printcam_proto::jpeg_camera;
use printcam_proto::quirks::Quirks;
use printcam_proto::session::{self, Statistics, Transport};

pub(crate) use exchange::{Input, Output, Policy};

use crate::backoff::{Backoff, LONGEST, TELL_AFTER};
use crate::error::{Error, ErrorCode};
use crate::{Keep, Reason, StreamState, Transition, Waiting};

/// The life of one stream.
#[derive(Debug)]
pub(crate) struct Supervisor {
    policy: Policy,
    quirks: Quirks,
    backoff: Backoff,
    state: StreamState,
    /// What was told with it.
    last_error: Option<Arc<Error>>,
    /// There has been a picture, so the camera took the access code once.
    worked: bool,
    phase: Phase,
    viewers: usize,
    /// When the last viewer's linger ends.
    linger_until: Option<Instant>,
    /// Sessions in a row that were lost soon after their first picture.
    short_sessions: u32,
    /// When the next attempt is allowed; forgotten as soon as there is a picture.
    not_before: Option<Instant>,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
enum Phase {
    /// No connection, and none wanted.
    Idle,
    /// Between two attempts.
    Waiting { until: Instant },
    /// An attempt or a session.
    Open(Open),
    /// A session is being given back.
    Leaving { next: Next },
    /// For good, or until somebody asks again.
    Ended,
}

#[derive(Debug)]
struct Open {
    udp: bool,
    rotate_at: Option<Instant>,
    stalled_since: Option<Instant>,
    /// When the last picture came, or the session began.
    last_picture: Instant,
    /// When its first picture came.
    shown_since: Option<Instant>,
    /// Pictures whole and spoilt when the present count began.
    counted: (Instant, u64, u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// At once: the camera works.
    Reopen,
    /// After the backoff: it brought nothing.
    Retry,
    Idle,
    Stopped,
}

/// Without RTP over UDP for so long, TCP takes over. What has brought pictures stalls as TCP would: models do by nature.
pub(crate) const UDP_PATIENCE: Duration = Duration::from_secs(2);

/// Media without a picture for so long means that this session will not bring any.
const PICTURE_PATIENCE: Duration = Duration::from_secs(60);

/// A session that shows pictures for less and is then lost is a short one.
const STEADY: Duration = Duration::from_secs(10);

/// After so many short sessions in a row, another one counts as a failed attempt. Two programs whose camera throws the
/// first out when the second comes would otherwise go on for ever, every four seconds.
const MAX_SHORT_SESSIONS: u32 = 10;

/// Over how long the share of spoilt pictures is taken.
const LOSS_WINDOW: Duration = Duration::from_secs(10);

/// More than one picture in ten spoilt over UDP, and a viewer sees more standing than moving pictures.
const SPOILT_SHARE: u64 = 10;

impl Supervisor {
    /// A stream that is not wanted yet, unless it is kept always.
    pub(crate) fn new(policy: Policy, now: Instant) -> Self {
        let mut supervisor = Self {
            quirks: Quirks::default(),
            backoff: Backoff::new(policy.seed),
            state: StreamState::Idle,
            last_error: None,
            worked: false,
            short_sessions: 0,
            phase: Phase::Idle,
            viewers: 0,
            linger_until: None,
            not_before: None,
            outputs: VecDeque::new(),
            policy,
        };
        supervisor.open_if_wanted(now, Reason::Started);
        supervisor
    }

    pub(crate) fn state(&self) -> StreamState {
        self.state
    }

    /// The next thing to do.
    pub(crate) fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to give [`Input::Tick`] if nothing happens before.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let own = match &self.phase {
            Phase::Waiting { until } => Some(*until),
            Phase::Open(open) => self.first_due(open).map(|(at, _)| at),
            Phase::Idle | Phase::Leaving { .. } | Phase::Ended => None,
        };
        own.into_iter().chain(self.linger_until).min()
    }

    pub(crate) fn handle(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Viewers(count) => self.handle_viewers(now, count),
            Input::OpenFailed(error) => self.handle_end(now, Some(error), Reason::AttemptFailed),
            Input::Closed(error) => self.handle_end(now, error, Reason::ConnectionLost),
            Input::Stop => self.stop(),
            Input::Quirks(quirks) => {
                self.quirks = quirks;
                let rotate_at = self.rotate_every().map(|every| now + every);
                if let Phase::Open(open) = &mut self.phase
                    && open.rotate_at.is_none()
                {
                    open.rotate_at = rotate_at;
                }
            }
            Input::Accepted { udp } => {
                let rotate_at = self.rotate_every().map(|every| now + every);
                if let Phase::Open(open) = &mut self.phase {
                    open.udp = udp;
                    open.rotate_at = rotate_at;
                    open.last_picture = now;
                }
            }
            Input::Picture => {
                self.worked = true;
                if let Phase::Open(open) = &mut self.phase {
                    open.last_picture = now;
                    let steady = now >= *open.shown_since.get_or_insert(now) + STEADY;
                    if steady {
                        self.short_sessions = 0;
                    }
                    if self.short_sessions < MAX_SHORT_SESSIONS {
                        self.backoff.succeeded();
                        self.not_before = None;
                    }
                    self.change(StreamState::Playing, Reason::Media, None);
                }
            }
            Input::Stalled { since } => {
                if let Phase::Open(open) = &mut self.phase {
                    open.stalled_since = Some(since);
                    if open.shown_since.is_some() {
                        self.change(StreamState::Stalled, Reason::NoMedia, None);
                    }
                }
            }
            Input::Resumed => {
                if let Phase::Open(open) = &mut self.phase {
                    open.stalled_since = None;
                    // Time spent in silence does not count as time without a decodable picture.
                    open.last_picture = now;
                }
            }
            Input::Counted(statistics) => self.handle_counted(now, statistics),
            Input::NothingDecodable => self.replace(Reason::NothingDecodable),
            Input::Tick => {}
        }
        self.handle_time(now);
    }

    fn handle_time(&mut self, now: Instant) {
        if self.linger_until.is_some_and(|until| until <= now) {
            self.linger_until = None;
            self.give_back(Next::Idle, StreamState::Idle, Reason::NobodyWatches, None);
        }
        match &self.phase {
            Phase::Waiting { until } if *until <= now => self.open(now),
            Phase::Open(open) => match self.first_due(open) {
                Some((at, Reason::UdpUseless)) if at <= now => self.leave_udp(),
                Some((at, reason)) if at <= now => self.replace(reason),
                _ => {}
            },
            _ => {}
        }
    }

    /// What comes first to an open session if nothing else happens.
    fn first_due(&self, open: &Open) -> Option<(Instant, Reason)> {
        let may_leave_udp = open.udp && self.policy.transport == Transport::Auto;
        // A single attempt has all the time that whoever made it gives it.
        let silence = open.stalled_since.filter(|_| open.shown_since.is_some() || self.policy.reconnect);
        let silence = silence.map(|since| (since + self.give_up_after(), Reason::Silence));
        let udp = open
            .stalled_since
            .filter(|_| may_leave_udp && open.shown_since.is_none())
            .map(|since| (since + UDP_PATIENCE, Reason::UdpUseless));
        let rotation = open.rotate_at.map(|at| (at, Reason::Rotation));
        let picture = (open.last_picture + PICTURE_PATIENCE, Reason::NothingDecodable);
        let picture = open.stalled_since.is_none().then_some(picture);
        [udp, silence, picture, rotation].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    fn handle_viewers(&mut self, now: Instant, count: usize) {
        self.viewers = count;
        match self.policy.keep {
            Keep::Always => {}
            Keep::Linger(_) if count > 0 => self.linger_until = None,
            // A stream that ended, or is idle already, has nothing to linger for.
            Keep::Linger(linger) => {
                let is_up = !matches!(self.phase, Phase::Idle | Phase::Ended);
                self.linger_until = is_up.then_some(now + linger);
            }
        }
        self.open_if_wanted(now, Reason::Started);
    }

    fn open_if_wanted(&mut self, now: Instant, reason: Reason) {
        let wanted = self.viewers > 0 || self.policy.keep == Keep::Always;
        match &mut self.phase {
            Phase::Idle if wanted => {
                self.change(StreamState::Connecting, reason, None);
                self.open_when_due(now);
            }
            Phase::Leaving { next: next @ Next::Idle } if wanted => *next = Next::Reopen,
            _ => {}
        }
    }

    /// Viewers that come and go do not make a camera that brings no picture be asked more often.
    fn open_when_due(&mut self, now: Instant) {
        match self.not_before {
            Some(until) if until > now => self.phase = Phase::Waiting { until },
            _ => self.open(now),
        }
    }

    fn open(&mut self, now: Instant) {
        if self.backoff.failures() >= TELL_AFTER {
            self.not_before = Some(now + LONGEST);
        }
        self.phase = Phase::Open(Open {
            udp: false,
            rotate_at: None,
            stalled_since: None,
            // The connection has deadlines of its own, shorter than this.
            last_picture: now,
            shown_since: None,
            counted: (now, 0, 0),
        });
        self.outputs.push_back(Output::Open(self.policy.transport));
    }

    /// An attempt or a session has ended.
    fn handle_end(&mut self, now: Instant, error: Option<Arc<Error>>, reason: Reason) {
        match &self.phase {
            Phase::Leaving { next: Next::Reopen } => self.open_when_due(now),
            Phase::Leaving { next: Next::Retry } => self.retry_later(now),
            Phase::Leaving { next: Next::Idle } => self.phase = Phase::Idle,
            Phase::Leaving { next: Next::Stopped } => self.phase = Phase::Ended,
            Phase::Open(_) => self.handle_failure(now, error, reason),
            Phase::Idle | Phase::Waiting { .. } | Phase::Ended => {}
        }
    }

    fn handle_failure(&mut self, now: Instant, error: Option<Arc<Error>>, reason: Reason) {
        if let Phase::Open(open) = &self.phase {
            self.count_session(open.shown_since.map(|since| now - since));
        }
        let hopeless = error.as_ref().is_some_and(|error| is_hopeless(error, self.worked));
        if hopeless || !self.policy.reconnect {
            self.phase = Phase::Ended;
            self.change(StreamState::Failed, reason, error);
            return;
        }
        self.change(StreamState::Reconnecting, reason, error);
        self.retry_later(now);
    }

    /// A session has ended that showed pictures for so long.
    fn count_session(&mut self, shown: Option<Duration>) {
        match shown {
            Some(shown) if shown < STEADY => self.short_sessions += 1,
            Some(_) => self.short_sessions = 0,
            None => {}
        }
    }

    fn retry_later(&mut self, now: Instant) {
        let until = now + self.backoff.failed();
        self.not_before = Some(until);
        self.phase = Phase::Waiting { until };
        if self.backoff.failures() == TELL_AFTER {
            self.outputs.push_back(Output::Trouble(self.last_error.clone()));
        }
    }

    fn handle_counted(&mut self, now: Instant, statistics: &Statistics) {
        let may_leave_udp = self.policy.transport == Transport::Auto;
        let Phase::Open(open) = &mut self.phase else { return };
        let (since, whole, spoilt) = open.counted;
        if !open.udp || !may_leave_udp || now < since + LOSS_WINDOW {
            return;
        }
        open.counted = (now, statistics.access_units, statistics.incomplete_access_units);
        let whole = statistics.access_units.saturating_sub(whole);
        let spoilt = statistics.incomplete_access_units.saturating_sub(spoilt);
        if spoilt * SPOILT_SHARE > whole + spoilt {
            self.leave_udp();
        }
    }

    fn leave_udp(&mut self) {
        self.policy.transport = Transport::Tcp;
        self.outputs.push_back(Output::RememberTcp);
        self.replace(Reason::UdpUseless);
    }

    /// Puts a new session in the place of this one; the old one goes first, since a camera serves only one.
    fn replace(&mut self, reason: Reason) {
        if let Phase::Open(open) = &self.phase {
            let shown = open.shown_since.map(|since| open.last_picture.saturating_duration_since(since));
            let planned = matches!(reason, Reason::Rotation | Reason::UdpUseless);
            if !planned {
                self.count_session(shown);
            }
            let works = planned || shown.is_some() && self.short_sessions < MAX_SHORT_SESSIONS;
            let waited = match reason {
                Reason::Silence => self.give_up_after(),
                _ => PICTURE_PATIENCE,
            };
            // A camera that accepts a client and sends it nothing serves somebody else: a person can do something about it.
            let error = Error::Timeout { waiting: Waiting::KeyFrame, after: waited };
            let error = (!works).then(|| Arc::new(error));
            self.give_back(if works { Next::Reopen } else { Next::Retry }, StreamState::Reconnecting, reason, error);
        }
    }

    fn stop(&mut self) {
        self.linger_until = None;
        self.give_back(Next::Stopped, StreamState::Stopped, Reason::Asked, None);
    }

    fn give_back(&mut self, next: Next, state: StreamState, reason: Reason, error: Option<Arc<Error>>) {
        match &mut self.phase {
            Phase::Open(_) => {
                self.phase = Phase::Leaving { next };
                self.outputs.push_back(Output::Leave);
            }
            Phase::Leaving { next: before } => *before = next,
            Phase::Idle | Phase::Waiting { .. } | Phase::Ended => {
                self.phase = if next == Next::Stopped { Phase::Ended } else { Phase::Idle };
            }
        }
        self.change(state, reason, error);
    }

    fn change(&mut self, state: StreamState, reason: Reason, error: Option<Arc<Error>>) {
        // A failed attempt is worth telling again, for its error.
        if self.state != StreamState::Stopped && (self.state != state || error.is_some()) {
            self.state = state;
            self.last_error.clone_from(&error);
            self.outputs.push_back(Output::Transition(Transition { state, reason, error }));
        }
    }

    fn give_up_after(&self) -> Duration {
        self.policy.give_up_after.unwrap_or(self.quirks.give_up_after)
    }

    fn rotate_every(&self) -> Option<Duration> {
        self.policy.rotate_every.or(self.quirks.rotate_every)
    }
}

/// Whether trying again would only annoy: the camera said no for a reason that stays.
fn is_hopeless(error: &Error, worked: bool) -> bool {
    match error {
        Error::Address(_) => true,
        // A wrong access code looks so, and a camera that serves somebody else: it will be free again.
        Error::Session(session::Error::JpegCamera(jpeg_camera::Error::Silent { .. })) => false,
        // There is another camera, or none: a P2S answers so.
        Error::Session(session::Error::JpegCamera(jpeg_camera::Error::NoCamera)) => !worked,
        // A wrong access code looks so, and a printer that is only starting.
        Error::Session(session::Error::JpegCamera(jpeg_camera::Error::ClosedUnanswered)) => !worked,
        _ => matches!(error.code(), ErrorCode::AuthenticationFailed | ErrorCode::CertificateChanged),
    }
}

#[cfg(test)]
#[path = "supervisor/tests.rs"]
mod tests;
