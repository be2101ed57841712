//! Who is who: one entry a printer, whatever address it has.

use std::net::IpAddr;

use printcam_proto::quirks::{CameraProtocol, Model};
use printcam_proto::ssdp::{Announcement, Bind, Connect, Occasion};

use super::probe::{CameraPort, Finding, PortState};

/// A printer in the network, as far as it has been heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Printer {
    /// Its identity, which stays when the address changes.
    pub serial: Option<String>,
    /// What its owner calls it.
    pub name: Option<String>,
    /// Its model's code, as it says it.
    pub model_code: Option<String>,
    /// Where it has answered from.
    pub address: IpAddr,
    /// Where it believes itself to be, if that is somewhere else.
    pub advertised: Option<IpAddr>,
    /// How it takes orders.
    pub connect: Option<Connect>,
    /// Whether it belongs to somebody's account.
    pub bind: Option<Bind>,
    /// The firmware.
    pub version: Option<String>,
    /// Strength of its Wi-Fi in dBm. No [`Sighting`] of its own when it changes.
    pub signal: Option<i16>,
    /// The ports of its camera, where they have been looked at.
    pub ports: Vec<CameraPort>,
}

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sighting {
    /// A printer that was not known.
    Found(Printer),
    /// It has another address or name, or more is known of it.
    Changed(Printer),
    /// It has said that it goes.
    Left(Printer),
}

impl Printer {
    pub(crate) fn at(address: IpAddr) -> Self {
        Self {
            serial: None,
            name: None,
            model_code: None,
            address,
            advertised: None,
            connect: None,
            bind: None,
            version: None,
            signal: None,
            ports: Vec::new(),
        }
    }

    /// Its model: by the code, and only where it gives none, by the serial number. An unknown code is an unknown model.
    pub fn model(&self) -> Option<&'static Model> {
        match (&self.model_code, &self.serial) {
            (Some(code), _) => Model::of_code(code),
            (None, Some(serial)) => Model::of_serial(serial),
            (None, None) => None,
        }
    }

    /// How its camera is spoken to: as its model's is, or by the port that is open. `None` where neither is known.
    pub fn camera(&self) -> Option<CameraProtocol> {
        // In this order: an open port 6000 does not mean a camera where 322 is open, too.
        let open = |&protocol: &CameraProtocol| {
            self.ports.iter().any(|port| port.protocol == protocol && port.state == PortState::Open)
        };
        let by_port = || [CameraProtocol::Rtsps, CameraProtocol::Jpeg].into_iter().find(open);
        self.model().and_then(|model| model.camera).or_else(by_port)
    }

    fn take(&mut self, from: IpAddr, announcement: Announcement) {
        self.move_to(from);
        self.advertised = announcement.address.filter(|&address| address != from);
        // Every header is optional: what is not repeated still holds.
        let keep = |old: &mut Option<String>, new: Option<String>| *old = new.or(old.take());
        keep(&mut self.serial, announcement.serial);
        keep(&mut self.name, announcement.name);
        keep(&mut self.model_code, announcement.model);
        keep(&mut self.version, announcement.version);
        self.connect = announcement.connect.or(self.connect);
        self.bind = announcement.bind.or(self.bind);
        self.signal = announcement.signal.or(self.signal);
    }

    fn move_to(&mut self, address: IpAddr) {
        if self.address != address {
            self.address = address;
            // They were another address's.
            self.ports.clear();
        }
    }
}

/// All printers heard of.
#[derive(Debug, Default)]
pub(super) struct Roster {
    printers: Vec<Printer>,
}

/// Ten farms. Anybody in the network can make printers up.
const MAX_PRINTERS: usize = 1024;

impl Roster {
    pub(super) fn printers(&self) -> &[Printer] {
        &self.printers
    }

    /// An announcement came `from` this address, which is what counts, not the one in it.
    pub(super) fn announced(&mut self, from: IpAddr, announcement: Announcement) -> Option<Sighting> {
        if announcement.occasion == Occasion::Goodbye {
            let index = self.place(announcement.serial.as_deref(), from)?;
            return Some(Sighting::Left(self.printers.remove(index)));
        }
        self.update(announcement.serial.clone().as_deref(), from, |printer| printer.take(from, announcement))
    }

    /// Somebody has looked at an address.
    pub(super) fn probed(&mut self, finding: Finding) -> Option<Sighting> {
        let known = self.place(finding.serial.as_deref(), finding.address).is_some();
        if !known && !finding.is_printer() {
            return None;
        }
        self.update(finding.serial.clone().as_deref(), finding.address, |printer| {
            printer.move_to(finding.address);
            printer.serial = finding.serial.or(printer.serial.take());
            printer.ports = finding.ports;
        })
    }

    fn update(&mut self, serial: Option<&str>, from: IpAddr, change: impl FnOnce(&mut Printer)) -> Option<Sighting> {
        let Some(index) = self.place(serial, from) else {
            if self.printers.len() >= MAX_PRINTERS {
                return None;
            }
            let mut printer = Printer::at(from);
            change(&mut printer);
            self.printers.push(printer.clone());
            return Some(Sighting::Found(printer));
        };
        let printer = &mut self.printers[index];
        let before = printer.clone();
        change(printer);
        let same = Printer { signal: printer.signal, ..before } == *printer;
        (!same).then(|| Sighting::Changed(printer.clone()))
    }

    /// Where in the list the printer is: by its serial number, or by its address where either side knows no more.
    fn place(&self, serial: Option<&str>, address: IpAddr) -> Option<usize> {
        let by_serial = |printer: &Printer| serial.is_some() && printer.serial.as_deref() == serial;
        let by_address =
            |printer: &Printer| printer.address == address && (serial.is_none() || printer.serial.is_none());
        self.printers.iter().position(by_serial).or_else(|| self.printers.iter().position(by_address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: [u8; 4] = [192, 168, 1, 20];
    const AWAY: [u8; 4] = [10, 0, 0, 7];

    fn announcement(headers: &str) -> Announcement {
        Announcement::parse(format!("NOTIFY * HTTP/1.1\r\nDevCap.bambu.com: 1\r\n{headers}\r\n").as_bytes()).unwrap()
    }

    fn finding(address: [u8; 4], serial: Option<&str>, states: [PortState; 2]) -> Finding {
        let ports = [(CameraProtocol::Rtsps, states[0]), (CameraProtocol::Jpeg, states[1])]
            .map(|(protocol, state)| CameraPort { protocol, port: protocol.port(), state });
        Finding { address: address.into(), ports: ports.to_vec(), serial: serial.map(str::to_owned), speaks_tls: true }
    }

    #[test]
    fn a_printer_keeps_its_identity_when_it_moves() {
        let mut roster = Roster::default();
        let first = announcement("USN: 00M00A000000001\r\nDevName.bambu.com: Workshop\r\nLocation: 192.168.1.20");
        let Some(Sighting::Found(found)) = roster.announced(HOME.into(), first.clone()) else { panic!() };
        assert_eq!((found.address, found.advertised), (HOME.into(), None));
        assert_eq!(roster.announced(HOME.into(), first.clone()), None, "nothing new");
        let Some(Sighting::Changed(moved)) = roster.announced(AWAY.into(), first) else { panic!() };
        assert_eq!((moved.address, moved.advertised), (AWAY.into(), Some(HOME.into())), "where it answered counts");
        assert_eq!(moved.name.as_deref(), Some("Workshop"));
        assert_eq!(roster.printers().len(), 1);
    }

    #[test]
    fn another_printer_at_an_address_is_another_printer() {
        let mut roster = Roster::default();
        roster.announced(HOME.into(), announcement("USN: 00M00A000000001"));
        let other = roster.announced(HOME.into(), announcement("USN: 00M00A000000002"));
        assert!(matches!(other, Some(Sighting::Found(_))), "{other:?}");
        assert_eq!(roster.printers().len(), 2);
    }

    #[test]
    fn what_is_not_repeated_still_holds_and_the_signal_is_no_news() {
        let mut roster = Roster::default();
        roster.announced(HOME.into(), announcement("DevName.bambu.com: Workshop\r\nDevSignal.bambu.com: -50"));
        let Some(Sighting::Changed(named)) = roster.announced(HOME.into(), announcement("USN: 00M00A000000001")) else {
            panic!("the serial number is news")
        };
        assert_eq!((named.name.as_deref(), named.serial.as_deref()), (Some("Workshop"), Some("00M00A000000001")));
        assert_eq!(roster.announced(HOME.into(), announcement("DevSignal.bambu.com: -60")), None);
        assert_eq!(roster.printers()[0].signal, Some(-60));
    }

    #[test]
    fn goodbyes() {
        let mut roster = Roster::default();
        let goodbye = announcement("USN: 00M00A000000001\r\nNTS: ssdp:byebye");
        assert_eq!(roster.announced(HOME.into(), goodbye.clone()), None, "was not known");
        roster.announced(HOME.into(), announcement("USN: 00M00A000000001"));
        assert!(matches!(roster.announced(HOME.into(), goodbye), Some(Sighting::Left(_))));
        assert!(roster.printers().is_empty());
    }

    #[test]
    fn nobody_fills_the_memory() {
        let mut roster = Roster::default();
        for number in 0..2 * MAX_PRINTERS {
            roster.announced(HOME.into(), announcement(&format!("USN: 00M00A{number:09}")));
        }
        assert_eq!(roster.printers().len(), MAX_PRINTERS);
    }

    #[test]
    fn no_protocol_is_guessed() {
        use CameraProtocol::{Jpeg, Rtsps};
        use PortState::{Open, Refused};
        for (headers, ports, model, camera) in [
            ("DevModel.bambu.com: C12", None, Some("P1S"), Some(Jpeg)),
            ("USN: 01P00A000000000", None, Some("P1S"), Some(Jpeg)),
            ("DevModel.bambu.com: Z9", None, None, None),
            ("DevModel.bambu.com: Z9\r\nUSN: 01P00A000000000", None, None, None),
            ("DevModel.bambu.com: Z9", Some([Refused, Open]), None, Some(Jpeg)),
            ("DevModel.bambu.com: Z9", Some([Open, Open]), None, Some(Rtsps)),
            ("DevModel.bambu.com: Z9", Some([Refused, Refused]), None, None),
            ("DevModel.bambu.com: N9", None, Some("A2L"), None),
            ("DevModel.bambu.com: O1D", Some([Refused, Open]), Some("H2D"), Some(Rtsps)),
        ] {
            let mut roster = Roster::default();
            roster.announced(HOME.into(), announcement(headers));
            if let Some(ports) = ports {
                roster.probed(finding(HOME, None, ports));
            }
            let printer = &roster.printers()[0];
            assert_eq!(printer.model().map(|model| model.name), model, "{headers} {ports:?}");
            assert_eq!(printer.camera(), camera, "{headers} {ports:?}");
        }
    }

    #[test]
    fn a_probe_finds_printers_and_not_whatever_else_has_an_open_port() {
        use PortState::{Open, Refused, Silent};
        let mut roster = Roster::default();
        assert_eq!(roster.probed(finding(AWAY, None, [Silent, Silent])), None);
        assert_eq!(roster.probed(finding(AWAY, None, [Refused, Refused])), None);
        let found = roster.probed(finding(AWAY, Some("00M00A000000001"), [Open, Refused]));
        assert!(matches!(found, Some(Sighting::Found(_))), "{found:?}");
        let foreign = Finding { speaks_tls: false, ..finding(HOME, None, [Open, Refused]) };
        assert_eq!(roster.probed(foreign), None);
        let moved = roster.probed(finding(HOME, Some("00M00A000000001"), [Refused, Refused]));
        assert!(matches!(moved, Some(Sighting::Changed(_))), "{moved:?}");
    }
}
