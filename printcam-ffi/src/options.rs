//! How a camera is watched, as C says it.

use std::sync::LazyLock;
use std::time::Duration;

use printcam::{KnownPrinters, Options, Playout, PublicKeyPin, TlsVersions, Transport, Trust};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::boundary::{Checked, PrintcamStatus, PrintcamText};

/// How a camera is watched. Zeroed memory is what suits every printer.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct PrintcamOptions {
    /// How media travels: 0 as works best, 1 TCP, 2 UDP.
    pub transport: u32,
    /// Whom to believe to be the printer: 0 the key seen first, 1 the key of this pin, 2 a certificate of this
    /// authority, 3 anybody.
    pub trust: u32,
    /// Under 0 the path of the file of known printers; empty: the platform's place, or memory where there is none. Under
    /// 1 "sha256:" and 64 hex digits. Under 2 certificates as PEM.
    pub trust_data: PrintcamText,
    /// The printer's serial number, if known: the name under which its key is kept, and what its certificate has to say.
    pub serial: PrintcamText,
    /// The printer's model code, if known.
    pub model: PrintcamText,
    /// How far pictures stay behind, in milliseconds: 0 as suits the transport, UINT32_MAX not at all.
    pub latency_ms: u32,
    /// Not 0: the first error is the end.
    pub no_reconnect: u8,
    /// Not 0: TLS 1.3 is offered too.
    pub tls13: u8,
}

impl PrintcamOptions {
    /// The library's options; those that suit every printer for null.
    ///
    /// # Errors
    /// `NotUtf8`; `InvalidArgument` for a number out of range, or a pin or certificates that cannot be read.
    ///
    /// # Safety
    /// `options` is null or valid for reading, and its texts are as [`PrintcamText::read`] wants them.
    pub(crate) unsafe fn read(options: *const Self) -> Checked<Options> {
        // SAFETY: the caller's.
        let Some(given) = (unsafe { options.as_ref() }) else {
            return Ok(Options::new(Trust::FirstUse(default_known_printers())));
        };
        // SAFETY: the caller's.
        let (trust_data, serial, model) =
            unsafe { (given.trust_data.read()?, given.serial.read()?, given.model.read()?) };
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let mut options = Options::new(trust(given.trust, trust_data, text(serial))?);
        options.tls.known_as = text(serial);
        if given.tls13 != 0 {
            options.tls.versions = TlsVersions::Tls12Or13;
        }
        options.transport = match given.transport {
            0 => Transport::Auto,
            1 => Transport::Tcp,
            2 => Transport::Udp,
            _ => return Err(PrintcamStatus::InvalidArgument),
        };
        options.playout = match given.latency_ms {
            0 => None,
            u32::MAX => Some(Playout::LowestLatency),
            delay => Some(Playout::Smooth(Duration::from_millis(delay.into()))),
        };
        options.reconnect = given.no_reconnect == 0;
        options.model = text(model);
        Ok(options)
    }
}

fn trust(kind: u32, data: &str, serial: Option<String>) -> Checked<Trust> {
    Ok(match kind {
        0 if data.is_empty() => Trust::FirstUse(default_known_printers()),
        0 => Trust::FirstUse(KnownPrinters::in_file(data)),
        1 => Trust::Pin(data.trim().parse::<PublicKeyPin>().map_err(|_| PrintcamStatus::InvalidArgument)?),
        2 => Trust::PrinterCa { roots: certificates(data)?, serial },
        3 => Trust::AcceptAny,
        _ => return Err(PrintcamStatus::InvalidArgument),
    })
}

fn certificates(pem: &str) -> Checked<Vec<CertificateDer<'static>>> {
    let roots: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    roots.ok().filter(|roots| !roots.is_empty()).ok_or(PrintcamStatus::InvalidArgument)
}

/// One for the process: what is kept in memory is to be found again.
fn default_known_printers() -> KnownPrinters {
    static KNOWN: LazyLock<KnownPrinters> =
        LazyLock::new(|| KnownPrinters::in_default_file().unwrap_or_else(|_| KnownPrinters::in_memory()));
    KNOWN.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zeroed() -> PrintcamOptions {
        // SAFETY: numbers and null pointers.
        unsafe { std::mem::zeroed() }
    }

    fn read(options: &PrintcamOptions) -> Checked<Options> {
        // SAFETY: a reference, and texts that live as long.
        unsafe { PrintcamOptions::read(options) }
    }

    #[test]
    fn zeroed_memory_is_the_default() {
        // SAFETY: null is allowed.
        for options in [read(&zeroed()), unsafe { PrintcamOptions::read(std::ptr::null()) }] {
            let options = options.unwrap();
            assert!(matches!(options.tls.trust, Trust::FirstUse(_)));
            assert!(options.reconnect && options.playout.is_none() && options.model.is_none());
            assert_eq!((options.transport, options.tls.versions), (Transport::Auto, TlsVersions::Tls12));
        }
    }

    #[test]
    fn each_option_arrives() {
        let pin = format!("sha256:{}", "5a".repeat(32));
        let options = PrintcamOptions {
            transport: 2,
            trust: 1,
            trust_data: PrintcamText::borrowed(&pin),
            serial: PrintcamText::borrowed("00M00A000000000"),
            model: PrintcamText::borrowed("O1C"),
            latency_ms: 200,
            no_reconnect: 1,
            tls13: 1,
        };
        let read_options = read(&options).unwrap();
        assert!(matches!(&read_options.tls.trust, Trust::Pin(read) if read.to_string() == pin));
        assert_eq!(read_options.transport, Transport::Udp);
        assert_eq!(read_options.tls.known_as.as_deref(), Some("00M00A000000000"));
        assert_eq!(read_options.tls.versions, TlsVersions::Tls12Or13);
        assert_eq!(read_options.model.as_deref(), Some("O1C"));
        assert_eq!(read_options.playout, Some(Playout::Smooth(Duration::from_millis(200))));
        assert!(!read_options.reconnect);
        let lowest = read(&PrintcamOptions { latency_ms: u32::MAX, ..zeroed() }).unwrap();
        assert_eq!(lowest.playout, Some(Playout::LowestLatency));
        let file = read(&PrintcamOptions { trust_data: PrintcamText::borrowed("known"), ..zeroed() }).unwrap();
        assert!(matches!(file.tls.trust, Trust::FirstUse(known) if known.path() == Some("known".as_ref())));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let text = PrintcamText::borrowed;
        for (what, options) in [
            ("transport", PrintcamOptions { transport: 3, ..zeroed() }),
            ("trust", PrintcamOptions { trust: 4, ..zeroed() }),
            ("no pin", PrintcamOptions { trust: 1, ..zeroed() }),
            ("no authority", PrintcamOptions { trust: 2, ..zeroed() }),
            ("no PEM", PrintcamOptions { trust: 2, trust_data: text("-----BEGIN CERTIFICATE-----"), ..zeroed() }),
            ("null text", PrintcamOptions { model: PrintcamText { data: std::ptr::null(), len: 1 }, ..zeroed() }),
        ] {
            assert_eq!(read(&options).unwrap_err(), PrintcamStatus::InvalidArgument, "{what}");
        }
        let bytes = [0xff];
        let serial = PrintcamText { data: bytes.as_ptr(), len: 1 };
        assert_eq!(read(&PrintcamOptions { serial, ..zeroed() }).unwrap_err(), PrintcamStatus::NotUtf8);
    }
}
