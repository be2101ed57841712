//! `printcam demo`: everything without a printer.

use std::path::Path;
use std::time::{Duration, Instant};

use printcam::{DEFAULT_QUALITY, KnownPrinters, Options, Source, Stream, Trust, encode_jpeg, snapshot};
use printcam_sim::Simulator;
use tokio::task::JoinSet;

use crate::arguments::DemoArguments;
use crate::exit::Failure;
use crate::output::{Destination, say};
use crate::signals;
use crate::watch::board::Board;
use crate::watch::{Consumers, show_until_all_end, watch};

pub(crate) async fn run(arguments: DemoArguments) -> Result<(), Failure> {
    let folder = arguments
        .pictures
        .unwrap_or_else(|| std::env::temp_dir().join(format!("printcam-demo-{}", std::process::id())));
    std::fs::create_dir_all(&folder).map_err(|error| Failure::Io { what: folder.display().to_string(), error })?;

    say!(
        "Starting {} simulated X1C cameras; they show their clock, and nothing leaves this computer.",
        arguments.cameras
    );
    let cameras = (1..=arguments.cameras).map(start_camera).collect::<Result<Vec<_>, _>>()?;
    let sources = cameras
        .iter()
        .map(|camera| {
            camera.url_with_credentials().parse().map_err(|error| Failure::from(printcam::Error::Address(error)))
        })
        .collect::<Result<Vec<Source>, _>>()?;
    let options = Options::new(Trust::FirstUse(KnownPrinters::in_memory()));

    say!("A picture of each:");
    for (index, source) in sources.iter().enumerate() {
        let path = folder.join(format!("camera-{}.jpg", index + 1));
        tokio::select! {
            taken = take_picture(source, &options, &path) => taken?,
            stop = signals::stop_wanted() => return stop,
        }
    }

    say!("Now watching all of them, until Ctrl-C:");
    let mut board = Board::new(false);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut tasks = JoinSet::new();
    for source in &sources {
        let stream = Stream::open(source, options.clone())?;
        board.add(&stream);
        tasks.spawn(watch(stream, Consumers::default(), stopped.clone()));
    }
    show_until_all_end(board, tasks, stop).await
}

fn start_camera(number: u8) -> Result<Simulator, Failure> {
    let options = printcam_sim::Options {
        serial: format!("00M00A{number:09}"),
        seed: number.into(),
        ..printcam_sim::Options::default()
    };
    Simulator::start(options).map_err(|error| Failure::Io { what: "simulated camera".into(), error })
}

async fn take_picture(source: &Source, options: &Options, path: &Path) -> Result<(), Failure> {
    let began = Instant::now();
    let snapshot = snapshot(source, options, Duration::from_secs(10)).await?;
    let jpeg = encode_jpeg(&snapshot.frame, DEFAULT_QUALITY).map_err(printcam::Error::from)?;
    Destination::File(path.to_owned()).write(&jpeg)?;
    let (width, height) = (snapshot.frame.width(), snapshot.frame.height());
    let milliseconds = began.elapsed().as_millis();
    say!("  {source}  {}  {width}x{height}, {} kB, {milliseconds} ms", path.display(), jpeg.len().div_ceil(1000));
    Ok(())
}
