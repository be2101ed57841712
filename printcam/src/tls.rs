//! Who a printer has to be before it is told anything, and which TLS it may speak.
//!
//! What each [`Trust`] answers, once the peer has proved that it holds the key of the certificate it showed (it always
//! has to, and the session is never resumed, so that it has to every time):
//!
//! | certificate | `FirstUse`, `Pin` | `PrinterCa` | `AcceptAny` |
//! |---|---|---|---|
//! | same key as before | accepted | - | accepted |
//! | another key | `CertificateChanged` | - | accepted |
//! | another certificate for the same key | accepted | by its chain | accepted |
//! | expired, or this computer's clock is wrong (1970) | accepted: a pin has no date | `Expired`, `NotYetValid` | accepted |
//! | X.509 v1 | accepted | accepted if a root signed it directly | accepted |
//! | no subjectAltName, or one for another name | accepted | accepted: the name is the CN, the serial | accepted |
//! | RSA below 2048 bits | `WeakKey` | `WeakKey` | `WeakKey` |
//! | any other key than RSA, P-256, P-384, Ed25519 | `UnsupportedKey` | `UnsupportedKey` | `UnsupportedKey` |
//! | somebody else's, replayed | `KeyNotProven` | `KeyNotProven` | `KeyNotProven` |
//!
//! RSA key exchange, DHE, CBC and TLS 1.1 are not spoken at all, whatever the trust.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use rustls::crypto::{CryptoProvider, ring as ring_provider};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, SupportedCipherSuite, SupportedProtocolVersion};

use crate::known_printers::KnownPrinters;
pub use failure::{TlsFailure, Untrusted};

pub(crate) mod certificate;
mod failure;
mod verifier;

pub(crate) use verifier::{Policy, Refusal, Verifier};

/// What makes a peer the printer that is meant. The module's table says what each answers to odd certificates.
#[derive(Clone, Debug)]
pub enum Trust {
    /// The first key seen is kept, and any other is refused from then on, as ssh does.
    FirstUse(KnownPrinters),
    /// This key and no other.
    Pin(PublicKeyPin),
    /// A certificate that the printers' maker has issued.
    PrinterCa {
        /// Who may have issued it. An intermediate can stand here too, and has to where the printer does not send its own.
        roots: Vec<CertificateDer<'static>>,
        /// The certificate's CN. Without it any printer of that maker can pass itself off as any other.
        serial: Option<String>,
    },
    /// Whoever answers. The access code is then open to anybody on the path: for experiments only.
    AcceptAny,
}

/// The TLS versions offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsVersions {
    /// What printers speak. A ClientHello that offers 1.3 has hung some of their firmware.
    #[default]
    Tls12,
    /// 1.3 where the peer has it.
    Tls12Or13,
}

/// Whom to trust over TLS, and how to speak it.
#[derive(Clone, Debug)]
pub struct TlsOptions {
    /// What makes the peer the printer that is meant.
    pub trust: Trust,
    /// The versions offered.
    pub versions: TlsVersions,
    /// The name under which [`Trust::FirstUse`] keeps the printer's key; `host:port` if there is none. A serial number
    /// is better where it is known: it stays when the address changes.
    pub known_as: Option<String>,
}

impl TlsOptions {
    /// TLS 1.2 with this trust.
    pub fn new(trust: Trust) -> TlsOptions {
        TlsOptions { trust, versions: TlsVersions::default(), known_as: None }
    }
}

/// What a finished handshake has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsInfo {
    /// The version agreed on.
    pub version: TlsVersion,
    /// The cipher suite agreed on, by its IANA name.
    pub cipher: &'static str,
    /// The printer's key.
    pub pin: PublicKeyPin,
    /// The CN of the certificate: the printer's serial number. Proven only under [`Trust::PrinterCa`].
    pub subject: Option<String>,
    /// The CN of whoever signed the certificate. Proven only under [`Trust::PrinterCa`].
    pub issuer: Option<String>,
    /// [`Trust::FirstUse`] has not known this printer before, and does now: a moment to show a person the pin.
    pub first_seen: bool,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsVersion {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TlsVersion::Tls12 => "TLS 1.2",
            TlsVersion::Tls13 => "TLS 1.3",
        })
    }
}

/// SHA-256 of a public key (the DER of SubjectPublicKeyInfo), as `sha256:` and 64 hex digits.
///
/// Of the key and not of the certificate, so that a certificate renewed for the same key changes nothing. The same
/// digits come from
/// `openssl x509 -in leaf.pem -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKeyPin([u8; 32]);

impl PublicKeyPin {
    /// The pin of the key in this certificate (DER).
    ///
    /// # Errors
    /// [`Untrusted::Unreadable`] if it is no certificate.
    pub fn of_certificate(der: &[u8]) -> Result<PublicKeyPin, Untrusted> {
        Ok(certificate::Certificate::parse(der)?.pin())
    }

    pub(crate) fn of_public_key(spki: &[u8]) -> PublicKeyPin {
        let mut pin = [0; 32];
        pin.copy_from_slice(digest(&SHA256, spki).as_ref());
        PublicKeyPin(pin)
    }
}

impl fmt::Display for PublicKeyPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PIN_PREFIX)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKeyPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKeyPin {
    type Err = InvalidPin;

    /// Reads 64 hex digits of either case, with or without `sha256:` before them.
    fn from_str(text: &str) -> Result<PublicKeyPin, InvalidPin> {
        let digits = text.strip_prefix(PIN_PREFIX).unwrap_or(text).as_bytes();
        let mut pin = [0; 32];
        if digits.len() != 2 * pin.len() {
            return Err(InvalidPin);
        }
        for (byte, pair) in pin.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |c: u8| char::from(c).to_digit(16).ok_or(InvalidPin);
            *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
        }
        Ok(PublicKeyPin(pin))
    }
}

/// A text that is no [`PublicKeyPin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a pin is 64 hex digits, after `sha256:` or alone")]
pub struct InvalidPin;

const PIN_PREFIX: &str = "sha256:";

/// Whether these first bytes from a peer are a TLS record: on a plain connection they mean that the port speaks TLS.
pub fn is_tls_record(bytes: &[u8]) -> bool {
    // change_cipher_spec, alert, handshake, application_data; then the major version, 3 since SSL 3.0.
    matches!(bytes, [0x14..=0x17] | [0x14..=0x17, 3, ..])
}

/// The configuration of one connection.
pub(crate) fn client_config(policy: Policy, versions: TlsVersions) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(CryptoProvider { cipher_suites: cipher_suites(), ..ring_provider::default_provider() });
    let verifier = Verifier::new(policy, provider.signature_verification_algorithms);
    let versions: &[&SupportedProtocolVersion] = match versions {
        TlsVersions::Tls12 => &[&rustls::version::TLS12],
        TlsVersions::Tls12Or13 => &[&rustls::version::TLS13, &rustls::version::TLS12],
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    // A resumed session shows no certificate, and so would not be asked who it is. Connections live for hours: one
    // round trip less at their start is worth nothing against that.
    config.resumption = rustls::client::Resumption::disabled();
    // Printers have no names.
    config.enable_sni = false;
    Ok(config)
}

/// The fastest first, for this processor; a server that has no preference of its own takes it.
///
/// AES-128 before AES-256: ten rounds against fourteen. Key exchange stays as the provider has it: X25519, P-256, P-384.
fn cipher_suites() -> Vec<SupportedCipherSuite> {
    use ring_provider::cipher_suite as suite;
    let chacha20 = [
        suite::TLS13_CHACHA20_POLY1305_SHA256,
        suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ];
    let aes = [
        suite::TLS13_AES_128_GCM_SHA256,
        suite::TLS13_AES_256_GCM_SHA384,
        suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    ];
    if has_aes_instructions() { [&aes[..], &chacha20].concat() } else { [&chacha20[..], &aes].concat() }
}

fn has_aes_instructions() -> bool {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    return std::arch::is_x86_feature_detected!("aes") && std::arch::is_x86_feature_detected!("pclmulqdq");
    // The Raspberry Pi 4 is one that has none.
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("aes") && std::arch::is_aarch64_feature_detected!("pmull");
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
    return false;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_written_as_they_are_read() {
        let text = format!("sha256:{}", "0123456789abcdef".repeat(4));
        let pin: PublicKeyPin = text.parse().unwrap();
        assert_eq!(pin.to_string(), text);
        assert_eq!(text.to_uppercase().replace("SHA256", "sha256").parse(), Ok(pin));
        assert_eq!(text[7..].parse(), Ok(pin), "the digits alone");
        for wrong in ["", "sha256:", &text[..70], &format!("{text}0"), &text.replace("01", "+1")] {
            assert_eq!(wrong.parse::<PublicKeyPin>(), Err(InvalidPin), "{wrong:?}");
        }
    }

    #[test]
    fn tls_is_told_from_text() {
        for (bytes, want) in [
            (&b"\x16\x03\x03\x00\x41"[..], true),
            (b"\x15\x03\x01\x00\x02", true),
            (b"\x16", true),
            (b"RTSP/1.0 400", false),
            (b"\x16\x10", false),
            (b"", false),
        ] {
            assert_eq!(is_tls_record(bytes), want, "{bytes:?}");
        }
    }
}
