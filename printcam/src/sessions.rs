//! Which sessions this process holds open, so that its way out can wait for them.
//!
//! A printer serves one client and some wedge after an unclean end, so a process must not go while a session is still
//! being given back, whatever made it go: a signal, an error, a panic in a consumer.

use std::time::Duration;

use tokio::sync::watch;

static OPEN: std::sync::LazyLock<watch::Sender<usize>> = std::sync::LazyLock::new(|| watch::Sender::new(0));

/// Counts as an open session for as long as it lives.
#[derive(Debug)]
pub(crate) struct OpenSession(());

impl OpenSession {
    pub(crate) fn begin() -> Self {
        OPEN.send_modify(|open| *open += 1);
        Self(())
    }
}

impl Drop for OpenSession {
    fn drop(&mut self) {
        OPEN.send_modify(|open| *open -= 1);
    }
}

/// Waits until every session of this process is given back and closed, at most for `limit`. Returns whether all are.
///
/// Call it last, on the runtime that the streams were opened on, after their handles have been dropped.
pub async fn all_closed(limit: Duration) -> bool {
    let mut open = OPEN.subscribe();
    let closed = open.wait_for(|open| *open == 0);
    tokio::time::timeout(limit, closed).await.is_ok()
}
