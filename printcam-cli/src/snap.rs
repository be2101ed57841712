//! `printcam snap`: one picture.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use printcam::{DEFAULT_QUALITY, Error, Snapshot, encode_jpeg, snapshot};

use crate::arguments::{PictureFormat, SnapArguments};
use crate::camera::Camera;
use crate::exit::Failure;
use crate::moved::find_again;
use crate::output::say;
use crate::signals;

/// A picture, from wherever the printer is now.
async fn take(camera: &Camera, within: Duration) -> Result<Snapshot, Arc<Error>> {
    let taken = snapshot(&camera.source, &camera.options, within).await;
    let Err(error) = &taken else { return taken };
    match find_again(camera, error).await {
        Some(moved) => snapshot(&moved.source, &moved.options, within).await,
        None => taken,
    }
}

pub(crate) async fn run(arguments: SnapArguments) -> Result<(), Failure> {
    let camera = arguments.address.camera(&arguments.connection).await?;
    let began = Instant::now();
    let on_screen = std::io::stderr().is_terminal();
    if on_screen {
        let _ = write!(std::io::stderr(), "waiting for a picture from {} ...\r", camera.source);
    }
    let mut stop = std::pin::pin!(signals::stop_wanted());
    let snapshot = tokio::select! {
        snapshot = take(&camera, arguments.timeout) => snapshot,
        stop = &mut stop => return stop.and(Err(Failure::Interrupted)),
    };
    if on_screen {
        let _ = write!(std::io::stderr(), "\x1b[K");
    }
    let snapshot = snapshot?;
    let (width, height) = (snapshot.frame.width(), snapshot.frame.height());
    let format = arguments.format;
    let output = arguments.output.clone();
    // Off this thread: the camera is given back meanwhile, and whoever reads stdout may take his time.
    let encode_and_write = tokio::task::spawn_blocking(move || {
        let bytes = match format {
            PictureFormat::Jpeg => encode_jpeg(&snapshot.frame, DEFAULT_QUALITY).map_err(Error::from)?,
            PictureFormat::I420 => {
                let mut planes = Vec::with_capacity(snapshot.frame.i420_len());
                // A Vec takes whatever it is given.
                snapshot.frame.write_i420(&mut planes).map_err(|_| Error::Stopped)?;
                planes
            }
        };
        output.write(&bytes).map(|()| bytes.len())
    });
    let length = tokio::select! {
        written = encode_and_write => written.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?,
        stop = &mut stop => return stop.and(Err(Failure::Interrupted)),
    };
    let kilobytes = length.div_ceil(1000);
    let seconds = began.elapsed().as_secs_f32();
    say!("{}: {width}x{height}, {kilobytes} kB, after {seconds:.2} s", arguments.output);
    if let Some(tls) = snapshot.tls.filter(|tls| tls.first_seen) {
        say!("first time with this camera: its key {} is now remembered", tls.pin);
    }
    Ok(())
}
