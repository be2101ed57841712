//! The log: its levels, and what is never in it.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{spawn, yield_now};

use printcam_ffi::PrintcamEventKind as Kind;
use printcam_ffi::*;
use printcam_sim::{AccessCode, Footage, Options, Simulator};

use crate::dart::{Read, open_port, post};
use crate::support::{Manager, copy, stop, trusting};

/// What was recorded: level, component, message.
type Records = Mutex<Vec<(u32, String, String)>>;

unsafe extern "C" fn record(user: *mut c_void, level: u32, component: PrintcamText, message: PrintcamText) {
    // SAFETY: lent for the call.
    let (records, component, message) = unsafe { (&*user.cast::<Records>(), copy(component), copy(message)) };
    records.lock().unwrap().push((level, component, message));
}

fn log_to(level: u32, records: &'static Records) {
    let user = (&raw const *records).cast_mut().cast();
    // SAFETY: the records are there for ever.
    assert_eq!(unsafe { printcam_log(level, Some(record), user) }, PrintcamStatus::Ok);
}

fn no_log() {
    // SAFETY: no callback.
    assert_eq!(unsafe { printcam_log(0, None, null_mut()) }, PrintcamStatus::Ok);
}

/// Something that is logged at all levels up to debug at least.
fn watch_a_while(code: &str) {
    let options = Options { access_code: AccessCode::from(code), footage: Footage::Canned, ..Options::default() };
    let camera = Simulator::start(options).expect("a camera");
    let manager = Manager::new();
    let stream = manager.start_as(&camera.url(), "bblp", code, &trusting());
    manager.wait_kind(stream, Kind::Playing);
    stop(&manager, stream);
    let refused = manager.start_as(&camera.url(), "bblp", &format!("{code}?"), &trusting());
    manager.wait_kind(refused, Kind::Failed);
}

/// What a callback sees while the log is switched off.
#[derive(Default)]
struct Halt {
    inside: AtomicUsize,
    stopping: AtomicBool,
}

unsafe extern "C" fn linger(user: *mut c_void, _level: u32, _component: PrintcamText, _message: PrintcamText) {
    // SAFETY: it is there for ever.
    let halt = unsafe { &*user.cast::<Halt>() };
    halt.inside.fetch_add(1, Ordering::SeqCst);
    while !halt.stopping.load(Ordering::SeqCst) {
        yield_now();
    }
    for _ in 0..1000 {
        yield_now();
    }
    halt.inside.fetch_sub(1, Ordering::SeqCst);
}

/// Whoever has switched it off may free what the callback uses.
fn switching_off_waits_for_the_callback() {
    let halt: &'static Halt = Box::leak(Box::default());
    // SAFETY: it is there for ever.
    assert_eq!(unsafe { printcam_log(5, Some(linger), (&raw const *halt).cast_mut().cast()) }, PrintcamStatus::Ok);
    let watching = spawn(|| watch_a_while("12345678"));
    while halt.inside.load(Ordering::SeqCst) == 0 {
        yield_now();
    }
    halt.stopping.store(true, Ordering::SeqCst);
    no_log();
    assert_eq!(halt.inside.load(Ordering::SeqCst), 0, "a callback runs after the log was switched off");
    watching.join().expect("no panic");
}

/// One test: there is one log in a process.
#[test]
fn levels_and_secrets() {
    let code = "k7@/:Qz3";
    let forms = [code, "k7%40%2F%3AQz3", "k7%40%2f%3aQz3", "azdALzpRej", "YmJscDprN0AvOlF6Mw"];
    // Somebody else reads everything meanwhile.
    let messages = open_port(9);
    // SAFETY: a function like `Dart_PostCObject`.
    assert_eq!(unsafe { printcam_log_to_dart(5, post as *mut c_void, 9) }, PrintcamStatus::Ok);
    let mut posted = Vec::new();
    for level in 1..=5 {
        // Not freed: a test that fails leaves the log on.
        let records: &'static Records = Box::leak(Box::default());
        log_to(level, records);
        watch_a_while(code);
        no_log();
        let also: Vec<_> = messages.try_iter().collect();
        let is_debug = |record: &Read| matches!(record, Read::List(record) if record[0] == Read::Int(4));
        assert!(also.iter().any(is_debug), "level {level} of one reader is not the other's");
        posted.extend(also);
        let told = std::mem::take(&mut *records.lock().unwrap());
        assert!(told.iter().all(|(recorded, ..)| (1..=level).contains(recorded)), "level {level}");
        let ours: Vec<_> = told.iter().filter(|(_, component, _)| component != "printcam_sim").collect();
        for (_, component, message) in &ours {
            assert!(forms.iter().all(|form| !message.contains(form)), "{component}: {message}");
        }
        let reached = ours.iter().any(|(recorded, ..)| *recorded == level);
        assert!(reached || !(3..=4).contains(&level), "nothing of level {level}");
        if level >= 4 {
            for wanted in ["rtsp", "stream", "tls"] {
                assert!(ours.iter().any(|(_, component, _)| component == wanted), "level {level}: none of {wanted}");
            }
        }
        watch_a_while(code);
        assert!(records.lock().unwrap().is_empty(), "nothing after it was switched off");
    }
    // SAFETY: as above.
    assert_eq!(unsafe { printcam_log_to_dart(0, post as *mut c_void, 9) }, PrintcamStatus::Ok);
    posted.extend(messages.try_iter());
    for record in &posted {
        let Read::List(record) = record else { panic!("{record:?}") };
        let [Read::Int(1..=5), Read::Text(component), Read::Text(message)] = &record[..] else { panic!("{record:?}") };
        let ours = component != "printcam_sim";
        assert!(!ours || forms.iter().all(|form| !message.contains(form)), "{component}: {message}");
    }
    assert!(posted.len() > 10);
    watch_a_while(code);
    assert!(messages.try_recv().is_err(), "nothing after it was switched off");
    switching_off_waits_for_the_callback();
}
