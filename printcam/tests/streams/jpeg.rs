//! Cameras that send JPEG: told, healed, shared and shown as the others are.

use std::sync::Arc;
use std::time::Duration;

use md5::{Digest as _, Md5};
use printcam::record::{RecordFormat, Recorder};
use printcam::{
    Coding, DEFAULT_QUALITY, Error, ErrorCode, Reason, StreamEvent, StreamManager, StreamState, Transition,
    encode_jpeg, snapshot,
};
use printcam_sim::{Clock, Footage, Personality, PictureDigest, WrongCode};
use tokio::time::{Instant, sleep, timeout_at};

use crate::stage::{Recording, Stage, secs, until};

const NOTHING: fn(&mut printcam_sim::Options) = |_| ();

/// Whether the camera sent this file, byte by byte.
fn is_of(stage: &Stage, file: &[u8]) -> bool {
    stage.camera.pictures().number_of(PictureDigest(Md5::digest(file).into())).is_some()
}

/// The error a stream ended with, or tries again because of.
async fn first_error(stage: &Stage) -> (Arc<Error>, Transition) {
    let stream = stage.open();
    let error = stream.playing().await.expect_err("no picture");
    let state = stream.state();
    stream.close().await;
    (error, state)
}

#[tokio::test(start_paused = true)]
async fn minutes_of_slow_pictures_are_no_stall() {
    for (personality, pictures) in [(Personality::P1s, 145..=151), (Personality::A1, 130..=136)] {
        let stage = Stage::model(personality, "", NOTHING);
        let stream = stage.open();
        let recording = Recording::of(&stream);
        let mut viewer = stream.subscribe();
        let end = Instant::now() + secs(300.0);
        let mut seen = 0;
        let mut last = None;
        while let Ok(Some(unit)) = timeout_at(end, viewer.next()).await {
            assert!(is_of(&stage, &unit.data), "{personality}: picture {seen} is another one");
            assert!(unit.key_frame && !unit.discontinuity && matches!(unit.coding, Coding::Jpeg { .. }));
            assert!(last.replace(unit.timestamp) < Some(unit.timestamp), "{personality}: time goes on");
            seen += 1;
        }
        assert!(pictures.contains(&seen), "{personality}: {seen} pictures in five minutes");
        assert_eq!(recording.story(), ["Connecting Started", "Playing Media"], "{personality}");
        let statistics = stream.statistics();
        // Counted once a second.
        assert!(seen - statistics.session.access_units <= 1, "{personality}: {statistics:?}");
        assert_eq!(statistics.session.stalls, 0, "{personality}");
        assert_eq!(statistics.session.transport, None, "{personality}: nothing that RTSP has a name for");
        stream.close().await;
        stage.assert_gentle_and_gone(personality.name());
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_code_is_authentication_failed_however_it_is_said() {
    for (personality, wrong_code, failed) in [
        (Personality::P1s, WrongCode::Close, true),
        (Personality::A1, WrongCode::Denial, true),
        // Silence is also how a camera behaves that serves somebody else.
        (Personality::A1, WrongCode::Silence, false),
    ] {
        let what = format!("{personality} {wrong_code:?}");
        let stage = Stage::model(personality, "", |options| {
            options.wrong_code = wrong_code;
            options.access_code = "87654321".into();
        });
        let (error, now) = first_error(&stage).await;
        assert_eq!(error.code(), ErrorCode::AuthenticationFailed, "{what}: {error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("access code")), "{what}");
        assert!(!format!("{error} {error:?}").contains("12345678"), "{what}");
        let want = if failed { StreamState::Failed } else { StreamState::Reconnecting };
        assert_eq!((now.state, now.reason), (want, Reason::ConnectionLost), "{what}");
        stage.assert_gentle_and_gone(&what);

        // A snapshot tries once, whatever it was.
        let refused = snapshot(&stage.source, &stage.options, secs(10.0)).await.expect_err("no picture");
        assert_eq!(refused.code(), ErrorCode::AuthenticationFailed, "{what}: {refused}");
        sleep(secs(60.0)).await;
        assert_eq!(stage.camera.log().connections, 2, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_camera_that_starves_us_is_asked_again_until_it_has_a_place() {
    let stage = Stage::model(Personality::P1s, "", NOTHING);
    // To this process a camera of another name is another camera.
    let other = Stage {
        camera: stage.camera.clone(),
        source: format!("jpegs://bblp:12345678@other-{}", stage.source.url.host()).parse().unwrap(),
        options: stage.options.clone(),
    };
    let first = other.playing().await;
    let stream = stage.open();
    let recording = Recording::of(&stream);
    sleep(secs(60.0)).await;
    first.close().await;
    until("pictures", || stream.state().state == StreamState::Playing).await;
    let story = recording.story();
    assert_eq!(story, ["Connecting Started", "Reconnecting ConnectionLost", "Playing Media"]);
    stream.close().await;
}

/// One fault, and what is told of it.
struct Row {
    /// Times are seconds after the login.
    faults: &'static str,
    story: &'static [&'static str],
    /// When the camera would serve again.
    well_at: f64,
    /// Pictures come again so long after that, at most: a picture's time, and what is said.
    within: f64,
    connections: u64,
}

const STALLED: &str = "Stalled NoMedia";
const PLAYING: &str = "Playing Media";
const LOST: &str = "Reconnecting ConnectionLost";

/// The first wait of the backoff, the slow handshake and the wait for a picture.
const AGAIN: f64 = 2.2 + 1.0 + 2.1;

const ROWS: &[Row] = &[
    Row { faults: "stall=3s@10s", story: &[], well_at: 13.0, within: 2.1, connections: 1 },
    Row { faults: "stall=10s@10s", story: &[STALLED, PLAYING], well_at: 20.0, within: 2.1, connections: 1 },
    Row {
        faults: "hang@10s",
        story: &[STALLED, "Reconnecting Silence", PLAYING],
        well_at: 10.0,
        within: 15.0 + 2.1 + 1.0,
        connections: 2,
    },
    Row { faults: "close@10s", story: &[LOST, PLAYING], well_at: 10.0, within: AGAIN, connections: 2 },
    Row { faults: "restart=1s@10s", story: &[LOST, PLAYING], well_at: 11.0, within: AGAIN, connections: 2 },
    Row { faults: "slow-handshake=3s", story: &[], well_at: 10.0, within: 2.1, connections: 1 },
    Row { faults: "one-byte-writes", story: &[], well_at: 10.0, within: 2.1, connections: 1 },
    Row { faults: "duplicate=0.3", story: &[], well_at: 10.0, within: 2.1, connections: 1 },
    Row { faults: "loss=0.2", story: &[], well_at: 10.0, within: 6.1, connections: 1 },
    Row { faults: "truncated-jpeg=0.3@5s", story: &[], well_at: 10.0, within: 8.1, connections: 1 },
    // The access code was right a moment ago: a printer that starts is not a printer that refuses.
    Row {
        faults: "close@10s unauthorized=8s@10s",
        story: &[LOST, PLAYING],
        well_at: 18.0,
        within: 4.4 + AGAIN,
        connections: 3,
    },
];

#[tokio::test(start_paused = true)]
async fn each_fault_is_told_and_heals_in_time() {
    for row in ROWS {
        let what = row.faults;
        let stage = Stage::model(Personality::P1s, what, NOTHING);
        let began = Instant::now();
        let stream = stage.open();
        let recording = Recording::of(&stream);
        let mut pictures = stream.subscribe();
        let mut back = None;
        let first = pictures.next().await.expect("a picture");
        assert!(is_of(&stage, &first.data), "{what}");
        // What counts from the login befalls this session only.
        let heals = row.connections > 1;
        stage.camera.change(|options| {
            options.faults.retain(|fault| !heals || fault.kind.clock() == Clock::Camera);
        });
        let end = began + secs(row.well_at + 40.0);
        while let Ok(Some(unit)) = timeout_at(end, pictures.next()).await {
            assert!(is_of(&stage, &unit.data), "{what}: a picture that was never sent");
            let now = began.elapsed().as_secs_f64();
            if now >= row.well_at + 1.0 {
                back.get_or_insert(now - row.well_at);
            }
        }
        let story = recording.story();
        let back = back.unwrap_or_else(|| panic!("{what}: never back: {story:?}"));
        println!("{what}: {story:?}, back after {back:.1} s");
        assert_eq!(&story[..2], ["Connecting Started", PLAYING], "{what}");
        assert_eq!(&story[2..], row.story, "{what}");
        // The first handshake takes a second of the camera's clock or more.
        assert!(back <= row.within + 3.0, "{what}: back after {back:.1} s");
        assert_eq!(stage.camera.log().connections, row.connections, "{what}");
        stream.close().await;
        stage.assert_gentle_and_gone(what);
    }
}

#[tokio::test(start_paused = true)]
async fn peers_that_are_none_say_what_they_are() {
    use Personality::{A1, P1s};
    for (model, faults, code, text) in [
        (P1s, "foreign-answer", ErrorCode::NoVideoTrack, "no camera on this port"),
        (P1s, "jpeg-length=100000000", ErrorCode::ConnectionFailed, "does not speak as a JPEG camera"),
        (P1s, "jpeg-length=5", ErrorCode::ConnectionFailed, "does not speak as a JPEG camera"),
        // A P1S would have closed the connection over a wrong code.
        (P1s, "hang", ErrorCode::CameraBusy, "serves somebody else"),
        (A1, "hang", ErrorCode::AuthenticationFailed, "did not answer the access code"),
    ] {
        let stage = Stage::model(model, faults, NOTHING);
        let (error, _) = first_error(&stage).await;
        assert_eq!(error.code(), code, "{faults}: {error}");
        assert!(error.to_string().contains(text), "{faults}: {error}");
        assert!(error.hint().is_some(), "{faults}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_snapshot_is_the_cameras_own_file_and_needs_no_second_connection() {
    let stage = Stage::model(Personality::A1, "", NOTHING);
    let alone = snapshot(&stage.source, &stage.options, secs(10.0)).await.expect("a picture");
    assert!(is_of(&stage, &encode_jpeg(&alone.frame, DEFAULT_QUALITY).unwrap()), "encoded again");
    assert!(alone.tls.is_some_and(|tls| tls.first_seen));
    sleep(secs(1.0)).await;
    assert_eq!(stage.camera.log().open_connections(), 0);

    let manager = StreamManager::default();
    let address = format!("jpegs://bblp:12345678@{}", stage.source.url.host());
    let first = manager.start(&address, stage.options.clone()).unwrap();
    let second = manager.start(&address, stage.options.clone()).unwrap();
    manager.playing(first).await.unwrap();
    manager.playing(second).await.unwrap();
    let file = manager.capture_frame(second).await.unwrap();
    assert!(is_of(&stage, &file), "the manager encoded it again");
    let beside = snapshot(&stage.source, &stage.options, secs(10.0)).await.expect("a picture");
    assert_eq!(encode_jpeg(&beside.frame, DEFAULT_QUALITY).unwrap(), file, "the same one, from the same connection");
    let sent = stage.camera.log().clients.last().map(|client| client.jpeg_pictures);
    assert_eq!(sent, Some(1), "at once, from what the hub keeps");
    assert_eq!(stage.camera.log().connections, 2);
    manager.dispose().await;
    sleep(secs(1.0)).await;
    stage.assert_gentle_and_gone("shared");
}

/// In the size of the model, through TLS and decoder.
#[tokio::test(start_paused = true)]
async fn live_frames_are_decoded() {
    for (personality, size) in [(Personality::P1s, (1280, 720)), (Personality::A1, (1536, 1080))] {
        let stage = Stage::model(personality, "", |options| options.footage = Footage::Live);
        let stream = stage.open();
        let mut events = stream.events();
        let mut frames = stream.frames();
        for number in 0..3 {
            let frame = frames.next().await.expect("a frame");
            assert_eq!((frame.width(), frame.height()), size, "{personality}");
            assert!(frame.jpeg().is_some_and(|file| is_of(&stage, file)), "{personality}: frame {number}");
            let luma = frame.planes().y;
            let (darkest, lightest) = (luma.data.iter().min(), luma.data.iter().max());
            assert!(darkest < Some(&40) && lightest > Some(&200), "{personality}: {darkest:?}..{lightest:?}");
        }
        let sizes: Vec<_> = std::iter::from_fn(|| events.try_recv().ok())
            .filter_map(|event| match event {
                StreamEvent::Resized { width, height } => Some((width, height)),
                _ => None,
            })
            .collect();
        assert_eq!(sizes, [size], "{personality}");
        drop(frames);
        stream.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_recording_goes_on_in_the_next_session() {
    let stage = Stage::model(Personality::P1s, "close@11s", NOTHING);
    let stream = stage.playing().await;
    let mut viewer = stream.subscribe();
    let mut recorder = Recorder::new(Vec::new(), RecordFormat::Mp4, None);
    let mut arrivals = Vec::new();
    while arrivals.len() < 20 {
        let unit = viewer.next().await.expect("a picture");
        recorder.push(&unit).expect("recorded");
        arrivals.push(unit.received_at);
    }
    assert!(stage.camera.log().connections > 1);
    let (_, progress) = recorder.finish().unwrap();
    assert_eq!((progress.pictures, progress.left_out), (20, 0));
    let took = arrivals[19] - arrivals[0];
    assert!(progress.duration.abs_diff(took) < Duration::from_millis(1), "{:?} of {took:?}", progress.duration);
    stream.close().await;
    sleep(Duration::from_millis(1)).await;
    stage.assert_gentle_and_gone("recording");
}

/// Over TCP, where closing over unread bytes is a reset: a P1S then keeps its only place for the one that is gone.
#[tokio::test]
async fn a_camera_is_left_cleanly_in_the_middle_of_its_pictures() {
    let mut options = printcam_sim::Options::of(Personality::A1);
    options.picture_interval = Some(Duration::from_millis(20));
    options.faults.push("large-jpeg=2000000".parse().expect("a fault"));
    let camera = printcam_sim::Simulator::start(options).expect("a camera");
    let source: printcam::Source = camera.url_with_credentials().parse().expect("an address");
    for time in 0..10 {
        let options = printcam::Options::new(printcam::Trust::AcceptAny);
        let stream = printcam::Stream::open(&source, options).expect("a stream");
        stream.playing().await.expect("pictures");
        stream.close().await;
        let left = |log: &printcam_sim::Log| log.open_connections() == 0;
        assert!(camera.wait_for(Duration::from_secs(5), left), "time {time}");
    }
    let endings: Vec<_> = camera.log().clients.iter().map(|client| client.ending).collect();
    assert_eq!(endings, [Some(printcam_sim::Ending::Clean); 10]);
}
