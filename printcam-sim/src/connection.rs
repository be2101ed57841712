//! One client's connection: moves bytes between a stream and a [`Dialogue`], and decides nothing.

mod orders;
mod writing;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::camera::AccessUnit;
use crate::datagrams::{MediaSockets, next_report};
use crate::dialogue::{Dialogue, Farewell, Output, Surroundings};
use crate::event::Happening;
use crate::fault::FaultKind;
use crate::jpeg_session::JpegSession;
use crate::log::{ClientLog, Ending};
use crate::options::{Certificate, Udp};
use crate::personality::Service;
use crate::session::Session;
use crate::tls;
use crate::virtual_camera::VirtualCamera;

use orders::{Orders, now};
use writing::Writing;

pub(crate) use orders::sleep_until;

/// What a connection is besides its bytes.
#[derive(Debug)]
pub(crate) struct Ends {
    /// The camera's address as the client sees it.
    pub(crate) local: IpAddr,
    pub(crate) peer: SocketAddr,
    /// For media by UDP.
    pub(crate) sockets: Option<MediaSockets>,
    /// The TCP connection once more, to reset it by.
    pub(crate) abort: Option<socket2::Socket>,
}

/// Serves an accepted TCP connection to its end.
pub(crate) async fn serve_tcp(tcp: TcpStream, peer: SocketAddr, camera: VirtualCamera) {
    // Either fails only where the client has gone already.
    let _ = tcp.set_nodelay(true);
    let local = tcp.local_addr().map_or(camera.options().bind.ip(), |addr| addr.ip());
    let options = camera.options();
    let sockets = match options.udp {
        Udp::Allow if !options.personality.is_jpeg_camera() => MediaSockets::bind(local).await.ok(),
        _ => None,
    };
    let abort = socket2::SockRef::from(&tcp).try_clone().ok();
    serve(tcp, Ends { local, peer, sockets, abort }, camera).await;
}

/// Serves one connection to its end.
pub(crate) async fn serve<S>(io: S, ends: Ends, camera: VirtualCamera) -> Ending
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let peer = ends.peer;
    let log = camera.shared_log().connected(peer, camera.started().0.into_std(), now());
    let client = log.id;
    tracing::info!(target: "printcam_sim", client, %peer, "connected");
    let ending = match run(io, &log, ends, &camera).await {
        Ok(ending) => ending,
        Err(error) => {
            tracing::debug!(target: "printcam_sim", client, %error, "connection failed");
            note_end(&log, Ending::Broken)
        }
    };
    tracing::info!(target: "printcam_sim", client, ?ending, "connection ended");
    ending
}

fn note_end(log: &ClientLog, ending: Ending) -> Ending {
    log.ended(now(), ending);
    ending
}

async fn run<S>(io: S, log: &ClientLog, ends: Ends, camera: &VirtualCamera) -> io::Result<Ending>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let options = camera.options();
    let mut timeline = camera.timeline(&options, log.id);
    let mut orders = Orders::new(camera, &options);
    let began = now();
    if timeline.is_active(FaultKind::NoServerHello, began) {
        let ending = ignore(io, &mut orders).await?;
        return Ok(note_end(log, ending));
    }
    let certificate = match timeline.is_active(FaultKind::SecondCertificate, began) {
        true => Certificate::Second,
        false => options.certificate,
    };
    let slowness = timeline.active(began).filter_map(|(kind, random)| match kind {
        FaultKind::SlowHandshake(length) => Some(length.pick(random)),
        _ => None,
    });
    let slowness = slowness.last().unwrap_or_default();
    let acceptor = tls::acceptor(&options, certificate)?;
    let service = &options.personality.facts().service;
    let (started, wall) = camera.started();
    let around = Surroundings {
        place: camera.place().clone(),
        log: log.clone(),
        local: ends.local.to_canonical(),
        peer: ends.peer.ip().to_canonical(),
        server_ports: ends.sockets.as_ref().map(|sockets| sockets.ports),
        started: (started.into_std(), wall),
        options,
    };
    let dialogue: Box<dyn Dialogue + Send> = match service {
        Service::Rtsp(rtsp) => Box::new(Session::new(rtsp, around, timeline)),
        Service::Jpeg(_) => Box::new(JpegSession::new(around, timeline)),
    };
    let mut connection = Connection {
        dialogue,
        camera: camera.clone(),
        log: log.clone(),
        units: None,
        writing: Writing::default(),
        ends,
        orders,
    };
    let Some(acceptor) = acceptor else {
        return connection.drive(io).await;
    };
    let accepting = async {
        tokio::time::sleep(slowness).await;
        acceptor.accept(io).await
    };
    let accepted = tokio::select! {
        biased;
        _ = connection.orders.end() => None,
        accepted = accepting => Some(accepted),
    };
    match accepted {
        None => Ok(note_end(log, Ending::ByCamera)),
        Some(Err(_)) => Ok(note_end(log, Ending::HandshakeFailed)),
        Some(Ok(tls)) => {
            log.note(now(), Happening::TlsEstablished);
            connection.drive(tls).await
        }
    }
}

/// Reads and never answers.
async fn ignore(mut io: impl AsyncRead + Unpin, orders: &mut Orders) -> io::Result<Ending> {
    let mut buffer = [0; 1024];
    loop {
        tokio::select! {
            biased;
            // What is read cannot turn the end into a reset.
            read = io.read(&mut buffer) => match read {
                Ok(0) => return Ok(Ending::Clean),
                Ok(_) => {}
                Err(error) => return ending_of(error),
            },
            _ = orders.end() => return Ok(Ending::ByCamera),
        }
    }
}

/// How a reading error ends a connection; an error that says nothing about the client is passed on.
fn ending_of(error: io::Error) -> io::Result<Ending> {
    match error.kind() {
        // What rustls says where TCP ended without close_notify.
        io::ErrorKind::UnexpectedEof => Ok(Ending::BareEof),
        _ => Err(error),
    }
}

struct Connection {
    dialogue: Box<dyn Dialogue + Send>,
    camera: VirtualCamera,
    log: ClientLog,
    /// While it plays.
    units: Option<broadcast::Receiver<Arc<AccessUnit>>>,
    writing: Writing,
    ends: Ends,
    orders: Orders,
}

impl Connection {
    async fn drive<S>(&mut self, stream: S) -> io::Result<Ending>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let exchanged = self.exchange(&mut reader, &mut writer).await;
        let ending = exchanged.as_ref().ok().map(|(ending, _)| *ending);
        self.dialogue.handle_end(ending, now());
        let (ending, farewell) = exchanged?;
        match farewell {
            Farewell::Vanish => {
                self.log.update(|record| record.vanished = true);
                let ending = self.wait_for_client_to_go(&mut reader).await;
                note_end(&self.log, ending);
                self.linger(LINGER).await;
                return Ok(ending);
            }
            Farewell::Frozen(until) => {
                note_end(&self.log, ending);
                let left = until.map(|until| Instant::from_std(until).saturating_duration_since(Instant::now()));
                self.linger(left.map_or(LINGER, |left| left.min(LINGER))).await;
                return Ok(ending);
            }
            Farewell::Orderly => {
                // What is begun and what is queued, then close_notify; a client that reads nothing cannot hold it.
                let goodbye = async {
                    while self.writing.is_pending() {
                        self.writing.step(&mut writer).await?;
                    }
                    writer.shutdown().await
                };
                let _ = tokio::time::timeout(Duration::from_secs(1), goodbye).await;
            }
            Farewell::Reset => {
                if let Some(socket) = &self.ends.abort {
                    let _ = socket.set_linger(Some(Duration::ZERO));
                }
            }
            Farewell::Bare => {}
        }
        close(reader, writer);
        self.ends.abort = None;
        Ok(note_end(&self.log, ending))
    }

    async fn exchange<S>(
        &mut self,
        reader: &mut ReadHalf<S>,
        writer: &mut WriteHalf<S>,
    ) -> io::Result<(Ending, Farewell)>
    where
        S: AsyncRead + AsyncWrite,
    {
        let mut buffer = vec![0; 16 << 10];
        let mut datagram = [0; 2048];
        loop {
            if !self.dialogue.outgoing().is_frozen(now()) && !self.dialogue.handle_received(now()) {
                return Ok((Ending::ByCamera, Farewell::Orderly));
            }
            if self.dialogue.is_playing() != self.units.is_some() {
                self.units = self.dialogue.is_playing().then(|| self.camera.camera().watch());
            }
            if let Some(farewell) = self.take_outputs().await {
                return Ok((Ending::ByCamera, farewell));
            }
            let frozen = self.dialogue.outgoing().is_frozen(now());
            let deadline = self.dialogue.next_deadline(now()).map(Instant::from_std);
            // Always in this order, so that the same seed gives the same dialogue.
            tokio::select! {
                biased;
                farewell = self.orders.end() => return Ok((Ending::ByCamera, farewell)),
                read = reader.read(&mut buffer) => {
                    let ending = match read {
                        Ok(0) => Ending::Clean,
                        Ok(count) => {
                            self.dialogue.receive(&buffer[..count]);
                            continue;
                        }
                        Err(error) => ending_of(error)?,
                    };
                    let farewell = match frozen {
                        true => Farewell::Frozen(self.dialogue.outgoing().thaws_at(now())),
                        false => Farewell::Orderly,
                    };
                    return Ok((ending, farewell));
                }
                unit = next_unit(&mut self.units) => match unit {
                    Some(unit) => self.dialogue.handle_access_unit(&unit, now()),
                    None => self.dialogue.note_lost_media(),
                },
                received = next_report(&self.ends.sockets, &mut datagram) => {
                    // An ICMP error says only that the client's port is closed.
                    if let Ok((count, from)) = received
                        && from.ip() == self.ends.peer.ip()
                        && !self.dialogue.outgoing().loses_datagrams(now())
                    {
                        self.dialogue.handle_datagram(&datagram[..count], now());
                    }
                }
                () = sleep_until(deadline) => self.dialogue.handle_tick(now()),
                written = self.writing.step(writer), if self.writing.is_pending() && !frozen => written?,
            }
        }
    }

    /// Takes what the dialogue has for the client until something is to be written.
    async fn take_outputs(&mut self) -> Option<Farewell> {
        while !self.writing.is_pending() {
            match self.dialogue.poll_output(now())? {
                Output::Reply(bytes) => self.writing.begin(bytes, self.dialogue.outgoing().writes_byte_by_byte(now())),
                Output::Media(bytes) => self.writing.begin(bytes, false),
                Output::Datagram { rtcp, port, bytes } => {
                    if let Some(sockets) = &self.ends.sockets
                        && !self.dialogue.outgoing().loses_datagrams(now())
                    {
                        let socket = if rtcp { &sockets.rtcp } else { &sockets.rtp };
                        let _ = socket.send_to(&bytes, (self.ends.peer.ip(), port)).await;
                    }
                }
                Output::Close(farewell) => return Some(farewell),
            }
        }
        self.dialogue.outgoing().farewell()
    }

    /// Reads only to see when the client closes its side.
    async fn wait_for_client_to_go(&mut self, reader: &mut (impl AsyncRead + Unpin)) -> Ending {
        // A camera that is gone answers no order either, but must not outlive its test.
        let ending = ignore(reader, &mut self.orders).await;
        ending.unwrap_or(Ending::Broken)
    }

    /// The client has gone and is not answered: its side must not see an end.
    async fn linger(&mut self, time: Duration) {
        let _ = tokio::time::timeout(time, self.orders.end()).await;
    }
}

/// Both halves are dropped, and the stream with them.
fn close<S>(reader: ReadHalf<S>, writer: WriteHalf<S>)
where
    S: Unpin,
{
    drop(reader.unsplit(writer));
}

/// `None` where pictures were missed.
async fn next_unit(units: &mut Option<broadcast::Receiver<Arc<AccessUnit>>>) -> Option<Arc<AccessUnit>> {
    match units {
        None => core::future::pending().await,
        Some(units) => match units.recv().await {
            Ok(unit) => Some(unit),
            Err(RecvError::Lagged(_)) => None,
            Err(RecvError::Closed) => core::future::pending().await,
        },
    }
}

/// After a client has closed its side of a connection to a camera that vanished or froze, what is
/// left of it is kept so long; a client that waits for an answer then has shown that it does.
const LINGER: Duration = Duration::from_secs(60);
