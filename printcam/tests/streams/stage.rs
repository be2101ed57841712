//! A simulated camera in the test's own runtime, and streams of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use printcam::connect::Tunnel;
use printcam::{KnownPrinters, Options, Reason, Source, Stream, StreamEvent, StreamState, Transition, Trust};
use printcam_sim::{Encryption, Fault, Footage, Personality, VirtualCamera};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep, timeout};

/// A camera that nobody else in this process has, and how to watch it.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) camera: VirtualCamera,
    pub(crate) source: Source,
    pub(crate) options: Options,
}

/// No test takes longer by its own clock, but those that say so.
pub(crate) const LONG: Duration = Duration::from_secs(600);

impl Stage {
    /// Tiny pictures, ten a second, a key frame every two seconds; no TLS; these faults, parted by spaces.
    pub(crate) fn new(faults: &str) -> Stage {
        Stage::with(faults, |_| ())
    }

    /// The same, changed.
    pub(crate) fn with(faults: &str, change: impl FnOnce(&mut printcam_sim::Options)) -> Stage {
        let mut options = printcam_sim::Options {
            encryption: Encryption::None,
            footage: Footage::Canned,
            fps: 10,
            gop: 20,
            faults: faults_named(faults),
            ..printcam_sim::Options::default()
        };
        change(&mut options);
        let scheme = if options.encryption == Encryption::None { "rtsp" } else { "rtsps" };
        Stage::at(options, |name| format!("{scheme}://bblp:12345678@{name}:554/streaming/live/1"))
    }

    /// A camera of a model, over TLS as they all are, at its model's pace and with its habits and these faults; its
    /// pictures are tiny.
    pub(crate) fn model(
        personality: Personality,
        faults: &str,
        change: impl FnOnce(&mut printcam_sim::Options),
    ) -> Stage {
        let mut options = printcam_sim::Options::of(personality);
        options.footage = Footage::Canned;
        options.faults.extend(faults_named(faults));
        change(&mut options);
        let jpeg = personality.is_jpeg_camera();
        Stage::at(options, |name| match jpeg {
            true => format!("jpegs://bblp:12345678@{name}"),
            false => format!("rtsps://bblp:12345678@{name}/streaming/live/1"),
        })
    }

    fn at(options: printcam_sim::Options, address: impl FnOnce(&str) -> String) -> Stage {
        // Cameras are remembered by name for as long as the process lives.
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("camera-{}.test", NUMBER.fetch_add(1, Ordering::Relaxed));
        Stage::of(options, &address(&name))
    }

    /// A camera with just these options, at an address that nobody else in this process uses.
    pub(crate) fn of(options: printcam_sim::Options, address: &str) -> Stage {
        let camera = VirtualCamera::start(options).expect("a camera");
        let mut options = Options::new(Trust::FirstUse(KnownPrinters::in_memory()));
        options.tunnel = Some(tunnel(&camera));
        options.seed = Some(1);
        Stage { camera, source: address.parse().expect("an address"), options }
    }

    pub(crate) fn open(&self) -> Stream {
        Stream::open(&self.source, self.options.clone()).expect("a stream")
    }

    /// A stream that shows pictures.
    pub(crate) async fn playing(&self) -> Stream {
        let stream = self.open();
        stream.playing().await.expect("pictures");
        stream
    }

    /// Panics if there were ever two connections at once, or if one is open still.
    #[track_caller]
    pub(crate) fn assert_gentle_and_gone(&self, what: &str) {
        let log = self.camera.log();
        assert!(log.peak_connections <= 1, "{what}: {} connections at once", log.peak_connections);
        assert_eq!(log.open_connections(), 0, "{what}: a connection is left");
    }
}

/// A way to the camera that is no socket.
pub(crate) fn tunnel(camera: &VirtualCamera) -> Tunnel {
    let camera = camera.clone();
    Tunnel::new(move || {
        let camera = camera.clone();
        async move { camera.connect() }
    })
}

pub(crate) fn faults_named(names: &str) -> Vec<Fault> {
    names.split_whitespace().map(|name| name.parse().expect(name)).collect()
}

pub(crate) fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// What a stream tells of itself, with the time since the recording began.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    began: Instant,
    events: Arc<Mutex<Vec<(Duration, StreamEvent)>>>,
}

impl Recording {
    /// Of all that happens from now on, until the stream is gone.
    pub(crate) fn of(stream: &Stream) -> Recording {
        let recording = Recording { began: Instant::now(), events: Arc::default() };
        let (kept, mut told) = (recording.clone(), stream.events());
        tokio::spawn(async move {
            loop {
                match told.recv().await {
                    Ok(event) => kept.events.lock().unwrap().push((kept.began.elapsed(), event)),
                    Err(RecvError::Lagged(missed)) => panic!("{missed} events missed"),
                    Err(RecvError::Closed) => return,
                }
            }
        });
        recording
    }

    /// Changes of the state with their times.
    pub(crate) fn transitions(&self) -> Vec<(f64, Transition)> {
        let events = self.events.lock().unwrap();
        let transitions = events.iter().filter_map(|(at, event)| match event {
            StreamEvent::State(now) => Some((at.as_secs_f64(), now.clone())),
            _ => None,
        });
        transitions.collect()
    }

    /// States with their times and reasons.
    pub(crate) fn states(&self) -> Vec<(f64, StreamState, Reason)> {
        self.transitions().into_iter().map(|(at, now)| (at, now.state, now.reason)).collect()
    }

    /// States and reasons in words; attempts in a row that failed the same way are one.
    pub(crate) fn story(&self) -> Vec<String> {
        let mut story: Vec<String> =
            self.states().iter().map(|(_, state, reason)| format!("{state:?} {reason:?}")).collect();
        story.dedup();
        story
    }

    /// How often somebody was told that five attempts had failed.
    pub(crate) fn troubles(&self) -> usize {
        let events = self.events.lock().unwrap();
        events.iter().filter(|(_, event)| matches!(event, StreamEvent::Trouble(_))).count()
    }
}

/// Waits until the condition holds; by the test's clock, and not for ever.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let waiting = async {
        while !condition() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LONG, waiting).await.unwrap_or_else(|_| panic!("never {what}"));
}

/// Memory of this process that is in use; 0 where that cannot be told.
pub(crate) fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}
