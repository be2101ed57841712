//! Authentication (RFC 2617, RFC 2069, RFC 7616 for SHA-256): challenges read, `Authorization` written.

use std::fmt;

use base64::Engine;
use md5::{Digest, Md5};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Headers, Method};

/// User name and password, which no output ever shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    username: String,
    password: Zeroizing<String>,
}

impl Credentials {
    /// Keeps both; the password's memory is cleared when the last copy goes.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self { username: username.into(), password: Zeroizing::new(password.into()) }
    }

    /// The user name; `bblp` on every printer.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The password: on printers the access code.
    pub fn password(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}:***)", self.username)
    }
}

/// Hash of a Digest challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// RFC 2069 and 2617, and where the challenge names none.
    Md5,
    /// RFC 7616.
    Sha256,
}

/// A `WWW-Authenticate` challenge that we can answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Challenge {
    /// RFC 2617 §2: the password itself. Only over a peer whose identity was verified.
    Basic {
        /// Where the password belongs.
        realm: String,
    },
    /// RFC 2617 §3, RFC 2069, RFC 7616.
    Digest(DigestChallenge),
}

/// A Digest challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestChallenge {
    /// Where the password belongs.
    pub realm: String,
    /// The server's number used once; on an X1C one for the whole session.
    pub nonce: String,
    /// To be sent back as it is.
    pub opaque: Option<String>,
    /// Which hash.
    pub algorithm: Algorithm,
    /// Whether `qop="auth"` is offered; without it the response is computed as in RFC 2069.
    pub qop_auth: bool,
    /// Only the nonce was too old: the credentials may be right.
    pub stale: bool,
}

/// Longest parameter of a challenge that we send back; live555's nonce has 32 bytes.
const MAX_PARAMETER: usize = 512;

impl Challenge {
    /// The strongest challenge of a 401 that we can answer: SHA-256, MD5, Basic. `None` where there is none: unknown
    /// scheme, algorithm or qop, parameters over 512 bytes or with control characters.
    pub fn strongest(headers: &Headers) -> Option<Self> {
        headers.all("WWW-Authenticate").flat_map(parse_challenges).max_by_key(|challenge| match challenge {
            Challenge::Basic { .. } => 0,
            Challenge::Digest(digest) => 1 + digest.algorithm as u8,
        })
    }

    /// The value of the `Authorization` header. `nonce_count` counts the requests answered under one nonce from 1.
    pub fn authorization(
        &self,
        credentials: &Credentials,
        method: Method,
        uri: &str,
        cnonce: &str,
        nonce_count: u32,
    ) -> String {
        match self {
            Challenge::Basic { .. } => {
                let plain = Zeroizing::new(format!("{}:{}", credentials.username(), credentials.password()));
                format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(plain.as_bytes()))
            }
            Challenge::Digest(digest) => digest.authorization(credentials, method, uri, cnonce, nonce_count),
        }
    }
}

impl DigestChallenge {
    fn authorization(
        &self,
        credentials: &Credentials,
        method: Method,
        uri: &str,
        cnonce: &str,
        nonce_count: u32,
    ) -> String {
        let hash = |text: &str| match self.algorithm {
            Algorithm::Md5 => hex(&Md5::digest(text)),
            Algorithm::Sha256 => hex(&Sha256::digest(text)),
        };
        let username = credentials.username();
        let (realm, nonce) = (&self.realm, &self.nonce);
        let ha1 = Zeroizing::new(hash(&Zeroizing::new(format!("{username}:{realm}:{}", credentials.password()))));
        let ha2 = hash(&format!("{method}:{uri}"));
        let nc = format!("{nonce_count:08x}");
        let response = if self.qop_auth {
            hash(&format!("{}:{nonce}:{nc}:{cnonce}:auth:{ha2}", *ha1))
        } else {
            hash(&format!("{}:{nonce}:{ha2}", *ha1))
        };
        let mut value = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{response}\"",
            quote(username),
            quote(realm),
            quote(nonce),
        );
        if let Some(opaque) = &self.opaque {
            value += &format!(", opaque=\"{}\"", quote(opaque));
        }
        if self.algorithm == Algorithm::Sha256 {
            value += ", algorithm=SHA-256";
        } else if self.qop_auth {
            value += ", algorithm=MD5"; // live555 without qop never named one, so it is not told one
        }
        if self.qop_auth {
            value += &format!(", qop=auth, nc={nc}, cnonce=\"{cnonce}\"");
        }
        value
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn quote(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// The challenges of one header value that we can answer. Commas part both challenges and parameters; a word without `=`
/// begins a new challenge.
fn parse_challenges(value: &str) -> Vec<Challenge> {
    let mut schemes: Vec<(String, Vec<(String, String)>)> = Vec::new();
    let mut rest = value;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let end = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
        if end == 0 {
            // Either the end, or a stray `=` that belongs to nothing.
            match rest.strip_prefix('=') {
                Some(after) => rest = after,
                None => break,
            }
            continue;
        }
        let word = &rest[..end];
        let behind = rest[end..].trim_start();
        match behind.strip_prefix('=') {
            Some(after) => {
                let (text, after) = parse_value(after.trim_start());
                if let Some((_, parameters)) = schemes.last_mut() {
                    parameters.push((word.to_ascii_lowercase(), text));
                }
                rest = after;
            }
            None => {
                schemes.push((word.to_ascii_lowercase(), Vec::new()));
                rest = behind;
            }
        }
    }
    schemes.into_iter().filter_map(|(scheme, parameters)| challenge(&scheme, parameters)).collect()
}

/// A quoted string or a token, and what stands behind it. A quote that never closes reaches to the end.
fn parse_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut out = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (out, &quoted[at + 1..]),
            '\\' => out.extend(chars.next().map(|(_, c)| c)),
            c => out.push(c),
        }
    }
    (out, "")
}

fn challenge(scheme: &str, parameters: Vec<(String, String)>) -> Option<Challenge> {
    if parameters.iter().any(|(_, v)| v.len() > MAX_PARAMETER || v.contains(char::is_control)) {
        return None;
    }
    let find = |name: &str| parameters.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    let realm = find("realm").unwrap_or_default().to_owned();
    match scheme {
        "basic" => Some(Challenge::Basic { realm }),
        "digest" => {
            let algorithm = match find("algorithm").unwrap_or("MD5") {
                a if a.eq_ignore_ascii_case("MD5") => Algorithm::Md5,
                a if a.eq_ignore_ascii_case("SHA-256") => Algorithm::Sha256,
                _ => return None,
            };
            let qop_auth = match find("qop") {
                None => false,
                Some(qop) if qop.split(',').any(|q| q.trim().eq_ignore_ascii_case("auth")) => true,
                Some(_) => return None,
            };
            Some(Challenge::Digest(DigestChallenge {
                realm,
                nonce: find("nonce")?.to_owned(),
                opaque: find("opaque").map(str::to_owned),
                algorithm,
                qop_auth,
                stale: find("stale").is_some_and(|s| s.eq_ignore_ascii_case("true")),
            }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strongest(values: &[&str]) -> Option<Challenge> {
        let mut headers = Headers::default();
        values.iter().for_each(|v| headers.push("WWW-Authenticate", *v));
        Challenge::strongest(&headers)
    }

    fn digest(value: &str) -> DigestChallenge {
        match strongest(&[value]) {
            Some(Challenge::Digest(digest)) => digest,
            other => panic!("{value}: {other:?}"),
        }
    }

    fn response(authorization: &str) -> &str {
        authorization.split("response=\"").nth(1).and_then(|r| r.split('"').next()).expect("a response")
    }

    /// HA1 and response as computed with `md5sum` and `sha256sum` over the strings of RFC 2617 §3.2.2.1.
    #[test]
    fn responses() {
        let credentials = Credentials::new("bblp", "12345678");
        let uri = "rtsps://192.168.1.2:322/streaming/live/1";
        for (challenge, want) in [
            (r#"Digest realm="LIVE555 Streaming Media", nonce="0123456789abcdef0123456789abcdef""#, LIVE555_RESPONSE),
            (r#"Digest realm="r", nonce="n", qop="auth""#, QOP_MD5_RESPONSE),
            (r#"Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256"#, QOP_SHA256_RESPONSE),
        ] {
            let value = digest(challenge).authorization(&credentials, Method::Describe, uri, "0a1b", 1);
            assert_eq!(response(&value), want, "{challenge}");
        }
    }

    const LIVE555_RESPONSE: &str = "ced753f7a074605c7545485102cbe9ec";
    const QOP_MD5_RESPONSE: &str = "5a094652125d835fdb1cdfec58bf3c63";
    const QOP_SHA256_RESPONSE: &str = "efb8483beffc1d8a2d7c640f2d6d3fccbf79b37f6977883e8932453c245d4b43";

    #[test]
    fn challenges_as_servers_write_them() {
        let live555 = digest(r#"Digest realm="LIVE555 Streaming Media", nonce="c0ffee""#);
        assert_eq!(
            (live555.qop_auth, live555.algorithm, live555.stale, &live555.opaque),
            (false, Algorithm::Md5, false, &None)
        );
        for (value, realm, nonce) in [
            (r#"digest REALM=r , Nonce = n,"#, "r", "n"),
            (r#"Digest realm="a, \"b\" = c" nonce="n" ,, stale=TRUE"#, "a, \"b\" = c", "n"),
            (r#"Digest realm="caf\u{e9}", nonce="n"#, "cafu{e9}", "n"),
            (r#"Negotiate, Digest realm="r",nonce="n",qop="auth-int,auth",opaque="""#, "r", "n"),
        ] {
            let got = digest(value);
            assert_eq!((got.realm.as_str(), got.nonce.as_str()), (realm, nonce), "{value}");
        }
        assert!(digest(r#"Digest realm="a" nonce="n", stale=TRUE"#).stale);
    }

    #[test]
    fn the_strongest_is_taken_and_the_unknown_left() {
        let basic = r#"Basic realm="b""#;
        let md5 = r#"Digest realm="m", nonce="1", algorithm=MD5"#;
        let sha = r#"Digest realm="s", nonce="2", algorithm=SHA-256"#;
        let realm = |challenge| match challenge {
            Some(Challenge::Basic { realm }) => realm,
            Some(Challenge::Digest(digest)) => digest.realm,
            None => "none".into(),
        };
        let long = format!(r#"Digest realm="r", nonce="{}""#, "n".repeat(1 << 20));
        for (values, want) in [
            (vec![basic, md5, sha], "s"),
            (vec![sha, md5, basic], "s"),
            (vec![basic, md5], "m"),
            (vec![r#"Basic realm="b", Digest realm="m", nonce="1""#], "m"),
            (vec![basic], "b"),
            (vec![r#"Digest realm="r", nonce="n", algorithm=SHA-512"#], "none"),
            (vec![r#"Digest realm="r", nonce="n", algorithm=MD5-sess"#], "none"),
            (vec![r#"Digest realm="r", nonce="n", qop="auth-int""#], "none"),
            (vec![r#"Digest realm="r""#], "none"),
            (vec!["Digest realm=\"a\r\nX: y\", nonce=\"n\""], "none"),
            (vec![&long], "none"),
            (vec!["Bearer x"], "none"),
            (vec!["=,==\"\",,"], "none"),
            (vec![], "none"),
        ] {
            assert_eq!(realm(strongest(&values)), want, "{:.80?}", values);
        }
    }

    #[test]
    fn quotes_stay_inside_their_parameter() {
        let challenge = digest(r#"Digest realm="a\"b", nonce="n", opaque="o\\p""#);
        let value = challenge.authorization(&Credentials::new("u\"ser", "p"), Method::Play, "rtsp://h/", "", 1);
        assert!(
            value.starts_with(r#"Digest username="u\"ser", realm="a\"b", nonce="n", uri="rtsp://h/", response=""#),
            "{value}"
        );
        assert!(value.ends_with(r#", opaque="o\\p""#), "{value}");
    }

    #[test]
    fn basic_is_what_it_is() {
        let basic = Challenge::Basic { realm: "r".into() };
        let value = basic.authorization(&Credentials::new("Aladdin", "open sesame"), Method::Describe, "", "", 1);
        assert_eq!(value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "RFC 2617 §2");
    }

    #[test]
    fn debug_hides_the_password() {
        assert_eq!(format!("{:?}", Credentials::new("bblp", "12345678")), "Credentials(bblp:***)");
    }
}
