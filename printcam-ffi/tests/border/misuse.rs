//! Calls that no program should make.

use std::ptr::{null, null_mut};

use printcam_ffi::PrintcamStatus::{InvalidArgument, NotUtf8, Ok, StaleHandle};
use printcam_ffi::*;

use crate::support::{Manager, camera, copy, stop_only, trusting};

const EMPTY: PrintcamText = PrintcamText { data: null(), len: 0 };

#[test]
fn null_is_refused() {
    let manager = Manager::new();
    let url = PrintcamText::borrowed("rtsp://127.0.0.1:9/");
    let no_text = PrintcamText { data: null(), len: 3 };
    let too_long = PrintcamText { data: url.data, len: usize::MAX };
    let mut number = 0;
    // SAFETY: null is what this is about; everything else is a reference.
    let statuses = unsafe {
        [
            ("manager: callback", printcam_manager_new(0, None, null_mut(), &mut number)),
            ("manager for Dart: post", printcam_manager_new_for_dart(0, null_mut(), 1, &mut number)),
            ("start: url", printcam_stream_start(manager.handle, no_text, EMPTY, EMPTY, null(), &mut number)),
            ("start: password", printcam_stream_start(manager.handle, url, EMPTY, no_text, null(), &mut number)),
            ("start: endless url", printcam_stream_start(manager.handle, too_long, EMPTY, EMPTY, null(), &mut number)),
            ("start: stream", printcam_stream_start(manager.handle, url, EMPTY, EMPTY, null(), null_mut())),
            ("snapshot: request", printcam_snapshot(manager.handle, url, EMPTY, EMPTY, null(), 1, null_mut())),
            ("capture: request", printcam_stream_capture(1, null_mut())),
            ("statistics", printcam_stream_statistics(1, null_mut())),
            ("log to Dart: post", printcam_log_to_dart(1, null_mut(), 1)),
        ]
    };
    for (what, status) in statuses {
        assert_eq!(status, InvalidArgument, "{what}");
    }
    assert_eq!(number, 0, "nothing was written");
    // SAFETY: null is allowed here.
    unsafe { printcam_buffer_free(PrintcamBuffer { data: null_mut(), len: 7, capacity: 9 }) };
}

#[test]
fn what_is_out_of_range_is_refused() {
    let manager = Manager::new();
    let url = PrintcamText::borrowed("rtsp://127.0.0.1:9/");
    let mut request = 0;
    for timeout in [0, 600_001, u32::MAX] {
        // SAFETY: references.
        let asked = unsafe { printcam_snapshot(manager.handle, url, EMPTY, EMPTY, null(), timeout, &mut request) };
        assert_eq!(asked, InvalidArgument, "{timeout} ms");
    }
    let wrong = PrintcamOptions { transport: 3, ..trusting() };
    // SAFETY: references.
    let started = unsafe { printcam_stream_start(manager.handle, url, EMPTY, EMPTY, &wrong, &mut request) };
    assert_eq!((started, request), (InvalidArgument, 0));
    // SAFETY: no callback.
    assert_eq!(unsafe { printcam_log(6, None, null_mut()) }, InvalidArgument);
}

#[test]
fn text_that_is_none_is_refused() {
    let manager = Manager::new();
    let bytes = [b'r', 0xff, 0xfe];
    let (wrong, url) = (PrintcamText { data: bytes.as_ptr(), len: 3 }, PrintcamText::borrowed("rtsp://127.0.0.1:9/"));
    let mut number = 0;
    for (row, [url, username, password]) in
        [[wrong, EMPTY, EMPTY], [url, wrong, EMPTY], [url, EMPTY, wrong]].into_iter().enumerate()
    {
        // SAFETY: references, and texts that live as long.
        let statuses = unsafe {
            [
                printcam_stream_start(manager.handle, url, username, password, null(), &mut number),
                printcam_snapshot(manager.handle, url, username, password, null(), 1, &mut number),
            ]
        };
        assert_eq!(statuses, [NotUtf8; 2], "row {row}");
    }
    assert!(manager.finish().is_empty(), "and nothing comes of it");
}

#[test]
fn a_handle_that_is_none_is_refused() {
    let camera = camera(&[]);
    let manager = Manager::new();
    let stream = manager.start(&camera.url_with_credentials());
    let over = manager.start(&camera.url_with_credentials());
    assert_eq!(stop_only(over), Ok);
    let url = PrintcamText::borrowed("rtsp://127.0.0.1:9/");
    let mut number = 0;
    // SAFETY: zeros.
    let mut statistics = PrintcamStatistics::default();
    for handle in [0, 1, u64::MAX, over, manager.handle, stream + 1, stream + (1 << 32), stream | 1 << 63] {
        // SAFETY: references.
        let statuses = unsafe {
            [
                stop_only(handle),
                printcam_stream_stop(handle, &mut number),
                printcam_stream_capture(handle, &mut number),
                printcam_stream_statistics(handle, &mut statistics),
                printcam_stream_frame_events(handle, true),
                printcam_request_cancel(handle),
            ]
        };
        assert_eq!(statuses, [StaleHandle; 6], "{handle:#x}");
    }
    for handle in [0, 1, u64::MAX, stream, over] {
        // SAFETY: references.
        let statuses = unsafe {
            [
                printcam_manager_free(handle),
                printcam_stream_start(handle, url, EMPTY, EMPTY, null(), &mut number),
                printcam_snapshot(handle, url, EMPTY, EMPTY, null(), 1, &mut number),
            ]
        };
        assert_eq!(statuses, [StaleHandle; 3], "{handle:#x}");
    }
    assert_eq!(number, 0, "nothing was written");
    assert_eq!(stop_only(stream), Ok, "and nothing has happened to those that are");
    let freed = manager.handle;
    manager.finish();
    assert_eq!(printcam_manager_free(freed), StaleHandle);
}

#[test]
fn statuses_have_sentences() {
    assert_eq!(printcam_abi_version(), 1);
    for (number, known) in [(-1, false), (0, true), (3, true), (8, true), (9, false), (i32::MIN, false)] {
        // SAFETY: a text of the library's own.
        let message = unsafe { copy(printcam_status_message(number)) };
        assert_eq!(!message.is_empty(), known, "{number}: {message}");
    }
}
