//! What clients do, told as it happens.

use std::net::SocketAddr;
use std::time::Duration;

use crate::fault::FaultKind;
use crate::log::{ClientRecord, Login, RequestRecord};
use crate::rtcp::ReceiverReport;

/// Something that a client did or met.
#[derive(Clone, Debug)]
pub struct Event {
    /// The connection: [`ClientRecord::id`].
    pub client: u64,
    /// Since the camera's start.
    pub at: Duration,
    /// What happened.
    pub what: Happening,
}

/// What can happen to a connection, mostly in this order. Access code and credentials are in none of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Happening {
    /// It was accepted.
    Connected {
        /// The client's address.
        peer: SocketAddr,
    },
    /// The TLS handshake is done.
    TlsEstablished,
    /// The login to a JPEG camera.
    Login(Login),
    /// A request, and its answer.
    Request(RequestRecord),
    /// PLAY, or a good login: pictures are on their way.
    Playing,
    /// A receiver report.
    Report(ReceiverReport),
    /// A fault begins.
    Fault(FaultKind),
    /// The session ran out of its timeout.
    Expired,
    /// It is over; this is all there was.
    Ended(Box<ClientRecord>),
}
