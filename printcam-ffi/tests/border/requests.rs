//! Requests and their answers.

use std::ptr::null_mut;
use std::time::{Duration, Instant};

use printcam_ffi::PrintcamEventKind as Kind;
use printcam_ffi::*;

use crate::support::{Manager, assert_let_go, camera, capture, stop, stop_only};

const JPEG: &[u8] = &[0xff, 0xd8, 0xff];

#[test]
fn a_snapshot_is_a_picture() {
    let camera = camera(&[]);
    let manager = Manager::new();
    let request = manager.snapshot(&camera.url_with_credentials(), 30_000);
    let answer = manager.next();
    assert_eq!((answer.kind, answer.request, answer.stream, answer.error), (Kind::Answer as u32, request, 0, 0));
    assert!(answer.data.starts_with(JPEG), "{answer:?}");
    assert_let_go(&camera);
}

#[test]
fn a_snapshot_of_a_stream_that_runs_makes_no_connection() {
    let camera = camera(&[]);
    let manager = Manager::new();
    let stream = manager.start(&camera.url_with_credentials());
    manager.wait_kind(stream, Kind::Playing);
    let answer = manager.answer(manager.snapshot(&camera.url_with_credentials(), 30_000));
    assert!(answer.data.starts_with(JPEG), "{answer:?}");
    assert_eq!(camera.log().connections, 1);
}

#[test]
fn a_snapshot_says_why_there_is_none() {
    let manager = Manager::new();
    let silent = camera(&["hang@play"]);
    let late = manager.answer(manager.snapshot(&silent.url_with_credentials(), 700));
    assert_eq!((late.error, &*late.detail), (PrintcamErrorCode::Timeout as u32, "timeout"), "{late:?}");
    assert!(late.data.is_empty() && late.message.contains("0.7 s") && !late.hint.is_empty(), "{late:?}");
    let wrong = manager.answer(manager.snapshot("no address", 700));
    assert_eq!(wrong.error, PrintcamErrorCode::ConnectionFailed as u32, "{wrong:?}");
}

#[test]
fn what_is_cancelled_is_not_answered() {
    let camera = camera(&["hang@play"]);
    let manager = Manager::new();
    let request = manager.snapshot(&camera.url_with_credentials(), 600_000);
    assert!(camera.wait_for(Duration::from_secs(60), |log| !log.clients.is_empty()));
    assert_eq!(printcam_request_cancel(request), PrintcamStatus::Ok);
    assert_eq!(printcam_request_cancel(request), PrintcamStatus::StaleHandle);
    let cancelled = Instant::now();
    assert_let_go(&camera);
    assert!(cancelled.elapsed() < Duration::from_secs(4), "it was left at once, not for its silence");
    let other = manager.snapshot("no address", 1);
    assert_eq!(manager.next().request, other);
    assert!(manager.finish().is_empty());
}

#[test]
fn no_answer_after_cancelling() {
    let manager = Manager::new();
    let mut cancelled = Vec::new();
    for _ in 0..500 {
        let request = manager.snapshot("no address", 1);
        if printcam_request_cancel(request) == PrintcamStatus::Ok {
            cancelled.push(request);
        }
        // What was being answered meanwhile was waited for.
        manager.rest();
        assert!(manager.rest().iter().all(|told| !cancelled.contains(&told.request)));
    }
    assert!(!cancelled.is_empty());
    let last = manager.snapshot("no address", 1);
    let told = manager.wait(|told| told.request == last || cancelled.contains(&told.request));
    assert_eq!(told.request, last);
    assert!(manager.finish().iter().all(|told| !cancelled.contains(&told.request)));
}

#[test]
fn what_is_answered_cannot_be_cancelled() {
    let manager = Manager::new();
    let request = manager.snapshot("no address", 1);
    manager.answer(request);
    // Its handle goes when its callback has returned.
    while printcam_request_cancel(request) == PrintcamStatus::Ok {}
    assert_eq!(printcam_request_cancel(request), PrintcamStatus::StaleHandle);
}

#[test]
fn a_capture_is_a_picture() {
    let camera = camera(&[]);
    let manager = Manager::new();
    let stream = manager.start(&camera.url_with_credentials());
    // Before there is a picture, and after.
    let early = capture(stream);
    let answer = manager.answer(early);
    assert!(answer.data.starts_with(JPEG) && answer.stream == stream, "{answer:?}");
    assert!(manager.answer(capture(stream)).data.starts_with(JPEG));
    stop(&manager, stream);
    // SAFETY: null is refused.
    assert_eq!(unsafe { printcam_stream_capture(stream, null_mut()) }, PrintcamStatus::InvalidArgument);
}

#[test]
fn stopping_answers_captures_and_gives_the_camera_back() {
    let camera = camera(&["hang@play"]);
    let manager = Manager::new();
    let stream = manager.start(&camera.url_with_credentials());
    let captures = [capture(stream), capture(stream)];
    assert!(camera.wait_for(Duration::from_secs(60), |log| !log.clients.is_empty()));
    let cancelled = capture(stream);
    assert_eq!(printcam_request_cancel(cancelled), PrintcamStatus::Ok);
    assert_eq!(stop_only(stream), PrintcamStatus::Ok);
    for _ in captures {
        let answer = manager.wait(|told| told.kind == Kind::Answer as u32);
        assert!(captures.contains(&answer.request), "{answer:?}");
        assert_eq!((answer.error, &*answer.detail), (PrintcamErrorCode::Stopped as u32, "stopped"));
    }
    assert_let_go(&camera);
}

#[test]
fn only_so_many_captures_of_a_stream_may_wait() {
    let (silent, playing) = (camera(&["hang@play"]), camera(&[]));
    let manager = Manager::new();
    let [stream, other] = [&silent, &playing].map(|camera| manager.start(&camera.url_with_credentials()));
    let asked: Vec<_> = (0..32).map(|_| capture(stream)).collect();
    let mut request = 0;
    // SAFETY: a reference.
    let mut one_more = || unsafe { printcam_stream_capture(stream, &mut request) };
    assert_eq!(one_more(), PrintcamStatus::TooMany);
    assert!(manager.answer(capture(other)).data.starts_with(JPEG), "each stream has its own");
    // The place is free when the work has ended, which is soon.
    assert_eq!(printcam_request_cancel(asked[0]), PrintcamStatus::Ok);
    while one_more() == PrintcamStatus::TooMany {}
    assert_eq!(one_more(), PrintcamStatus::TooMany);
    assert_eq!(stop_only(stream), PrintcamStatus::Ok);
    for _ in &asked {
        let answer = manager.wait(|told| told.kind == Kind::Answer as u32);
        assert_eq!((answer.stream, answer.error), (stream, PrintcamErrorCode::Stopped as u32));
    }
}
