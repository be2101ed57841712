//! How printers make themselves known: SSDP datagrams (UPnP Device Architecture 1.1 §1), as printers write them.
//!
//! Every header may be missing, and firmware differs in most of them: what can be read is taken, the rest is not there.

use std::net::IpAddr;
use std::time::Duration;

/// Where printers are announced, and asked for.
pub const GROUP: std::net::Ipv4Addr = std::net::Ipv4Addr::new(239, 255, 255, 250);

/// UDP ports on which they do so: the makers' own two, and that of SSDP.
pub const PORTS: [u16; 3] = [2021, 1990, 1900];

/// What a printer has said of itself. All of it is its word only, and everybody in the network can say the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Announcement {
    /// What it was said for.
    pub occasion: Occasion,
    /// `USN`: the serial number, which is the printer's identity.
    pub serial: Option<String>,
    /// `DevName`: what its owner calls it.
    pub name: Option<String>,
    /// `DevModel`: the model's code.
    pub model: Option<String>,
    /// `Location`: where it believes itself to be. Wrong after a move to another network.
    pub address: Option<IpAddr>,
    /// `DevConnect`: how it takes orders.
    pub connect: Option<Connect>,
    /// `DevBind`: whether it belongs to somebody's account.
    pub bind: Option<Bind>,
    /// `DevVersion`: the firmware.
    pub version: Option<String>,
    /// `DevSignal`: strength of its Wi-Fi in dBm.
    pub signal: Option<i16>,
    /// `Cache-Control: max-age`: for how long this counts.
    pub max_age: Option<Duration>,
}

/// What an announcement was made for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Occasion {
    /// NOTIFY, `ssdp:alive` or without a reason.
    #[default]
    Alive,
    /// NOTIFY, `ssdp:byebye`: it goes.
    Goodbye,
    /// The answer to M-SEARCH.
    Answer,
}

/// How a printer takes orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connect {
    /// LAN mode.
    Lan,
    /// By the maker's cloud.
    Cloud,
}

/// Whether a printer belongs to somebody's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bind {
    /// It does not.
    Free,
    /// It does.
    Occupied,
}

/// Why a datagram says nothing about a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Discard {
    /// Over [`MAX_DATAGRAM`] bytes.
    #[error("larger than {MAX_DATAGRAM} bytes")]
    TooLarge,
    /// No SSDP message.
    #[error("not SSDP")]
    NotSsdp,
    /// Somebody searches, as we do.
    #[error("a search")]
    Search,
    /// Another kind of device: routers and televisions use port 1900, too.
    #[error("another kind of device")]
    OtherDevice,
}

impl Announcement {
    /// Reads one datagram.
    ///
    /// # Errors
    /// Why it says nothing about a printer.
    pub fn parse(datagram: &[u8]) -> Result<Self, Discard> {
        if datagram.len() > MAX_DATAGRAM {
            return Err(Discard::TooLarge);
        }
        let mut lines = datagram.split(|&byte| byte == b'\n').map(|line| line.trim_ascii());
        let mut announcement = Self { occasion: occasion(lines.next().unwrap_or_default())?, ..Self::default() };
        let mut kind = None;
        let mut printers_own = false;
        for line in lines.take_while(|line| !line.is_empty()).take(MAX_HEADERS) {
            let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
            let (name, value) = (line[..colon].trim_ascii().to_ascii_lowercase(), line[colon + 1..].trim_ascii());
            if let Some(own) = name.strip_suffix(OWN_HEADERS) {
                printers_own = true;
                announcement.read_own(own, value);
            } else if matches!(&name[..], b"nt" | b"st") {
                kind = Some(value.eq_ignore_ascii_case(DEVICE_TYPE.as_bytes()));
            } else {
                announcement.read(&name, value);
            }
        }
        // The device type may be missing, and may be new: the headers that only printers have say enough.
        if printers_own || kind == Some(true) { Ok(announcement) } else { Err(Discard::OtherDevice) }
    }

    fn read(&mut self, name: &[u8], value: &[u8]) {
        match name {
            b"usn" => self.serial = serial(value),
            b"location" => self.address = std::str::from_utf8(value).ok().and_then(address),
            b"nts" if value.eq_ignore_ascii_case(b"ssdp:byebye") => self.occasion = Occasion::Goodbye,
            b"cache-control" => self.max_age = max_age(value),
            _ => {}
        }
    }

    fn read_own(&mut self, name: &[u8], value: &[u8]) {
        match name {
            b"devname" => self.name = text(value),
            b"devmodel" => self.model = text(value),
            b"devversion" => self.version = text(value),
            b"devconnect" => {
                self.connect = match &value.to_ascii_lowercase()[..] {
                    b"lan" => Some(Connect::Lan),
                    b"cloud" => Some(Connect::Cloud),
                    _ => None,
                }
            }
            b"devbind" => {
                self.bind = match &value.to_ascii_lowercase()[..] {
                    b"free" => Some(Bind::Free),
                    b"occupied" => Some(Bind::Occupied),
                    _ => None,
                }
            }
            b"devsignal" => self.signal = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok()),
            _ => {}
        }
    }
}

/// The datagram that asks all printers to make themselves known, within `wait` (whole seconds, at least one).
pub fn search(port: u16, wait: Duration) -> String {
    let wait = wait.as_secs().max(1);
    format!(
        "M-SEARCH * HTTP/1.1\r\nHost: {GROUP}:{port}\r\nMan: \"ssdp:discover\"\r\nMX: {wait}\r\nST: {DEVICE_TYPE}\r\n\r\n"
    )
}

fn occasion(first_line: &[u8]) -> Result<Occasion, Discard> {
    let first_word = first_line.split(|&byte| byte == b' ').next().unwrap_or_default().to_ascii_uppercase();
    match &first_word[..] {
        b"NOTIFY" => Ok(Occasion::Alive),
        b"M-SEARCH" => Err(Discard::Search),
        status if status.starts_with(b"HTTP/") => Ok(Occasion::Answer),
        _ => Err(Discard::NotSsdp),
    }
}

/// Bare, or as UPnP has it: `uuid:<serial>::<device type>`.
fn serial(value: &[u8]) -> Option<String> {
    let value = std::str::from_utf8(value).ok()?;
    let value = value.strip_prefix("uuid:").unwrap_or(value);
    let value = value.split_once("::").map_or(value, |(serial, _)| serial);
    let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (plain && !value.is_empty() && value.len() <= MAX_SERIAL).then(|| value.to_owned())
}

/// `192.168.1.20`, `http://192.168.1.20:80/`, `[fe80::1]:80` and whatever lies between.
fn address(value: &str) -> Option<IpAddr> {
    let value = value.split_once("://").map_or(value, |(_, rest)| rest);
    let value = value.split_once('/').map_or(value, |(host, _)| host);
    if let Some(v6) = value.strip_prefix('[') {
        return v6.split_once(']')?.0.parse().ok();
    }
    value.parse().ok().or_else(|| value.rsplit_once(':')?.0.parse().ok())
}

fn max_age(value: &[u8]) -> Option<Duration> {
    let value = std::str::from_utf8(value).ok()?.to_ascii_lowercase();
    let (_, after) = value.split_once("max-age")?;
    let digits = after.trim_start_matches([' ', '=']);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok().map(Duration::from_secs)
}

/// UTF-8, or Latin-1 where it is none. What could move a terminal's cursor is replaced.
fn text(value: &[u8]) -> Option<String> {
    let visible = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    let text: String = match std::str::from_utf8(value) {
        Ok(text) => text.chars().map(visible).take(MAX_TEXT).collect(),
        Err(_) => value.iter().map(|&byte| visible(byte.into())).take(MAX_TEXT).collect(),
    };
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Printers send some 500 bytes; what fills more than an Ethernet frame with room to spare is none of theirs.
pub const MAX_DATAGRAM: usize = 4096;

/// Three times as many as any printer sends.
const MAX_HEADERS: usize = 64;

/// Characters of a name; the printers' screens allow 32.
const MAX_TEXT: usize = 64;

/// Serial numbers have 15 characters.
const MAX_SERIAL: usize = 32;

const DEVICE_TYPE: &str = "urn:bambulab-com:device:3dprinter:1";

/// How the names of the headers end that only printers send.
const OWN_HEADERS: &[u8] = b".bambu.com";

#[cfg(test)]
mod tests;
