//! The `printcam` program against servers and decoders nobody here wrote: gst-rtsp-server, OpenSSL, FFmpeg.
//!
//! `scripts/test` installs them. One test by hand: `cargo test -p printcam-cli --test interop -- watching::`.
//! Each test has a camera, a port and a state directory of its own, and waits for lines with a deadline,
//! never for time to pass.
#![cfg(unix)]

mod certificates;
mod clips;
mod gst_camera;
mod lines;
mod openssl_server;
mod picture;
mod program;
mod relay;
#[path = "../secrets/search.rs"]
mod secrets;
mod stub_server;
mod tools;

mod healing;
mod sentences;
mod snapshots;
mod trust;
mod usage;
mod watching;
