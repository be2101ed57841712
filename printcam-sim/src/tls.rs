//! The camera's side of TLS: X.509 v1 leaf alone, as the X1 series presents it.

use std::io;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use tokio_rustls::TlsAcceptor;

use crate::options::{Certificate, Encryption};

/// `None` for a plain connection.
pub(crate) fn acceptor(
    encryption: Encryption,
    certificate: Certificate,
) -> io::Result<Option<TlsAcceptor>> {
    let versions: &[_] = match encryption {
        Encryption::None => return Ok(None),
        Encryption::Tls12 => &[&TLS12],
        Encryption::Tls13 => &[&TLS13, &TLS12],
    };
    let (certificate, key) = match certificate {
        Certificate::Usual => FIXTURES[0],
        Certificate::Second => FIXTURES[1],
    };
    let certificate = CertificateDer::from_pem_slice(certificate).map_err(io::Error::other)?;
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

#[derive(Debug)]
struct Leaf(Arc<CertifiedKey>);

impl ResolvesServerCert for Leaf {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Certificate and key; test-only, made by `fixtures/make-certificates.sh`.
const FIXTURES: [(&[u8], &[u8]); 2] = [
    (
        include_bytes!("../fixtures/x1c.pem"),
        include_bytes!("../fixtures/x1c-key.pem"),
    ),
    (
        include_bytes!("../fixtures/x1c-second.pem"),
        include_bytes!("../fixtures/x1c-second-key.pem"),
    ),
];
