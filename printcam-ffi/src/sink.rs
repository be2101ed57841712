//! Where a manager's events go.

use std::ffi::c_void;

use crate::dart::{DartPort, Gone, Value};
use crate::event::{Event, PrintcamEvent};

/// Called with each event, from the library's threads; those of one stream come in order, those of several streams may
/// come at the same time. It may call the library.
pub type PrintcamCallback = Option<unsafe extern "C" fn(user: *mut c_void, event: *const PrintcamEvent)>;

/// A pointer of the caller's, handed back to its callback.
#[derive(Debug, Clone, Copy)]
pub(crate) struct User(pub(crate) *mut c_void);

// SAFETY: never looked into here. Whoever gives it says that the callback may be called from any thread with it.
unsafe impl Send for User {}
// SAFETY: as above.
unsafe impl Sync for User {}

/// A callback or a Dart port.
#[derive(Debug)]
pub(crate) enum Sink {
    Callback { callback: unsafe extern "C" fn(*mut c_void, *const PrintcamEvent), user: User },
    Dart(DartPort),
}

impl Sink {
    /// Hands an event over.
    ///
    /// # Errors
    /// [`Gone`]: nobody will ever take one.
    pub(crate) fn deliver(&self, mut event: Event) -> Result<(), Gone> {
        match self {
            Sink::Callback { callback, user } => {
                let lent = PrintcamEvent::lent_by(&mut event);
                // It may take its time, and sessions are to be looked after meanwhile.
                // SAFETY: whoever gave both said that they belong together, and may be used from any thread until the
                // manager is freed; the caller has entered its gate.
                blocking(|| unsafe { callback(user.0, &lent) });
                Ok(())
            }
            Sink::Dart(port) => port.post(list(event)),
        }
    }

    /// Whether somebody still takes events, as far as can be told.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self, Sink::Dart(port) if port.ping().is_err())
    }
}

/// Runs foreign code without holding up the tasks of this thread, if it has any.
pub(crate) fn blocking<T>(foreign: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(foreign)
}

/// The list that Dart reads.
fn list(event: Event) -> [Value; 11] {
    [
        Value::Int(i64::from(event.kind as u32)),
        Value::Int(i64::from(event.error as u32)),
        Value::Int(event.stream as i64),
        Value::Int(event.request as i64),
        Value::Int(i64::from(event.size.0)),
        Value::Int(i64::from(event.size.1)),
        Value::Int(event.timestamp_ms),
        Value::Text(event.detail.to_owned()),
        Value::Text(event.message),
        Value::Text(event.hint.to_owned()),
        if event.data.is_empty() { Value::Null } else { Value::Bytes(event.data) },
    ]
}
