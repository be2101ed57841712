//! (being written)

#![forbid(unsafe_code)]

pub mod connect;
pub mod known_printers;
pub mod secret;
pub mod tls;
pub mod udp;
