//! The playout buffer: pictures leave at the pace at which the camera took them, however unevenly they arrive.
//!
//! It stands between the access units of a stream and the decoder of a viewer, and delays by a target. What it does
//! when that goes wrong:
//!
//! - *Nothing came in time* (underrun): the next picture is due on arrival, and the schedule goes on from it. It is
//!   not held back to fill the buffer again, for that would only prolong the freeze; the delay grows back to the
//!   target by itself, by what comes after at once or else by playing slower by 1/200.
//! - *Too much came at once*, a stall of seconds and then a flush, or nobody took out what was due: it catches up.
//!   Playing at the camera's pace would keep the stall as latency for good, playing faster is a fast-forward nobody
//!   asked for, and dropping breaks the chain of references, so that the picture would freeze up to the next key frame,
//!   10 s away on an H2C. So late pictures are released at once with [`Playable::show`] off: the decoder needs
//!   them, the viewer does not. Only where a key frame waits further on is everything before it dropped, as it needs
//!   none of that. The picture stands still for as long as decoding the backlog takes, and then is as new as it can be.
//! - *The viewer's decoder is too slow*, or the buffer is full: everything before the newest key frame is dropped. If
//!   there is none, the tail of the group of pictures is, up to the key frame to come: what is whole is played first.
//!
//! Whatever is dropped, the next access unit says `discontinuity`.

mod schedule;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::h264::AccessUnit;
use schedule::{Fit, Schedule};

/// How far playout stays behind arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Playout {
    /// Every access unit is due when it arrives. A burst is seen as a fast-forward.
    LowestLatency,
    /// At the pace of the timestamps, this far behind arrival; see [`Playout::delay`] for its limits.
    Smooth(Duration),
}

impl Playout {
    /// For media over TCP: 150 ms, a retransmission on a bad Wi-Fi.
    pub const TCP: Self = Self::Smooth(Duration::from_millis(150));
    /// For media over UDP: 300 ms, since the reordering window alone may hold back a packet for 100 ms.
    pub const UDP: Self = Self::Smooth(Duration::from_millis(300));
    /// The shortest delay that smooths anything: more than a picture's time at 25 per second.
    pub const MIN_DELAY: Duration = Duration::from_millis(50);
    /// The longest delay; beyond it nobody calls it live.
    pub const MAX_DELAY: Duration = Duration::from_secs(1);

    /// The target delay: 0, or what was asked for, held within [`MIN_DELAY`](Self::MIN_DELAY) and
    /// [`MAX_DELAY`](Self::MAX_DELAY).
    #[must_use]
    pub fn delay(self) -> Duration {
        match self {
            Self::LowestLatency => Duration::ZERO,
            Self::Smooth(delay) => delay.clamp(Self::MIN_DELAY, Self::MAX_DELAY),
        }
    }
}

/// An access unit whose time has come.
#[derive(Debug, Clone)]
pub struct Playable {
    /// What was inserted; its `discontinuity` is also set where the buffer dropped something before it.
    pub access_unit: AccessUnit,
    /// Whether to show its picture. If not, it is late and newer ones wait behind it: it is to be decoded, because
    /// those refer to it, and not to be shown.
    pub show: bool,
}

/// What became of the access units. At any time `received = released + dropped +` [`JitterBuffer::buffered`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Access units inserted.
    pub received: u64,
    /// Access units handed out.
    pub released: u64,
    /// Of the released, those not to be shown.
    pub hidden: u64,
    /// Access units dropped.
    pub dropped: u64,
    /// Access units that came after their time, each the end of an underrun.
    pub underruns: u64,
    /// Times that it fell behind and caught up.
    pub catch_ups: u64,
    /// Times that a schedule that released nothing was broken off.
    pub stuck: u64,
}

/// Holds access units back until they are due.
///
/// After every [`insert`](Self::insert), and at [`deadline`](Self::deadline), take out what is due with
/// [`pop_due`](Self::pop_due): one at a time, each when the decoder is ready for it, and not into a queue. What waits
/// here can still be passed over for a newer key frame.
///
/// With a consumer that does so no access unit waits longer than twice the target delay (100 ms more than the target,
/// if it is below 100 ms); with any other, [`MAX_STAY`](Self::MAX_STAY). Clocks that drift apart change nothing about
/// that: the schedule is corrected with every access unit, by at most 1/20 of the time that passed.
#[derive(Debug)]
pub struct JitterBuffer {
    playout: Playout,
    schedule: Schedule,
    /// In the order of arrival; never due in another order.
    queue: VecDeque<Buffered>,
    /// Of media in `queue`.
    bytes: usize,
    /// Something was dropped behind the last one in `queue`.
    gap: bool,
    /// Nothing but a key frame is of use next.
    awaiting_key_frame: bool,
    /// Late pictures are not shown.
    catching_up: bool,
    /// While catching up, when the burst counts as over.
    settled_at: Option<Instant>,
    released_at: Option<Instant>,
    shown_at: Option<Instant>,
    counters: Counters,
}

#[derive(Debug)]
struct Buffered {
    access_unit: AccessUnit,
    inserted_at: Instant,
    due: Instant,
}

impl JitterBuffer {
    /// Most access units held: [`MAX_STAY`](Self::MAX_STAY) at 60 pictures a second, and some.
    pub const MAX_UNITS: usize = 1024;

    /// Most bytes of media held: [`MAX_STAY`](Self::MAX_STAY) at the 17 Mbit/s that an X1C announces make 26 MB. Four
    /// times the largest access unit.
    pub const MAX_BYTES: usize = 32 << 20;

    /// How long an access unit is kept for a consumer that does not take it. The key frames of an H2C are 10 s apart, so
    /// that one which is newer has come by then, and dropping what is older does not freeze the picture.
    pub const MAX_STAY: Duration = Duration::from_secs(12);

    /// An empty buffer. A delay outside 50 ms to 1 s is brought within, see [`Playout::delay`].
    #[must_use]
    pub fn new(playout: Playout) -> Self {
        Self {
            playout,
            schedule: Schedule::new(playout.delay()),
            queue: VecDeque::new(),
            bytes: 0,
            gap: false,
            awaiting_key_frame: false,
            catching_up: false,
            settled_at: None,
            released_at: None,
            shown_at: None,
            counters: Counters::default(),
        }
    }

    /// The target delay in force.
    #[must_use]
    pub fn delay(&self) -> Duration {
        self.playout.delay()
    }

    /// Access units held.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.queue.len()
    }

    /// Bytes of media held.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        self.bytes
    }

    /// What became of the access units up to now.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Takes in the access unit that came at `now`, in the order of decoding.
    pub fn insert(&mut self, now: Instant, mut access_unit: AccessUnit) {
        self.counters.received += 1;
        self.drop_outstayed(now);
        if !self.make_room(&access_unit) {
            self.counters.dropped += 1;
            self.gap = true;
            self.awaiting_key_frame = true;
            return;
        }
        self.awaiting_key_frame = false;
        let due = self.place(now, access_unit.timestamp);
        access_unit.discontinuity |= std::mem::take(&mut self.gap);
        self.bytes += access_unit.data.len();
        self.queue.push_back(Buffered { access_unit, inserted_at: now, due });
    }

    /// The next access unit that is due at `now`. To be called until it is `None`.
    pub fn pop_due(&mut self, now: Instant) -> Option<Playable> {
        self.drop_outstayed(now);
        self.unstick(now);
        let overdue = now.checked_duration_since(self.queue.front()?.due)?;
        if overdue > self.tolerance() {
            self.catch_up();
            if let Some(index) = self.newest_key_frame() {
                self.drop_before(index);
            }
        }
        if self.queue.front()?.due > now {
            return None;
        }
        let show = self.is_to_be_shown(now);
        let access_unit = self.queue.pop_front()?.access_unit;
        self.bytes -= access_unit.data.len();
        self.released_at = Some(now);
        self.counters.released += 1;
        if show {
            self.shown_at = Some(now);
        } else {
            self.counters.hidden += 1;
        }
        Some(Playable { access_unit, show })
    }

    /// When [`pop_due`](Self::pop_due) will have something without another insert; `None` while nothing is held.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        Some(self.queue.front()?.due.min(self.stuck_at()?))
    }

    /// When the access unit that comes at `now` is due.
    fn place(&mut self, now: Instant, timestamp: u64) -> Instant {
        if self.playout == Playout::LowestLatency {
            return now;
        }
        let tolerance = if self.catching_up { SETTLING_TOLERANCE } else { self.tolerance() };
        let (due, fit) = self.schedule.place(now, timestamp, tolerance);
        match fit {
            Fit::OnTime | Fit::Epoch => {}
            // What it refers to is not what came before it.
            Fit::Restart => self.gap = true,
            Fit::Late => self.counters.underruns += 1,
            Fit::Ahead(excess) => {
                self.advance_queue(excess, now);
                self.catch_up();
                self.settled_at = Some(now + SETTLING_TIME);
            }
        }
        due
    }

    /// Whether the front is to be shown, now that it is due; ends the catching up when it has come to the present.
    fn is_to_be_shown(&mut self, now: Instant) -> bool {
        if !self.catching_up {
            return true;
        }
        let bursting = self.settled_at.is_some_and(|settled_at| now < settled_at);
        let superseded = self.queue.get(1).is_some_and(|next| bursting || next.due <= now);
        if !superseded {
            self.catching_up = bursting;
            return true;
        }
        // The first picture of all is shown however old it is, and a decoder that never catches up shows some.
        self.shown_at.is_none_or(|shown_at| now >= shown_at + self.patience())
    }

    fn catch_up(&mut self) {
        if !self.catching_up {
            self.catching_up = true;
            self.settled_at = None;
            self.counters.catch_ups += 1;
        }
    }

    /// Breaks a schedule off that has released nothing for too long.
    fn unstick(&mut self, now: Instant) {
        let (Some(front), Some(stuck_at)) = (self.queue.front(), self.stuck_at()) else { return };
        if front.due > now && stuck_at <= now {
            let excess = front.due - now;
            self.schedule.advance(excess);
            self.advance_queue(excess, now);
            self.counters.stuck += 1;
        }
    }

    /// When the front will have waited for too long without anything having been released; `None` if there is none.
    fn stuck_at(&self) -> Option<Instant> {
        let inserted_at = self.queue.front()?.inserted_at;
        let since = self.released_at.map_or(inserted_at, |released_at| released_at.max(inserted_at));
        Some(since + self.patience())
    }

    fn advance_queue(&mut self, by: Duration, now: Instant) {
        for buffered in &mut self.queue {
            buffered.due = buffered.due.checked_sub(by).unwrap_or(buffered.due.min(now));
        }
    }

    /// Sees to it that `access_unit` can be appended; false if it has to be dropped.
    fn make_room(&mut self, access_unit: &AccessUnit) -> bool {
        if self.awaiting_key_frame && !access_unit.key_frame {
            return false;
        }
        if !self.has_room_for(access_unit) {
            if access_unit.key_frame {
                self.drop_before(self.queue.len());
            } else if let Some(index) = self.newest_key_frame() {
                self.drop_before(index);
            }
        }
        self.has_room_for(access_unit)
    }

    fn has_room_for(&self, access_unit: &AccessUnit) -> bool {
        self.queue.len() < Self::MAX_UNITS && self.bytes.saturating_add(access_unit.data.len()) <= Self::MAX_BYTES
    }

    /// Drops what nobody has taken for so long that it is not worth showing any more.
    fn drop_outstayed(&mut self, now: Instant) {
        while self.queue.front().is_some_and(|front| front.inserted_at + Self::MAX_STAY < now) {
            let index = self.newest_key_frame();
            self.awaiting_key_frame |= index.is_none();
            self.drop_before(index.unwrap_or(self.queue.len()));
        }
    }

    /// The place of the newest key frame behind the front.
    fn newest_key_frame(&self) -> Option<usize> {
        self.queue.iter().rposition(|buffered| buffered.access_unit.key_frame).filter(|&index| index > 0)
    }

    /// Drops the first `count` access units; the chain of references is broken behind them.
    fn drop_before(&mut self, count: usize) {
        for buffered in self.queue.drain(..count) {
            self.bytes -= buffered.access_unit.data.len();
            self.counters.dropped += 1;
        }
        match self.queue.front_mut() {
            Some(front) => front.access_unit.discontinuity = true,
            None => self.gap = true,
        }
    }

    /// How far from its time a picture may be before the buffer catches up, ahead of it and behind it.
    fn tolerance(&self) -> Duration {
        self.delay().max(MIN_TOLERANCE)
    }

    /// How long nothing may be released, or shown, while something waits.
    fn patience(&self) -> Duration {
        MIN_PATIENCE.max(self.delay() * 2)
    }
}

/// Two or three pictures: less is worked off by playing faster, without anybody noticing.
const MIN_TOLERANCE: Duration = Duration::from_millis(100);

/// While catching up: a picture at 25 per second. What remains of a burst exceeds it with every picture or two, the
/// jitter of a stream that flows again does not.
const SETTLING_TOLERANCE: Duration = Duration::from_millis(40);

/// How long after the last picture that came too early a burst counts as over; Wi-Fi takes shorter breaks in a flush.
const SETTLING_TIME: Duration = Duration::from_millis(100);

/// A second without a new picture is what people call frozen.
const MIN_PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
