//! Looking at an address: which ports of cameras are open there, and whose certificate it shows. Nothing is said beyond
//! the TLS handshake, and each connection is closed properly: a printer may serve one client only.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic;
use std::time::Duration;

use printcam_proto::quirks::{CameraProtocol, Model};
use tokio::task::JoinSet;

use super::Subnet;
use crate::cameras::is_in_use;
use crate::connect::{ConnectError, ConnectOptions, Target, connect};
use crate::{KnownPrinters, TlsOptions, Trust};

/// How hosts are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeOptions {
    /// The ports of cameras, in the order in which they are tried.
    pub ports: Vec<(CameraProtocol, u16)>,
    /// Other ports on which every printer shows its certificate, its live view being switched on or not: MQTT on 8883 and
    /// FTPS on 990. Looked at where no camera did.
    pub services: Vec<u16>,
    /// For a connection by TCP: 1 s.
    pub tcp_timeout: Duration,
    /// For TLS after that: 4 s. A slow printer takes one.
    pub tls_timeout: Duration,
    /// Hosts looked at at the same time: 16.
    pub at_once: usize,
}

impl Default for ProbeOptions {
    fn default() -> Self {
        Self {
            ports: [CameraProtocol::Rtsps, CameraProtocol::Jpeg].map(|protocol| (protocol, protocol.port())).to_vec(),
            services: vec![8883, 990],
            tcp_timeout: Duration::from_secs(1),
            tls_timeout: Duration::from_secs(4),
            at_once: 16,
        }
    }
}

/// What was found at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The address.
    pub address: IpAddr,
    /// Its ports, as far as they were tried: an address that is silent once is not asked again.
    pub ports: Vec<CameraPort>,
    /// The serial number in its certificate. Its word only: anybody can make such a certificate.
    pub serial: Option<String>,
    /// Something speaks TLS there, or took the connection and is silent, as printers are that hang or serve another.
    pub speaks_tls: bool,
}

/// A port of a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CameraPort {
    /// What is spoken there.
    pub protocol: CameraProtocol,
    /// TCP port.
    pub port: u16,
    /// Whether somebody listens.
    pub state: PortState,
}

/// Whether somebody listens on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortState {
    /// Somebody does.
    Open,
    /// The host is there, and nobody does: live view is off, or the model has no such port.
    Refused,
    /// Nothing came back.
    Silent,
}

impl Finding {
    /// Whether a printer of ours is there, and not just any host.
    pub fn is_printer(&self) -> bool {
        self.serial.as_deref().is_some_and(|serial| Model::of_serial(serial).is_some())
    }

    /// The protocol whose port is open.
    pub fn open(&self) -> Option<CameraPort> {
        self.ports.iter().copied().find(|port| port.state == PortState::Open)
    }
}

/// Looks at one address.
pub async fn probe_host(address: IpAddr, options: &ProbeOptions) -> Finding {
    let mut finding = Finding { address, ports: Vec::new(), serial: None, speaks_tls: false };
    for &(protocol, port) in &options.ports {
        let state = look(&mut finding, port, options).await;
        finding.ports.push(CameraPort { protocol, port, state });
        // Nobody there: the other ports would be as silent, and take as long. One port with a certificate says enough.
        if state == PortState::Silent || finding.speaks_tls {
            return finding;
        }
    }
    for &port in &options.services {
        look(&mut finding, port, options).await;
        if finding.serial.is_some() {
            break;
        }
    }
    finding
}

/// A subnet that is being looked at.
pub(super) struct Looking {
    hosts: Box<dyn Iterator<Item = Ipv4Addr> + Send>,
    options: ProbeOptions,
    busy: JoinSet<Finding>,
}

impl Looking {
    pub(super) fn at(subnet: Subnet, options: ProbeOptions) -> Self {
        Self { hosts: Box::new(subnet.hosts()), options, busy: JoinSet::new() }
    }

    /// The next address that has answered; `None` when all were looked at.
    pub(super) async fn next(&mut self) -> Option<Finding> {
        loop {
            while self.busy.len() < self.options.at_once.max(1)
                && let Some(host) = self.hosts.next()
            {
                let options = self.options.clone();
                self.busy.spawn(async move { probe_host(host.into(), &options).await });
            }
            let finding = self.busy.join_next().await?.unwrap_or_else(|error| panic::resume_unwind(error.into_panic()));
            if finding.ports.iter().any(|port| port.state != PortState::Silent) {
                tracing::debug!(target: "printcam::discover", ?finding, "looked at");
                return Some(finding);
            }
        }
    }
}

async fn look(finding: &mut Finding, port: u16, options: &ProbeOptions) -> PortState {
    let address = SocketAddr::new(finding.address, port);
    if is_in_use(address) {
        // By this program: a second connection could cost it the first.
        finding.speaks_tls = true;
        return PortState::Open;
    }
    let target = Target::new(&finding.address.to_string(), port);
    // Whoever it is: nothing is told to him.
    let tls = TlsOptions::new(Trust::FirstUse(KnownPrinters::in_memory()));
    let connect_options = ConnectOptions {
        tcp_timeout: options.tcp_timeout,
        server_hello_timeout: options.tls_timeout,
        handshake_timeout: options.tls_timeout,
        ..ConnectOptions::tls(tls)
    };
    match connect(&target, &connect_options).await {
        Ok(connected) => {
            finding.speaks_tls = true;
            finding.serial = connected.tls.and_then(|tls| tls.subject).filter(|subject| is_serial(subject));
            connected.stream.close(CLOSE_WITHIN).await;
            PortState::Open
        }
        Err(ConnectError::Refused { .. }) => PortState::Refused,
        Err(ConnectError::Hung { .. } | ConnectError::ClosedDuringHandshake { .. }) => {
            finding.speaks_tls = true;
            PortState::Open
        }
        Err(ConnectError::Tls { .. } | ConnectError::CertificateUntrusted { .. } | ConnectError::NotTls { .. }) => {
            PortState::Open
        }
        Err(_) => PortState::Silent,
    }
}

/// A common name that can be a serial number, and not that of a website.
fn is_serial(subject: &str) -> bool {
    (10..=32).contains(&subject.len()) && subject.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// For the good-bye.
const CLOSE_WITHIN: Duration = Duration::from_millis(500);
