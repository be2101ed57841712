//! Simulated Bambu Lab printer cameras, for tests, `printcam demo` and `printcam sim`.
//!
//! A [`Simulator`] is an RTSPS server that behaves as a real printer's camera was seen to behave,
//! odd habits included, and can be told to misbehave further. It draws and encodes a live picture:
//! a print that grows, the layer, the time of day. It shares no parser, packetizer or H.264 coder with
//! printcam's other crates, so that a mistake made there cannot hide here. Both write JPEG files with the
//! jpeg-encoder crate, whose files the tests give to ffmpeg.
//!
//! ```no_run
//! use printcam_sim::{Options, Simulator, Udp};
//! use std::time::Duration;
//!
//! let camera = Simulator::start(Options { udp: Udp::Refuse, ..Options::default() })?;
//! println!("{}", camera.url()); // rtsps://127.0.0.1:…/streaming/live/1, user bblp, code 12345678
//! // … connect a client, stop it, then ask what the camera saw:
//! assert!(camera.wait_for(Duration::from_secs(5), |log| {
//!     log.clients.iter().any(|client| client.teardown && client.ending.is_some())
//! }));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! [`Fault`]s are parameterised, composable and repeatable: `"stall=8s@30s".parse()?`. A
//! [`VirtualCamera`] is the same camera without sockets and threads, for tests in virtual time.
#![forbid(unsafe_code)]

mod announcement;
mod announcer;
mod calendar;
mod camera;
mod canned;
mod connection;
mod datagrams;
mod dialogue;
mod digest;
mod event;
mod fault;
mod h264;
mod jpeg;
mod jpeg_session;
mod log;
mod options;
mod outgoing;
mod personality;
mod picture;
mod pictures;
mod place;
mod random;
mod request;
mod response;
mod rtcp;
mod rtp;
mod scenario;
mod scene;
mod schedule;
mod sdp;
mod session;
mod simulator;
mod timeline;
mod tls;
mod virtual_camera;

pub use announcement::AnnouncementForm;
pub use event::{Event, Happening};
pub use fault::{Clock, Fault, FaultError, FaultKind, Length, Method, Start};
pub use log::{Attempt, ClientRecord, Ending, Log, Login, RequestRecord};
pub use options::{AccessCode, Announce, Certificate, Encryption, Footage, Options, SecondClient, Udp, WrongCode};
pub use personality::{Personality, UnknownPersonality};
pub use pictures::{PictureDigest, Pictures};
pub use rtcp::{ReceiverReport, ReportBlock};
pub use scenario::{Change, ScenarioError, Turn};
pub use simulator::Simulator;
pub use tls::AUTHORITY_PEM;
pub use virtual_camera::VirtualCamera;
