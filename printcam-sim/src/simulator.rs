//! A running camera: its thread, its address, its log.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::broadcast;

use crate::announcer::Announcer;
use crate::connection::serve_tcp;
use crate::event::Event;
use crate::log::Log;
use crate::options::{AccessCode, Options};
use crate::pictures::Pictures;
use crate::virtual_camera::VirtualCamera;

/// A simulated camera on a thread of its own, so that code with and without a runtime can use it.
/// Dropping it stops it.
pub struct Simulator {
    camera: VirtualCamera,
    addr: SocketAddr,
    searches_at: Option<SocketAddr>,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Binds and starts serving; when it returns, clients can connect (where the live view is on).
    ///
    /// # Errors
    /// Where the serial number is none, the address cannot be bound or the thread cannot be started.
    pub fn start(options: Options) -> io::Result<Simulator> {
        let listener = std::net::TcpListener::bind(options.bind)?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let begun = {
            let _entered = runtime.enter();
            VirtualCamera::start(options).and_then(|camera| Ok((Announcer::bind(&camera)?, camera)))
        };
        let (announcer, camera) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                // Merely dropped, it would panic where the caller has a runtime too.
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let searches_at = announcer.as_ref().and_then(Announcer::searches_at);
        let served = camera.clone();
        // With the live view off not even the first client gets through.
        let listener = camera.is_listening().then_some(listener);
        let thread = std::thread::Builder::new().name("printcam-sim".into()).spawn(move || {
            if let Some(announcer) = announcer {
                runtime.spawn(announcer.run(served.clone()));
            }
            if let Err(error) = runtime.block_on(accept(listener, addr, served)) {
                tracing::error!(target: "printcam_sim", %error, "camera stopped");
            }
        })?;
        tracing::info!(target: "printcam_sim", %addr, "camera started");
        Ok(Simulator { camera, addr, searches_at, thread: Some(thread) })
    }

    /// Where it listens, with the port that was found free.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where it listens for searches, with the port that was found free; `None` where the model does not, or was not
    /// told to announce itself.
    pub fn searches_at(&self) -> Option<SocketAddr> {
        self.searches_at
    }

    /// The stream's address without credentials; `jpegs://address:port` of a JPEG camera.
    pub fn url(&self) -> String {
        self.camera.url_at(self.addr, false)
    }

    /// The stream's address with user name and access code, for clients that take nothing else.
    pub fn url_with_credentials(&self) -> String {
        self.camera.url_at(self.addr, true)
    }

    /// The code that clients must know now.
    pub fn access_code(&self) -> AccessCode {
        self.camera.access_code()
    }

    /// The options as they are now.
    pub fn options(&self) -> Options {
        self.camera.options()
    }

    /// Changes options for the connections to come: a new code, another certificate, a fault.
    /// What the camera was started with (address, picture) stays.
    pub fn change(&self, change: impl FnOnce(&mut Options)) {
        self.camera.change(change);
    }

    /// What clients have done so far.
    pub fn log(&self) -> Log {
        self.camera.log()
    }

    /// What clients do from now on; whoever falls behind by a thousand misses some.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.camera.events()
    }

    /// Which pictures were sent.
    pub fn pictures(&self) -> Pictures {
        self.camera.pictures()
    }

    /// Blocks until `condition` holds for the log, at most `timeout`; says whether it holds.
    pub fn wait_for(&self, timeout: Duration, condition: impl Fn(&Log) -> bool) -> bool {
        self.camera.shared_log().wait_for(timeout, condition)
    }

    /// The printer's switch for its camera: without it nobody listens. Connections that stand are not touched.
    pub fn set_live_view(&self, on: bool) {
        self.camera.set_live_view(on);
    }

    /// Nobody listens for so long; connections that stand are not touched.
    pub fn stop_listening_for(&self, time: Duration) {
        self.camera.stop_listening_for(time);
    }

    /// All connections end without a word, and nobody listens for so long: the printer restarts.
    pub fn restart(&self, time: Duration) {
        self.camera.restart(time);
    }

    /// Closes all connections in an orderly way and ends the thread. Stopping again does nothing.
    pub fn stop(&mut self) {
        self.camera.stop();
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

async fn accept(listener: Option<std::net::TcpListener>, addr: SocketAddr, camera: VirtualCamera) -> io::Result<()> {
    let mut listener = listener.map(TcpListener::from_std).transpose()?;
    let mut control = camera.control();
    let mut connections = tokio::task::JoinSet::new();
    while !control.borrow_and_update().stopped {
        let mut change = camera.next_listening_change();
        match (camera.is_listening(), &listener) {
            // What nobody had accepted yet is reset by the operating system.
            (false, Some(_)) => listener = None,
            (true, None) => match TcpListener::bind(addr).await {
                Ok(bound) => listener = Some(bound),
                Err(error) => {
                    tracing::warn!(target: "printcam_sim", %error, "cannot listen again yet");
                    let again = tokio::time::Instant::now() + AGAIN;
                    change = Some(change.map_or(again, |change| change.min(again)));
                }
            },
            _ => {}
        }
        camera.shared_log().set_listening(listener.is_some());
        tokio::select! {
            biased;
            _ = control.changed() => {}
            accepted = next_client(&listener) => match accepted {
                Ok((tcp, peer)) => {
                    connections.spawn(serve_tcp(tcp, peer, camera.clone()));
                }
                Err(error) => {
                    // Out of file descriptors, most likely; others must go first.
                    tracing::warn!(target: "printcam_sim", %error, "accept failed");
                    tokio::time::sleep(AGAIN).await;
                }
            },
            () = crate::connection::sleep_until(change) => {}
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    camera.shared_log().set_listening(false);
    // Each closes by itself; none may hold up the end.
    let all_closed = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(Duration::from_secs(2), all_closed).await;
    Ok(())
}

async fn next_client(listener: &Option<TcpListener>) -> io::Result<(tokio::net::TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => core::future::pending().await,
    }
}

/// Between two tries of what the operating system did not let happen.
const AGAIN: Duration = Duration::from_millis(100);
