//! What is around an address at which no camera answers as it should: whether a printer is there at all, and where it is
//! if not there.

use std::net::IpAddr;

use tokio::time::timeout;

use super::Checkup;
use crate::discover::{Discovery, Printer, Sighting, probe_host, resolve};
use crate::{Place, Source};

/// What a look around has shown. All of it is hearsay.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// The printer that announces itself from the address.
    announced: Option<Printer>,
    /// The printer whose certificate the address shows, on whatever port.
    pub(super) shown: Option<Printer>,
    /// Printers that were heard elsewhere.
    pub(super) elsewhere: Vec<Printer>,
}

impl Surroundings {
    pub(super) async fn of(source: &Source, checkup: &Checkup) -> Self {
        let place = Place { host: source.url.host().to_owned(), port: None };
        let address = resolve(&place).await.ok();
        let (heard, shown) = tokio::join!(heard(checkup, address), shown(checkup, address));
        let (announced, elsewhere): (Vec<_>, Vec<_>) =
            heard.into_iter().partition(|printer| Some(printer.address) == address);
        Self { announced: announced.into_iter().next(), shown, elsewhere }
    }

    /// The printer at the address.
    pub(super) fn here(&self) -> Option<&Printer> {
        self.announced.as_ref().or(self.shown.as_ref())
    }

    /// Where a printer of this serial number was heard.
    pub(super) fn place_of(&self, serial: &str) -> Option<IpAddr> {
        let printer = self.elsewhere.iter().find(|printer| printer.serial.as_deref() == Some(serial));
        printer.map(|printer| printer.address)
    }

    /// Everything heard and shown, which is nobody else's business.
    pub(super) fn into_printers(self) -> Vec<Printer> {
        self.announced.into_iter().chain(self.shown).chain(self.elsewhere).collect()
    }
}

/// Printers that make themselves known; the one that is looked for ends the listening.
async fn heard(checkup: &Checkup, address: Option<IpAddr>) -> Vec<Printer> {
    let Ok(mut discovery) = Discovery::start(checkup.discovery.clone()) else { return Vec::new() };
    let wanted = |printer: &Printer| {
        Some(printer.address) == address || checkup.serial.is_some() && printer.serial == checkup.serial
    };
    let listening = async {
        loop {
            match discovery.next().await {
                Some(Sighting::Found(printer) | Sighting::Changed(printer)) if wanted(&printer) => return,
                Some(_) => {}
                None => return,
            }
        }
    };
    // What was heard by then is all there is.
    let _ = timeout(checkup.listen, listening).await;
    discovery.printers()
}

/// The printer whose certificate is shown at the address.
async fn shown(checkup: &Checkup, address: Option<IpAddr>) -> Option<Printer> {
    let finding = probe_host(address?, &checkup.discovery.probe).await;
    let is_printer = finding.is_printer();
    is_printer.then(|| Printer { serial: finding.serial, ports: finding.ports, ..Printer::at(finding.address) })
}
