//! What each client did, for tests to ask about.

use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::broadcast;

use crate::event::{Event, Happening};
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
    /// Whether a [`crate::Simulator`] has its port open now.
    pub is_listening: bool,
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
pub(crate) struct SharedLog(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    log: Mutex<Log>,
    changed: Condvar,
    /// Made by the first who listens.
    events: OnceLock<broadcast::Sender<Event>>,
}

/// One connection's part of the log.
#[derive(Clone, Debug)]
pub(crate) struct ClientLog {
    shared: SharedLog,
    pub(crate) id: u64,
    camera_started: Instant,
}

impl SharedLog {
    fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn snapshot(&self) -> Log {
        self.lock().clone()
    }

    /// What happens from now on.
    pub(crate) fn events(&self) -> broadcast::Receiver<Event> {
        self.0.events.get_or_init(|| broadcast::channel(EVENTS).0).subscribe()
    }

    pub(crate) fn set_listening(&self, is_listening: bool) {
        self.lock().is_listening = is_listening;
        self.0.changed.notify_all();
    }

    /// Nobody listened.
    pub(crate) fn refused(&self, at: Duration) {
        push_bounded(&mut self.lock().attempts, Attempt { at, refused: true }, 4096);
        self.0.changed.notify_all();
    }

    /// Begins a record.
    pub(crate) fn connected(&self, peer: SocketAddr, camera_started: Instant, now: Instant) -> ClientLog {
        let at = now.saturating_duration_since(camera_started);
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
        let client = ClientLog { shared: self.clone(), id, camera_started };
        client.note(now, Happening::Connected { peer });
        client
    }

    pub(crate) fn connections(&self) -> u64 {
        self.lock().connections
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
            let waited = self.0.changed.wait_timeout(log, left);
            log = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

impl ClientLog {
    pub(crate) fn update(&self, change: impl FnOnce(&mut ClientRecord)) {
        if let Some(record) = self.shared.lock().clients.iter_mut().find(|record| record.id == self.id) {
            change(record);
        }
        self.shared.0.changed.notify_all();
    }

    /// Puts it into the record, and tells whoever listens.
    pub(crate) fn note(&self, now: Instant, happening: Happening) {
        let at = now.saturating_duration_since(self.camera_started);
        let what = happening.clone();
        self.update(|record| match what {
            Happening::TlsEstablished => record.tls_established = true,
            Happening::Request(request) => push_bounded(&mut record.requests, request, 1024),
            Happening::Login(login) => record.login = Some(login),
            Happening::Playing => {
                record.played_at.get_or_insert(at);
            }
            Happening::Report(report) => {
                record.receiver_report_count += 1;
                push_bounded(&mut record.receiver_reports, report, 1024);
            }
            Happening::Expired => record.expired = true,
            Happening::Connected { .. } | Happening::Fault(_) | Happening::Ended(_) => {}
        });
        if let Some(events) = self.shared.0.events.get() {
            // Whoever listened may have gone.
            let _ = events.send(Event { client: self.id, at, what: happening });
        }
    }

    pub(crate) fn set_session(&self, has_session: bool) {
        self.update(|record| record.has_session = has_session);
        self.shared.lock().note_peaks();
    }

    pub(crate) fn ended(&self, now: Instant, ending: Ending) {
        let mut whole = None;
        self.update(|record| {
            record.ending = Some(ending);
            record.ended_at = Some(now.saturating_duration_since(self.camera_started));
            record.has_session = false;
            whole = Some(Box::new(record.clone()));
        });
        if let Some(record) = whole {
            self.note(now, Happening::Ended(record));
        }
    }
}

/// Simulated cameras run for days: the oldest entry goes when `limit` is reached.
fn push_bounded<T>(list: &mut Vec<T>, item: T, limit: usize) {
    if list.len() == limit {
        list.remove(0);
    }
    list.push(item);
}

/// Whoever listens may fall behind by so much.
const EVENTS: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_and_attempts() {
        let log = SharedLog::default();
        let peer = SocketAddr::from(([127, 0, 0, 1], 1));
        let start = Instant::now();
        let at = Duration::from_secs;
        let connected = |seconds| log.connected(peer, start, start + at(seconds));
        let first = connected(0);
        first.set_session(true);
        first.ended(start + at(9), Ending::Clean);
        log.refused(at(10));
        let second = connected(30);
        let third = connected(31);
        third.set_session(true);
        second.ended(start + at(32), Ending::Clean);
        connected(90);
        let log = log.snapshot();
        assert_eq!((log.connections, log.peak_connections, log.peak_sessions), (4, 2, 1));
        assert_eq!(log.open_connections(), 2);
        for (span, want) in [(0, 1), (1, 2), (21, 3), (30, 3), (31, 4), (1000, 5)] {
            assert_eq!(log.most_attempts_within(at(span)), want, "{span} s");
        }
        assert_eq!(log.attempts.iter().filter(|attempt| attempt.refused).count(), 1);
    }
}
