//! One connection, several viewers: the second begins with the current group of pictures, at once.

use std::time::{Duration, Instant};

use printcam::{KnownPrinters, Options, Source, Stream, Trust};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let source: Source = std::env::args().nth(1).ok_or("which camera?")?.parse()?;
    let options = Options::new(Trust::FirstUse(KnownPrinters::in_default_file()?));
    let stream = Stream::open(&source, options.clone())?;
    let mut events = stream.events();
    tokio::spawn(async move {
        while let Ok(event) = events.recv().await {
            println!("{event:?}");
        }
    });
    stream.playing().await?;
    tokio::time::sleep(Duration::from_millis(700)).await;

    // Opening the camera again gives the same stream: there is never a second connection to it.
    let again = Stream::open(&source, options)?;
    let began = Instant::now();
    let mut late = again.subscribe();
    let first = late.next().await.ok_or("the stream ended")?;
    println!("the late viewer has its first picture after {:?}; a key frame: {}", began.elapsed(), first.key_frame);
    for _ in 0..30 {
        late.next().await.ok_or("the stream ended")?;
    }
    println!("{:#?}", stream.statistics());
    stream.stop().await;
    Ok(())
}
