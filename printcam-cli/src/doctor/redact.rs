//! Taking out of a text what nobody but the printer's owner should read.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use printcam::discover::Model;

/// Replaces secrets by names that stay the same throughout.
pub(super) struct Redactor {
    /// What to replace by what, in this order.
    known: Vec<(String, String)>,
    addresses: HashMap<IpAddr, usize>,
}

impl Redactor {
    /// Of these texts, such as access codes and names; empty ones count for nothing.
    pub(super) fn new(secrets: impl IntoIterator<Item = (String, &'static str)>) -> Self {
        let mut known: Vec<_> = secrets
            .into_iter()
            .filter(|(secret, _)| !secret.is_empty())
            .map(|(secret, name)| (secret, name.to_owned()))
            .collect();
        // The longest first: one may be a part of another.
        known.sort_by_key(|(secret, _)| std::cmp::Reverse(secret.len()));
        Self { known, addresses: HashMap::new() }
    }

    /// The text without secrets, serial numbers and addresses. Loopback stays: it is everybody's.
    pub(super) fn redact(&mut self, text: &str) -> String {
        // Before what is known: a code may be a part of a serial number, and would leave the rest of it.
        let mut text = each_word(text, |c| c.is_ascii_alphanumeric() || c == '.', without_serial);
        for (key, name) in ANNOUNCED {
            text = without_value(&text, key, name);
        }
        for (secret, name) in &self.known {
            text = text.replace(secret, name);
        }
        let text = each_word(&text, |c| c.is_ascii_alphanumeric() || c == '.', |word| self.without_address(word));
        each_word(&text, |c| c.is_ascii_hexdigit() || c == ':', |word| self.without_address(word))
    }

    fn without_address(&mut self, word: &str) -> String {
        let address = match word.parse::<IpAddr>() {
            Ok(address) if !is_everybodys(address) => address,
            _ => return word.to_owned(),
        };
        let next = self.addresses.len() + 1;
        format!("<address {}>", self.addresses.entry(address).or_insert(next))
    }
}

fn without_serial(word: &str) -> String {
    match Model::of_serial(word) {
        Some(_) if word.len() == SERIAL => format!("{}<serial>", &word[..3]),
        _ => word.to_owned(),
    }
}

/// An address that says nothing of anybody's network.
fn is_everybodys(address: IpAddr) -> bool {
    let broadcast = address == IpAddr::V4(Ipv4Addr::BROADCAST);
    broadcast || address.is_loopback() || address.is_unspecified() || address.is_multicast()
}

/// What the log has of announcements, as `{:?}` writes it: printers are called after people, and theirs are not known here.
const ANNOUNCED: [(&str, &str); 2] = [("name: Some(\"", "<name>"), ("serial: Some(\"", "<serial>")];

/// The text with another value after each `key`, up to the end of the `Some`.
fn without_value(text: &str, key: &str, name: &str) -> String {
    let mut parts = text.split(key);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out += key;
        out += name;
        out += part.find("\")").map_or("", |end| &part[end..]);
    }
    out
}

/// The text with other words, of these characters, though with no punctuation at a word's end.
fn each_word(text: &str, belongs: impl Fn(char) -> bool, mut change: impl FnMut(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| belongs(c) && c != '.') {
        let (before, word) = rest.split_at(start);
        let length = word.find(|c: char| !belongs(c)).unwrap_or(word.len());
        let trimmed = word[..length].trim_end_matches('.');
        out += before;
        out += &change(trimmed);
        rest = &word[trimmed.len()..];
    }
    out + rest
}

/// Characters of a serial number.
const SERIAL: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_owner_is_left() {
        let secrets = [
            ("12345678".to_owned(), "<code>"),
            ("barn.lan".to_owned(), "<printer>"),
            (String::new(), "<no>"),
            ("“Anna’s”".to_owned(), "<name>"),
        ];
        let mut redactor = Redactor::new(secrets);
        for (text, want) in [
            ("code 12345678, twice 12345678", "code <code>, twice <code>"),
            ("rtsps://barn.lan:322/a", "rtsps://<printer>:322/a"),
            ("at 192.168.1.20:322, not 10.0.0.1.", "at <address 1>:322, not <address 2>."),
            ("192.168.1.20 again; 127.0.0.1, 0.0.0.0", "<address 1> again; 127.0.0.1, 0.0.0.0"),
            ("X1 Carbon 00M00A123456789 “x”", "X1 Carbon 00M<serial> “x”"),
            (
                "at [2001:db8::5]:322, fe80::1 and ::1 at 13:37:46",
                "at [<address 3>]:322, <address 4> and ::1 at 13:37:46",
            ),
            (r#"name: Some("Anna's \"X1"), serial: Some("new")"#, r#"name: Some("<name>"), serial: Some("<serial>")"#),
            ("H2D “Anna’s”", "H2D <name>"),
            ("1.2.3 and 01.02.00.00 and sha256:00m", "1.2.3 and 01.02.00.00 and sha256:00m"),
        ] {
            assert_eq!(redactor.redact(text), want);
        }
    }
}
