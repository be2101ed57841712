//! Several streams by number, for programs that hold no Rust values: the plugin, the server.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use printcam_video::{DEFAULT_QUALITY, encode_jpeg};
use tokio::sync::broadcast;

use crate::{Error, Options, Source, Stream, StreamEvent, StreamStatistics, lock};

/// Names a stream of a [`StreamManager`]. Never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u64);

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Streams by number, and no more of them than allowed.
#[derive(Debug)]
pub struct StreamManager {
    limit: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    streams: HashMap<StreamId, Stream>,
    last: u64,
    disposed: bool,
}

impl Default for StreamManager {
    fn default() -> Self {
        Self::with_limit(Self::DEFAULT_LIMIT)
    }
}

impl StreamManager {
    /// As many as a wall of printers on one screen has.
    pub const DEFAULT_LIMIT: usize = 8;

    /// A manager of at most so many streams.
    pub fn with_limit(limit: usize) -> Self {
        Self { limit, inner: Mutex::default() }
    }

    /// Starts to watch a camera; returns at once, and [`playing`](Self::playing) waits. Two of one camera share its
    /// connection, and count as two.
    ///
    /// # Errors
    /// [`Error::TooManyStreams`]; [`Error::Address`]; [`Error::Stopped`] after [`dispose`](Self::dispose); what
    /// [`Stream::open`] says.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(&self, url: &str, options: Options) -> Result<StreamId, Error> {
        let source: Source = url.parse()?;
        let mut inner = self.lock();
        if inner.disposed {
            return Err(Error::Stopped);
        }
        if inner.streams.len() >= self.limit {
            return Err(Error::TooManyStreams { limit: self.limit });
        }
        let stream = Stream::open(&source, options)?;
        inner.last += 1;
        let id = StreamId(inner.last);
        inner.streams.insert(id, stream);
        Ok(id)
    }

    /// Waits for the first picture. A stream that does not come to one is left as it is: it may go on trying.
    ///
    /// # Errors
    /// Why the first attempt failed; [`Error::Stopped`] if there is no such stream, or not any more.
    pub async fn playing(&self, id: StreamId) -> Result<(), Arc<Error>> {
        // Not held while waiting: it would keep the stream up.
        let playing = self.stream(id).ok_or(Error::Stopped)?.playing();
        playing.await
    }

    /// Stops a stream, also one that is only starting, and waits until its camera has let go if nobody else watches it.
    /// Stopping again does nothing.
    pub async fn stop(&self, id: StreamId) {
        if let Some(stream) = self.remove(id) {
            stream.close().await;
        }
    }

    /// Takes a stream out, for whoever wants to stop it in a way of its own: its place is free at once. `None` if there is
    /// no such stream.
    pub fn remove(&self, id: StreamId) -> Option<Stream> {
        self.lock().streams.remove(&id)
    }

    /// What happens to a stream from now on; `None` if there is no such stream.
    pub fn events(&self, id: StreamId) -> Option<broadcast::Receiver<StreamEvent>> {
        Some(self.lock().streams.get(&id)?.events())
    }

    /// What was counted; `None` if there is no such stream.
    pub fn statistics(&self, id: StreamId) -> Option<StreamStatistics> {
        Some(self.stream(id)?.statistics())
    }

    /// The newest picture as JPEG.
    ///
    /// # Errors
    /// [`Error::Stopped`] if there is no such stream; what [`Stream::capture_frame`] says.
    pub async fn capture_frame(&self, id: StreamId) -> Result<Vec<u8>, Error> {
        let frame = self.stream(id).ok_or(Error::Stopped)?.capture_frame().await?;
        let encode = tokio::task::spawn_blocking(move || encode_jpeg(&frame, DEFAULT_QUALITY));
        Ok(encode.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?)
    }

    /// A handle on a stream, which keeps it up for as long as it lives.
    pub fn stream(&self, id: StreamId) -> Option<Stream> {
        self.lock().streams.get(&id).cloned()
    }

    /// Stops all streams and waits until their cameras have let go. None can be started any more.
    pub async fn dispose(&self) {
        let streams: Vec<_> = {
            let mut inner = self.lock();
            inner.disposed = true;
            inner.streams.drain().map(|(_, stream)| stream).collect()
        };
        // All together: each may take its time.
        let closing: Vec<_> = streams.into_iter().map(|stream| tokio::spawn(stream.close())).collect();
        for closed in closing {
            let _ = closed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }
}
