//! The bytes of a connection, with TLS or without.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A connection to a printer.
///
/// Read into large buffers (16 KiB and more): one read then takes everything that has arrived. Flush after writing.
///
/// End it by [`Socket::close`], or `shutdown` and drop: TLS says good-bye, and printers that are not told keep their
/// only slot taken. A printer that itself leaves without a good-bye shows as `UnexpectedEof`: as much an end as reading
/// 0 bytes.
#[derive(Debug)]
pub enum Socket {
    /// Without TLS.
    Plain(TcpStream),
    /// With TLS.
    Tls(Box<TlsStream>),
}

/// The TLS side of a [`Socket`].
#[derive(Debug)]
pub struct TlsStream(tokio_rustls::client::TlsStream<ReadAhead>);

impl TlsStream {
    pub(super) fn new(inner: tokio_rustls::client::TlsStream<ReadAhead>) -> TlsStream {
        TlsStream(inner)
    }
}

impl Socket {
    /// Sends what is left, says good-bye and closes, within this time: a peer that takes nothing is left all the same.
    pub async fn close(mut self, within: Duration) {
        // Its outcome is the same, whether the peer has gone already or does not listen.
        let _ = timeout(within, self.shutdown()).await;
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Plain(tcp) => {
                ready!(Pin::new(&mut *tcp).poll_read(cx, buf))?;
                acknowledge_at_once(tcp);
                Poll::Ready(Ok(()))
            }
            Socket::Tls(tls) => Pin::new(&mut tls.0).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Socket::Plain(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Socket::Tls(tls) => Pin::new(&mut tls.0).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Socket::Tls(tls) => Pin::new(&mut tls.0).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Socket::Tls(tls) => Pin::new(&mut tls.0).poll_shutdown(cx),
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

/// The peer's very first bytes, once they have come: enough to tell what it speaks.
pub(super) type FirstBytes = OnceLock<Vec<u8>>;

/// Reads the socket in large pieces: rustls asks for 4 KiB at a time, and after a stall a printer sends megabytes.
#[derive(Debug)]
pub(super) struct ReadAhead {
    tcp: TcpStream,
    buffer: Box<[u8]>,
    /// What is in the buffer and not yet taken.
    unread: std::ops::Range<usize>,
    /// To be set by the first read; `None` afterwards.
    first: Option<Arc<FirstBytes>>,
}

impl ReadAhead {
    pub(super) fn new(tcp: TcpStream, first: Arc<FirstBytes>) -> ReadAhead {
        ReadAhead { tcp, buffer: vec![0; READ_AHEAD].into(), unread: 0..0, first: Some(first) }
    }
}

impl AsyncRead for ReadAhead {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.unread.is_empty() {
            let mut into = ReadBuf::new(&mut this.buffer);
            ready!(Pin::new(&mut this.tcp).poll_read(cx, &mut into))?;
            acknowledge_at_once(&this.tcp);
            this.unread = 0..into.filled().len();
            if let Some(first) = this.first.take_if(|_| !this.unread.is_empty()) {
                let _ = first.set(into.filled().iter().copied().take(FIRST_BYTES).collect());
            }
        }
        let taken = this.unread.len().min(buf.remaining());
        buf.put_slice(&this.buffer[this.unread.start..this.unread.start + taken]);
        this.unread.start += taken;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ReadAhead {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().tcp).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().tcp).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_shutdown(cx)
    }
}

/// Two full TLS records, or 80 ms of a 3 Mbit/s picture.
const READ_AHEAD: usize = 32 << 10;

/// Longer than any greeting that is looked for.
const FIRST_BYTES: usize = 8;
