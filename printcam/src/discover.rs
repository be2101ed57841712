//! Which printers there are: they announce themselves every few seconds, answer when asked, and can be looked for.
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), printcam::discover::DiscoveryError> {
//! use printcam::discover::{Discovery, DiscoveryOptions, Sighting};
//!
//! let mut discovery = Discovery::start(DiscoveryOptions::default())?;
//! while let Some(sighting) = discovery.next().await {
//!     if let Sighting::Found(printer) = sighting {
//!         println!("{} at {}", printer.serial.as_deref().unwrap_or("a printer"), printer.address);
//!     }
//! }
//! # Ok(()) }
//! ```

mod identify;
mod probe;
mod roster;
mod sockets;
mod subnet;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use printcam_proto::ssdp::{self, Announcement};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

pub(crate) use identify::resolve;
pub use identify::{identify, locate};
pub use printcam_proto::quirks::{CameraProtocol, Model};
pub use printcam_proto::ssdp::{Bind, Connect};
pub use probe::{CameraPort, Finding, PortState, ProbeOptions, probe_host};
pub use roster::{Printer, Sighting};
pub use subnet::{Subnet, SubnetError};

use crate::lock;
use probe::Looking;
use roster::Roster;

/// Where to listen and whom to ask. The default is what printers expect; other ports are for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryOptions {
    /// The address to listen on; with another one than `0.0.0.0` no broadcast is heard.
    pub bind: Ipv4Addr,
    /// UDP ports to listen on.
    pub ports: Vec<u16>,
    /// Where to ask. A multicast group is asked on each interface, and `255.255.255.255` is each network's broadcast
    /// address, too.
    pub search: Vec<SocketAddrV4>,
    /// How hosts are looked at.
    pub probe: ProbeOptions,
}

impl Default for DiscoveryOptions {
    fn default() -> Self {
        let groups = [ssdp::GROUP, Ipv4Addr::BROADCAST];
        let search = ssdp::PORTS.iter().flat_map(|&port| groups.map(|group| SocketAddrV4::new(group, port))).collect();
        Self { bind: Ipv4Addr::UNSPECIFIED, ports: ssdp::PORTS.to_vec(), search, probe: ProbeOptions::default() }
    }
}

/// Why nothing can be discovered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// None of the ports could be listened on; this is the first one's reason.
    #[error("cannot listen for printers on UDP port {port}: {error}")]
    NoPort {
        /// The port.
        port: u16,
        /// The system's answer.
        error: io::Error,
    },
    /// There is no socket to ask from.
    #[error("cannot search for printers: {0}")]
    NoSearch(io::Error),
}

/// Listens, asks, and tells of printers until it is dropped.
#[derive(Debug)]
pub struct Discovery {
    shared: Arc<Shared>,
    sightings: mpsc::Receiver<Sighting>,
    listening: Vec<SocketAddr>,
    probe: ProbeOptions,
    tasks: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    roster: Mutex<Roster>,
    told: mpsc::Sender<Sighting>,
}

impl Discovery {
    /// Begins to listen and to ask.
    ///
    /// # Errors
    /// [`DiscoveryError::NoPort`] if not one of the ports can be listened on. Some suffice: other programs may hold the
    /// rest for themselves.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(options: DiscoveryOptions) -> Result<Self, DiscoveryError> {
        let (told, sightings) = mpsc::channel(MAX_UNTOLD);
        let shared = Arc::new(Shared { roster: Mutex::default(), told });
        let mut tasks = JoinSet::new();
        let mut listeners = Vec::new();
        let mut refused = None;
        for &port in &options.ports {
            match sockets::listener(SocketAddrV4::new(options.bind, port)) {
                Ok(socket) => listeners.push(Arc::new(socket)),
                Err(error) => {
                    tracing::info!(target: "printcam::discover", port, %error, "cannot listen");
                    refused.get_or_insert(DiscoveryError::NoPort { port, error });
                }
            }
        }
        if let Some(refused) = refused.filter(|_| listeners.is_empty()) {
            return Err(refused);
        }
        let listening = listeners.iter().filter_map(|socket| socket.local_addr().ok()).collect();
        // Answers come back to a port of our own: those above are shared with other programs.
        let asking = Arc::new(sockets::asking(options.bind).map_err(DiscoveryError::NoSearch)?);
        for socket in listeners.iter().chain([&asking]) {
            tasks.spawn(listen(Arc::clone(socket), Arc::clone(&shared)));
        }
        tasks.spawn(ask(asking, listeners, options.bind, options.search));
        Ok(Self { shared, sightings, listening, probe: options.probe, tasks })
    }

    /// What has changed next: a printer found, changed, gone. `None` never comes while this lives.
    pub async fn next(&mut self) -> Option<Sighting> {
        self.sightings.recv().await
    }

    /// All printers known now, in the order in which they were found.
    pub fn printers(&self) -> Vec<Printer> {
        lock(&self.shared.roster).printers().to_vec()
    }

    /// Where it listens.
    pub fn listening_on(&self) -> &[SocketAddr] {
        &self.listening
    }

    /// Looks at each address of a subnet, a few at a time: whether the ports of cameras are open, and whose certificate
    /// is there. Resolves when it is through; what is found comes as [`Sighting`]s. It goes on if nobody waits.
    pub fn probe(&mut self, subnet: Subnet) -> impl Future<Output = ()> + use<> {
        let (through, wait) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        let mut looking = Looking::at(subnet, self.probe.clone());
        self.tasks.spawn(async move {
            while let Some(finding) = looking.next().await {
                let sighting = lock(&shared.roster).probed(finding);
                shared.tell(sighting).await;
            }
            let _ = through.send(());
        });
        async { wait.await.unwrap_or(()) }
    }
}

impl Shared {
    /// Waits where nobody takes the sightings; datagrams are then lost, and printers announce themselves again.
    async fn tell(&self, sighting: Option<Sighting>) {
        if let Some(sighting) = sighting {
            let _ = self.told.send(sighting).await;
        }
    }
}

async fn listen(socket: Arc<UdpSocket>, shared: Arc<Shared>) {
    let mut datagram = [0; ssdp::MAX_DATAGRAM + 1];
    loop {
        let (length, from) = match socket.recv_from(&mut datagram).await {
            Ok(received) => received,
            // An answer to something we sent, such as "port unreachable"; or the network is going away.
            Err(error) => {
                tracing::debug!(target: "printcam::discover", %error, "not received");
                tokio::time::sleep(AFTER_ERROR).await;
                continue;
            }
        };
        match Announcement::parse(&datagram[..length]) {
            Ok(announcement) => {
                tracing::debug!(target: "printcam::discover", %from, ?announcement, "announced");
                let sighting = lock(&shared.roster).announced(from.ip().to_canonical(), announcement);
                shared.tell(sighting).await;
            }
            Err(discard) => tracing::trace!(target: "printcam::discover", %from, %discard, "ignored"),
        }
    }
}

/// Asks soon and often at first, then now and then. Networks come and go: each time the group is joined again on what
/// there is.
async fn ask(from: Arc<UdpSocket>, listeners: Vec<Arc<UdpSocket>>, bind: Ipv4Addr, search: Vec<SocketAddrV4>) {
    for pause in SEARCH_PAUSES.into_iter().chain(std::iter::repeat(SEARCH_EVERY)) {
        let networks = sockets::networks(bind);
        for listener in &listeners {
            sockets::join(listener, &networks);
        }
        for &to in &search {
            sockets::send(&from, ssdp::search(to.port(), SEARCH_WAIT).as_bytes(), to, &networks).await;
        }
        tokio::time::sleep(pause).await;
    }
}

/// Sightings that nobody has taken yet; more than any household or farm has printers.
const MAX_UNTOLD: usize = 256;

/// A broken socket must not keep a core busy.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// Datagrams get lost, so the first question is repeated.
const SEARCH_PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// Printers announce themselves every 5 to 10 s anyway.
const SEARCH_EVERY: Duration = Duration::from_secs(10);

/// Within which printers shall answer.
const SEARCH_WAIT: Duration = Duration::from_secs(1);
