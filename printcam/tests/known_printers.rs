//! The list of known printers as a file: who may read it, what survives in it, several writers.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use printcam::connect::{ConnectError, ConnectOptions, Target, connect};
use printcam::known_printers::{KnownPrinters, KnownPrintersError, LineProblem, Recorded};
use printcam::tls::{PublicKeyPin, TlsOptions, Trust};

/// A folder of this test's own, empty.
fn folder(test: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("known_printers").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn pin(digit: char) -> PublicKeyPin {
    format!("sha256:{}", digit.to_string().repeat(64)).parse().unwrap()
}

fn date() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_415_456_789)
}

#[test]
fn what_is_recorded_is_found_again_in_memory_and_file() {
    let path = folder("found").join("new/state/known_printers");
    for store in [KnownPrinters::in_memory(), KnownPrinters::in_file(&path)] {
        assert_eq!(store.find("a:322").unwrap(), None);
        assert!(!store.forget("a:322").unwrap());
        assert_eq!(store.record("a:322", pin('1'), date()).unwrap(), Recorded::Added);
        let Recorded::Already(known) = store.record("a:322", pin('2'), date()).unwrap() else { panic!("replaced") };
        assert_eq!(
            (known.pin, known.first_seen),
            (pin('1'), SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_415_456))
        );
        assert_eq!(store.find("a:322").unwrap(), Some(known));
        assert_eq!(store.find("b:322").unwrap(), None);

        store.replace("a:322", pin('3'), date()).unwrap();
        assert_eq!(store.find("a:322").unwrap().unwrap().pin, pin('3'));
        assert_eq!(store.clone().list().unwrap().printers.len(), 1);
        assert!(store.forget("a:322").unwrap());
        assert_eq!(store.list().unwrap().printers, []);
        for name in ["", "two words", "line\nbreak"] {
            assert!(matches!(store.record(name, pin('1'), date()), Err(KnownPrintersError::InvalidName { .. })));
        }
    }
}

#[test]
fn the_file_is_text() {
    let path = folder("text").join("known_printers");
    KnownPrinters::in_file(&path).record("192.168.1.20:322", pin('a'), date()).unwrap();
    let want = format!("192.168.1.20:322 sha256:{} 2026-11-23T06:30:56Z\n", "a".repeat(64));
    assert_eq!(fs::read_to_string(path).unwrap(), want);
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder("permissions");
    let path = folder.join("state/known_printers");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let store = KnownPrinters::in_file(&path);
    store.record("a:322", pin('1'), date()).unwrap();
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    // Whatever it was before.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    store.record("b:322", pin('2'), date()).unwrap();
    assert_eq!(mode(&path), 0o600);
    let mut files: Vec<_> =
        fs::read_dir(path.parent().unwrap()).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["known_printers", "known_printers.lock"], "nothing temporary is left");
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let folder = folder("link");
    let (path, real) = (folder.join("known_printers"), folder.join("real"));
    fs::write(&real, "").unwrap();
    std::os::unix::fs::symlink(&real, &path).unwrap();
    KnownPrinters::in_file(&path).record("a:322", pin('1'), date()).unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert!(fs::read_to_string(real).unwrap().starts_with("a:322 "));
}

#[test]
fn what_cannot_be_read_is_reported_and_kept() {
    let path = folder("corrupt").join("known_printers");
    let before = b"# mine\n\nlost:322 sha256:12\n\xff\xfe\n";
    fs::write(&path, before).unwrap();
    let store = KnownPrinters::in_file(&path);
    store.record("a:322", pin('1'), date()).unwrap();
    assert!(fs::read(&path).unwrap().starts_with(before), "a line was lost");
    let corrupt = store.list().unwrap().corrupt;
    let reported: Vec<_> = corrupt.iter().map(|line| (line.number, line.problem)).collect();
    assert_eq!(reported, [(3, LineProblem::WordCount), (4, LineProblem::NotText)]);

    // Its own printer is not taken for a stranger.
    for outcome in [store.find("lost:322").map(drop), store.record("lost:322", pin('1'), date()).map(drop)] {
        let error = outcome.unwrap_err();
        assert!(matches!(&error, KnownPrintersError::Corrupt { line, .. } if line.number == 3), "{error}");
        assert!(error.to_string().contains("line 3"), "{error}");
    }
    // A person may.
    store.replace("lost:322", pin('2'), date()).unwrap();
    assert_eq!(store.list().unwrap().corrupt.len(), 1);
}

#[test]
fn a_file_beyond_reason_is_not_read() {
    let path = folder("large").join("known_printers");
    fs::write(&path, "#".repeat((1 << 20) + 1)).unwrap();
    assert!(matches!(KnownPrinters::in_file(path).list(), Err(KnownPrintersError::TooLarge { .. })));
}

#[test]
fn two_writers_lose_nothing() {
    let path = folder("writers").join("known_printers");
    std::thread::scope(|scope| {
        for writer in 0..4 {
            // A store of its own each, with a lock of its own, as in another process.
            let store = KnownPrinters::in_file(&path);
            scope.spawn(move || {
                for printer in 0..25 {
                    let name = format!("printer-{writer}-{printer}:322");
                    assert_eq!(store.record(&name, pin('1'), date()).unwrap(), Recorded::Added);
                    // A reader meets a whole file at any time.
                    assert_eq!(store.list().unwrap().corrupt, []);
                }
            });
        }
        // All at once for one printer: the first wins, and the others are told so.
        let first = KnownPrinters::in_file(&path);
        let second = first.clone();
        let race = [(first, '2'), (second, '3')].map(|(store, digit)| {
            scope.spawn(move || store.record("contested:322", pin(digit), date()).unwrap() == Recorded::Added)
        });
        assert_eq!(race.map(|thread| thread.join().unwrap()).iter().filter(|added| **added).count(), 1);
    });
    assert_eq!(KnownPrinters::in_file(&path).list().unwrap().printers.len(), 4 * 25 + 1);
}

#[tokio::test]
async fn without_its_list_nobody_is_connected_to() {
    let file = folder("unusable").join("file");
    fs::write(&file, "").unwrap();
    let store = KnownPrinters::in_file(file.join("known_printers"));
    // Nobody listens there, and nobody is asked.
    let options = ConnectOptions::tls(TlsOptions::new(Trust::FirstUse(store)));
    let error = connect(&Target::new("127.0.0.1", 9), &options).await.unwrap_err();
    assert!(matches!(error, ConnectError::KnownPrinters(KnownPrintersError::Io { .. })), "{error}");
    assert!(error.hint().unwrap().contains("PRINTCAM_STATE_DIR"));
}
