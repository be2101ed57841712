//! `printcam watch`: every frame arrives and is decoded to the bit, the camera hears from us, and we leave properly.

use std::time::Duration;

use crate::certificates::self_signed;
use crate::clips::{self, frame_md5s};
use crate::gst_camera::{Event, GstCamera, Options, Udp};
use crate::program::{Outcome, State, exit, md5s};

#[test]
fn by_tcp_over_tls_until_ctrl_c() {
    let camera =
        GstCamera::start(Options { clip: Some(clips::hd()), identity: Some(self_signed()), ..Options::default() });
    assert_every_frame(&camera, "tcp", "INT");
    assert!(camera.transports()[0].contains("interleaved"));
}

#[test]
fn by_udp_until_terminated() {
    let camera =
        GstCamera::start(Options { clip: Some(clips::hd()), identity: Some(self_signed()), ..Options::default() });
    assert_every_frame(&camera, "udp", "TERM");
    assert!(camera.transports()[0].contains("client_port"));
}

#[test]
fn auto_prefers_udp() {
    let camera =
        GstCamera::start(Options { clip: Some(clips::hd()), identity: Some(self_signed()), ..Options::default() });
    assert_every_frame(&camera, "auto", "INT");
    assert!(camera.transports()[0].contains("client_port"), "{:?}", camera.transports());
}

#[test]
fn auto_takes_tcp_where_udp_is_refused() {
    let camera = GstCamera::start(Options {
        clip: Some(clips::hd()),
        identity: Some(self_signed()),
        udp: Udp::Refused,
        ..Options::default()
    });
    assert_every_frame(&camera, "auto", "INT");
    let transports = camera.transports();
    assert_eq!(transports.len(), 2, "{transports:?}");
    assert!(transports[0].contains("client_port") && transports[1].contains("interleaved"), "{transports:?}");
}

#[test]
fn a_mid_gop_join_begins_with_a_key_frame() {
    let camera = GstCamera::start(Options { clip: Some(clips::hd()), first_frame: 7, ..Options::default() });
    let state = State::new();
    let watching = state.watch(&[&camera.url(), "--frame-md5"]);
    let md5s = watching.wait_for_frames(30);
    assert_eq!(clips::hd().position(&md5s[0]), Some(15));
    clips::hd().assert_consecutive(&md5s);
    watching.stop("INT").expect(exit::OK);
}

#[test]
fn receiver_reports_come_every_second() {
    let camera =
        GstCamera::start(Options { clip: Some(clips::hd()), identity: Some(self_signed()), ..Options::default() });
    let state = State::new();
    let watching = state.watch(&[&camera.url(), "--frame-md5", "--transport", "tcp"]);
    watching.wait_for_frames(135);
    let events = camera.events();
    watching.stop("INT").expect(exit::OK);

    let play = events.iter().find(|event| event.text("method") == Some("PLAY")).expect("a PLAY");
    let reports: Vec<&Event> = events.iter().filter(|event| event.is("rtcp")).collect();
    let times: Vec<f64> =
        [play].into_iter().chain(reports.iter().copied()).map(|event| event.number("t").unwrap()).collect();
    assert!(reports.len() >= 4, "{} in 4.5 s: {reports:?}", reports.len());
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] < 1.6), "too long a silence: {times:?}");
    for report in &reports {
        let types = report.text("types").unwrap();
        assert!(
            types.starts_with("201") && types.contains("202"),
            "RR and SDES belong together (RFC 3550 §6.1): {report:?}"
        );
        assert_eq!(report.number("lost").unwrap_or(0.0), 0.0, "nothing is lost on TCP: {report:?}");
    }
    // The camera has sent sender reports by now, and wants to see them acknowledged. One that is answered at once shows
    // no delay, so it is not the last report that must have one.
    let acknowledges = |report: &&&Event| {
        let positive = |name| report.number(name).is_some_and(|value| value > 0.0);
        positive("lsr") && positive("dlsr")
    };
    assert!(reports.iter().find(acknowledges).is_some(), "{reports:?}");
}

#[test]
fn two_streams_and_their_status_lines() {
    let cameras = [clips::hd(), clips::full_range()].map(|clip| {
        GstCamera::start(Options { clip: Some(clip), identity: Some(self_signed()), ..Options::default() })
    });
    let state = State::new();
    let watching = state.watch(&[&cameras[0].url(), &cameras[1].url(), "--decode"]);
    let mut most = Vec::new();
    watching.stderr.as_ref().unwrap().wait_for("30 frames from both streams", Duration::from_secs(40), |lines| {
        let counts = lines.iter().filter_map(|line| frame_count(line));
        most = counts.fold(most.clone(), |mut most: Vec<(String, u64)>, (stream, count)| {
            most.retain(|(known, _)| *known != stream);
            most.push((stream, count));
            most
        });
        (most.len() == 2 && most.iter().all(|&(_, count)| count >= 30)).then_some(())
    });
    let Outcome { stdout, stderr, .. } = watching.stop("INT").expect(exit::OK);
    assert!(stdout.is_empty(), "status belongs on standard error");
    for size in ["1280x720", "1168x720"] {
        assert!(stderr.contains(size), "no status line shows {size}:\n{stderr}");
    }
    for camera in cameras {
        camera.wait_for_event("closed");
        assert!(camera.methods().contains(&"TEARDOWN".into()));
    }
}

/// Watches two seconds, ends it with the signal, and compares what was decoded, what was written, and what was sent.
fn assert_every_frame(camera: &GstCamera, transport: &str, signal: &str) {
    let state = State::new();
    let file = state.file("received.h264");
    let watching = state.watch(&[
        &camera.url(),
        "--frame-md5",
        "--transport",
        transport,
        "--h264",
        file.to_str().unwrap(),
        "-vv", // the log of a good handshake must keep the secrets, too
    ]);
    watching.wait_for_frames(60);
    let ours = md5s(&watching.stop(signal).expect(exit::OK).stdout);
    assert_eq!(clips::hd().position(&ours[0]), Some(0), "the first key frame got lost");
    clips::hd().assert_consecutive(&ours);

    // What was still on its way when the signal came may be in one and not yet in the other.
    let theirs = frame_md5s(&file);
    let both = ours.len().min(theirs.len());
    assert_eq!(ours[..both], theirs[..both], "FFmpeg decodes what we wrote to other pictures than we did");
    assert!(ours.len().abs_diff(theirs.len()) <= 3, "{} frames decoded, {} in the file", ours.len(), theirs.len());

    camera.wait_for_event("closed");
    assert_eq!(camera.methods().last().map(String::as_str), Some("TEARDOWN"), "{:?}", camera.methods());
}

/// `frames <stream> <count>`
fn frame_count(line: &str) -> Option<(String, u64)> {
    let [word, stream, count] = line.split_whitespace().collect::<Vec<_>>()[..] else {
        return None;
    };
    (word == "frames").then_some((stream.to_owned(), count.parse().ok()?))
}
