//! One client's connection: moves bytes between sockets and [`Session`], and decides nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, WriteHalf};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};

use crate::camera::{AccessUnit, Camera};
use crate::log::{Ending, SharedLog};
use crate::options::{Options, Udp};
use crate::place::Place;
use crate::request::{Inbound, Inbox};
use crate::session::{Output, Session, Surroundings};
use crate::tls;

/// What all connections of one camera share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) camera: Camera,
    pub(crate) place: Place,
    pub(crate) log: SharedLog,
    pub(crate) started: (Instant, SystemTime),
    /// Becomes true when the camera stops.
    pub(crate) stop: watch::Receiver<bool>,
}

/// Serves one accepted connection to its end.
pub(crate) async fn serve(tcp: TcpStream, peer: SocketAddr, options: Options, shared: Shared) {
    let client = shared.log.connected(peer);
    tracing::info!(target: "printcam_sim", client, %peer, "connected");
    let log = shared.log.clone();
    let ending = match run(tcp, client, options, shared).await {
        Ok(ending) => ending,
        Err(error) => {
            tracing::debug!(target: "printcam_sim", client, %error, "connection failed");
            Ending::Broken
        }
    };
    tracing::info!(target: "printcam_sim", client, ?ending, "connection ended");
    log.update(client, |record| record.ending = Some(ending));
}

async fn run(tcp: TcpStream, client: u64, options: Options, shared: Shared) -> io::Result<Ending> {
    tcp.set_nodelay(true)?;
    let (local, peer) = (tcp.local_addr()?.ip(), tcp.peer_addr()?.ip());
    if options.faults.no_server_hello {
        return ignore(tcp, shared.stop).await;
    }
    let sockets = match options.udp {
        Udp::Allow => MediaSockets::bind(local).await.ok(),
        Udp::Refuse => None,
    };
    let session = Session::new(Surroundings {
        place: shared.place.clone(),
        log: shared.log.clone(),
        client,
        local: local.to_canonical(),
        peer: peer.to_canonical(),
        server_ports: sockets.as_ref().map(|sockets| sockets.ports),
        started: shared.started,
        options: options.clone(),
    });
    let mut connection = Connection {
        session,
        inbox: Inbox::default(),
        camera: shared.camera,
        units: None,
        sockets,
        peer,
        datagrams_lost: options.faults.datagrams_lost,
        stop: shared.stop,
    };
    match tls::acceptor(options.encryption, options.certificate, &options.serial)? {
        None => connection.drive(tcp, options.faults.one_byte_writes).await,
        Some(acceptor) => {
            let accepted = tokio::select! {
                accepted = acceptor.accept(tcp) => accepted,
                _ = connection.stop.changed() => return Ok(Ending::ByCamera),
            };
            let Ok(tls) = accepted else {
                return Ok(Ending::HandshakeFailed);
            };
            shared.log.update(client, |record| record.tls_established = true);
            connection.drive(tls, options.faults.one_byte_writes).await
        }
    }
}

/// Reads and never answers.
async fn ignore(mut tcp: TcpStream, mut stop: watch::Receiver<bool>) -> io::Result<Ending> {
    let mut buffer = [0; 1024];
    loop {
        tokio::select! {
            read = tcp.read(&mut buffer) => if read? == 0 { return Ok(Ending::BareEof) },
            _ = stop.changed() => return Ok(Ending::ByCamera),
        }
    }
}

#[derive(Debug)]
struct Connection {
    session: Session,
    inbox: Inbox,
    camera: Camera,
    /// While the session plays.
    units: Option<broadcast::Receiver<Arc<AccessUnit>>>,
    sockets: Option<MediaSockets>,
    peer: IpAddr,
    datagrams_lost: bool,
    stop: watch::Receiver<bool>,
}

impl Connection {
    async fn drive<S>(&mut self, stream: S, one_byte_writes: bool) -> io::Result<Ending>
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (mut reader, writer) = tokio::io::split(stream);
        let (to_client, outgoing) = mpsc::channel(OUTGOING);
        let mut writing = tokio::spawn(write_all(writer, outgoing, one_byte_writes));
        let ending = self.exchange(&mut reader, &to_client).await;
        self.session.handle_end(now());
        // The writer sends what is queued, then close_notify; a client that reads nothing cannot hold it.
        drop(to_client);
        if tokio::time::timeout(Duration::from_secs(1), &mut writing).await.is_err() {
            writing.abort();
        }
        ending
    }

    async fn exchange(
        &mut self,
        reader: &mut (impl AsyncRead + Unpin),
        to_client: &mpsc::Sender<Outgoing>,
    ) -> io::Result<Ending> {
        let mut buffer = vec![0; 16 << 10];
        let mut datagram = [0; 2048];
        loop {
            if self.session.is_playing() != self.units.is_some() {
                self.units = self.session.is_playing().then(|| self.camera.watch());
            }
            let deadline = self.session.next_deadline();
            tokio::select! {
                read = reader.read(&mut buffer) => {
                    match read {
                        Ok(0) => return Ok(Ending::Clean),
                        Ok(count) => self.inbox.push(&buffer[..count]),
                        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                            return Ok(Ending::BareEof);
                        }
                        Err(error) => return Err(error),
                    }
                    if !self.handle_inbox() {
                        return Ok(Ending::ByCamera);
                    }
                }
                unit = next_unit(&mut self.units) => match unit {
                    Some(unit) => self.session.handle_access_unit(&unit, now()),
                    None => self.session.note_lost_media(),
                },
                received = next_report(&self.sockets, &mut datagram) => {
                    // An ICMP error says only that the client's port is closed.
                    if let Ok((count, from)) = received
                        && from.ip() == self.peer
                        && !self.datagrams_lost
                    {
                        self.session.handle_rtcp(&datagram[..count], now());
                    }
                }
                () = sleep_until(deadline) => self.session.handle_tick(now()),
                _ = self.stop.changed() => return Ok(Ending::ByCamera),
            }
            if !self.flush(to_client).await {
                return Ok(Ending::ByCamera);
            }
        }
    }

    /// False where the client speaks no RTSP.
    fn handle_inbox(&mut self) -> bool {
        loop {
            match self.inbox.next() {
                Ok(None) => return true,
                Ok(Some(Inbound::Request(request))) => self.session.handle_request(&request, now()),
                Ok(Some(Inbound::Interleaved { channel, payload })) => {
                    self.session.handle_interleaved(channel, &payload, now());
                }
                Err(_) => return false,
            }
        }
    }

    /// False where the session wants the connection closed.
    async fn flush(&mut self, to_client: &mpsc::Sender<Outgoing>) -> bool {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Reply(bytes) => {
                    // It fails only where the client has gone, which the reader notices.
                    let _ = to_client.send(Outgoing::Reply(bytes)).await;
                }
                Output::Media(bytes) => {
                    if to_client.try_send(Outgoing::Media(bytes)).is_err() {
                        self.session.note_lost_media();
                    }
                }
                Output::Datagram { rtcp, port, bytes } => {
                    if let Some(sockets) = self.sockets.as_ref().filter(|_| !self.datagrams_lost) {
                        let socket = if rtcp { &sockets.rtcp } else { &sockets.rtp };
                        let _ = socket.send_to(&bytes, (self.peer, port)).await;
                    }
                }
                Output::Close => return false,
            }
        }
        true
    }
}

enum Outgoing {
    Reply(Vec<u8>),
    Media(Vec<u8>),
}

/// The writing half's task; ends with the TLS connection's orderly close.
async fn write_all<S>(
    mut writer: WriteHalf<S>,
    mut outgoing: mpsc::Receiver<Outgoing>,
    one_byte_writes: bool,
) -> io::Result<()>
where
    S: AsyncWrite,
{
    while let Some(job) = outgoing.recv().await {
        let (bytes, piece) = match job {
            Outgoing::Reply(bytes) if one_byte_writes => (bytes, 1),
            Outgoing::Reply(bytes) | Outgoing::Media(bytes) => (bytes, usize::MAX),
        };
        for piece in bytes.chunks(piece) {
            writer.write_all(piece).await?;
            writer.flush().await?;
        }
    }
    writer.shutdown().await
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

async fn next_report(sockets: &Option<MediaSockets>, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
    match sockets {
        Some(sockets) => sockets.rtcp.recv_from(buffer).await,
        None => core::future::pending().await,
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => core::future::pending().await,
    }
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// RTP on an even port, RTCP on the next one.
#[derive(Debug)]
struct MediaSockets {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    ports: [u16; 2],
}

impl MediaSockets {
    async fn bind(local: IpAddr) -> io::Result<MediaSockets> {
        for _ in 0..64 {
            let rtp = UdpSocket::bind((local, 0)).await?;
            let port = rtp.local_addr()?.port();
            if port % 2 == 0
                && let Ok(rtcp) = UdpSocket::bind((local, port + 1)).await
            {
                let ports = [port, port + 1];
                return Ok(MediaSockets { rtp, rtcp, ports });
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }
}

/// About two seconds of pictures; beyond it they are left out up to a key frame.
const OUTGOING: usize = 64;
