//! Why there is no connection, and what a person can do about it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use printcam_proto::quirks::CameraProtocol;

use crate::known_printers::KnownPrintersError;
use crate::tls::{PublicKeyPin, TlsFailure, Untrusted};

/// Why there is no connection to the printer. No byte past the handshake has been sent in any of these cases.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The host name has no address.
    #[error("there is no address for {host}")]
    NameNotFound {
        /// The name.
        host: String,
    },
    /// Nothing listens on the port.
    #[error("{addr} refused the connection")]
    Refused {
        /// The printer's address.
        addr: SocketAddr,
    },
    /// There is no way to the address.
    #[error("{addr} cannot be reached")]
    Unreachable {
        /// The printer's address.
        addr: SocketAddr,
    },
    /// Nothing came back from the address.
    #[error("{addr} did not answer within {after:?}")]
    TimedOut {
        /// The printer's address.
        addr: SocketAddr,
        /// How long we waited for it.
        after: Duration,
    },
    /// The peer speaks, but not TLS.
    #[error("{addr} does not speak TLS but {answer}")]
    NotTls {
        /// The printer's address.
        addr: SocketAddr,
        /// What it seems to speak.
        answer: PlainAnswer,
    },
    /// The peer took the connection and then did nothing, or did not finish.
    #[error(
        "the camera service of {addr} hangs: it {} within {after:?}",
        if *.answered { "began TLS but did not finish" } else { "did not begin TLS" }
    )]
    Hung {
        /// The printer's address.
        addr: SocketAddr,
        /// How long we waited for it.
        after: Duration,
        /// Whether a part of its answer came.
        answered: bool,
    },
    /// The peer has another key than the printer had.
    #[error("the certificate of {host} has changed: its key was {known} and is now {seen}")]
    CertificateChanged {
        /// The name by which the printer is known.
        host: String,
        /// The pin that was expected.
        known: PublicKeyPin,
        /// The pin that was shown.
        seen: PublicKeyPin,
    },
    /// The peer has not shown that it is the printer.
    #[error("{host} is not trusted: {reason}")]
    CertificateUntrusted {
        /// The name by which the printer is known.
        host: String,
        /// What is wrong.
        reason: Untrusted,
    },
    /// The handshake failed.
    #[error("no TLS with {addr}: {failure}")]
    Tls {
        /// The printer's address.
        addr: SocketAddr,
        /// How.
        failure: TlsFailure,
    },
    /// The peer closed the connection in mid-handshake.
    #[error("{addr} closed the connection during the TLS handshake")]
    ClosedDuringHandshake {
        /// The printer's address.
        addr: SocketAddr,
    },
    /// Whether the printer is known could not be found out, or not be kept.
    #[error("the known printers cannot be used: {0}")]
    KnownPrinters(#[from] KnownPrintersError),
    /// Another error of the network.
    #[error("{}: {error}", .addr.map_or_else(|| "the connection".to_owned(), |addr| addr.to_string()))]
    Io {
        /// The printer's address, where known.
        addr: Option<SocketAddr>,
        /// The system's answer.
        error: io::Error,
    },
}

/// What a peer that does not speak TLS has answered to our ClientHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlainAnswer {
    /// `RTSP/1.0 ...`
    Rtsp,
    /// `HTTP/1.1 ...`
    Http,
    /// Something else.
    Unknown,
}

impl PlainAnswer {
    /// By its first bytes, of which at least one has come.
    pub(super) fn recognise(answer: &[u8]) -> PlainAnswer {
        let begins = |greeting: &[u8]| {
            let common = answer.len().min(greeting.len());
            answer[..common] == greeting[..common]
        };
        if begins(b"RTSP/") {
            PlainAnswer::Rtsp
        } else if begins(b"HTTP/") {
            PlainAnswer::Http
        } else {
            PlainAnswer::Unknown
        }
    }
}

impl std::fmt::Display for PlainAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            PlainAnswer::Rtsp => "plain RTSP",
            PlainAnswer::Http => "plain HTTP",
            PlainAnswer::Unknown => "something else",
        })
    }
}

impl ConnectError {
    /// Of an attempt at a TCP connection.
    pub(super) fn of_tcp(addr: SocketAddr, error: io::Error, after: Duration) -> ConnectError {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => ConnectError::Refused { addr },
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
                ConnectError::Unreachable { addr }
            }
            io::ErrorKind::TimedOut => ConnectError::TimedOut { addr, after },
            _ => ConnectError::Io { addr: Some(addr), error },
        }
    }

    /// What a person should try next, where there is something to try.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            ConnectError::NameNotFound { .. } => "Check the name, or use the address that the printer's screen shows.",
            ConnectError::Refused { addr } if addr.port() == RTSPS_PORT => {
                "If the printer is not just starting, switch on \"LAN Only Liveview\" on its screen: until then its camera \
                 port is closed. P1 and A1 printers have no such port: write \
                 jpegs://bblp:<access code>@<printer's address>"
            }
            ConnectError::Refused { addr } if addr.port() == JPEG_PORT => {
                "If the printer is not just starting, check its model: only P1 and A1 printers have their camera on this \
                 port. For the others write rtsps://bblp:<access code>@<printer's address>:322/streaming/live/1"
            }
            ConnectError::Refused { .. } => "Check the port: cameras are on port 322, or 6000 for P1 and A1 printers.",
            ConnectError::Unreachable { .. } | ConnectError::TimedOut { .. } => {
                "Check that the printer is on, that its address has not changed, and that this computer is in its network."
            }
            ConnectError::NotTls { answer: PlainAnswer::Rtsp, .. } => "Use rtsp:// instead of rtsps:// for this port.",
            ConnectError::NotTls { .. } => "Check the port: this is not a printer's camera.",
            ConnectError::Hung { addr, .. } if [RTSPS_PORT, JPEG_PORT].contains(&addr.port()) => RESTART,
            ConnectError::Hung { .. } => NO_TLS_ANSWER,
            ConnectError::CertificateChanged { .. } => {
                "If the printer was replaced or got another printer's address, take its old key out of where it stands: \
                 the pin in the configuration (printcam remove, then printcam add) or on the command line, or else its \
                 line in the file known_printers (in ~/.local/state/printcam, or where PRINTCAM_STATE_DIR says). If not, \
                 somebody may be posing as the printer; the access code has not been sent."
            }
            ConnectError::CertificateUntrusted { reason: Untrusted::NotYetValid { .. }, .. } => {
                "Set this computer's clock."
            }
            ConnectError::CertificateUntrusted { reason: Untrusted::Expired { .. }, .. } => {
                "Check this computer's clock, or pin the printer's key: a pin has no date."
            }
            ConnectError::CertificateUntrusted { reason: Untrusted::KeyNotProven, .. } => {
                "Somebody may be posing as the printer; the access code has not been sent."
            }
            ConnectError::CertificateUntrusted { reason: Untrusted::UnknownIssuer, .. } => {
                "Printers rarely send their intermediate certificate: give it along with the authority's own."
            }
            ConnectError::CertificateUntrusted { reason: Untrusted::Chain(_), .. } => {
                "Give the certificate of the authority that signed the printer's own, or pin the printer's key."
            }
            ConnectError::CertificateUntrusted { reason: Untrusted::WrongSerial { .. }, .. } => {
                "Check the serial number, and whether the address now belongs to another printer."
            }
            ConnectError::Tls { failure: TlsFailure::NoCommonVersion, .. } => {
                "Allow TLS 1.3 if the camera is behind a proxy; versions below 1.2 are not supported."
            }
            ConnectError::ClosedDuringHandshake { addr } if addr.port() == RTSPS_PORT => {
                "Close other programs that show this camera: most printers serve one at a time. Some drop whoever comes \
                 while live view is off: switch on \"LAN Only Liveview\" on the printer's screen. If neither helps, restart \
                 the printer when it is not printing."
            }
            ConnectError::ClosedDuringHandshake { .. } => {
                "Close other programs that show this camera: most printers serve one at a time. If there are none, \
                 restart the printer."
            }
            ConnectError::KnownPrinters(KnownPrintersError::Corrupt { .. }) => {
                "Correct or delete that line; the key is then learned anew."
            }
            ConnectError::KnownPrinters(KnownPrintersError::NoStateDirectory | KnownPrintersError::Io { .. }) => {
                "Set PRINTCAM_STATE_DIR to a directory that can be written to."
            }
            _ => return None,
        })
    }
}

const RESTART: &str = "Restart the printer when it is not printing: its camera service does not recover by itself.";

/// Some plain RTSP servers wait for the end of a ClientHello that they take for a request: it looks the same.
pub(crate) const NO_TLS_ANSWER: &str = "Restart the printer when it is not printing: its camera service does not recover by \
                                        itself. On a port other than 322 there may be no TLS at all: check the port, or \
                                        try rtsp://, which anybody on the way can read.";

const RTSPS_PORT: u16 = CameraProtocol::Rtsps.port();
const JPEG_PORT: u16 = CameraProtocol::Jpeg.port();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_answer_is_recognised_by_as_little_as_one_byte() {
        for (answer, want) in [
            (&b"RTSP/1.0 400 Bad Request\r\n"[..], PlainAnswer::Rtsp),
            (b"R", PlainAnswer::Rtsp),
            (b"HTTP/1.1 400", PlainAnswer::Http),
            (b"SSH-2.0-", PlainAnswer::Unknown),
            (b"RSTP", PlainAnswer::Unknown),
        ] {
            assert_eq!(PlainAnswer::recognise(answer), want, "{answer:?}");
        }
    }
}
