//! What an examination says of cameras that are well and of cameras that are not.

mod addresses;
mod cameras;
mod patient;
#[allow(dead_code, reason = "of this module not all is used here")]
#[path = "../streams/stage.rs"]
mod stage;
