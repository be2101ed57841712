//! What a stream is doing, and why.

use std::sync::Arc;
use std::time::Duration;

use crate::Error;

/// What a stream is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StreamState {
    /// On its way to the first picture.
    Connecting,
    /// Pictures come.
    Playing,
    /// The session stands, and for 1.5 s no media has come; from a camera that sends JPEG, for 6 s.
    Stalled,
    /// Between two sessions, waiting for the next attempt or in it.
    Reconnecting,
    /// Trying again would not help: the access code is wrong, or it is another printer.
    Failed,
    /// Nobody watches, and the camera was given back. Somebody watching brings it up again.
    Idle,
    /// It was stopped. Nothing comes after this.
    Stopped,
}

/// Why a stream's state changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// It was started, or somebody watches again.
    Started,
    /// Media comes.
    Media,
    /// Media does not come.
    NoMedia,
    /// No connection or session came about.
    AttemptFailed,
    /// The session ended by itself.
    ConnectionLost,
    /// Silence went on for longer than stalls of this model do.
    Silence,
    /// Data came for a minute and no picture could be made of it.
    NothingDecodable,
    /// The sessions of this model hang after a while, so this one was replaced.
    Rotation,
    /// UDP brought nothing, or too little; TCP takes over.
    UdpUseless,
    /// Nobody watches.
    NobodyWatches,
    /// It was told to.
    Asked,
    /// The stream's own task has panicked.
    Panicked,
}

/// How a stream is kept up while nobody watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// For ever: the next viewer has a picture at once.
    Always,
    /// For so long after the last viewer has gone.
    Linger(Duration),
}

/// A change of state.
#[derive(Debug, Clone)]
pub struct Transition {
    /// What the stream is doing now.
    pub state: StreamState,
    /// Why.
    pub reason: Reason,
    /// What went wrong, where something did.
    pub error: Option<Arc<Error>>,
}
