//! The log: what the library records with `tracing`, for whoever wants to read it.
//!
//! Two may read at the same time: a callback or the platform's log, and a Dart port; each from a level of its own.

mod platform;

use std::cell::Cell;
use std::ffi::c_void;
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, set_global_default};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::boundary::{Checked, PrintcamStatus, PrintcamText, guarded};
use crate::dart::{DartPort, Value};
use crate::gate::Gate;
use crate::lock;
use crate::runtime::hall;
use crate::sink::User;

/// Called with each record: 1 error, 2 warning, 3 info, 4 debug, 5 trace; the part of the library that speaks ("rtsp",
/// "rtp", "rtcp", "decode", ...); and a line of text. From any thread, and from within the library: of its functions it
/// may call `printcam_log` only.
pub type PrintcamLogCallback =
    Option<unsafe extern "C" fn(user: *mut c_void, level: u32, component: PrintcamText, message: PrintcamText)>;

/// One who reads.
struct Reader {
    level: u32,
    sink: Sink,
    /// Closed when somebody else takes the place.
    gate: Arc<Gate>,
}

enum Sink {
    Platform,
    Callback { callback: unsafe extern "C" fn(*mut c_void, u32, PrintcamText, PrintcamText), user: User },
    Dart(DartPort),
}

/// A place for one reader.
type Place = Mutex<Option<Arc<Reader>>>;

/// For a callback, or the platform's log.
static NATIVE: Place = Mutex::new(None);
/// For a Dart port.
static DART: Place = Mutex::new(None);

/// The highest of the readers' levels; 0 while nobody reads.
static LEVEL: AtomicU32 = AtomicU32::new(0);

const MAX_LEVEL: u32 = 5;

/// Gives a place to another reader, or to nobody under level 0. When this returns, the former one is not called any more.
fn read_with(place: &Place, level: u32, sink: Sink) -> Checked<()> {
    static INSTALLED: LazyLock<bool> = LazyLock::new(|| set_global_default(Recorder).is_ok());
    if level > MAX_LEVEL {
        return Err(PrintcamStatus::InvalidArgument);
    }
    // A program in Rust may have a log of its own, which then has these records, too.
    if !*INSTALLED {
        return Err(PrintcamStatus::Unsupported);
    }
    let reader = (level > 0).then(|| Arc::new(Reader { level, sink, gate: Gate::new(hall()) }));
    let former = std::mem::replace(&mut *lock(place), reader);
    find_level();
    if let Some(former) = former {
        former.gate.close();
    }
    Ok(())
}

fn find_level() {
    // In turn, so that the level that stays is of the readers who stay.
    static FINDING: Mutex<()> = Mutex::new(());
    let _finding = lock(&FINDING);
    let levels = [&NATIVE, &DART].map(|place| lock(place).as_ref().map_or(0, |reader| reader.level));
    LEVEL.store(levels[0].max(levels[1]), Ordering::Relaxed);
    tracing::callsite::rebuild_interest_cache();
}

thread_local! {
    /// A reader is at work on this thread: what it causes is not recorded, or it would never end.
    static READING: Cell<bool> = const { Cell::new(false) };
}

fn deliver(level: u32, component: &str, message: &str) {
    for place in [&NATIVE, &DART] {
        let reader = lock(place).as_ref().filter(|reader| level <= reader.level).cloned();
        let Some(reader) = reader else { continue };
        let Some(_pass) = reader.gate.enter() else { continue };
        match &reader.sink {
            Sink::Platform => platform::write(level, component, message),
            Sink::Callback { callback, user } => {
                // SAFETY: whoever gave both said that they belong together, and may be used from any thread until
                // replaced; its gate is entered.
                unsafe { callback(user.0, level, PrintcamText::borrowed(component), PrintcamText::borrowed(message)) }
            }
            Sink::Dart(port) => {
                let record =
                    [Value::Int(level.into()), Value::Text(component.to_owned()), Value::Text(message.to_owned())];
                if port.post(record).is_err() {
                    // The isolate is gone. Its place may be somebody else's by now.
                    lock(place).take_if(|now| Arc::ptr_eq(now, &reader));
                }
            }
        }
    }
}

/// Takes what is recorded.
struct Recorder;

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && metadata.target().starts_with("printcam")
}

fn number_of(level: &Level) -> u32 {
    match *level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

impl Subscriber for Recorder {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_ours(metadata) { Interest::sometimes() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_ours(metadata) && number_of(metadata.level()) <= LEVEL.load(Ordering::Relaxed)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match LEVEL.load(Ordering::Relaxed) {
            0 => LevelFilter::OFF,
            1 => LevelFilter::ERROR,
            2 => LevelFilter::WARN,
            3 => LevelFilter::INFO,
            4 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        })
    }

    fn event(&self, event: &Event<'_>) {
        if READING.replace(true) {
            return;
        }
        let mut line = Line(String::new());
        event.record(&mut line);
        let target = event.metadata().target();
        let component = target.strip_prefix("printcam::").unwrap_or(target);
        deliver(number_of(event.metadata().level()), component, &line.0);
        READING.set(false);
    }

    // Spans are not used.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message, and the fields after it as `name=value`.
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let separator = if self.0.is_empty() { "" } else { " " };
        // Writing to a string does not fail.
        let _ = if field.name() == "message" {
            let fields = std::mem::take(&mut self.0);
            write!(self.0, "{value:?}{separator}{fields}")
        } else {
            write!(self.0, "{separator}{}={value:?}", field.name())
        };
    }
}

/// Sends the log to a callback, or to the platform's log (os_log, logcat, elsewhere stderr) where that is null, from this
/// level on: 0 off, 1 errors, 2 warnings, 3 info, 4 debug, 5 trace. When this returns, the former callback is not called
/// any more. `Unsupported` where the program has a `tracing` subscriber of its own.
///
/// # Safety
/// `callback` may be called from any thread with `user`, until this is called again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn printcam_log(level: u32, callback: PrintcamLogCallback, user: *mut c_void) -> PrintcamStatus {
    guarded(|| {
        let sink = callback.map_or(Sink::Platform, |callback| Sink::Callback { callback, user: User(user) });
        read_with(&NATIVE, level, sink)
    })
}

/// Posts the log to a Dart port, too, as lists: level, component, message. When this returns, nothing is posted to the
/// former port any more.
///
/// # Safety
/// `post_cobject` is null or `NativeApi.postCObject`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn printcam_log_to_dart(level: u32, post_cobject: *mut c_void, port: i64) -> PrintcamStatus {
    guarded(|| {
        // SAFETY: the caller's.
        let port = unsafe { DartPort::new(post_cobject, port) }.ok_or(PrintcamStatus::InvalidArgument)?;
        read_with(&DART, level, Sink::Dart(port))
    })
}
