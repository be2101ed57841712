//! When to answer a challenge, and when to stop.

use std::time::Duration;

use printcam_proto::session::{AuthenticationError, Error, Transport};

use crate::client::*;

fn challenge(nonce: &str, more: &str) -> String {
    format!("WWW-Authenticate: Digest realm=\"r\", nonce=\"{nonce}\"{more}\r\n\r\n")
}

#[test]
fn a_wrong_code_is_tried_once() {
    for second in [challenge("1", ""), challenge("2", "")] {
        let mut client = Client::new(config(Transport::Tcp));
        client.answer("OPTIONS", "200 OK", PUBLIC);
        client.answer("DESCRIBE", "401 Unauthorized", &challenge("1", ""));
        client.answer("DESCRIBE", "401 Unauthorized", &second);
        assert_eq!(client.error(), Error::Authentication(AuthenticationError::Rejected), "{second}");
        assert!(client.sent.is_empty(), "nothing more is sent");
    }
}

#[test]
fn a_stale_nonce_is_replaced_but_not_for_ever() {
    let mut client = Client::new(config(Transport::Tcp));
    client.answer("OPTIONS", "200 OK", PUBLIC);
    client.answer("DESCRIBE", "401 Unauthorized", &challenge("0", ""));
    for nonce in ["1", "2"] {
        let request = client.answer("DESCRIBE", "401 Unauthorized", &challenge(nonce, ", stale=true"));
        assert!(request.contains("Authorization: Digest"), "{request}");
    }
    client.answer("DESCRIBE", "401 Unauthorized", &challenge("3", ", stale=true"));
    assert_eq!(client.error(), Error::Authentication(AuthenticationError::Rejected), "three answers and no more");
}

#[test]
fn a_nonce_that_expires_in_mid_session_is_replaced() {
    let mut client = Client::playing();
    client.pass(Duration::from_secs(4));
    client.interleaved();
    client.answer("GET_PARAMETER", "401 Unauthorized", &challenge("new", ""));
    let request = client.answer("GET_PARAMETER", "200 OK", "\r\n");
    assert!(request.contains("nonce=\"new\""), "{request}");
    assert_eq!(client.result, None);
}

#[test]
fn what_cannot_be_answered_is_said() {
    for (name, credentials, allow_basic, header, want) in [
        ("none given", false, true, "Digest realm=\"r\", nonce=\"1\"", AuthenticationError::CredentialsMissing),
        ("downgrade", true, false, "Basic realm=\"r\"", AuthenticationError::BasicRefused),
        (
            "unknown hash",
            true,
            true,
            "Digest realm=\"r\", nonce=\"1\", algorithm=SHA-3",
            AuthenticationError::NoUsableChallenge,
        ),
        (
            "unknown qop",
            true,
            true,
            "Digest realm=\"r\", nonce=\"1\", qop=\"auth-int\"",
            AuthenticationError::NoUsableChallenge,
        ),
        ("no scheme", true, true, "", AuthenticationError::NoUsableChallenge),
    ] {
        let mut config = config(Transport::Tcp);
        config.allow_basic = allow_basic;
        if !credentials {
            config.credentials = None;
        }
        let mut client = Client::new(config);
        client.answer("OPTIONS", "401 Unauthorized", &format!("WWW-Authenticate: {header}\r\n\r\n"));
        assert_eq!(client.error(), Error::Authentication(want), "{name}");
        assert!(client.sent.is_empty(), "{name}: the code stays here");
    }
}

#[test]
fn basic_over_a_verified_peer() {
    let mut config = config(Transport::Tcp);
    config.allow_basic = true;
    let mut client = Client::new(config);
    client.answer("OPTIONS", "401 Unauthorized", "WWW-Authenticate: Basic realm=\"r\"\r\n\r\n");
    assert!(client.request().contains("Authorization: Basic YmJscDoxMjM0NTY3OA=="));
}

#[test]
fn qop_counts_its_requests() {
    let mut client = Client::new(config(Transport::Tcp));
    client.answer("OPTIONS", "401 Unauthorized", &challenge("1", ", qop=\"auth\""));
    for (method, count) in [("OPTIONS", "nc=00000001"), ("DESCRIBE", "nc=00000002")] {
        let request = client.answer(method, "200 OK", PUBLIC);
        assert!(request.contains(count), "{request}");
    }
}
