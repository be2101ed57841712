//! The decoders there are.

mod rusty_h264;

pub use rusty_h264::RustyH264;
