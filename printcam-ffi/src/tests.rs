//! A panic behind any exported function stays there.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use crate::boundary::PANIC;
use crate::*;

unsafe extern "C" fn nobody(_user: *mut c_void, _event: *const PrintcamEvent) {}

type Call = Box<dyn Fn() -> PrintcamStatus>;

#[test]
fn no_panic_crosses() {
    let text = PrintcamText::borrowed("rtsp://127.0.0.1:9/");
    let (mut handle, mut statistics) = (0, PrintcamStatistics::default());
    let (out, statistics) = (&raw mut handle, &raw mut statistics);
    // SAFETY: pointers to what is above; nothing is reached anyway.
    let calls: [(&str, Call); 13] = unsafe {
        [
            ("manager_new", Box::new(move || printcam_manager_new(0, Some(nobody), null_mut(), out))),
            ("manager_new_for_dart", Box::new(move || printcam_manager_new_for_dart(0, null_mut(), 0, out))),
            ("manager_free", Box::new(|| printcam_manager_free(0))),
            ("dispose_all", Box::new(|| printcam_dispose_all(0))),
            ("stream_start", Box::new(move || printcam_stream_start(0, text, text, text, null(), out))),
            ("stream_stop", Box::new(move || printcam_stream_stop(0, out))),
            ("stream_capture", Box::new(move || printcam_stream_capture(0, out))),
            ("stream_statistics", Box::new(move || printcam_stream_statistics(0, statistics))),
            ("stream_frame_events", Box::new(|| printcam_stream_frame_events(0, true))),
            ("snapshot", Box::new(move || printcam_snapshot(0, text, text, text, null(), 1, out))),
            ("request_cancel", Box::new(|| printcam_request_cancel(0))),
            ("log", Box::new(|| printcam_log(0, None, null_mut()))),
            ("log_to_dart", Box::new(|| printcam_log_to_dart(0, null_mut(), 0))),
        ]
    };
    for (name, call) in calls {
        PANIC.set(true);
        assert_eq!(call(), PrintcamStatus::Panicked, "printcam_{name}");
        assert!(!PANIC.get(), "printcam_{name} does not go through the border");
        assert_ne!(call(), PrintcamStatus::Panicked, "printcam_{name} goes on");
    }
}

/// Whoever adds a function is to add it above.
#[test]
fn every_function_is_tried() {
    let header = include_str!("../include/printcam.h");
    let returning = header.lines().filter(|line| line.starts_with("PrintcamStatus printcam_"));
    assert_eq!(returning.filter(|line| !line.contains("printcam_texture_")).count(), 13);
}

#[test]
fn memory_for_callers() {
    for (len, want) in [(0, 0), (1, 1), (512, 512), (64 << 20, 64 << 20), ((64 << 20) + 1, 0), (usize::MAX, 0)] {
        let buffer = printcam_buffer_new(len);
        assert_eq!((buffer.len, buffer.data.is_null()), (want, want == 0), "{len} bytes");
        // SAFETY: of the line above.
        unsafe { printcam_buffer_free(buffer) };
    }
}
