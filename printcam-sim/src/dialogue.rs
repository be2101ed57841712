//! What a connection and the protocol spoken on it are to each other.

use std::net::IpAddr;
use std::time::{Instant, SystemTime};

use crate::camera::AccessUnit;
use crate::log::{ClientLog, Ending};
use crate::options::Options;
use crate::outgoing::Outgoing;
use crate::place::Place;

/// One client's dialogue, without I/O: bytes, pictures and time go in, bytes come out.
pub(crate) trait Dialogue {
    /// Bytes from the client, kept until `handle_received`.
    fn receive(&mut self, bytes: &[u8]);

    /// Looks at what was received. False where the client speaks another protocol.
    fn handle_received(&mut self, now: Instant) -> bool;

    /// A datagram from the client to the RTCP port.
    fn handle_datagram(&mut self, datagram: &[u8], now: Instant);

    fn handle_access_unit(&mut self, unit: &AccessUnit, now: Instant);

    /// The driver could not pass pictures on.
    fn note_lost_media(&mut self);

    fn handle_tick(&mut self, now: Instant);

    /// The connection has ended, so or by an error.
    fn handle_end(&mut self, ending: Option<Ending>, now: Instant);

    /// Nothing comes out of a stalled or frozen dialogue.
    fn poll_output(&mut self, now: Instant) -> Option<Output>;

    /// When `handle_tick` is due.
    fn next_deadline(&self, now: Instant) -> Option<Instant>;

    /// Whether pictures are wanted.
    fn is_playing(&self) -> bool;

    /// The faults that the driver has to look at.
    fn outgoing(&self) -> &Outgoing;
}

/// What a dialogue is told about its surroundings.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    pub(crate) options: Options,
    pub(crate) place: Place,
    pub(crate) log: ClientLog,
    pub(crate) local: IpAddr,
    pub(crate) peer: IpAddr,
    /// RTP and RTCP; `None` where no sockets could be had.
    pub(crate) server_ports: Option<[u16; 2]>,
    /// When the camera started, by both clocks.
    pub(crate) started: (Instant, SystemTime),
}

/// What the driver shall send or do, in this order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// An RTSP response, or a JPEG picture's header.
    Reply(Vec<u8>),
    /// Interleaved packets or a piece of a JPEG picture.
    Media(Vec<u8>),
    /// A datagram from the RTP or RTCP socket to a port of the client.
    Datagram {
        rtcp: bool,
        port: u16,
        bytes: Vec<u8>,
    },
    Close(Farewell),
}

/// How the camera leaves a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// After what is queued, with close_notify.
    Orderly,
    /// At once and without a word.
    Bare,
    /// By RST.
    Reset,
    /// Not at all: nothing more is answered.
    Vanish,
    /// The client has left while the camera was frozen, until then.
    Frozen(Option<Instant>),
}
