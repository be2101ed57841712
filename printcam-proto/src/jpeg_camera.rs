//! The cameras of the P1 and A1 series (port 6000, behind TLS) as a state machine: one login, then JPEG after JPEG.
//!
//! ```text
//!  login sent          first header              Leave, or an Error from anywhere
//!  LoggingIn ---> Event::Accepted ---> Watching ---> Event::Ended
//! ```
//!
//! It has the shape of [`session::Session`] and speaks with the same inputs, outputs and events,
//! so that one driver moves the bytes of both. The camera never says that it took the access code: pictures say so.

mod config;
mod error;
mod login;
mod picture_size;
mod reader;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

pub use config::Config;
pub use error::Error;
pub use login::MAX_CREDENTIAL;
pub use reader::{MAX_PICTURE, MIN_PICTURE};

use crate::h264::{AccessUnit, Coding};
use crate::session::{self, AuthenticationError, Event, Input, Output, Statistics};
use reader::{Picture, Reader, Unit};

/// One session with one camera.
pub struct Session {
    config: Config,
    reader: Reader,
    phase: Phase,
    outputs: VecDeque<Output>,
    /// When bytes last came, or the login was sent.
    last_received: Instant,
    stalled_since: Option<Instant>,
    /// When the first byte of the picture that is being received came.
    picture_began: Option<Instant>,
    /// When the first picture was whole: 0 of the timestamps.
    first_picture: Option<Instant>,
    /// Spoilt pictures up to the last good one.
    spoilt_before: u64,
    statistics: Statistics,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The login is sent, and not one good header has come.
    LoggingIn,
    Watching,
    Ended,
}

impl Session {
    /// A session on a fresh connection; the login waits in [`poll_output`](Self::poll_output).
    pub fn new(config: Config, now: Instant) -> Self {
        let mut session = Self {
            reader: Reader::default(),
            phase: Phase::LoggingIn,
            outputs: VecDeque::new(),
            last_received: now,
            stalled_since: None,
            picture_began: None,
            first_picture: None,
            spoilt_before: 0,
            statistics: Statistics::default(),
            config,
        };
        match session.config.credentials.as_ref().map(login::login) {
            Some(Ok(login)) => session.outputs.push_back(Output::Send(Bytes::from_owner(login))),
            Some(Err(error)) => session.end(Err(error.into())),
            None => session.end(Err(AuthenticationError::CredentialsMissing.into())),
        }
        session
    }

    /// Where received bytes go, before [`Input::Received`] says how many they are. Never empty.
    pub fn receive_buffer(&mut self) -> &mut [u8] {
        self.reader.spare()
    }

    /// Takes what happened. Ignored once the session has ended; datagrams are ignored always.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        if self.phase == Phase::Ended {
            return;
        }
        let result = match input {
            Input::Received(count) => self.handle_received(now, count),
            Input::EndOfStream => Err(self.closed(now)),
            // There is nothing to say good-bye with: closing the connection is all.
            Input::Leave => {
                self.end(Ok(()));
                return;
            }
            Input::Tick | Input::Rtp(_) | Input::Rtcp(_) | Input::UdpBound(_) => Ok(()),
        };
        if let Err(error) = result.and_then(|()| self.handle_time(now)) {
            self.end(Err(error));
        }
    }

    /// The next thing to do; `None` when there is nothing before more input comes.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to give [`Input::Tick`] if nothing else happens before.
    pub fn deadline(&self) -> Option<Instant> {
        let picture = self.picture_began.map(|began| began + self.config.picture_timeout);
        let silence = match self.phase {
            Phase::LoggingIn => Some(self.last_received + self.config.accept_timeout),
            Phase::Watching if self.stalled_since.is_none() => Some(self.last_received + self.config.stall_after),
            Phase::Watching => None,
            Phase::Ended => return None,
        };
        picture.into_iter().chain(silence).min()
    }

    /// What was counted so far. There are no packets: what RTP and RTCP count stays 0.
    pub fn statistics(&self, now: Instant) -> Statistics {
        let mut statistics = self.statistics.clone();
        statistics.incomplete_access_units = self.reader.spoilt();
        statistics.garbage_bytes = self.reader.discarded();
        if let Some(since) = self.stalled_since {
            statistics.stalled_for += now.saturating_duration_since(since);
        }
        statistics
    }

    fn handle_received(&mut self, now: Instant, count: usize) -> Result<(), session::Error> {
        self.reader.commit(count);
        if self.phase == Phase::Watching {
            self.last_received = now;
        }
        if let Some(since) = self.stalled_since.take() {
            self.statistics.stalled_for += now.saturating_duration_since(since);
            self.emit(Event::Resumed { since });
        }
        let mut whole = false;
        while let Some(unit) = self.reader.next()? {
            match unit {
                Unit::Header if self.phase == Phase::LoggingIn => {
                    self.phase = Phase::Watching;
                    self.last_received = now;
                    self.emit(Event::Accepted);
                }
                Unit::Header => {}
                Unit::Picture(picture) => {
                    whole = true;
                    self.take_picture(now, picture);
                }
            }
        }
        let began = self.picture_began.filter(|_| !whole).unwrap_or(now);
        self.picture_began = self.reader.is_inside().then_some(began);
        Ok(())
    }

    fn take_picture(&mut self, now: Instant, picture: Picture) {
        let since_first = now.saturating_duration_since(*self.first_picture.get_or_insert(now));
        self.statistics.access_units += 1;
        self.statistics.key_frames += 1;
        let spoilt = self.reader.spoilt();
        let discontinuity = std::mem::replace(&mut self.spoilt_before, spoilt) != spoilt;
        let Picture { data, width, height } = picture;
        self.emit(Event::AccessUnit(AccessUnit {
            // The camera sends no times of its own.
            timestamp: (since_first.as_micros() * 9 / 100) as u64, // 90 kHz
            received_at: now,
            key_frame: true,
            discontinuity,
            coding: Coding::Jpeg { width, height },
            data,
        }));
    }

    fn closed(&self, now: Instant) -> session::Error {
        if self.phase == Phase::LoggingIn && !self.reader.has_received() {
            let waited = now.saturating_duration_since(self.last_received);
            // A camera that refuses does so at once: this one was busy, and is being restarted.
            let refused = waited < self.config.refused_within;
            return if refused { Error::ClosedUnanswered } else { self.silent_for(waited) }.into();
        }
        session::Error::Closed { during: None }
    }

    fn silent_for(&self, after: Duration) -> Error {
        if self.config.silent_on_wrong_code { Error::Silent { after } } else { Error::Busy { after } }
    }

    fn handle_time(&mut self, now: Instant) -> Result<(), session::Error> {
        let Config { accept_timeout, stall_after, picture_timeout, .. } = self.config;
        if self.picture_began.is_some_and(|began| began + picture_timeout <= now) {
            return Err(Error::PictureTimedOut { after: picture_timeout }.into());
        }
        match self.phase {
            Phase::LoggingIn if self.last_received + accept_timeout <= now => {
                Err(self.silent_for(accept_timeout).into())
            }
            Phase::Watching if self.stalled_since.is_none() && self.last_received + stall_after <= now => {
                self.stalled_since = Some(self.last_received);
                self.statistics.stalls += 1;
                self.emit(Event::Stalled { since: self.last_received });
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self, result: Result<(), session::Error>) {
        self.phase = Phase::Ended;
        self.emit(Event::Ended(result));
    }

    fn emit(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
}

/// Without what waits to be sent: the login holds the access code.
impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("phase", &self.phase).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
