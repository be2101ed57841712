//! The camera protocol as a state machine without I/O: bytes, datagrams and time go in; bytes, events and deadlines
//! come out. No sockets, no clock, no randomness, no unsafe.
//!
//! [`session::Session`] is the way in; the modules beside it are what it is made of.
#![forbid(unsafe_code)]

pub mod h264;
pub mod jitter_buffer;
pub mod quirks;
pub mod rtcp;
pub mod rtp;
pub mod rtsp;
pub mod sdp;
pub mod session;
pub mod ssdp;
