//! Watch Bambu Lab printer cameras: who the printer is, one session with it, a picture of it.
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use printcam::{KnownPrinters, Options, Source, Trust};
//!
//! let source: Source = "rtsps://bblp:12345678@192.168.1.20:322/streaming/live/1".parse()?;
//! let options = Options::new(Trust::FirstUse(KnownPrinters::in_default_file()?));
//! let snapshot = printcam::snapshot(&source, &options, Duration::from_secs(10)).await?;
//! std::fs::write("printer.jpg", printcam::encode_jpeg(&snapshot.frame, printcam::DEFAULT_QUALITY)?)?;
//! printcam::all_closed(Duration::from_secs(1)).await;
//! # Ok(()) }
//! ```
#![forbid(unsafe_code)]

mod address;
mod backoff;
mod cameras;
mod capture;
pub mod config;
pub mod connect;
mod connection;
pub mod discover;
pub mod doctor;
mod driver;
mod error;
mod hub;
pub mod known_printers;
mod live;
mod manager;
mod options;
mod own_folder;
mod present;
mod private_file;
pub mod record;
mod sessions;
mod snapshot;
mod source;
mod state;
mod statistics;
mod stream;
mod supervisor;
pub mod tls;
mod udp;

pub use address::{Address, Place};
pub use connection::Connection;
pub use error::{Error, ErrorCode, Waiting};
pub use hub::Subscription;
pub use known_printers::{KnownPrinters, KnownPrintersError};
pub use live::{FrameCallback, LiveFrames};
pub use manager::{StreamId, StreamManager};
pub use options::Options;
pub use present::Presenting;
pub use printcam_proto::jitter_buffer::Playout;
pub use printcam_proto::rtsp::headers::ServerTransport;
pub use printcam_proto::rtsp::{Credentials, RtspUrl, UrlError};
pub use printcam_proto::session::{Event, Statistics, Transport};
pub use printcam_video::{
    AccessUnit, Coding, DEFAULT_QUALITY, DecodeError, Decoder, Frame, Presenter, RustyH264, encode_jpeg,
    fastest_decoder,
};
#[cfg(target_os = "android")]
pub use printcam_video::{MediaCodecSurface, NativeWindow};
pub use sessions::all_closed;
pub use snapshot::{Snapshot, snapshot};
pub use source::Source;
pub use state::{Keep, Reason, StreamState, Transition};
pub use statistics::StreamStatistics;
pub use stream::{Stream, StreamEvent};
pub use tls::{PublicKeyPin, TlsInfo, TlsOptions, TlsVersions, Trust};

/// A number that differs from call to call. Nothing made from it is a secret.
fn random_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    // Keyed from the system's random numbers.
    std::hash::RandomState::new().build_hasher().finish()
}

/// The clock of sessions and supervisors: tokio's, so that tests can move it.
fn now() -> std::time::Instant {
    tokio::time::Instant::now().into_std()
}

/// What this crate holds under a lock is whole between any two statements, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
