//! One cell: one model's camera with one thing that goes wrong, watched until all is well again, or never will be.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use md5::{Digest as _, Md5};
use printcam::connect::Tunnel;
use printcam::{AccessUnit, StreamState, Trust};
use printcam_sim::{Clock, PictureDigest};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::model::{CODE, Model, OTHER_PIN};
use crate::promises::{judge, leave};
use crate::reel::{Follower, Reel};
use crate::row::{Back, Condition, Row, When};
use crate::stage::{self, Recording, Stage, faults_named, secs};

/// What was seen.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Seen {
    /// States and errors in their order, the first and the good ones aside; the same again in a row is told once.
    pub(crate) told: Vec<Told>,
    /// From the fault's end to pictures; `None` where they never came.
    pub(crate) back: Option<f64>,
    /// The longest time without a picture.
    pub(crate) longest: f64,
    /// Whether it was given up.
    pub(crate) failed: bool,
    /// Which promises were not kept.
    pub(crate) wrong: Vec<String>,
}

/// One thing that a person is told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    /// The error's code, or the state.
    pub(crate) name: String,
    /// What is said of an error, and what to do about it.
    pub(crate) says: Option<(String, Option<&'static str>)>,
}

/// Plays it in a runtime of its own, in virtual time.
pub(crate) fn play(model: Model, row: &'static Row) -> Seen {
    let reel = (!model.is_jpeg()).then(|| Reel::with_gop(model.gop()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(watch(model, row, reel))
}

async fn watch(model: Model, row: &'static Row, reel: Option<Arc<Reel>>) -> Seen {
    let mut seen = Seen::default();
    let mut stage = Stage::of(model.options(row), &address(model));
    if row.also == Condition::WrongPin {
        stage.options.tls.trust = Trust::Pin(OTHER_PIN.parse().expect("a pin"));
    }
    let began = Instant::now();
    if let Condition::Other { .. } | Condition::Killed { .. } = row.also {
        tokio::spawn(visit(Other::of(&stage, model), row.also, began));
        if row.when == When::First {
            let served = || stage.camera.log().clients.iter().any(|client| client.played_at.is_some());
            stage::until("pictures for the other", served).await;
        }
    }
    let opened = began.elapsed().as_secs_f64();
    let stream = stage.open();
    let recording = Recording::of(&stream);
    let mut pictures = stream.subscribe();
    let mut viewer = Viewer { follower: reel.as_ref().map(Follower::new), began, times: Vec::new(), broken: false };

    if row.when == When::MidStream {
        let first = pictures.next().await.expect("a picture");
        seen.wrong.extend(viewer.take(&stage, &first).err());
        // What counts from PLAY befalls this session only; the model's habits stay.
        let later = model.faults(row, |fault| fault.kind.clock() == Clock::Camera);
        stage.camera.change(|options| options.faults = later);
    }
    let well_at = row.well_at + clock_offset(row, &stage);
    let end = began + secs(well_at + model.bound(row).max(40.0) + STEADY);
    let mut steady_from = None;
    while let Ok(Some(unit)) = timeout_at(end, pictures.next()).await {
        seen.wrong.extend(viewer.take(&stage, &unit).err());
        let now = began.elapsed().as_secs_f64();
        // A fault has been noticed by then, or never will be.
        let settled = match row.back {
            Back::Always | Back::Itself => now > well_at + 25.0,
            _ if row.when == When::First => now > well_at,
            _ => viewer.unusual_pauses(model).any(|(_, end)| end >= well_at),
        };
        if settled && stream.state().state == StreamState::Playing {
            let from = *steady_from.get_or_insert(now);
            if now > from + STEADY + 2.0 * model.pace {
                break;
            }
        }
    }
    seen.told = told(&recording, &stage);
    seen.failed = stream.state().state == StreamState::Failed;
    seen.longest = viewer.pauses().map(|(from, to)| to - from).fold(0.0, f64::max);
    seen.back = match row.when {
        When::First => viewer.times.first().map(|first| first - well_at.max(opened)),
        When::MidStream if began.elapsed().as_secs_f64() - viewer.times.last().unwrap_or(&0.0) > 20.0 => None,
        // A model's own losses make other pauses later.
        When::MidStream => {
            let back = viewer.unusual_pauses(model).map(|(_, end)| end - well_at).find(|&back| back > -0.05);
            Some(back.unwrap_or(0.0).max(0.0))
        }
    };
    judge(&mut seen, model, row, &stream);
    leave(&mut seen, &stage, row, stream).await;
    seen
}

/// An address of its own: cameras are remembered for as long as the process lives.
fn address(model: Model) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let [_, b, c, d] = NUMBER.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    match model.is_jpeg() {
        true => format!("jpegs://bblp:{CODE}@10.{b}.{c}.{d}"),
        false => format!("rtsps://bblp:{CODE}@10.{b}.{c}.{d}/streaming/live/1"),
    }
}

/// When the clock by which the row is written began, in the camera's time.
fn clock_offset(row: &Row, stage: &Stage) -> f64 {
    let faults = faults_named(row.faults);
    if faults.is_empty() || faults.iter().any(|fault| fault.kind.clock() == Clock::Camera) {
        return 0.0;
    }
    let played = stage.camera.log().clients.iter().find_map(|client| client.played_at);
    played.map_or(0.0, |at| at.as_secs_f64())
}

/// Follows the pictures.
struct Viewer {
    follower: Option<Follower>,
    began: Instant,
    /// When there was a picture to see.
    times: Vec<f64>,
    /// Something is missing since the last key frame: decoders show nothing.
    broken: bool,
}

impl Viewer {
    fn take(&mut self, stage: &Stage, unit: &AccessUnit) -> Result<(), String> {
        self.broken = !unit.key_frame && (self.broken || unit.discontinuity);
        if !self.broken {
            self.times.push(self.began.elapsed().as_secs_f64());
        }
        match &mut self.follower {
            Some(follower) => follower.take(unit),
            None => {
                let digest = PictureDigest(Md5::digest(without_comments(&unit.data)).into());
                let sent = stage.camera.pictures().number_of(digest).is_some();
                sent.then_some(()).ok_or_else(|| format!("picture {} was never sent", self.times.len()))
            }
        }
    }

    /// Between two pictures.
    fn pauses(&self) -> impl Iterator<Item = (f64, f64)> {
        self.times.windows(2).map(|pair| (pair[0], pair[1]))
    }

    fn unusual_pauses(&self, model: Model) -> impl Iterator<Item = (f64, f64)> {
        self.pauses().filter(move |(from, to)| to - from > model.usual_pause())
    }
}

/// As the camera had the file before `large-jpeg` put comments in front.
fn without_comments(file: &[u8]) -> Vec<u8> {
    let (start, mut rest) = file.split_at(2);
    while let [0xff, 0xfe, high, low, ..] = *rest {
        rest = &rest[2 + usize::from(u16::from_be_bytes([high, low]))..];
    }
    [start, rest].concat()
}

/// What a person was told, with the one address that all documents have.
fn told(recording: &Recording, stage: &Stage) -> Vec<Told> {
    let host = stage.source.url.host().to_owned();
    let mut told: Vec<Told> = Vec::new();
    for (_, now) in recording.transitions() {
        let next = match &now.error {
            Some(error) => {
                let says = error.to_string().replace(&host, "192.168.1.20");
                Told { name: camel(&format!("{:?}", error.code())), says: Some((says, error.hint())) }
            }
            None if matches!(now.state, StreamState::Connecting | StreamState::Playing) => continue,
            None => Told { name: camel(&format!("{:?}", now.state)), says: None },
        };
        if told.last() != Some(&next) {
            told.push(next);
        }
    }
    told
}

/// As other languages write the names.
fn camel(name: &str) -> String {
    name[..1].to_lowercase() + &name[1..]
}

/// Another program that watches the same camera, and does not try twice.
struct Other {
    stage: Stage,
    /// What its connections go through.
    relays: Arc<Mutex<Vec<AbortHandle>>>,
}

impl Other {
    fn of(stage: &Stage, model: Model) -> Other {
        let relays: Arc<Mutex<Vec<AbortHandle>>> = Arc::default();
        let mut options = stage.options.clone();
        options.reconnect = false;
        let (camera, kept) = (stage.camera.clone(), Arc::clone(&relays));
        options.tunnel = Some(Tunnel::new(move || {
            let (client, mut near) = tokio::io::duplex(PIPE);
            let (mut far, server) = tokio::io::duplex(PIPE);
            tokio::spawn(camera.serve_connection(server, OTHER));
            let relay = tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
            kept.lock().unwrap().push(relay.abort_handle());
            async move { Ok(client) }
        }));
        let source = address(model).parse().expect("an address");
        Other { stage: Stage { camera: stage.camera.clone(), source, options }, relays }
    }
}

async fn visit(other: Other, when: Condition, began: Instant) {
    let (from, until) = match when {
        Condition::Other { from, until } => (from, until),
        Condition::Killed { at } => (0.0, at),
        _ => return,
    };
    sleep_until(began + secs(from)).await;
    let stream = other.stage.open();
    sleep_until(began + secs(until)).await;
    if let Condition::Killed { .. } = when {
        other.relays.lock().unwrap().iter().for_each(AbortHandle::abort);
    }
    stream.close().await;
}

const PIPE: usize = 256 << 10;

/// As the camera knows it.
pub(crate) const OTHER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), 40_000);

/// How long pictures are to stay before a cell is done.
const STEADY: f64 = 5.0;
