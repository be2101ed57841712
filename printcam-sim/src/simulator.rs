//! A running camera: its thread, its address, its log.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::camera::Camera;
use crate::connection::{Shared, serve};
use crate::digest::USER;
use crate::log::{Log, SharedLog};
use crate::options::{AccessCode, Encryption, Options};
use crate::place::Place;
use crate::tls;

/// A simulated camera on a thread of its own, so that code with and without a runtime can use it.
/// Dropping it stops it.
pub struct Simulator {
    options: Arc<Mutex<Options>>,
    addr: SocketAddr,
    log: SharedLog,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Binds and starts serving; when it returns, clients can connect.
    ///
    /// # Errors
    /// Where the serial number is none, the address cannot be bound or the thread cannot be started.
    pub fn start(options: Options) -> io::Result<Simulator> {
        // What is wrong with the options shall be known now, not at the first connection.
        tls::acceptor(options.encryption, options.certificate, &options.serial)?;
        let listener = std::net::TcpListener::bind(options.bind)?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let log = SharedLog::default();
        let (stop, stopping) = watch::channel(false);
        let options = Arc::new(Mutex::new(options));
        let (shared_options, shared_log) = (Arc::clone(&options), log.clone());
        let thread = std::thread::Builder::new().name("printcam-sim".into()).spawn(move || {
            let serving = accept(listener, shared_options, shared_log, stopping);
            if let Err(error) = runtime.block_on(serving) {
                tracing::error!(target: "printcam_sim", %error, "camera stopped");
            }
        })?;
        tracing::info!(target: "printcam_sim", %addr, "camera started");
        Ok(Simulator { options, addr, log, stop, thread: Some(thread) })
    }

    /// Where it listens, with the port that was found free.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The stream's address without credentials.
    pub fn url(&self) -> String {
        self.url_for("")
    }

    /// The stream's address with user name and access code, for clients that take nothing else.
    pub fn url_with_credentials(&self) -> String {
        self.url_for(&format!("{USER}:{}@", self.access_code().reveal()))
    }

    fn url_for(&self, credentials: &str) -> String {
        let options = self.options();
        let scheme = match options.encryption {
            Encryption::None => "rtsp",
            Encryption::Tls12 | Encryption::Tls13 => "rtsps",
        };
        let path = options.personality.facts().path;
        format!("{scheme}://{credentials}{}{path}", self.addr)
    }

    /// The code that clients must know now.
    pub fn access_code(&self) -> AccessCode {
        self.options().access_code
    }

    /// The options as they are now.
    pub fn options(&self) -> Options {
        self.options.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes options for the connections to come: a new code, another certificate, a fault.
    /// What the camera was started with (address, picture) stays.
    pub fn change(&self, change: impl FnOnce(&mut Options)) {
        change(&mut self.options.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What clients have done so far.
    pub fn log(&self) -> Log {
        self.log.snapshot()
    }

    /// Blocks until `condition` holds for the log, at most `timeout`; says whether it holds.
    pub fn wait_for(&self, timeout: Duration, condition: impl Fn(&Log) -> bool) -> bool {
        self.log.wait_for(timeout, condition)
    }

    /// Closes all connections in an orderly way and ends the thread. Stopping again does nothing.
    pub fn stop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic there was reported when it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("addr", &self.addr).finish_non_exhaustive()
    }
}

async fn accept(
    listener: std::net::TcpListener,
    options: Arc<Mutex<Options>>,
    log: SharedLog,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let current = || options.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let shared = Shared {
        camera: Camera::start(&current()),
        place: Place::default(),
        log,
        started: (tokio::time::Instant::now().into_std(), SystemTime::now()),
        stop: stop.clone(),
    };
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, peer)) => {
                    connections.spawn(serve(tcp, peer, current(), shared.clone()));
                }
                Err(error) => {
                    // Out of file descriptors, most likely; others must go first.
                    tracing::warn!(target: "printcam_sim", %error, "accept failed");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
            _ = stop.changed() => break,
        }
    }
    drop(listener);
    // Each closes by itself; none may hold up the end.
    let all_closed = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(Duration::from_secs(2), all_closed).await;
    Ok(())
}
