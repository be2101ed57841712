//! Several streams by number.

use std::collections::HashMap;

use printcam::connect::Tunnel;
use printcam::{Error, ErrorCode, StreamEvent, StreamManager, StreamState};
use tokio::sync::broadcast::error::TryRecvError;
use tokio::time::{Instant, sleep};

use crate::stage::{Stage, secs};

fn url(stage: &Stage) -> String {
    let credentials = stage.source.credentials.as_ref().expect("credentials");
    stage.source.to_string().replace("rtsp://", &format!("rtsp://{}:12345678@", credentials.username()))
}

#[tokio::test(start_paused = true)]
async fn eight_and_no_more() {
    let manager = StreamManager::default();
    let stages: Vec<Stage> = (0..9).map(|_| Stage::new("")).collect();
    let mut ids = HashMap::new();
    for (number, stage) in stages.iter().enumerate().take(8) {
        let id = manager.start(&url(stage), stage.options.clone()).expect("a place");
        assert!(ids.insert(id, number).is_none(), "{id} twice");
    }
    let ninth = manager.start(&url(&stages[8]), stages[8].options.clone());
    assert!(matches!(ninth, Err(Error::TooManyStreams { limit: 8 })), "{ninth:?}");
    assert_eq!(ninth.unwrap_err().code(), ErrorCode::TooManyStreams);
    // A second one of a camera that is watched counts as well.
    assert!(manager.start(&url(&stages[0]), stages[0].options.clone()).is_err());
    for id in ids.keys() {
        manager.playing(*id).await.expect("pictures");
        assert!(manager.capture_frame(*id).await.expect("a picture").starts_with(&[0xff, 0xd8, 0xff]), "no JPEG");
        assert_eq!(manager.statistics(*id).expect("a stream").state, StreamState::Playing);
    }
    let (&gone, _) = ids.iter().next().expect("one");
    manager.stop(gone).await;
    manager.stop(gone).await;
    assert!(manager.events(gone).is_none() && manager.statistics(gone).is_none());
    assert!(matches!(manager.capture_frame(gone).await, Err(Error::Stopped)));
    assert!(manager.playing(gone).await.is_err());
    let ninth = manager.start(&url(&stages[8]), stages[8].options.clone()).expect("a place again");
    assert!(!ids.contains_key(&ninth), "numbers are never given twice");
    manager.playing(ninth).await.expect("pictures");

    let asked = Instant::now();
    manager.dispose().await;
    assert!(asked.elapsed() < secs(1.0), "all together, not one after the other: {:?}", asked.elapsed());
    manager.dispose().await;
    assert!(matches!(manager.start(&url(&stages[0]), stages[0].options.clone()), Err(Error::Stopped)));
    for stage in &stages {
        stage.assert_gentle_and_gone("dispose");
        assert!(stage.camera.log().clients.iter().all(|client| client.teardown));
    }
}

/// In whatever stage a start is: stop ends it at once, and whoever waits for it is told.
#[tokio::test(start_paused = true)]
async fn stop_in_flight() {
    let never = Tunnel::new(|| async {
        std::future::pending::<()>().await;
        Ok(tokio::io::duplex(1).0)
    });
    for (what, faults, tunnel) in [
        ("connecting", "", Some(never)),
        ("nobody answers", "no-server-hello", None),
        ("describing", "describe-unanswered", None),
        ("no media", "hang@play", None),
        ("refused", "refuse=1h", None),
    ] {
        for delay in [0.0, 0.001, 0.5, 5.0] {
            let mut stage = Stage::new(faults);
            stage.options.tunnel = tunnel.clone().or(stage.options.tunnel);
            let manager = std::sync::Arc::new(StreamManager::default());
            let id = manager.start(&url(&stage), stage.options.clone()).expect("a place");
            let waiting = {
                let manager = std::sync::Arc::clone(&manager);
                tokio::spawn(async move { manager.playing(id).await })
            };
            sleep(secs(delay)).await;
            let asked = Instant::now();
            manager.stop(id).await;
            assert!(asked.elapsed() <= secs(1.0), "{what} after {delay} s: {:?}", asked.elapsed());
            let told = tokio::time::timeout(secs(0.1), waiting).await.expect("it ends").expect("no panic");
            assert!(told.is_err(), "{what} after {delay} s");
            stage.assert_gentle_and_gone(what);
            let connections = stage.camera.log().connections;
            sleep(secs(100.0)).await;
            assert_eq!(stage.camera.log().connections, connections, "{what} after {delay} s: it came back");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn events_come_in_their_order_to_everybody() {
    let stage = Stage::new("close@10s");
    let manager = StreamManager::default();
    let id = manager.start(&url(&stage), stage.options.clone()).expect("a place");
    let listeners: Vec<_> = (0..3).map(|_| manager.events(id).expect("a stream")).collect();
    sleep(secs(20.0)).await;
    manager.stop(id).await;
    for mut events in listeners {
        let mut told = Vec::new();
        loop {
            match events.try_recv() {
                Ok(StreamEvent::State(now)) => told.push(format!("{:?}", now.state)),
                Ok(StreamEvent::Resized { width, height }) => told.push(format!("{width}x{height}")),
                Ok(other) => panic!("{other:?}"),
                Err(TryRecvError::Closed) => break,
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(told, ["Connecting", "64x64", "Playing", "Reconnecting", "Playing", "Stopped"][..]);
    }
}
