//! What each client did, for tests to ask about.

use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::rtcp::ReceiverReport;

/// A snapshot of what happened so far: one record per connection, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// The last connections, at most 256 of them.
    pub clients: Vec<ClientRecord>,
    /// All connections ever accepted.
    pub connections: u64,
    /// The most connections open at once. One is open until either side has closed it; of a
    /// camera that vanished, until the client closes it.
    pub peak_connections: usize,
    /// The most sessions (from SETUP or a good login on) at once.
    pub peak_sessions: usize,
    /// The last attempts to connect, at most 4096 of them.
    pub attempts: Vec<Attempt>,
}

/// One attempt to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Since the camera's start.
    pub at: Duration,
    /// Whether nobody listened. Attempts refused by the operating system are not seen, those
    /// refused by a [`crate::VirtualCamera`] are.
    pub refused: bool,
}

impl Log {
    /// The most attempts in any span of this length, both ends included.
    pub fn most_attempts_within(&self, span: Duration) -> usize {
        let until = |first: usize| {
            let late = |attempt: &&Attempt| attempt.at.saturating_sub(self.attempts[first].at) <= span;
            self.attempts[first..].iter().take_while(late).count()
        };
        (0..self.attempts.len()).map(until).max().unwrap_or(0)
    }

    /// Connections open now.
    pub fn open_connections(&self) -> usize {
        self.clients.iter().filter(|client| client.ending.is_none()).count()
    }

    fn note_peaks(&mut self) {
        self.peak_connections = self.peak_connections.max(self.open_connections());
        let sessions = self.clients.iter().filter(|client| client.has_session).count();
        self.peak_sessions = self.peak_sessions.max(sessions);
    }
}

/// One connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientRecord {
    /// Counts connections from 1.
    pub id: u64,
    /// The client's address.
    pub peer: SocketAddr,
    /// When it was accepted, since the camera's start.
    pub connected_at: Duration,
    /// When its first PLAY or its good login came.
    pub played_at: Option<Duration>,
    /// When either side closed it.
    pub ended_at: Option<Duration>,
    /// Whether it has a session now.
    pub has_session: bool,
    /// Whether the camera has vanished for it.
    pub vanished: bool,
    /// Whether the TLS handshake was completed (never on a plain connection).
    pub tls_established: bool,
    /// The last requests, at most 1024 of them.
    pub requests: Vec<RequestRecord>,
    /// What it logged in with; JPEG cameras only.
    pub login: Option<Login>,
    /// JPEG pictures sent, those that a fault lost included.
    pub jpeg_pictures: u64,
    /// The last receiver reports, at most 1024 of them.
    pub receiver_reports: Vec<ReceiverReport>,
    /// All receiver reports.
    pub receiver_report_count: u64,
    /// RTP packets sent, those that a fault lost included.
    pub rtp_packets: u64,
    /// Interleaved packets and datagrams that were no RTCP; bytes after the login of a JPEG camera's client.
    pub garbage_packets: u64,
    /// Whether the session was ended by TEARDOWN.
    pub teardown: bool,
    /// Whether the session ran out of its timeout.
    pub expired: bool,
    /// How the connection ended; `None` while it is open.
    pub ending: Option<Ending>,
}

/// What a client of a JPEG camera logged in with. The code itself is never kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// User name and code are right, and the camera took them.
    Accepted,
    /// Another user name or another code, or a fault that refuses any.
    Denied,
    /// 80 bytes that are no login.
    Malformed,
}

/// One request and its answer. Credentials are never kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// DESCRIBE, SETUP, ...
    pub method: String,
    /// The request's URI, without any user name and password.
    pub uri: String,
    /// `None` where it was missing or no number.
    pub cseq: Option<u32>,
    /// Whether there was an `Authorization` header.
    pub had_credentials: bool,
    /// Whether user or password stood in the URI, where they must not be.
    pub credentials_in_uri: bool,
    /// The status answered; `None` where a fault kept the answer back.
    pub status: Option<u16>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The client sent a TLS close_notify, or closed a plain connection.
    Clean,
    /// The client's TCP connection ended without close_notify.
    BareEof,
    /// The connection was reset, or could not be written to.
    Broken,
    /// The TLS handshake failed: the client refused the certificate, or spoke no TLS.
    HandshakeFailed,
    /// The camera closed it.
    ByCamera,
}

/// The log as the connections write it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedLog(Arc<(Mutex<Log>, Condvar)>);

impl SharedLog {
    fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn snapshot(&self) -> Log {
        self.lock().clone()
    }

    /// Nobody listened.
    pub(crate) fn refused(&self, at: Duration) {
        push_bounded(&mut self.lock().attempts, Attempt { at, refused: true }, 4096);
        self.0.1.notify_all();
    }

    /// Begins a record and gives its id.
    pub(crate) fn connected(&self, peer: SocketAddr, at: Duration) -> u64 {
        let mut log = self.lock();
        push_bounded(&mut log.attempts, Attempt { at, refused: false }, 4096);
        log.connections += 1;
        let id = log.connections;
        let record = ClientRecord {
            id,
            peer,
            connected_at: at,
            played_at: None,
            ended_at: None,
            has_session: false,
            vanished: false,
            tls_established: false,
            requests: Vec::new(),
            login: None,
            jpeg_pictures: 0,
            receiver_reports: Vec::new(),
            receiver_report_count: 0,
            rtp_packets: 0,
            garbage_packets: 0,
            teardown: false,
            expired: false,
            ending: None,
        };
        push_bounded(&mut log.clients, record, 256);
        log.note_peaks();
        drop(log);
        self.0.1.notify_all();
        id
    }

    pub(crate) fn update(&self, id: u64, change: impl FnOnce(&mut ClientRecord)) {
        if let Some(record) = self.lock().clients.iter_mut().find(|record| record.id == id) {
            change(record);
        }
        self.0.1.notify_all();
    }

    pub(crate) fn connections(&self) -> u64 {
        self.lock().connections
    }

    pub(crate) fn set_session(&self, id: u64, has_session: bool) {
        self.update(id, |record| record.has_session = has_session);
        self.lock().note_peaks();
    }

    pub(crate) fn ended(&self, id: u64, ending: Ending, at: Duration) {
        self.update(id, |record| {
            record.ending = Some(ending);
            record.ended_at = Some(at);
            record.has_session = false;
        });
    }

    /// Blocks until `condition` holds or `timeout` has passed; says whether it holds.
    pub(crate) fn wait_for(&self, timeout: Duration, condition: impl Fn(&Log) -> bool) -> bool {
        let deadline = Instant::now() + timeout;
        let mut log = self.lock();
        while !condition(&log) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.0.1.wait_timeout(log, left);
            log = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

impl ClientRecord {
    pub(crate) fn push_request(&mut self, request: RequestRecord) {
        push_bounded(&mut self.requests, request, 1024);
    }

    pub(crate) fn push_report(&mut self, report: ReceiverReport) {
        self.receiver_report_count += 1;
        push_bounded(&mut self.receiver_reports, report, 1024);
    }
}

/// Simulated cameras run for days: the oldest entry goes when `limit` is reached.
fn push_bounded<T>(list: &mut Vec<T>, item: T, limit: usize) {
    if list.len() == limit {
        list.remove(0);
    }
    list.push(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_and_attempts() {
        let log = SharedLog::default();
        let peer = SocketAddr::from(([127, 0, 0, 1], 1));
        let at = Duration::from_secs;
        let first = log.connected(peer, at(0));
        log.set_session(first, true);
        log.ended(first, Ending::Clean, at(9));
        log.refused(at(10));
        let second = log.connected(peer, at(30));
        let third = log.connected(peer, at(31));
        log.set_session(third, true);
        log.ended(second, Ending::Clean, at(32));
        log.connected(peer, at(90));
        let log = log.snapshot();
        assert_eq!((log.connections, log.peak_connections, log.peak_sessions), (4, 2, 1));
        assert_eq!(log.open_connections(), 2);
        for (span, want) in [(0, 1), (1, 2), (21, 3), (30, 3), (31, 4), (1000, 5)] {
            assert_eq!(log.most_attempts_within(at(span)), want, "{span} s");
        }
        assert_eq!(log.attempts.iter().filter(|attempt| attempt.refused).count(), 1);
    }
}
