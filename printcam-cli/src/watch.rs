//! `printcam watch`: receives streams until Ctrl-C and shows how they do.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use md5::{Digest, Md5};
use printcam::{AccessUnit, Decoder, Frame, RustyH264, Stream, StreamState};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::arguments::{Address, WatchArguments};
use crate::exit::Failure;
use crate::output::Destination;
use crate::signals;
use board::Board;

pub(crate) mod board;

/// Pictures that wait for their decoder: it may be late by half a second, then the newest are left out.
const MAX_WAITING: usize = 16;

pub(crate) async fn run(arguments: WatchArguments) -> Result<(), Failure> {
    let sources = arguments.addresses.into_iter().map(Address::source).collect::<Result<Vec<_>, _>>()?;
    let options = arguments.connection.options()?;
    let (stop, stopped) = watch::channel(false);
    let mut board = Board::new(arguments.decode);
    let mut tasks = JoinSet::new();
    for (index, source) in sources.iter().enumerate() {
        let mut consumers = Consumers::default();
        if let (0, Some(destination)) = (index, &arguments.h264) {
            consumers.file = Some((destination.clone(), destination.open()?));
        }
        let stream = Stream::open(source, options.clone())?;
        let decoded = board.add(&stream);
        if arguments.decode || arguments.frame_md5 {
            consumers.start_decoder(index, decoded, arguments.frame_md5);
        }
        tasks.spawn(watch(stream, consumers, stopped.clone()));
    }
    show_until_all_end(board, tasks, stop).await
}

/// Shows the board each second until the last task ends; on a signal asks them to. The first failure is the result.
pub(crate) async fn show_until_all_end(
    mut board: Board,
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

/// Watches one stream until it ends for good or `stopped` says so.
pub(crate) async fn watch(
    stream: Stream,
    mut consumers: Consumers,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let mut subscription = stream.subscribe();
    let mut events = stream.events();
    let result = loop {
        let state = stream.state();
        if state.state == StreamState::Failed {
            break state.error.map_or(Ok(()), |error| Err(error.into()));
        }
        tokio::select! {
            unit = subscription.next() => match unit {
                Some(unit) => if let Err(failure) = consumers.put(unit) {
                    break Err(failure);
                },
                None => break Ok(()),
            },
            // Only to look at the state again: what was missed is not needed.
            _ = events.recv() => {}
            _ = stopped.changed() => break Ok(()),
        }
    };
    stream.close().await;
    let finished = tokio::task::spawn_blocking(|| consumers.finish()).await;
    finished.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
    result
}

/// Who gets the pictures of a stream.
#[derive(Default)]
pub(crate) struct Consumers {
    file: Option<(Destination, Box<dyn Write + Send>)>,
    /// Whether the file has begun, which it does with a key frame.
    file_begun: bool,
    decoder: Option<(SyncSender<AccessUnit>, JoinHandle<()>)>,
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
    fn start_decoder(&mut self, stream: usize, decoded: Arc<AtomicU64>, print_md5: bool) {
        let (sender, units) = sync_channel::<AccessUnit>(MAX_WAITING);
        let thread = std::thread::spawn(move || {
            let mut decoder = RustyH264::new();
            for unit in units {
                match decoder.decode(&unit) {
                    Ok(Some(frame)) => {
                        decoded.fetch_add(1, Ordering::Relaxed);
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

/// `<stream>, <timestamp>, <size>, <MD5>`, ending as ffmpeg's framemd5 does.
fn write_md5(stream: usize, frame: &Frame) -> std::io::Result<()> {
    let mut planes = Vec::with_capacity(frame.i420_len());
    frame.write_i420(&mut planes)?;
    let md5: String = Md5::digest(&planes).iter().map(|byte| format!("{byte:02x}")).collect();
    writeln!(std::io::stdout(), "{stream}, {}, {}, {md5}", frame.timestamp(), planes.len())
}
