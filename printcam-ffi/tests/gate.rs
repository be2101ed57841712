//! The gate under every order in which threads can come: loom runs them all. The gate is the library's file, on loom's
//! locks and threads instead of the system's.

mod sync {
    pub(crate) use loom::sync::atomic::{AtomicBool, Ordering};
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
    pub(crate) use loom::thread::{ThreadId, current};
}

#[path = "../src/gate.rs"]
mod gate;

use gate::{Gate, Hall};
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;
use std::sync::Arc;

/// What a callback touches, and whoever stops it frees.
#[derive(Default)]
struct Owned {
    freed: AtomicBool,
    calls: AtomicUsize,
}

impl Owned {
    fn call_back(&self) {
        assert!(!self.freed.load(Ordering::SeqCst), "a callback after stop");
        self.calls.fetch_add(1, Ordering::SeqCst);
        thread::yield_now();
        assert!(!self.freed.load(Ordering::SeqCst), "stop returned during a callback");
    }

    fn free(&self) {
        self.freed.store(true, Ordering::SeqCst);
    }
}

fn through(gate: &Arc<Gate>, callback: impl FnOnce()) {
    if let Some(_pass) = gate.enter() {
        callback();
    }
}

#[test]
fn nothing_runs_once_close_has_returned() {
    loom::model(|| {
        let gate = Gate::new(&Arc::new(Hall::default()));
        let owned = Arc::new(Owned::default());
        let called = {
            let (gate, owned) = (Arc::clone(&gate), Arc::clone(&owned));
            thread::spawn(move || {
                through(&gate, || owned.call_back());
                through(&gate, || owned.call_back());
            })
        };
        gate.close();
        owned.free();
        called.join().unwrap();
        assert!(gate.enter().is_none());
    });
}

#[test]
fn of_two_who_close_both_may_rely_on_it() {
    loom::model(|| {
        let gate = Gate::new(&Arc::new(Hall::default()));
        let owned = Arc::new(Owned::default());
        let called = {
            let (gate, owned) = (Arc::clone(&gate), Arc::clone(&owned));
            thread::spawn(move || through(&gate, || owned.call_back()))
        };
        let closed = {
            let (gate, owned) = (Arc::clone(&gate), Arc::clone(&owned));
            thread::spawn(move || {
                gate.close();
                owned.free();
            })
        };
        gate.close();
        owned.free();
        called.join().unwrap();
        closed.join().unwrap();
    });
}

#[test]
fn closing_a_gate_closes_those_within_it() {
    loom::model(|| {
        let outer = Gate::new(&Arc::new(Hall::default()));
        let inner = outer.within().within();
        let owned = Arc::new(Owned::default());
        let called = {
            let owned = Arc::clone(&owned);
            thread::spawn(move || through(&inner, || owned.call_back()))
        };
        outer.close();
        owned.free();
        called.join().unwrap();
    });
}

#[test]
fn closing_a_gate_leaves_the_one_around_it_open() {
    loom::model(|| {
        let outer = Gate::new(&Arc::new(Hall::default()));
        let inner = outer.within();
        let called = {
            let outer = Arc::clone(&outer);
            thread::spawn(move || assert!(outer.enter().is_some()))
        };
        inner.close();
        assert!(inner.enter().is_none());
        assert!(outer.enter().is_some());
        called.join().unwrap();
    });
}

#[test]
fn a_callback_may_close_its_own_gate_while_others_do() {
    loom::model(|| {
        let outer = Gate::new(&Arc::new(Hall::default()));
        let gate = outer.within();
        let owned = Arc::new(Owned::default());
        let called = {
            let (gate, owned) = (Arc::clone(&gate), Arc::clone(&owned));
            thread::spawn(move || {
                through(&gate, || {
                    gate.close();
                    // Nobody else's close may return while this still runs.
                    owned.call_back();
                });
            })
        };
        outer.close();
        owned.free();
        called.join().unwrap();
    });
}

/// Each in a callback of its own, each stopping the other: loom would find the deadlock.
#[test]
fn callbacks_may_close_one_another() {
    loom::model(|| {
        let hall = Arc::new(Hall::default());
        let (one, other) = (Gate::new(&hall), Gate::new(&hall));
        let called = {
            let (one, other) = (Arc::clone(&one), Arc::clone(&other));
            thread::spawn(move || through(&one, || other.close()))
        };
        through(&other, || one.close());
        called.join().unwrap();
        one.close();
        other.close();
        assert!(one.enter().is_none() && other.enter().is_none());
    });
}

/// As when two streams fail at once, and each callback frees the manager.
#[test]
fn callbacks_may_both_close_the_gate_around_them() {
    loom::model(|| {
        let outer = Gate::new(&Arc::new(Hall::default()));
        let (one, other) = (outer.within(), outer.within());
        let called = {
            let outer = Arc::clone(&outer);
            thread::spawn(move || through(&one, || outer.close()))
        };
        through(&other, || outer.close());
        called.join().unwrap();
        assert!(outer.enter().is_none());
    });
}
