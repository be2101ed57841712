//! Decoded pictures: while somebody looks, and only then.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use printcam::{Error, Playout, StreamState};
use tokio::time::{Instant, sleep, timeout};

use crate::reel::Reel;
use crate::stage::{Stage, secs, until};

#[tokio::test(start_paused = true)]
async fn decoding_lasts_as_long_as_somebody_looks() {
    let reel = Reel::with_gop(20);
    let stage = Stage::new("");
    let stream = stage.playing().await;
    sleep(secs(10.0)).await;
    assert_eq!(stream.statistics().decoded.0, 0, "nobody looks");
    let mut frames = stream.frames();
    let other = frames.clone();
    let mut shown = 0;
    while shown < 50 {
        let frame = frames.next().await.expect("a picture");
        assert!(reel.place_of_frame(&frame).is_some(), "picture {shown} was never sent");
        shown += 1;
    }
    // Two who look share a decoder, and one who goes takes nothing from the other.
    let before = stream.statistics().decoded.0;
    let third = stream.frames();
    drop(frames);
    sleep(secs(5.0)).await;
    let decoded = stream.statistics().decoded.0 - before;
    assert!((45..=60).contains(&decoded), "{decoded} pictures decoded in 5 s of ten a second");
    assert!(other.latest().is_some() && third.latest().is_some());
    drop((other, third));
    sleep(secs(0.1)).await;
    let before = stream.statistics().decoded.0;
    sleep(secs(30.0)).await;
    assert_eq!(stream.statistics().decoded.0, before, "nobody looks any more");
    stream.close().await;
    stage.assert_gentle_and_gone("looking");
}

/// In playout no picture is left out, each comes once, and all of them at the camera's pace.
#[tokio::test(start_paused = true)]
async fn every_picture_is_shown_at_the_pace_of_the_camera() {
    let reel = Reel::with_gop(20);
    let mut stage = Stage::new("");
    stage.options.playout = Some(Playout::TCP);
    let stream = stage.playing().await;
    let mut frames = stream.frames();
    let mut last = None;
    for number in 0..200 {
        let frame = frames.next().await.expect("a picture");
        let place = reel.place_of_frame(&frame).expect("one that was sent");
        let now = Instant::now();
        if let Some((before, at)) = last.replace((place, now)) {
            assert_ne!(before, place, "picture {number} came twice");
            let took = (now - at).as_secs_f64();
            assert!(number < 5 || (0.09..0.11).contains(&took), "picture {number} after {took} s");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn captured_while_playing_while_nobody_decodes_and_while_reconnecting() {
    let reel = Reel::with_gop(20);
    let stage = Stage::new("");
    let stream = stage.open();
    // Before there is a picture: the first one.
    let frame = stream.capture_frame().await.expect("the first picture");
    assert!(reel.place_of_frame(&frame).is_some());
    // From the group of pictures, which nobody decodes; and at once.
    sleep(secs(5.03)).await;
    let asked = Instant::now();
    let frame = stream.capture_frame().await.expect("a picture");
    assert!(asked.elapsed() < secs(0.001) && reel.place_of_frame(&frame).is_some());
    let age = asked.into_std().saturating_duration_since(frame.received_at());
    assert!(age < secs(0.15), "the newest one, not one of {age:?} ago");
    // From the decoder at work.
    let mut frames = stream.frames();
    let seen = frames.next().await.expect("a picture");
    let captured = stream.capture_frame().await.expect("a picture");
    assert_eq!(captured.timestamp(), seen.timestamp());
    // While the camera is away: the last one there was, and its age tells.
    stage.camera.restart(secs(300.0));
    sleep(secs(60.0)).await;
    assert_eq!(stream.state().state, StreamState::Reconnecting);
    for looking in [true, false] {
        let asked = Instant::now();
        let stale = stream.capture_frame().await.expect("the last picture");
        assert!(asked.elapsed() < secs(0.001), "looking: {looking}");
        let age = asked.into_std().saturating_duration_since(stale.received_at()).as_secs_f64();
        assert!((59.0..61.0).contains(&age), "looking: {looking}, {age} s old");
        assert!(reel.place_of_frame(&stale).is_some());
        if looking {
            assert_eq!(frames.latest().expect("never black").timestamp(), stale.timestamp());
            drop(frames.clone());
        }
    }
    drop(frames);
    sleep(secs(1.0)).await;
    stream.capture_frame().await.expect("the last picture, out of the group");
    // And new ones once it is back.
    until("playing again", || stream.state().state == StreamState::Playing).await;
    let fresh = stream.capture_frame().await.expect("a picture");
    assert!(Instant::now().into_std().saturating_duration_since(fresh.received_at()) < secs(0.3));
    stream.close().await;
}

#[tokio::test(start_paused = true)]
async fn who_looks_goes_on_after_a_reconnection() {
    let reel = Reel::with_gop(20);
    let stage = Stage::new("restart=20s@10s");
    let stream = stage.playing().await;
    let mut frames = stream.frames();
    let began = Instant::now();
    let mut last = Instant::now();
    let mut longest = 0.0_f64;
    while began.elapsed() < secs(80.0) {
        let frame = timeout(secs(40.0), frames.next()).await.expect("in time").expect("it goes on");
        assert!(reel.place_of_frame(&frame).is_some(), "a picture that was never sent");
        longest = longest.max(last.elapsed().as_secs_f64());
        last = Instant::now();
    }
    assert!(longest < 35.0, "{longest} s without a picture");
    stream.stop().await;
    assert!(timeout(secs(1.0), async { while frames.next().await.is_some() {} }).await.is_ok(), "it ends");
    assert!(frames.latest().is_some(), "the last picture stays");
}

#[tokio::test(start_paused = true)]
async fn callbacks_come_until_their_guard_goes() {
    let stage = Stage::new("");
    let stream = stage.playing().await;
    let (count, slow_count) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&count);
    let guard = stream.frames().call_back(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let counted = Arc::clone(&slow_count);
    let other = stream.frames().call_back(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    sleep(secs(10.0)).await;
    let called = count.load(Ordering::Relaxed);
    assert!((95..=121).contains(&called), "{called} calls in 10 s of ten a second");
    drop(guard);
    let called = count.load(Ordering::Relaxed);
    let others = slow_count.load(Ordering::Relaxed);
    sleep(secs(10.0)).await;
    assert_eq!(count.load(Ordering::Relaxed), called, "nothing comes after the guard has gone");
    assert!(slow_count.load(Ordering::Relaxed) >= others + 95, "the other one's go on");
    drop(other);
    sleep(secs(0.1)).await;
    let decoded = stream.statistics().decoded.0;
    sleep(secs(10.0)).await;
    assert_eq!(stream.statistics().decoded.0, decoded, "nobody looks any more");
}

#[tokio::test(start_paused = true)]
async fn a_capture_ends_with_its_stream() {
    let stage = Stage::new("describe-unanswered");
    let stream = stage.open();
    let (asking, stopping) = (stream.clone(), stream);
    let asked = tokio::spawn(async move { asking.capture_frame().await });
    sleep(secs(1.0)).await;
    stopping.stop().await;
    let captured = timeout(secs(1.0), asked).await.expect("it ends").expect("no panic");
    assert!(matches!(captured, Err(Error::Stopped)), "{captured:?}");
}
