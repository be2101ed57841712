//! Events of pictures handed to a texture.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::yield_now;

use printcam_ffi::PrintcamEventKind as Kind;
use printcam_ffi::*;

use crate::support::{Manager, Told, camera};

unsafe extern "C" fn nothing(_user: *mut c_void) {}

fn attach(stream: PrintcamStream) {
    let mut texture = 0;
    // SAFETY: the callback takes no user; a reference.
    let attached = unsafe { printcam_texture_attach(stream, Some(nothing), null_mut(), &mut texture) };
    assert_eq!(attached, PrintcamStatus::Ok);
}

fn tell(stream: PrintcamStream, on: bool) {
    assert_eq!(printcam_stream_frame_events(stream, on), PrintcamStatus::Ok);
}

fn shown(stream: PrintcamStream) -> u64 {
    let mut statistics = PrintcamStatistics::default();
    // SAFETY: a reference.
    assert_eq!(unsafe { printcam_stream_statistics(stream, &mut statistics) }, PrintcamStatus::Ok);
    statistics.pictures_shown
}

fn wait_for_pictures(stream: PrintcamStream, count: u64) {
    let before = shown(stream);
    while shown(stream) < before + count {
        yield_now();
    }
}

fn is_frame(told: &Told) -> bool {
    told.kind == Kind::Frame as u32
}

#[test]
fn pictures_are_told_of_only_where_asked_for() {
    let camera = camera(&[]);
    let manager = Manager::new();
    let stream = manager.start(&camera.url_with_credentials());
    manager.wait_kind(stream, Kind::Playing);
    tell(stream, true);
    manager.wait_kind(stream, Kind::Tick);
    assert!(!manager.rest().iter().any(is_frame), "there is no texture");
    tell(stream, false);
    attach(stream);
    wait_for_pictures(stream, 10);
    let next = manager.wait(|told| told.kind == Kind::Tick as u32 || is_frame(told));
    assert!(!is_frame(&next), "nobody asked");
    tell(stream, true);
    for _ in 0..3 {
        assert_eq!(manager.wait_kind(stream, Kind::Frame).size, (64, 64));
    }
    tell(stream, false);
    // One that was handed over before is told of now, and what is told before a tick is told by then.
    wait_for_pictures(stream, 2);
    manager.wait_kind(stream, Kind::Tick);
    let after = manager.next();
    assert_eq!(after.kind, Kind::Tick as u32, "nobody asks any more: {after:?}");
}

/// Thirty pictures a second must not queue up before somebody who is busy.
#[test]
fn whoever_is_slow_is_told_of_the_newest() {
    let camera = camera(&[]);
    let frames = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&frames);
    let manager = Manager::hooked(0, move |told| {
        if is_frame(told) && counted.fetch_add(1, Ordering::SeqCst) == 0 {
            wait_for_pictures(told.stream, 20);
        }
    });
    let stream = manager.start(&camera.url_with_credentials());
    tell(stream, true);
    attach(stream);
    manager.wait_kind(stream, Kind::Frame);
    manager.wait_kind(stream, Kind::Frame);
    manager.wait_kind(stream, Kind::Frame);
    let (told, shown) = (frames.load(Ordering::SeqCst), shown(stream));
    assert!(told + 15 < shown, "{told} events of {shown} pictures");
}
