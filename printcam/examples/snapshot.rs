//! One picture: `cargo run -p printcam --example snapshot -- rtsps://bblp:<access code>@<printer>/streaming/live/1`

use std::time::Duration;

use printcam::{DEFAULT_QUALITY, KnownPrinters, Options, Source, Trust, encode_jpeg};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let source: Source = std::env::args().nth(1).ok_or("which camera?")?.parse()?;
    let options = Options::new(Trust::FirstUse(KnownPrinters::in_default_file()?));
    let snapshot = printcam::snapshot(&source, &options, Duration::from_secs(10)).await?;
    std::fs::write("printer.jpg", encode_jpeg(&snapshot.frame, DEFAULT_QUALITY)?)?;
    println!("printer.jpg: {}x{}", snapshot.frame.width(), snapshot.frame.height());
    // The camera is given back in the background; a program that ends has to wait for it.
    printcam::all_closed(Duration::from_secs(1)).await;
    Ok(())
}
