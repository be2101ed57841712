//! What carries the bytes of a connection: TCP, or whatever the caller has.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Something that carries bytes both ways.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

type Opening = Pin<Box<dyn Future<Output = io::Result<Box<dyn Duplex>>> + Send>>;

/// Another way to the camera than TCP to its address: a port forwarded by SSH, a relay, a simulated camera in memory.
///
/// TLS and trust are the same above it; media by UDP does not go through it.
#[derive(Clone)]
pub struct Tunnel(Arc<dyn Fn() -> Opening + Send + Sync>);

impl Tunnel {
    /// A tunnel that `open` opens anew for each connection.
    pub fn new<F, S>(open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: Duplex + 'static,
    {
        Self(Arc::new(move || {
            let opening = open();
            Box::pin(async move { Ok(Box::new(opening.await?) as Box<dyn Duplex>) })
        }))
    }

    pub(super) async fn open(&self) -> io::Result<Carrier> {
        Ok(Carrier::Tunnel((self.0)().await?))
    }
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tunnel")
    }
}

/// TCP, or whatever the caller has.
pub enum Carrier {
    /// TCP to the camera.
    Tcp(TcpStream),
    /// A [`Tunnel`].
    Tunnel(Box<dyn Duplex>),
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Carrier::Tcp(tcp) => tcp.fmt(f),
            Carrier::Tunnel(_) => f.write_str("Tunnel"),
        }
    }
}

impl AsyncRead for Carrier {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Carrier::Tcp(tcp) => {
                ready!(Pin::new(&mut *tcp).poll_read(cx, buf))?;
                acknowledge_at_once(tcp);
                Poll::Ready(Ok(()))
            }
            Carrier::Tunnel(tunnel) => Pin::new(tunnel).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Carrier {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Carrier::Tcp(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Carrier::Tunnel(tunnel) => Pin::new(tunnel).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Carrier::Tcp(tcp) => Pin::new(tcp).poll_write_vectored(cx, bufs),
            Carrier::Tunnel(tunnel) => Pin::new(tunnel).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Carrier::Tcp(tcp) => tcp.is_write_vectored(),
            Carrier::Tunnel(tunnel) => tunnel.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Carrier::Tcp(tcp) => Pin::new(tcp).poll_flush(cx),
            Carrier::Tunnel(tunnel) => Pin::new(tunnel).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Carrier::Tcp(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Carrier::Tunnel(tunnel) => Pin::new(tunnel).poll_shutdown(cx),
        }
    }
}

/// Acknowledges what has just been read without the usual 40 ms of delay.
///
/// A peer that leaves Nagle's algorithm on (RFC 896), as live555 and gst-rtsp-server do, holds back the end of what it
/// writes until we acknowledge the beginning: the handshake, the answer to DESCRIBE and the tail of every picture each
/// came 40 ms late. Linux forgets the option after a while, so it is set with every read.
fn acknowledge_at_once(tcp: &TcpStream) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = tcp.set_quickack(true);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = tcp;
}
