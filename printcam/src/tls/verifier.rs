//! The checks that rustls asks for in mid-handshake, before it sends anything that a key protects.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, PeerMisbehaved, RootCertStore, SignatureScheme,
};

use super::certificate::Certificate;
use super::{PublicKeyPin, Untrusted};

/// What is asked of the certificate itself; that the peer holds its key is asked in any case.
#[derive(Debug)]
pub(crate) enum Policy {
    /// This key and no other.
    Pinned(PublicKeyPin),
    /// Any key: there is nothing yet to compare it with. What follows from it is the caller's to decide.
    Any,
    /// Issued by one of these.
    Issued { roots: Vec<CertificateDer<'static>>, store: RootCertStore, serial: Option<String> },
}

impl Policy {
    pub(crate) fn issued(roots: Vec<CertificateDer<'static>>, serial: Option<String>) -> Result<Policy, Untrusted> {
        let mut store = RootCertStore::empty();
        for (index, root) in roots.iter().enumerate() {
            let unreadable = Untrusted::UnreadableRoot { index };
            Certificate::parse(root).map_err(|_| unreadable.clone())?;
            store.add(root.clone()).map_err(|_| unreadable)?;
        }
        Ok(Policy::Issued { roots, store, serial })
    }
}

/// Why a certificate is refused; travels through rustls as its `OtherError`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the key is {seen}, not {known}")]
    Changed { known: PublicKeyPin, seen: PublicKeyPin },
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refusal))))
    }
}

impl Refusal {
    /// The refusal that made a handshake fail, if one did.
    pub(crate) fn in_error(error: &Error) -> Option<&Refusal> {
        match error {
            Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => inner.downcast_ref(),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Verifier {
    policy: Policy,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub(crate) fn new(policy: Policy, algorithms: WebPkiSupportedAlgorithms) -> Verifier {
        Verifier { policy, algorithms }
    }

    fn check_certificate(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Refusal> {
        let leaf = Certificate::parse(end_entity)?;
        leaf.check_key(self.algorithms.all)?;
        match &self.policy {
            Policy::Any => {}
            Policy::Pinned(known) => {
                let seen = leaf.pin();
                if seen != *known {
                    return Err(Refusal::Changed { known: *known, seen });
                }
            }
            Policy::Issued { roots, store, serial } => {
                if leaf.is_v3() {
                    let parsed = ParsedCertificate::try_from(end_entity).map_err(Untrusted::from)?;
                    verify_server_cert_signed_by_trust_anchor(&parsed, store, intermediates, now, self.algorithms.all)
                        .map_err(Untrusted::from)?;
                } else {
                    self.check_issued_directly(&leaf, roots, now)?;
                }
                if let Some(serial) = serial {
                    leaf.check_serial(serial)?;
                }
            }
        }
        Ok(())
    }

    /// A certificate below version 3 has no extensions, and so cannot be told from an authority's: only what a given
    /// root has signed itself counts, and nothing such a certificate has signed ever does.
    fn check_issued_directly(
        &self,
        leaf: &Certificate<'_>,
        roots: &[CertificateDer<'static>],
        now: UnixTime,
    ) -> Result<(), Untrusted> {
        let mut refusal = Untrusted::UnknownIssuer;
        for root in roots {
            let root = Certificate::parse(root)?;
            if !leaf.names_as_issuer(&root) {
                continue;
            }
            if leaf.is_signed_by(&root, self.algorithms.all) {
                return leaf.check_date(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
            }
            refusal = Untrusted::BadSignature;
        }
        Err(refusal)
    }

    /// The proof that the peer holds the certificate's key. It is the only thing that keeps out a stranger who shows
    /// a certificate copied from the printer, pinned or not: nothing may answer "valid" without it.
    fn check_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        (scheme, signature): (SignatureScheme, &[u8]),
        version: Version,
    ) -> Result<HandshakeSignatureValid, Error> {
        let unadvertised = || Error::from(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme);
        let (_, algorithms) =
            self.algorithms.mapping.iter().find(|(known, _)| *known == scheme).ok_or_else(unadvertised)?;
        let algorithms = match version {
            // ECDSA schemes leave the curve open in 1.2.
            Version::Tls12 => *algorithms,
            // Here they name it (RFC 8446 §4.2.3), the mapping's first. PKCS #1 v1.5 is for certificates only.
            Version::Tls13 if is_pkcs1(scheme) => return Err(unadvertised()),
            Version::Tls13 => &algorithms[..1],
        };
        let leaf = Certificate::parse(certificate).map_err(Refusal::from)?;
        if leaf.has_signed(message, signature, algorithms) {
            Ok(HandshakeSignatureValid::assertion())
        } else {
            Err(Refusal::from(Untrusted::KeyNotProven).into())
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Version {
    Tls12,
    Tls13,
}

fn is_pkcs1(scheme: SignatureScheme) -> bool {
    matches!(
        scheme,
        SignatureScheme::RSA_PKCS1_SHA256 | SignatureScheme::RSA_PKCS1_SHA384 | SignatureScheme::RSA_PKCS1_SHA512
    )
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check_certificate(end_entity, intermediates, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, certificate, (signed.scheme, signed.signature()), Version::Tls12)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, certificate, (signed.scheme, signed.signature()), Version::Tls13)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const ROOT: &[u8] = include_bytes!("../../fixtures/tls/root.der");
    const DEVICE_CA: &[u8] = include_bytes!("../../fixtures/tls/device-ca.der");
    const V1: &[u8] = include_bytes!("../../fixtures/tls/printer-v1.der");
    const V3: &[u8] = include_bytes!("../../fixtures/tls/printer-v3.der");

    /// The fixtures' validity: 2020-01-01 to 2120-01-01, Unix time.
    const NOT_BEFORE: i64 = 1_577_836_800;
    const NOT_AFTER: i64 = 4_733_510_400;

    fn check(policy: Policy, leaf: &[u8], now: i64) -> Result<(), Refusal> {
        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now as u64));
        Verifier::new(policy, algorithms).check_certificate(&leaf.into(), &[DEVICE_CA.into()], now)
    }

    fn issued() -> Policy {
        Policy::issued(vec![ROOT.to_vec().into()], Some("00M00A000000001".to_owned())).unwrap()
    }

    #[test]
    fn authorities_mind_the_date_and_pins_do_not() {
        for (now, want) in [
            (0, Err(Untrusted::NotYetValid { not_before: NOT_BEFORE, now: 0 })),
            (NOT_BEFORE - 1, Err(Untrusted::NotYetValid { not_before: NOT_BEFORE, now: NOT_BEFORE - 1 })),
            (NOT_BEFORE, Ok(())),
            (NOT_AFTER, Ok(())),
            (NOT_AFTER + 1, Err(Untrusted::Expired { not_after: NOT_AFTER, now: NOT_AFTER + 1 })),
        ] {
            for (name, leaf) in [("v1", V1), ("v3", V3)] {
                let want = want.clone().map_err(Refusal::from);
                assert_eq!(check(issued(), leaf, now), want, "{name} at {now}");
                let pin = PublicKeyPin::of_certificate(leaf).unwrap();
                assert_eq!(check(Policy::Pinned(pin), leaf, now), Ok(()), "{name} at {now}");
            }
        }
    }

    #[test]
    fn weak_and_unknown_keys_are_refused_under_every_trust() {
        let weak: &[u8] = include_bytes!("../../fixtures/tls/weak.der");
        let p521: &[u8] = include_bytes!("../../fixtures/tls/p521.der");
        for (leaf, want) in [(weak, Untrusted::WeakKey { bits: 1024 }), (p521, Untrusted::UnsupportedKey)] {
            let pin = PublicKeyPin::of_certificate(leaf).unwrap();
            for policy in [Policy::Any, Policy::Pinned(pin), issued()] {
                assert_eq!(check(policy, leaf, NOT_BEFORE), Err(want.clone().into()));
            }
        }
    }

    #[test]
    fn garbage_is_refused_wherever_it_is_cut() {
        for leaf in [V1, V3] {
            for length in 0..leaf.len() {
                let cut = check(Policy::Any, &leaf[..length], NOT_BEFORE);
                assert_eq!(cut, Err(Untrusted::Unreadable.into()), "{length} bytes");
            }
            let longer = check(Policy::Any, &[leaf, b"\0"].concat(), NOT_BEFORE);
            assert_eq!(longer, Err(Untrusted::Unreadable.into()));
        }
    }

    #[test]
    fn a_signature_counts_for_the_schemes_of_its_version_only() {
        use Version::{Tls12, Tls13};
        use ring::rand::SystemRandom;
        use ring::signature::{self, EcdsaKeyPair, RsaKeyPair};

        let (message, random) = (b"handshake", SystemRandom::new());
        let rsa = RsaKeyPair::from_pkcs8(include_bytes!("../../fixtures/tls/printer.key.der")).unwrap();
        let rsa = |padding: &'static dyn signature::RsaEncoding| {
            let mut signed = vec![0; rsa.public().modulus_len()];
            rsa.sign(padding, &random, message, &mut signed).unwrap();
            signed
        };
        let (pkcs1, pss) = (rsa(&signature::RSA_PKCS1_SHA256), rsa(&signature::RSA_PSS_SHA256));
        let p384 = EcdsaKeyPair::from_pkcs8(
            &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
            include_bytes!("../../fixtures/tls/p384.key.der"),
            &random,
        );
        let p384 = p384.unwrap().sign(&random, message).unwrap();
        let p384_certificate: &[u8] = include_bytes!("../../fixtures/tls/p384.der");

        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        let verifier = Verifier::new(Policy::Any, algorithms);
        for (name, certificate, scheme, signature, version, want) in [
            ("PKCS #1", V1, SignatureScheme::RSA_PKCS1_SHA256, &pkcs1[..], Tls12, true),
            ("PKCS #1", V1, SignatureScheme::RSA_PKCS1_SHA256, &pkcs1, Tls13, false),
            ("PSS", V1, SignatureScheme::RSA_PSS_SHA256, &pss, Tls12, true),
            ("PSS", V1, SignatureScheme::RSA_PSS_SHA256, &pss, Tls13, true),
            ("PSS as PKCS #1", V1, SignatureScheme::RSA_PKCS1_SHA256, &pss, Tls12, false),
            ("PSS, other hash", V1, SignatureScheme::RSA_PSS_SHA512, &pss, Tls12, false),
            ("P-384", p384_certificate, SignatureScheme::ECDSA_NISTP384_SHA384, p384.as_ref(), Tls13, true),
            ("RSA as P-384", p384_certificate, SignatureScheme::RSA_PSS_SHA256, &pss, Tls12, false),
            ("SHA-1", V1, SignatureScheme::RSA_PKCS1_SHA1, &pkcs1, Tls12, false),
            ("empty", V1, SignatureScheme::RSA_PSS_SHA256, b"", Tls12, false),
        ] {
            for (message, want) in [(&message[..], want), (b"handshakf", false)] {
                let outcome = verifier.check_signature(message, &certificate.into(), (scheme, signature), version);
                assert_eq!(outcome.is_ok(), want, "{name}, {scheme:?}, {version:?}");
            }
        }
    }

    /// Whatever is changed in what an authority signed, nothing of it is believed.
    #[test]
    fn no_changed_byte_passes_an_authority() {
        for index in 0..V1.len() {
            let mut changed = V1.to_vec();
            changed[index] ^= 0x01;
            assert!(check(issued(), &changed, NOT_BEFORE).is_err(), "byte {index}");
        }
    }
}
