//! Snapshots and streams of an X1C as the independent simulator plays it: real sockets, real TLS, on loopback.

#[path = "../support/camera.rs"]
mod camera;
mod refusals;
mod reports;
mod watching;
