//! `printcam demo`: a farm of one simulated printer of each model, so that everything can be tried without a printer.

use std::path::Path;
use std::time::{Duration, Instant};

use printcam::{DEFAULT_QUALITY, KnownPrinters, Options, Source, Stream, Trust, encode_jpeg, snapshot};
use printcam_sim::{Personality, Simulator};
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

    let mut models = arguments.only;
    if models.is_empty() {
        models.extend(Personality::ALL);
    }
    say!("Simulated printers; nothing leaves this computer. A picture of each:");
    let printers = models.iter().copied().map(Printer::start).collect::<Result<Vec<_>, _>>()?;
    let options = Options::new(Trust::FirstUse(KnownPrinters::in_memory()));
    for printer in &printers {
        tokio::select! {
            taken = printer.take_picture(&options, &folder) => taken?,
            stop = signals::stop_wanted() => return stop,
        }
    }

    tell_habits(&models);
    say!("Watching all of them, until Ctrl-C:");
    let mut board = Board::new(false);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut tasks = JoinSet::new();
    for printer in &printers {
        let stream = Stream::open(&printer.source, options.clone())?;
        board.add(&stream, printer.model.name(), stall_note(printer.model));
        tasks.spawn(watch(stream, Consumers::default(), stopped.clone()));
    }
    show_until_all_end(board, tasks, stop).await
}

struct Printer {
    model: Personality,
    source: Source,
    /// Runs as long as this lives.
    _simulator: Simulator,
}

impl Printer {
    fn start(model: Personality) -> Result<Printer, Failure> {
        let options = printcam_sim::Options {
            // As a person does who wants to see something.
            live_view: true,
            // Another filament for each.
            seed: model as u64,
            ..printcam_sim::Options::of(model)
        };
        let simulator =
            Simulator::start(options).map_err(|error| Failure::Io { what: format!("simulated {model}"), error })?;
        let source = simulator.url_with_credentials().parse().map_err(printcam::Error::Address)?;
        Ok(Printer { model, source, _simulator: simulator })
    }

    async fn take_picture(&self, options: &Options, folder: &Path) -> Result<(), Failure> {
        let began = Instant::now();
        let snapshot = snapshot(&self.source, options, Duration::from_secs(10)).await?;
        let jpeg = encode_jpeg(&snapshot.frame, DEFAULT_QUALITY).map_err(printcam::Error::from)?;
        let path = folder.join(format!("{}.jpg", self.model));
        Destination::File(path.clone()).write(&jpeg)?;
        let (width, height) = (snapshot.frame.width(), snapshot.frame.height());
        let seconds = began.elapsed().as_secs_f32();
        say!("  {}  {width}x{height}, {} kB, after {seconds:.2} s", path.display(), jpeg.len().div_ceil(1000));
        Ok(())
    }
}

fn tell_habits(models: &[Personality]) {
    let habits = HABITS.map(|(some, habit)| {
        let names = models.iter().filter(|model| some.contains(model)).map(|model| model.name());
        (names.collect::<Vec<_>>().join(", "), habit)
    });
    if habits.iter().any(|(names, _)| !names.is_empty()) {
        say!("What they do by themselves, as the real ones:");
    }
    for (names, habit) in habits.iter().filter(|(names, _)| !names.is_empty()) {
        say!("  {names}: {habit}");
    }
}

/// What could be taken for faults of ours.
const HABITS: [(&[Personality], &str); 3] = [
    (&[Personality::P2s0102], "lost packets, key frames 10 s apart, timestamps that stand still"),
    (&[Personality::H2c, Personality::H2d], "stalls of 4 to 10 s each minute, bursts; a new session every 5 min"),
    (&[Personality::P1s, Personality::A1], "a JPEG in two seconds"),
];

fn stall_note(model: Personality) -> Option<&'static str> {
    matches!(model, Personality::H2c | Personality::H2d).then_some("by itself, as the real one")
}
