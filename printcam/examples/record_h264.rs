//! The camera's H.264 as it comes, for ten seconds: `ffplay printer.h264` shows it.

use std::fs::File;
use std::io::BufWriter;
use std::time::Duration;

use printcam::record::{DurationLimit, RecordFormat, Recorder};
use printcam::{KnownPrinters, Options, Source, Stream, Trust};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let source: Source = std::env::args().nth(1).ok_or("which camera?")?.parse()?;
    let stream = Stream::open(&source, Options::new(Trust::FirstUse(KnownPrinters::in_default_file()?)))?;
    let mut pictures = stream.subscribe();
    stream.playing().await?;
    let mut recorder = Recorder::new(BufWriter::new(File::create("printer.h264")?), RecordFormat::AnnexB, None);
    let mut limit = DurationLimit::new(Duration::from_secs(10));
    while let Some(unit) = pictures.next().await.filter(|unit| limit.admits(unit)) {
        recorder.push(&unit)?;
    }
    let (_, progress) = recorder.finish()?;
    println!("printer.h264: {} pictures, {} bytes", progress.pictures, progress.bytes);
    drop(pictures);
    stream.close().await;
    Ok(())
}
