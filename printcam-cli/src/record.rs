//! `printcam record`: a stream as it comes, into a file that opens whatever happens.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use printcam::record::{DurationLimit, FileOptions, FileRecorder, Progress, RecordError, RecordFormat, Recorder};
use printcam::{AccessUnit, Stream};

use tokio::time::{Instant, sleep_until};

use crate::arguments::{RecordArguments, RecordingFormat};
use crate::camera::Camera;
use crate::exit::Failure;
use crate::in_use::InUse;
use crate::output::{Destination, say};
use crate::signals;
use crate::watch::{Consumers, watch_until};

/// Pictures that wait to be written: disks pause for seconds.
const MAX_UNWRITTEN: usize = 300;

/// Beyond the time wanted, for H.264 that comes late. A JPEG has the time at which it comes.
const PATIENCE: Duration = Duration::from_secs(3);

pub(crate) async fn run(arguments: RecordArguments) -> Result<(), Failure> {
    let format = format(&arguments)?;
    let output = Output::prepare(&arguments, format)?;
    let Camera { source, options, .. } = arguments.address.camera(&arguments.connection).await?;
    if format == RecordFormat::AnnexB && source.sends_jpeg() {
        return Err(RecordError::Jpeg.into());
    }
    let patience = if source.sends_jpeg() { Duration::ZERO } else { PATIENCE };

    let _in_use = InUse::claim(&source);
    let stream = Stream::open(&source, options)?;
    let progress = Arc::new(Mutex::new(Progress::default()));
    let mut consumers = Consumers::default();
    let (limit, told) = (arguments.duration, Arc::clone(&progress));
    consumers.start(MAX_UNWRITTEN, move |units| output.record(units, limit, &told));

    let stop = async {
        // A recording that cannot begin should say so; one that has begun waits for its camera to come back.
        tokio::select! {
            playing = stream.playing() => playing?,
            stop = signals::stop_wanted() => return stop,
        }
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        let mut signal = std::pin::pin!(signals::stop_wanted());
        // The recorder counts the stream's time, which stands still where the camera does.
        let enough = arguments.duration.map(|duration| Instant::now() + duration + patience);
        loop {
            tokio::select! {
                _ = tick.tick() => show(&stream, &progress, false),
                stop = &mut signal => return stop,
                () = sleep_until(enough.unwrap_or_else(Instant::now)), if enough.is_some() => return Ok(()),
            }
        }
    };
    let result = watch_until(&stream, consumers, stop).await;
    show(&stream, &progress, true);
    result
}

fn format(arguments: &RecordArguments) -> Result<RecordFormat, Failure> {
    let by_name = match &arguments.output {
        Destination::File(path) => RecordFormat::of_path(path),
        Destination::Stdout => None,
    };
    let chosen = arguments.format.map(|format| match format {
        RecordingFormat::Mp4 => RecordFormat::Mp4,
        RecordingFormat::H264 => RecordFormat::AnnexB,
    });
    let untold = || Failure::Usage("neither the name nor --format says what to write: mp4 or h264".into());
    chosen.or(by_name).ok_or_else(untold)
}

/// Where a recording goes, known to be possible.
enum Output {
    Stdout(RecordFormat),
    Files(FileOptions),
}

impl Output {
    fn prepare(arguments: &RecordArguments, format: RecordFormat) -> Result<Self, Failure> {
        match &arguments.output {
            Destination::Stdout if arguments.segment.is_some() => {
                Err(Failure::Usage("--segment needs a file to number, not stdout".into()))
            }
            Destination::Stdout => Ok(Self::Stdout(format)),
            Destination::File(path) => {
                let mut options = FileOptions::new(path, format);
                options.segment = arguments.segment;
                options.overwrite = arguments.overwrite;
                options.check()?;
                Ok(Self::Files(options))
            }
        }
    }

    /// Writes what comes, on a thread of its own.
    fn record(
        self,
        units: Receiver<AccessUnit>,
        limit: Option<Duration>,
        told: &Mutex<Progress>,
    ) -> Result<(), Failure> {
        let whole = limit.unwrap_or(Duration::MAX);
        let mut limit = limit.map(DurationLimit::new);
        let units = units.into_iter().take_while(|unit| limit.as_mut().is_none_or(|limit| limit.admits(unit)));
        let tell = |progress| *told.lock().unwrap_or_else(PoisonError::into_inner) = progress;
        match self {
            Self::Stdout(format) => {
                let mut recorder = Recorder::new(io::stdout(), format, Some(SystemTime::now()));
                for unit in units {
                    recorder.push(&unit)?;
                    tell(recorder.progress());
                }
                let (mut stdout, progress) = recorder.finish_within(whole)?;
                tell(progress);
                Ok(stdout.flush().map_err(RecordError::Write)?)
            }
            Self::Files(options) => {
                let mut recorder = FileRecorder::new(options);
                let mut file = None;
                for unit in units {
                    recorder.push(&unit)?;
                    tell(recorder.progress());
                    tell_of_new_file(&mut file, recorder.path());
                }
                tell(recorder.finish_within(whole)?);
                Ok(())
            }
        }
    }
}

fn tell_of_new_file(known: &mut Option<std::path::PathBuf>, now: Option<&Path>) {
    if known.as_deref() != now
        && let Some(path) = now
    {
        let clear = if io::stderr().is_terminal() { "\x1b[K" } else { "" };
        say!("recording to {}{clear}", path.display());
        *known = Some(path.to_owned());
    }
}

/// One line: in place on a terminal, once a second on a pipe.
fn show(stream: &Stream, progress: &Mutex<Progress>, last: bool) {
    let progress = *progress.lock().unwrap_or_else(PoisonError::into_inner);
    let seconds = progress.duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let megabytes = progress.bytes as f64 / 1e6;
    let mut line = format!("{hours:02}:{minutes:02}:{seconds:02}  {} pictures  {megabytes:.1} MB", progress.pictures);
    if progress.files > 1 {
        line += &format!("  {} files", progress.files);
    }
    if progress.left_out > 0 {
        line += &format!("  {} left out", progress.left_out);
    }
    if !last {
        line += &format!("  {}", crate::watch::board::name(stream.state().state));
    }
    let end = match (io::stderr().is_terminal(), last) {
        (true, false) => "\x1b[K\r",
        (true, true) => "\x1b[K\n",
        (false, _) => "\n",
    };
    let _ = write!(io::stderr(), "{line}{end}");
}
