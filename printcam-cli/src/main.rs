//! The `printcam` program.
fn main() {}
