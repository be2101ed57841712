//! The bytes of a connection, with TLS or without.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

use super::Carrier;

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
    Plain(Carrier),
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
            Socket::Plain(carrier) => Pin::new(carrier).poll_read(cx, buf),
            Socket::Tls(tls) => Pin::new(&mut tls.0).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Socket::Plain(carrier) => Pin::new(carrier).poll_write(cx, buf),
            Socket::Tls(tls) => Pin::new(&mut tls.0).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Plain(carrier) => Pin::new(carrier).poll_flush(cx),
            Socket::Tls(tls) => Pin::new(&mut tls.0).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Plain(carrier) => Pin::new(carrier).poll_shutdown(cx),
            Socket::Tls(tls) => Pin::new(&mut tls.0).poll_shutdown(cx),
        }
    }
}

/// The peer's very first bytes, once they have come: enough to tell what it speaks.
pub(super) type FirstBytes = OnceLock<Vec<u8>>;

/// Reads the socket in large pieces: rustls asks for 4 KiB at a time, and after a stall a printer sends megabytes.
#[derive(Debug)]
pub(super) struct ReadAhead {
    carrier: Carrier,
    buffer: Box<[u8]>,
    /// What is in the buffer and not yet taken.
    unread: std::ops::Range<usize>,
    /// To be set by the first read; `None` afterwards.
    first: Option<Arc<FirstBytes>>,
}

impl ReadAhead {
    pub(super) fn new(carrier: Carrier, first: Arc<FirstBytes>) -> ReadAhead {
        ReadAhead { carrier, buffer: vec![0; READ_AHEAD].into(), unread: 0..0, first: Some(first) }
    }
}

impl AsyncRead for ReadAhead {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.unread.is_empty() {
            let mut into = ReadBuf::new(&mut this.buffer);
            ready!(Pin::new(&mut this.carrier).poll_read(cx, &mut into))?;
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
        Pin::new(&mut self.get_mut().carrier).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().carrier).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.carrier.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().carrier).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().carrier).poll_shutdown(cx)
    }
}

/// Two full TLS records, or 80 ms of a 3 Mbit/s picture.
const READ_AHEAD: usize = 32 << 10;

/// Longer than any greeting that is looked for.
const FIRST_BYTES: usize = 8;
