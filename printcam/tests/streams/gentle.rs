//! How often a camera that does not work is asked, and that every end is a proper one.

use printcam::{Keep, Stream, StreamState};
use printcam_sim::SecondClient;
use tokio::time::sleep;

use crate::stage::{Recording, Stage, secs};

#[tokio::test(start_paused = true)]
async fn a_camera_that_stays_away_is_asked_twice_a_minute_at_most() {
    // What is in its way, and how long an attempt takes to notice that.
    for (faults, attempt) in [("refuse=1h@1s close@2s", 0.0), ("describe-unanswered=1h@1s close@2s", 10.0)] {
        let stage = Stage::new(faults);
        let stream = stage.playing().await;
        let recording = Recording::of(&stream);
        sleep(secs(3500.0)).await;
        assert_eq!(recording.troubles(), 1, "{faults}: told once");
        assert_eq!(stream.state().state, StreamState::Reconnecting, "{faults}");
        let log = stage.camera.log();
        let times: Vec<f64> = log.attempts.iter().map(|attempt| attempt.at.as_secs_f64()).collect();
        // The first one worked. Then the waits double, and each is up to a tenth longer.
        for (pair, want) in times[1..].windows(2).zip([4.0, 8.0, 16.0].into_iter().chain(std::iter::repeat(30.0))) {
            let wait = pair[1] - pair[0] - attempt;
            assert!((want..want * 1.1 + 0.01).contains(&wait), "{faults}: {wait} s for {want} s in {times:?}");
        }
        assert!(times.len() > 80, "{faults}: it goes on trying");
        // Half an hour later somebody has repaired it.
        stage.camera.change(|options| options.faults.clear());
        sleep(secs(33.0 + attempt + 2.0)).await;
        assert_eq!(stream.state().state, StreamState::Playing, "{faults}");
        stream.close().await;
        stage.assert_gentle_and_gone(faults);
    }
}

#[tokio::test(start_paused = true)]
async fn viewers_that_come_and_go_do_not_hurry_it() {
    let mut stage = Stage::new("refuse=1h@0s");
    stage.options.keep = Keep::Linger(secs(0.0));
    let stream = stage.open();
    for _ in 0..2000 {
        let viewer = stream.subscribe();
        sleep(secs(0.5)).await;
        drop(viewer);
        sleep(secs(0.3)).await;
    }
    let log = stage.camera.log();
    let most = log.attempts.windows(2).skip(5).map(|pair| pair[1].at - pair[0].at).min().expect("attempts");
    assert!(most >= secs(30.0), "{most:?} between two attempts");
    assert!(log.attempts.len() > 20);
}

/// Two programs and a camera that gives its place to whoever comes last.
#[tokio::test(start_paused = true)]
async fn two_that_throw_each_other_out_come_less_and_less_often() {
    let stage = Stage::with("", |options| options.second_client = SecondClient::KickFirst);
    // To this process a camera of another name is another camera.
    let other = Stage {
        camera: stage.camera.clone(),
        source: format!("rtsp://bblp:12345678@other-{}:554/streaming/live/1", stage.source.url.host()).parse().unwrap(),
        options: stage.options.clone(),
    };
    let (ours, theirs) = (stage.playing().await, other.playing().await);
    sleep(secs(600.0)).await;
    let attempts = stage.camera.log().attempts.len();
    assert!(attempts < 70, "{attempts} attempts in ten minutes");
    // Once there is peace, whoever has the camera keeps it, and the next loss is mended as soon as any.
    theirs.close().await;
    sleep(secs(60.0)).await;
    stage.camera.restart(secs(0.0));
    sleep(secs(2.5)).await;
    assert_eq!(ours.state().state, StreamState::Playing);
    ours.close().await;
}

/// Whoever ends a stream, in whatever state it is: the camera hears TEARDOWN where it had given a session.
#[tokio::test(start_paused = true)]
async fn every_voluntary_end_is_said() {
    for faults in ["", "stall=60s@5s", "hang@5s", "describe-unanswered", "unauthorized", "expire@5s", "refuse=1h@0s"] {
        for way in ["close", "drop", "stop", "stop twice", "stop at once"] {
            let what = format!("{way}, {faults}");
            let stage = Stage::new(faults);
            let stream = stage.open();
            if way != "stop at once" {
                sleep(secs(8.0)).await;
            }
            end(stream, way).await;
            sleep(secs(2.0)).await;
            stage.assert_gentle_and_gone(&what);
            let log = stage.camera.log();
            for client in &log.clients {
                let had_session = client.requests.iter().any(|request| request.method == "SETUP");
                let told = client.requests.iter().any(|request| request.method == "TEARDOWN");
                assert!(!had_session || told || client.expired, "{what}: no TEARDOWN in {:?}", client.requests);
            }
            let connections = log.connections;
            sleep(secs(100.0)).await;
            assert_eq!(stage.camera.log().connections, connections, "{what}: it was not to come back");
        }
    }
}

async fn end(stream: Stream, way: &str) {
    match way {
        "close" => stream.close().await,
        "drop" => drop(stream),
        "stop twice" => {
            stream.stop().await;
            stream.stop().await;
            assert_eq!(stream.state().state, StreamState::Stopped);
        }
        _ => stream.stop().await,
    }
}

#[tokio::test(start_paused = true)]
async fn rotation_gives_the_old_session_back_first() {
    let mut stage = Stage::new("");
    stage.options.rotate_every = Some(secs(300.0));
    let stream = stage.playing().await;
    let recording = Recording::of(&stream);
    sleep(secs(3010.0)).await;
    let log = stage.camera.log();
    assert_eq!((log.connections, log.peak_sessions), (11, 1));
    assert!(log.clients[..10].iter().all(|client| client.teardown), "each is given back");
    let states = recording.states();
    assert_eq!(states.len(), 20);
    for pair in states.chunks(2) {
        assert!(pair[1].0 - pair[0].0 < 0.3, "a rotation takes moments: {pair:?}");
    }
    assert_eq!(recording.troubles(), 0);
    stream.close().await;
    stage.assert_gentle_and_gone("rotation");
}
