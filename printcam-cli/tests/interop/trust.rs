//! Who the printer is gets settled before it hears a word of RTSP.

use std::fs;

use crate::certificates::{another_key, foreign_ca, printer_ca, self_signed, v1_leaf};
use crate::clips;
use crate::gst_camera::{GstCamera, Options};
use crate::openssl_server::OpensslServer;
use crate::program::{Outcome, State, exit, url};
use crate::secrets::{ACCESS_CODE, assert_no_secret};
use crate::sentences::assert_sentence_and_hint;

#[test]
fn first_use_accepts_every_kind_of_certificate_and_remembers_it() {
    for (name, identity) in [("self-signed", self_signed()), ("v1 leaf", v1_leaf())] {
        let state = State::new();
        let camera =
            GstCamera::start(Options { clip: Some(clips::hd()), identity: Some(identity), ..Options::default() });
        for attempt in ["first", "second"] {
            let outcome = state.run(&["snap", &camera.url(), "-o", "-"]);
            assert_eq!(outcome.code, Some(exit::OK), "{name}, {attempt} use: {}", outcome.stderr);
            assert!(outcome.stdout.starts_with(b"\xff\xd8\xff"), "{name}, {attempt} use: no picture");
        }
    }
}

#[test]
fn a_changed_certificate_is_refused() {
    let state = State::new();
    let camera =
        GstCamera::start(Options { clip: Some(clips::hd()), identity: Some(self_signed()), ..Options::default() });
    state.run(&["snap", &camera.url(), "-o", "-"]).expect(exit::OK);
    let port = camera.port;
    drop(camera);

    let impostor = OpensslServer::start(&another_key(), port, "");
    let outcome = state.run(&["snap", &url("rtsps", "127.0.0.1", port), "-o", "-", "-vv"]).expect(exit::CERTIFICATE);
    assert_sentence_and_hint("changed certificate", &outcome.stderr, &["certificate"]);
    assert_heard_nothing(impostor);

    // Refused does not mean forgotten: the printer itself is welcome again.
    let _camera = GstCamera::start(Options {
        clip: Some(clips::hd()),
        identity: Some(self_signed()),
        port,
        ..Options::default()
    });
    state.run(&["snap", &url("rtsps", "127.0.0.1", port), "-o", "-"]).expect(exit::OK);
}

#[test]
fn only_the_pinned_key_is_accepted() {
    let right = format!("pin:{}", self_signed().pin());
    let camera =
        GstCamera::start(Options { clip: Some(clips::hd()), identity: Some(self_signed()), ..Options::default() });
    State::new().run(&["snap", &camera.url(), "-o", "-", "--trust", &right]).expect(exit::OK);

    let impostor = OpensslServer::start(&another_key(), 0, "");
    let outcome = snap_trusting(&impostor, &right).expect(exit::CERTIFICATE);
    assert_sentence_and_hint("wrong pin", &outcome.stderr, &["certificate", "pin", "key"]);
    assert_heard_nothing(impostor);
}

#[test]
fn only_what_the_printers_authority_signed_is_accepted() {
    let right = format!("ca:{}", printer_ca().display());
    let camera = GstCamera::start(Options { clip: Some(clips::hd()), identity: Some(v1_leaf()), ..Options::default() });
    State::new().run(&["snap", &camera.url(), "-o", "-", "--trust", &right]).expect(exit::OK);

    let wrong = format!("ca:{}", foreign_ca().display());
    for (name, identity, trust) in [("self-signed", self_signed(), &right), ("foreign authority", v1_leaf(), &wrong)] {
        let impostor = OpensslServer::start(&identity, 0, "");
        let outcome = snap_trusting(&impostor, trust).expect(exit::CERTIFICATE);
        assert_sentence_and_hint(name, &outcome.stderr, &["certificate"]);
        assert_heard_nothing(impostor);
    }
}

#[test]
fn accept_any_says_that_it_is_dangerous() {
    let camera =
        GstCamera::start(Options { clip: Some(clips::hd()), identity: Some(another_key()), ..Options::default() });
    let outcome = State::new().run(&["snap", &camera.url(), "-o", "-", "--trust", "accept-any"]).expect(exit::OK);
    assert!(!outcome.stderr.is_empty(), "no warning");
}

#[test]
fn an_answer_that_is_no_rtsp_ends_in_an_error() {
    let page = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>no camera here</html>\r\n\r\n";
    let web_server = OpensslServer::start(&v1_leaf(), 0, page);
    let outcome = State::new().run(&["snap", &url("rtsps", "127.0.0.1", web_server.port), "-o", "-", "--timeout", "5"]);
    assert!(outcome.code.is_some_and(|code| code != exit::OK && code != exit::CERTIFICATE), "{:?}", outcome.code);
    assert_sentence_and_hint("HTTP on the camera's port", &outcome.stderr, &["rtsp", "camera", "printer", "answer"]);
    // Before a challenge nobody is told the code; this server sent none.
    let heard = web_server.stop();
    assert!(
        heard.contains("OPTIONS rtsps://") && !heard.contains("Authorization") && !heard.contains(ACCESS_CODE),
        "{heard}"
    );
}

#[test]
fn the_store_of_certificates_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let state = State::new();
    let camera =
        GstCamera::start(Options { clip: Some(clips::hd()), identity: Some(self_signed()), ..Options::default() });
    state.run(&["snap", &camera.url(), "-o", "-"]).expect(exit::OK);
    let files: Vec<_> = fs::read_dir(state.file("")).unwrap().map(|entry| entry.unwrap()).collect();
    assert!(!files.is_empty(), "nothing is remembered in PRINTCAM_STATE_DIR");
    for file in files.iter().filter(|file| file.file_type().unwrap().is_file()) {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
        assert_no_secret(&fs::read(file.path()).unwrap(), "the store of certificates");
    }
}

fn snap_trusting(server: &OpensslServer, trust: &str) -> Outcome {
    State::new().run(&["snap", &url("rtsps", "127.0.0.1", server.port), "-o", "-", "--trust", trust, "-vv"])
}

#[track_caller]
fn assert_heard_nothing(server: OpensslServer) {
    let heard = server.stop();
    assert!(!heard.contains("RTSP") && !heard.contains("rtsps://"), "RTSP went to a server that was refused:\n{heard}");
}
