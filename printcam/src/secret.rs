//! A text that must never be seen: the printer's access code.

use std::fmt;

use zeroize::Zeroizing;

/// The access code (or any password): prints as `***`, and its memory is overwritten when it is dropped.
///
/// Every clone is an allocation of its own, overwritten like the first. Build it from the `String` that was read, by
/// `From<String>`: that takes the allocation over, while `From<&str>` leaves the original to its owner.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself: for the bytes sent to the printer and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Secret {
        Secret(Zeroizing::new(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Secret {
        Secret::from(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not `pad`: even the length of the field asked for says nothing about the code.
        f.write_str(MASK)
    }
}

/// Of one length, so that it tells nothing about the length of the secret.
const MASK: &str = "***";

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn no_format_shows_it() {
        let secret = Secret::from("12345678");
        let nested = Some((&secret, "user"));
        for (how, text) in [
            ("Display", format!("{secret}")),
            ("Debug", format!("{secret:?}")),
            ("alternate Debug", format!("{secret:#?}")),
            ("padded", format!("{secret:>40}")),
            ("nested Debug", format!("{nested:?}")),
        ] {
            assert!(text.contains("***"), "{how}: {text}");
            assert!(!text.contains("12345678"), "{how}: {text}");
        }
        assert_eq!(secret.expose(), "12345678");
        assert!(!secret.is_empty());
        assert!(Secret::from(String::new()).is_empty());
    }
}
