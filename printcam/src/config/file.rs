//! Where the configuration is, and how it is changed.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use toml_edit::{Item, Table, value};

use super::{CodeSource, Config, ConfigError, ConfiguredPrinter, MAX_FILE, read};
use crate::Place;
use crate::address::is_printer_name;
use crate::own_folder::{Kind, own_folder};
use crate::private_file::{self, Contents, PrivateFile};

/// The configuration's file. Calls block on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile(PathBuf);

/// Tells one state of the file from another: compare, and read again where it differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(Option<(SystemTime, u64)>);

impl ConfigFile {
    /// This file, which need not be there.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The file `PRINTCAM_CONFIG`, or `printcam/config.toml` in the platform's place (`$XDG_CONFIG_HOME`, `~/.config`;
    /// `~/Library/Application Support`; `%APPDATA%`).
    ///
    /// # Errors
    /// [`ConfigError::NoConfigDirectory`] if the environment names none.
    pub fn in_default_place() -> Result<Self, ConfigError> {
        default_place(|name| std::env::var_os(name)).map(Self).ok_or(ConfigError::NoConfigDirectory)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Reads it. No file is an empty configuration.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn load(&self) -> Result<Config, ConfigError> {
        let mut config = read::read(&self.text()?, &self.0)?;
        config.readable_by_others = readable_by_others(&self.0);
        Ok(config)
    }

    /// Its state now.
    pub fn version(&self) -> Version {
        let metadata = fs::metadata(&self.0).ok();
        Version(metadata.and_then(|metadata| Some((metadata.modified().ok()?, metadata.len()))))
    }

    /// Adds a printer. The file is 0600 from then on.
    ///
    /// # Errors
    /// [`ConfigError::Exists`], [`ConfigError::InvalidName`], or what is wrong with the file as it is.
    pub fn add(&self, printer: &ConfiguredPrinter) -> Result<(), ConfigError> {
        if !is_printer_name(&printer.name) {
            return Err(ConfigError::InvalidName { name: printer.name.clone() });
        }
        self.change(|printers| {
            if printers.contains_key(&printer.name) {
                return Err(ConfigError::Exists { name: printer.name.clone() });
            }
            printers.insert(&printer.name, Item::Table(table(printer)));
            Ok(())
        })
    }

    /// Removes a printer. Whether there was one.
    ///
    /// # Errors
    /// What is wrong with the file as it is.
    pub fn remove(&self, name: &str) -> Result<bool, ConfigError> {
        self.change(|printers| Ok(printers.remove(name).is_some()))
    }

    /// Gives a printer another address. Whether there was such a printer.
    ///
    /// # Errors
    /// What is wrong with the file as it is.
    pub fn move_to(&self, name: &str, address: &Place) -> Result<bool, ConfigError> {
        self.change(|printers| {
            let printer = printers.get_mut(name).and_then(Item::as_table_like_mut);
            Ok(printer.map(|printer| printer.insert("address", value(address.to_string()))).is_some())
        })
    }

    fn change<T>(&self, edit: impl FnOnce(&mut Table) -> Result<T, ConfigError>) -> Result<T, ConfigError> {
        let io = |error| ConfigError::Io { path: self.0.clone(), error };
        let file = PrivateFile::lock(&self.0).map_err(io)?;
        let before = self.text()?;
        // Whatever makes no sense must not be lost, nor written around.
        read::read(&before, &self.0)?;
        let mut document = read::document(&before, &self.0)?;
        let printers = document.entry(read::PRINTERS).or_insert_with(implicit_table);
        if let Item::Value(_) = printers {
            let inline = std::mem::take(printers);
            *printers = inline.into_table().map_or_else(|as_it_was| as_it_was, Item::Table);
        }
        let table = printers.as_table_mut().ok_or_else(|| ConfigError::Value {
            path: self.0.clone(),
            printer: String::new(),
            key: read::PRINTERS,
            wanted: "a table",
        })?;
        let outcome = edit(table)?;
        let after = document.to_string();
        // A table begins with an empty line, also where nothing is before it.
        let after = if before.is_empty() { after.trim_start() } else { &after };
        if after != before {
            file.replace(after.as_bytes()).map_err(io)?;
        }
        Ok(outcome)
    }

    fn text(&self) -> Result<String, ConfigError> {
        let io = |error| ConfigError::Io { path: self.0.clone(), error };
        match private_file::read(&self.0, MAX_FILE).map_err(io)? {
            Contents::Missing => Ok(String::new()),
            Contents::TooLarge => Err(ConfigError::TooLarge { path: self.0.clone() }),
            Contents::Bytes(bytes) => String::from_utf8(bytes).map_err(|error| {
                let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
                ConfigError::Syntax { path: self.0.clone(), line }
            }),
        }
    }
}

fn default_place(environment: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let explicit = environment("PRINTCAM_CONFIG").filter(|path| !path.is_empty());
    explicit.map(PathBuf::from).or_else(|| Some(own_folder(&CONFIG, environment)?.join("config.toml")))
}

const CONFIG: Kind = Kind { windows: "APPDATA", xdg: "XDG_CONFIG_HOME", usual: ".config" };

/// So that `[printers.name]` stands there without a `[printers]` before it.
fn implicit_table() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

fn table(printer: &ConfiguredPrinter) -> Table {
    let mut table = Table::new();
    let code = match &printer.code {
        CodeSource::Unknown => None,
        CodeSource::Written(credentials) => Some(("code", credentials.password().to_owned())),
        CodeSource::Environment(variable) => Some(("code_env", variable.clone())),
        CodeSource::File(path) => Some(("code_file", path.to_string_lossy().into_owned())),
    };
    let entries = [
        printer.address.as_ref().map(|address| ("address", address.to_string())),
        printer.serial.clone().map(|serial| ("serial", serial)),
        printer.model.clone().map(|model| ("model", model)),
        code,
        printer.pin.map(|pin| ("pin", pin.to_string())),
    ];
    for (key, text) in entries.into_iter().flatten() {
        table.insert(key, value(text));
    }
    table
}

pub(super) fn first_line(path: &Path) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(File::open(path)?.take(MAX_CODE_FILE)).read_line(&mut line)?;
    let code = line.trim();
    if code.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "its first line is empty"));
    }
    Ok(code.to_owned())
}

/// Codes have 8 characters.
const MAX_CODE_FILE: u64 = 1024;

#[cfg(unix)]
fn readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn readable_by_others(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_follows_the_platform() {
        let from = |variables: &[(&str, &str)]| {
            default_place(|name| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
            })
        };
        assert_eq!(from(&[("PRINTCAM_CONFIG", "mine.toml"), ("HOME", "/home/ann")]), Some("mine.toml".into()));
        assert_eq!(from(&[]), None);
        #[cfg(all(unix, not(target_vendor = "apple")))]
        for (variables, want) in [
            (&[("HOME", "/home/ann")][..], Some("/home/ann/.config/printcam/config.toml")),
            (&[("HOME", "/home/ann"), ("XDG_CONFIG_HOME", "/etc")], Some("/etc/printcam/config.toml")),
            (&[("HOME", "/home/ann"), ("XDG_CONFIG_HOME", "etc")], Some("/home/ann/.config/printcam/config.toml")),
            (&[("HOME", "")], None),
        ] {
            assert_eq!(from(variables), want.map(PathBuf::from), "{variables:?}");
        }
    }
}
