//! The camera's side of TLS: the leaf alone, of X.509 version 1 or 3 as the model presents it.

use std::io;
use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use tokio_rustls::TlsAcceptor;

use crate::options::{Certificate, Encryption, Options};

/// Who signs a model's certificates; each has a name of its own, and all have the same test-only key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Issuer {
    /// "BBL CA", which signs leaves of X.509 version 1.
    BblCa,
    /// "BBL Device CA N7-V2", below "BBL CA2 RSA": version 3.
    DeviceCaN7,
    /// "BBL Device CA O1C-V2".
    DeviceCaO1c,
    /// "BBL Device CA O1D-V2".
    DeviceCaO1d,
}

impl Issuer {
    pub(crate) fn certificate_pem(self) -> &'static str {
        match self {
            Issuer::BblCa => AUTHORITY_PEM,
            Issuer::DeviceCaN7 => include_str!("../fixtures/device-ca-n7.pem"),
            Issuer::DeviceCaO1c => include_str!("../fixtures/device-ca-o1c.pem"),
            Issuer::DeviceCaO1d => include_str!("../fixtures/device-ca-o1d.pem"),
        }
    }

    /// The leaves for both keys.
    fn leaves(self) -> [&'static [u8]; 2] {
        match self {
            Issuer::BblCa => [include_bytes!("../fixtures/x1c.pem"), include_bytes!("../fixtures/x1c-second.pem")],
            Issuer::DeviceCaN7 => [include_bytes!("../fixtures/n7.pem"), include_bytes!("../fixtures/n7-second.pem")],
            Issuer::DeviceCaO1c => {
                [include_bytes!("../fixtures/o1c.pem"), include_bytes!("../fixtures/o1c-second.pem")]
            }
            Issuer::DeviceCaO1d => {
                [include_bytes!("../fixtures/o1d.pem"), include_bytes!("../fixtures/o1d-second.pem")]
            }
        }
    }
}

/// `None` for a plain connection.
pub(crate) fn acceptor(options: &Options, certificate: Certificate) -> io::Result<Option<TlsAcceptor>> {
    let versions: &[_] = match options.encryption {
        Encryption::None => return Ok(None),
        Encryption::Tls12 => &[&TLS12],
        Encryption::Tls13 => &[&TLS13, &TLS12],
    };
    let [usual, second] = options.personality.facts().issuer.leaves();
    let (certificate, key) = match certificate {
        Certificate::Usual => (usual, KEYS[0]),
        Certificate::Second => (second, KEYS[1]),
    };
    let certificate = CertificateDer::from_pem_slice(certificate).map_err(io::Error::other)?;
    let certificate = issue_for(certificate, &options.serial)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(io::Error::other)?;
    let key = ring::sign::any_supported_type(&key).map_err(io::Error::other)?;
    // `with_single_cert` would refuse a version 1 certificate.
    let resolver = Leaf(Arc::new(CertifiedKey::new(vec![certificate], key)));
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// The certificate with another serial number as its common name, signed anew by the test authority.
///
/// Serial numbers have one length and RSA signatures too, so both are replaced in place.
fn issue_for(certificate: CertificateDer<'_>, serial: &str) -> io::Result<CertificateDer<'static>> {
    let unfit = || io::Error::new(io::ErrorKind::InvalidInput, "a serial number has 15 letters and digits");
    let mut der = certificate.to_vec();
    let old = FIXTURE_SERIAL.as_bytes();
    let name = der.windows(old.len()).position(|window| window == old);
    let name = name.filter(|_| Options::is_serial(serial)).ok_or_else(unfit)?;
    der[name..name + old.len()].copy_from_slice(serial.as_bytes());

    // Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, ... }, both with lengths of two bytes.
    let signed = 8 + usize::from(u16::from_be_bytes([der[6], der[7]]));
    let authority = PrivateKeyDer::from_pem_slice(AUTHORITY_KEY).map_err(io::Error::other)?;
    let authority = ring::sign::any_supported_type(&authority).map_err(io::Error::other)?;
    let signer = authority.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]);
    let signer = signer.ok_or_else(|| io::Error::other("the authority's key is RSA"))?;
    let signature = signer.sign(&der[4..signed]).map_err(io::Error::other)?;
    let at = der.len() - signature.len();
    der[at..].copy_from_slice(&signature);
    Ok(der.into())
}

/// The root of the certificates that simulated cameras of older models present, in PEM; for all
/// models see [`crate::Personality::issuer_pem`]. Test-only.
pub const AUTHORITY_PEM: &str = include_str!("../fixtures/authority.pem");

const AUTHORITY_KEY: &[u8] = include_bytes!("../fixtures/authority-key.pem");

/// The common name in both fixtures.
const FIXTURE_SERIAL: &str = "00M00A000000000";

#[derive(Debug)]
struct Leaf(Arc<CertifiedKey>);

impl ResolvesServerCert for Leaf {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Of the usual and the second certificate; test-only, made by `fixtures/make-certificates.sh`.
const KEYS: [&[u8]; 2] = [include_bytes!("../fixtures/x1c-key.pem"), include_bytes!("../fixtures/x1c-second-key.pem")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_serial_changes_only_name_and_signature() {
        for issuer in [Issuer::BblCa, Issuer::DeviceCaN7, Issuer::DeviceCaO1c, Issuer::DeviceCaO1d] {
            changes_only_name_and_signature(issuer);
        }
    }

    fn changes_only_name_and_signature(issuer: Issuer) {
        let fixture = || CertificateDer::from_pem_slice(issuer.leaves()[0]).expect("a certificate");
        let same = issue_for(fixture(), FIXTURE_SERIAL).expect("issued");
        assert_eq!(same, fixture(), "RSA PKCS#1 signatures are repeatable");
        let other = issue_for(fixture(), "00M09C123456789").expect("issued");
        let differ = |(a, b): (&u8, &u8)| a != b;
        let name = same.iter().zip(&other[..]).position(differ).expect("another name");
        assert_eq!(same[..name], other[..name]);
        assert!(other[..name + 20].windows(15).any(|window| window == b"00M09C123456789"));
        for serial in ["", "short", "00M00A0000000000", "00M00A00000000é", "00M00A0000000\r\n"] {
            assert!(issue_for(fixture(), serial).is_err(), "{serial}");
        }
    }
}
