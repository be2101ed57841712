//! Stopping, from everywhere and at any time: nothing comes after.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, OnceLock};
use std::thread;

use printcam_ffi::PrintcamEventKind as Kind;
use printcam_ffi::*;

use crate::support::{Manager, assert_let_go, camera, stop, stop_only};

#[test]
fn a_callback_may_stop_its_stream() {
    let camera = camera(&[]);
    let statuses = Arc::new(OnceLock::new());
    let kept = Arc::clone(&statuses);
    let manager = Manager::hooked(0, move |told| {
        if told.kind == Kind::Playing as u32 {
            let _ = kept.set([stop_only(told.stream), stop_only(told.stream)]);
        }
    });
    let stream = manager.start(&camera.url_with_credentials());
    manager.wait_kind(stream, Kind::Playing);
    assert_eq!(statuses.get(), Some(&[PrintcamStatus::Ok, PrintcamStatus::StaleHandle]));
    assert_let_go(&camera);
    assert!(manager.finish().is_empty());
}

#[test]
fn a_callback_may_free_its_manager() {
    let camera = camera(&[]);
    let handle = Arc::new(AtomicU64::new(0));
    let freed = Arc::new(OnceLock::new());
    let (known, kept) = (Arc::clone(&handle), Arc::clone(&freed));
    let manager = Manager::hooked(0, move |told| {
        if told.kind == Kind::Playing as u32 {
            let _ = kept.set(printcam_manager_free(known.load(Ordering::SeqCst)));
        }
    });
    handle.store(manager.handle, Ordering::SeqCst);
    let stream = manager.start(&camera.url_with_credentials());
    manager.wait_kind(stream, Kind::Playing);
    assert_eq!(freed.get(), Some(&PrintcamStatus::Ok));
    assert_eq!(stop_only(stream), PrintcamStatus::StaleHandle);
    assert_let_go(&camera);
    assert!(manager.rest().is_empty());
}

/// As when two cameras fail at once: each callback stops the other's stream while that one's is running.
#[test]
fn callbacks_may_stop_one_another() {
    let cameras = [camera(&[]), camera(&[])];
    let both_inside = Arc::new(Barrier::new(2));
    let streams = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
    let known = Arc::clone(&streams);
    let manager = Manager::hooked(0, move |told| {
        if told.kind == Kind::Playing as u32 {
            both_inside.wait();
            let other = known.iter().map(|stream| stream.load(Ordering::SeqCst)).find(|stream| *stream != told.stream);
            stop_only(other.unwrap());
        }
    });
    for (camera, stream) in cameras.iter().zip(streams.iter()) {
        stream.store(manager.start(&camera.url_with_credentials()), Ordering::SeqCst);
    }
    for camera in &cameras {
        assert_let_go(camera);
    }
    assert_eq!(manager.finish().iter().filter(|told| told.kind == Kind::Playing as u32).count(), 2);
}

#[test]
fn of_eight_who_stop_one_has_stopped() {
    for _ in 0..20 {
        let camera = camera(&[]);
        // No callback runs once any of them has returned.
        let over = Arc::new(AtomicBool::new(false));
        let late = Arc::new(AtomicUsize::new(0));
        let (seen, counted) = (Arc::clone(&over), Arc::clone(&late));
        let manager = Manager::hooked(0, move |told| {
            for _ in 0..100 {
                thread::yield_now();
                counted.fetch_add((told.request == 0 && seen.load(Ordering::SeqCst)).into(), Ordering::SeqCst);
            }
        });
        let stream = manager.start(&camera.url_with_credentials());
        let all = Arc::new(Barrier::new(8));
        let stopping: Vec<_> = (0..8)
            .map(|_| {
                let (all, over) = (Arc::clone(&all), Arc::clone(&over));
                thread::spawn(move || {
                    all.wait();
                    let status = stop_only(stream);
                    over.store(true, Ordering::SeqCst);
                    status
                })
            })
            .collect();
        let statuses: Vec<_> = stopping.into_iter().map(|thread| thread.join().expect("no panic")).collect();
        let count = |status| statuses.iter().filter(|known| **known == status).count();
        assert_eq!((count(PrintcamStatus::Ok), count(PrintcamStatus::StaleHandle)), (1, 7), "{statuses:?}");
        manager.finish();
        assert_eq!(late.load(Ordering::SeqCst), 0, "callbacks after stop");
    }
}

/// What the callback uses is gone as soon as stop has returned, as it would be in C.
#[test]
fn no_callback_after_stop() {
    let camera = camera(&[]);
    let alive = Arc::new(AtomicU64::new(0));
    let late = Arc::new(AtomicUsize::new(0));
    let (seen, counted) = (Arc::clone(&alive), Arc::clone(&late));
    let manager = Manager::hooked(0, move |told| {
        for _ in 0..50 {
            let is_late =
                told.request == 0 && seen.load(Ordering::SeqCst) != 0 && seen.load(Ordering::SeqCst) != told.stream;
            counted.fetch_add(is_late.into(), Ordering::SeqCst);
            thread::yield_now();
        }
    });
    for round in 0..200 {
        alive.store(0, Ordering::SeqCst);
        let stream = manager.start(&camera.url_with_credentials());
        alive.store(stream, Ordering::SeqCst);
        // Sooner and later.
        for _ in 0..round % 4 {
            manager.next();
        }
        assert_eq!(stop_only(stream), PrintcamStatus::Ok);
        alive.store(u64::MAX, Ordering::SeqCst);
        manager.rest();
    }
    manager.finish();
    assert_eq!(late.load(Ordering::SeqCst), 0, "callbacks after stop");
}

#[test]
fn stopping_is_answered_when_the_camera_has_let_go() {
    let camera = camera(&[]);
    let manager = Manager::new();
    let stream = manager.start(&camera.url_with_credentials());
    manager.wait_kind(stream, Kind::Playing);
    stop(&manager, stream);
    let log = camera.log();
    assert!(log.clients.iter().all(|client| client.teardown), "{log:?}");
    // Its place is free at once, so another session begins without a second connection.
    let again = manager.start(&camera.url_with_credentials());
    manager.wait_kind(again, Kind::Playing);
}

#[test]
fn freeing_gives_every_camera_back() {
    let cameras: Vec<_> = (0..3).map(|_| camera(&[])).collect();
    let manager = Manager::new();
    for camera in &cameras {
        let stream = manager.start(&camera.url_with_credentials());
        manager.wait_kind(stream, Kind::Playing);
    }
    manager.finish();
    cameras.iter().for_each(assert_let_go);
}
