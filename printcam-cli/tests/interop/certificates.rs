//! Certificates of the kinds printers show, and of those they must not get away with; made by OpenSSL.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::tools::{made_once, pipe};

/// What a server needs to show who it is: two PEM files.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// X.509 v3, self-signed, CN = serial number, so neither host name nor chain can be checked.
pub(crate) fn self_signed() -> Identity {
    identity("self-signed")
}

/// As `self_signed`, down to the serial number, with another key: an impostor, or a printer after a factory reset.
pub(crate) fn another_key() -> Identity {
    identity("another-key")
}

/// X.509 version 1 without extensions, signed by `printer_ca`: an X1C's.
pub(crate) fn v1_leaf() -> Identity {
    identity("v1-leaf")
}

pub(crate) fn printer_ca() -> PathBuf {
    identity("printer-ca").certificate
}

/// An authority that has signed nothing here.
pub(crate) fn foreign_ca() -> PathBuf {
    identity("foreign-ca").certificate
}

impl Identity {
    /// SHA-256 of the public key (SubjectPublicKeyInfo), in lower-case hexadecimal.
    pub(crate) fn pin(&self) -> String {
        let key = pipe("openssl", &["pkey", "-in", path(&self.key), "-pubout", "-outform", "DER"], b"");
        let digest = pipe("openssl", &["dgst", "-sha256", "-r"], &key);
        String::from_utf8_lossy(&digest[..64]).into_owned()
    }
}

fn identity(name: &str) -> Identity {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| made_once("certificates-1", make_all));
    Identity { certificate: folder.join(name).with_extension("crt"), key: folder.join(name).with_extension("key") }
}

fn make_all(folder: &Path) {
    for (name, subject) in [
        ("self-signed", SERIAL_SUBJECT),
        ("another-key", SERIAL_SUBJECT),
        ("printer-ca", "/C=CN/O=Test/CN=BBL CA"),
        ("foreign-ca", "/C=CN/O=Test/CN=Another CA"),
    ] {
        let (certificate, key) = (folder.join(name).with_extension("crt"), folder.join(name).with_extension("key"));
        let arguments = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", subject];
        pipe("openssl", &[&arguments[..], &["-keyout", path(&key), "-out", path(&certificate)]].concat(), b"");
    }
    make_v1_leaf(folder);
}

fn make_v1_leaf(folder: &Path) {
    let (leaf, key, request) = (folder.join("v1-leaf.crt"), folder.join("v1-leaf.key"), folder.join("v1-leaf.csr"));
    let (ca, ca_key) = (folder.join("printer-ca.crt"), folder.join("printer-ca.key"));
    let new = ["-newkey", "rsa:2048", "-nodes", "-subj", SERIAL_SUBJECT, "-keyout", path(&key)];
    let signed_by = ["-CA", path(&ca), "-CAkey", path(&ca_key), "-days", "3650", "-out", path(&leaf)];
    pipe("openssl", &[&["req", "-new", "-out", path(&request)], &new[..]].concat(), b"");
    let sign = ["x509", "-req", "-in", path(&request), "-set_serial", "1"];
    pipe("openssl", &[&sign[..], &signed_by].concat(), b"");
    if !is_version_1(&leaf) {
        // OpenSSL 3.2 and later make version 3 unless asked.
        pipe("openssl", &[&["req", "-x509", "-x509v1"], &new[..], &signed_by].concat(), b"");
    }
    assert!(is_version_1(&leaf), "this OpenSSL makes no X.509 v1 certificates");
}

fn is_version_1(certificate: &Path) -> bool {
    let text = pipe("openssl", &["x509", "-in", path(certificate), "-noout", "-text"], b"");
    String::from_utf8_lossy(&text).contains("Version: 1 (0x0)")
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

const SERIAL_SUBJECT: &str = "/CN=00M00A000000000";
