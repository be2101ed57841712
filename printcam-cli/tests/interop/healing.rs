//! `printcam watch` when the camera fails: pictures come again by themselves, by one connection at a time.
//!
//! What others show in the same situations: `scripts/compare-faults`.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::certificates::self_signed;
use crate::clips;
use crate::gst_camera::{Event, GstCamera, Options, Udp};
use crate::program::{State, Watching, exit};
use crate::relay::Relay;

#[test]
fn a_camera_that_restarts() {
    let port = port_that_stays_free();
    let camera = GstCamera::start(Options { port, ..printer() });
    let state = State::new();
    let watching = state.watch(&[&camera.url(), "--frame-md5", "--transport", "tcp"]);
    watching.wait_for_frames(30);
    assert_eq!(connections(&camera.events()), 1);
    drop(camera);
    // One attempt is refused meanwhile.
    watching.wait_for_status("reconnecting", 3);

    let camera = GstCamera::start(Options { port, ..printer() });
    assert_pictures_again(&watching, "the camera is back", LONGEST_BACKOFF_SO_FAR);
    watching.stop("INT").expect(exit::OK);
    let events = camera.wait_for_events("closed", 1);
    assert_eq!(connections(&events), 1);
    assert_eq!(camera.methods().last().map(String::as_str), Some("TEARDOWN"));
}

#[test]
fn a_camera_that_freezes_for_three_seconds() {
    let camera = GstCamera::start(printer());
    let relay = Relay::start(camera.port);
    let state = State::new();
    let watching = state.watch(&[&camera.url_by_way_of(relay.port), "--frame-md5", "--transport", "tcp"]);
    watching.wait_for_frames(30);
    camera.freeze();
    watching.wait_for_status("stalled", 2);
    camera.thaw();

    // The connection works, so it is kept, and not one picture is lost.
    watching.wait_for_status("playing", 1);
    let md5s = watching.wait_for_frames(watching.frames() + 30);
    clips::hd().assert_consecutive(&md5s);
    assert_eq!(relay.connections(), 1);
    watching.stop("INT").expect(exit::OK);
    assert_eq!(teardowns_of(&camera.wait_for_events("closed", 1), 1), 1);
}

#[test]
fn a_camera_that_freezes_for_ten_seconds() {
    let camera = GstCamera::start(printer());
    let relay = Relay::start(camera.port);
    let state = State::new();
    let watching = state.watch(&[&camera.url_by_way_of(relay.port), "--frame-md5", "--transport", "tcp"]);
    watching.wait_for_frames(30);
    camera.freeze();
    watching.wait_for_lines(10); // one a second
    camera.thaw();

    assert_pictures_again(&watching, "the camera goes on", SOON);
    assert_eq!(relay.connections(), 2, "one was lost, one took its place");
    assert_eq!(relay.most_at_once(), 1);
    // While it was frozen, the camera was told that the first connection is over.
    let events = camera.wait_for_events("closed", 1);
    assert_eq!(teardowns_of(&events, 1), 1, "{events:?}");
    watching.stop("INT").expect(exit::OK);
    let events = camera.wait_for_events("closed", 2);
    assert_eq!(teardowns_of(&events, 2), 1, "{events:?}");
}

#[test]
fn a_camera_that_vanishes_without_a_word() {
    let camera = GstCamera::start(printer());
    let relay = Relay::start(camera.port);
    let state = State::new();
    let watching = state.watch(&[&camera.url_by_way_of(relay.port), "--frame-md5", "--transport", "tcp"]);
    watching.wait_for_frames(30);
    relay.fail();
    let vanished = Instant::now();
    drop(camera);
    let camera = GstCamera::start(printer());
    watching.wait_for_status("stalled", 1);
    relay.wait_for_connection(2);
    let noticed = vanished.elapsed();
    assert!(noticed > Duration::from_secs(5), "a stall of less than 5 s is no reason to give up: {noticed:?}");
    relay.recover(camera.port);

    assert_pictures_again(&watching, "the network is back", SOON);
    assert_eq!(relay.most_at_once(), 1);
    watching.stop("INT").expect(exit::OK);
    let events = camera.wait_for_events("closed", 1);
    assert_eq!(connections(&events), 1);
    assert_eq!(teardowns_of(&events, 1), 1, "{events:?}");
}

#[test]
fn a_camera_that_wants_to_hear_from_us() {
    let limit = Duration::from_secs(2);
    let cameras = ["tcp", "udp"].map(|transport| {
        let camera = GstCamera::start(Options { drop_silent: Some(limit), ..printer() });
        let state = State::new();
        let watching = state.watch(&[&camera.url(), "--frame-md5", "--transport", transport]);
        (transport, camera, state, watching)
    });
    for (transport, camera, _state, watching) in cameras {
        let frames = 3 * limit.as_secs() as usize * 30;
        clips::hd().assert_consecutive(&watching.wait_for_frames(frames));
        let events = camera.events();
        assert!(!events.iter().any(|event| event.is("dropped") || event.is("closed")), "{transport}: {events:?}");
        watching.stop("INT").expect(exit::OK);
        assert_eq!(teardowns_of(&camera.wait_for_events("closed", 1), 1), 1, "{transport}");
    }
}

#[test]
fn a_camera_whose_datagrams_get_lost() {
    let camera = GstCamera::start(Options { udp: Udp::Lost, ..printer() });
    let relay = Relay::start(camera.port);
    let state = State::new();
    let watching = state.watch(&[&camera.url_by_way_of(relay.port), "--frame-md5"]);
    clips::hd().assert_consecutive(&watching.wait_for_frames(30));
    watching.stop("INT").expect(exit::OK);

    let events = camera.wait_for_events("closed", 2);
    let transports = camera.transports();
    assert_eq!(transports.len(), 2, "{transports:?}");
    assert!(transports[0].contains("client_port") && transports[1].contains("interleaved"), "{transports:?}");
    let plays: Vec<f64> = events
        .iter()
        .filter(|event| event.text("method") == Some("PLAY"))
        .map(|event| event.number("t").unwrap())
        .collect();
    let patience = plays[1] - plays[0];
    eprintln!("TCP takes over after {patience:.1} s");
    assert!((2.0..4.0).contains(&patience), "by TCP {patience:.1} s after by UDP");
    assert_eq!(relay.most_at_once(), 1);
    assert_eq!((teardowns_of(&events, 1), teardowns_of(&events, 2)), (1, 1), "{events:?}");
}

fn printer() -> Options {
    Options { clip: Some(clips::hd()), identity: Some(self_signed()), ..Options::default() }
}

/// Waits for 30 pictures more, each as it was encoded, the first one within `limit` from now.
#[track_caller]
fn assert_pictures_again(watching: &Watching, since: &str, limit: Duration) {
    let now = Instant::now();
    let before = watching.frames();
    watching.wait_for_frames(before + 1);
    let took = now.elapsed();
    eprintln!("pictures again {:.1} s after {since}", took.as_secs_f64());
    assert!(took < limit, "pictures again only {took:?} after {since}");
    let md5s = watching.wait_for_frames(before + 30);
    assert_eq!(clips::hd().position(&md5s[before]), Some(0), "the new session's key frame got lost");
    clips::hd().assert_consecutive(&md5s[before..]);
}

fn connections(events: &[Event]) -> usize {
    events.iter().filter(|event| event.is("connected")).count()
}

fn teardowns_of(events: &[Event], client: u32) -> usize {
    let is_of_client = |event: &&Event| event.number("client") == Some(f64::from(client));
    events.iter().filter(is_of_client).filter(|event| event.text("method") == Some("TEARDOWN")).count()
}

/// Below those that Linux gives to clients, one of which could take it while the camera is away.
fn port_that_stays_free() -> u16 {
    let first = 10_000 + (std::process::id() % 20_000) as u16;
    (first..32_768).find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok()).unwrap()
}

/// Attempts come 2, 6 and 14 s after the loss, each a tenth later at most; starting the camera again may take seconds.
const LONGEST_BACKOFF_SO_FAR: Duration = Duration::from_secs(11);

/// An attempt is waiting for an answer: a handshake and the first picture, on a busy machine.
const SOON: Duration = Duration::from_secs(4);
