//! One connection to a printer: name, TCP, TLS, and the decision whether it is the printer that is meant.
//!
//! ```text
//! look up the known key -> name -> TCP -> ClientHello .. certificate, checked -> signature, checked -> Finished
//!                                                                                  -> first use: record the key
//! ```
//!
//! Nothing is sent past the handshake before [`connect`] returns: what the caller writes then, credentials included,
//! goes to a peer that [`Trust`] has accepted.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use crate::known_printers::{KnownPrinters, KnownPrintersError, Recorded};
use crate::tls::certificate::Certificate;
use crate::tls::{
    Policy, PublicKeyPin, Refusal, TlsFailure, TlsInfo, TlsOptions, TlsVersion, Trust, Untrusted, client_config,
    is_tls_record,
};
pub use carrier::{Carrier, Duplex, Tunnel};
pub(crate) use error::NO_TLS_ANSWER;
pub use error::{ConnectError, PlainAnswer};
use stream::{FirstBytes, ReadAhead};
pub use stream::{Socket, TlsStream};

mod carrier;
mod error;
mod stream;

/// Where a camera is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Name or address, IPv6 without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl Target {
    /// Of a name or an address (IPv6 with brackets or without) and a port.
    pub fn new(host: &str, port: u16) -> Target {
        let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        Target { host: host.to_ascii_lowercase(), port }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Target { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// How to connect.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// TLS and whom to trust; `None` for a plain connection, where anybody on the path can read and change everything.
    pub tls: Option<TlsOptions>,
    /// Another way to the camera than TCP.
    pub tunnel: Option<Tunnel>,
    /// For the name and TCP together, over all addresses of the name. 10 s.
    pub tcp_timeout: Duration,
    /// From the TCP connection to the first byte of the peer's TLS. 8 s: an answer takes a slow printer one.
    pub server_hello_timeout: Duration,
    /// From the TCP connection to the end of the handshake. 10 s.
    pub handshake_timeout: Duration,
}

impl ConnectOptions {
    /// TLS with these options, and the usual times.
    pub fn tls(tls: TlsOptions) -> ConnectOptions {
        ConnectOptions { tls: Some(tls), ..ConnectOptions::plain() }
    }

    /// No TLS, and the usual times.
    pub fn plain() -> ConnectOptions {
        ConnectOptions {
            tls: None,
            tunnel: None,
            tcp_timeout: Duration::from_secs(10),
            server_hello_timeout: Duration::from_secs(8),
            handshake_timeout: Duration::from_secs(10),
        }
    }
}

/// A connection to a peer that is trusted, and to which nothing has been sent yet.
#[derive(Debug)]
pub struct Connected {
    /// Its bytes.
    pub stream: Socket,
    /// What the handshake has shown; `None` on a plain connection.
    pub tls: Option<TlsInfo>,
    /// The printer's end.
    pub peer: SocketAddr,
    /// Our end: where media by UDP has to be received.
    pub local: SocketAddr,
}

/// Connects, and returns once the peer is known to be the printer that is meant.
///
/// Dropping the future closes the socket.
///
/// ```no_run
/// use std::time::Duration;
///
/// use printcam::connect::{ConnectOptions, Target, connect};
/// use printcam::known_printers::KnownPrinters;
/// use printcam::tls::{TlsOptions, Trust};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let trust = Trust::FirstUse(KnownPrinters::in_default_file()?);
/// let options = ConnectOptions::tls(TlsOptions::new(trust));
/// let mut connected = connect(&Target::new("192.168.1.20", 322), &options).await?;
/// if let Some(tls) = connected.tls.filter(|tls| tls.first_seen) {
///     println!("new printer {}: {}", tls.subject.unwrap_or_default(), tls.pin);
/// }
/// connected.stream.write_all(b"OPTIONS ...").await?;
/// connected.stream.flush().await?;
/// let mut buffer = vec![0; 32 << 10];
/// let answer = connected.stream.read(&mut buffer).await?;
/// # let _ = answer;
/// connected.stream.close(Duration::from_millis(100)).await;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Any [`ConnectError`]; no byte past the handshake has been sent then.
pub async fn connect(target: &Target, options: &ConnectOptions) -> Result<Connected, ConnectError> {
    connect_telling(target, options, || ()).await
}

/// As [`connect`]; calls `reached` once there is a TCP connection, and TLS is what is waited for.
pub(crate) async fn connect_telling(
    target: &Target,
    options: &ConnectOptions,
    reached: impl FnOnce(),
) -> Result<Connected, ConnectError> {
    let identity = match &options.tls {
        Some(tls) => Some(Identity::expected(target, tls).await?),
        None => None,
    };
    let (carrier, peer, local) = match &options.tunnel {
        None => {
            let tcp = connect_tcp(target, options.tcp_timeout).await?;
            let io = |addr| move |error| ConnectError::Io { addr: Some(addr), error };
            let peer = tcp.peer_addr().map_err(|error| ConnectError::Io { addr: None, error })?;
            let local = tcp.local_addr().map_err(io(peer))?;
            prepare(&tcp).map_err(io(peer))?;
            (Carrier::Tcp(tcp), peer, local)
        }
        Some(tunnel) => {
            let addr = far_end(target);
            let opened = timeout(options.tcp_timeout, tunnel.open()).await;
            let opened = opened.map_err(|_| ConnectError::TimedOut { addr, after: options.tcp_timeout })?;
            (opened.map_err(|error| ConnectError::of_tcp(addr, error, options.tcp_timeout))?, addr, UNKNOWN)
        }
    };
    reached();

    let (stream, tls) = match (identity, &options.tls) {
        (Some(identity), Some(tls)) => {
            let (stream, info) = handshake(carrier, peer, identity, tls, options).await?;
            tracing::info!(
                target: "printcam::tls", %peer, version = %info.version, cipher = info.cipher, pin = %info.pin,
                subject = info.subject, issuer = info.issuer, first_seen = info.first_seen, "connected"
            );
            (Socket::Tls(Box::new(stream)), Some(info))
        }
        _ => (Socket::Plain(carrier), None),
    };
    Ok(Connected { stream, tls, peer, local })
}

/// Whom we expect, worked out before anything is sent.
struct Identity {
    /// How errors name the printer.
    name: String,
    policy: Policy,
    /// Where to record the key of a printer that is not known yet.
    learn: Option<KnownPrinters>,
}

impl Identity {
    async fn expected(target: &Target, tls: &TlsOptions) -> Result<Identity, ConnectError> {
        let name = tls.known_as.clone().unwrap_or_else(|| target.to_string());
        let mut learn = None;
        let policy = match &tls.trust {
            Trust::Pin(pin) => Policy::Pinned(*pin),
            Trust::FirstUse(store) => {
                let (store, wanted) = (store.clone(), name.clone());
                let (store, known) = blocking(move || store.find(&wanted).map(|known| (store, known))).await?;
                match known {
                    Some(known) => Policy::Pinned(known.pin),
                    None => {
                        learn = Some(store);
                        Policy::Any
                    }
                }
            }
            Trust::PrinterCa { roots, serial } => Policy::issued(roots.clone(), serial.clone())
                .map_err(|reason| ConnectError::CertificateUntrusted { host: name.clone(), reason })?,
            Trust::AcceptAny => {
                tracing::warn!(target: "printcam::tls", printer = %name, "any peer is accepted as the printer");
                Policy::Any
            }
        };
        Ok(Identity { name, policy, learn })
    }
}

async fn connect_tcp(target: &Target, within: Duration) -> Result<TcpStream, ConnectError> {
    let deadline = Instant::now() + within;
    let not_found = || ConnectError::NameNotFound { host: target.host.clone() };
    let addresses: Vec<SocketAddr> = match target.host.parse::<IpAddr>() {
        Ok(ip) => vec![SocketAddr::new(ip, target.port)],
        Err(_) => {
            let lookup = lookup_host((target.host.as_str(), target.port));
            let found = timeout_at(deadline, lookup).await.map_err(|_| not_found())?;
            found.map_err(|_| not_found())?.collect()
        }
    };
    connect_first(&addresses, deadline).await.unwrap_or_else(|| Err(not_found()))
}

/// The first address that answers, or the last one's error; `None` if there is none to try.
async fn connect_first(addresses: &[SocketAddr], deadline: Instant) -> Option<Result<TcpStream, ConnectError>> {
    let mut last = None;
    for (tried, &addr) in addresses.iter().enumerate() {
        let started = Instant::now();
        // An address that swallows everything must leave the others their share.
        let share = deadline.saturating_duration_since(started) / (addresses.len() - tried) as u32;
        let error = match timeout(share, TcpStream::connect(addr)).await {
            Ok(Ok(tcp)) => return Some(Ok(tcp)),
            Ok(Err(error)) => ConnectError::of_tcp(addr, error, started.elapsed()),
            Err(_) => ConnectError::TimedOut { addr, after: share },
        };
        tracing::debug!(target: "printcam::tls", %addr, %error, "no TCP connection");
        last = Some(Err(error));
    }
    last
}

fn prepare(tcp: &TcpStream) -> io::Result<()> {
    // Requests and receiver reports are small, and late ones stall the printer.
    tcp.set_nodelay(true)?;
    // A dead peer is noticed by the protocol's own timers first; this frees a socket that nobody times.
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_IDLE);
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple", windows))]
    let keepalive = keepalive.with_interval(KEEPALIVE_INTERVAL);
    SockRef::from(tcp).set_tcp_keepalive(&keepalive)
}

async fn handshake(
    carrier: Carrier,
    peer: SocketAddr,
    identity: Identity,
    tls: &TlsOptions,
    options: &ConnectOptions,
) -> Result<(TlsStream, TlsInfo), ConnectError> {
    let started = Instant::now();
    let failed = |error| ConnectError::Tls { addr: peer, failure: TlsFailure::from(error) };
    let config = client_config(identity.policy, tls.versions).map_err(failed)?;
    let answer: Arc<FirstBytes> = Arc::new(OnceLock::new());
    let mut handshake = TlsConnector::from(Arc::new(config)).connect_with(
        // Not sent (SNI is off), and not compared with the certificate, which never holds it.
        ServerName::IpAddress(peer.ip().into()),
        ReadAhead::new(carrier, answer.clone()),
        |session| session.set_buffer_limit(Some(MAX_UNSENT)),
    );
    let hung = |after| ConnectError::Hung { addr: peer, after, answered: answer.get().is_some() };
    let (whole, hello) = (options.handshake_timeout, options.server_hello_timeout.min(options.handshake_timeout));
    let outcome = match timeout_at(started + hello, &mut handshake).await {
        Ok(outcome) => outcome,
        Err(_) if answer.get().is_none() => return Err(hung(hello)),
        Err(_) => timeout_at(started + whole, handshake).await.map_err(|_| hung(whole))?,
    };
    let stream = outcome.map_err(|error| explain(error, peer, &identity.name, &answer))?;

    let (version, cipher, pin, subject, issuer) = negotiated(&stream)
        .map_err(|reason| ConnectError::CertificateUntrusted { host: identity.name.clone(), reason })?;
    let stream = TlsStream::new(stream);
    let first_seen = identity.learn.is_some();
    if let Some(store) = identity.learn
        && let Err(error) = record(store, identity.name, pin).await
    {
        Socket::Tls(Box::new(stream)).close(CLOSE_WITHIN).await;
        return Err(error);
    }
    Ok((stream, TlsInfo { version, cipher, pin, subject, issuer, first_seen }))
}

/// Only now, after the handshake: the peer holds the key, and is not just somebody who has copied the certificate.
async fn record(store: KnownPrinters, name: String, seen: PublicKeyPin) -> Result<(), ConnectError> {
    let wanted = name.clone();
    match blocking(move || store.record(&wanted, seen, SystemTime::now())).await? {
        // Another process was quicker, and met another key.
        Recorded::Already(known) if known.pin != seen => {
            Err(ConnectError::CertificateChanged { host: name, known: known.pin, seen })
        }
        Recorded::Already(_) | Recorded::Added => Ok(()),
    }
}

type Negotiated = (TlsVersion, &'static str, PublicKeyPin, Option<String>, Option<String>);

fn negotiated(stream: &tokio_rustls::client::TlsStream<ReadAhead>) -> Result<Negotiated, Untrusted> {
    let (_, session) = stream.get_ref();
    let leaf = session.peer_certificates().and_then(|chain| chain.first()).ok_or(Untrusted::Unreadable)?;
    let leaf = Certificate::parse(leaf)?;
    let version = match session.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => TlsVersion::Tls13,
        _ => TlsVersion::Tls12,
    };
    let cipher = session.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or("unknown");
    Ok((version, cipher, leaf.pin(), leaf.subject(), leaf.issuer()))
}

fn explain(error: io::Error, addr: SocketAddr, host: &str, answer: &FirstBytes) -> ConnectError {
    let answer = answer.get().map(Vec::as_slice).unwrap_or_default();
    // Whatever went wrong after it: this is the reason.
    if !answer.is_empty() && !is_tls_record(answer) {
        return ConnectError::NotTls { addr, answer: PlainAnswer::recognise(answer) };
    }
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        let host = host.to_owned();
        return match Refusal::in_error(tls) {
            Some(&Refusal::Changed { known, seen }) => ConnectError::CertificateChanged { host, known, seen },
            Some(Refusal::Untrusted(reason)) => ConnectError::CertificateUntrusted { host, reason: reason.clone() },
            None => ConnectError::Tls { addr, failure: TlsFailure::from(tls.clone()) },
        };
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => ConnectError::ClosedDuringHandshake { addr },
        _ => ConnectError::Io { addr: Some(addr), error },
    }
}

/// The store is a file: neither the disk nor another process's lock may hold up other connections, or this one for good.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KnownPrintersError> + Send + 'static,
) -> Result<T, KnownPrintersError> {
    match timeout(STORE_TIMEOUT, spawn_blocking(work)).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(joined)) => match joined.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down.
            Err(_) => Err(KnownPrintersError::Locked),
        },
        Err(_) => Err(KnownPrintersError::Locked),
    }
}

/// How long a connection is silent before the system asks whether it is still there.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(5);

/// Between its further questions.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(2);

/// What a tunnel leads to, for errors: which port it is decides what they advise. A name is not looked up.
fn far_end(target: &Target) -> SocketAddr {
    SocketAddr::new(target.host.parse().unwrap_or(UNKNOWN.ip()), target.port)
}

/// Our own end of a tunnel.
const UNKNOWN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// For the good-bye of a connection that turns out to be of no use.
const CLOSE_WITHIN: Duration = Duration::from_millis(300);

/// Locks are held for milliseconds.
const STORE_TIMEOUT: Duration = Duration::from_secs(5);

/// What we write to a peer that does not read, before writing waits: hundreds of receiver reports.
const MAX_UNSENT: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn the_next_address_is_tried_where_one_refuses() {
        let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (open_at, closed_at) = (open.local_addr().unwrap(), closed.local_addr().unwrap());
        drop(closed);
        let deadline = Instant::now() + Duration::from_secs(10);
        for (addresses, want) in
            [(&[closed_at, open_at][..], Some(open_at)), (&[open_at, closed_at], Some(open_at)), (&[closed_at], None)]
        {
            let got = connect_first(addresses, deadline).await.unwrap();
            assert_eq!(got.map(|tcp| tcp.peer_addr().unwrap()).ok(), want, "{addresses:?}");
        }
        assert!(connect_first(&[], deadline).await.is_none());
    }

    #[test]
    fn targets_print_as_they_are_written_in_urls() {
        for (host, want) in [
            ("192.168.1.20", "192.168.1.20:322"),
            ("fe80::1%eth0", "[fe80::1%eth0]:322"),
            ("[::1]", "[::1]:322"),
            ("Printer.Local", "printer.local:322"),
        ] {
            assert_eq!(Target::new(host, 322).to_string(), want);
        }
    }
}
