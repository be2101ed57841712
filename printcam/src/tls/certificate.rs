//! A certificate of any X.509 version, as far as trust needs it, and the signatures made with its key.
//!
//! The usual verifier (webpki) reads version 3 only, and printers have version 1. Its signature algorithms are used all
//! the same: only the way to the public key is ours.

use rustls::pki_types::SignatureVerificationAlgorithm;
use x509_parser::asn1_rs::{Any, FromDer};
use x509_parser::certificate::{X509Certificate, X509CertificateParser};
use x509_parser::nom::Parser;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{X509Name, X509Version};

use super::{PublicKeyPin, Untrusted};

/// A parsed certificate: nothing in it is proven.
pub(crate) struct Certificate<'a> {
    x509: X509Certificate<'a>,
    /// The key's AlgorithmIdentifier, without its tag and length: as webpki writes it.
    key_algorithm: &'a [u8],
    /// The AlgorithmIdentifier of the issuer's signature, likewise.
    signature_algorithm: &'a [u8],
}

impl<'a> Certificate<'a> {
    pub(crate) fn parse(der: &'a [u8]) -> Result<Certificate<'a>, Untrusted> {
        let (rest, x509) = X509CertificateParser::new()
            .with_deep_parse_extensions(false)
            .parse(der)
            .map_err(|_| Untrusted::Unreadable)?;
        if !rest.is_empty() {
            return Err(Untrusted::Unreadable);
        }
        // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }
        let [_, signature_algorithm] = first_two(der)?;
        // SubjectPublicKeyInfo ::= SEQUENCE { algorithm, subjectPublicKey }
        let [key_algorithm, _] = first_two(x509.tbs_certificate.subject_pki.raw)?;
        Ok(Certificate { key_algorithm, signature_algorithm, x509 })
    }

    /// Version 3, the only one that may have extensions.
    pub(crate) fn is_v3(&self) -> bool {
        self.x509.version() == X509Version::V3
    }

    pub(crate) fn pin(&self) -> PublicKeyPin {
        PublicKeyPin::of_public_key(self.x509.tbs_certificate.subject_pki.raw)
    }

    /// Refuses keys whose signatures prove nothing, or cannot be checked.
    pub(crate) fn check_key(&self, algorithms: &[&dyn SignatureVerificationAlgorithm]) -> Result<(), Untrusted> {
        if let Ok(PublicKey::RSA(key)) = self.x509.public_key().parsed() {
            let bits = bit_length(key.modulus);
            if bits < MIN_RSA_BITS {
                return Err(Untrusted::WeakKey { bits });
            }
        }
        if !algorithms.iter().any(|algorithm| algorithm.public_key_alg_id().as_ref() == self.key_algorithm) {
            return Err(Untrusted::UnsupportedKey);
        }
        Ok(())
    }

    /// Whether this certificate's key made `signature` over `message`, by one of `algorithms` that fit the key.
    pub(crate) fn has_signed(
        &self,
        message: &[u8],
        signature: &[u8],
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> bool {
        let key: &[u8] = &self.x509.tbs_certificate.subject_pki.subject_public_key.data;
        algorithms
            .iter()
            .filter(|algorithm| algorithm.public_key_alg_id().as_ref() == self.key_algorithm)
            .any(|algorithm| algorithm.verify_signature(key, message, signature).is_ok())
    }

    /// Whether `issuer`'s name stands in this certificate as the one who signed it.
    pub(crate) fn names_as_issuer(&self, issuer: &Certificate<'_>) -> bool {
        self.x509.issuer().as_raw() == issuer.x509.subject().as_raw()
    }

    /// Whether the key of `issuer` has signed this certificate.
    pub(crate) fn is_signed_by(
        &self,
        issuer: &Certificate<'_>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> bool {
        let named: Vec<_> = algorithms
            .iter()
            .copied()
            .filter(|algorithm| algorithm.signature_alg_id().as_ref() == self.signature_algorithm)
            .collect();
        issuer.has_signed(self.x509.tbs_certificate.as_ref(), &self.x509.signature_value.data, &named)
    }

    /// Whether `now` (Unix time) is within the certificate's validity.
    pub(crate) fn check_date(&self, now: i64) -> Result<(), Untrusted> {
        let (not_before, not_after) =
            (self.x509.validity().not_before.timestamp(), self.x509.validity().not_after.timestamp());
        if now < not_before {
            return Err(Untrusted::NotYetValid { not_before, now });
        }
        if now > not_after {
            return Err(Untrusted::Expired { not_after, now });
        }
        Ok(())
    }

    /// Whether the subject's only CN is this serial number.
    pub(crate) fn check_serial(&self, expected: &str) -> Result<(), Untrusted> {
        if only_common_name(self.x509.subject()) == Some(expected) {
            return Ok(());
        }
        Err(Untrusted::WrongSerial { expected: expected.to_owned(), seen: self.subject() })
    }

    /// The subject's CN, safe to print.
    pub(crate) fn subject(&self) -> Option<String> {
        only_common_name(self.x509.subject()).map(printable)
    }

    /// The issuer's CN, safe to print.
    pub(crate) fn issuer(&self) -> Option<String> {
        only_common_name(self.x509.issuer()).map(printable)
    }
}

fn only_common_name<'n>(name: &'n X509Name<'_>) -> Option<&'n str> {
    let mut names = name.iter_common_name();
    // Two CNs are one too many to say which is meant.
    let (first, None) = (names.next()?, names.next()) else { return None };
    first.as_str().ok()
}

/// Anybody can write anything into a certificate, terminal escapes and whole novels included.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(MAX_COMMON_NAME).collect()
}

/// The contents of the first two elements of a SEQUENCE.
fn first_two(der: &[u8]) -> Result<[&[u8]; 2], Untrusted> {
    let unreadable = |_| Untrusted::Unreadable;
    let (_, sequence) = Any::from_der(der).map_err(unreadable)?;
    let (rest, first) = Any::from_der(sequence.data).map_err(unreadable)?;
    let (_, second) = Any::from_der(rest).map_err(unreadable)?;
    Ok([first.data, second.data])
}

/// Of an unsigned big-endian number, leading zeros or not.
fn bit_length(number: &[u8]) -> usize {
    match number.iter().position(|&byte| byte != 0) {
        Some(zeros) => 8 * (number.len() - zeros) - number[zeros].leading_zeros() as usize,
        None => 0,
    }
}

/// RSA below it has been broken, or soon will be; no printer has been seen with less.
const MIN_RSA_BITS: usize = 2048;

/// X.520's upper bound of a common name.
const MAX_COMMON_NAME: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_counted_without_leading_zeros() {
        for (number, want) in [(&[][..], 0), (&[0, 0], 0), (&[1], 1), (&[0, 0x80, 0], 16), (&[0x0f, 0xff], 12)] {
            assert_eq!(bit_length(number), want, "{number:?}");
        }
    }

    #[test]
    fn names_cannot_reach_the_terminal() {
        assert_eq!(printable("00M\x1b[2J\n"), "00M\u{fffd}[2J\u{fffd}");
        assert_eq!(printable(&"x".repeat(1000)).len(), MAX_COMMON_NAME);
    }
}
