//! From what a person types to a camera that can be watched.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use printcam::config::{Config, ConfigFile, ConfiguredPrinter};
use printcam::connect::ConnectError;
use printcam::discover::{CameraProtocol, DiscoveryOptions, PortState, Printer, identify, locate};
use printcam::{Address, Credentials, Error, Options, Place, Source, Trust, UrlError};

use crate::arguments::{ConnectionArguments, TrustArgument};
use crate::code;
use crate::exit::Failure;
use crate::output::say;
use crate::signals::unless_stopped;

/// How long an address is listened to before its ports are tried.
const LISTEN: Duration = Duration::from_secs(2);

/// How long a printer is waited for whose serial number alone is known: they announce themselves every 5 to 10 s.
pub(crate) const LOCATE: Duration = Duration::from_secs(12);

/// An address as typed, understood or not. The command line's parser must not refuse it: it would print it, and with it
/// the access code.
#[derive(Debug, Clone)]
pub(crate) struct TypedAddress(Result<Address, UrlError>);

impl FromStr for TypedAddress {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.parse()))
    }
}

/// A camera, and how it is watched.
#[derive(Debug, Clone)]
pub(crate) struct Camera {
    pub(crate) source: Source,
    pub(crate) options: Options,
    /// What the configuration has of it.
    pub(crate) printer: Option<ConfiguredPrinter>,
}

impl Camera {
    /// The same camera at another place.
    pub(crate) fn moved_to(&self, place: Place) -> Result<Self, Failure> {
        let camera = if self.source.sends_jpeg() { CameraProtocol::Jpeg } else { CameraProtocol::Rtsps };
        let source = with_code(&place, camera, self.source.credentials.clone())?;
        let mut printer = self.printer.clone();
        if let Some(printer) = &mut printer {
            printer.address = Some(place);
        }
        Ok(Self { source, options: self.options.clone(), printer })
    }
}

impl TypedAddress {
    /// Finds out what is not told: looks into the configuration, listens, knocks, asks for the access code.
    pub(crate) async fn camera(&self, connection: &ConnectionArguments) -> Result<Camera, Failure> {
        self.found(connection, Unknown::Fails).await
    }

    /// The same, but an address where no camera answers is a camera too: an examination shall say what is wrong with it.
    pub(crate) async fn camera_to_examine(&self, connection: &ConnectionArguments) -> Result<Camera, Failure> {
        self.found(connection, Unknown::IsLeftOpen).await
    }

    async fn found(&self, connection: &ConnectionArguments, unknown: Unknown) -> Result<Camera, Failure> {
        match self.understood()? {
            Address::Url(source) => Ok(Camera { source, options: connection.options()?, printer: None }),
            Address::Name(name) => unless_stopped(named(&name, connection, unknown)).await,
            Address::Place(place) => unless_stopped(placed(place, connection, unknown)).await,
        }
    }

    pub(crate) fn understood(&self) -> Result<Address, Failure> {
        self.0.clone().map_err(|error| Error::from(error).into())
    }

    /// The printer of the configuration that is meant, if one is.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.0 {
            Ok(Address::Name(name)) => Some(name),
            _ => None,
        }
    }
}

/// What becomes of a camera where nothing tells how it is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// There is none to be had.
    Fails,
    /// It is taken for what most models have, and an access code is done without.
    IsLeftOpen,
}

/// The configuration; warns of one that others can read.
pub(crate) fn configuration() -> Result<(ConfigFile, Config), Failure> {
    let file = ConfigFile::in_default_place()?;
    let config = file.load()?;
    if config.readable_by_others {
        let path = file.path().display();
        say!("warning: {path} can hold access codes, and others can read it: chmod 600 {path}");
    }
    Ok((file, config))
}

/// Where printers are listened for; `PRINTCAM_DISCOVERY=127.0.0.1:2021` (an address, and ports with commas between) makes
/// it another place, for tests.
pub(crate) fn discovery() -> Result<DiscoveryOptions, Failure> {
    let mut options = DiscoveryOptions::default();
    let Some(place) = std::env::var("PRINTCAM_DISCOVERY").ok().filter(|place| !place.is_empty()) else {
        return Ok(options);
    };
    let parsed = place.split_once(':').and_then(|(address, ports)| {
        let ports = ports.split(',').map(|port| port.parse().ok()).collect::<Option<Vec<u16>>>()?;
        Some((address.parse().ok()?, ports))
    });
    let wrong = || Failure::Usage("PRINTCAM_DISCOVERY must be an address and ports, as 127.0.0.1:2021,1990".into());
    (options.bind, options.ports) = parsed.ok_or_else(wrong)?;
    options.search.clear();
    Ok(options)
}

/// A printer that is watched as the configuration says.
pub(crate) async fn configured(
    printer: &ConfiguredPrinter,
    connection: &ConnectionArguments,
    unknown: Unknown,
) -> Result<Camera, Failure> {
    let mut options = connection.options()?;
    if matches!(connection.trust, TrustArgument::FirstUse) {
        match printer.pin {
            Some(pin) => options.tls.trust = Trust::Pin(pin),
            // From the configuration, not from an announcement: anybody can announce a number that is not known yet.
            None => options.tls.known_as.clone_from(&printer.serial),
        }
    }
    let place = match &printer.address {
        Some(place) => place.clone(),
        None => locate_place(printer).await?,
    };
    let mut model = printer.model.clone().or_else(|| Some((*printer.model()?.codes.first()?).to_owned()));
    let camera = match printer.camera() {
        Some(camera) => camera,
        None => {
            let there = identify(&place, &discovery()?, LISTEN).await.map_err(Error::from)?;
            model = model.or(there.model_code.clone());
            camera_of(&there, unknown)?
        }
    };
    let credentials = match printer.credentials()? {
        Some(credentials) => Some(credentials),
        None => asked(&printer.name, unknown).await?,
    };
    options.model = model;
    Ok(Camera { source: with_code(&place, camera, credentials)?, options, printer: Some(printer.clone()) })
}

async fn named(name: &str, connection: &ConnectionArguments, unknown: Unknown) -> Result<Camera, Failure> {
    let (file, config) = configuration()?;
    let missing = || Failure::NoSuchPrinter { name: name.to_owned(), file: file.path().display().to_string() };
    configured(config.printer(name).ok_or_else(missing)?, connection, unknown).await
}

async fn placed(place: Place, connection: &ConnectionArguments, unknown: Unknown) -> Result<Camera, Failure> {
    let (_, config) = configuration()?;
    if let Some(printer) = config.printer_at(&place) {
        return configured(printer, connection, unknown).await;
    }
    let mut options = connection.options()?;
    let (camera, printer) = look_at(&place, unknown).await?;
    options.model = printer.and_then(|printer| model_code(&printer));
    let credentials = asked(&place.to_string(), unknown).await?;
    Ok(Camera { source: with_code(&place, camera, credentials)?, options, printer: None })
}

/// The access code of a printer, from a person or wherever else it may come from.
async fn asked(printer: &str, unknown: Unknown) -> Result<Option<Credentials>, Failure> {
    match code::ask(printer).await {
        Ok((credentials, _)) => Ok(Some(credentials)),
        Err(Failure::NoCode) if unknown == Unknown::IsLeftOpen => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn with_code(place: &Place, camera: CameraProtocol, code: Option<Credentials>) -> Result<Source, Failure> {
    let mut source = source(place, camera, code.clone().unwrap_or_else(|| Credentials::new("", "")))?;
    source.credentials = code;
    Ok(source)
}

/// How the camera at a place is spoken to, and what else was learned on the way. A port that was given says enough.
pub(crate) async fn look_at(place: &Place, unknown: Unknown) -> Result<(CameraProtocol, Option<Printer>), Failure> {
    if let Some(camera) = place.camera() {
        return Ok((camera, None));
    }
    let printer = identify(place, &discovery()?, LISTEN).await.map_err(Error::from)?;
    Ok((camera_of(&printer, unknown)?, Some(printer)))
}

pub(crate) fn source(place: &Place, camera: CameraProtocol, credentials: Credentials) -> Result<Source, Failure> {
    Ok(place.source(camera, credentials).map_err(Error::from)?)
}

/// The code of its model, as it says it or as its serial number tells.
pub(crate) fn model_code(printer: &Printer) -> Option<String> {
    printer.model_code.clone().or_else(|| Some((*printer.model()?.codes.first()?).to_owned()))
}

fn camera_of(printer: &Printer, unknown: Unknown) -> Result<CameraProtocol, Failure> {
    let left_open = (unknown == Unknown::IsLeftOpen).then_some(CameraProtocol::Rtsps);
    printer.camera().or(left_open).ok_or_else(|| {
        let addr = SocketAddr::new(printer.address, CameraProtocol::Rtsps.port());
        let refused = printer.ports.iter().any(|port| port.state == PortState::Refused);
        Error::from(if refused {
            ConnectError::Refused { addr }
        } else {
            ConnectError::TimedOut { addr, after: discovery().unwrap_or_default().probe.tcp_timeout }
        })
        .into()
    })
}

async fn locate_place(printer: &ConfiguredPrinter) -> Result<Place, Failure> {
    let serial = printer.serial.as_deref().unwrap_or_default();
    let found = locate(serial, &discovery()?, LOCATE).await;
    let address: IpAddr = found.ok_or_else(|| Failure::NotLocated { name: printer.name.clone() })?.address;
    Ok(Place { host: address.to_string(), port: None })
}
