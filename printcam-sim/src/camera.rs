//! The pictures of one camera: drawn live or canned, coded once for all who watch.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, broadcast};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::canned::Canned;
use crate::h264::{Encoder, ParameterSets};
use crate::options::{Footage, Options};
use crate::picture::Picture;
use crate::pictures::{PictureDigest, Pictures};
use crate::scene::Scene;

/// One coded picture.
#[derive(Debug)]
pub(crate) struct AccessUnit {
    /// When it was taken, in 1/90000 s since the camera started.
    pub(crate) ticks: u64,
    pub(crate) key: bool,
    /// Before a key frame the parameter sets, then the slice.
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
        let source = Source {
            sets: &options.media().parameter_sets,
            until_key: 0,
            gop: options.gop.max(1),
            digests: options.picture_digests,
            footage: match options.footage {
                Footage::Live => Reel::live(options),
                Footage::Canned => Reel::Canned { loops: Canned::with_gop(options.gop.max(1)), group: 1 },
            },
        };
        let task = tokio::spawn(outlet.clone().run(source, options.fps.max(1), started));
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
    async fn run(self, mut source: Source, fps: u32, (started, wall): (Instant, SystemTime)) {
        let period = Duration::from_secs(1) / fps;
        loop {
            while self.units.receiver_count() == 0 {
                self.watched.notified().await;
            }
            // A late picture is left out, as a camera would.
            let number = started.elapsed().as_nanos() / period.as_nanos() + 1;
            let due = Duration::from_nanos((number * period.as_nanos()) as u64);
            tokio::time::sleep_until(started + due).await;
            if self.key_frame_wanted.swap(false, Ordering::Relaxed) {
                source.until_key = 0;
            }
            let ticks = number as u64 * 90_000 / u64::from(fps);
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

/// What the camera's task owns.
#[derive(Debug)]
struct Source {
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
    fn live(options: &Options) -> Reel {
        let sets = &options.media().parameter_sets;
        let title = match options.title.as_str() {
            "" => format!("Bambu Lab {}  {}", options.personality.facts().caption, options.serial),
            title => title.to_owned(),
        };
        let scene = Scene::new(sets.size, sets.range, &title, options.seed);
        Reel::Live(Box::new(Live { picture: scene.blank(), scene, encoder: Encoder::new(sets) }))
    }
}

impl Source {
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

/// A session that falls behind by more loses pictures, as on a slow network.
const QUEUE: usize = 32;
