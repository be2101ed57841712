//! `printcam watch`: receives streams until Ctrl-C and shows how they do.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use md5::{Digest, Md5};
use printcam::record::RecordError;
use printcam::{AccessUnit, Frame, Stream, StreamState, fastest_decoder};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::arguments::WatchArguments;
use crate::camera::Camera;
use crate::exit::Failure;
use crate::in_use::InUse;
use crate::moved::look_out;
use crate::output::Destination;
use crate::signals;
use board::Board;

pub(crate) mod board;
mod reload;

/// Pictures that wait for their decoder: it may be late by half a second, then the newest are left out.
const MAX_UNDECODED: usize = 16;

/// Pictures that wait to be written: disks pause for seconds.
const MAX_UNWRITTEN: usize = 300;

/// At the end, for what was received and not yet used. Whoever reads our stdout may have stopped reading for good.
const FINISH_WITHIN: Duration = Duration::from_secs(2);

pub(crate) async fn run(arguments: WatchArguments) -> Result<(), Failure> {
    let mut cameras = cameras(&arguments).await?;
    loop {
        let (stop, stopped) = watch::channel(false);
        let mut board = Board::new(arguments.decode);
        let mut tasks = JoinSet::new();
        // They end with what they listen to.
        let mut lookouts = JoinSet::new();
        let mut in_use = Vec::new();
        for (index, camera) in cameras.iter().enumerate() {
            let mut consumers = Consumers::default();
            if let (0, Some(destination)) = (index, &arguments.h264) {
                if camera.source.sends_jpeg() {
                    return Err(RecordError::Jpeg.into());
                }
                consumers.start_writer(destination.clone())?;
            }
            in_use.extend(InUse::claim(&camera.source));
            let stream = Stream::open(&camera.source, camera.options.clone())?;
            lookouts.spawn(look_out(camera.clone(), stream.events()));
            let decoded = board.add(&stream, camera.source.to_string(), None);
            if arguments.decode || arguments.frame_md5 {
                consumers.start_decoder(index, decoded, arguments.frame_md5);
            }
            tasks.spawn(watch(stream, consumers, stopped.clone()));
        }
        match show_until(board, tasks, stop, reload::changed(&arguments, &cameras)).await? {
            Some(changed) => cameras = changed,
            None => return Ok(()),
        }
    }
}

async fn cameras(arguments: &WatchArguments) -> Result<Vec<Camera>, Failure> {
    let mut cameras = Vec::new();
    for address in &arguments.addresses {
        cameras.push(address.camera(&arguments.connection).await?);
    }
    Ok(cameras)
}

/// Shows the board each second until the last task ends; on a signal asks them to. The first failure is the result.
pub(crate) async fn show_until_all_end(
    board: Board,
    tasks: JoinSet<Result<(), Failure>>,
    stop: watch::Sender<bool>,
) -> Result<(), Failure> {
    show_until(board, tasks, stop, std::future::pending::<()>()).await.map(|_| ())
}

/// As [`show_until_all_end`], but asks the tasks to end as well when `other` resolves, whose outcome is then the result.
async fn show_until<T>(
    mut board: Board,
    mut tasks: JoinSet<Result<(), Failure>>,
    stop: watch::Sender<bool>,
    other: impl Future<Output = T>,
) -> Result<Option<T>, Failure> {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let mut result = Ok(());
    let mut signal = std::pin::pin!(signals::stop_wanted());
    let mut other = std::pin::pin!(other);
    let mut outcome = None;
    let mut stopping = false;
    loop {
        tokio::select! {
            _ = tick.tick(), if !stopping => board.show(),
            wanted = &mut signal, if !stopping => {
                wanted?;
                stopping = true;
                stop.send_replace(true);
            }
            happened = &mut other, if !stopping => {
                outcome = Some(happened);
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
    match outcome {
        Some(outcome) => Ok(Some(outcome)),
        None => result.map(|()| None),
    }
}

/// Who gets the pictures of a stream.
#[derive(Default)]
pub(crate) struct Consumers {
    threads: Vec<Consumer>,
    /// Some have ended by themselves.
    ended: bool,
}

/// A thread that is sent pictures and ends with the sender. However slow it is, the stream goes on: pictures that it
/// has no time for are left out, up to a key frame.
struct Consumer {
    units: SyncSender<AccessUnit>,
    thread: JoinHandle<Result<(), Failure>>,
    missed: bool,
}

impl Consumers {
    fn put(&mut self, unit: &AccessUnit) -> Result<(), Failure> {
        for index in 0..self.threads.len() {
            if !self.threads[index].put(unit) {
                self.ended = true;
                return self.threads.swap_remove(index).finish();
            }
        }
        Ok(())
    }

    /// Whether there were consumers, and none is left.
    fn all_have_enough(&self) -> bool {
        self.ended && self.threads.is_empty()
    }

    /// Starts to write what comes, from the first key frame on.
    fn start_writer(&mut self, destination: Destination) -> Result<(), Failure> {
        let mut file = destination.open()?;
        self.start(MAX_UNWRITTEN, move |units| {
            let mut bytes = Vec::new();
            let from_key_frame = units.into_iter().skip_while(|unit| !unit.key_frame);
            let write = || {
                for unit in from_key_frame {
                    bytes.clear();
                    unit.write_annex_b(&mut bytes);
                    file.write_all(&bytes)?;
                }
                file.flush()
            };
            write().map_err(|error| destination.failed(error))
        });
        Ok(())
    }

    fn start_decoder(&mut self, stream: usize, decoded: Arc<AtomicU64>, print_md5: bool) {
        self.start(MAX_UNDECODED, move |units| {
            let mut decoder = fastest_decoder();
            for unit in units {
                match decoder.decode(&unit) {
                    Ok(Some(frame)) => {
                        decoded.fetch_add(1, Ordering::Relaxed);
                        if print_md5 {
                            write_md5(stream, &frame).map_err(|error| Destination::Stdout.failed(error))?;
                        }
                    }
                    Ok(None) => {}
                    Err(error) => tracing::info!(target: "printcam::decode", %error, "picture skipped"),
                }
            }
            Ok(())
        });
    }

    /// Starts a thread that gets what comes, with room for so many pictures to wait for it.
    pub(crate) fn start(
        &mut self,
        waiting: usize,
        consume: impl FnOnce(Receiver<AccessUnit>) -> Result<(), Failure> + Send + 'static,
    ) {
        let (units, received) = sync_channel(waiting);
        let thread = std::thread::spawn(move || consume(received));
        self.threads.push(Consumer { units, thread, missed: false });
    }

    /// Waits until everything put has been used.
    fn finish(self) -> Result<(), Failure> {
        self.threads.into_iter().map(Consumer::finish).fold(Ok(()), Result::and)
    }
}

impl Consumer {
    /// Whether the thread is still there.
    fn put(&mut self, unit: &AccessUnit) -> bool {
        if self.missed && !unit.key_frame {
            return true;
        }
        let mut unit = unit.clone();
        unit.discontinuity |= self.missed;
        let sent = self.units.try_send(unit);
        self.missed = matches!(sent, Err(TrySendError::Full(_)));
        !matches!(sent, Err(TrySendError::Disconnected(_)))
    }

    fn finish(self) -> Result<(), Failure> {
        drop(self.units);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Watches one stream until it ends for good or `stopped` says so.
pub(crate) async fn watch(
    stream: Stream,
    consumers: Consumers,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let stop = async {
        let _ = stopped.changed().await;
        Ok(())
    };
    watch_until(&stream, consumers, stop).await
}

/// Gives the pictures of a stream to its consumers until it ends for good, they have had enough, or `stop` resolves. Then
/// the camera is given back, and the consumers finish.
pub(crate) async fn watch_until(
    stream: &Stream,
    mut consumers: Consumers,
    stop: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let mut stop = std::pin::pin!(stop);
    let mut subscription = stream.subscribe();
    let mut events = stream.events();
    let result = loop {
        let state = stream.state();
        if state.state == StreamState::Failed {
            break state.error.map_or(Ok(()), |error| Err(error.into()));
        }
        tokio::select! {
            unit = subscription.next() => match unit {
                Some(unit) => match consumers.put(&unit) {
                    Ok(()) if consumers.all_have_enough() => break Ok(()),
                    Ok(()) => {}
                    Err(failure) => break Err(failure),
                },
                None => break Ok(()),
            },
            // Only to look at the state again: what was missed is not needed.
            _ = events.recv() => {}
            stopped = &mut stop => break stopped,
        }
    };
    stream.stop().await;
    let finish = tokio::task::spawn_blocking(|| consumers.finish());
    let finished = match tokio::time::timeout(FINISH_WITHIN, finish).await {
        Ok(finished) => finished.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())),
        Err(_) => {
            tracing::warn!("the last pictures were not written: nobody took them");
            Ok(())
        }
    };
    match result.and(finished) {
        Err(failure) if failure.is_broken_pipe() => {
            tracing::info!("ended: nobody reads any more");
            Ok(())
        }
        result => result,
    }
}

/// `<stream>, <timestamp>, <size>, <MD5>`, ending as ffmpeg's framemd5 does.
fn write_md5(stream: usize, frame: &Frame) -> std::io::Result<()> {
    let mut planes = Vec::with_capacity(frame.i420_len());
    frame.write_i420(&mut planes)?;
    let md5: String = Md5::digest(&planes).iter().map(|byte| format!("{byte:02x}")).collect();
    writeln!(std::io::stdout(), "{stream}, {}, {}, {md5}", frame.timestamp(), planes.len())
}
