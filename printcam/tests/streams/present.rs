//! Presenters: what they are given, when, and until when.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use printcam::{AccessUnit, DecodeError, Playout, Presenter, StreamState};
use tokio::time::{Instant, sleep};

use crate::reel::{Follower, Reel};
use crate::stage::{Recording, Stage, secs, until};

type Answer = Box<dyn FnMut(usize) -> Result<bool, DecodeError> + Send>;

/// Writes down what it is given, and answers as it is told for each call.
struct Diary {
    pages: Pages,
    answer: Answer,
}

#[derive(Debug, Clone, Default)]
struct Pages {
    calls: Arc<Mutex<Vec<Call>>>,
    dropped: Arc<AtomicBool>,
}

#[derive(Debug, Clone)]
struct Call {
    unit: AccessUnit,
    show: bool,
    at: Instant,
}

impl Pages {
    fn diary(&self, answer: impl FnMut(usize) -> Result<bool, DecodeError> + Send + 'static) -> Diary {
        Diary { pages: self.clone(), answer: Box::new(answer) }
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    fn count(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    fn dropped(&self) -> bool {
        self.dropped.load(Ordering::SeqCst)
    }
}

impl Presenter for Diary {
    fn present(&mut self, access_unit: &AccessUnit, show: bool) -> Result<bool, DecodeError> {
        let mut calls = self.pages.calls.lock().unwrap();
        calls.push(Call { unit: access_unit.clone(), show, at: Instant::now() });
        let number = calls.len() - 1;
        drop(calls);
        (self.answer)(number)
    }
}

impl Drop for Diary {
    fn drop(&mut self) {
        self.pages.dropped.store(true, Ordering::SeqCst);
    }
}

/// What was sent, from a key frame on, nothing left out, in step; and what is late is not to be shown.
#[tokio::test(start_paused = true)]
async fn a_presenter_gets_all_from_a_key_frame_on_and_hides_what_is_late() {
    let reel = Reel::with_gop(20);
    let mut stage = Stage::new("stall=1s@10s");
    stage.options.playout = Some(Playout::TCP);
    let stream = stage.playing().await;
    sleep(secs(1.05)).await;
    let pages = Pages::default();
    let began = Instant::now();
    let presenting = stream.present_with(pages.diary(|_| Ok(true)));
    sleep(secs(15.0)).await;
    let calls = pages.calls();
    assert!(calls[0].unit.key_frame && calls[0].at - began < secs(0.001), "at once, from the key frame on");
    let mut follower = Follower::new(&reel);
    for call in &calls {
        follower.take(&call.unit).expect("what was sent, in order");
    }
    assert!((145..=165).contains(&calls.len()), "{} calls in 15 s of ten a second", calls.len());
    assert_eq!(stream.statistics().decoded.0, calls.len() as u64);
    // The group up to now at its beginning, and what came at once after the stall. Both are over within the delay.
    let hidden: Vec<usize> = (0..calls.len()).filter(|&number| !calls[number].show).collect();
    let bursts: Vec<&[usize]> = hidden.chunk_by(|before, after| before + 1 == *after).collect();
    assert_eq!(bursts.len(), 2, "{hidden:?}");
    for burst in bursts {
        let took = calls[burst[burst.len() - 1]].at - calls[burst[0]].at;
        assert!(took <= secs(0.15), "calls {burst:?} took {took:?}");
    }
    presenting.close().await;
    stream.close().await;
    stage.assert_gentle_and_gone("presenting");
}

#[tokio::test(start_paused = true)]
async fn no_call_comes_after_the_guard_has_gone() {
    let stage = Stage::new("");
    let stream = stage.playing().await;
    let (closed, dropped) = (Pages::default(), Pages::default());
    let closing = stream.present_with(closed.diary(|_| Ok(true)));
    let dropping = stream.present_with(dropped.diary(|_| Ok(true)));
    until("twenty calls of each", || closed.count() > 20 && dropped.count() > 20).await;
    closing.close().await;
    assert!(closed.dropped(), "closed only when the presenter has been dropped");
    drop(dropping);
    let counts = (closed.count(), dropped.count());
    sleep(secs(10.0)).await;
    assert_eq!((closed.count(), dropped.count()), counts, "calls after the end");
    assert!(dropped.dropped(), "dropped in the end");
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_the_call_at_work() {
    let mut stage = Stage::new("");
    stage.options.playout = Some(Playout::LowestLatency);
    let stream = stage.playing().await;
    let pages = Pages::default();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let presenting = stream.present_with(pages.diary(move |_| {
        released.recv().ok();
        Ok(true)
    }));
    // Time stands still while a call is at work.
    while pages.count() == 0 {
        tokio::task::yield_now().await;
    }
    let mut closing = pin!(presenting.close());
    assert_eq!(closing.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending);
    assert!(!pages.dropped());
    release.send(()).expect("a call at work");
    closing.await;
    assert!(pages.dropped());
    assert_eq!(pages.count(), 1);
}

/// The pump has handed over a picture, but no thread has been free for it.
#[test]
fn a_call_that_waits_for_a_thread_does_not_begin_after_the_end() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .max_blocking_threads(1)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        for ends in [false, true] {
            let mut stage = Stage::new("");
            stage.options.playout = Some(Playout::LowestLatency);
            let stream = stage.playing().await;
            let (release, released) = std::sync::mpsc::channel::<()>();
            let only_thread = tokio::task::spawn_blocking(move || released.recv().ok());
            let pages = Pages::default();
            let presenting = stream.present_with(pages.diary(|_| Ok(true)));
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            if ends {
                let mut closing = pin!(presenting.close());
                assert_eq!(closing.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending);
                drop(release);
                closing.await;
                assert_eq!(pages.count(), 0, "a call after the end");
            } else {
                drop(release);
                only_thread.await.expect("no panic");
                until("a call", || pages.count() > 0).await;
            }
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_presenter_survives_its_errors() {
    let stage = Stage::new("");
    let stream = stage.playing().await;
    let pages = Pages::default();
    let each_third = |number: usize| if number.is_multiple_of(3) { Err(DecodeError::Damaged) } else { Ok(true) };
    let presenting = stream.present_with(pages.diary(each_third));
    sleep(secs(90.0)).await;
    let count = pages.count();
    assert!((880..=925).contains(&count), "{count} calls in 90 s of ten a second");
    let decoded = stream.statistics().decoded.0;
    assert_eq!(decoded, (count - count.div_ceil(3)) as u64, "errors are no pictures");
    assert_eq!(stream.state().state, StreamState::Playing);
    drop(presenting);
}

/// Errors and nothing else for a minute: another session may help. A presenter that waits is no reason for one.
#[tokio::test(start_paused = true)]
async fn a_minute_of_errors_replaces_the_session() {
    let rows = [(Err(DecodeError::Damaged), true), (Ok(false), false)];
    for (answer, replaced) in rows {
        let stage = Stage::new("");
        let stream = stage.playing().await;
        let recording = Recording::of(&stream);
        let presenting = stream.present_with(Pages::default().diary({
            let answer = answer.clone();
            move |_| answer.clone()
        }));
        sleep(secs(59.0)).await;
        assert_eq!(recording.story(), [""; 0], "{answer:?}");
        sleep(secs(3.0)).await;
        let reason = recording.story().iter().any(|line| line.ends_with("NothingDecodable"));
        assert_eq!(reason, replaced, "{answer:?}: {:?}", recording.story());
        drop(presenting);
        stream.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_presenter_ends_with_its_stream() {
    let stage = Stage::new("");
    let stream = stage.playing().await;
    let pages = Pages::default();
    let presenting = stream.present_with(pages.diary(|_| Ok(true)));
    until("a call", || pages.count() > 0).await;
    stream.stop().await;
    until("dropped", || pages.dropped()).await;
    presenting.close().await;
}
