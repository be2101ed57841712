//! Pictures arrive whole and are what was sent, by every transport and past every oddity.

use std::time::Duration;

use printcam::{AccessUnit, Connection, Decoder, Event, Frame, RustyH264, ServerTransport, Transport, snapshot};
use printcam_sim::{Encryption, Ending, Options, Udp};
use printcam_video::ColorRange;

use crate::camera::{SOON, faults_named, last, options, seen, source, start};

#[tokio::test]
async fn a_snapshot_shows_the_scene() {
    let faults = "one-byte-writes frames-in-headers";
    for (what, faults) in [("as traced", ""), ("odd in every way", faults)] {
        let camera = start(Options { faults: faults_named(faults), ..Options::default() });
        let picture = snapshot(&source(&camera), &options(), SOON).await.expect("a picture");
        assert_scene(&picture.frame);
        let tls = picture.tls.expect("TLS");
        assert!(tls.first_seen && tls.subject.is_some_and(|name| name.contains("00M00A000000000")), "{what}");
        seen(&camera, "the end", |log| log.clients[0].ending.is_some()).await;
        let client = last(&camera);
        assert!(client.teardown && client.ending == Some(Ending::Clean), "{what}: {:?}", client.ending);
        assert!(client.requests.iter().all(|request| !request.credentials_in_uri), "{what}");
        assert_eq!(
            client.requests.iter().filter(|request| request.method == "SETUP").count(),
            1,
            "{what}: TCP at once"
        );
    }
}

/// The right size and range, and a picture with both dark and bright places in it.
fn assert_scene(frame: &Frame) {
    assert_eq!((frame.width(), frame.height(), frame.range()), (1168, 720, ColorRange::Full));
    let luma = frame.planes().y;
    let samples = || luma.data.chunks(luma.stride).flat_map(|row| &row[..luma.width]);
    let (dark, bright) = (samples().filter(|&&y| y < 64).count(), samples().filter(|&&y| y > 192).count());
    assert!(dark > 1000 && bright > 1000, "{dark} dark and {bright} bright samples of {}", 1168 * 720);
}

struct Row {
    what: &'static str,
    camera: Options,
    transport: Transport,
    /// Status of the refusal of UDP.
    refused: Option<u16>,
    udp: bool,
}

#[tokio::test]
async fn whole_groups_of_pictures_arrive() {
    let usual = || Options { gop: 6, ..Options::default() };
    let refusing = || Options { udp: Udp::Refuse, ..usual() };
    let plain = || Options { encryption: Encryption::None, ..usual() };
    let odd = "one-byte-writes frames-in-headers";
    let rows = [
        Row { what: "TCP", camera: usual(), transport: Transport::Tcp, refused: None, udp: false },
        Row { what: "UDP", camera: usual(), transport: Transport::Udp, refused: None, udp: true },
        Row { what: "UDP first", camera: usual(), transport: Transport::Auto, refused: None, udp: true },
        Row { what: "UDP refused", camera: refusing(), transport: Transport::Auto, refused: Some(461), udp: false },
        Row { what: "plain, TCP", camera: plain(), transport: Transport::Tcp, refused: None, udp: false },
        Row { what: "plain, UDP", camera: plain(), transport: Transport::Auto, refused: None, udp: true },
        Row {
            what: "byte by byte, packets in header lines",
            camera: Options { faults: faults_named(odd), ..usual() },
            transport: Transport::Tcp,
            refused: None,
            udp: false,
        },
        Row {
            what: "the same, UDP refused",
            camera: Options { faults: faults_named(odd), ..refusing() },
            transport: Transport::Auto,
            refused: Some(461),
            udp: false,
        },
        Row {
            what: "TLS 1.3 on offer, 1.2 taken",
            camera: Options { encryption: Encryption::Tls13, ..usual() },
            transport: Transport::Tcp,
            refused: None,
            udp: false,
        },
    ];
    for row in rows {
        let what = row.what;
        let camera = start(row.camera);
        let mut options = options();
        options.transport = row.transport;
        let mut stream = Connection::open(&source(&camera), &options).await.expect("a stream");
        let (mut refused, mut playing, mut units) = (None, None, Vec::new());
        while units.iter().filter(|unit: &&AccessUnit| unit.key_frame).count() < 3 {
            match tokio::time::timeout(SOON, stream.next()).await.expect("in time").expect("no error") {
                Some(Event::UdpRefused { status }) => refused = Some(status),
                Some(Event::Playing { transport }) => playing = Some(transport),
                Some(Event::AccessUnit(unit)) => units.push(unit),
                Some(Event::Answered { .. } | Event::Described(_) | Event::Named(_)) => {}
                other => panic!("{what}: {other:?}"),
            }
        }
        assert_eq!(refused, row.refused, "{what}");
        assert_eq!(matches!(playing, Some(ServerTransport::Udp { .. })), row.udp, "{what}: {playing:?}");
        assert_whole(what, &units);
        stream.close().await;

        seen(&camera, "the end", |log| log.clients[0].ending.is_some()).await;
        let client = last(&camera);
        assert_eq!((client.teardown, client.ending), (true, Some(Ending::Clean)), "{what}");
        assert_eq!((client.garbage_packets, client.expired, camera.log().connections), (0, false, 1), "{what}");
    }
}

/// Nothing is missing from the first key frame to the last picture, and each decodes.
fn assert_whole(what: &str, units: &[AccessUnit]) {
    assert!(units[0].key_frame, "{what}: pictures before the first key frame are of no use");
    let mut decoder = RustyH264::new();
    for (index, unit) in units.iter().enumerate() {
        assert!(!unit.discontinuity, "{what}: picture {index} follows a loss");
        // A busy machine may skip a picture, and the camera's clock then shows the gap.
        let since = unit.timestamp - units[index.saturating_sub(1)].timestamp;
        assert!(since.is_multiple_of(3000) && (index == 0) == (since == 0), "{what}: picture {index} after {since}");
        let frame = decoder.decode(unit).unwrap_or_else(|error| panic!("{what}: picture {index}: {error}"));
        let frame = frame.unwrap_or_else(|| panic!("{what}: no picture {index}"));
        assert_eq!((frame.width(), frame.height(), frame.timestamp()), (1168, 720, unit.timestamp), "{what}");
    }
}

#[tokio::test]
async fn a_second_client_meets_a_busy_camera_and_the_first_goes_on() {
    let camera = start(Options::default());
    let mut first = Connection::open(&source(&camera), &options()).await.expect("a stream");
    while !matches!(first.next().await.expect("no error"), Some(Event::AccessUnit(_))) {}

    let error = snapshot(&source(&camera), &options(), SOON).await.expect_err("one client at a time");
    assert_eq!(error.code(), printcam::ErrorCode::CameraBusy, "{error}");
    seen(&camera, "the second's end", |log| log.clients[1].ending.is_some()).await;
    assert!(camera.log().clients[1].requests.iter().all(|request| request.method != "SETUP"));

    for _ in 0..35 {
        let event = tokio::time::timeout(Duration::from_secs(5), first.next()).await.expect("in time");
        assert!(matches!(event, Ok(Some(Event::AccessUnit(_) | Event::Playing { .. } | Event::Named(_)))), "{event:?}");
    }
    first.close().await;
    seen(&camera, "the first's end", |log| log.clients[0].ending == Some(Ending::Clean)).await;
}
