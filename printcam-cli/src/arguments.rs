//! The command line.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use printcam::{KnownPrinters, Options, PublicKeyPin, Transport, Trust};
use printcam_sim::{Fault, Personality, UnknownPersonality};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::camera::TypedAddress;
use crate::exit::Failure;
use crate::output::Destination;
pub(crate) use printers::{AddArguments, DiscoverArguments, DoctorArguments, ListArguments, RemoveArguments};

mod printers;

/// Watch the cameras of Bambu Lab printers.
#[derive(Debug, Parser)]
#[command(name = "printcam", version, max_term_width = 100, after_help = FIRST_STEPS)]
pub(crate) struct Arguments {
    /// Tell more: -v what happens, -vv the whole handshake. Never the access code.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Arguments {
    /// Reads the command line; what is wrong with it, or the help asked for, is printed.
    pub(crate) fn parse_command_line() -> Result<Self, ExitCode> {
        Self::try_parse().map_err(|error| {
            let text = error.render().to_string();
            // Where nobody reads it, there is nobody to tell.
            let _ = if error.use_stderr() {
                std::io::stderr().write_all(without_credentials(&text).as_bytes())
            } else {
                std::io::stdout().write_all(text.as_bytes())
            };
            ExitCode::from(error.exit_code() as u8)
        })
    }
}

/// The text with `***` for whatever stands between `://` and `@`: clap repeats arguments that it does not understand.
fn without_credentials(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let word = &after[..after.find(char::is_whitespace).unwrap_or(after.len())];
        rest = match word.rfind('@') {
            Some(at) => {
                out.push_str("***");
                &after[at..]
            }
            None => after,
        };
    }
    out + rest
}

const FIRST_STEPS: &str = "\
First steps:
  printcam demo
  printcam discover
  printcam add workshop 192.168.1.20
  printcam snap workshop -o printer.jpg
The access code is on the printer's screen, in its network settings; where printcam asks for it, it can also come from \
PRINTCAM_CODE or stdin.";

const EXIT_CODES: &str = "\
Exit codes: 0 picture written (doctor: there are pictures), 2 wrong usage, 3 unreachable or busy, 4 access code, \
5 live view off, 6 another certificate than before, 7 too long without a picture, 130 interrupted, 1 anything else.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the printers in the network.
    Discover(DiscoverArguments),
    /// Keep a printer's address, access code and key in the configuration, after a first picture.
    Add(AddArguments),
    /// List the printers in the configuration.
    List(ListArguments),
    /// Take a printer out of the configuration.
    Remove(RemoveArguments),
    /// Find out why there is no picture: walk to the camera step by step, and say what to do.
    #[command(after_help = EXIT_CODES)]
    Doctor(DoctorArguments),
    /// Take one picture.
    #[command(after_help = EXIT_CODES)]
    Snap(SnapArguments),
    /// Receive streams until Ctrl-C and show how they do.
    Watch(WatchArguments),
    /// Record a stream as it comes, until Ctrl-C or for a given time.
    Record(RecordArguments),
    /// Be a simulated printer camera.
    Sim(SimArguments),
    /// Try everything without a printer: one simulated printer of each model, a picture of each, their live statistics.
    Demo(DemoArguments),
}

#[derive(Debug, Args)]
pub(crate) struct SnapArguments {
    /// A printer's name in the configuration, its IP address, or rtsps://bblp:<access code>@<address>/streaming/live/1
    #[arg(value_name = "PRINTER")]
    pub(crate) address: TypedAddress,
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
    /// Printers' names in the configuration, their IP addresses, or rtsps://bblp:<access code>@<address>/streaming/live/1
    #[arg(value_name = "PRINTER", required = true)]
    pub(crate) addresses: Vec<TypedAddress>,
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

#[derive(Debug, Args)]
pub(crate) struct RecordArguments {
    /// A printer's name in the configuration, its IP address, or rtsps://bblp:<access code>@<address>/streaming/live/1
    #[arg(value_name = "PRINTER")]
    pub(crate) address: TypedAddress,
    /// Where it goes: a name ending in .mp4 (opens whatever happens, also while it grows) or .h264 (not of cameras that send JPEG); `-` is stdout.
    #[arg(short, long, value_name = "FILE|-")]
    pub(crate) output: Destination,
    /// What is written, where the name does not tell.
    #[arg(long, value_enum)]
    pub(crate) format: Option<RecordingFormat>,
    /// Record for so long, as in 30s, 10m or 2h.
    #[arg(short, long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) duration: Option<Duration>,
    /// Begin a new file about so often, at a key frame: name-0001.mp4, name-0002.mp4, ...
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) segment: Option<Duration>,
    /// Replace a file that is there already.
    #[arg(long)]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RecordingFormat {
    Mp4,
    H264,
}

#[derive(Debug, Args)]
pub(crate) struct SimArguments {
    /// The printer to play: x1c, p2s, p2s-0102, h2c, h2d (RTSP), p1s, a1 (JPEG pictures), with what it does wrong by
    /// itself.
    #[arg(long, value_name = "NAME", default_value = "x1c", value_parser = parse_printer, conflicts_with = "scenario")]
    pub(crate) printer: Personality,
    /// Play what a file tells: printer, faults, and what changes when. Other arguments win over it; faults are added.
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub(crate) bind: SocketAddr,
    /// The access code that clients must know; 12345678 unless told.
    #[arg(long)]
    pub(crate) code: Option<String>,
    /// Switch on the live view of a printer that has it off at first (h2d).
    #[arg(long)]
    pub(crate) live_view: bool,
    /// Announce the printer to this address every 5 s, as in 255.255.255.255:2021; a P1S answers searches on port 1990.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) announce: Option<SocketAddr>,
    /// What the printer calls itself in announcements.
    #[arg(long, requires = "announce")]
    pub(crate) name: Option<String>,
    /// The serial number, which is the certificate's common name.
    #[arg(long, value_parser = parse_serial)]
    pub(crate) serial: Option<String>,
    /// Write what each client does as it happens, a JSON object a line, never the access code; `-` is stdout, and the
    /// camera's address then goes to stderr.
    #[arg(long, value_name = "FILE|-")]
    pub(crate) log: Option<Destination>,
    /// Plain RTSP, without TLS. JPEG cameras have no such thing.
    #[arg(long)]
    pub(crate) plain: bool,
    /// Pictures from one key frame to the next, instead of the printer's own number.
    #[arg(long, value_name = "PICTURES", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) gop: Option<u32>,
    /// What decides session ids, nonces, sequence numbers and the like.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Pictures a second, instead of the printer's own number.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=60))]
    pub(crate) fps: Option<u32>,
    /// Send tiny pictures made beforehand instead of drawing live ones.
    #[arg(long)]
    pub(crate) canned: bool,
    /// What goes wrong besides, and when; several are possible. See --help for all of them.
    #[arg(long = "fault", value_name = "FAULT[=VALUE][@START][+LENGTH][/PERIOD]", long_help = fault_help())]
    pub(crate) faults: Vec<Fault>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// These models instead of all of them, as in x1c,p1s
    #[arg(long, value_name = "MODEL,...", value_delimiter = ',', value_parser = parse_printer)]
    pub(crate) only: Vec<Personality>,
    /// Where the pictures go; a folder among the temporary files unless given.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) pictures: Option<PathBuf>,
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

/// The grammar and all faults, as the simulator knows them.
fn fault_help() -> String {
    let mut text = "What goes wrong, and when; several are possible.\n\n\
        stall=8s@30s is a stall of 8 s beginning 30 s after PLAY, stall=8s/30s one every 30 s. START is a time, or a \
        request: options, describe, setup, play, pause, teardown, get-parameter. A length may be 4s..10s. Faults from \
        refuse to datagrams-lost count from the camera's start, the others from PLAY. Without a length, a fault lasts \
        for ever. With the values they have unless told:\n\n"
        .to_owned();
    for (fault, meaning) in Fault::catalogue() {
        text.push_str(&format!("  {fault:<27} {meaning}\n"));
    }
    text
}

fn parse_printer(text: &str) -> Result<Personality, UnknownPersonality> {
    text.parse()
}

fn parse_serial(text: &str) -> Result<String, &'static str> {
    Some(text.to_owned()).filter(|text| printcam_sim::Options::is_serial(text)).ok_or("15 letters and digits")
}

fn parse_seconds(text: &str) -> Result<Duration, &'static str> {
    match text.parse() {
        Ok(seconds) if (0.1..=3600.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("a number of seconds from 0.1 to 3600"),
    }
}

pub(crate) fn parse_time(text: &str) -> Result<Duration, &'static str> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[number.len()..] {
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err("a time as in 30s, 10m or 2h"),
    };
    match number.parse::<f64>() {
        Ok(number) if (1.0..=30.0 * 86_400.0).contains(&(number * unit)) => Ok(Duration::from_secs_f64(number * unit)),
        _ => Err("a time from 1s to 720h, as in 30s, 10m or 2h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_taken_out_of_any_text() {
        for (text, want) in [
            (
                "unexpected 'rtsps://u:p@h/a' found, and rtsp://h/b",
                "unexpected 'rtsps://***@h/a' found, and rtsp://h/b",
            ),
            ("x://u:p@q@h y", "x://***@h y"),
            ("://", "://"),
            ("no address", "no address"),
        ] {
            assert_eq!(without_credentials(text), want);
        }
    }

    #[test]
    fn times_as_people_type_them() {
        for (text, want) in [("30", 30), ("30s", 30), ("10m", 600), ("2h", 7200), ("1.5m", 90)] {
            assert_eq!(parse_time(text), Ok(Duration::from_secs(want)), "{text}");
        }
        for text in ["", "0s", "-1s", "5d", "s", "1e9h", "nan"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }
}
