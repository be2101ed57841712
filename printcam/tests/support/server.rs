//! A TLS server for one connection, made from the fixtures, that remembers every byte it was sent.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use printcam::connect::{ConnectError, ConnectOptions, Connected, Target, connect};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What an honest client says once it trusts its peer.
pub(crate) const REQUEST: &[u8] = b"OPTIONS rtsps://127.0.0.1:322/streaming/live/1 RTSP/1.0\r\nCSeq: 1\r\n\r\n";

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tls").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn certificate(name: &str) -> CertificateDer<'static> {
    fixture(&format!("{name}.der")).into()
}

/// The chain that the server shows and the key that it has, which need not belong together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shows {
    pub(crate) chain: &'static [&'static str],
    pub(crate) key: &'static str,
    pub(crate) version: &'static SupportedProtocolVersion,
}

pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    task: JoinHandle<Served>,
}

/// What the server has seen of one client.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) handshake_done: bool,
    /// What the client said, decrypted.
    pub(crate) application: Vec<u8>,
    /// Whether the client said good-bye.
    pub(crate) close_notify: bool,
    /// Bytes of TLS records of the type that carries application data, as they were on the wire.
    pub(crate) protected: usize,
}

/// What the server does beyond listening.
pub(crate) struct Script {
    /// Between TCP and TLS.
    pub(crate) before_tls: Box<dyn FnOnce() + Send>,
    /// Said first, before it listens.
    pub(crate) says: Vec<u8>,
    /// The most it writes to the socket at once.
    pub(crate) slice: usize,
    /// What it does after that.
    pub(crate) end: End,
}

pub(crate) enum End {
    Listen,
    GoodBye,
    /// Closes its side without a good-bye, as some printers do.
    Fin,
}

impl Default for Script {
    fn default() -> Script {
        Script { before_tls: Box::new(|| ()), says: Vec::new(), slice: usize::MAX, end: End::Listen }
    }
}

impl Server {
    pub(crate) async fn start(shows: Shows) -> Server {
        Server::start_with(shows, Script::default()).await
    }

    pub(crate) async fn start_with(shows: Shows, script: Script) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config(shows)));
        let task = tokio::spawn(async move {
            let (tcp, _) = listener.accept().await.unwrap();
            serve(acceptor, tcp, script).await
        });
        Server { addr, task }
    }

    pub(crate) fn target(&self) -> Target {
        Target::new("127.0.0.1", self.addr.port())
    }

    pub(crate) async fn served(self) -> Served {
        self.task.await.unwrap()
    }
}

async fn serve(acceptor: TlsAcceptor, tcp: TcpStream, script: Script) -> Served {
    (script.before_tls)();
    let received = Arc::new(Mutex::new(Vec::new()));
    let tap = Tap { tcp, received: received.clone(), slice: script.slice };
    let mut served = Served { handshake_done: false, application: Vec::new(), close_notify: false, protected: 0 };
    if let Ok(mut tls) = acceptor.accept(tap).await {
        served.handshake_done = true;
        tls.write_all(&script.says).await.unwrap();
        match script.end {
            End::Listen => {}
            End::GoodBye => tls.shutdown().await.unwrap(),
            End::Fin => tls.get_mut().0.shutdown().await.unwrap(),
        }
        served.close_notify = tls.read_to_end(&mut served.application).await.is_ok();
    }
    served.protected = protected_bytes(&received.lock().unwrap());
    served
}

fn protected_bytes(mut wire: &[u8]) -> usize {
    let mut bytes = 0;
    while let &[kind, _, _, high, low, ref rest @ ..] = wire {
        let length = usize::from(u16::from_be_bytes([high, low]));
        if kind == 23 {
            bytes += length;
        }
        wire = rest.get(length..).unwrap_or_default();
    }
    bytes
}

fn config(shows: Shows) -> ServerConfig {
    let key = PrivateKeyDer::try_from(fixture(&format!("{}.key.der", shows.key))).unwrap();
    let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
    let chain = shows.chain.iter().map(|name| certificate(name)).collect();
    // `with_single_cert` would notice a key that is not the certificate's, and reads no X.509 v1.
    let resolver = Always(Arc::new(CertifiedKey::new(chain, key)));
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[shows.version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver))
}

#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// Remembers what it reads.
struct Tap {
    tcp: TcpStream,
    received: Arc<Mutex<Vec<u8>>>,
    slice: usize,
}

impl AsyncRead for Tap {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.tcp).poll_read(cx, buf))?;
        self.received.lock().unwrap().extend_from_slice(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tap {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let slice = self.slice.min(buf.len());
        Pin::new(&mut self.tcp).poll_write(cx, &buf[..slice])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

/// What a client does: connects and, if that succeeds, speaks and leaves properly.
pub(crate) async fn talk(target: &Target, options: &ConnectOptions) -> Result<Connected, ConnectError> {
    let mut connected = connect(target, options).await?;
    connected.stream.write_all(REQUEST).await.unwrap();
    connected.stream.shutdown().await.unwrap();
    Ok(connected)
}
