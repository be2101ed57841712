//! Discovery as it is in a house: two hosts (network namespaces) on one wire (a veth pair), the ports that printers use,
//! broadcast and multicast. Needs `unshare` and `ip`, and fails with the reason where namespaces are not permitted.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use printcam::discover::{Discovery, DiscoveryOptions, Sighting};

const HERE: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
const PRINTER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);
const ALL_OF_IT: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 255);
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);

/// What takes longer has failed.
const SOON: Duration = Duration::from_secs(20);

/// Set inside the namespaces: the tests below would rearrange this computer's own network.
const INSIDE: &str = "PRINTCAM_TEST_INSIDE_NAMESPACE";

#[test]
fn printers_are_found_by_broadcast_and_by_multicast() {
    let output = in_new_network(&unshare()).args(test("the_searching_host")).output().expect("unshare");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "runs in a namespace of its own"]
fn the_searching_host() {
    assert!(std::env::var_os(INSIDE).is_some(), "only in a namespace");
    ip("link set lo up");
    ip("link add pc0 type veth peer name pc1");
    let mut printer = Printer::start();
    ip(&format!("link set pc1 netns {}", printer.child.id()));
    ip(&format!("addr add {HERE}/24 broadcast {ALL_OF_IT} dev pc0"));
    ip("link set pc0 up");
    printer.go();

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut discovery = Discovery::start(DiscoveryOptions::default()).unwrap();
        let mut missing = BTreeSet::from(SERIALS);
        let heard = async {
            while !missing.is_empty() {
                let Some(Sighting::Found(found)) = discovery.next().await else { continue };
                assert_eq!(found.address, PRINTER);
                missing.remove(found.serial.as_deref().unwrap());
            }
        };
        let in_time = tokio::time::timeout(SOON, heard).await.is_ok();
        assert!(in_time, "not heard: {missing:?}");
    });
}

/// One for each way to be heard.
const SERIALS: [&str; 5] = [ASKED_GROUP, ASKED_ALL, "00M00A000000003", "00M00A000000004", "00M00A000000005"];
const ASKED_GROUP: &str = "00M00A000000001";
const ASKED_ALL: &str = "00M00A000000002";

#[test]
#[ignore = "runs in a namespace of its own"]
fn the_printer() {
    assert!(std::env::var_os(INSIDE).is_some(), "only in a namespace");
    println!("\n{READY}");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    ip(&format!("addr add {PRINTER}/24 broadcast {ALL_OF_IT} dev pc1"));
    ip("link set pc1 up");
    ip("route add default dev pc1");

    // Bound to a group's or a broadcast's address, a socket hears what was sent there and nothing else.
    for (address, serial) in [(GROUP, ASKED_GROUP), (ALL_OF_IT, ASKED_ALL)] {
        let socket = UdpSocket::bind((address, 1990)).unwrap();
        if address.is_multicast() {
            socket.join_multicast_v4(&GROUP, &PRINTER).unwrap();
        }
        socket.set_read_timeout(Some(SOON)).unwrap();
        let (length, asker) = socket.recv_from(&mut [0; 1024]).expect("a question");
        assert!(length > 0 && asker.ip() == HERE);
        let answer = message("HTTP/1.1 200 OK", serial);
        UdpSocket::bind((PRINTER, 0)).unwrap().send_to(answer.as_bytes(), asker).unwrap();
    }
    let socket = UdpSocket::bind((PRINTER, 0)).unwrap();
    socket.set_broadcast(true).unwrap();
    let places = [(Ipv4Addr::BROADCAST, 2021), (GROUP, 1900), (GROUP, 1990)];
    for (to, serial) in places.into_iter().zip(&SERIALS[2..]) {
        socket.send_to(message("NOTIFY * HTTP/1.1", serial).as_bytes(), to).unwrap();
    }
    // Until the other side has heard enough.
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

const READY: &str = "the printer is ready";

fn message(first_line: &str, serial: &str) -> String {
    format!("{first_line}\r\nUSN: {serial}\r\nDevModel.bambu.com: BL-P001\r\n\r\n")
}

/// The other namespace's process; killed when dropped.
struct Printer {
    child: Child,
    stdin: ChildStdin,
}

impl Printer {
    fn start() -> Printer {
        let mut command = in_new_network(&["--net"]);
        command.args(test("the_printer")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("unshare");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line == READY), "the printer did not start");
        let stdin = child.stdin.take().unwrap();
        Printer { child, stdin }
    }

    fn go(&mut self) {
        self.stdin.write_all(b"go\n").unwrap();
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// How a network of one's own is had here: as root, or as root of a user namespace.
fn unshare() -> Vec<&'static str> {
    let mut refused = String::new();
    for options in [&["--net"][..], &["--user", "--map-root-user", "--net"]] {
        match Command::new("unshare").args(options).arg("true").output() {
            Ok(output) if output.status.success() => return options.to_vec(),
            Ok(output) => refused += &String::from_utf8_lossy(&output.stderr),
            Err(error) => refused += &error.to_string(),
        }
    }
    panic!("no network namespace can be made here, and without one this cannot be tested: {refused}");
}

fn in_new_network(options: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(options).arg(std::env::current_exe().unwrap()).env(INSIDE, "1");
    command
}

fn test(name: &str) -> [&str; 4] {
    ["--exact", name, "--ignored", "--nocapture"]
}

fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split(' ')).output().expect("ip, of iproute2");
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}
