//! Requests: what is answered later, by one event.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use printcam::{DEFAULT_QUALITY, Error, encode_jpeg};
use tokio::task::AbortHandle;

use crate::address::Address;
use crate::boundary::{Checked, PrintcamStatus, PrintcamText, guarded, output};
use crate::event::{Event, PrintcamEventKind};
use crate::gate::Gate;
use crate::handle::TABLE;
use crate::lock;
use crate::manager::{Manager, PrintcamManager};
use crate::options::PrintcamOptions;
use crate::runtime::runtime;
use crate::stream::PrintcamStream;

/// Something asked for, until it is answered.
pub type PrintcamRequest = u64;

/// What a request's handle stands for.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) handle: PrintcamRequest,
    manager: Arc<Manager>,
    /// The stream it is about; 0: none.
    stream: PrintcamStream,
    gate: Arc<Gate>,
    work: Mutex<Option<AbortHandle>>,
}

/// What a request comes to: a JPEG, or nothing but that it is done.
pub(crate) type Outcome = Result<Vec<u8>, Arc<Error>>;

/// Longest time for a snapshot, in milliseconds: ten minutes.
const MAX_TIMEOUT_MS: u32 = 600_000;

impl Request {
    /// A request that nobody works on yet.
    ///
    /// # Errors
    /// `TooMany`; `StaleHandle` if the manager is freed.
    pub(crate) fn new(manager: &Arc<Manager>, stream: PrintcamStream) -> Checked<Arc<Self>> {
        let (manager, gate) = (Arc::clone(manager), manager.gate.within());
        let request =
            TABLE.insert_with(|handle| Arc::new(Self { handle, manager, stream, gate, work: Mutex::default() }))?;
        request.manager.adopt(request.handle).inspect_err(|_| request.forget())?;
        Ok(request)
    }

    /// Answers with what the work comes to; with `Stopped` if it comes to nothing. `place` is kept until the answer has
    /// been taken.
    pub(crate) fn answer_with(
        self: Arc<Self>,
        work: impl Future<Output = Outcome> + Send + 'static,
        place: impl Send + 'static,
    ) {
        let work = runtime().spawn(work);
        *lock(&self.work) = Some(work.abort_handle());
        runtime().spawn(async move {
            let outcome = work.await.unwrap_or_else(|_| Err(Arc::new(Error::Stopped)));
            let (data, error) = match outcome {
                Ok(data) => (data, None),
                Err(error) => (Vec::new(), Some(error)),
            };
            let answer = Event::new(PrintcamEventKind::Answer).because(error.as_ref());
            let answer = Event { stream: self.stream, request: self.handle, data, ..answer };
            self.manager.deliver(&self.gate, answer);
            // Not before: until it is answered it can be cancelled, which waits for the answer to be taken.
            self.forget();
            drop(place);
        });
    }

    /// Ends the work.
    pub(crate) fn abort(&self) {
        if let Some(work) = &*lock(&self.work) {
            work.abort();
        }
    }

    /// Gives its handle back.
    pub(crate) fn forget(&self) {
        self.manager.disown(self.handle);
        // Somebody may have been first.
        let _ = TABLE.remove::<Self>(self.handle);
    }
}

/// Takes one picture of a camera, within 1 to 600000 ms, and leaves. A camera that is being watched is not connected to
/// again. The answer is a JPEG or an error.
///
/// # Safety
/// Texts point to as many bytes as they say. `options` is null or valid for reading, `request` null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn printcam_snapshot(
    manager: PrintcamManager,
    url: PrintcamText,
    username: PrintcamText,
    password: PrintcamText,
    options: *const PrintcamOptions,
    timeout_ms: u32,
    request: *mut PrintcamRequest,
) -> PrintcamStatus {
    guarded(|| {
        // SAFETY: the caller's.
        let mut answered = unsafe { output(request) }?;
        let manager = TABLE.find::<Manager>(manager)?;
        // SAFETY: the caller's.
        let (address, options) = unsafe { (Address::read(url, username, password)?, PrintcamOptions::read(options)?) };
        if !(1..=MAX_TIMEOUT_MS).contains(&timeout_ms) {
            return Err(PrintcamStatus::InvalidArgument);
        }
        let request = Request::new(&manager, 0)?;
        answered.set(request.handle);
        request.answer_with(
            async move {
                let limit = Duration::from_millis(timeout_ms.into());
                let snapshot = printcam::snapshot(&address.into_source()?, &options, limit).await?;
                // Off this thread: it takes milliseconds.
                let encoding = tokio::task::spawn_blocking(move || encode_jpeg(&snapshot.frame, DEFAULT_QUALITY));
                Ok(encoding.await.map_err(|_| Error::Stopped)?.map_err(Error::from)?)
            },
            (),
        );
        Ok(())
    })
}

/// Gives a request up: no answer comes any more. `StaleHandle` once it is answered.
#[unsafe(no_mangle)]
pub extern "C" fn printcam_request_cancel(request: PrintcamRequest) -> PrintcamStatus {
    guarded(|| {
        let request = TABLE.find::<Request>(request)?;
        request.gate.close();
        TABLE.remove::<Request>(request.handle)?;
        request.manager.disown(request.handle);
        request.abort();
        Ok(())
    })
}
