//! Thousands of random courses of faults, each the same whenever its seed is.
//!
//! `PRINTCAM_SCHEDULES=10000` plays so many, `PRINTCAM_SCHEDULE=17` one of them, and tells what happens in it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use printcam::{ErrorCode, StreamState, Subscription};
use tokio::time::{Instant, sleep, timeout_at};

use crate::reel::{Follower, Reel};
use crate::stage::{Recording, Stage, faults_named, resident_bytes, secs};

/// Played where nobody asks for another number.
const USUAL: u64 = 1000;

/// Faults begin for so long.
const TROUBLE: f64 = 45.0;

/// The longest wait between two attempts and the time to notice that one is of no use; that much after the last fault
/// there are pictures.
const PROMISED: f64 = 33.0 + 2.0;

/// Pictures a second, and from one key frame to the next.
const FPS: u32 = 5;
const GOP: u32 = 10;

#[test]
fn after_any_course_of_faults_there_are_pictures_again() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    let seeds = match number("PRINTCAM_SCHEDULE") {
        Some(seed) => seed..seed + 1,
        None => 0..number("PRINTCAM_SCHEDULES").unwrap_or(USUAL),
    };
    let reel = Reel::with_gop(GOP);
    let began = std::time::Instant::now();
    let results = play_all(seeds.clone(), &reel);
    let count = seeds.end - seeds.start;
    let failed: Vec<_> = results.iter().filter_map(|(seed, result)| Some((seed, result.as_ref().err()?))).collect();
    for (seed, wrong) in failed.iter().take(10) {
        println!("PRINTCAM_SCHEDULE={seed}: {} : {wrong}", Course::of(**seed).faults);
    }
    assert!(failed.is_empty(), "{} of {count} schedules failed", failed.len());
    let mut back: Vec<f64> = results.values().filter_map(|result| *result.as_ref().ok()?).collect();
    back.sort_by(f64::total_cmp);
    let at = |share: f64| back[((back.len() - 1) as f64 * share) as usize];
    println!(
        "{count} schedules in {:?}: back after {:.2} s (median), {:.2} s (p95), {:.2} s (longest); {} rightly failed",
        began.elapsed(),
        at(0.5),
        at(0.95),
        at(1.0),
        count as usize - back.len()
    );
}

/// In threads, each with a runtime of its own for each course.
fn play_all(seeds: Range<u64>, reel: &Arc<Reel>) -> BTreeMap<u64, Result<Option<f64>, String>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicU64::new(seeds.start);
    let baseline = AtomicU64::new(0);
    let play = || {
        let mut results = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return results;
            }
            let played = catch_unwind(AssertUnwindSafe(|| play(seed, reel)));
            results.push((seed, played.unwrap_or_else(|_| Err("a panic".to_owned()))));
            // What the first ones needed is enough for all.
            match seed - seeds.start {
                200 => baseline.store(resident_bytes(), Ordering::Relaxed),
                _ if seed + 1 == seeds.end && baseline.load(Ordering::Relaxed) > 0 => {
                    let grown = resident_bytes().saturating_sub(baseline.load(Ordering::Relaxed));
                    println!("{} KiB more than after 200 schedules", grown >> 10);
                    assert!(grown < 64 << 20, "{grown} bytes more than after 200 schedules");
                }
                _ => {}
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(play)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("results")).collect()
    })
}

/// What goes wrong.
#[derive(Debug)]
struct Course {
    faults: String,
    model: Option<&'static str>,
    /// At the end of the trouble the camera restarts, so that nothing of it lasts in a session that stands.
    restart: bool,
}

impl Course {
    fn of(seed: u64) -> Course {
        let mut random = Random(seed);
        let mut faults: Vec<String> = Vec::new();
        for _ in 0..1 + random.below(5) {
            let start = random.below(TROUBLE as u64 * 1000);
            // What counts from PLAY comes again in each session.
            let early = random.below(15_000);
            let length = 200 + random.below(12_000);
            let share = 1 + random.below(40);
            faults.push(match random.below(22) {
                0 | 1 => format!("stall={length}ms@{early}ms"),
                2 => format!("stall=1s..6s/{}ms", 7000 + early),
                3 => format!("freeze={length}ms@{early}ms"),
                4 => format!("hang@{early}ms+{length}ms"),
                5 => format!("vanish@{early}ms"),
                6 => format!("close@{early}ms"),
                7 => format!("reset@{early}ms"),
                8 | 9 => format!("restart={length}ms@{start}ms"),
                10 => format!("refuse={length}ms@{start}ms"),
                11 => format!("expire@{early}ms"),
                12 if random.below(4) == 0 => format!("unauthorized={length}ms@{start}ms"),
                12 => format!("new-nonce@{early}ms"),
                13 => format!("no-server-hello={length}ms@{start}ms"),
                14 => format!("describe-unanswered={length}ms@{start}ms"),
                15 | 16 => format!("loss=0.{share:02}@{early}ms+{length}ms"),
                17 => format!("timestamp-jump={}@{early}ms", random.below(1 << 32) as i64 - (1 << 31)),
                18 => format!("ssrc-change@{early}ms"),
                19 => format!("duplicate=0.{share:02}@{early}ms+{length}ms"),
                20 => format!("reorder=0.{share:02},4@{early}ms+{length}ms"),
                _ => format!("sequence-gap={}@{early}ms", 1 + random.below(60_000)),
            });
        }
        let model = (random.below(3) == 0).then_some("O1C");
        let faults = faults.join(" ");
        // What comes again and again ends with its session.
        let restart = random.below(2) == 0 || faults.contains('/');
        Course { faults, model, restart }
    }
}

/// How long after the end of the trouble there were pictures; `None` where the stream rightly gave up.
fn play(seed: u64, reel: &Arc<Reel>) -> Result<Option<f64>, String> {
    let course = Course::of(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let mut stage =
            Stage::with(&course.faults, |options| (options.fps, options.gop, options.seed) = (FPS, GOP, seed));
        stage.options.seed = Some(seed);
        stage.options.model = course.model.map(str::to_owned);
        let stream = stage.open();
        let recording = Recording::of(&stream);
        let viewer = Viewer { pictures: stream.subscribe(), follower: Follower::new(reel) };
        let result = watch(&stage, &stream, viewer, &course).await;
        if std::env::var_os("PRINTCAM_SCHEDULE").is_some() {
            println!("{course:?}\n{:?}\n{:#?}", recording.states(), stage.camera.log().clients);
        }
        let result = result?;
        stream.close().await;
        sleep(secs(1.0)).await;
        let log = stage.camera.log();
        match (log.peak_connections, log.open_connections()) {
            (0 | 1, 0) => Ok(result),
            (peak, left) => Err(format!("{peak} connections at once, {left} left")),
        }
    })
}

struct Viewer {
    pictures: Subscription,
    follower: Follower,
}

impl Viewer {
    /// Takes what comes until then.
    async fn watch_until(&mut self, end: Instant) -> Result<(), String> {
        while let Ok(Some(unit)) = timeout_at(end, self.pictures.next()).await {
            self.follower.take(&unit)?;
        }
        tokio::time::sleep_until(end).await;
        Ok(())
    }
}

async fn watch(
    stage: &Stage,
    stream: &printcam::Stream,
    mut viewer: Viewer,
    course: &Course,
) -> Result<Option<f64>, String> {
    let began = Instant::now();
    viewer.watch_until(began + secs(TROUBLE)).await?;
    stage.camera.change(|options| options.faults = faults_named(""));
    // Either way the last fault is over by then.
    let well = match course.restart {
        true => {
            stage.camera.restart(secs(0.5));
            began + secs(TROUBLE + 0.5)
        }
        // The last session that knows of the faults began when they ended; they begin within 15 s, and last 12 s.
        false => began + secs(TROUBLE + 28.0),
    };
    viewer.watch_until(well).await?;
    let seen = viewer.follower.pictures;
    let deadline = well + secs(PROMISED);
    while viewer.follower.pictures == seen && Instant::now() < deadline {
        if stream.state().state == StreamState::Failed {
            let code = stream.state().error.map(|error| error.code());
            let refused = course.faults.contains("unauthorized") && code == Some(ErrorCode::AuthenticationFailed);
            return if refused { Ok(None) } else { Err(format!("failed: {:?}", stream.state())) };
        }
        viewer.watch_until(Instant::now() + secs(0.05)).await?;
    }
    let back = (Instant::now() - well).as_secs_f64();
    if viewer.follower.pictures == seen {
        return Err(format!("no picture {PROMISED} s after the last fault: {:?}", stream.state()));
    }
    // And they stay.
    let seen = viewer.follower.pictures;
    let gaps = viewer.follower.discontinuities;
    viewer.watch_until(Instant::now() + Duration::from_secs(10)).await?;
    let came = viewer.follower.pictures - seen;
    if came + 1 < u64::from(10 * FPS) || viewer.follower.discontinuities != gaps {
        return Err(format!("{came} pictures in 10 s, {} gaps", viewer.follower.discontinuities - gaps));
    }
    if stream.state().state != StreamState::Playing {
        return Err(format!("pictures, and it says {:?}", stream.state()));
    }
    Ok(Some(back))
}

/// The constants of Knuth's MMIX generator.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) % limit
    }
}
