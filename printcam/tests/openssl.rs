//! Against `openssl s_server`, another implementation and closest to what printers run.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

use printcam::connect::{ConnectError, ConnectOptions, Target};
use printcam::tls::{PublicKeyPin, TlsFailure, TlsInfo, TlsOptions, TlsVersion, TlsVersions, Trust, Untrusted};

use server::{REQUEST, fixture, talk};

#[allow(dead_code, reason = "of this module only the client's half is used here")]
#[path = "support/server.rs"]
mod server;

struct OpenSsl {
    child: Child,
    output: BufReader<ChildStdout>,
    target: Target,
}

impl OpenSsl {
    /// Serves one connection; what the client says goes to its standard output.
    fn start(certificate: &str, key: &str, arguments: &[&str]) -> OpenSsl {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tls");
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-naccept", "1", "-certform", "DER", "-keyform", "DER"])
            .args(["-cert", &format!("{folder}/{certificate}.der"), "-key", &format!("{folder}/{key}.key.der")])
            .args(arguments)
            // At the end of its input it would leave.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl (scripts/test installs it)");
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let port = loop {
            let mut line = String::new();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "openssl s_server {arguments:?} does not start");
            if let Some(address) = line.trim().strip_prefix("ACCEPT ") {
                break address.rsplit(':').next().unwrap().parse().unwrap();
            }
        };
        OpenSsl { child, output, target: Target::new("127.0.0.1", port) }
    }

    /// All that it printed, the client's words among it.
    fn finish(mut self) -> String {
        let mut text = Vec::new();
        self.output.read_to_end(&mut text).unwrap();
        self.child.wait().unwrap();
        String::from_utf8_lossy(&text).into_owned()
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn options(trust: Trust, versions: TlsVersions) -> ConnectOptions {
    let mut tls = TlsOptions::new(trust);
    tls.versions = versions;
    ConnectOptions::tls(tls)
}

fn said_something(output: &str) -> bool {
    output.contains("OPTIONS")
}

async fn accepted(certificate: &str, key: &str, arguments: &[&str], versions: TlsVersions) -> TlsInfo {
    let pin = PublicKeyPin::of_certificate(&fixture(&format!("{certificate}.der"))).unwrap();
    let server = OpenSsl::start(certificate, key, arguments);
    let outcome = talk(&server.target, &options(Trust::Pin(pin), versions)).await;
    let output = server.finish();
    let connected = outcome.unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{output}"));
    assert!(output.contains(str::from_utf8(REQUEST).unwrap().lines().next().unwrap()), "{arguments:?}: {output}");
    connected.tls.expect("TLS")
}

async fn refused(certificate: &str, key: &str, arguments: &[&str]) -> ConnectError {
    let server = OpenSsl::start(certificate, key, arguments);
    let outcome = talk(&server.target, &options(Trust::AcceptAny, TlsVersions::Tls12)).await;
    let output = server.finish();
    assert!(!said_something(&output), "{arguments:?}: {output}");
    outcome.expect_err(&format!("{arguments:?}"))
}

#[tokio::test]
async fn printers_as_they_are_known() {
    for (certificate, key, arguments, cipher) in [
        ("printer-v1", "printer", &["-tls1_2"][..], None),
        ("printer-v3", "printer", &["-tls1_2"], None),
        // The one suite that was seen in a trace.
        ("printer-v1", "printer", &["-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"], Some("_AES_256_GCM_SHA384")),
        ("printer-v1", "printer", &["-tls1_2", "-cipher", "ECDHE-RSA-CHACHA20-POLY1305"], Some("_CHACHA20_")),
        ("printer-v1", "printer", &["-tls1_2", "-named_curve", "P-256"], None),
        // Signatures of the handshake, old and new.
        ("printer-v1", "printer", &["-tls1_2", "-sigalgs", "RSA+SHA256"], None),
        ("printer-v1", "printer", &["-tls1_2", "-sigalgs", "RSA+SHA512"], None),
        ("printer-v1", "printer", &["-tls1_2", "-sigalgs", "rsa_pss_rsae_sha256"], None),
        ("p256", "p256", &["-tls1_2"], None),
        ("ed25519", "ed25519", &["-tls1_2"], None),
    ] {
        let info = accepted(certificate, key, arguments, TlsVersions::Tls12).await;
        assert_eq!(info.version, TlsVersion::Tls12, "{arguments:?}");
        if let Some(cipher) = cipher {
            assert!(info.cipher.contains(cipher), "{arguments:?}: {}", info.cipher);
        }
    }
}

#[tokio::test]
async fn tls_1_3_where_it_is_allowed() {
    let info = accepted("printer-v1", "printer", &["-tls1_3"], TlsVersions::Tls12Or13).await;
    assert_eq!(info.version, TlsVersion::Tls13);
    let error = refused("printer-v1", "printer", &["-tls1_3"]).await;
    assert!(matches!(error, ConnectError::Tls { failure: TlsFailure::NoCommonVersion, .. }), "{error}");
}

#[tokio::test]
async fn what_cannot_connect_says_why() {
    let version =
        |error: &ConnectError| matches!(error, ConnectError::Tls { failure: TlsFailure::NoCommonVersion, .. });
    let cipher = |error: &ConnectError| matches!(error, ConnectError::Tls { failure: TlsFailure::NoCommonCipher, .. });
    let weak = |error: &ConnectError| {
        matches!(error, ConnectError::CertificateUntrusted { reason: Untrusted::WeakKey { bits: 1024 }, .. })
    };
    type Check<'a> = &'a dyn Fn(&ConnectError) -> bool;
    for (certificate, key, arguments, is_expected) in [
        ("printer-v1", "printer", &["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"][..], &version as Check<'_>),
        ("printer-v1", "printer", &["-tls1_2", "-cipher", "kRSA"], &cipher),
        ("printer-v1", "printer", &["-tls1_2", "-cipher", "AES128-SHA"], &cipher),
        ("printer-v1", "printer", &["-tls1_2", "-cipher", "DHE"], &cipher),
        ("printer-v1", "printer", &["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA"], &cipher),
        ("weak", "weak", &["-tls1_2", "-cipher", "DEFAULT@SECLEVEL=0"], &weak),
    ] {
        let error = refused(certificate, key, arguments).await;
        assert!(is_expected(&error), "{arguments:?}: {error}");
        assert!(!error.to_string().is_empty());
    }
}
