//! Digest authentication, server side, the RFC 2069 form: no qop, no algorithm, MD5.

use md5::{Digest as _, Md5};

use crate::options::AccessCode;
use crate::random::Random;

/// What a LIVE555 server calls itself.
pub(crate) const REALM: &str = "LIVE555 Streaming Media";
pub(crate) const USER: &str = "bblp";

/// The challenge of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Challenge {
    nonce: String,
}

impl Challenge {
    pub(crate) fn new(random: &mut Random) -> Challenge {
        Challenge { nonce: format!("{:016x}{:016x}", random.next_u64(), random.next_u64()) }
    }

    /// The value of `WWW-Authenticate`.
    pub(crate) fn header(&self) -> String {
        format!("Digest realm=\"{REALM}\", nonce=\"{}\"", self.nonce)
    }

    /// Whether an `Authorization` header answers this challenge for `method`.
    pub(crate) fn is_answered_by(&self, authorization: &str, method: &str, access_code: &AccessCode) -> bool {
        let Some(parameters) = authorization.strip_prefix("Digest ") else {
            return false;
        };
        let get = |name| parameter(parameters, name);
        // The URI is the one that the client signed, as LIVE555 has it; it is not compared.
        let (Some(uri), Some(given)) = (get("uri"), get("response")) else {
            return false;
        };
        get("username") == Some(USER)
            && get("realm") == Some(REALM)
            && get("nonce") == Some(&self.nonce)
            && given == response([USER, REALM, access_code.reveal()], &self.nonce, [method, uri])
    }
}

/// `request-digest` of RFC 2069 §2.1.2: from user, realm and password; nonce; method and URI.
fn response(identity: [&str; 3], nonce: &str, request: [&str; 2]) -> String {
    let identity = hex_md5(&identity.join(":"));
    let request = hex_md5(&request.join(":"));
    hex_md5(&[&identity, nonce, &request].join(":"))
}

fn hex_md5(text: &str) -> String {
    let bytes: [u8; 16] = Md5::digest(text.as_bytes()).into();
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// One `name="value"` of a comma-separated list; commas inside quotes belong to the value.
fn parameter<'a>(mut list: &'a str, name: &str) -> Option<&'a str> {
    loop {
        let (key, rest) = list.split_once('=')?;
        let (value, rest) = match rest.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_at(rest.find(',').unwrap_or(rest.len())),
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value.trim());
        }
        list = rest.trim_start().strip_prefix(',')?;
    }
}

/// What a client with this code would send in answer to a `WWW-Authenticate` header.
#[cfg(test)]
pub(crate) fn authorization(challenge: &str, code: &str, method: &str, uri: &str) -> String {
    let nonce = parameter(&challenge["Digest ".len()..], "nonce").expect("a nonce");
    let response = response([USER, REALM, code], nonce, [method, uri]);
    format!(
        "Digest username=\"{USER}\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{response}\""
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples() {
        // RFC 2617 §3.5 gives the nonce and request; these two hashes are its A1 and A2.
        assert_eq!(hex_md5("Mufasa:testrealm@host.com:Circle Of Life"), "939e7578ed9e3c518a452acee763bce9");
        assert_eq!(hex_md5("GET:/dir/index.html"), "39aff3a2bab6126f332b942af96d3366");
        // RFC 2069 §2.4 with its erratum 749.
        assert_eq!(
            response(
                ["Mufasa", "testrealm@host.com", "CircleOfLife"],
                "dcd98b7102dd2f0e8b11d0f600bfb0c093",
                ["GET", "/dir/index.html"],
            ),
            "1949323746fe6a43ef61f9606e7febea"
        );
    }

    #[test]
    fn only_the_right_answer_opens() {
        let code = AccessCode::from("12345678");
        let challenge = Challenge::new(&mut Random::new(7));
        let nonce = &challenge.nonce;
        let uri = "rtsps://127.0.0.1/streaming/live/1, with a comma";
        let good = response([USER, REALM, "12345678"], nonce, ["DESCRIBE", uri]);
        let header = |user: &str, nonce: &str, response: &str| {
            format!(
                "Digest username=\"{user}\", realm=\"{REALM}\", nonce=\"{nonce}\", \
                 uri=\"{uri}\", response=\"{response}\""
            )
        };
        let wrong = response([USER, REALM, "87654321"], nonce, ["DESCRIBE", uri]);
        for (name, header, method, want) in [
            ("right", header(USER, nonce, &good), "DESCRIBE", true),
            ("wrong code", header(USER, nonce, &wrong), "DESCRIBE", false),
            ("other method", header(USER, nonce, &good), "SETUP", false),
            ("other user", header("root", nonce, &good), "DESCRIBE", false),
            ("old nonce", header(USER, "0", &good), "DESCRIBE", false),
            ("basic", "Basic YmJscDoxMjM0NTY3OA==".into(), "DESCRIBE", false),
            ("empty", String::new(), "DESCRIBE", false),
        ] {
            assert_eq!(challenge.is_answered_by(&header, method, &code), want, "{name}");
        }
    }
}
