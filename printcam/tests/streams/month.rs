//! One stream for days, of virtual time, with all that happens to a printer in days.
//!
//! `PRINTCAM_DAYS=30` lasts so long.

use std::process::Command;

use printcam::{Reason, StreamState};
use tokio::time::Instant;

use crate::reel::{Follower, Reel};
use crate::stage::{Stage, resident_bytes, secs};

/// Where nobody asks for more.
const USUAL_DAYS: u64 = 2;

const DAY: f64 = 86_400.0;

/// Pictures from one key frame to the next; there is one picture a second.
const GOP: u32 = 5;

/// Says to be the process in which nothing else runs, so that its memory is the stream's.
const ALONE: &str = "PRINTCAM_MONTH_ALONE";

#[test]
fn a_stream_lasts_for_days() {
    if std::env::var_os(ALONE).is_none() {
        let this = std::env::current_exe().expect("a path");
        let ended = Command::new(this)
            .args(["--exact", "month::a_stream_lasts_for_days", "--nocapture"])
            .env(ALONE, "1")
            .output()
            .expect("a process");
        println!("{}", String::from_utf8_lossy(&ended.stdout));
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        return;
    }
    let days = std::env::var("PRINTCAM_DAYS").map_or(USUAL_DAYS, |days| days.parse().expect("days"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(live(days));
}

async fn live(days: u64) {
    let real = std::time::Instant::now();
    let reel = Reel::with_gop(GOP);
    // A restart each hour; in a session stalls and losses, some of the stalls longer than it is given; a rotation.
    let faults = "restart=20s/1h stall=1s..4200ms/170s loss=0.1@200s+20s/300s new-nonce@700s";
    let mut stage = Stage::with(faults, |options| (options.fps, options.gop) = (1, GOP));
    stage.options.rotate_every = Some(secs(1200.0));
    let began = Instant::now();
    let stream = stage.open();
    let mut pictures = stream.subscribe();
    let mut follower = Follower::new(&reel);
    let mut first = None;
    // By how far the timestamps of pictures are ahead of the clock.
    let mut ahead = 0.0;
    let mut memory = Vec::new();
    for half_day in 1..=2 * days {
        let end = began + secs(DAY / 2.0 * half_day as f64);
        while let Ok(unit) = tokio::time::timeout_at(end, pictures.next()).await {
            let unit = unit.expect("it goes on");
            follower.take(&unit).expect("as it was sent");
            let at = (unit.timestamp, unit.received_at);
            let (timestamp, received_at) = *first.get_or_insert(at);
            ahead = (at.0 - timestamp) as f64 / 90_000.0 - (at.1 - received_at).as_secs_f64();
        }
        assert!(ahead.abs() < 7.0, "{ahead} s of drift after {half_day} half days");
        memory.push(resident_bytes());
    }
    let statistics = stream.statistics();
    let log = stage.camera.log();
    println!(
        "{days} days in {:?}: {} pictures, {} sessions, {:?}, ahead by {ahead:.3} s, memory each half day {:?} KiB",
        real.elapsed(),
        follower.pictures,
        statistics.sessions,
        statistics.reconnects,
        memory.iter().map(|bytes| bytes >> 10).collect::<Vec<_>>()
    );
    // The camera's own record of its last 256 clients is of this process too: 18 MiB, complete after four days. Then
    // the bytes in use stay the same (counted once, over 24 days), and what they take up grows a little by fragmentation.
    let grown = memory[memory.len() - 1].saturating_sub(memory[memory.len() / 2]);
    let allowed = if days < 10 { 8 << 20 } else { 1 << 20 };
    assert!(grown < allowed, "{grown} bytes more than in the middle");
    assert!(statistics.reconnects.iter().any(|(reason, _)| *reason == Reason::Rotation), "{statistics:?}");
    assert_eq!((log.peak_connections, stream.state().state), (1, StreamState::Playing));
    assert!(statistics.sessions > 60 * days && statistics.session.stalls > 200 * days, "{statistics:?}");
    assert!(follower.pictures as f64 > 0.85 * DAY * days as f64, "{} pictures", follower.pictures);
    stream.close().await;
    stage.assert_gentle_and_gone("days");
}
