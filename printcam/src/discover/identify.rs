//! What is at one address, and where one printer is.

use std::net::{IpAddr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use printcam_proto::ssdp;
use tokio::net::lookup_host;
use tokio::time::timeout;

use super::{Discovery, DiscoveryOptions, Printer, Sighting, probe_host};
use crate::Place;
use crate::connect::ConnectError;

/// The printer at a place: as it announces itself from there within `patience`; and if that does not tell how its camera
/// is spoken to, what its ports say. All of it is hearsay, and nothing to trust a peer by.
///
/// # Errors
/// [`ConnectError::NameNotFound`].
pub async fn identify(place: &Place, options: &DiscoveryOptions, patience: Duration) -> Result<Printer, ConnectError> {
    let address = resolve(place).await?;
    let mut options = options.clone();
    if let IpAddr::V4(v4) = address
        && !options.search.is_empty()
    {
        // It may be in another network, which groups do not reach.
        options.search.extend(ssdp::PORTS.map(|port| SocketAddrV4::new(v4, port)));
    }
    let heard = first(&options, patience, |printer| printer.address == address).await;
    let mut printer = heard.unwrap_or_else(|| Printer::at(address));
    if printer.camera().is_none() {
        let finding = probe_host(address, &options.probe).await;
        printer.serial = printer.serial.or(finding.serial);
        printer.ports = finding.ports;
    }
    Ok(printer)
}

/// The printer of this serial number, if it makes itself known within `patience`.
pub async fn locate(serial: &str, options: &DiscoveryOptions, patience: Duration) -> Option<Printer> {
    first(options, patience, |printer| printer.serial.as_deref() == Some(serial)).await
}

async fn first(options: &DiscoveryOptions, patience: Duration, wanted: impl Fn(&Printer) -> bool) -> Option<Printer> {
    let mut discovery = Discovery::start(options.clone())
        .inspect_err(|error| tracing::info!(target: "printcam::discover", %error, "not listening"))
        .ok()?;
    let heard = async {
        loop {
            match discovery.next().await? {
                Sighting::Found(printer) | Sighting::Changed(printer) if wanted(&printer) => return Some(printer),
                _ => {}
            }
        }
    };
    timeout(patience, heard).await.ok().flatten()
}

/// The address of a place, IPv4 before IPv6.
pub(crate) async fn resolve(place: &Place) -> Result<IpAddr, ConnectError> {
    if let Ok(address) = place.host.parse() {
        return Ok(address);
    }
    let not_found = || ConnectError::NameNotFound { host: place.host.clone() };
    let found = timeout(LOOKUP_WITHIN, lookup_host((place.host.as_str(), 0))).await.map_err(|_| not_found())?;
    let found: Vec<SocketAddr> = found.map_err(|_| not_found())?.collect();
    // Printers announce themselves by IPv4.
    let best = found.iter().find(|address| address.is_ipv4()).or_else(|| found.first());
    best.map(SocketAddr::ip).ok_or_else(not_found)
}

/// For the name's address.
const LOOKUP_WITHIN: Duration = Duration::from_secs(5);
