//! `printcam watch`: receives streams until Ctrl-C and shows how they do.

use std::io::Write;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use md5::{Digest, Md5};
use printcam::{AccessUnit, Decoder, Event, Frame, Options, RustyH264, Source, Stream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::arguments::{Address, WatchArguments};
use crate::exit::Failure;
use crate::output::Destination;
use crate::signals;
use board::{Board, Row};

pub(crate) mod board;

/// Pictures that wait for their decoder: it may be late by half a second, then the newest are left out.
const MAX_WAITING: usize = 16;

pub(crate) async fn run(arguments: WatchArguments) -> Result<(), Failure> {
    let sources = arguments.addresses.into_iter().map(Address::source).collect::<Result<Vec<_>, _>>()?;
    let options = arguments.connection.options()?;
    let board = Board::new(sources.iter().map(Source::to_string), arguments.decode);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut tasks = JoinSet::new();
    for (index, source) in sources.into_iter().enumerate() {
        let mut consumers = Consumers::default();
        if let (0, Some(destination)) = (index, &arguments.h264) {
            consumers.file = Some((destination.clone(), destination.open()?));
        }
        if arguments.decode || arguments.frame_md5 {
            consumers.start_decoder(index, board.row(index), arguments.frame_md5);
        }
        tasks.spawn(watch(source, options.clone(), board.row(index), consumers, stopped.clone()));
    }
    show_until_all_end(&board, tasks, stop).await
}

/// Shows the board each second until the last task ends; on a signal asks them to. The first failure is the result.
pub(crate) async fn show_until_all_end(
    board: &Board,
    mut tasks: JoinSet<Result<(), Failure>>,
    stop: watch::Sender<bool>,
) -> Result<(), Failure> {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let mut result = Ok(());
    let mut signal = std::pin::pin!(signals::stop_wanted());
    let mut stopping = false;
    loop {
        tokio::select! {
            _ = tick.tick(), if !stopping => board.show(),
            wanted = &mut signal, if !stopping => {
                wanted?;
                stopping = true;
                stop.send_replace(true);
            }
            ended = tasks.join_next() => match ended {
                Some(Ok(ended)) => result = result.and(ended),
                Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
                None => break,
            },
        }
    }
    board.show();
    result
}

/// Who gets the pictures of a stream.
#[derive(Default)]
pub(crate) struct Consumers {
    file: Option<(Destination, Box<dyn Write + Send>)>,
    decoder: Option<(SyncSender<AccessUnit>, JoinHandle<()>)>,
    /// Whether the file has begun, which it does with a key frame.
    file_begun: bool,
    /// Whether the decoder missed pictures since it last took one.
    decoder_missed: bool,
}

impl Consumers {
    fn put(&mut self, mut unit: AccessUnit) -> Result<(), Failure> {
        if let Some((destination, file)) = &mut self.file
            && (self.file_begun || unit.key_frame)
        {
            self.file_begun = true;
            let mut bytes = Vec::with_capacity(unit.data.len() + 64);
            unit.write_annex_b(&mut bytes);
            file.write_all(&bytes).map_err(|error| destination.failed(error))?;
        }
        if let Some((decoder, _)) = &self.decoder {
            unit.discontinuity |= self.decoder_missed;
            self.decoder_missed = decoder.try_send(unit).is_err();
        }
        Ok(())
    }

    /// Starts a thread that decodes what it is sent, and ends with the sender.
    fn start_decoder(&mut self, stream: usize, row: Arc<Mutex<Row>>, print_md5: bool) {
        let (sender, units) = sync_channel::<AccessUnit>(MAX_WAITING);
        let thread = std::thread::spawn(move || {
            let mut decoder = RustyH264::new();
            for unit in units {
                match decoder.decode(&unit) {
                    Ok(Some(frame)) => {
                        row.lock().expect("no holder panics").decoded += 1;
                        if print_md5 && write_md5(stream, &frame).is_err() {
                            return; // nobody reads any more
                        }
                    }
                    Ok(None) => {}
                    Err(error) => tracing::info!(target: "printcam::decode", %error, "picture skipped"),
                }
            }
        });
        self.decoder = Some((sender, thread));
    }

    /// Waits until everything put has been used.
    fn finish(self) -> Result<(), Failure> {
        if let Some((sender, thread)) = self.decoder {
            drop(sender);
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        match self.file {
            Some((destination, mut file)) => file.flush().map_err(|error| destination.failed(error)),
            None => Ok(()),
        }
    }
}

/// Watches one stream until it ends or `stopped` says so.
pub(crate) async fn watch(
    source: Source,
    options: Options,
    row: Arc<Mutex<Row>>,
    mut consumers: Consumers,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let result = receive(&source, &options, &row, &mut consumers, &mut stopped).await;
    let finished = tokio::task::spawn_blocking(|| consumers.finish()).await;
    finished.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
    row.lock().expect("no holder panics").state = match &result {
        Err(Failure::Camera(error)) => format!("ended: {error}"),
        _ => "ended".into(),
    };
    result
}

async fn receive(
    source: &Source,
    options: &Options,
    row: &Mutex<Row>,
    consumers: &mut Consumers,
    stopped: &mut watch::Receiver<bool>,
) -> Result<(), Failure> {
    let mut stream = tokio::select! {
        stream = Stream::open(source, options) => stream?,
        _ = stopped.changed() => return Ok(()),
    };
    loop {
        let event = tokio::select! {
            event = stream.next() => event?,
            _ = stopped.changed() => {
                stream.leave();
                continue;
            }
        };
        let Some(event) = event else { return Ok(()) };
        let mut row = row.lock().expect("no holder panics");
        row.statistics = stream.statistics();
        match event {
            Event::Described(_) => row.state = "described".into(),
            Event::Playing { .. } | Event::Resumed { .. } => row.state = "playing".into(),
            Event::Stalled { .. } => row.state = "stalled".into(),
            Event::UdpRefused { status } => row.state = format!("UDP refused ({status}), trying TCP"),
            Event::AccessUnit(unit) => {
                row.received(&unit);
                drop(row);
                consumers.put(unit)?;
            }
            _ => {}
        }
    }
}

/// `<stream>, <timestamp>, <size>, <MD5>`, ending as ffmpeg's framemd5 does.
fn write_md5(stream: usize, frame: &Frame) -> std::io::Result<()> {
    let mut planes = Vec::with_capacity(frame.i420_len());
    frame.write_i420(&mut planes)?;
    let md5: String = Md5::digest(&planes).iter().map(|byte| format!("{byte:02x}")).collect();
    writeln!(std::io::stdout(), "{stream}, {}, {}, {md5}", frame.timestamp(), planes.len())
}
