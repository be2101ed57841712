//! The gate that every callback goes through, so that none begins once it is closed, and none runs.
//!
//! Gates nest: a texture's is within its stream's, a stream's within its manager's. Whoever enters one is inside all of
//! those around it, too. No lock is held while somebody is inside.

use std::sync::{Arc, PoisonError};

use crate::sync::{AtomicBool, Condvar, Mutex, MutexGuard, Ordering, ThreadId, current};

/// Who is inside of which gate, of all gates that may wait for one another.
#[derive(Debug, Default)]
pub(crate) struct Hall {
    crowd: Mutex<Crowd>,
    changed: Condvar,
}

/// As many entries as there are callbacks running, one within the other included.
#[derive(Debug, Default)]
struct Crowd {
    inside: Vec<(ThreadId, Arc<Gate>)>,
    /// Whoever closes a gate, and waits until nobody is inside.
    waiting: Vec<(ThreadId, Arc<Gate>)>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Gate {
    hall: Arc<Hall>,
    around: Option<Arc<Gate>>,
    /// Read and written with the crowd locked.
    closed: AtomicBool,
}

/// Being inside of a gate, until dropped; by the thread that entered.
#[derive(Debug)]
pub(crate) struct Pass {
    gate: Arc<Gate>,
    thread: ThreadId,
}

impl Gate {
    /// An open gate with none around it.
    pub(crate) fn new(hall: &Arc<Hall>) -> Arc<Self> {
        Arc::new(Self { hall: Arc::clone(hall), around: None, closed: AtomicBool::new(false) })
    }

    /// An open gate within this one.
    pub(crate) fn within(self: &Arc<Self>) -> Arc<Self> {
        let around = Some(Arc::clone(self));
        Arc::new(Self { hall: Arc::clone(&self.hall), around, closed: AtomicBool::new(false) })
    }

    /// Lets in, unless this gate or one around it is closed.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Pass> {
        let mut crowd = self.hall.lock();
        if self.outwards().any(|gate| gate.closed.load(Ordering::Relaxed)) {
            return None;
        }
        let thread = current().id();
        crowd.inside.push((thread, Arc::clone(self)));
        Some(Pass { gate: Arc::clone(self), thread })
    }

    /// Lets nobody in any more, and waits until nobody is inside: except for this very thread, and for those who
    /// themselves wait for this thread to come out of where it is.
    pub(crate) fn close(self: &Arc<Self>) {
        let this = current().id();
        let mut crowd = self.hall.lock();
        self.closed.store(true, Ordering::Relaxed);
        crowd.waiting.push((this, Arc::clone(self)));
        // No need to wake anybody: of those who wait for one another, the last one to begin goes on.
        while crowd.holds_up(this, self) {
            crowd = self.hall.changed.wait(crowd).unwrap_or_else(PoisonError::into_inner);
        }
        crowd.forget_waiting(this, self);
    }

    /// This gate and those around it.
    fn outwards(&self) -> impl Iterator<Item = &Gate> {
        std::iter::successors(Some(self), |gate| gate.around.as_deref())
    }

    fn is_within(&self, other: &Gate) -> bool {
        self.outwards().any(|gate| std::ptr::eq(gate, other))
    }
}

impl Crowd {
    /// Whether somebody is inside of whom `thread`, which closes `gate`, has to wait for.
    fn holds_up(&self, thread: ThreadId, gate: &Gate) -> bool {
        self.threads_inside(gate).any(|other| other != thread && !self.waits_for(other, thread, self.waiting.len()))
    }

    fn threads_inside<'a>(&'a self, gate: &'a Gate) -> impl Iterator<Item = ThreadId> + 'a {
        self.inside.iter().filter(|(_, entered)| entered.is_within(gate)).map(|(thread, _)| *thread)
    }

    /// Whether `thread` waits until `other` comes out, by way of at most so many who wait as well.
    fn waits_for(&self, thread: ThreadId, other: ThreadId, links: usize) -> bool {
        let mut gates = self.waiting.iter().filter(|(waiting, _)| *waiting == thread).map(|(_, gate)| gate);
        links > 0
            && gates.any(|gate| {
                let mut inside = self.threads_inside(gate).filter(|inside| *inside != thread);
                inside.any(|inside| inside == other || self.waits_for(inside, other, links - 1))
            })
    }

    fn forget_waiting(&mut self, thread: ThreadId, gate: &Arc<Gate>) {
        let position = self.waiting.iter().rposition(|(waiting, at)| *waiting == thread && Arc::ptr_eq(at, gate));
        position.map(|position| self.waiting.swap_remove(position));
    }
}

impl Hall {
    fn lock(&self) -> MutexGuard<'_, Crowd> {
        // Whole between any two statements.
        self.crowd.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut crowd = self.gate.hall.lock();
        let (thread, gate) = (self.thread, &self.gate);
        let position = crowd.inside.iter().rposition(|(inside, at)| *inside == thread && Arc::ptr_eq(at, gate));
        let left = position.map(|position| crowd.inside.swap_remove(position));
        drop(crowd);
        self.gate.hall.changed.notify_all();
        drop(left);
    }
}
