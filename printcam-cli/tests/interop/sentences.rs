//! What can go wrong, and the one sentence and hint each gets.

use std::time::Duration;

use crate::certificates::self_signed;
use crate::clips;
use crate::gst_camera::{GstCamera, Options};
use crate::openssl_server::OpensslServer;
use crate::program::{Outcome, State, WRONG_CODE_IN_URL, exit, url};
use crate::stub_server;

#[test]
fn wrong_access_code() {
    let camera =
        GstCamera::start(Options { clip: Some(clips::hd()), identity: Some(self_signed()), ..Options::default() });
    let url = format!("rtsps://bblp:{WRONG_CODE_IN_URL}@127.0.0.1:{}/streaming/live/1", camera.port);
    let outcome = snap("wrong code", &url, &["-vv"], exit::AUTHENTICATION, &["access code"]);
    assert!(!outcome.stderr.contains(WRONG_CODE_IN_URL), "a code that is wrong here may be right elsewhere");
    let describes = camera.methods().iter().filter(|method| *method == "DESCRIBE").count();
    assert!(describes <= 2, "{describes} attempts: a printer may lock us out");
}

#[test]
fn nobody_there() {
    let closed = stub_server::closed();
    for (what, url, words) in [
        ("wrong host name", url("rtsps", "no-such-printer.invalid", 322), &["no-such-printer.invalid"]),
        ("closed port", url("rtsps", "127.0.0.1", closed), &["127.0.0.1"]),
        ("closed port, plain", url("rtsp", "127.0.0.1", closed), &["127.0.0.1"]),
    ] {
        snap(what, &url, &["-vv"], exit::UNREACHABLE, words);
    }
}

#[test]
fn plain_rtsp_on_the_tls_port() {
    let live555 = stub_server::plain_rtsp();
    snap("plain RTSP, as LIVE555", &url("rtsps", "127.0.0.1", live555), &[], exit::UNREACHABLE, &["TLS"]);
    let gst = GstCamera::start(Options { clip: Some(clips::hd()), ..Options::default() });
    snap(
        "plain RTSP, as gst-rtsp-server",
        &url("rtsps", "127.0.0.1", gst.port),
        &["--timeout", "5"],
        exit::UNREACHABLE,
        &["TLS"],
    );
}

#[test]
fn sound_but_no_video() {
    let camera = GstCamera::start(Options { clip: None, identity: Some(self_signed()), ..Options::default() });
    let outcome = State::new().run(&["snap", &camera.url(), "-o", "-", "-vv"]);
    assert!(outcome.code.is_some_and(|code| code != exit::OK && code != exit::USAGE), "{:?}", outcome.code);
    assert!(outcome.stdout.is_empty());
    assert_sentence_and_hint("no video in the SDP", &outcome.stderr, &["video"]);
    assert!(!camera.methods().contains(&"SETUP".into()), "there was nothing to set up");
}

#[test]
fn a_server_that_never_answers() {
    let silent = stub_server::silent();
    let silent_after_tls = OpensslServer::start(&self_signed(), 0, "");
    for (what, url) in [
        ("silent before TLS", url("rtsps", "127.0.0.1", silent)),
        ("silent after TLS", url("rtsps", "127.0.0.1", silent_after_tls.port)),
        ("silent, plain", url("rtsp", "127.0.0.1", silent)),
    ] {
        let outcome = snap(what, &url, &["--timeout", "2", "-vv"], exit::TIMEOUT, &["answer", "respond", "2 s"]);
        assert!(outcome.took < Duration::from_secs(5), "{what}: took {:?}", outcome.took);
    }
}

fn snap(what: &str, url: &str, options: &[&str], code: i32, words: &[&str]) -> Outcome {
    let outcome = State::new().run(&[&["snap", url, "-o", "-"], options].concat());
    assert_eq!(outcome.code, Some(code), "{what}: {}", outcome.stderr);
    assert!(outcome.stdout.is_empty(), "{what}: no picture, but output");
    assert_sentence_and_hint(what, &outcome.stderr, words);
    println!("{what}:\n{}", outcome.stderr);
    outcome
}

/// Panics unless `stderr` ends in a sentence with one of the words, written for people, and a line `hint: ...`.
/// What `-v` logs comes before.
#[track_caller]
pub(crate) fn assert_sentence_and_hint(what: &str, stderr: &str, words: &[&str]) {
    let lines: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let hint = lines.iter().rposition(|line| line.to_lowercase().starts_with("hint:"));
    let Some(hint @ 1..) = hint else { panic!("{what}: no sentence followed by a hint in:\n{stderr}") };
    let sentence = lines[hint - 1];
    assert!(
        words.iter().any(|word| sentence.to_lowercase().contains(&word.to_lowercase())),
        "{what}: none of {words:?} is in the sentence {sentence:?}"
    );
    assert!((4..=40).contains(&sentence.split_whitespace().count()), "{what}: not one clear sentence: {sentence:?}");
    for debug in ["Err(", "Error {", "Os {", "Some(", "panicked"] {
        assert!(!sentence.contains(debug), "{what}: written for programmers: {sentence:?}");
    }
}
