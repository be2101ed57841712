//! `printcam add`: a printer into the configuration, once there was a picture of it.

use std::sync::Arc;
use std::time::Duration;

use printcam::config::{CodeSource, ConfigError, ConfiguredPrinter};
use printcam::discover::{CameraProtocol, Model};
use printcam::{Address, Credentials, Error, ErrorCode, Options, Place, Snapshot, Source, snapshot};

use crate::arguments::AddArguments;
use crate::camera::{Unknown, configuration, look_at, model_code, source};
use crate::code;
use crate::exit::Failure;
use crate::output::say;
use crate::signals::unless_stopped;

/// Wrong codes before it ends: whoever has none to hand should look for it in peace, and a printer may lock us out.
const TRIES: u32 = 3;

/// Some printers send a whole picture only every 10 s.
const PICTURE_WITHIN: Duration = Duration::from_secs(20);

pub(crate) async fn run(arguments: AddArguments) -> Result<(), Failure> {
    unless_stopped(add(arguments)).await
}

async fn add(arguments: AddArguments) -> Result<(), Failure> {
    let (file, config) = configuration()?;
    let name = arguments.name;
    // A name that looks like an address would never be found again.
    if !matches!(name.parse(), Ok(Address::Name(_))) {
        return Err(ConfigError::InvalidName { name }.into());
    }
    if config.printer(&name).is_some() {
        return Err(ConfigError::Exists { name }.into());
    }
    let mut entry =
        ConfiguredPrinter { name, address: None, serial: None, model: None, code: CodeSource::Unknown, pin: None };
    let mut options = arguments.connection.options()?;
    let (place, camera, given) = match arguments.address.understood()? {
        Address::Url(url) => {
            let place = Place { host: url.url.host().to_owned(), port: Some(url.url.port()) };
            let credentials = url.credentials.clone().unwrap_or_else(|| Credentials::new("", ""));
            // The configuration keeps host and port, and all printers have the rest.
            let camera = if url.sends_jpeg() { CameraProtocol::Jpeg } else { CameraProtocol::Rtsps };
            if source(&place, camera, credentials)?.url != url.url {
                let only = "only rtsps:// with the path /streaming/live/1 and jpegs:// can be kept: the printer's IP address is enough";
                return Err(Failure::Usage(only.into()));
            }
            (place, camera, url.credentials)
        }
        Address::Place(place) => {
            let (camera, printer) = look_at(&place, Unknown::Fails).await?;
            if let Some(printer) = printer {
                entry.model = model_code(&printer);
                entry.serial = printer.serial;
            }
            (place, camera, None)
        }
        Address::Name(_) => {
            return Err(Failure::Usage("the second word must be the printer's IP address".into()));
        }
    };
    let name = entry.name.clone();
    let make = |credentials| source(&place, camera, credentials);
    entry.address = Some(place.clone());
    options.model.clone_from(&entry.model);

    let (picture, credentials) = picture(&name, &options, given, make).await?;
    if let Some(tls) = &picture.tls {
        entry.pin = Some(tls.pin);
        // The certificate's word before an announcement's: this is the key that is pinned.
        let of_printer = |serial: &String| Model::of_serial(serial).is_some();
        entry.serial = tls.subject.clone().filter(of_printer).or(entry.serial);
    }
    entry.model =
        entry.model.or_else(|| Some((*Model::of_serial(entry.serial.as_deref()?)?.codes.first()?).to_owned()));
    entry.code = CodeSource::Written(credentials);
    file.add(&entry)?;
    tell(&entry, &picture);
    say!("kept in {}", file.path().display());
    Ok(())
}

/// A picture, and the code with which it was had.
async fn picture(
    name: &str,
    options: &Options,
    given: Option<Credentials>,
    make: impl Fn(Credentials) -> Result<Source, Failure>,
) -> Result<(Snapshot, Credentials), Failure> {
    let mut given = given;
    for left in (0..TRIES).rev() {
        let (credentials, ask_again) = match given.take() {
            Some(credentials) => (credentials, false),
            None => code::ask(name).await?,
        };
        let taken = snapshot(&make(credentials.clone())?, options, PICTURE_WITHIN).await;
        match taken {
            Ok(snapshot) => return Ok((snapshot, credentials)),
            Err(error) if is_wrong_code(&error) && ask_again && left > 0 => {
                say!("{name} refuses this access code; it stands on its screen, in the network settings");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::NoCode)
}

fn is_wrong_code(error: &Arc<Error>) -> bool {
    error.code() == ErrorCode::AuthenticationFailed
}

fn tell(entry: &ConfiguredPrinter, picture: &Snapshot) {
    let (width, height) = (picture.frame.width(), picture.frame.height());
    let model = entry.model().map_or("a printer of unknown model", |model| model.name);
    let serial = entry.serial.as_deref().unwrap_or("unknown");
    say!("{}: {model}, serial number {serial}, a picture of {width}x{height}", entry.name);
    if let Some(pin) = entry.pin {
        say!("its key {pin} is pinned: any other is refused from now on");
    }
}
