//! Why a peer is not believed, and why a handshake did not come about.

use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

/// What is wrong with the certificate that a peer has shown.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Untrusted {
    /// It is no X.509 certificate.
    #[error("its certificate cannot be read")]
    Unreadable,
    /// Its RSA key can be broken.
    #[error("its {bits}-bit RSA key is too weak (2048 bits are the least)")]
    WeakKey {
        /// Size of the modulus.
        bits: usize,
    },
    /// Its key is neither RSA nor P-256, P-384 or Ed25519.
    #[error("its key is of a kind that printcam cannot check")]
    UnsupportedKey,
    /// It does not hold the key that belongs to the certificate: somebody else's certificate, replayed.
    #[error("it does not hold the key of the certificate it showed")]
    KeyNotProven,
    /// None of the given roots has issued it.
    #[error("none of the given authorities has issued its certificate")]
    UnknownIssuer,
    /// It names one of the given roots as its issuer, which has not signed it.
    #[error("its certificate carries a forged signature")]
    BadSignature,
    /// It is no longer valid by this computer's clock.
    #[error("its certificate has expired ({not_after} s, now {now} s since 1970)")]
    Expired {
        /// Last second of its validity, Unix time.
        not_after: i64,
        /// This computer's clock, Unix time.
        now: i64,
    },
    /// It is not valid yet by this computer's clock.
    #[error(
        "its certificate is not valid yet ({not_before} s, now {now} s since 1970): is this computer's clock right?"
    )]
    NotYetValid {
        /// First second of its validity, Unix time.
        not_before: i64,
        /// This computer's clock, Unix time.
        now: i64,
    },
    /// It is another printer's.
    #[error("its certificate is for printer {}, not {expected}", .seen.as_deref().unwrap_or("(none)"))]
    WrongSerial {
        /// The serial number asked for.
        expected: String,
        /// The certificate's CN, if it has exactly one.
        seen: Option<String>,
    },
    /// One of the roots given in [`PrinterCa`](super::Trust::PrinterCa) is no certificate.
    #[error("the given authority number {} cannot be read", .index + 1)]
    UnreadableRoot {
        /// Its place in the list, from 0.
        index: usize,
    },
    /// The chain breaks another rule of RFC 5280.
    #[error("its certificate's chain is not valid ({0})")]
    Chain(CertificateError),
}

impl From<Error> for Untrusted {
    /// Of the chain check.
    fn from(error: Error) -> Untrusted {
        match error {
            Error::InvalidCertificate(CertificateError::BadEncoding) => Untrusted::Unreadable,
            Error::InvalidCertificate(CertificateError::UnknownIssuer) => Untrusted::UnknownIssuer,
            Error::InvalidCertificate(CertificateError::BadSignature) => Untrusted::BadSignature,
            Error::InvalidCertificate(CertificateError::ExpiredContext { time, not_after }) => {
                Untrusted::Expired { not_after: seconds(not_after.as_secs()), now: seconds(time.as_secs()) }
            }
            Error::InvalidCertificate(CertificateError::NotValidYetContext { time, not_before }) => {
                Untrusted::NotYetValid { not_before: seconds(not_before.as_secs()), now: seconds(time.as_secs()) }
            }
            Error::InvalidCertificate(other) => Untrusted::Chain(other),
            _ => Untrusted::Chain(CertificateError::ApplicationVerificationFailure),
        }
    }
}

fn seconds(unix: u64) -> i64 {
    i64::try_from(unix).unwrap_or(i64::MAX)
}

/// Why no TLS came about, the certificate aside.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFailure {
    /// The peer speaks only versions that are not offered: below 1.2, or 1.3 where only 1.2 is offered.
    #[error("there is no TLS version that both speak (printcam: 1.2, and 1.3 if asked to)")]
    NoCommonVersion,
    /// The peer has none of the ciphers offered.
    #[error(
        "there is no cipher that both have; RSA key exchange, DHE and CBC are not supported, \
         only ECDHE with AES-GCM or ChaCha20"
    )]
    NoCommonCipher,
    /// The peer has broken the handshake off.
    #[error("the peer ended the handshake: {0:?}")]
    Alert(AlertDescription),
    /// The peer broke the protocol, or asked for something that is not supported.
    #[error("the handshake failed: {0}")]
    Other(Error),
}

impl From<Error> for TlsFailure {
    fn from(error: Error) -> TlsFailure {
        use PeerIncompatible as Peer;
        match error {
            Error::AlertReceived(AlertDescription::ProtocolVersion)
            | Error::PeerIncompatible(
                Peer::ServerDoesNotSupportTls12Or13 | Peer::ServerTlsVersionIsDisabledByOurConfig,
            ) => TlsFailure::NoCommonVersion,
            // What servers answer when no cipher suits, or their key fits none of ours; other uses are rare.
            Error::AlertReceived(AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity) => {
                TlsFailure::NoCommonCipher
            }
            Error::AlertReceived(alert) => TlsFailure::Alert(alert),
            other => TlsFailure::Other(other),
        }
    }
}
