//! The session against scripted servers, in virtual time.

mod authentication;
mod client;
mod golden_x1c;
mod leaving;
mod liveness;
mod oddities;
mod transport;
