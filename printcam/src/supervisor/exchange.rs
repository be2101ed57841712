//! What goes into a supervisor and what comes out of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use printcam_proto::quirks::Quirks;
use printcam_proto::session::{Statistics, Transport};

use crate::{Error, Keep, Transition};

/// What a supervisor goes by.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    pub(crate) keep: Keep,
    pub(crate) transport: Transport,
    /// Silence after which a session is replaced; `None`: as the model needs.
    pub(crate) give_up_after: Option<Duration>,
    /// How often a session is replaced; `None`: as the model needs.
    pub(crate) rotate_every: Option<Duration>,
    pub(crate) reconnect: bool,
    /// For the jitter of the backoff.
    pub(crate) seed: u64,
}

/// What happens to a stream.
#[derive(Debug)]
pub(crate) enum Input<'a> {
    /// So many watch now.
    Viewers(usize),
    /// What [`Output::Open`] asked for did not come about.
    OpenFailed(Arc<Error>),
    /// The camera accepted PLAY.
    Accepted { udp: bool },
    /// A picture came.
    Picture,
    /// No media since then.
    Stalled { since: Instant },
    /// Media again.
    Resumed,
    /// The camera told its model.
    Quirks(Quirks),
    /// What the session has counted so far; about once a second.
    Counted(&'a Statistics),
    /// The decoder makes nothing of what it is given.
    NothingDecodable,
    /// The connection is closed; with the reason if nobody wanted that.
    Closed(Option<Arc<Error>>),
    /// Time has passed.
    Tick,
    /// The stream is to end for good.
    Stop,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Output {
    /// Open a connection; answer with `OpenFailed`, or with what comes of it and finally `Closed`.
    Open(Transport),
    /// Give the connection back, or abandon opening it; `Closed` follows.
    Leave,
    /// Tell.
    Transition(Transition),
    /// Five attempts in a row have failed, the last one with this error; it goes on trying.
    Trouble(Option<Arc<Error>>),
    /// UDP is of no use with this camera.
    RememberTcp,
}
