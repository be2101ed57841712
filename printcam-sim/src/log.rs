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
}

/// One connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientRecord {
    /// Counts connections from 1.
    pub id: u64,
    /// The client's address.
    pub peer: SocketAddr,
    /// Whether the TLS handshake was completed (never on a plain connection).
    pub tls_established: bool,
    /// The last requests, at most 1024 of them.
    pub requests: Vec<RequestRecord>,
    /// The last receiver reports, at most 1024 of them.
    pub receiver_reports: Vec<ReceiverReport>,
    /// All receiver reports.
    pub receiver_report_count: u64,
    /// RTP packets sent, lost datagrams of [`crate::Faults::datagrams_lost`] included.
    pub rtp_packets: u64,
    /// Interleaved packets and datagrams that were no RTCP.
    pub garbage_packets: u64,
    /// Whether the session was ended by TEARDOWN.
    pub teardown: bool,
    /// Whether the session ran out of its timeout.
    pub expired: bool,
    /// How the connection ended; `None` while it is open.
    pub ending: Option<Ending>,
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

    /// Begins a record and gives its id.
    pub(crate) fn connected(&self, peer: SocketAddr) -> u64 {
        let mut log = self.lock();
        log.connections += 1;
        let id = log.connections;
        let record = ClientRecord {
            id,
            peer,
            tls_established: false,
            requests: Vec::new(),
            receiver_reports: Vec::new(),
            receiver_report_count: 0,
            rtp_packets: 0,
            garbage_packets: 0,
            teardown: false,
            expired: false,
            ending: None,
        };
        push_bounded(&mut log.clients, record, 256);
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
