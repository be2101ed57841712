//! Messages to a Dart port, read as the virtual machine reads them.

use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_void};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use printcam_ffi::PrintcamEventKind as Kind;
use printcam_ffi::*;

use crate::support::{assert_let_go, camera, stop_only, trusting};

/// What dart_native_api.h says of it, as far as it is used.
#[repr(C)]
pub(crate) struct CObject {
    kind: i32,
    value: Value,
}

#[repr(C)]
union Value {
    int: i64,
    text: *const c_char,
    list: List,
    bytes: Bytes,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct List {
    len: isize,
    items: *mut *mut CObject,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Bytes {
    kind: i32,
    len: isize,
    data: *mut u8,
    peer: *mut c_void,
    finalize: unsafe extern "C" fn(*mut c_void, *mut c_void),
}

#[derive(Debug, PartialEq)]
pub(crate) enum Read {
    Null,
    Int(i64),
    Text(String),
    List(Vec<Read>),
    Bytes(Vec<u8>),
}

/// Ports that are open. A port that is not is an isolate that has gone.
static PORTS: LazyLock<Mutex<HashMap<i64, Sender<Read>>>> = LazyLock::new(Mutex::default);

pub(crate) fn open_port(port: i64) -> Receiver<Read> {
    let (sender, messages) = channel();
    PORTS.lock().unwrap().insert(port, sender);
    messages
}

fn close_port(port: i64) {
    PORTS.lock().unwrap().remove(&port);
}

pub(crate) unsafe extern "C" fn post(port: i64, message: *mut CObject) -> bool {
    let Some(sender) = PORTS.lock().unwrap().get(&port).cloned() else { return false };
    // SAFETY: a whole message, lent for the call.
    sender.send(unsafe { read(&*message) }).is_ok()
}

unsafe fn read(object: &CObject) -> Read {
    // SAFETY: the kind says which it is.
    unsafe {
        match object.kind {
            0 => Read::Null,
            3 => Read::Int(object.value.int),
            5 => Read::Text(CStr::from_ptr(object.value.text).to_str().expect("UTF-8").to_owned()),
            6 => {
                let List { len, items } = object.value.list;
                Read::List(std::slice::from_raw_parts(items, len as usize).iter().map(|item| read(&**item)).collect())
            }
            8 => {
                let Bytes { kind: 2, len, data, peer, finalize } = object.value.bytes else { panic!("no Uint8List") };
                let copy = std::slice::from_raw_parts(data, len as usize).to_vec();
                finalize(std::ptr::null_mut(), peer);
                Read::Bytes(copy)
            }
            kind => panic!("kind {kind}"),
        }
    }
}

fn manager(port: i64) -> PrintcamManager {
    let mut manager = 0;
    // SAFETY: a function like `Dart_PostCObject`, and a reference.
    let made = unsafe { printcam_manager_new_for_dart(0, post as *mut c_void, port, &mut manager) };
    assert_eq!(made, PrintcamStatus::Ok);
    manager
}

fn start(manager: PrintcamManager, url: &str) -> PrintcamStream {
    let (mut stream, text) = (0, PrintcamText::borrowed);
    // SAFETY: references, and texts that live as long.
    let started = unsafe { printcam_stream_start(manager, text(url), text(""), text(""), &trusting(), &mut stream) };
    assert_eq!(started, PrintcamStatus::Ok);
    stream
}

/// The next event of this kind, as a list.
fn next(messages: &Receiver<Read>, kind: Kind) -> Vec<Read> {
    loop {
        match messages.recv_timeout(Duration::from_secs(60)).expect("a message") {
            Read::List(list) if list[0] == Read::Int(kind as i64) => return list,
            Read::List(list) => assert_eq!(list.len(), 11),
            other => assert_eq!(other, Read::Null),
        }
    }
}

#[test]
fn events_are_lists() {
    let camera = camera(&[]);
    let messages = open_port(1);
    let manager = manager(1);
    let stream = start(manager, &camera.url_with_credentials());
    let connecting = next(&messages, Kind::Connecting);
    assert_eq!(connecting[..6], [1, 0, stream as i64, 0, 0, 0].map(Read::Int));
    assert_eq!(
        connecting[7..],
        [Read::Text("started".into()), Read::Text("".into()), Read::Text("".into()), Read::Null]
    );
    assert_eq!(next(&messages, Kind::Resized)[4..6], [64, 64].map(Read::Int));
    let mut request = 0;
    // SAFETY: a reference.
    assert_eq!(unsafe { printcam_stream_capture(stream, &mut request) }, PrintcamStatus::Ok);
    let answer = next(&messages, Kind::Answer);
    assert_eq!(answer[3], Read::Int(request as i64));
    assert!(matches!(&answer[10], Read::Bytes(jpeg) if jpeg.starts_with(&[0xff, 0xd8, 0xff])), "{answer:?}");
    assert_eq!(printcam_manager_free(manager), PrintcamStatus::Ok);
}

#[test]
fn when_the_isolate_is_gone_everything_stops() {
    let camera = camera(&[]);
    let messages = open_port(2);
    let manager = manager(2);
    let stream = start(manager, &camera.url_with_credentials());
    next(&messages, Kind::Playing);
    close_port(2);
    assert_let_go(&camera);
    assert_eq!(stop_only(stream), PrintcamStatus::StaleHandle);
    assert_eq!(printcam_manager_free(manager), PrintcamStatus::StaleHandle);
}

#[test]
fn a_new_manager_finds_out_those_that_are_gone() {
    let _messages = open_port(3);
    let forgotten = manager(3);
    close_port(3);
    let messages = open_port(4);
    let kept = manager(4);
    // It has no streams that would find out.
    let other = open_port(5);
    let new = manager(5);
    assert_eq!(printcam_manager_free(forgotten), PrintcamStatus::StaleHandle);
    assert_eq!(messages.recv_timeout(Duration::from_secs(60)), Ok(Read::Null), "asked, and alive");
    assert_eq!([kept, new].map(|manager| printcam_manager_free(manager)), [PrintcamStatus::Ok; 2]);
    drop(other);
}
