//! From TOML to printers.

use std::path::{Path, PathBuf};

use printcam_proto::rtsp::Credentials;
use toml_edit::{DocumentMut, Item, TableLike};

use super::{CodeSource, Config, ConfigError, ConfiguredPrinter, USER};
use crate::address::is_printer_name;

/// Reads the text of the file at `path`, next to which files named in it are.
pub(super) fn read(text: &str, path: &Path) -> Result<Config, ConfigError> {
    let document = document(text, path)?;
    let mut config = Config::default();
    let Some(printers) = document.get(PRINTERS) else { return Ok(config) };
    let of_no_table = |printer: &str| ConfigError::Value {
        path: path.to_owned(),
        printer: printer.to_owned(),
        key: PRINTERS,
        wanted: "a table, as [printers.workshop]",
    };
    for (name, printer) in printers.as_table_like().ok_or_else(|| of_no_table(""))?.iter() {
        if !is_printer_name(name) {
            return Err(ConfigError::InvalidName { name: name.to_owned() });
        }
        let table = printer.as_table_like().ok_or_else(|| of_no_table(name))?;
        config.printers.push(Entry { path, name, table }.read()?);
    }
    Ok(config)
}

/// The whole document. What is wrong with it is told by its line alone: the parser's own words quote it.
pub(super) fn document(text: &str, path: &Path) -> Result<DocumentMut, ConfigError> {
    text.parse::<DocumentMut>().map_err(|error| {
        let before = error.span().and_then(|span| text.as_bytes().get(..span.start)).unwrap_or_default();
        ConfigError::Syntax { path: path.to_owned(), line: 1 + before.iter().filter(|&&byte| byte == b'\n').count() }
    })
}

pub(super) const PRINTERS: &str = "printers";

/// One printer's table.
struct Entry<'a> {
    path: &'a Path,
    name: &'a str,
    table: &'a dyn TableLike,
}

impl Entry<'_> {
    fn read(&self) -> Result<ConfiguredPrinter, ConfigError> {
        if let Some((key, _)) = self.table.iter().find(|(key, _)| !KEYS.contains(key)) {
            let (path, printer) = (self.path.to_owned(), self.name.to_owned());
            return Err(ConfigError::UnknownKey { path, printer, key: key.to_owned() });
        }
        let pin = self.text("pin")?.map(str::parse).transpose();
        let address = self.text("address")?.map(str::parse).transpose();
        let printer = ConfiguredPrinter {
            name: self.name.to_owned(),
            address: address.map_err(|_| self.wrong("address", "an IP address or host name, and a port if need be"))?,
            serial: self.text("serial")?.map(str::to_owned),
            model: self.text("model")?.map(str::to_owned),
            code: self.code()?,
            pin: pin.map_err(|_| self.wrong("pin", "sha256: and 64 hexadecimal digits"))?,
        };
        if printer.address.is_none() && printer.serial.is_none() {
            return Err(self.wrong("address", "there, or serial, by which it can be found"));
        }
        Ok(printer)
    }

    fn code(&self) -> Result<CodeSource, ConfigError> {
        let written = self.text("code")?.map(|code| CodeSource::Written(Credentials::new(USER, code)));
        let environment = self.text("code_env")?.map(|variable| CodeSource::Environment(variable.to_owned()));
        let beside = |file| CodeSource::File(self.path.parent().map_or_else(|| PathBuf::from(file), |p| p.join(file)));
        let file = self.text("code_file")?.map(beside);
        let mut given = [written, environment, file].into_iter().flatten();
        let code = given.next().unwrap_or_default();
        if given.next().is_some() {
            return Err(self.wrong("code", "alone: one of code, code_env, code_file"));
        }
        Ok(code)
    }

    fn text(&self, key: &'static str) -> Result<Option<&str>, ConfigError> {
        let item: Option<&Item> = self.table.get(key);
        match item.map(Item::as_str) {
            None => Ok(None),
            Some(Some(text)) if !text.trim().is_empty() => Ok(Some(text.trim())),
            Some(_) => Err(self.wrong(key, "a text in quotes")),
        }
    }

    fn wrong(&self, key: &'static str, wanted: &'static str) -> ConfigError {
        ConfigError::Value { path: self.path.to_owned(), printer: self.name.to_owned(), key, wanted }
    }
}

const KEYS: [&str; 7] = ["address", "serial", "model", "code", "code_env", "code_file", "pin"];

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Config, ConfigError> {
        read(text, Path::new("/etc/printcam/config.toml"))
    }

    #[test]
    fn printers_as_people_write_them() {
        let pin = format!("sha256:{}", "0123456789abcdef".repeat(4));
        let text = format!(
            "# mine\n[printers.workshop]\naddress = \"192.168.1.20\"\nserial = \"00M00A000000000\"\nmodel = \"BL-P001\"\n\
             code = \"SECRETxx\"\npin = \"{pin}\"\n\n[printers.\"Küche\"]\nserial = \"01P00A000000000\"\n\
             code_env = \"KITCHEN\"\n[server]\nport = 1\n[printers]\nshelf = {{ address = \"10.0.0.7:3322\", code_file = \"c\" }}\n"
        );
        let config = read_text(&text).unwrap();
        let workshop = config.printer("workshop").unwrap();
        assert_eq!(workshop.address, Some("192.168.1.20".parse().unwrap()));
        assert_eq!(workshop.pin.map(|pin| pin.to_string()), Some(pin));
        assert_eq!(workshop.model().map(|model| model.name), Some("X1 Carbon"));
        let credentials = workshop.credentials().unwrap().unwrap();
        assert_eq!((credentials.username(), credentials.password()), ("bblp", "SECRETxx"));
        assert!(!format!("{config:?}").contains("SECRETxx"));
        let kitchen = config.printer("Küche").unwrap();
        assert_eq!(kitchen.code, CodeSource::Environment("KITCHEN".into()));
        assert_eq!(kitchen.camera(), Some(crate::discover::CameraProtocol::Jpeg));
        let shelf = config.printer("shelf").unwrap();
        assert_eq!(shelf.code, CodeSource::File("/etc/printcam/c".into()), "beside the configuration");
        assert_eq!(config.printer_at(shelf.address.as_ref().unwrap()), Some(shelf));
    }

    #[test]
    fn nothing_is_a_configuration_too() {
        for text in ["", "# only this\n", "[printers]\n", "[server]\n"] {
            assert_eq!(read_text(text).unwrap(), Config::default(), "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_and_never_quotes_the_code() {
        for (text, word) in [
            ("[printers.a]\naddress = \"1.2.3.4\"\ncode = \"SECRETxx\n", "line 3"),
            ("[printers.a]\naddress = \"1.2.3.4\"\ncode = SECRETxx\n", "line 3"),
            ("[printers.a]\naddress = \"1.2.3.4\"\ncode = [\"SECRETxx\"]\n", "code"),
            ("[printers.a]\naddress = \"1.2.3.4\"\ncode = 12345678\n", "code"),
            ("[printers.a]\naddress = \"1.2.3.4\"\ncode = \"SECRETxx\"\ncode_env = \"X\"\n", "one of"),
            ("[printers.a]\ncode = \"SECRETxx\"\n", "serial"),
            ("[printers.a]\naddress = \"bblp:SECRETxx@1.2.3.4\"\n", "address"),
            ("[printers.a]\nadress = \"1.2.3.4\"\n", "adress"),
            ("[printers.a]\naddress = \"1.2.3.4\"\npin = \"1\"\n", "pin"),
            ("[printers.\"a b\"]\naddress = \"1.2.3.4\"\n", "a b"),
            ("printers = 1\n", "printers"),
            ("[printers]\na = 1\n", "\"a\""),
        ] {
            let error = read_text(text).unwrap_err().to_string();
            assert!(error.contains(word) && !error.contains("SECRETxx"), "{text:?}: {error}");
        }
    }
}
