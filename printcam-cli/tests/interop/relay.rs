//! A network between `printcam` and a camera that can fail as networks do, and that sees every connection.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// Passes on what comes by TCP to its port. UDP goes from one to the other without it.
pub(crate) struct Relay {
    pub(crate) port: u16,
    shared: Arc<(Mutex<Network>, Condvar)>,
}

struct Network {
    /// The camera's port; `None`: whatever is sent gets lost, and who connects hears nothing.
    camera: Option<u16>,
    /// How often it has failed. What was open then is lost for good.
    failures: usize,
    connections: usize,
    most_at_once: usize,
}

impl Relay {
    pub(crate) fn start(camera: u16) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let network = Network { camera: Some(camera), failures: 0, connections: 0, most_at_once: 0 };
        let shared = Arc::new((Mutex::new(network), Condvar::new()));
        let relay = Relay { port, shared: Arc::clone(&shared) };
        thread::spawn(move || {
            for client in listener.incoming() {
                let open = established_at(port);
                let (network, changed) = &*shared;
                let mut network = network.lock().unwrap();
                network.connections += 1;
                network.most_at_once = network.most_at_once.max(open);
                changed.notify_all();
                let shared = Arc::clone(&shared);
                thread::spawn(move || carry(client.unwrap(), &shared));
            }
        });
        relay
    }

    /// From now on nothing gets through and nobody is told: no FIN, no RST.
    pub(crate) fn fail(&self) {
        let mut network = self.shared.0.lock().unwrap();
        network.camera = None;
        network.failures += 1;
    }

    /// Works again. Who has tried to connect meanwhile is connected, as by a SYN sent again.
    pub(crate) fn recover(&self, camera: u16) {
        self.shared.0.lock().unwrap().camera = Some(camera);
        self.shared.1.notify_all();
    }

    /// Waits for the connection with this number, counted from 1.
    pub(crate) fn wait_for_connection(&self, number: usize) {
        let (network, changed) = &*self.shared;
        let network = network.lock().unwrap();
        let wait = changed.wait_timeout_while(network, CONNECTION_LIMIT, |network| network.connections < number);
        let (network, waited) = wait.unwrap();
        assert!(!waited.timed_out(), "{} of {number} connections in {CONNECTION_LIMIT:?}", network.connections);
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.0.lock().unwrap().connections
    }

    /// Open connections at the busiest moment, as the kernel knew them whenever another one came.
    pub(crate) fn most_at_once(&self) -> usize {
        self.shared.0.lock().unwrap().most_at_once
    }
}

fn carry(client: TcpStream, shared: &Arc<(Mutex<Network>, Condvar)>) {
    let (network, changed) = &**shared;
    let network = changed.wait_while(network.lock().unwrap(), |network| network.camera.is_none()).unwrap();
    let (port, failures) = (network.camera.unwrap(), network.failures);
    drop(network);
    let Ok(camera) = TcpStream::connect(("127.0.0.1", port)) else { return };
    let (from_camera, to_client) = (camera.try_clone().unwrap(), client.try_clone().unwrap());
    let other = Arc::clone(shared);
    thread::spawn(move || pump(from_camera, to_client, || other.0.lock().unwrap().failures > failures));
    pump(client, camera, || shared.0.lock().unwrap().failures > failures);
}

/// Passes bytes on until either end closes, and then tells the other one; swallows them once the connection is lost.
fn pump(mut from: TcpStream, mut to: TcpStream, is_lost: impl Fn() -> bool) {
    let mut bytes = [0; 1 << 16];
    loop {
        let count = from.read(&mut bytes).unwrap_or(0);
        let lost = is_lost();
        if count == 0 || (!lost && to.write_all(&bytes[..count]).is_err()) {
            if !lost {
                to.shutdown(Shutdown::Write).ok();
            }
            return;
        }
    }
}

/// Connections at this port that neither end has closed. Whoever closes one before opening the next has only one here:
/// its FIN came first.
fn established_at(port: u16) -> usize {
    let local = format!(":{port:04X}");
    let is_open = |line: &&str| {
        let mut fields = line.split_whitespace().skip(1);
        fields.next().is_some_and(|address| address.ends_with(&local)) && fields.nth(1) == Some("01")
    };
    fs::read_to_string("/proc/net/tcp").expect("Linux").lines().filter(is_open).count()
}

/// A reconnect after silence comes after 5 s.
const CONNECTION_LIMIT: Duration = Duration::from_secs(15);
