//! The border itself: no panic crosses it, and what comes over it is checked once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;

/// What a call says about itself: misuse only. What goes wrong with cameras comes as events.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrintcamStatus {
    /// Done, or begun.
    Ok = 0,
    /// A pointer is null, or a value out of range.
    InvalidArgument = 1,
    /// A text is not UTF-8.
    NotUtf8 = 2,
    /// The handle is over, was never given out, or is of another kind.
    StaleHandle = 3,
    /// Not on this platform.
    Unsupported = 4,
    /// The texture has no picture yet.
    NoPicture = 5,
    /// A mistake in the library. What was asked for may have happened in part.
    Panicked = 6,
    /// As many handles are in use as may be.
    TooMany = 7,
    /// What was waited for did not come in time.
    TimedOut = 8,
}

impl PrintcamStatus {
    fn from_number(number: i32) -> Option<Self> {
        use PrintcamStatus as S;
        [
            S::Ok,
            S::InvalidArgument,
            S::NotUtf8,
            S::StaleHandle,
            S::Unsupported,
            S::NoPicture,
            S::Panicked,
            S::TooMany,
            S::TimedOut,
        ]
        .into_iter()
        .find(|status| *status as i32 == number)
    }

    fn message(self) -> &'static str {
        match self {
            PrintcamStatus::Ok => "done",
            PrintcamStatus::InvalidArgument => "an argument is null or out of range",
            PrintcamStatus::NotUtf8 => "a text is not UTF-8",
            PrintcamStatus::StaleHandle => "the handle is over, or of another kind",
            PrintcamStatus::Unsupported => "not available on this platform",
            PrintcamStatus::NoPicture => "there is no picture yet",
            PrintcamStatus::Panicked => "printcam has made a mistake; please report it",
            PrintcamStatus::TooMany => "as many handles are in use as may be",
            PrintcamStatus::TimedOut => "it did not come in time",
        }
    }
}

/// A value, or what is wrong with the call.
pub(crate) type Checked<T> = Result<T, PrintcamStatus>;

/// UTF-8 text, not NUL-terminated, borrowed: for the time of the call, or of the callback. Null and 0 is empty.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct PrintcamText {
    /// The first byte.
    pub data: *const u8,
    /// How many bytes.
    pub len: usize,
}

/// Longest text taken: a bundle of certificates is the longest that makes sense.
const MAX_TEXT: usize = 1 << 20;

impl PrintcamText {
    /// The same text, for as long as `text` lives.
    pub fn borrowed(text: &str) -> Self {
        Self { data: text.as_ptr(), len: text.len() }
    }

    /// What it says.
    ///
    /// # Errors
    /// `NotUtf8`; `InvalidArgument` for null with a length, or more than 1 MiB.
    ///
    /// # Safety
    /// `data` points to `len` bytes that stay as they are for `'a`, or is null.
    pub(crate) unsafe fn read<'a>(self) -> Checked<&'a str> {
        if self.len == 0 {
            return Ok("");
        }
        if self.data.is_null() || self.len > MAX_TEXT {
            return Err(PrintcamStatus::InvalidArgument);
        }
        // SAFETY: not null; the caller answers for the rest.
        let bytes = unsafe { slice::from_raw_parts(self.data, self.len) };
        std::str::from_utf8(bytes).map_err(|_| PrintcamStatus::NotUtf8)
    }
}

/// Bytes owned by whoever got them, and given back with `printcam_buffer_free`.
#[repr(C)]
#[derive(Debug)]
pub struct PrintcamBuffer {
    /// The first byte; null if there are none.
    pub data: *mut u8,
    /// How many bytes.
    pub len: usize,
    /// How many were allocated.
    pub capacity: usize,
}

impl From<Vec<u8>> for PrintcamBuffer {
    fn from(bytes: Vec<u8>) -> Self {
        if bytes.capacity() == 0 {
            return Self { data: std::ptr::null_mut(), len: 0, capacity: 0 };
        }
        let mut bytes = std::mem::ManuallyDrop::new(bytes);
        Self { data: bytes.as_mut_ptr(), len: bytes.len(), capacity: bytes.capacity() }
    }
}

/// Where a result goes: not null.
///
/// # Safety
/// The pointer is null, or valid for writing and aligned, for as long as the result is used.
pub(crate) unsafe fn output<'a, T>(pointer: *mut T) -> Checked<Output<'a, T>> {
    if pointer.is_null() {
        return Err(PrintcamStatus::InvalidArgument);
    }
    Ok(Output { pointer, _lent: std::marker::PhantomData })
}

/// A place of the caller's for a result. What stands there before is never read: it may be uninitialised.
pub(crate) struct Output<'a, T> {
    pointer: *mut T,
    _lent: std::marker::PhantomData<&'a mut T>,
}

impl<T> Output<'_, T> {
    pub(crate) fn set(&mut self, value: T) {
        // SAFETY: not null, and whoever made this answered for the rest.
        unsafe { self.pointer.write(value) }
    }
}

/// Runs what an exported function does. A panic ends here.
pub(crate) fn guarded(body: impl FnOnce() -> Checked<()>) -> PrintcamStatus {
    let body = || {
        #[cfg(test)]
        injected_panic();
        body()
    };
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => PrintcamStatus::Ok,
        Ok(Err(status)) => status,
        Err(payload) => {
            // Not dropped: that might panic, too.
            std::mem::forget(payload);
            PrintcamStatus::Panicked
        }
    }
}

/// What a status means, in one sentence; empty for a number that is none.
#[unsafe(no_mangle)]
pub extern "C" fn printcam_status_message(status: i32) -> PrintcamText {
    PrintcamText::borrowed(PrintcamStatus::from_number(status).map_or("", PrintcamStatus::message))
}

/// Whatever a caller hands over is far smaller.
const MAX_BUFFER: usize = 64 << 20;

/// Zeroed memory for callers that have no allocator of their own, as Dart has none; given back with
/// `printcam_buffer_free`. Null for 0 bytes, for more than 64 MiB, and where there is no memory.
#[unsafe(no_mangle)]
pub extern "C" fn printcam_buffer_new(len: usize) -> PrintcamBuffer {
    let mut bytes = Vec::new();
    if len <= MAX_BUFFER && bytes.try_reserve_exact(len).is_ok() {
        bytes.resize(len, 0);
    }
    bytes.into()
}

/// Gives bytes back that the library has handed out. Nothing happens for null.
///
/// # Safety
/// `buffer` is as the library gave it, and was not given back before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn printcam_buffer_free(buffer: PrintcamBuffer) {
    if !buffer.data.is_null() {
        // SAFETY: the three parts of a vector taken apart, which the caller gives back as they were.
        drop(unsafe { Vec::from_raw_parts(buffer.data, buffer.len, buffer.capacity) });
    }
}

#[cfg(test)]
thread_local! {
    /// The next call on this thread panics.
    pub(crate) static PANIC: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

#[cfg(test)]
fn injected_panic() {
    assert!(!PANIC.take(), "asked for by a test");
}
