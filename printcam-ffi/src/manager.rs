//! Managers: each owns streams and requests, and has the one place where their events go.

use std::collections::HashSet;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use printcam::StreamManager;
use tokio::task::JoinHandle;

use crate::boundary::{Checked, PrintcamStatus, guarded, output};
use crate::dart::DartPort;
use crate::event::Event;
use crate::gate::Gate;
use crate::handle::TABLE;
use crate::lock;
use crate::request::Request;
use crate::runtime::{hall, runtime};
use crate::sink::{PrintcamCallback, Sink, User};
use crate::stream::Stream;

/// Owns streams and requests.
pub type PrintcamManager = u64;

/// What a manager's handle stands for.
#[derive(Debug)]
pub(crate) struct Manager {
    handle: PrintcamManager,
    pub(crate) streams: StreamManager,
    /// Around the gates of its streams and requests.
    pub(crate) gate: Arc<Gate>,
    sink: Sink,
    /// Handles of its streams and requests; `None` once it is freed.
    children: Mutex<Option<HashSet<u64>>>,
}

impl Manager {
    fn make(limit: u32, sink: Sink) -> Checked<PrintcamManager> {
        let limit = if limit == 0 { StreamManager::DEFAULT_LIMIT } else { limit as usize };
        let manager = TABLE.insert_with(|handle| {
            Arc::new(Self {
                handle,
                streams: StreamManager::with_limit(limit),
                gate: Gate::new(hall()),
                sink,
                children: Mutex::new(Some(HashSet::new())),
            })
        })?;
        Ok(manager.handle)
    }

    /// Delivers an event through a gate within this manager's. Says whether somebody took it.
    pub(crate) fn deliver(self: &Arc<Self>, gate: &Arc<Gate>, event: Event) -> bool {
        let Some(_pass) = gate.enter() else { return false };
        let delivered = self.sink.deliver(event).is_ok();
        if !delivered {
            self.free_later();
        }
        delivered
    }

    /// Takes up a stream or request.
    ///
    /// # Errors
    /// `StaleHandle` once it is freed.
    pub(crate) fn adopt(&self, child: u64) -> Checked<()> {
        lock(&self.children).as_mut().ok_or(PrintcamStatus::StaleHandle)?.insert(child);
        Ok(())
    }

    pub(crate) fn disown(&self, child: u64) {
        if let Some(children) = lock(&self.children).as_mut() {
            children.remove(&child);
        }
    }

    /// Stops everything. When this returns no callback runs; the task ends when the cameras have let go.
    ///
    /// # Errors
    /// `StaleHandle` for all but the first who try.
    fn free(self: Arc<Self>) -> Checked<JoinHandle<()>> {
        // First of all: whoever comes second may rely on it as well.
        self.gate.close();
        TABLE.remove::<Self>(self.handle)?;
        let children = lock(&self.children).take().unwrap_or_default();
        let mut ending = Vec::new();
        for child in children {
            if let Ok(stream) = TABLE.remove::<Stream>(child) {
                ending.push(stream.end());
            } else if let Ok(request) = TABLE.remove::<Request>(child) {
                request.abort();
            }
        }
        Ok(runtime().spawn(async move {
            for ended in ending {
                let _ = ended.await;
            }
            // For what was being started meanwhile.
            self.streams.dispose().await;
        }))
    }

    /// For where waiting is not possible: in a task, perhaps inside of the gate.
    fn free_later(self: &Arc<Self>) {
        let manager = Arc::clone(self);
        runtime().spawn_blocking(move || manager.free());
    }
}

/// Makes a manager of at most `limit` streams (0: 8) whose events go to a callback, with `user` as its first argument.
///
/// # Safety
/// `callback` may be called from any thread with `user` until the manager is freed. `manager` is null or valid for
/// writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn printcam_manager_new(
    limit: u32,
    callback: PrintcamCallback,
    user: *mut c_void,
    manager: *mut PrintcamManager,
) -> PrintcamStatus {
    guarded(|| {
        // SAFETY: the caller's.
        let mut manager = unsafe { output(manager) }?;
        let callback = callback.ok_or(PrintcamStatus::InvalidArgument)?;
        manager.set(Manager::make(limit, Sink::Callback { callback, user: User(user) })?);
        Ok(())
    })
}

/// Makes a manager of at most `limit` streams (0: 8) whose events are posted to a Dart port, as lists: kind, error,
/// stream, request, width, height, timestampMs, detail, message, hint, data or null. A message that is null says nothing.
///
/// A post that fails means that the isolate is gone: everything of the manager is stopped and freed. So it is with
/// managers of isolates that went without anybody noticing, when a new one is made.
///
/// # Safety
/// `post_cobject` is null or `NativeApi.postCObject`. `manager` is null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn printcam_manager_new_for_dart(
    limit: u32,
    post_cobject: *mut c_void,
    port: i64,
    manager: *mut PrintcamManager,
) -> PrintcamStatus {
    guarded(|| {
        // SAFETY: the caller's.
        let mut manager = unsafe { output(manager) }?;
        // SAFETY: the caller's.
        let port = unsafe { DartPort::new(post_cobject, port) }.ok_or(PrintcamStatus::InvalidArgument)?;
        for forgotten in TABLE.all::<Manager>().into_iter().filter(|manager| manager.sink.is_gone()) {
            // Posting does not take long, so neither does this.
            let _ = forgotten.free();
        }
        manager.set(Manager::make(limit, Sink::Dart(port))?);
        Ok(())
    })
}

/// Stops all its streams and requests. No callback begins, and none runs any more when this returns; called from inside
/// one: none but that one. Cameras are given back in the background.
#[unsafe(no_mangle)]
pub extern "C" fn printcam_manager_free(manager: PrintcamManager) -> PrintcamStatus {
    guarded(|| {
        TABLE.find::<Manager>(manager)?.free()?;
        Ok(())
    })
}

/// Frees every manager and waits until all cameras have let go, at most so long; `TimedOut` if they have not. For a
/// program's end.
#[unsafe(no_mangle)]
pub extern "C" fn printcam_dispose_all(timeout_ms: u32) -> PrintcamStatus {
    guarded(|| {
        let limit = Duration::from_millis(timeout_ms.into());
        let freed: Vec<_> = TABLE.all::<Manager>().into_iter().filter_map(|manager| manager.free().ok()).collect();
        let (done, wait) = mpsc::channel();
        // Not waited for on this thread's runtime: it may be a callback's.
        runtime().spawn(async move {
            for manager in freed {
                let _ = manager.await;
            }
            // Whoever asked may have given up.
            let _ = done.send(printcam::all_closed(limit).await);
        });
        if wait.recv_timeout(limit) == Ok(true) { Ok(()) } else { Err(PrintcamStatus::TimedOut) }
    })
}
