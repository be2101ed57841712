//! What an examination says of cameras that are well and of cameras that are not.

mod addresses;
mod cameras;
mod patient;
