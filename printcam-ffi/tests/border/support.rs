//! A manager whose events come out of a channel, and cameras.

use std::ffi::c_void;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use printcam_ffi::*;
use printcam_sim::{Encryption, Footage, Options, RequestRecord, Simulator};

/// What does not happen within this never will: a machine may be busy.
const NEVER: Duration = Duration::from_secs(60);

/// A copy of an event.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) kind: u32,
    pub(crate) error: u32,
    pub(crate) stream: u64,
    pub(crate) request: u64,
    pub(crate) size: (u32, u32),
    pub(crate) timestamp_ms: i64,
    pub(crate) detail: String,
    pub(crate) message: String,
    pub(crate) hint: String,
    pub(crate) data: Vec<u8>,
}

/// Called with each event before it goes into the channel.
type Hook = Box<dyn Fn(&Told) + Send + Sync>;

struct User {
    events: Sender<Told>,
    hook: Hook,
}

/// A manager; freed when dropped.
pub(crate) struct Manager {
    pub(crate) handle: PrintcamManager,
    events: Receiver<Told>,
    /// Written to by callbacks, until the manager is freed.
    _user: Box<User>,
}

impl Manager {
    pub(crate) fn new() -> Manager {
        Manager::hooked(0, |_| {})
    }

    pub(crate) fn hooked(limit: u32, hook: impl Fn(&Told) + Send + Sync + 'static) -> Manager {
        let (sender, events) = channel();
        let user = Box::new(User { events: sender, hook: Box::new(hook) });
        let mut handle = 0;
        let pointer = (&raw const *user).cast_mut().cast();
        // SAFETY: the user outlives the manager.
        let made = unsafe { printcam_manager_new(limit, Some(on_event), pointer, &mut handle) };
        assert_eq!(made, PrintcamStatus::Ok);
        Manager { handle, events, _user: user }
    }

    pub(crate) fn start(&self, url: &str) -> PrintcamStream {
        self.start_as(url, "", "", &trusting())
    }

    pub(crate) fn start_as(&self, url: &str, username: &str, password: &str, options: &PrintcamOptions) -> u64 {
        let mut stream = 0;
        let [url, username, password] = [url, username, password].map(PrintcamText::borrowed);
        // SAFETY: references, and texts that live as long.
        let started = unsafe { printcam_stream_start(self.handle, url, username, password, options, &mut stream) };
        assert_eq!(started, PrintcamStatus::Ok);
        stream
    }

    pub(crate) fn snapshot(&self, url: &str, timeout_ms: u32) -> PrintcamRequest {
        let (mut request, text) = (0, PrintcamText::borrowed);
        // SAFETY: references, and texts that live as long.
        let asked = unsafe {
            printcam_snapshot(self.handle, text(url), text(""), text(""), &trusting(), timeout_ms, &mut request)
        };
        assert_eq!(asked, PrintcamStatus::Ok);
        request
    }

    /// The next event.
    pub(crate) fn next(&self) -> Told {
        self.events.recv_timeout(NEVER).expect("an event")
    }

    /// The next event that `wanted` holds for; others are passed over.
    pub(crate) fn wait(&self, wanted: impl Fn(&Told) -> bool) -> Told {
        loop {
            let told = self.next();
            if wanted(&told) {
                return told;
            }
        }
    }

    pub(crate) fn wait_kind(&self, stream: u64, kind: PrintcamEventKind) -> Told {
        self.wait(|told| told.stream == stream && told.kind == kind as u32)
    }

    pub(crate) fn answer(&self, request: PrintcamRequest) -> Told {
        self.wait(|told| told.request == request)
    }

    /// What has been told, and is not taken yet.
    pub(crate) fn rest(&self) -> Vec<Told> {
        self.events.try_iter().collect()
    }

    /// Frees it and gives what was told to the very end.
    pub(crate) fn finish(self) -> Vec<Told> {
        assert_eq!(printcam_manager_free(self.handle), PrintcamStatus::Ok);
        self.rest()
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        printcam_manager_free(self.handle);
    }
}

unsafe extern "C" fn on_event(user: *mut c_void, event: *const PrintcamEvent) {
    // SAFETY: lent for the call.
    let (user, event) = unsafe { (&*user.cast::<User>(), &*event) };
    // SAFETY: as above.
    let text = |text: PrintcamText| unsafe { copy(text) };
    let told = Told {
        kind: event.kind,
        error: event.error,
        stream: event.stream,
        request: event.request,
        size: (event.width, event.height),
        timestamp_ms: event.timestamp_ms,
        detail: text(event.detail),
        message: text(event.message),
        hint: text(event.hint),
        // SAFETY: ours now, and given back once.
        data: unsafe { take(&event.data) },
    };
    (user.hook)(&told);
    // The test may be over.
    let _ = user.events.send(told);
}

/// # Safety
/// The text is valid for the call.
pub(crate) unsafe fn copy(text: PrintcamText) -> String {
    if text.len == 0 {
        return String::new();
    }
    // SAFETY: the caller's.
    String::from_utf8(unsafe { std::slice::from_raw_parts(text.data, text.len) }.to_vec()).expect("UTF-8")
}

/// # Safety
/// The buffer is whoever calls this's own, who does not touch it any more.
unsafe fn take(buffer: &PrintcamBuffer) -> Vec<u8> {
    if buffer.data.is_null() {
        return Vec::new();
    }
    // SAFETY: the caller's.
    let data = unsafe { std::slice::from_raw_parts(buffer.data, buffer.len) }.to_vec();
    // SAFETY: the caller's.
    unsafe { printcam_buffer_free(PrintcamBuffer { data: buffer.data, len: buffer.len, capacity: buffer.capacity }) };
    data
}

/// Nothing is kept on disk.
pub(crate) fn trusting() -> PrintcamOptions {
    // SAFETY: numbers and null pointers.
    PrintcamOptions { trust: 3, ..unsafe { std::mem::zeroed() } }
}

/// A camera that costs next to nothing, with these faults.
pub(crate) fn camera(faults: &[&str]) -> Simulator {
    let faults = faults.iter().map(|fault| fault.parse().expect("a fault")).collect();
    let options = Options { encryption: Encryption::None, footage: Footage::Canned, faults, ..Options::default() };
    Simulator::start(options).expect("a camera")
}

/// Stops a stream and waits until its camera has let go.
pub(crate) fn stop(manager: &Manager, stream: PrintcamStream) {
    let mut request = 0;
    // SAFETY: a reference.
    assert_eq!(unsafe { printcam_stream_stop(stream, &mut request) }, PrintcamStatus::Ok);
    let answer = manager.answer(request);
    assert_eq!((answer.error, answer.data.len(), answer.stream), (0, 0, stream), "{answer:?}");
}

pub(crate) fn stop_only(stream: PrintcamStream) -> PrintcamStatus {
    // SAFETY: null is allowed.
    unsafe { printcam_stream_stop(stream, std::ptr::null_mut()) }
}

pub(crate) fn capture(stream: PrintcamStream) -> PrintcamRequest {
    let mut request = 0;
    // SAFETY: a reference.
    assert_eq!(unsafe { printcam_stream_capture(stream, &mut request) }, PrintcamStatus::Ok);
    request
}

/// The camera has no client any more, and those that had a session have ended it.
pub(crate) fn assert_let_go(camera: &Simulator) {
    let left = camera
        .wait_for(NEVER, |log| !log.clients.is_empty() && log.clients.iter().all(|client| client.ending.is_some()));
    assert!(left, "{:?}", camera.log());
    let log = camera.log();
    let had_session = |request: &RequestRecord| request.method == "SETUP" && request.status == Some(200);
    assert!(log.clients.iter().all(|client| client.teardown || !client.requests.iter().any(had_session)), "{log:?}");
}
