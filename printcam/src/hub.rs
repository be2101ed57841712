//! Fans one camera's pictures out to any number of viewers.
//!
//! The hub keeps the current group of pictures: a key frame and what followed it. A new viewer gets it at once, so its
//! first picture is there without waiting for the camera's next key frame, which on an H2C is ten seconds away. A viewer
//! that does not keep up loses its place and goes on at the next key frame; it never delays the camera or anybody else.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use printcam_proto::h264::AccessUnit;
use tokio::sync::{Notify, watch};

use crate::lock;

/// A group of pictures larger than this is not kept: 10 s of an H2C are under 2 MB, so it is hostile or no camera of ours.
const MAX_GROUP_BYTES: usize = 16 << 20;

/// A viewer that leaves more unread than the largest group loses its place.
const MAX_UNREAD_BYTES: usize = MAX_GROUP_BYTES + (4 << 20);

/// As many pictures as a minute has at 30 a second: bounds the list where the pictures are tiny.
const MAX_PICTURES: usize = 1800;

/// One camera's pictures, on their way to its viewers.
#[derive(Debug)]
pub(crate) struct Hub {
    inner: Mutex<Inner>,
    viewers: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Inner {
    group: Group,
    /// Replaced, never changed: publishing takes a copy of the list with it and lets go of the lock.
    mailboxes: Arc<[Arc<Mailbox>]>,
    timeline: Timeline,
    closed: bool,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self { inner: Mutex::default(), viewers: watch::Sender::new(0) }
    }

    /// Says that what comes next is from a new session: its timestamps begin again, and something is missing before it.
    pub(crate) fn begin_session(&self) {
        self.lock().timeline.begin_session();
    }

    /// Gives a picture to every viewer. Never waits.
    pub(crate) fn publish(&self, mut unit: AccessUnit) {
        let mailboxes = {
            let mut inner = self.lock();
            inner.timeline.place(&mut unit);
            inner.group.push(&unit);
            Arc::clone(&inner.mailboxes)
        };
        for mailbox in &*mailboxes {
            mailbox.put(unit.clone());
        }
    }

    /// A new viewer, who gets the current group of pictures at once.
    pub(crate) fn subscribe(self: &Arc<Self>) -> Subscription {
        let mailbox = {
            let mut inner = self.lock();
            let mailbox = Arc::new(Mailbox::beginning_with(&inner.group, inner.closed));
            inner.mailboxes = inner.mailboxes.iter().cloned().chain([Arc::clone(&mailbox)]).collect();
            mailbox
        };
        self.viewers.send_modify(|viewers| *viewers += 1);
        Subscription { mailbox, hub: Arc::clone(self) }
    }

    /// How many view, now and whenever it changes.
    pub(crate) fn viewers(&self) -> watch::Receiver<usize> {
        self.viewers.subscribe()
    }

    /// Ends every subscription once what it holds is read.
    pub(crate) fn close(&self) {
        let mailboxes = {
            let mut inner = self.lock();
            inner.closed = true;
            Arc::clone(&inner.mailboxes)
        };
        for mailbox in &*mailboxes {
            mailbox.close();
        }
    }

    fn leave(&self, mailbox: &Arc<Mailbox>) {
        {
            let mut inner = self.lock();
            inner.mailboxes = inner.mailboxes.iter().filter(|other| !Arc::ptr_eq(other, mailbox)).cloned().collect();
        }
        self.viewers.send_modify(|viewers| *viewers -= 1);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }
}

/// Makes one timeline of the sessions of a camera.
#[derive(Debug, Default)]
struct Timeline {
    /// Added to the timestamps of the present session.
    offset: u64,
    /// The last picture that was placed.
    last: Option<(u64, std::time::Instant)>,
    new_session: bool,
}

impl Timeline {
    fn begin_session(&mut self) {
        self.new_session = true;
    }

    fn place(&mut self, unit: &mut AccessUnit) {
        if std::mem::take(&mut self.new_session)
            && let Some((timestamp, received_at)) = self.last
        {
            let between = unit.received_at.saturating_duration_since(received_at);
            let ticks = (between.as_micros() * 9 / 100).max(1) as u64; // 90 kHz
            self.offset = (timestamp + ticks).saturating_sub(unit.timestamp);
            unit.discontinuity = true;
        }
        unit.timestamp += self.offset;
        self.last = Some((unit.timestamp, unit.received_at));
    }
}

/// A key frame and what followed it without a gap.
#[derive(Debug, Default)]
struct Group {
    units: Vec<AccessUnit>,
    bytes: usize,
    /// There was a gap since the key frame.
    broken: bool,
}

impl Group {
    fn push(&mut self, unit: &AccessUnit) {
        if unit.key_frame {
            self.clear();
        } else if self.units.is_empty() {
            return;
        }
        // Behind a gap nothing can be shown before the next key frame; what stands before it still can.
        self.broken |= unit.discontinuity && !unit.key_frame;
        if self.broken {
            return;
        }
        self.bytes += unit.data.len();
        self.units.push(unit.clone());
        if self.bytes > MAX_GROUP_BYTES || self.units.len() > MAX_PICTURES {
            self.clear();
        }
    }

    fn clear(&mut self) {
        *self = Self { units: std::mem::take(&mut self.units), ..Self::default() };
        self.units.clear();
    }
}

/// A viewer's place in a hub. Dropping it leaves.
#[derive(Debug)]
pub struct Subscription {
    mailbox: Arc<Mailbox>,
    hub: Arc<Hub>,
}

impl Subscription {
    /// The next picture in order, the first one being a key frame; `None` once the stream has been stopped.
    ///
    /// Where pictures had to be left out, because they were lost or this viewer was too slow, the next one says
    /// [`discontinuity`](AccessUnit::discontinuity). Losing interest in the future loses nothing.
    pub async fn next(&mut self) -> Option<AccessUnit> {
        loop {
            // Enlisted before looking, so that nothing put in between is missed.
            let news = self.mailbox.news.notified();
            match self.mailbox.take() {
                Taken::Unit(unit) => return Some(unit),
                Taken::Closed => return None,
                Taken::Nothing => news.await,
            }
        }
    }

    /// The next picture if it is there already.
    pub fn try_next(&mut self) -> Option<AccessUnit> {
        match self.mailbox.take() {
            Taken::Unit(unit) => Some(unit),
            Taken::Closed | Taken::Nothing => None,
        }
    }

    /// Pictures this viewer was too slow for.
    pub fn missed(&self) -> u64 {
        lock(&self.mailbox.queue).missed
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.leave(&self.mailbox);
    }
}

#[derive(Debug)]
struct Mailbox {
    queue: Mutex<Queue>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    units: VecDeque<AccessUnit>,
    bytes: usize,
    place: Place,
    missed: u64,
    closed: bool,
}

/// What can be put into a mailbox next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// The picture that follows the one put last.
    #[default]
    Following,
    /// A key frame: what the viewer began with is not what the next picture refers to.
    Beginning,
    /// A key frame: the viewer was too slow.
    Lost,
}

enum Taken {
    Unit(AccessUnit),
    Nothing,
    Closed,
}

impl Mailbox {
    fn beginning_with(group: &Group, closed: bool) -> Self {
        let queue = Queue {
            units: group.units.iter().cloned().collect(),
            bytes: group.bytes,
            place: if group.units.is_empty() || group.broken { Place::Beginning } else { Place::Following },
            missed: 0,
            closed,
        };
        Self { queue: Mutex::new(queue), news: Notify::new() }
    }

    fn put(&self, mut unit: AccessUnit) {
        {
            let mut queue = lock(&self.queue);
            if queue.bytes + unit.data.len() > MAX_UNREAD_BYTES || queue.units.len() >= 2 * MAX_PICTURES {
                queue.missed += queue.units.len() as u64;
                queue.units.clear();
                queue.bytes = 0;
                queue.place = Place::Lost;
            }
            if queue.place != Place::Following && !unit.key_frame {
                queue.missed += u64::from(queue.place == Place::Lost);
                return;
            }
            unit.discontinuity |= queue.place == Place::Lost;
            queue.place = Place::Following;
            queue.bytes += unit.data.len();
            queue.units.push_back(unit);
        }
        self.news.notify_waiters();
    }

    fn take(&self) -> Taken {
        let mut queue = lock(&self.queue);
        match queue.units.pop_front() {
            Some(unit) => {
                queue.bytes -= unit.data.len();
                Taken::Unit(unit)
            }
            None if queue.closed => Taken::Closed,
            None => Taken::Nothing,
        }
    }

    fn close(&self) {
        lock(&self.queue).closed = true;
        self.news.notify_waiters();
    }
}

#[cfg(test)]
#[path = "hub/tests.rs"]
mod tests;
