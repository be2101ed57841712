//! The one place that a printer's camera has for clients.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Shared by all connections of one camera.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    holder: Option<u64>,
    wedged_until: Option<Instant>,
}

impl Place {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether `client` may have a session now.
    pub(crate) fn is_free_for(&self, client: u64, now: Instant) -> bool {
        let state = self.lock();
        state.holder.is_none_or(|holder| holder == client) && state.wedged_until.is_none_or(|until| until <= now)
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
}
