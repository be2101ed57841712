//! How a camera is watched.

use std::time::Duration;

use printcam_proto::jitter_buffer::Playout;
use printcam_proto::session::Transport;

use crate::connect::Tunnel;
use crate::{Keep, TlsOptions, Trust};

/// How a camera is watched. [`Options::new`] gives what suits every printer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Whom to believe to be the printer, and how TLS is spoken.
    pub tls: TlsOptions,
    /// Another way to the camera than TCP to its address.
    pub tunnel: Option<Tunnel>,
    /// How media is to travel. Once UDP has proved useless with a camera, `Auto` means TCP for it.
    pub transport: Transport,
    /// What happens to the connection while nobody watches.
    pub keep: Keep,
    /// Whether a connection that is lost, or never came about, is tried again.
    pub reconnect: bool,
    /// Silence after which a session is replaced; `None`: 5 s, or what the model needs, or 15 s for cameras that
    /// send JPEG.
    pub give_up_after: Option<Duration>,
    /// How often a session is replaced by a new one; `None`: never, or as the model needs.
    pub rotate_every: Option<Duration>,
    /// How far live pictures stay behind, so that they move evenly; `None`: 150 ms over TCP, 300 ms over UDP,
    /// not at all where the camera sends JPEG.
    pub playout: Option<Playout>,
    /// The model code, if known; otherwise the camera's own word counts, which comes a moment after the first picture.
    pub model: Option<String>,
    /// What nonces, SSRCs and the jitter of the backoff are made from; `None`: the system's random numbers. For tests
    /// that must go the same way each time.
    pub seed: Option<u64>,
}

impl Options {
    /// With this trust, and the defaults that suit every printer: kept up while there is a handle on the stream, and
    /// healed whenever it breaks.
    pub fn new(trust: Trust) -> Self {
        Self {
            tls: TlsOptions::new(trust),
            tunnel: None,
            transport: Transport::Auto,
            keep: Keep::Always,
            reconnect: true,
            give_up_after: None,
            rotate_every: None,
            playout: None,
            model: None,
            seed: None,
        }
    }
}
