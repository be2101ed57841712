//! The camera protocol as a state machine without I/O: bytes, datagrams and time go in; bytes, events and deadlines
//! come out. No sockets, no clock, no randomness, no unsafe.
//!
//! [`session::Session`] is the way in, and [`jpeg_camera::Session`] for cameras that send JPEG; the modules beside them are
//! what they are made of.
#![forbid(unsafe_code)]

pub mod h264;
pub mod jitter_buffer;
pub mod jpeg_camera;
pub mod quirks;
pub mod rtcp;
pub mod rtp;
pub mod rtsp;
pub mod sdp;
pub mod session;
pub mod ssdp;
