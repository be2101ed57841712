//! (being written)
use crate::exit::Failure;
