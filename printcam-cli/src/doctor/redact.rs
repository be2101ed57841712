//! Taking out of a text what nobody but the printer's owner should read.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use printcam::discover::Model;

/// Replaces secrets by names that stay the same throughout.
pub(super) struct Redactor {
    /// What to replace by what, in this order.
    known: Vec<(String, String)>,
    addresses: HashMap<String, usize>,
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
        let mut text = each_word(text, without_serial);
        for (secret, name) in &self.known {
            text = text.replace(secret, name);
        }
        each_word(&text, |word| self.without_address(word))
    }

    fn without_address(&mut self, word: &str) -> String {
        let Ok(address) = word.parse::<Ipv4Addr>() else {
            return word.to_owned();
        };
        if address.is_loopback() || address.is_broadcast() || address.is_unspecified() || address.is_multicast() {
            return word.to_owned();
        }
        let next = self.addresses.len() + 1;
        let number = *self.addresses.entry(IpAddr::from(address).to_string()).or_insert(next);
        format!("<address {number}>")
    }
}

fn without_serial(word: &str) -> String {
    match Model::of_serial(word) {
        Some(_) if word.len() == SERIAL => format!("{}<serial>", &word[..3]),
        _ => word.to_owned(),
    }
}

/// The text with other words: letters, digits and dots, though none at a word's end.
fn each_word(text: &str, mut change: impl FnMut(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let (before, word) = rest.split_at(start);
        let length = word.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).unwrap_or(word.len());
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
        let secrets =
            [("12345678".to_owned(), "<code>"), ("barn.lan".to_owned(), "<printer>"), (String::new(), "<no>")];
        let mut redactor = Redactor::new(secrets);
        for (text, want) in [
            ("code 12345678, twice 12345678", "code <code>, twice <code>"),
            ("rtsps://barn.lan:322/a", "rtsps://<printer>:322/a"),
            ("at 192.168.1.20:322, not 10.0.0.1.", "at <address 1>:322, not <address 2>."),
            ("192.168.1.20 again; 127.0.0.1, 0.0.0.0", "<address 1> again; 127.0.0.1, 0.0.0.0"),
            ("X1 Carbon 00M00A123456789 “x”", "X1 Carbon 00M<serial> “x”"),
            ("1.2.3 and 01.02.00.00 and sha256:00m", "1.2.3 and 01.02.00.00 and sha256:00m"),
        ] {
            assert_eq!(redactor.redact(text), want);
        }
    }
}
