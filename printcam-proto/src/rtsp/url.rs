//! RTSP URLs (RFC 2326 §3.2) and the resolution of control URLs against them (§C.1.1), and addresses of JPEG cameras.

use std::fmt;

use super::Credentials;
use crate::jpeg_camera::MAX_CREDENTIAL;

/// An `rtsp://`, `rtsps://` or `jpegs://` URL without its credentials, so that it can be shown and sent.
///
/// `jpegs://bblp:12345678@192.168.1.20` is ours: nobody else has a name for the protocol of port 6000. It has no path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RtspUrl {
    scheme: Scheme,
    host: String,
    port: u16,
    /// Begins with `/`; carries the query, never a fragment.
    path: String,
}

/// What is spoken, and whether the connection is wrapped in TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain TCP; port 554 unless the URL says otherwise.
    Rtsp,
    /// TLS; port 322 unless the URL says otherwise (where Bambu Lab printers listen, and IANA's port for rtsps).
    Rtsps,
    /// Login and JPEGs over TLS, of the P1 and A1 series; port 6000 unless the URL says otherwise.
    Jpegs,
}

/// Why a text is not a URL we would use. None of them quotes the text: it may hold the access code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// None of those we know.
    #[error("the address must begin with rtsps://, rtsp:// or jpegs://")]
    Scheme,
    /// Nothing between the credentials and the path.
    #[error("the address names no host")]
    Host,
    /// Not a number from 1 to 65535.
    #[error("the port in the address is not a number from 1 to 65535")]
    Port,
    /// `%` without two hexadecimal digits, or bytes that are no UTF-8.
    #[error("the address holds a broken % escape")]
    Escape,
    /// A control character, space or quote: it would end the request line, a header or a quoted value.
    #[error("the address holds a space, quote or control character")]
    Forbidden,
    /// More than one `@` before the path: which one ends the password cannot be told.
    #[error("the address holds more than one @; write an @ in the access code as %40")]
    AmbiguousAt,
    /// A JPEG camera has one stream, and no name for it.
    #[error("an address that begins with jpegs:// ends with the port")]
    Path,
    /// The login of a JPEG camera has room for [`MAX_CREDENTIAL`] bytes.
    #[error("the user name or access code in the address is longer than {} bytes", MAX_CREDENTIAL)]
    CredentialsTooLong,
    /// Over [`RtspUrl::MAX_LENGTH`] bytes.
    #[error("the address is longer than {} bytes", RtspUrl::MAX_LENGTH)]
    TooLong,
}

impl Scheme {
    /// The port used when the URL names none.
    pub fn default_port(self) -> u16 {
        match self {
            Scheme::Rtsp => 554,
            Scheme::Rtsps => 322,
            Scheme::Jpegs => 6000,
        }
    }

    /// As an address begins: `rtsp`, `rtsps` or `jpegs`.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Rtsp => "rtsp",
            Scheme::Rtsps => "rtsps",
            Scheme::Jpegs => "jpegs",
        }
    }
}

impl RtspUrl {
    /// Longest address accepted; a request line must hold it.
    pub const MAX_LENGTH: usize = 2048;

    /// Reads an address as a person types it and parts it from its credentials.
    ///
    /// A fragment is dropped. Percent escapes are resolved in the credentials and left alone in the path.
    pub fn parse(text: &str) -> Result<(Self, Option<Credentials>), UrlError> {
        if text.len() > Self::MAX_LENGTH {
            return Err(UrlError::TooLong);
        }
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "rtsp" => Scheme::Rtsp,
            "rtsps" => Scheme::Rtsps,
            "jpegs" => Scheme::Jpegs,
            _ => return Err(UrlError::Scheme),
        };
        refuse_forbidden(text)?;
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let path_at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(path_at);

        let (credentials, host_port) = match authority.split_once('@') {
            None => (None, authority),
            Some((_, after)) if after.contains('@') => return Err(UrlError::AmbiguousAt),
            Some((user_info, host_port)) => (Some(parse_user_info(user_info)?), host_port),
        };
        let (host, port) = parse_host_port(host_port, scheme.default_port())?;
        refuse_forbidden(&unescape(path)?)?;
        if path.contains('"') {
            return Err(UrlError::Forbidden); // it would end the uri of an Authorization header
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        if scheme == Scheme::Jpegs {
            check_jpeg(&path, credentials.as_ref())?;
        }
        Ok((Self { scheme, host, port, path }, credentials))
    }

    /// What is spoken, and whether the connection is wrapped in TLS.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Host name or address; an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path and query, beginning with `/`. Of a JPEG camera that is all.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The URL of `control` as an SDP names it, below `base` (a Content-Base, or this URL).
    ///
    /// Only the path of an absolute `control` or `base` is taken: printers advertise URLs without the port, and with
    /// addresses of networks they have left, while the connection we have is the one that works.
    pub fn resolve(&self, base: Option<&str>, control: &str) -> Self {
        let base = base.map_or(self.path.as_str(), path_of);
        let path = if control.is_empty() || control == "*" {
            base.to_owned()
        } else if control.contains("://") {
            path_of(control).to_owned()
        } else if control.starts_with('/') {
            control.to_owned()
        } else {
            // RFC 1808 would replace the last segment of a base without a slash; every server means "append".
            format!("{}/{control}", base.trim_end_matches('/'))
        };
        // A peer's text goes into our request line: what cannot stand there is cut off.
        let end = path.find(|c: char| c.is_control() || c == ' ' || c == '"').unwrap_or(path.len());
        let path = if path[..end].starts_with('/') { path[..end].to_owned() } else { format!("/{}", &path[..end]) };
        Self { path, ..self.clone() }
    }
}

impl fmt::Display for RtspUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        let path = if self.scheme == Scheme::Jpegs { "" } else { &self.path };
        write!(f, "{}://{open}{}{close}:{}{path}", self.scheme.as_str(), self.host, self.port)
    }
}

/// What is asked of the address of a JPEG camera beyond what is asked of any.
fn check_jpeg(path: &str, credentials: Option<&Credentials>) -> Result<(), UrlError> {
    if path != "/" {
        return Err(UrlError::Path);
    }
    match credentials {
        Some(own) if own.username().len().max(own.password().len()) > MAX_CREDENTIAL => {
            Err(UrlError::CredentialsTooLong)
        }
        _ => Ok(()),
    }
}

fn path_of(url: &str) -> &str {
    let Some((_, rest)) = url.split_once("://") else { return url };
    rest.find('/').map_or("/", |at| &rest[at..])
}

fn parse_user_info(user_info: &str) -> Result<Credentials, UrlError> {
    let (username, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    let (username, password) = (unescape(username)?, unescape(password)?);
    refuse_forbidden(&username)?;
    refuse_forbidden(&password)?;
    Ok(Credentials::new(username, password))
}

fn parse_host_port(text: &str, default_port: u16) -> Result<(String, u16), UrlError> {
    let (host, port) = match text.strip_prefix('[') {
        Some(v6) => {
            let (host, after) = v6.split_once(']').ok_or(UrlError::Host)?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':').ok_or(UrlError::Port)?) })
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    if host.is_empty() || host.contains('%') {
        return Err(UrlError::Host);
    }
    let port = match port {
        None => default_port,
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => match digits.parse() {
            Ok(port) if port != 0 => port,
            _ => return Err(UrlError::Port),
        },
        Some(_) => return Err(UrlError::Port),
    };
    Ok((host.to_owned(), port))
}

fn unescape(text: &str) -> Result<String, UrlError> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|b| (b as char).to_digit(16)).ok_or(UrlError::Escape);
        out.push((digit()? * 16 + digit()?) as u8);
    }
    String::from_utf8(out).map_err(|_| UrlError::Escape)
}

fn refuse_forbidden(text: &str) -> Result<(), UrlError> {
    if text.chars().any(|c| c.is_control() || c == ' ') { Err(UrlError::Forbidden) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type() {
        for (text, shown, user, password) in [
            (
                "rtsps://bblp:12345678@192.168.1.2:322/streaming/live/1",
                "rtsps://192.168.1.2:322/streaming/live/1",
                "bblp",
                "12345678",
            ),
            (
                "rtsps://bblp:12345678@192.168.1.2/streaming/live/1",
                "rtsps://192.168.1.2:322/streaming/live/1",
                "bblp",
                "12345678",
            ),
            ("RTSP://u:p%40q@cam", "rtsp://cam:554/", "u", "p@q"),
            ("jpegs://bblp:12345678@192.168.1.2", "jpegs://192.168.1.2:6000", "bblp", "12345678"),
            ("JPEGS://bblp:1@[fe80::1]:6001/#x", "jpegs://[fe80::1]:6001", "bblp", "1"),
            ("rtsp://u@cam?x=1", "rtsp://cam:554/?x=1", "u", ""),
            ("rtsp://u:a:b@[fe80::1]:8554/a/b?c=%20d#frag", "rtsp://[fe80::1]:8554/a/b?c=%20d", "u", "a:b"),
        ] {
            if text.contains("%20") {
                assert_eq!(RtspUrl::parse(text).unwrap_err(), UrlError::Forbidden, "{text}");
                continue;
            }
            let (url, credentials) = RtspUrl::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            let credentials = credentials.expect(text);
            assert_eq!(url.to_string(), shown, "{text}");
            assert_eq!((credentials.username(), credentials.password()), (user, password), "{text}");
        }
        assert!(RtspUrl::parse("rtsp://cam/x").unwrap().1.is_none());
    }

    #[test]
    fn what_is_refused_before_anything_is_sent() {
        for (text, want) in [
            ("http://cam/", UrlError::Scheme),
            ("192.168.1.2", UrlError::Scheme),
            ("rtsp://", UrlError::Host),
            ("rtsp://u:p@/x", UrlError::Host),
            ("rtsp://[::1/x", UrlError::Host),
            ("rtsp://cam:0/", UrlError::Port),
            ("rtsp://cam:65536/", UrlError::Port),
            ("rtsp://cam:+1/", UrlError::Port),
            ("rtsp://u:a@b@cam/", UrlError::AmbiguousAt),
            ("rtsp://u:a%4@cam/", UrlError::Escape),
            ("rtsp://u:%ff@cam/", UrlError::Escape),
            ("rtsp://u:a b@cam/", UrlError::Forbidden),
            ("rtsp://u:a%0d%0aX: y@cam/", UrlError::Forbidden),
            ("rtsp://u:a%00@cam/", UrlError::Forbidden),
            ("rtsp://u%0a:a@cam/", UrlError::Forbidden),
            ("rtsp://cam/a%0d%0ab", UrlError::Forbidden),
            ("rtsp://cam/a\r\nb", UrlError::Forbidden),
            ("rtsp://cam/a\"b", UrlError::Forbidden),
            ("jpeg://u:p@cam", UrlError::Scheme),
            ("jpegs://u:p@cam:6000/streaming/live/1", UrlError::Path),
            ("jpegs://u:p@cam?x", UrlError::Path),
            ("jpegs://u:a%0d%0ab@cam", UrlError::Forbidden),
            ("jpegs://u:123456789012345678901234567890123@cam", UrlError::CredentialsTooLong),
            ("jpegs://123456789012345678901234567890123:p@cam", UrlError::CredentialsTooLong),
        ] {
            assert_eq!(RtspUrl::parse(text).map(|_| ()), Err(want), "{text:?}");
        }
        assert_eq!(RtspUrl::parse(&format!("rtsp://cam/{}", "x".repeat(2048))).map(|_| ()), Err(UrlError::TooLong));
    }

    #[test]
    fn control_urls() {
        let (url, _) = RtspUrl::parse("rtsps://10.0.0.9:3322/streaming/live/1").unwrap();
        let printer = Some("rtsps://192.168.1.2/streaming/live/1/"); // X1C: no port, and an address it once had
        for (base, control, want) in [
            (printer, "track1", "/streaming/live/1/track1"),
            (printer, "*", "/streaming/live/1/"),
            (printer, "", "/streaming/live/1/"),
            (printer, "rtsp://elsewhere:99/other/track1", "/other/track1"),
            (printer, "rtsp://elsewhere", "/"),
            (printer, "/abs/track1", "/abs/track1"),
            (None, "track1", "/streaming/live/1/track1"),
            (Some("rtsp://h/live?x=1"), "trackID=0", "/live?x=1/trackID=0"),
            (Some("no url at all"), "track1", "/no"),
            (printer, "a\r\nX-Evil: 1", "/streaming/live/1/a"),
        ] {
            let resolved = url.resolve(base, control);
            assert_eq!(resolved.path(), want, "{base:?} {control:?}");
            assert_eq!((resolved.host(), resolved.port()), ("10.0.0.9", 3322), "the connection we have is kept");
        }
    }
}
