//! The pictures of one camera: drawn live or canned, coded once for all who watch.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, broadcast};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::canned::Canned;
use crate::h264::{Encoder, ParameterSets};
use crate::jpeg::JpegReel;
use crate::options::{Footage, Options};
use crate::personality::{Rtsp, Service};
use crate::picture::Picture;
use crate::pictures::{PictureDigest, Pictures};
use crate::scene::Scene;

/// One coded picture.
#[derive(Debug)]
pub(crate) struct AccessUnit {
    /// When it was taken, in 1/90000 s since the camera started.
    pub(crate) ticks: u64,
    pub(crate) key: bool,
    /// Before a key frame the parameter sets, then the slice; of a JPEG camera the file alone.
    pub(crate) nal_units: Vec<Vec<u8>>,
}

/// Where sessions get their access units. The task that makes them ends with it.
#[derive(Debug)]
pub(crate) struct Camera {
    outlet: Outlet,
    task: JoinHandle<()>,
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the task and its camera share.
#[derive(Clone, Debug)]
struct Outlet {
    units: broadcast::Sender<Arc<AccessUnit>>,
    key_frame_wanted: Arc<AtomicBool>,
    watched: Arc<Notify>,
    pictures: Pictures,
}

impl Camera {
    /// Starts the camera's task on the current runtime. `started` is now, by both clocks.
    pub(crate) fn start(options: &Options, started: (Instant, SystemTime)) -> Camera {
        let outlet = Outlet {
            units: broadcast::channel(QUEUE).0,
            key_frame_wanted: Arc::default(),
            watched: Arc::default(),
            pictures: Pictures::default(),
        };
        let source = match &options.personality.facts().service {
            Service::Rtsp(rtsp) => Source::Stream(Stream {
                sets: &options.media(rtsp).parameter_sets,
                until_key: 0,
                gop: options.gop.max(1),
                digests: options.picture_digests,
                footage: Reel::new(options, rtsp),
            }),
            Service::Jpeg(camera) => Source::Jpeg(JpegReel::new(options, camera.size)),
        };
        let pace = match options.picture_interval {
            Some(interval) => Pace { pictures: 1, every: interval.max(SHORTEST_INTERVAL) },
            None => Pace { pictures: options.fps.max(1), every: Duration::from_secs(1) },
        };
        let task = tokio::spawn(outlet.clone().run(source, pace, started));
        Camera { outlet, task }
    }

    /// The access units from now on, beginning soon with a key frame.
    pub(crate) fn watch(&self) -> broadcast::Receiver<Arc<AccessUnit>> {
        self.outlet.key_frame_wanted.store(true, Ordering::Relaxed);
        let units = self.outlet.units.subscribe();
        self.outlet.watched.notify_one();
        units
    }

    pub(crate) fn pictures(&self) -> &Pictures {
        &self.outlet.pictures
    }
}

impl Outlet {
    async fn run(self, mut source: Source, pace: Pace, (started, wall): (Instant, SystemTime)) {
        let period = pace.every / pace.pictures;
        loop {
            while self.units.receiver_count() == 0 {
                self.watched.notified().await;
            }
            // A late picture is left out, as a camera would.
            let number = started.elapsed().as_nanos() / period.as_nanos() + 1;
            let due = Duration::from_nanos((number * period.as_nanos()) as u64);
            tokio::time::sleep_until(started + due).await;
            if self.key_frame_wanted.swap(false, Ordering::Relaxed) {
                source.wants_key_frame();
            }
            let ticks = (number * pace.every.as_micros() * 9 / (u128::from(pace.pictures) * 100)) as u64;
            let time_of_day = (wall + due).duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let (unit, digest) = source.next(ticks, due, time_of_day);
            if let Some(digest) = digest {
                self.pictures.push(digest);
            }
            // Nobody left to hear it is no error.
            let _ = self.units.send(Arc::new(unit));
        }
    }
}

/// So many pictures in each of these spans.
#[derive(Clone, Copy, Debug)]
struct Pace {
    pictures: u32,
    every: Duration,
}

/// What the camera's task owns.
#[derive(Debug)]
enum Source {
    Stream(Stream),
    Jpeg(JpegReel),
}

impl Source {
    fn wants_key_frame(&mut self) {
        if let Source::Stream(stream) = self {
            stream.until_key = 0;
        }
    }

    fn next(&mut self, ticks: u64, elapsed: Duration, time_of_day: Duration) -> (AccessUnit, Option<PictureDigest>) {
        match self {
            Source::Stream(stream) => stream.next(ticks, elapsed, time_of_day),
            Source::Jpeg(reel) => {
                let file = reel.next(elapsed, time_of_day);
                let digest = PictureDigest::of_file(&file);
                (AccessUnit { ticks, key: true, nal_units: vec![file] }, Some(digest))
            }
        }
    }
}

/// Coded pictures that depend on each other.
#[derive(Debug)]
struct Stream {
    sets: &'static ParameterSets,
    /// Pictures before the next key frame.
    until_key: u32,
    gop: u32,
    digests: bool,
    footage: Reel,
}

#[derive(Debug)]
enum Reel {
    Live(Box<Live>),
    /// The group being sent.
    Canned {
        loops: Arc<Canned>,
        group: usize,
    },
}

#[derive(Debug)]
struct Live {
    scene: Scene,
    picture: Picture,
    encoder: Encoder,
}

impl Reel {
    fn new(options: &Options, rtsp: &'static Rtsp) -> Reel {
        if options.footage == Footage::Canned {
            return Reel::Canned { loops: Canned::with_gop(options.gop.max(1)), group: 1 };
        }
        let sets = &rtsp.media.parameter_sets;
        let scene = Scene::new(sets.size, sets.range, &options.caption(), options.seed);
        Reel::Live(Box::new(Live { picture: scene.blank(), scene, encoder: Encoder::new(sets) }))
    }
}

impl Stream {
    fn next(&mut self, ticks: u64, elapsed: Duration, time_of_day: Duration) -> (AccessUnit, Option<PictureDigest>) {
        let key = self.until_key == 0;
        let index = if key { 0 } else { self.gop - self.until_key };
        self.until_key = if key { self.gop } else { self.until_key } - 1;
        let (slice, digest) = match &mut self.footage {
            Reel::Live(live) => {
                live.scene.draw(&mut live.picture, elapsed, time_of_day);
                let slice = live.encoder.encode(&live.picture, key);
                (slice, self.digests.then(|| PictureDigest::of(live.encoder.reconstruction(), self.sets.size)))
            }
            Reel::Canned { loops, group } => {
                if key {
                    *group = 1 - *group;
                }
                let picture = &loops.groups[*group][index as usize];
                (picture.slice.clone(), Some(picture.digest))
            }
        };
        let nal_units = if key { vec![self.sets.sps.to_vec(), self.sets.pps.to_vec(), slice] } else { vec![slice] };
        (AccessUnit { ticks, key, nal_units }, digest)
    }
}

/// Nobody looks faster.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);
/// A session that falls behind by more loses pictures, as on a slow network.
const QUEUE: usize = 32;
