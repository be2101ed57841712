//! What a stream tells.

use printcam_ffi::PrintcamEventKind as Kind;
use printcam_ffi::*;
use printcam_sim::{Encryption, Footage, Options, Simulator};

use crate::support::{Manager, assert_let_go, camera, stop, stop_only, trusting};

#[test]
fn events_come_in_order() {
    let camera = camera(&["close@1s"]);
    let manager = Manager::new();
    let stream = manager.start(&camera.url_with_credentials());
    let mut kinds = Vec::new();
    while kinds.iter().filter(|kind| **kind == Kind::Playing as u32).count() < 2 {
        let told = manager.next();
        assert_eq!(told.stream, stream);
        assert!(told.timestamp_ms > 1_600_000_000_000, "{told:?}");
        match told.kind {
            kind if kind == Kind::Tick as u32 => continue,
            kind if kind == Kind::Resized as u32 => assert_eq!(told.size, (64, 64)),
            kind if kind == Kind::Connecting as u32 => assert_eq!(told.detail, "started"),
            _ => {}
        }
        kinds.push(told.kind);
    }
    let want = [Kind::Connecting, Kind::Resized, Kind::Playing, Kind::Reconnecting, Kind::Playing];
    assert_eq!(kinds, want.map(|kind| kind as u32));
    manager.wait_kind(stream, Kind::Tick);
    stop(&manager, stream);
    assert!(manager.rest().is_empty());
}

#[test]
fn one_who_joins_is_told_as_much() {
    let camera = camera(&[]);
    let (first, second) = (Manager::new(), Manager::new());
    let one = first.start(&camera.url_with_credentials());
    first.wait_kind(one, Kind::Playing);
    let other = second.start(&camera.url_with_credentials());
    for want in [Kind::Connecting, Kind::Resized, Kind::Playing] {
        let told = second.next();
        assert_eq!((told.stream, told.kind), (other, want as u32), "{told:?}");
    }
    assert_eq!(camera.log().connections, 1);
    stop(&first, one);
    second.wait_kind(other, Kind::Tick);
    stop(&second, other);
    assert_let_go(&camera);
}

#[test]
fn a_wrong_code_fails_and_is_not_shown() {
    let camera = camera(&[]);
    let manager = Manager::new();
    let stream = manager.start_as(&camera.url(), "bblp", "Wr0ng!C0de", &trusting());
    assert_eq!(manager.next().kind, Kind::Connecting as u32);
    let failed = manager.next();
    assert_eq!((failed.kind, failed.error), (Kind::Failed as u32, PrintcamErrorCode::AuthenticationFailed as u32));
    assert_eq!(failed.detail, "authenticationFailed");
    assert!(failed.hint.contains("access code") && !failed.message.is_empty(), "{failed:?}");
    assert!(!format!("{failed:?}").contains("Wr0ng"), "{failed:?}");
    let mut statistics = PrintcamStatistics::default();
    // SAFETY: a reference.
    assert_eq!(unsafe { printcam_stream_statistics(stream, &mut statistics) }, PrintcamStatus::Ok);
    assert_eq!(statistics.state, 4);
    assert_eq!(stop_only(stream), PrintcamStatus::Ok, "its handle is still to be given back");
    assert_eq!(stop_only(stream), PrintcamStatus::StaleHandle);
    assert!(manager.finish().is_empty(), "nothing comes after");
}

#[test]
fn an_address_that_cannot_be_used_fails() {
    let manager = Manager::new();
    for (url, password) in
        [("http://printer/", "S3cret"), ("rtsps://bblp:S3cret@", ""), ("rtsps://printer/", "S3\r\ncret")]
    {
        let stream = manager.start_as(url, "bblp", password, &trusting());
        let told = [manager.next(), manager.next()];
        assert_eq!([told[0].kind, told[1].kind], [Kind::Connecting as u32, Kind::Failed as u32], "{url}");
        assert_eq!(told[1].error, PrintcamErrorCode::ConnectionFailed as u32, "{url}");
        assert!(!told[1].hint.is_empty() && !format!("{told:?}").contains("S3"), "{told:?}");
        assert_eq!(stop_only(stream), PrintcamStatus::Ok);
    }
}

#[test]
fn eight_and_no_more() {
    let cameras: Vec<_> = (0..9).map(|_| camera(&[])).collect();
    let manager = Manager::new();
    let streams: Vec<_> = cameras.iter().map(|camera| manager.start(&camera.url_with_credentials())).collect();
    let refused = manager.wait_kind(streams[8], Kind::Failed);
    assert_eq!((refused.error, &*refused.detail), (PrintcamErrorCode::TooManyStreams as u32, "tooManyStreams"));
    assert_eq!(stop_only(streams[8]), PrintcamStatus::Ok);
    assert_eq!(stop_only(streams[0]), PrintcamStatus::Ok);
    let ninth = manager.start(&cameras[8].url_with_credentials());
    manager.wait_kind(ninth, Kind::Playing);
    manager.finish();
    for camera in &cameras[8..] {
        assert_let_go(camera);
    }
}

#[test]
fn a_stream_that_failed_takes_no_place() {
    let (wrong, right) = (camera(&[]), camera(&[]));
    let manager = Manager::hooked(1, |_| {});
    let failed = manager.start_as(&wrong.url(), "bblp", "wrong", &trusting());
    manager.wait_kind(failed, Kind::Failed);
    let stream = manager.start(&right.url_with_credentials());
    manager.wait_kind(stream, Kind::Playing);
}

#[test]
fn without_reconnecting_the_first_error_is_the_end() {
    let camera = camera(&["close@1s"]);
    let manager = Manager::new();
    let options = PrintcamOptions { no_reconnect: 1, ..trusting() };
    let stream = manager.start_as(&camera.url(), "", "12345678", &options);
    manager.wait_kind(stream, Kind::Playing);
    let failed = manager.wait(|told| told.kind != Kind::Tick as u32);
    assert_eq!(failed.kind, Kind::Failed as u32, "{failed:?}");
    assert_ne!(failed.error, 0, "{failed:?}");
}

#[test]
fn a_changed_key_is_told_from_a_wrong_code() {
    let camera =
        Simulator::start(Options { footage: Footage::Canned, encryption: Encryption::Tls12, ..Options::default() });
    let camera = camera.expect("a camera");
    let manager = Manager::new();
    let pin = format!("sha256:{}", "00".repeat(32));
    let options = PrintcamOptions { trust: 1, trust_data: PrintcamText::borrowed(&pin), ..trusting() };
    let stream = manager.start_as(&camera.url_with_credentials(), "", "", &options);
    let failed = manager.wait_kind(stream, Kind::Failed);
    assert_eq!((failed.error, &*failed.detail), (PrintcamErrorCode::CertificateChanged as u32, "certificateChanged"));
}

#[test]
fn statistics_are_those_of_the_stream() {
    let camera = camera(&[]);
    let manager = Manager::new();
    let stream = manager.start(&camera.url_with_credentials());
    let mut statistics = PrintcamStatistics::default();
    // SAFETY: references.
    let mut ask = || unsafe { printcam_stream_statistics(stream, &mut statistics) };
    assert_eq!(ask(), PrintcamStatus::Ok);
    assert!(statistics.time_to_first_picture_ms < 0.0 || statistics.state == 1, "{statistics:?}");
    manager.wait_kind(stream, Kind::Playing);
    manager.wait_kind(stream, Kind::Tick);
    manager.wait_kind(stream, Kind::Tick);
    // SAFETY: references.
    assert_eq!(unsafe { printcam_stream_statistics(stream, &mut statistics) }, PrintcamStatus::Ok);
    assert_eq!((statistics.state, statistics.sessions, statistics.reconnects, statistics.lost), (1, 1, 0, 0));
    assert!(
        (1..=2).contains(&statistics.transport) && statistics.packets > 20 && statistics.bytes > 0,
        "{statistics:?}"
    );
    assert!(statistics.time_to_first_picture_ms > 0.0 && statistics.receiver_reports > 0, "{statistics:?}");
    assert!((15.0..45.0).contains(&statistics.pictures_per_second), "{statistics:?}");
    assert_eq!((statistics.pictures_shown, statistics.pictures_decoded), (0, 0), "nobody looks");
}
