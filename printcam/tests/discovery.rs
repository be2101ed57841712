//! Discovery with real datagrams and connections on the loopback interface.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use printcam::discover::{
    CameraProtocol, Discovery, DiscoveryError, DiscoveryOptions, PortState, ProbeOptions, Sighting, identify,
    probe_host,
};
use printcam_sim::Simulator;
use tokio::net::{TcpListener, UdpSocket};
use tokio::time::timeout;

/// What takes longer has failed.
const SOON: Duration = Duration::from_secs(10);

fn on_loopback() -> DiscoveryOptions {
    DiscoveryOptions { bind: Ipv4Addr::LOCALHOST, ports: vec![0], search: Vec::new(), ..DiscoveryOptions::default() }
}

fn announcement(first_line: &str, serial: &str, name: &str) -> String {
    format!(
        "{first_line}\r\nUSN: {serial}\r\nLocation: 192.168.1.20\r\nDevModel.bambu.com: BL-P001\r\n\
         DevName.bambu.com: {name}\r\n\r\n"
    )
}

async fn next(discovery: &mut Discovery) -> Sighting {
    timeout(SOON, discovery.next()).await.expect("a sighting").expect("a sighting")
}

async fn socket_at(address: [u8; 4]) -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::from(address), 0)).await.unwrap()
}

#[tokio::test]
async fn announcements_are_heard_and_printers_keep_their_identity() {
    let mut discovery = Discovery::start(on_loopback()).unwrap();
    let to = discovery.listening_on()[0];
    let (home, away) = (socket_at([127, 0, 0, 1]).await, socket_at([127, 0, 0, 2]).await);
    let say = announcement("NOTIFY * HTTP/1.1", "00M00A000000001", "Workshop");
    home.send_to(b"noise", to).await.unwrap();
    home.send_to(say.as_bytes(), to).await.unwrap();
    let Sighting::Found(found) = next(&mut discovery).await else { panic!("not found") };
    assert_eq!((found.name.as_deref(), found.address), (Some("Workshop"), home.local_addr().unwrap().ip()));
    assert_eq!(found.advertised, Some([192, 168, 1, 20].into()), "told, and not believed");
    assert_eq!(found.camera(), Some(CameraProtocol::Rtsps));

    home.send_to(say.as_bytes(), to).await.unwrap();
    away.send_to(say.as_bytes(), to).await.unwrap();
    let Sighting::Changed(moved) = next(&mut discovery).await else { panic!("the move, and nothing before it") };
    assert_eq!(moved.address, away.local_addr().unwrap().ip());
    let renamed = announcement("NOTIFY * HTTP/1.1", "00M00A000000001", "Cellar");
    away.send_to(renamed.as_bytes(), to).await.unwrap();
    let Sighting::Changed(renamed) = next(&mut discovery).await else { panic!("not renamed") };
    assert_eq!(renamed.name.as_deref(), Some("Cellar"));
    assert_eq!(discovery.printers(), [renamed]);
}

/// Anybody in the network can send anything.
#[tokio::test]
async fn thousands_of_damaged_announcements_do_no_harm() {
    let mut discovery = Discovery::start(on_loopback()).unwrap();
    let to = discovery.listening_on()[0];
    let home = socket_at([127, 0, 0, 1]).await;
    let whole = announcement("NOTIFY * HTTP/1.1", "00M00A000000001", "Workshop").into_bytes();
    // The constants of Knuth's MMIX generator.
    let mut random = 1_u64;
    let mut below = |limit: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % limit
    };
    for round in 0..100 {
        for _ in 0..50 {
            let mut damaged = whole.clone();
            match below(4) {
                0 => damaged.truncate(below(whole.len())),
                1 => damaged[below(whole.len())] = below(256) as u8,
                2 => damaged.extend((0..below(4000)).map(|byte| byte as u8)),
                _ => damaged.iter_mut().skip(below(whole.len())).for_each(|byte| *byte = byte.rotate_left(1)),
            }
            home.send_to(&damaged, to).await.unwrap();
        }
        // Whatever became of them, this one is understood.
        let name = format!("Round {round}");
        let understood = async {
            let say = announcement("NOTIFY * HTTP/1.1", "00M00A000000001", &name);
            let mut again = tokio::time::interval(Duration::from_millis(20));
            loop {
                tokio::select! {
                    sighting = discovery.next() => match sighting.expect("it goes on") {
                        Sighting::Found(printer) | Sighting::Changed(printer)
                            if printer.serial.as_deref() == Some("00M00A000000001")
                                && printer.name.as_deref() == Some(&name) => return,
                        _ => {}
                    },
                    _ = again.tick() => drop(home.send_to(say.as_bytes(), to).await),
                }
            }
        };
        timeout(SOON, understood).await.unwrap_or_else(|_| panic!("not heard in round {round}"));
    }
}

#[tokio::test]
async fn who_is_asked_answers() {
    let printer = socket_at([127, 0, 0, 1]).await;
    let SocketAddr::V4(at) = printer.local_addr().unwrap() else { panic!() };
    let mut discovery = Discovery::start(DiscoveryOptions { search: vec![at], ..on_loopback() }).unwrap();
    let mut question = [0; 1024];
    let (length, asker) = timeout(SOON, printer.recv_from(&mut question)).await.expect("a question").unwrap();
    let question = std::str::from_utf8(&question[..length]).unwrap();
    assert!(question.starts_with("M-SEARCH * HTTP/1.1\r\n"), "{question}");
    assert!(!discovery.listening_on().contains(&asker), "answers to a shared port may go to another program");
    let answer = announcement("HTTP/1.1 200 OK", "01P00A000000001", "Shelf");
    printer.send_to(answer.as_bytes(), asker).await.unwrap();
    let Sighting::Found(found) = next(&mut discovery).await else { panic!("not found") };
    assert_eq!(found.serial.as_deref(), Some("01P00A000000001"));
}

#[tokio::test]
async fn ports_are_shared_and_one_that_is_not_is_done_without() {
    let first = Discovery::start(on_loopback()).unwrap();
    let shared = first.listening_on()[0].port();
    let alone = socket_at([127, 0, 0, 1]).await;
    let taken = alone.local_addr().unwrap().port();
    let second = Discovery::start(DiscoveryOptions { ports: vec![taken, shared], ..on_loopback() }).unwrap();
    assert_eq!(second.listening_on(), first.listening_on());
    let error = Discovery::start(DiscoveryOptions { ports: vec![taken], ..on_loopback() }).unwrap_err();
    assert!(matches!(error, DiscoveryError::NoPort { port, .. } if port == taken), "{error}");
}

#[tokio::test]
async fn a_probe_tells_open_from_refused_and_reads_the_serial_number() {
    let camera = Simulator::start(printcam_sim::Options::default()).unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let ports = |rtsps| vec![(CameraProtocol::Rtsps, rtsps), (CameraProtocol::Jpeg, closed)];
    let at = camera.addr();

    let options = ProbeOptions { ports: ports(at.port()), ..ProbeOptions::default() };
    let finding = probe_host(at.ip(), &options).await;
    assert_eq!(finding.serial.as_deref(), Some("00M00A000000000"));
    assert!(finding.is_printer());
    assert_eq!(finding.open().map(|port| port.protocol), Some(CameraProtocol::Rtsps));
    assert!(camera.wait_for(SOON, |log| log.clients.last().is_some_and(|client| client.ending.is_some())));
    let client = camera.log().clients.pop().unwrap();
    assert_eq!(client.ending, Some(printcam_sim::Ending::Clean), "left properly");
    assert!(client.requests.is_empty(), "nothing said");

    let options = ProbeOptions { ports: ports(closed), ..ProbeOptions::default() };
    let finding = probe_host(at.ip(), &options).await;
    assert!(finding.ports.iter().all(|port| port.state == PortState::Refused) && finding.ports.len() == 2);
    assert!(!finding.is_printer());
}

#[tokio::test]
async fn a_subnet_is_looked_through() {
    let camera = Simulator::start(printcam_sim::Options {
        bind: SocketAddrV4::new([127, 0, 3, 2].into(), 0).into(),
        ..printcam_sim::Options::default()
    })
    .unwrap();
    let probe = ProbeOptions { ports: vec![(CameraProtocol::Rtsps, camera.addr().port())], ..ProbeOptions::default() };
    let mut discovery = Discovery::start(DiscoveryOptions { probe, ..on_loopback() }).unwrap();
    timeout(SOON, discovery.probe("127.0.3.0/28".parse().unwrap())).await.expect("an end");
    let printers = discovery.printers();
    assert_eq!(printers.len(), 1, "{printers:?}");
    assert_eq!((printers[0].address, printers[0].serial.as_deref()), (camera.addr().ip(), Some("00M00A000000000")));
    assert_eq!(printers[0].model().map(|model| model.name), Some("X1 Carbon"));
}

#[tokio::test]
async fn a_place_is_identified_by_its_announcement_or_else_by_its_ports() {
    let camera = Simulator::start(printcam_sim::Options::default()).unwrap();
    let place = "127.0.0.1".parse().unwrap();
    let probe = ProbeOptions { ports: vec![(CameraProtocol::Rtsps, camera.addr().port())], ..ProbeOptions::default() };
    let options = DiscoveryOptions { probe, ..on_loopback() };
    let by_port = identify(&place, &options, Duration::from_millis(10)).await.unwrap();
    assert_eq!(by_port.serial.as_deref(), Some("00M00A000000000"));
    assert_eq!(by_port.camera(), Some(CameraProtocol::Rtsps));
    assert!(camera.wait_for(SOON, |log| log.clients.len() == 1));

    let printer = socket_at([127, 0, 0, 1]).await;
    let SocketAddr::V4(at) = printer.local_addr().unwrap() else { panic!() };
    let answer = async {
        let mut question = [0; 1024];
        let (_, asker) = printer.recv_from(&mut question).await.unwrap();
        printer.send_to(announcement("HTTP/1.1 200 OK", "01P00A000000001", "Shelf").as_bytes(), asker).await.unwrap();
    };
    let options = DiscoveryOptions { search: vec![at], ..options };
    let (announced, ()) = tokio::join!(identify(&place, &options, SOON), answer);
    assert_eq!(announced.unwrap().name.as_deref(), Some("Shelf"));
    assert_eq!(camera.log().clients.len(), 1, "nobody knocked: the announcement said enough");
}
