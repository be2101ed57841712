//! The configuration as a file: changed without loss, and its owner's alone.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use printcam::Credentials;
use printcam::config::{CodeSource, ConfigError, ConfigFile, ConfiguredPrinter, USER};

/// Removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("config-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    fn file(&self) -> ConfigFile {
        ConfigFile::at(self.0.join("new/config.toml"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn printer(name: &str) -> ConfiguredPrinter {
    ConfiguredPrinter {
        name: name.to_owned(),
        address: Some("192.168.1.20".parse().unwrap()),
        serial: Some("00M00A000000000".to_owned()),
        model: Some("BL-P001".to_owned()),
        code: CodeSource::Written(Credentials::new(USER, "a\"b\\c\nd7")),
        pin: Some(format!("sha256:{}", "0123456789abcdef".repeat(4)).parse().unwrap()),
    }
}

#[test]
fn what_is_added_is_read_again_and_what_was_there_stays() {
    let folder = Folder::new();
    let file = folder.file();
    assert!(file.load().unwrap().printers.is_empty(), "no file");
    file.add(&printer("workshop")).unwrap();
    assert_eq!(file.load().unwrap().printers, [printer("workshop")]);
    assert!(fs::read_to_string(file.path()).unwrap().starts_with("[printers.workshop]\n"));

    let text = format!("# mine\n{}# the end\n", fs::read_to_string(file.path()).unwrap());
    fs::write(file.path(), &text).unwrap();
    let before = file.version();
    file.add(&printer("Küche")).unwrap();
    assert_ne!(file.version(), before);
    assert_eq!(file.load().unwrap().printers, [printer("workshop"), printer("Küche")]);
    let after = fs::read_to_string(file.path()).unwrap();
    assert!(after.starts_with("# mine\n") && after.contains("# the end"), "{after}");
    assert!(matches!(file.add(&printer("workshop")), Err(ConfigError::Exists { .. })));

    let place = "192.168.1.31:6000".parse().unwrap();
    assert!(file.move_to("Küche", &place).unwrap());
    assert!(!file.move_to("cellar", &place).unwrap());
    let moved = ConfiguredPrinter { address: Some(place), ..printer("Küche") };
    assert_eq!(file.load().unwrap().printers, [printer("workshop"), moved]);

    assert!(file.remove("Küche").unwrap());
    assert!(!file.remove("Küche").unwrap());
    assert_eq!(file.load().unwrap().printers, [printer("workshop")]);
}

#[test]
fn a_file_that_makes_no_sense_is_left_alone() {
    let folder = Folder::new();
    let file = folder.file();
    fs::create_dir_all(file.path().parent().unwrap()).unwrap();
    for text in ["[printers.a\n", "[printers.a]\nadress = \"1.2.3.4\"\n", "printers = 1\n"] {
        fs::write(file.path(), text).unwrap();
        file.add(&printer("workshop")).unwrap_err();
        file.remove("a").unwrap_err();
        assert_eq!(fs::read_to_string(file.path()).unwrap(), text);
    }
    assert!(matches!(file.add(&printer("two words")), Err(ConfigError::InvalidName { .. })));
}

#[cfg(unix)]
#[test]
fn it_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let file = folder.file();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    file.add(&printer("workshop")).unwrap();
    assert_eq!((mode(file.path()), mode(file.path().parent().unwrap())), (0o600, 0o700));
    assert!(!file.load().unwrap().readable_by_others);
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o640)).unwrap();
    assert!(file.load().unwrap().readable_by_others);
    file.add(&printer("shelf")).unwrap();
    assert_eq!(mode(file.path()), 0o600);
}

#[test]
fn codes_from_files() {
    let folder = Folder::new();
    let path = folder.0.join("code");
    let shelf = ConfiguredPrinter { code: CodeSource::File(path.clone()), ..printer("shelf") };
    assert!(matches!(shelf.credentials(), Err(ConfigError::NoCodeFile { .. })));
    fs::write(&path, "\n").unwrap();
    assert!(matches!(shelf.credentials(), Err(ConfigError::NoCodeFile { .. })));
    fs::write(&path, " 12345678 \r\nmore\n").unwrap();
    assert_eq!(shelf.credentials().unwrap(), Some(Credentials::new(USER, "12345678")));
    let variable = ConfiguredPrinter { code: CodeSource::Environment("NO_SUCH_VARIABLE".into()), ..printer("shelf") };
    assert!(matches!(variable.credentials(), Err(ConfigError::NoVariable { .. })));
}
