//! How a printer tells the network that it is there: SSDP datagrams, with the headers of each model.

use std::net::IpAddr;

use crate::personality::Facts;

/// What a model announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// NOTIFY with all headers; as seen of an H2C.
    Full,
    /// The same, with an address of the older kind, `http://192.0.2.5:80/`.
    OlderAddress,
    /// NOTIFY from port 1900 with the Wi-Fi signal, without NTS and DevInf; as seen of an A1.
    Signal,
    /// Only answers searches that come to port 1990; as seen of a P1S.
    AnswersOnly,
}

/// One announcement.
#[derive(Debug)]
pub(crate) struct Announcement<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) serial: &'a str,
    pub(crate) name: &'a str,
    /// The printer's address.
    pub(crate) address: IpAddr,
}

impl Announcement<'_> {
    /// An unasked datagram.
    pub(crate) fn notify(&self) -> String {
        let habit = self.facts.announcement;
        let mut text = format!("NOTIFY * HTTP/1.1\r\nHost: 239.255.255.250:1990\r\n{}NT: {DEVICE}\r\n", self.place());
        if habit != Habit::Signal {
            text.push_str("NTS: ssdp:alive\r\n");
        }
        text + &self.device()
    }

    /// The answer to a search.
    pub(crate) fn answer(&self) -> String {
        format!("HTTP/1.1 200 OK\r\n{}ST: {DEVICE}\r\nEXT:\r\n{}", self.place(), self.device())
    }

    fn place(&self) -> String {
        let address = self.address;
        let location = match self.facts.announcement {
            Habit::OlderAddress => format!("http://{address}:80/"),
            _ => address.to_string(),
        };
        format!("Server: UPnP/1.0\r\nLocation: {location}\r\n")
    }

    fn device(&self) -> String {
        let Announcement { facts, serial, name, .. } = self;
        let own = match facts.announcement {
            Habit::Signal => "DevSignal.bambu.com: -45\r\n",
            _ => "DevInf.bambu.com: wlan0\r\n",
        };
        format!(
            "USN: {serial}\r\nCache-Control: max-age=1800\r\n\
             DevModel.bambu.com: {}\r\nDevName.bambu.com: {name}\r\n\
             DevConnect.bambu.com: lan\r\nDevBind.bambu.com: free\r\nDevseclink.bambu.com: secure\r\n{own}\
             DevVersion.bambu.com: 01.02.00.00\r\nDevCap.bambu.com: 1\r\n\r\n",
            facts.model_code
        )
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
    fn each_model_has_its_headers() {
        for (personality, has, has_not) in [
            (
                Personality::X1c,
                &["Location: http://192.0.2.5:80/", "NTS: ssdp:alive", "DevInf"][..],
                &["DevSignal"][..],
            ),
            (
                Personality::H2c,
                &["NOTIFY * HTTP/1.1", "Location: 192.0.2.5\r", "USN: SERIAL\r", "NTS", "DevModel.bambu.com: O1C\r"],
                &["DevSignal"],
            ),
            (Personality::A1, &["DevSignal.bambu.com: -45", "DevModel.bambu.com: N2S\r"], &["NTS", "DevInf"]),
        ] {
            let address = IpAddr::from([192, 0, 2, 5]);
            let announcement = Announcement { facts: personality.facts(), serial: "SERIAL", name: "Garage", address };
            let text = announcement.notify();
            assert!(has.iter().all(|header| text.contains(header)), "{personality}: {text}");
            assert!(!has_not.iter().any(|header| text.contains(header)), "{personality}: {text}");
            assert!(text.ends_with("\r\n\r\n") && text.contains("DevName.bambu.com: Garage\r\n"), "{personality}");
            assert!(!announcement.answer().contains("\nNT"), "{personality}");
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
