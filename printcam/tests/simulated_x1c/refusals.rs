//! What goes wrong, the name it gets, and what the camera saw of it.

use std::sync::Arc;
use std::time::Duration;

use printcam::{Connection, ErrorCode, Event, KnownPrinters, Source, Trust, snapshot};
use printcam_sim::{Certificate, Encryption, Ending, Options, Simulator};

use crate::camera::{SOON, faults_named, last, options, seen, source, start};

/// Methods of the newest client, each with whether it had credentials and what it was answered.
fn dialogue(camera: &Simulator) -> Vec<(String, bool, Option<u16>)> {
    let requests = last(camera).requests;
    requests.into_iter().map(|request| (request.method, request.had_credentials, request.status)).collect()
}

async fn ended(camera: &Arc<Simulator>) -> Option<Ending> {
    seen(camera, "an end", |log| log.clients.last().is_some_and(|client| client.ending.is_some())).await;
    last(camera).ending
}

fn requests(expected: &[(&str, bool, Option<u16>)]) -> Vec<(String, bool, Option<u16>)> {
    expected.iter().map(|&(method, credentials, status)| (method.to_owned(), credentials, status)).collect()
}

#[tokio::test]
async fn before_there_is_a_session() {
    let no_video = "no-video";
    let unanswered = "describe-unanswered";
    let options_and_challenge = [("OPTIONS", false, Some(200)), ("DESCRIBE", false, Some(401))];
    for (what, faults, address, limit, code, last_request) in [
        ("wrong code", "", "bblp:87654321@", SOON, ErrorCode::AuthenticationFailed, Some(401)),
        ("wrong user", "", "admin:12345678@", SOON, ErrorCode::AuthenticationFailed, Some(401)),
        ("no video", no_video, "bblp:12345678@", SOON, ErrorCode::NoVideoTrack, Some(200)),
        ("no answer", unanswered, "bblp:12345678@", Duration::from_millis(300), ErrorCode::Timeout, None),
    ] {
        let camera = start(Options { faults: faults_named(faults), ..Options::default() });
        let source: Source = camera.url().replace("://", &format!("://{address}")).parse().expect("an address");
        let error = snapshot(&source, &options(), limit).await.expect_err(what);
        assert_eq!(error.code(), code, "{what}: {error}");
        assert!(error.hint().is_some(), "{what}");
        assert_eq!(ended(&camera).await, Some(Ending::Clean), "{what}");
        let expected = [&options_and_challenge[..], &[("DESCRIBE", true, last_request)]].concat();
        assert_eq!(dialogue(&camera), requests(&expected), "{what}: exactly one try with credentials");
    }
}

#[tokio::test]
async fn no_credentials_none_sent() {
    let camera = start(Options::default());
    let source: Source = camera.url().parse().expect("an address");
    let error = snapshot(&source, &options(), SOON).await.expect_err("a challenge");
    assert_eq!(error.code(), ErrorCode::AuthenticationFailed, "{error}");
    assert_eq!(ended(&camera).await, Some(Ending::Clean));
    assert_eq!(dialogue(&camera), requests(&[("OPTIONS", false, Some(200)), ("DESCRIBE", false, Some(401))]));
}

#[tokio::test]
async fn describe_never_answered() {
    let faults = "describe-unanswered";
    let camera = start(Options { faults: faults_named(faults), ..Options::default() });
    let mut stream = Connection::open(&source(&camera), &options()).await.expect("a stream");
    seen(&camera, "DESCRIBE", |log| log.clients[0].requests.len() == 3).await;
    // Nothing but timers is left: the clock jumps from one to the next.
    tokio::time::pause();
    let error = loop {
        match stream.next().await {
            Ok(Some(Event::Answered { .. })) => {}
            other => break other.expect_err("no answer"),
        }
    };
    assert_eq!((error.to_string().as_str(), error.code()), ("no answer to DESCRIBE within 10 s", ErrorCode::Timeout));
    assert!(error.hint().is_some_and(|hint| hint.contains("restart the printer")), "{:?}", error.hint());
}

#[tokio::test]
async fn no_tls_within_the_time_allowed() {
    let faults = "no-server-hello";
    let camera = start(Options { faults: faults_named(faults), ..Options::default() });
    let error = snapshot(&source(&camera), &options(), Duration::from_millis(300)).await.expect_err("no TLS");
    assert_eq!(error.code(), ErrorCode::CameraHung, "{error}");
    assert!(error.to_string().contains("TLS") && error.hint().is_some_and(|hint| hint.contains("Restart")), "{error}");
    assert_eq!(ended(&camera).await, Some(Ending::Clean));
}

#[tokio::test]
async fn a_changed_certificate_is_told_nothing() {
    let camera = start(Options::default());
    let options = options();
    snapshot(&source(&camera), &options, SOON).await.expect("a picture");
    camera.change(|options| options.certificate = Certificate::Second);
    for attempt in 1..=2 {
        let error = snapshot(&source(&camera), &options, SOON).await.expect_err("another key");
        assert_eq!(error.code(), ErrorCode::CertificateChanged, "{error}");
        assert_eq!(ended(&camera).await, Some(Ending::HandshakeFailed), "attempt {attempt}");
        let client = last(&camera);
        assert!(!client.tls_established && client.requests.is_empty(), "attempt {attempt}: {:?}", client.requests);
    }
    camera.change(|options| options.certificate = Certificate::Usual);
    snapshot(&source(&camera), &options, SOON).await.expect("the key that is known");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_key_that_cannot_be_kept() {
    let camera = start(Options::default());
    let mut options = options();
    options.tls.trust = Trust::FirstUse(KnownPrinters::in_file("/proc/no-such-directory/known_printers"));
    let error = snapshot(&source(&camera), &options, SOON).await.expect_err("no such directory");
    assert!(matches!(*error, printcam::Error::Connect(_)), "{error}");
    assert_eq!(ended(&camera).await, Some(Ending::Clean), "the camera hears of the end");
    assert!(last(&camera).requests.is_empty());
}

#[tokio::test]
async fn the_wrong_scheme() {
    for (encryption, right, wrong, limit, words) in [
        // As LIVE555 does, it waits for the end of what it takes for a request.
        (Encryption::None, "rtsp://", "rtsps://", Duration::from_millis(300), "no TLS handshake"),
        (Encryption::Tls12, "rtsps://", "rtsp://", SOON, "speaks TLS"),
    ] {
        let camera = start(Options { encryption, ..Options::default() });
        let source: Source = camera.url_with_credentials().replace(right, wrong).parse().expect("an address");
        let error = snapshot(&source, &options(), limit).await.expect_err(wrong);
        assert!(error.to_string().contains(words), "{wrong}: {error}");
        assert!(error.hint().is_some_and(|hint| hint.contains(right)), "{wrong}: {:?}", error.hint());
        assert!(last(&camera).requests.is_empty(), "{wrong}: nothing was asked");
    }
}

#[tokio::test]
async fn kicked_out_by_the_next() {
    use printcam_sim::SecondClient;
    let camera = start(Options { second_client: SecondClient::KickFirst, ..Options::default() });
    let mut first = Connection::open(&source(&camera), &options()).await.expect("a stream");
    while !matches!(first.next().await.expect("no error"), Some(printcam::Event::AccessUnit(_))) {}
    snapshot(&source(&camera), &options(), SOON).await.expect("a picture");
    let error = loop {
        match tokio::time::timeout(SOON, first.next()).await.expect("in time") {
            Ok(event) => assert!(event.is_some(), "an end without a reason"),
            Err(error) => break error,
        }
    };
    assert!(error.hint().is_some_and(|hint| hint.contains("one at a time")), "{error}");
    assert!(matches!(first.next().await, Ok(None)), "told once");
}
