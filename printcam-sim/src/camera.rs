//! The live picture: drawn and encoded once per camera, while somebody watches.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::broadcast;
use tokio::time::{Instant, MissedTickBehavior};

use crate::h264::{Encoder, ParameterSets};
use crate::options::Options;
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

/// Where sessions get their access units.
#[derive(Clone, Debug)]
pub(crate) struct Camera {
    units: broadcast::Sender<Arc<AccessUnit>>,
    key_frame_wanted: Arc<AtomicBool>,
}

impl Camera {
    /// Starts the camera's task on the current runtime; it ends with the runtime.
    pub(crate) fn start(options: &Options) -> Camera {
        let camera = Camera { units: broadcast::channel(QUEUE).0, key_frame_wanted: Arc::default() };
        let facts = options.personality.facts();
        let title = match options.title.as_str() {
            "" => format!("Bambu Lab {}  {}", facts.name, options.serial),
            title => title.to_owned(),
        };
        let source = Source {
            scene: Scene::new(facts.parameter_sets.size, &title, options.seed),
            encoder: Encoder::new(&facts.parameter_sets),
            sets: &facts.parameter_sets,
            until_key: 0,
            gop: options.gop.max(1),
        };
        tokio::spawn(camera.clone().run(source, options.fps.max(1)));
        camera
    }

    /// The access units from now on, beginning soon with a key frame.
    pub(crate) fn watch(&self) -> broadcast::Receiver<Arc<AccessUnit>> {
        self.key_frame_wanted.store(true, Ordering::Relaxed);
        self.units.subscribe()
    }

    async fn run(self, mut source: Source, fps: u32) {
        let period = Duration::from_secs(1) / fps;
        let started = Instant::now();
        let mut interval = tokio::time::interval_at(started, period);
        // A late picture is left out, as a camera would.
        interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut picture = source.scene.blank();
        loop {
            let elapsed = interval.tick().await.duration_since(started);
            if self.units.receiver_count() == 0 {
                continue;
            }
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            source.scene.draw(&mut picture, elapsed, now.unwrap_or_default());
            if self.key_frame_wanted.swap(false, Ordering::Relaxed) {
                source.until_key = 0;
            }
            let number = (elapsed + period / 2).as_nanos() / period.as_nanos();
            let ticks = number as u64 * 90_000 / u64::from(fps);
            // Nobody left to hear it is no error.
            let _ = self.units.send(Arc::new(source.encode(&picture, ticks)));
        }
    }
}

/// What the camera's task owns.
#[derive(Debug)]
struct Source {
    scene: Scene,
    encoder: Encoder,
    sets: &'static ParameterSets,
    /// Pictures before the next key frame.
    until_key: u32,
    gop: u32,
}

impl Source {
    fn encode(&mut self, picture: &crate::picture::Picture, ticks: u64) -> AccessUnit {
        let key = self.until_key == 0;
        self.until_key = if key { self.gop } else { self.until_key } - 1;
        let slice = self.encoder.encode(picture, key);
        let nal_units = if key { vec![self.sets.sps.to_vec(), self.sets.pps.to_vec(), slice] } else { vec![slice] };
        AccessUnit { ticks, key, nal_units }
    }
}

/// A session that falls behind by more loses pictures, as on a slow network.
const QUEUE: usize = 32;
