//! A camera's address with its credentials, from the three texts that people give.

use printcam::{Credentials, Error, RtspUrl, Source};
use zeroize::Zeroizing;

use crate::boundary::{Checked, PrintcamText};

/// The only user that printers know.
const USERNAME: &str = "bblp";

/// What may stand in the credentials of an address without an escape (RFC 3986 §2.3).
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// An address that holds the access code: wiped from memory, and never shown.
pub(crate) struct Address(Result<Zeroizing<String>, Error>);

impl Address {
    /// Reads the three of them. User name and password count before those in the URL, where they are not empty.
    ///
    /// An address that cannot be used is no misuse: a person has typed it, and is told so as of any other error.
    ///
    /// # Errors
    /// Those of [`PrintcamText::read`].
    ///
    /// # Safety
    /// As there.
    pub(crate) unsafe fn read(url: PrintcamText, username: PrintcamText, password: PrintcamText) -> Checked<Self> {
        // SAFETY: the caller's.
        let (url, username, password) = unsafe { (url.read()?, username.read()?, password.read()?) };
        Ok(Self(compose(url, username, password)))
    }

    /// As one text, for [`printcam::StreamManager::start`].
    ///
    /// # Errors
    /// Why it cannot be used.
    pub(crate) fn into_text(self) -> Result<Zeroizing<String>, Error> {
        self.0
    }

    /// Parted.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub(crate) fn into_source(self) -> Result<Source, Error> {
        Ok(self.0?.parse()?)
    }
}

fn compose(url: &str, username: &str, password: &str) -> Result<Zeroizing<String>, Error> {
    let (url, given) = RtspUrl::parse(url.trim())?;
    let or_given = |text: &str, part: fn(&Credentials) -> &str| {
        Zeroizing::new(if text.is_empty() { given.as_ref().map_or("", part).to_owned() } else { text.to_owned() })
    };
    let password = or_given(password, Credentials::password);
    let mut username = or_given(username, Credentials::username);
    let mut address = Zeroizing::new(url.to_string());
    if username.is_empty() && password.is_empty() {
        return Ok(address);
    }
    if username.is_empty() {
        USERNAME.clone_into(&mut username);
    }
    let at = address.find("://").map_or(0, |at| at + 3);
    let rest = address.split_off(at);
    // Once, so that no piece of the code is left behind in memory.
    address.reserve(3 * (username.len() + password.len()) + 2 + rest.len());
    escape_into(&mut address, &username);
    address.push(':');
    escape_into(&mut address, &password);
    address.push('@');
    address.push_str(&rest);
    // Whatever must not stand in credentials is refused here.
    RtspUrl::parse(&address)?;
    Ok(address)
}

fn escape_into(address: &mut String, text: &str) {
    for byte in text.bytes() {
        if is_unreserved(byte) {
            address.push(char::from(byte));
        } else {
            address.extend(['%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
}

fn hex(digit: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(digit)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_apart_counts_first() {
        let in_url = "rtsps://ann:1@printer/streaming/live/1";
        for (url, username, password, want) in [
            ("rtsps://printer/", "", "", None),
            ("rtsps://printer/", "ann", "1", Some(("ann", "1"))),
            ("rtsps://printer/", "", "12345678", Some(("bblp", "12345678"))),
            (" rtsps://printer/ ", "bblp", "a@b:c/d?%41e\u{e9}", Some(("bblp", "a@b:c/d?%41e\u{e9}"))),
            (in_url, "", "", Some(("ann", "1"))),
            (in_url, "", "2", Some(("ann", "2"))),
            (in_url, "bob", "", Some(("bob", "1"))),
        ] {
            let source: Source = compose(url, username, password).unwrap().parse().unwrap();
            let credentials = source.credentials.as_ref().map(|c| (c.username(), c.password()));
            assert_eq!(credentials, want, "{url} {username} {password}");
            assert!(source.to_string().starts_with("rtsps://printer:322/"), "{source}");
        }
    }

    #[test]
    fn what_would_end_a_header_is_refused() {
        for (url, username, password) in [
            ("http://printer/", "", ""),
            ("", "ann", "1"),
            ("rtsps://printer/", "ann\r\nX: y", "1"),
            ("rtsps://printer/", "ann", "1\0"),
        ] {
            let refused = compose(url, username, password).map(|_| ());
            assert!(matches!(refused, Err(Error::Address(_))), "{url} {username:?}: {refused:?}");
        }
    }
}
