//! Captures of a stream: one at a time, however many are asked for.
//!
//! ```text
//!  asked while none is at work: begins one
//!  asked while one is at work:  shares the next one's picture with all who wait for it
//! ```
//!
//! So whoever asks faster than pictures can be encoded is answered as late as two of them take, and never with a picture
//! from before it asked.

use std::sync::{Arc, Mutex};
use std::thread::panicking;

use printcam::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinHandle;

use crate::boundary::{Checked, PrintcamStatus};
use crate::lock;
use crate::request::Outcome;
use crate::runtime::runtime;

/// Captures of one stream that may be asked for and not answered yet: more than there are viewers of one camera, and each
/// may hold a JPEG until its callback has returned.
pub(crate) const MAX_CAPTURES: usize = 32;

/// See the module.
#[derive(Debug)]
pub(crate) struct Captures {
    places: Arc<Semaphore>,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    /// Whom the next picture is for.
    next: Vec<oneshot::Sender<Outcome>>,
    /// It keeps the camera up. `None` while there is nothing to do.
    work: Option<JoinHandle<()>>,
    over: bool,
}

impl Captures {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { places: Arc::new(Semaphore::new(MAX_CAPTURES)), queue: Mutex::default() })
    }

    /// Asks for a picture, which `capture` makes; `Stopped` if none will be made. With it comes a place, to be kept until
    /// the answer has been taken.
    ///
    /// # Errors
    /// `TooMany`.
    pub(crate) fn ask<F, W>(
        self: &Arc<Self>,
        capture: F,
    ) -> Checked<(impl Future<Output = Outcome> + Send + use<F, W>, OwnedSemaphorePermit)>
    where
        F: Fn() -> W + Send + 'static,
        W: Future<Output = Result<Vec<u8>, Error>> + Send + 'static,
    {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| PrintcamStatus::TooMany)?;
        let (taken, picture) = oneshot::channel();
        let mut queue = lock(&self.queue);
        if !queue.over {
            // Those who gave up have no place any more, and would pile up.
            queue.next.retain(|waiting| !waiting.is_closed());
            queue.next.push(taken);
            queue.work.get_or_insert_with(|| runtime().spawn(Arc::clone(self).work(capture)));
        }
        Ok((async move { picture.await.unwrap_or_else(|_| Err(Arc::new(Error::Stopped))) }, place))
    }

    async fn work<F, W>(self: Arc<Self>, capture: F)
    where
        F: Fn() -> W,
        W: Future<Output = Result<Vec<u8>, Error>>,
    {
        let _panic = Panic(&self);
        while let Some(asked) = self.next_round() {
            let outcome = capture().await.map_err(Arc::new);
            for taken in asked {
                // Whoever asked may have given up.
                let _ = taken.send(outcome.clone());
            }
        }
    }

    /// Whom to make a picture for now; `None`, and no work any more, if that is nobody.
    fn next_round(&self) -> Option<Vec<oneshot::Sender<Outcome>>> {
        let mut queue = lock(&self.queue);
        queue.next.retain(|waiting| !waiting.is_closed());
        if queue.next.is_empty() {
            queue.work = None;
            return None;
        }
        Some(std::mem::take(&mut queue.next))
    }

    /// Makes no pictures any more. What this returns ends when none holds the camera.
    pub(crate) fn end(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut queue = lock(&self.queue);
        queue.over = true;
        queue.next.clear();
        let work = queue.work.take();
        async move {
            if let Some(work) = work {
                work.abort();
                let _ = work.await;
            }
        }
    }
}

/// Leaves nobody waiting for work that has panicked.
struct Panic<'a>(&'a Captures);

impl Drop for Panic<'_> {
    fn drop(&mut self) {
        if panicking() {
            let mut queue = lock(&self.0.queue);
            queue.next.clear();
            queue.work = None;
        }
    }
}

#[cfg(test)]
mod tests;
