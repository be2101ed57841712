//! What goes into a session and what comes out of it.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Error;
use crate::h264::AccessUnit;
use crate::rtsp::Method;
use crate::rtsp::headers::ServerTransport;
use crate::sdp::VideoTrack;

/// What happens to a session.
#[derive(Debug)]
pub enum Input<'a> {
    /// So many bytes were received into [`Session::receive_buffer`](super::Session::receive_buffer).
    Received(usize),
    /// The peer closed its side of the connection.
    EndOfStream,
    /// A datagram on the RTP port.
    Rtp(&'a [u8]),
    /// A datagram on the RTCP port.
    Rtcp(&'a [u8]),
    /// The answer to [`Output::BindUdp`]: the even port for RTP, the one above it being RTCP's. `None`: no ports.
    UdpBound(Option<u16>),
    /// Time has passed.
    Tick,
    /// Give the session back to the server and end.
    Leave,
}

/// What the driver has to do.
pub enum Output {
    /// Send these bytes on the connection.
    Send(Bytes),
    /// Send this datagram from the RTCP port.
    SendRtcp(Bytes),
    /// Open an even port for RTP and the one above it for RTCP, then give [`Input::UdpBound`].
    BindUdp,
    /// Media comes from these ports of the server, and from no other peer.
    ConnectUdp {
        /// The server's RTP port.
        rtp: u16,
        /// The server's RTCP port.
        rtcp: u16,
    },
    /// The UDP ports are not needed.
    CloseUdp,
    /// Something the consumer wants to know.
    Event(Event),
}

/// Without the bytes: they may hold the access code.
impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Output::Send(bytes) => write!(f, "Send({} bytes)", bytes.len()),
            Output::SendRtcp(bytes) => write!(f, "SendRtcp({} bytes)", bytes.len()),
            Output::BindUdp => f.write_str("BindUdp"),
            Output::ConnectUdp { rtp, rtcp } => write!(f, "ConnectUdp {{ rtp: {rtp}, rtcp: {rtcp} }}"),
            Output::CloseUdp => f.write_str("CloseUdp"),
            Output::Event(event) => f.debug_tuple("Event").field(event).finish(),
        }
    }
}

/// What the consumer of a session sees.
#[derive(Debug)]
pub enum Event {
    /// A request was answered; what follows from it is told after this.
    Answered {
        /// The request.
        method: Method,
        /// The status of the answer: of a first DESCRIBE, 401.
        status: u16,
        /// From the request to its answer; once media flows over TCP, with what was queued before it.
        took: Duration,
    },
    /// The camera described its stream.
    Described(Box<VideoTrack>),
    /// UDP was refused with this status; TCP goes on.
    UdpRefused {
        /// The status of the refusal, most often 461.
        status: u16,
    },
    /// PLAY was accepted. Pictures may have come before.
    Playing {
        /// How the media travels.
        transport: ServerTransport,
    },
    /// A JPEG camera took the access code: its first picture has begun.
    Accepted,
    /// The camera named itself in an SDES (RFC 3550 §6.5.1). Printers put their model code there: see
    /// [`Quirks::of_model`](crate::quirks::Quirks::of_model).
    Named(String),
    /// A picture.
    AccessUnit(AccessUnit),
    /// No RTP for [`Config::stall_after`](super::Config::stall_after); of a JPEG camera, no byte for its own.
    Stalled {
        /// When the last packet came.
        since: Instant,
    },
    /// Media again.
    Resumed {
        /// When the last packet before the stall had come.
        since: Instant,
    },
    /// It is over. Nothing comes after this; the connection is to be closed.
    Ended(Result<(), Error>),
}
