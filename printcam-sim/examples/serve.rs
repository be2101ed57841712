//! Serves one simulated camera until it is stopped: `cargo run -p printcam-sim --example serve -- plain relaxed`.
//!
//! Words: `plain` (no TLS), `relaxed` (no receiver reports needed), a serial number, a port number.

use std::net::{Ipv4Addr, SocketAddr};

use printcam_sim::{Encryption, Options, Simulator};

fn main() -> std::io::Result<()> {
    let mut options = Options::default();
    for word in std::env::args().skip(1) {
        match word.as_str() {
            "plain" => options.encryption = Encryption::None,
            "relaxed" => options.receiver_reports_required = false,
            serial if serial.len() == 15 => options.serial = serial.to_owned(),
            port => match port.parse() {
                Ok(port) => options.bind = SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
                Err(_) => return Err(std::io::Error::other(format!("unknown word: {port}"))),
            },
        }
    }
    let camera = Simulator::start(options)?;
    println!("{}", camera.url_with_credentials());
    loop {
        std::thread::park();
    }
}
