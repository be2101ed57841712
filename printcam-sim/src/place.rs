//! The one place that a printer's camera has for clients.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Shared by all connections of one camera.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place(Arc<Mutex<State>>);

/// Why a client gets no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// Another client has it.
    Holder,
    /// Nobody has it, which the printer does not know: there is nobody to throw out.
    Wedge,
}

#[derive(Debug, Default)]
struct State {
    holder: Option<u64>,
    wedged_until: Option<Instant>,
}

impl Place {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What stands in the way of a session of `client` now.
    pub(crate) fn obstacle_for(&self, client: u64, now: Instant) -> Option<Obstacle> {
        let state = self.lock();
        match state.holder {
            Some(holder) => (holder != client).then_some(Obstacle::Holder),
            None => state.wedged_until.is_some_and(|until| now < until).then_some(Obstacle::Wedge),
        }
    }

    /// Whoever held it has lost it.
    pub(crate) fn take(&self, client: u64) {
        self.lock().holder = Some(client);
    }

    pub(crate) fn is_held_by(&self, client: u64) -> bool {
        self.lock().holder == Some(client)
    }

    /// Gives the place back if `client` has it; after an unclean end it stays wedged for a while.
    pub(crate) fn leave(&self, client: u64, wedged_until: Option<Instant>) {
        let mut state = self.lock();
        if state.holder == Some(client) {
            state.holder = None;
            state.wedged_until = wedged_until;
        }
    }

    /// What a restart does.
    pub(crate) fn end_wedge(&self) {
        self.lock().wedged_until = None;
    }
}
