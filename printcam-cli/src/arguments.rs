//! The command line.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use printcam::{KnownPrinters, Options, PublicKeyPin, Source, Transport, Trust, UrlError};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::exit::Failure;
use crate::output::Destination;

/// Watch the cameras of Bambu Lab printers.
#[derive(Debug, Parser)]
#[command(name = "printcam", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Tell more: -v what happens, -vv the whole handshake. Never the access code.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take one picture.
    Snap(SnapArguments),
    /// Receive streams until Ctrl-C and show how they do.
    Watch(WatchArguments),
    /// Be a simulated printer camera.
    Sim,
    /// Try everything without a printer: simulated cameras, a picture of each, their live statistics.
    Demo,
}

#[derive(Debug, Args)]
pub(crate) struct SnapArguments {
    /// rtsps://bblp:<access code>@<printer's address>:322/streaming/live/1
    #[arg(value_name = "URL")]
    pub(crate) address: Address,
    /// Where the picture goes; `-` is stdout.
    #[arg(short, long, value_name = "FILE|-")]
    pub(crate) output: Destination,
    /// What is written: a JPEG, or the bare Y, U and V planes.
    #[arg(long, value_enum, default_value_t = PictureFormat::Jpeg)]
    pub(crate) format: PictureFormat,
    /// Seconds for everything together.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_seconds)]
    pub(crate) timeout: Duration,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
}

#[derive(Debug, Args)]
pub(crate) struct WatchArguments {
    /// rtsps://bblp:<access code>@<printer's address>:322/streaming/live/1, one or several.
    #[arg(value_name = "URL", required = true)]
    pub(crate) addresses: Vec<Address>,
    /// Decode the pictures too, and print `frames <stream> <count>` each second.
    #[arg(long)]
    pub(crate) decode: bool,
    /// Decode, and print to stdout a line for each picture: stream, timestamp, size, MD5 of its I420 planes.
    #[arg(long)]
    pub(crate) frame_md5: bool,
    /// Write the first stream's H.264 as it came, from its first key frame on; `-` is stdout.
    #[arg(long, value_name = "FILE|-")]
    pub(crate) h264: Option<Destination>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
}

/// An address as typed, understood or not. The command line's parser must not refuse it: it would print it, and with it
/// the access code.
#[derive(Debug, Clone)]
pub(crate) struct Address(Result<Source, UrlError>);

impl FromStr for Address {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.parse()))
    }
}

impl Address {
    pub(crate) fn source(self) -> Result<Source, Failure> {
        self.0.map_err(|error| Failure::Camera(error.into()))
    }
}

#[derive(Debug, Args)]
pub(crate) struct ConnectionArguments {
    /// How media travels. `auto`: snapshots by TCP, streams by UDP with TCP after a refusal. UDP is not encrypted.
    #[arg(long, value_enum, default_value_t = TransportArgument::Auto)]
    pub(crate) transport: TransportArgument,
    /// Who is believed to be the printer: first-use (keeps its key and refuses another one later), pin:<sha256>,
    /// ca:<PEM file>, accept-any (anybody; experiments only).
    #[arg(long, value_name = "TRUST", default_value = "first-use")]
    pub(crate) trust: TrustArgument,
    /// With ca: the serial number that the certificate has to carry.
    #[arg(long)]
    pub(crate) serial: Option<String>,
    /// Offer TLS 1.3 too. It has hung some printers.
    #[arg(long)]
    pub(crate) tls13: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum PictureFormat {
    Jpeg,
    I420,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum TransportArgument {
    Auto,
    Tcp,
    Udp,
}

#[derive(Debug, Clone)]
pub(crate) enum TrustArgument {
    FirstUse,
    Pin(PublicKeyPin),
    Ca(PathBuf),
    AcceptAny,
}

impl FromStr for TrustArgument {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "first-use" => Ok(Self::FirstUse),
            None if text == "accept-any" => Ok(Self::AcceptAny),
            Some(("pin", pin)) => pin.parse().map(Self::Pin).map_err(|_| "a pin has 64 hexadecimal digits"),
            Some(("ca", file)) if !file.is_empty() => Ok(Self::Ca(file.into())),
            _ => Err("one of first-use, pin:<sha256>, ca:<file>, accept-any"),
        }
    }
}

impl ConnectionArguments {
    pub(crate) fn options(&self) -> Result<Options, Failure> {
        let trust = match &self.trust {
            TrustArgument::FirstUse => Trust::FirstUse(KnownPrinters::in_default_file().map_err(Failure::from)?),
            TrustArgument::Pin(pin) => Trust::Pin(*pin),
            TrustArgument::Ca(file) => {
                let unreadable =
                    || Failure::Usage(format!("{} holds no PEM certificate that can be read", file.display()));
                let roots =
                    CertificateDer::pem_file_iter(file).and_then(Iterator::collect).map_err(|_| unreadable())?;
                if Vec::is_empty(&roots) {
                    return Err(unreadable());
                }
                Trust::PrinterCa { roots, serial: self.serial.clone() }
            }
            TrustArgument::AcceptAny => Trust::AcceptAny,
        };
        let mut options = Options::new(trust);
        if self.tls13 {
            options.tls.versions = printcam::TlsVersions::Tls12Or13;
        }
        options.transport = match self.transport {
            TransportArgument::Auto => Transport::Auto,
            TransportArgument::Tcp => Transport::Tcp,
            TransportArgument::Udp => Transport::Udp,
        };
        Ok(options)
    }
}

fn parse_seconds(text: &str) -> Result<Duration, &'static str> {
    match text.parse() {
        Ok(seconds) if (0.1..=3600.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("a number of seconds from 0.1 to 3600"),
    }
}
