//! The same for streams that are shared and heal: whoever ends one ends its connection, however far that is.

use std::sync::Arc;
use std::time::Instant;

use printcam::{Stream, StreamState, all_closed};
use printcam_sim::{Ending, Options, Simulator};

use crate::camera::{faults_named, last, options, seen, source, start};
use crate::{AT_ONCE, ONE_AT_A_TIME, assert_given_back};

/// What the camera does, and what it has seen when somebody wants out.
type Stage = (&'static str, &'static str, fn(&printcam_sim::ClientRecord) -> bool);

#[tokio::test]
async fn streams() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let no_server_hello = "no-server-hello";
    let describe_unanswered = "describe-unanswered";
    let stages: [Stage; 4] = [
        ("in TLS", no_server_hello, |_| true),
        ("describing", describe_unanswered, |client| client.requests.len() == 3),
        ("setting up", "", |client| client.requests.iter().any(|request| request.method == "SETUP")),
        ("playing", "", |client| client.rtp_packets > 2),
    ];
    let mut took = Vec::new();
    for (stage, faults, reached) in stages {
        for way in ["close", "drop", "stop by one of two", "panic", "subscription outlives it"].repeat(3) {
            let camera = start(Options { faults: faults_named(faults), ..Options::default() });
            let stream = Stream::open(&source(&camera), options()).expect("a stream");
            seen(&camera, stage, move |log| log.clients.last().is_some_and(reached)).await;
            let began = Instant::now();
            go(way, stream).await;
            assert!(all_closed(AT_ONCE).await, "{stage}, {way}: still open");
            took.push(began.elapsed());
            assert_gone(&camera, &format!("{stage}, {way}")).await;
        }
    }
    took.sort();
    println!("median {:?}, longest of {} {:?}", took[took.len() / 2], took.len(), took.last().unwrap());
    assert!(*took.last().unwrap() < AT_ONCE);
}

async fn go(way: &str, stream: Stream) {
    match way {
        "close" => stream.close().await,
        "drop" => drop(stream),
        "stop by one of two" => {
            let other = stream.clone();
            stream.close().await;
            assert_ne!(other.state().state, StreamState::Stopped, "somebody else still has it");
            other.stop().await;
            assert_eq!(other.state().state, StreamState::Stopped);
        }
        "panic" => {
            let consumer = tokio::spawn(async move {
                let _stream = stream;
                std::panic::resume_unwind(Box::new("a consumer's mistake"));
            });
            assert!(consumer.await.unwrap_err().is_panic());
        }
        _ => {
            let mut pictures = stream.subscribe();
            drop(stream);
            while pictures.next().await.is_some() {}
        }
    }
}

async fn assert_gone(camera: &Arc<Simulator>, what: &str) {
    if camera.options().faults == faults_named("no-server-hello") {
        seen(camera, "an end", |log| log.clients[0].ending.is_some()).await;
        assert_eq!(last(camera).ending, Some(Ending::Clean), "{what}");
    } else {
        assert_given_back(camera, what).await;
    }
    assert_eq!(camera.log().connections, 1, "{what}: it was not to come back");
}
