//! An address as a person types it: a URL, a host, or the name of a printer in the configuration.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use printcam_proto::quirks::CameraProtocol;
use printcam_proto::rtsp::{Credentials, RtspUrl, UrlError};

use crate::Source;

/// Which camera is meant.
///
/// ```
/// use printcam::Address;
/// assert!(matches!("workshop".parse(), Ok(Address::Name(_))));
/// assert!(matches!("192.168.1.20".parse(), Ok(Address::Place(_))));
/// assert!(matches!("rtsps://bblp:12345678@192.168.1.20/streaming/live/1".parse(), Ok(Address::Url(_))));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// Says everything: `rtsps://`, `rtsp://`, `jpegs://`.
    Url(Source),
    /// Says where; what is there has to be found out.
    Place(Place),
    /// A printer in the configuration.
    Name(String),
}

/// A host: an IP address, or a name with a dot or a port, which no printer's name in the configuration has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name or address, IPv6 without brackets.
    pub host: String,
    /// The port, if one was given.
    pub port: Option<u16>,
}

impl FromStr for Address {
    type Err = UrlError;

    /// # Errors
    /// Never quotes the text: it may hold the access code.
    fn from_str(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        if text.contains("://") {
            return Ok(Self::Url(text.parse()?));
        }
        if is_printer_name(text) && text.parse::<IpAddr>().is_err() {
            return Ok(Self::Name(text.to_owned()));
        }
        if !text.contains(['.', ':']) {
            return Err(UrlError::Scheme);
        }
        Ok(Self::Place(text.parse()?))
    }
}

/// Whether a printer in the configuration may be called so: letters, digits, `-` and `_`, at most 64 of them.
pub(crate) fn is_printer_name(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    (1..=MAX_NAME).contains(&text.chars().count()) && text.chars().all(plain) && !text.starts_with('-')
}

/// Longer names fit no table.
const MAX_NAME: usize = 64;

impl FromStr for Place {
    type Err = UrlError;

    /// `192.168.1.20`, `printer.local:322`, `fe80::1`, `[fe80::1]:322`.
    fn from_str(text: &str) -> Result<Self, UrlError> {
        if let Ok(address) = text.parse::<Ipv6Addr>() {
            return Ok(Self { host: address.to_string(), port: None });
        }
        // Credentials belong into a URL; who forgot its beginning shall be told so.
        if text.contains(['@', '/', '?', '#']) {
            return Err(UrlError::Scheme);
        }
        let (url, _) = RtspUrl::parse(&format!("rtsps://{text}"))?;
        let has_port = text.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
        Ok(Self { host: url.host().to_owned(), port: has_port.then(|| url.port()) })
    }
}

impl Place {
    /// A camera's stream there, as printers have it.
    ///
    /// # Errors
    /// Those of a URL, for a host that was not parsed.
    pub fn source(&self, camera: CameraProtocol, credentials: Credentials) -> Result<Source, UrlError> {
        let at = Self { port: Some(self.port.unwrap_or(camera.port())), ..self.clone() };
        let url = match camera {
            CameraProtocol::Rtsps => format!("rtsps://{at}{LIVE}"),
            CameraProtocol::Jpeg => format!("jpegs://{at}"),
        };
        let (url, _) = RtspUrl::parse(&url)?;
        Ok(Source { url, credentials: Some(credentials) })
    }

    /// The protocol that the port says, if one was given.
    pub fn camera(&self) -> Option<CameraProtocol> {
        let jpeg = CameraProtocol::Jpeg;
        self.port.map(|port| if port == jpeg.port() { jpeg } else { CameraProtocol::Rtsps })
    }
}

/// Where all printers of that protocol have it.
pub(crate) const LIVE: &str = "/streaming/live/1";

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        match port {
            Some(port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Some(port) => write!(f, "{host}:{port}"),
            None => f.write_str(host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type() {
        for (text, want) in [
            ("workshop", None),
            ("K\u{fc}che_2", None),
            ("3", None),
            ("192.168.1.20", Some(("192.168.1.20", None))),
            ("192.168.1.20:3322", Some(("192.168.1.20", Some(3322)))),
            ("printer.local", Some(("printer.local", None))),
            ("localhost:322", Some(("localhost", Some(322)))),
            ("fe80::1", Some(("fe80::1", None))),
            ("[fe80::1]", Some(("fe80::1", None))),
            ("[fe80::1]:322", Some(("fe80::1", Some(322)))),
        ] {
            let address: Address = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            match (address, want) {
                (Address::Name(name), None) => assert_eq!(name, text),
                (Address::Place(place), Some((host, port))) => {
                    assert_eq!((place.host.as_str(), place.port), (host, port), "{text}");
                }
                (other, _) => panic!("{text}: {other:?}"),
            }
        }
        let source = "rtsps://bblp:12345678@192.168.1.20/streaming/live/1";
        assert_eq!(source.parse(), Ok(Address::Url(source.parse().unwrap())));
    }

    #[test]
    fn what_is_refused() {
        for text in ["", "a b", "12345678@192.168.1.20", "bblp:12345678@host", "host/path", "http://host/", "a:b", "-x"]
        {
            assert!(text.parse::<Address>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn sources_of_places() {
        let credentials = Credentials::new("bblp", "12345678");
        for (text, camera, want) in [
            ("192.168.1.20", CameraProtocol::Rtsps, "rtsps://192.168.1.20:322/streaming/live/1"),
            ("[fe80::1]:3322", CameraProtocol::Rtsps, "rtsps://[fe80::1]:3322/streaming/live/1"),
            ("192.168.1.20", CameraProtocol::Jpeg, "jpegs://192.168.1.20:6000"),
        ] {
            let place: Place = text.parse().unwrap();
            let source = place.source(camera, credentials.clone()).unwrap();
            assert_eq!(
                (source.to_string().as_str(), &source.credentials),
                (want, &Some(credentials.clone())),
                "{text}"
            );
        }
    }
}
