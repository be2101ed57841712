//! What a viewer is told of each fault, and how soon there are pictures again.

use std::time::Duration;

use printcam::{StreamState, Transition};
use printcam_sim::{Clock, Encryption};
use tokio::time::{Instant, sleep};

use crate::reel::{Follower, Reel};
use crate::stage::{Recording, Stage, secs};

/// One fault.
struct Row {
    /// As the simulator is told; times are seconds after PLAY, which is at once.
    faults: &'static str,
    tls: bool,
    /// The model that the options name.
    model: Option<&'static str>,
    /// States and reasons in their order, after the first pictures.
    story: &'static [&'static str],
    /// When the camera would serve again, in seconds.
    well_at: f64,
    /// Pictures come again so long after that, at most.
    within: f64,
    /// Connections made, the first one included.
    connections: u64,
    /// Whether pictures are lost, or may be. Otherwise only a new session's first one says that something is missing.
    lossy: bool,
}

const PLAIN: Row =
    Row { faults: "", tls: false, model: None, story: &[], well_at: 10.0, within: 0.3, connections: 1, lossy: false };

/// The X1C's code has no quirks, the H2C's has them all.
const H2C: Option<&str> = Some("O1C");

const STALLED: &str = "Stalled NoMedia";
const PLAYING: &str = "Playing Media";
const SILENCE: &str = "Reconnecting Silence";
const LOST: &str = "Reconnecting ConnectionLost";
const FAILED: &str = "Reconnecting AttemptFailed";

/// The first wait of the backoff at its longest, with the wait for a picture.
const SOON: f64 = 2.2 + 0.3;

/// The longest wait between two attempts, with the wait for a picture.
const CAP: f64 = 33.0 + 2.0;

const ROWS: &[Row] = &[
    Row { ..PLAIN },
    // Silence that ends by itself, and silence that does not.
    Row { faults: "stall=1s@10s", well_at: 11.0, ..PLAIN },
    Row { faults: "stall=3s@10s", story: &[STALLED, PLAYING], well_at: 13.0, ..PLAIN },
    Row { faults: "stall=8s@10s", story: &[STALLED, SILENCE, PLAYING], within: 6.0, connections: 2, ..PLAIN },
    Row { faults: "stall=8s@10s", model: H2C, story: &[STALLED, PLAYING], well_at: 18.0, ..PLAIN },
    Row {
        faults: "stall=40s@10s",
        model: H2C,
        story: &[STALLED, SILENCE, PLAYING],
        within: 16.0,
        connections: 2,
        ..PLAIN
    },
    Row { faults: "freeze=3s@10s", story: &[STALLED, PLAYING], well_at: 13.0, within: 2.1, ..PLAIN },
    Row { faults: "freeze=10s@10s", story: &[STALLED, SILENCE, PLAYING], within: 6.0, connections: 2, ..PLAIN },
    Row { faults: "freeze=40s@10s", story: &[STALLED, SILENCE, PLAYING], within: 6.0, connections: 2, ..PLAIN },
    Row { faults: "hang@10s", story: &[STALLED, SILENCE, PLAYING], within: 6.0, connections: 2, ..PLAIN },
    Row { faults: "hang@10s", model: H2C, story: &[STALLED, SILENCE, PLAYING], within: 16.0, connections: 2, ..PLAIN },
    Row { faults: "vanish@10s", story: &[STALLED, SILENCE, PLAYING], within: 6.0, connections: 2, ..PLAIN },
    // Ends that can be seen.
    Row { faults: "close@10s", story: &[LOST, PLAYING], within: SOON, connections: 2, ..PLAIN },
    Row { faults: "close@10s", tls: true, story: &[LOST, PLAYING], within: SOON, connections: 2, ..PLAIN },
    Row { faults: "reset@10s", story: &[LOST, PLAYING], within: SOON, connections: 2, ..PLAIN },
    Row {
        faults: "expire@11s",
        story: &[STALLED, LOST, PLAYING],
        well_at: 11.0,
        within: 3.4 + SOON,
        connections: 2,
        ..PLAIN
    },
    Row { faults: "restart=1s@10s", story: &[LOST, PLAYING], well_at: 11.0, within: SOON, connections: 2, ..PLAIN },
    Row {
        faults: "restart=20s@10s",
        story: &[LOST, FAILED, PLAYING],
        well_at: 30.0,
        within: 16.0 * 1.1,
        connections: 2,
        ..PLAIN
    },
    Row {
        faults: "restart=300s@10s",
        story: &[LOST, FAILED, PLAYING],
        well_at: 310.0,
        within: CAP,
        connections: 2,
        ..PLAIN
    },
    // Nobody who answers.
    Row {
        faults: "close@10s no-server-hello=10s@10s",
        tls: true,
        story: &[LOST, FAILED, PLAYING],
        well_at: 20.0,
        within: CAP,
        connections: 3,
        ..PLAIN
    },
    Row {
        faults: "close@10s describe-unanswered=15s@10s",
        story: &[LOST, PLAYING],
        well_at: 25.0,
        within: CAP,
        connections: 3,
        ..PLAIN
    },
    // The camera refuses, for good as far as anybody can know.
    Row {
        faults: "unauthorized=60s@11s close@12s",
        story: &[LOST, "Failed ConnectionLost"],
        within: f64::INFINITY,
        connections: 2,
        ..PLAIN
    },
    // Here a keep-alive is the first to hear of it.
    Row { faults: "unauthorized=60s@9s", story: &["Failed ConnectionLost"], within: f64::INFINITY, ..PLAIN },
    Row {
        faults: "second-certificate=60s@10s close@12s",
        tls: true,
        story: &[LOST, "Failed AttemptFailed"],
        within: f64::INFINITY,
        connections: 2,
        ..PLAIN
    },
    // What should not be seen at all.
    Row { faults: "new-nonce@10s", ..PLAIN },
    Row { faults: "keep-alive-unanswered@10s", ..PLAIN },
    Row { faults: "no-get-parameter", ..PLAIN },
    Row { faults: "get-parameter-501", ..PLAIN },
    Row { faults: "report-stall@1s", ..PLAIN },
    Row { faults: "throttle@1s", ..PLAIN },
    Row { faults: "frozen-timestamps@10s", ..PLAIN },
    Row { faults: "frozen-timestamps@10s", model: H2C, ..PLAIN },
    Row { faults: "no-marker@10s", ..PLAIN },
    Row { faults: "no-marker@10s", model: H2C, ..PLAIN },
    Row { faults: "misplaced-marker@10s", model: H2C, ..PLAIN },
    Row { faults: "timestamp-jump@10s", ..PLAIN },
    Row { faults: "timestamp-jump=-1000000000@10s", ..PLAIN },
    Row { faults: "sequence-gap@10s", lossy: true, within: 2.1, ..PLAIN },
    Row { faults: "ssrc-change@10s", lossy: true, within: 2.1, ..PLAIN },
    Row { faults: "duplicate=0.3@10s", ..PLAIN },
    Row { faults: "reorder=0.3@10s", lossy: true, within: 2.1, ..PLAIN },
    Row { faults: "loss=0.1@10s", lossy: true, within: 2.1, ..PLAIN },
    Row { faults: "csrc@1s extension@1s padding@1s no-parameter-sets@1s", ..PLAIN },
];

#[tokio::test(start_paused = true)]
async fn each_fault_is_told_and_heals_in_time() {
    for row in ROWS {
        play(row).await;
    }
}

async fn play(row: &Row) {
    let what = format!("{} (TLS {}, model {:?})", row.faults, row.tls, row.model);
    let reel = Reel::with_gop(20);
    let mut stage = Stage::with(row.faults, |options| {
        options.encryption = if row.tls { Encryption::Tls12 } else { Encryption::None };
    });
    stage.options.model = row.model.map(str::to_owned);
    let began = Instant::now();
    let stream = stage.open();
    let recording = Recording::of(&stream);
    let mut pictures = stream.subscribe();
    let mut follower = Follower::new(&reel);
    follower.take(&pictures.next().await.expect("a picture")).expect("the first picture");
    // What counts from PLAY befalls this session only.
    stage.camera.change(|options| options.faults.retain(|fault| fault.kind.clock() == Clock::Camera));

    let mut last = began.elapsed();
    let mut back = None;
    let mut longest = Duration::ZERO;
    let end = began + secs(row.well_at.max(10.0) + 40.0);
    while let Ok(Some(unit)) = tokio::time::timeout_at(end, pictures.next()).await {
        follower.take(&unit).unwrap_or_else(|wrong| panic!("{what}: {wrong}"));
        let now = began.elapsed();
        longest = longest.max(now - last);
        if now >= secs(row.well_at) {
            back.get_or_insert(now.as_secs_f64() - row.well_at);
        }
        last = now;
    }
    let story = recording.story();
    let times: Vec<String> =
        recording.states().iter().skip(2).map(|(at, state, _)| format!("{state:?} {at:.1}")).collect();
    println!(
        "{what}: {times:?}, back after {back:.1?} s, longest without {:.1} s, {} gaps, {} connections",
        longest.as_secs_f64(),
        follower.discontinuities,
        stage.camera.log().connections
    );
    assert_eq!(&story[..2], ["Connecting Started", PLAYING], "{what}");
    assert_eq!(&story[2..], row.story, "{what}");
    assert_eq!(stage.camera.log().connections, row.connections, "{what}");
    let new_sessions =
        story.windows(2).filter(|pair| pair[0].starts_with("Reconnecting") && pair[1] == PLAYING).count();
    assert!(row.lossy || follower.discontinuities == new_sessions as u64, "{what}: {} gaps", follower.discontinuities);
    match back {
        Some(back) => assert!(back <= row.within, "{what}: back after {back:.1} s"),
        None => assert!(row.within.is_infinite(), "{what}: never back"),
    }
    let Transition { state, .. } = stream.state();
    assert_eq!(state == StreamState::Failed, row.within.is_infinite(), "{what}");
    stream.close().await;
    sleep(secs(70.0)).await;
    stage.assert_gentle_and_gone(&what);
    let log = stage.camera.log();
    if state == StreamState::Playing {
        assert!(log.clients.last().is_some_and(|client| client.teardown), "{what}: no TEARDOWN at the end");
    }
}

/// An H2C's packets, before PLAY: wherever in an answer one is, the first attempt brings pictures.
#[tokio::test(start_paused = true)]
async fn packets_anywhere_in_answers_do_no_harm() {
    for seed in 0..300 {
        let stage = Stage::with("frames-in-headers", |options| options.seed = seed);
        let stream = stage.open();
        let playing = tokio::time::timeout(secs(2.0), stream.playing()).await;
        assert!(matches!(playing, Ok(Ok(_))), "seed {seed}: {:?}", stream.state());
        stream.close().await;
        let log = stage.camera.log();
        let [client] = &log.clients[..] else { panic!("seed {seed}: {} connections", log.clients.len()) };
        assert!(client.teardown, "seed {seed}");
    }
}
