//! The login: the only thing that a client ever sends.

use zeroize::Zeroizing;

use super::Error;
use crate::rtsp::Credentials;

/// Most bytes of a user name, and of an access code: the fields of the login.
pub const MAX_CREDENTIAL: usize = 32;

/// What is sent: a header of 16 bytes and two fields, whose memory is cleared afterwards.
pub(super) type Login = Zeroizing<[u8; 16 + 2 * MAX_CREDENTIAL]>;

/// The login of these credentials.
///
/// # Errors
/// [`Error::CredentialsUnusable`] where they do not fit.
pub(super) fn login(credentials: &Credentials) -> Result<Login, Error> {
    let mut login = Zeroizing::new([0; 16 + 2 * MAX_CREDENTIAL]);
    login[..4].copy_from_slice(&0x40u32.to_le_bytes()); // bytes behind the header
    login[4..8].copy_from_slice(&0x3000u32.to_le_bytes()); // a login
    let (username, password) = login[16..].split_at_mut(MAX_CREDENTIAL);
    put(username, credentials.username())?;
    put(password, credentials.password())?;
    Ok(login)
}

/// Puts a text into a field whose rest is zero.
fn put(field: &mut [u8], text: &str) -> Result<(), Error> {
    if text.len() > field.len() || text.contains('\0') {
        return Err(Error::CredentialsUnusable { max: field.len() });
    }
    field[..text.len()].copy_from_slice(text.as_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eighty_bytes_of_which_the_text_is_padded() {
        let sent = login(&Credentials::new("bblp", "12345678")).unwrap();
        let mut want = vec![0x40, 0, 0, 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        want.extend([&b"bblp"[..], &[0; 28], b"12345678", &[0; 24]].concat());
        assert_eq!(sent[..], want);
        let full = "x".repeat(32);
        assert!(login(&Credentials::new(&*full, &*full)).unwrap()[16..].iter().all(|&byte| byte == b'x'));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let long = "\u{e9}".repeat(17);
        for (username, password) in [(&*long, "1"), ("bblp", &long), ("bb\0lp", "1"), ("bblp", "1\0")] {
            let refused = login(&Credentials::new(username, password)).map(|_| ());
            assert_eq!(refused, Err(Error::CredentialsUnusable { max: 32 }), "{username:?} {password:?}");
        }
    }
}
