//! Who is told anything: each kind of trust against honest and dishonest servers, over real sockets.

use std::io::ErrorKind;
use std::time::{Duration, SystemTime};

use printcam::connect::{ConnectError, ConnectOptions, Target, connect};
use printcam::known_printers::KnownPrinters;
use printcam::tls::{PublicKeyPin, TlsFailure, TlsInfo, TlsOptions, TlsVersion, TlsVersions, Trust, Untrusted};
use rustls::version::{TLS12, TLS13};
use tokio::io::AsyncReadExt;

use server::{End, REQUEST, Script, Server, Shows, certificate, fixture, talk};

#[path = "support/server.rs"]
mod server;

const SERIAL: &str = "00M00A000000001";

/// An alert under the handshake keys of TLS 1.3: 2 bytes, their type, the tag. A refusal sends nothing more.
const PROTECTED_ALERT: usize = 2 + 1 + 16;

fn pin(name: &str) -> PublicKeyPin {
    PublicKeyPin::of_certificate(&fixture(&format!("{name}.der"))).unwrap()
}

fn options(trust: Trust) -> ConnectOptions {
    let mut tls = TlsOptions::new(trust);
    // Whatever the server speaks: what is tried here must hold in both.
    tls.versions = TlsVersions::Tls12Or13;
    ConnectOptions::tls(tls)
}

fn shows(chain: &'static [&'static str], key: &'static str) -> [Shows; 2] {
    [&TLS12, &TLS13].map(|version| Shows { chain, key, version })
}

async fn accepted(shows: Shows, trust: Trust) -> TlsInfo {
    let server = Server::start(shows).await;
    let connected = talk(&server.target(), &options(trust)).await.unwrap_or_else(|error| panic!("{shows:?}: {error}"));
    let served = server.served().await;
    assert_eq!(served.application, REQUEST, "{shows:?}");
    assert!(served.close_notify, "{shows:?}: left without a good-bye");
    connected.tls.unwrap()
}

async fn refused(shows: Shows, trust: Trust) -> ConnectError {
    let server = Server::start(shows).await;
    let error = talk(&server.target(), &options(trust)).await.expect_err(&format!("{shows:?}"));
    let served = server.served().await;
    assert!(!served.handshake_done, "{shows:?}: the server finished its handshake");
    assert_eq!(served.application, b"", "{shows:?}");
    let alert = if shows.version == &TLS13 { PROTECTED_ALERT } else { 0 };
    assert!(served.protected <= alert, "{shows:?}: {} protected bytes", served.protected);
    error
}

#[tokio::test]
async fn first_use_learns_a_key_and_knows_it_again() {
    for shows in shows(&["printer-v1"], "printer") {
        let store = KnownPrinters::in_memory();
        let server = Server::start(shows).await;
        let target = server.target();
        let first = talk(&target, &options(Trust::FirstUse(store.clone()))).await.unwrap().tls.unwrap();
        assert!(first.first_seen, "{shows:?}");
        assert_eq!(first.pin, pin("printer-v1"));
        assert_eq!(first.subject.as_deref(), Some(SERIAL));
        assert_eq!(first.issuer.as_deref(), Some("Test Printer CA"));
        assert_eq!(first.version, if shows.version == &TLS13 { TlsVersion::Tls13 } else { TlsVersion::Tls12 });
        assert_eq!(store.find(&target.to_string()).unwrap().unwrap().pin, first.pin);

        // The next server has another port: name the printer.
        store.record("printer", first.pin, SystemTime::now()).unwrap();
        let again = Server::start(shows).await;
        let mut options = options(Trust::FirstUse(store.clone()));
        options.tls.as_mut().unwrap().known_as = Some("printer".to_owned());
        assert!(!talk(&again.target(), &options).await.unwrap().tls.unwrap().first_seen, "{shows:?}");
        assert_eq!(store.list().unwrap().printers.len(), 2);
    }
}

#[tokio::test]
async fn a_changed_key_is_told_nothing() {
    for shows in shows(&["other-v1"], "other") {
        let server = Server::start(shows).await;
        let store = KnownPrinters::in_memory();
        let name = server.target().to_string();
        store.record(&name, pin("printer-v1"), SystemTime::now()).unwrap();
        let error = talk(&server.target(), &options(Trust::FirstUse(store.clone()))).await.unwrap_err();
        let ConnectError::CertificateChanged { host, known, seen } = error else { panic!("{shows:?}: {error}") };
        assert_eq!((host, known, seen), (name.clone(), pin("printer-v1"), pin("other-v1")));
        assert!(!server.served().await.handshake_done);
        assert_eq!(store.find(&name).unwrap().unwrap().pin, pin("printer-v1"), "the known key stays");

        let error = refused(shows, Trust::Pin(pin("printer-v1"))).await;
        assert!(matches!(error, ConnectError::CertificateChanged { .. }), "{shows:?}: {error}");
    }
}

#[tokio::test]
async fn of_two_that_learn_at_once_the_first_is_right() {
    for shows in shows(&["printer-v1"], "printer") {
        let store = KnownPrinters::in_memory();
        let other = store.clone();
        // The printer is unknown when we connect. Before its handshake has ended, somebody else has learned it.
        let before_tls = Box::new(move || {
            other.record("printer", pin("other-v1"), SystemTime::now()).unwrap();
        });
        let server = Server::start_with(shows, Script { before_tls, ..Script::default() }).await;
        let mut options = options(Trust::FirstUse(store.clone()));
        options.tls.as_mut().unwrap().known_as = Some("printer".to_owned());
        let error = talk(&server.target(), &options).await.unwrap_err();
        assert!(
            matches!(error, ConnectError::CertificateChanged { known, .. } if known == pin("other-v1")),
            "{shows:?}: {error}"
        );
        assert_eq!(server.served().await.application, b"", "{shows:?}");
        assert_eq!(store.find("printer").unwrap().unwrap().pin, pin("other-v1"));
    }
}

#[tokio::test]
async fn every_byte_arrives_once_however_it_is_cut() {
    let says: Vec<u8> = (0..300_000_u32).map(|i| (i / 251) as u8 ^ i as u8).collect();
    for shows in shows(&["printer-v1"], "printer") {
        for slice in [1, 7, 1452, usize::MAX] {
            let says = if slice == 1 { &says[..20_000] } else { &says };
            let script = Script { says: says.to_vec(), slice, end: End::GoodBye, ..Script::default() };
            let server = Server::start_with(shows, script).await;
            let mut connected = connect(&server.target(), &options(Trust::AcceptAny)).await.unwrap();
            let mut heard = Vec::new();
            connected.stream.read_to_end(&mut heard).await.unwrap();
            assert!(heard == says, "{shows:?}, {slice} bytes at a time");
            connected.stream.close(Duration::from_secs(1)).await;
            assert!(server.served().await.close_notify, "{shows:?}");
        }
    }
}

#[tokio::test]
async fn an_end_without_good_bye_is_told_from_a_good_one() {
    for shows in shows(&["printer-v1"], "printer") {
        let script = Script { says: b"media".to_vec(), end: End::Fin, ..Script::default() };
        let server = Server::start_with(shows, script).await;
        let mut connected = connect(&server.target(), &options(Trust::AcceptAny)).await.unwrap();
        let mut heard = Vec::new();
        let error = connected.stream.read_to_end(&mut heard).await.unwrap_err();
        assert_eq!((&heard[..], error.kind()), (&b"media"[..], ErrorKind::UnexpectedEof), "{shows:?}");
    }
}

#[tokio::test]
async fn a_renewed_certificate_for_the_same_key_is_accepted() {
    for shows in shows(&["printer-rotated"], "printer") {
        accepted(shows, Trust::Pin(pin("printer-v1"))).await;
    }
}

#[tokio::test]
async fn a_replayed_certificate_is_told_nothing() {
    let root = || vec![certificate("root")];
    // The printer's own certificate, which anybody can fetch from it, and a key that is not the printer's.
    for shows in shows(&["printer-v1"], "other") {
        for trust in [
            Trust::Pin(pin("printer-v1")),
            Trust::FirstUse(KnownPrinters::in_memory()),
            Trust::PrinterCa { roots: root(), serial: Some(SERIAL.to_owned()) },
            Trust::AcceptAny,
        ] {
            let error = refused(shows, trust.clone()).await;
            assert!(
                matches!(error, ConnectError::CertificateUntrusted { reason: Untrusted::KeyNotProven, .. }),
                "{shows:?}, {trust:?}: {error}"
            );
            if let Trust::FirstUse(store) = trust {
                assert_eq!(store.list().unwrap().printers, [], "{shows:?}: learned from an impostor");
            }
        }
    }
    // A key of another kind cannot pass either.
    for shows in shows(&["printer-v1"], "p256") {
        refused(shows, Trust::Pin(pin("printer-v1"))).await;
    }
    for shows in shows(&["p256"], "p384") {
        refused(shows, Trust::Pin(pin("p256"))).await;
    }
}

#[tokio::test]
async fn every_kind_of_key_can_be_proved() {
    for (name, key) in [
        ("printer-v1", "printer"),
        ("printer-v3", "printer"),
        ("printer-rotated", "printer"),
        ("p256", "p256"),
        ("p384", "p384"),
        ("ed25519", "ed25519"),
    ] {
        for version in [&TLS12, &TLS13] {
            let shows = Shows { chain: Vec::leak(vec![name]), key, version };
            let info = accepted(shows, Trust::Pin(pin(name))).await;
            assert_eq!(info.subject.as_deref(), Some(SERIAL), "{shows:?}");
        }
    }
}

#[tokio::test]
async fn authorities_vouch_for_their_printers() {
    let ca = |roots: &[&str], serial: Option<&str>| Trust::PrinterCa {
        roots: roots.iter().map(|name| certificate(name)).collect(),
        serial: serial.map(str::to_owned),
    };
    let with_intermediate = &["printer-v3", "device-ca"];
    for version in [&TLS12, &TLS13] {
        for (chain, key, roots, serial) in [
            (&["printer-v1"][..], "printer", &["root"][..], Some(SERIAL)),
            (&["printer-v1"], "printer", &["device-ca", "root"], None),
            (with_intermediate, "printer", &["root"], Some(SERIAL)),
            // Printers rarely send it; then it is given.
            (&["printer-v3"], "printer", &["device-ca"], Some(SERIAL)),
        ] {
            let shows = Shows { chain, key, version };
            accepted(shows, ca(roots, serial)).await;
        }
        let wrong_serial = Untrusted::WrongSerial { expected: "00M00A000000009".into(), seen: Some(SERIAL.into()) };
        for (chain, key, roots, serial, want) in [
            (&["printer-v1"][..], "printer", &["device-ca"][..], Some(SERIAL), Untrusted::UnknownIssuer),
            (&["printer-v3"], "printer", &["root"], Some(SERIAL), Untrusted::UnknownIssuer),
            (&["printer-v1"], "printer", &[], None, Untrusted::UnknownIssuer),
            (&["printer-v1-forged"], "printer", &["root"], Some(SERIAL), Untrusted::BadSignature),
            (&["printer-rotated"], "printer", &["root"], Some(SERIAL), Untrusted::UnknownIssuer),
            // Its issuer is a printer, not an authority.
            (&["other-v1-by-leaf", "printer-v1"], "other", &["root"], None, Untrusted::UnknownIssuer),
            (&["printer-v1"], "printer", &["root"], Some("00M00A000000009"), wrong_serial.clone()),
            (with_intermediate, "printer", &["root"], Some("00M00A000000009"), wrong_serial),
        ] {
            let shows = Shows { chain, key, version };
            let error = refused(shows, ca(roots, serial)).await;
            let ConnectError::CertificateUntrusted { reason, .. } = error else { panic!("{shows:?}: {error}") };
            assert_eq!(reason, want, "{shows:?}");
        }
    }
}

#[tokio::test]
async fn a_root_that_cannot_be_read_is_refused_before_connecting() {
    let trust = Trust::PrinterCa { roots: vec![certificate("root"), vec![1, 2, 3].into()], serial: None };
    // Nobody listens there, and nobody is asked.
    let target = Target::new("127.0.0.1", 9);
    let error = talk(&target, &options(trust)).await.unwrap_err();
    assert!(
        matches!(error, ConnectError::CertificateUntrusted { reason: Untrusted::UnreadableRoot { index: 1 }, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn the_ciphers_are_those_of_a_modern_peer() {
    let [tls12, tls13] = shows(&["printer-v1"], "printer");
    for (shows, begins) in [(tls12, "TLS_ECDHE_RSA_WITH_"), (tls13, "TLS13_")] {
        let info = accepted(shows, Trust::AcceptAny).await;
        assert!(info.cipher.starts_with(begins), "{}", info.cipher);
    }
}

#[tokio::test]
async fn tls_1_3_is_not_offered_unless_asked_for() {
    let [tls12, tls13] = shows(&["printer-v1"], "printer");
    let options = ConnectOptions::tls(TlsOptions::new(Trust::AcceptAny));
    let server = Server::start(tls12).await;
    assert_eq!(talk(&server.target(), &options).await.unwrap().tls.unwrap().version, TlsVersion::Tls12);
    let server = Server::start(tls13).await;
    let error = talk(&server.target(), &options).await.unwrap_err();
    assert!(matches!(error, ConnectError::Tls { failure: TlsFailure::NoCommonVersion, .. }), "{error}");
}
