//! The newest picture of a stream, for any number of viewers.

use tokio::sync::watch;

use crate::Frame;

/// A single slot for frames: the newest wins, and nothing queues up behind a slow reader.
///
/// Clones share the slot; readers come from [`LatestFrame::subscribe`]. A frame replaced is let go of outside the
/// slot's lock, and none is held while a reader looks at its own.
#[derive(Debug, Clone)]
pub struct LatestFrame {
    slot: watch::Sender<Option<Frame>>,
}

impl LatestFrame {
    /// An empty slot.
    #[must_use]
    pub fn new() -> Self {
        Self { slot: watch::Sender::new(None) }
    }

    /// Puts a frame in the place of the one before, and wakes the readers.
    pub fn publish(&self, frame: Frame) {
        drop(self.slot.send_replace(Some(frame)));
    }

    /// The newest frame, if there has been one. How old it is, says [`Frame::age`].
    #[must_use]
    pub fn latest(&self) -> Option<Frame> {
        self.slot.borrow().clone()
    }

    /// A reader that starts with the frame there is, if any.
    #[must_use]
    pub fn subscribe(&self) -> Frames {
        let mut slot = self.slot.subscribe();
        slot.mark_changed();
        Frames { slot }
    }

    /// How many readers there are: decoding is worth its while only for some.
    #[must_use]
    pub fn readers(&self) -> usize {
        self.slot.receiver_count()
    }
}

impl Default for LatestFrame {
    fn default() -> Self {
        Self::new()
    }
}

/// One reader of a [`LatestFrame`]. A clone goes on from where this one is.
#[derive(Debug, Clone)]
pub struct Frames {
    slot: watch::Receiver<Option<Frame>>,
}

impl Frames {
    /// The next frame this reader has not had; those replaced in the meantime are skipped. `None` when every
    /// [`LatestFrame`] of the slot is gone and its last frame has been read.
    ///
    /// Cancel safe: a frame not returned comes again.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            self.slot.changed().await.ok()?;
            let frame = self.slot.borrow_and_update().clone();
            if frame.is_some() {
                return frame;
            }
        }
    }

    /// The newest frame, read or not; [`Frames::next`] is not affected.
    #[must_use]
    pub fn latest(&self) -> Option<Frame> {
        self.slot.borrow().clone()
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Wake, Waker};
    use std::time::Instant;

    use bytes::Bytes;

    use super::*;
    use crate::{ColorRange, Plane};

    /// A frame to know again by its timestamp.
    fn frame(timestamp: u64) -> Frame {
        let planes = [4, 1, 1].map(|len| Plane { data: Bytes::from(vec![0; len]), stride: len.min(2) });
        Frame::new((2, 2), planes, ColorRange::Full, None, timestamp, Instant::now()).expect("planes fit")
    }

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What the reader has now: its next frame's timestamp, the end, or nothing yet.
    fn poll(reader: &mut Frames) -> Poll<Option<u64>> {
        let next = pin!(reader.next()).poll(&mut Context::from_waker(Waker::noop()));
        next.map(|frame| frame.map(|frame| frame.timestamp()))
    }

    #[test]
    fn the_newest_wins() {
        let slot = LatestFrame::new();
        let mut reader = slot.subscribe();
        assert!(slot.latest().is_none());
        assert_eq!(poll(&mut reader), Poll::Pending);
        (1..=3).for_each(|timestamp| slot.publish(frame(timestamp)));
        assert_eq!(reader.latest().map(|frame| frame.timestamp()), Some(3));
        assert_eq!(poll(&mut reader), Poll::Ready(Some(3)), "1 and 2 are gone");
        assert_eq!(poll(&mut reader), Poll::Pending, "and 3 comes once");
        slot.publish(frame(4));
        assert_eq!(poll(&mut reader), Poll::Ready(Some(4)));
    }

    #[test]
    fn every_reader_has_its_own_pace() {
        let slot = LatestFrame::new();
        let (mut quick, mut slow) = (slot.subscribe(), slot.subscribe());
        for timestamp in 1..=10 {
            slot.clone().publish(frame(timestamp));
            assert_eq!(poll(&mut quick), Poll::Ready(Some(timestamp)));
        }
        assert_eq!(poll(&mut slow), Poll::Ready(Some(10)));
        let mut late = slot.subscribe();
        assert_eq!(poll(&mut late), Poll::Ready(Some(10)), "a late reader has a picture at once");
        assert_eq!(slot.readers(), 3);
        drop((quick, slow, late));
        assert_eq!(slot.readers(), 0);
    }

    #[test]
    fn a_waiting_reader_is_woken() {
        let slot = LatestFrame::new();
        let mut reader = slot.subscribe();
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut next = pin!(reader.next());
        assert!(next.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!(woken.0.load(Ordering::Relaxed), 0);
        slot.publish(frame(1));
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert!(next.poll(&mut Context::from_waker(&waker)).is_ready());
    }

    #[test]
    fn the_last_frame_is_read_before_the_end() {
        let slot = LatestFrame::new();
        let (mut reader, mut reader_of_none) = (slot.subscribe(), LatestFrame::new().subscribe());
        let clone = slot.clone();
        slot.publish(frame(1));
        drop(slot);
        assert_eq!(poll(&mut reader), Poll::Ready(Some(1)));
        assert_eq!(poll(&mut reader), Poll::Pending, "one is left that may publish");
        clone.publish(frame(2));
        drop(clone);
        assert_eq!(poll(&mut reader), Poll::Ready(Some(2)));
        assert_eq!(poll(&mut reader), Poll::Ready(None));
        assert_eq!(poll(&mut reader_of_none), Poll::Ready(None));
    }

    /// The slot keeps one frame; whoever replaces it lets go of it at once.
    #[test]
    fn nothing_queues_up() {
        let slot = LatestFrame::new();
        let _reader = slot.subscribe();
        let pool = Arc::new(());
        for timestamp in 0..100 {
            let owner = Owner { _counted: Arc::clone(&pool) };
            let planes = [0, 0, 0].map(|_| Plane { data: Bytes::from_static(&[0; 4]), stride: 2 });
            let [_, u, v] = planes;
            let y = Plane { data: Bytes::from_owner(owner), stride: 2 };
            let frame = Frame::new((2, 2), [y, u, v], ColorRange::Full, None, timestamp, Instant::now());
            slot.publish(frame.expect("planes fit"));
            assert_eq!(Arc::strong_count(&pool), 2, "the frame in the slot, and this test");
        }
    }

    struct Owner {
        _counted: Arc<()>,
    }

    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            &[0; 4]
        }
    }
}
