//! Who is believed: first finds out a printer's key, then watches nobody but the holder of that key.

use std::time::Duration;

use printcam::connect::{ConnectOptions, Target, connect};
use printcam::{Options, PublicKeyPin, Source, TlsOptions, Trust};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let source: Source = arguments.next().ok_or("which camera?")?.parse()?;
    let Some(pin) = arguments.next() else {
        // TLS only: no RTSP is spoken, so whoever answers learns nothing of the access code.
        let target = Target::new(source.url.host(), source.url.port());
        let connected = connect(&target, &ConnectOptions::tls(TlsOptions::new(Trust::AcceptAny))).await?;
        let tls = connected.tls.ok_or("that address has no TLS")?;
        println!("{} shows the key {}", tls.subject.unwrap_or_default(), tls.pin);
        println!("compare it, then give it as the second argument");
        connected.stream.close(Duration::from_millis(300)).await;
        return Ok(());
    };
    let options = Options::new(Trust::Pin(pin.parse::<PublicKeyPin>()?));
    let snapshot = printcam::snapshot(&source, &options, Duration::from_secs(10)).await?;
    println!("{}x{}, and it is the one", snapshot.frame.width(), snapshot.frame.height());
    printcam::all_closed(Duration::from_secs(1)).await;
    Ok(())
}
