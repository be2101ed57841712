//! The C interface as a program meets it: its functions, against the simulated camera. Nothing here waits for a time to
//! pass: all wait for events.

mod dart;
mod frames;
mod log;
mod misuse;
mod requests;
mod stopping;
mod streams;
mod support;
