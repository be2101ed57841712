//! How a printer tells the network that it is there: SSDP datagrams, with the headers of each model.

use std::net::IpAddr;

use crate::personality::Facts;

/// The forms in which printers make themselves known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnouncementForm {
    /// `full`: NOTIFY with all headers; as seen of an H2C.
    Full,
    /// `older-address`: the same, with an address of the older kind, `http://192.0.2.5:80/`.
    OlderAddress,
    /// `signal`: NOTIFY from port 1900 with the Wi-Fi signal, without NTS and DevInf; as seen of an A1.
    Signal,
    /// `answers-only`: only answers searches that come to port 1990; as seen of a P1S.
    AnswersOnly,
    /// `lower-case`: all headers, their names in lower case.
    LowerCase,
    /// `cloud`: all headers, of a printer that somebody has bound to the maker's cloud.
    Cloud,
    /// `bare`: NOTIFY with the serial number and nothing else; no header is sure to come.
    Bare,
}

/// One announcement.
#[derive(Debug)]
pub(crate) struct Announcement<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) form: AnnouncementForm,
    pub(crate) serial: &'a str,
    pub(crate) name: &'a str,
    /// The printer's address.
    pub(crate) address: IpAddr,
}

impl Announcement<'_> {
    /// An unasked datagram.
    pub(crate) fn notify(&self) -> String {
        let nts = if self.form == AnnouncementForm::Signal { "" } else { "NTS: ssdp:alive\r\n" };
        let headers = match self.form {
            AnnouncementForm::Bare => format!("NT: {DEVICE}\r\nUSN: {}\r\n", self.serial),
            _ => format!("Host: 239.255.255.250:1990\r\n{}NT: {DEVICE}\r\n{nts}{}", self.place(), self.device()),
        };
        format!("NOTIFY * HTTP/1.1\r\n{}\r\n", self.in_case(headers))
    }

    /// The answer to a search.
    pub(crate) fn answer(&self) -> String {
        let headers = format!("{}ST: {DEVICE}\r\nEXT:\r\n{}", self.place(), self.device());
        format!("HTTP/1.1 200 OK\r\n{headers}\r\n")
    }

    fn place(&self) -> String {
        let address = self.address;
        let location = match self.form {
            AnnouncementForm::OlderAddress => format!("http://{address}:80/"),
            _ => address.to_string(),
        };
        format!("Server: UPnP/1.0\r\nLocation: {location}\r\n")
    }

    fn device(&self) -> String {
        let Announcement { facts, serial, name, .. } = self;
        let own = match self.form {
            AnnouncementForm::Signal => "DevSignal.bambu.com: -45\r\n",
            _ => "DevInf.bambu.com: wlan0\r\n",
        };
        let [connect, bind] = match self.form {
            AnnouncementForm::Cloud => ["cloud", "occupied"],
            _ => ["lan", "free"],
        };
        format!(
            "USN: {serial}\r\nCache-Control: max-age=1800\r\n\
             DevModel.bambu.com: {}\r\nDevName.bambu.com: {name}\r\n\
             DevConnect.bambu.com: {connect}\r\nDevBind.bambu.com: {bind}\r\nDevseclink.bambu.com: secure\r\n{own}\
             DevVersion.bambu.com: 01.02.00.00\r\nDevCap.bambu.com: 1\r\n",
            facts.model_code
        )
    }

    fn in_case(&self, headers: String) -> String {
        if self.form != AnnouncementForm::LowerCase {
            return headers;
        }
        let lowered = headers.lines().filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some(format!("{}:{value}\r\n", name.to_lowercase()))
        });
        lowered.collect()
    }
}

/// Whether a datagram searches for such a printer, or for everything.
pub(crate) fn is_search(datagram: &[u8]) -> bool {
    let text = String::from_utf8_lossy(datagram);
    let mut lines = text.lines();
    let target = lines.clone().skip(1).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("st").then(|| value.trim())
    });
    lines.next().is_some_and(|line| line.starts_with("M-SEARCH "))
        && target.is_none_or(|target| target == DEVICE || target == "ssdp:all")
}

const DEVICE: &str = "urn:bambulab-com:device:3dprinter:1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Personality;

    #[test]
    fn each_form_has_its_headers() {
        use AnnouncementForm::*;
        for (form, has, has_not) in [
            (
                Full,
                &["\nLocation: 192.0.2.5\r", "\nUSN: SERIAL\r", "NTS", "DevModel.bambu.com: O1C\r"][..],
                "DevSignal",
            ),
            (OlderAddress, &["\nLocation: http://192.0.2.5:80/\r", "NTS: ssdp:alive", "DevInf"], "DevSignal"),
            (Signal, &["\nDevSignal.bambu.com: -45\r", "DevConnect.bambu.com: lan\r"], "NTS"),
            (Signal, &["\nUSN: SERIAL\r"], "DevInf"),
            (
                LowerCase,
                &["\ndevmodel.bambu.com: O1C\r", "\nusn: SERIAL\r", "\ndevname.bambu.com: Garage\r"],
                "DevModel",
            ),
            (Cloud, &["DevConnect.bambu.com: cloud\r", "DevBind.bambu.com: occupied\r"], "lan\r"),
            (Bare, &["\nUSN: SERIAL\r"], "Dev"),
        ] {
            let facts = Personality::H2c.facts();
            let address = IpAddr::from([192, 0, 2, 5]);
            let announcement = Announcement { facts, form, serial: "SERIAL", name: "Garage", address };
            let text = announcement.notify();
            assert!(has.iter().all(|header| text.contains(header)), "{form:?}: {text}");
            assert!(!text.contains(has_not), "{form:?}: {text}");
            assert!(text.starts_with("NOTIFY * HTTP/1.1\r\n") && text.ends_with("\r\n\r\n"), "{form:?}: {text}");
            assert!(!announcement.answer().contains("\nNT"), "{form:?}");
        }
    }

    #[test]
    fn searches_are_known() {
        for (text, want) in [
            ("M-SEARCH * HTTP/1.1\r\nST: urn:bambulab-com:device:3dprinter:1\r\n\r\n", true),
            ("M-SEARCH * HTTP/1.1\r\nMAN: \"ssdp:discover\"\r\nst:ssdp:all\r\n\r\n", true),
            ("M-SEARCH * HTTP/1.1\r\n\r\n", true),
            ("M-SEARCH * HTTP/1.1\r\nST: upnp:rootdevice\r\n\r\n", false),
            ("NOTIFY * HTTP/1.1\r\n\r\n", false),
            ("", false),
        ] {
            assert_eq!(is_search(text.as_bytes()), want, "{text}");
        }
    }
}
