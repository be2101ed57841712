//! Addresses where no camera answers, with real sockets on the loopback interface.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use printcam::discover::{CameraProtocol, DiscoveryOptions, ProbeOptions};
use printcam::doctor::{Checkup, Diagnosis, Report, Step, examine};
use printcam::{KnownPrinters, Options, Source, Trust};
use printcam_sim::{Announce, Personality, Simulator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, UdpSocket};

use crate::patient::ill;

/// A port that is taken, so that nobody else gets it, and closed, since nobody listens.
struct ClosedPort {
    addr: SocketAddr,
    _socket: TcpSocket,
}

impl ClosedPort {
    fn new() -> ClosedPort {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        ClosedPort { addr: socket.local_addr().unwrap(), _socket: socket }
    }
}

/// Listens on loopback, and looks at no port but these.
fn checkup(discovery_port: u16, services: Vec<u16>) -> Checkup {
    let probe = ProbeOptions { ports: Vec::new(), services, ..ProbeOptions::default() };
    let mut checkup = Checkup::default();
    checkup.discovery =
        DiscoveryOptions { bind: Ipv4Addr::LOCALHOST, ports: vec![discovery_port], search: Vec::new(), probe };
    // Whoever announces himself does so at once.
    checkup.listen = Duration::from_millis(300);
    checkup.media_for = Duration::from_millis(300);
    checkup
}

async fn free_udp_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

fn source(at: SocketAddr) -> Source {
    format!("rtsps://bblp:12345678@{at}/streaming/live/1").parse().unwrap()
}

fn options() -> Options {
    Options::new(Trust::FirstUse(KnownPrinters::in_memory()))
}

async fn examined(at: SocketAddr, checkup: &Checkup) -> Report {
    examine(&source(at), &options(), checkup, |_| ()).await
}

#[track_caller]
fn assert_diagnosis(report: &Report, diagnosis: Diagnosis, step: Step, finding: &str, advice: &str) {
    assert_eq!((report.diagnosis, ill(report)), (diagnosis, Some(step)), "{:#?}", report.checks);
    let check = report.checks.last().unwrap();
    assert!(check.finding.contains(finding), "{}", check.finding);
    assert!(report.advice.as_deref().unwrap_or_default().contains(advice), "{:?}", report.advice);
}

#[tokio::test]
async fn live_view_that_is_off_is_told_from_a_wrong_address() {
    // It announces itself, and its camera's port is closed.
    let port = free_udp_port().await;
    let mut announced = printcam_sim::Options::of(Personality::H2d);
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    announced.announce = Some(Announce { to, every: Duration::from_millis(20), ..Announce::default() });
    let h2d = Simulator::start(announced).unwrap();
    let report = examined(h2d.addr(), &checkup(port, vec![])).await;
    let switch = "Settings > General > LAN Mode Liveview";
    assert_diagnosis(&report, Diagnosis::LiveViewOff, Step::Reach, "H2D “Simulated printer” is at 127.0.0.1", switch);
    assert_eq!(report.serial.as_deref(), Some("09400A000000000"));

    // It is silent, and shows its certificate where its other services are.
    let mut service = printcam_sim::Options::of(Personality::X1c);
    service.serial = "22E00A000000001".into();
    let service = Simulator::start(service).unwrap();
    let port_holder = ClosedPort::new();
    let closed = port_holder.addr;
    let report = examined(closed, &checkup(0, vec![service.addr().port()])).await;
    assert_diagnosis(&report, Diagnosis::LiveViewOff, Step::Reach, "P2S 22E00A000000001", "LAN Only Liveview");

    // A P1S has no such port, nor such a switch.
    let mut service = printcam_sim::Options::of(Personality::X1c);
    service.serial = "01P00A000000001".into();
    let service = Simulator::start(service).unwrap();
    let report = examined(closed, &checkup(0, vec![service.addr().port()])).await;
    assert_diagnosis(&report, Diagnosis::WrongAddress, Step::Reach, "P1S 01P00A000000001", "jpegs://");

    // Nothing shows that there is a printer.
    let report = examined(closed, &checkup(0, vec![])).await;
    assert_diagnosis(&report, Diagnosis::WrongAddress, Step::Reach, "nothing there shows", "printer's screen");
    // Unless somebody knows that there was one.
    let mut known = options();
    known.model = Some("O1D".into());
    let report = examine(&source(closed), &known, &checkup(0, vec![]), |_| ()).await;
    assert_diagnosis(&report, Diagnosis::LiveViewOff, Step::Reach, "nothing there shows", switch);
}

#[tokio::test]
async fn a_port_that_no_printer_has_is_no_live_view() {
    let camera = Simulator::start(printcam_sim::Options::default()).unwrap();
    let port_holder = ClosedPort::new();
    let mut checkup = checkup(0, vec![]);
    checkup.discovery.probe.ports = vec![(CameraProtocol::Rtsps, camera.addr().port())];
    let report = examined(port_holder.addr, &checkup).await;
    assert_diagnosis(&report, Diagnosis::WrongAddress, Step::Reach, "is closed", "leave the port out");
}

#[tokio::test]
async fn a_connection_that_is_dropped_at_once_means_live_view_off_on_some_models() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    for (model, diagnosis) in [("O1S", Diagnosis::LiveViewOff), ("BL-P001", Diagnosis::Busy)] {
        let mut known = options();
        known.model = Some(model.into());
        let report = examine(&source(at), &known, &checkup(0, vec![]), |_| ()).await;
        assert_eq!((report.diagnosis, ill(&report)), (diagnosis, Some(Step::Tls)), "{:#?}", report.checks);
    }
}

#[tokio::test]
async fn a_printer_that_has_moved_is_found() {
    let port = free_udp_port().await;
    let printer = UdpSocket::bind("127.0.0.2:0").await.unwrap();
    let announcing = tokio::spawn(async move {
        let text = "NOTIFY * HTTP/1.1\r\nUSN: 00M00A000000007\r\nDevModel.bambu.com: BL-P001\r\n\r\n";
        let mut often = tokio::time::interval(Duration::from_millis(20));
        loop {
            often.tick().await;
            let _ = printer.send_to(text.as_bytes(), ("127.0.0.1", port)).await;
        }
    });
    let port_holder = ClosedPort::new();
    let closed = port_holder.addr;
    let mut checkup = checkup(port, vec![]);
    let report = examined(closed, &checkup).await;
    assert_diagnosis(&report, Diagnosis::WrongAddress, Step::Reach, "00M00A000000007 at 127.0.0.2", "that is meant");
    checkup.serial = Some("00M00A000000007".into());
    let report = examined(closed, &checkup).await;
    assert_diagnosis(&report, Diagnosis::WrongAddress, Step::Reach, "is at 127.0.0.2 now", "Use the address 127.0.0.2");
    announcing.abort();
}

#[tokio::test]
async fn another_printer_at_the_address_is_no_changed_certificate() {
    let camera = Simulator::start(printcam_sim::Options::default()).unwrap();
    let mut checkup = checkup(0, vec![camera.addr().port()]);
    checkup.serial = Some("00M00A000000009".into());
    let mut pinned = options();
    pinned.tls.trust = Trust::Pin(format!("sha256:{:064}", 0).parse().unwrap());
    let report = examine(&source(camera.addr()), &pinned, &checkup, |_| ()).await;
    let wrong = "and not 00M00A000000009";
    assert_diagnosis(&report, Diagnosis::WrongAddress, Step::Identity, wrong, "the access code has not been sent");
    checkup.serial = Some("00M00A000000000".into());
    let report = examine(&source(camera.addr()), &pinned, &checkup, |_| ()).await;
    assert_eq!((report.diagnosis, ill(&report)), (Diagnosis::CertificateChanged, Some(Step::Identity)));
    assert!(camera.log().clients.iter().all(|client| client.requests.is_empty()), "no code was sent");
}

#[tokio::test]
async fn what_is_no_camera_is_said_to_be_none() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let _ = client.read(&mut [0; 1024]).await;
            let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let report = examined(at, &checkup(0, vec![])).await;
    assert_diagnosis(&report, Diagnosis::WrongAddress, Step::Tls, "HTTP", "not a printer's camera");

    let nowhere = "rtsps://bblp:12345678@printer.invalid/streaming/live/1".parse().unwrap();
    let report = examine(&nowhere, &options(), &checkup(0, vec![]), |_| ()).await;
    assert_diagnosis(&report, Diagnosis::WrongAddress, Step::Reach, "printer.invalid", "Check the name");
}

#[tokio::test]
async fn datagrams_that_do_not_arrive_are_told_and_tcp_is_tried() {
    let mut lossy = printcam_sim::Options::of(Personality::X1c);
    lossy.faults = vec!["datagrams-lost".parse().unwrap()];
    let camera = Simulator::start(lossy).unwrap();
    let report = examined(camera.addr(), &checkup(0, vec![])).await;
    assert_eq!((report.diagnosis, ill(&report)), (Diagnosis::UdpBlocked, None), "{:#?}", report.checks);
    assert!(report.advice.unwrap_or_default().contains("--transport tcp"));
    let log = camera.log();
    assert_eq!((log.connections, log.peak_connections), (2, 1));
    assert!(log.clients.iter().all(|client| client.teardown));
}
