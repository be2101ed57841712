//! Decoded pictures, in step with the camera, for ten seconds.

use std::time::Duration;

use printcam::{KnownPrinters, Options, Source, Stream, Trust};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let source: Source = std::env::args().nth(1).ok_or("which camera?")?.parse()?;
    let stream = Stream::open(&source, Options::new(Trust::FirstUse(KnownPrinters::in_default_file()?)))?;
    stream.playing().await?;
    // Decoding goes on for as long as these are held.
    let mut frames = stream.frames();
    let show = async {
        while let Some(frame) = frames.next().await {
            let luma = frame.planes().y.row(frame.height() as usize / 2);
            let mean = luma.iter().map(|&sample| u32::from(sample)).sum::<u32>() / frame.width();
            println!(
                "{:>8.3} s  {}x{}  middle row {mean}",
                frame.timestamp() as f64 / 90e3,
                frame.width(),
                frame.height()
            );
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(10), show).await;
    stream.close().await;
    Ok(())
}
