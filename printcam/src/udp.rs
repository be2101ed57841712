//! The two UDP sockets of one track: RTP on an even port, RTCP on the odd one above it (RFC 3550 §11).

use std::io;
use std::net::SocketAddr;

use socket2::SockRef;
use tokio::net::UdpSocket;

/// Two neighbouring ports, bound before SETUP offers them and connected once its answer names the server's.
///
/// Media over UDP is not encrypted and not authenticated; [`UdpPair::connect`] only keeps out whoever cannot forge the
/// printer's address.
#[derive(Debug)]
pub(crate) struct UdpPair {
    /// Media, on the even port.
    pub(crate) rtp: UdpSocket,
    /// Reports, on the odd port.
    pub(crate) rtcp: UdpSocket,
}

impl UdpPair {
    /// Binds a pair on the address of `local`, the local end of the RTSP connection (its port is ignored): the same
    /// family and the same interface, so the printer can reach it and nobody on another network can.
    ///
    /// # Errors
    /// `AddrInUse` after [`MAX_BIND_TRIES`] ports without a free neighbour; else the socket's own error.
    pub(crate) fn bind(local: SocketAddr) -> io::Result<UdpPair> {
        for _ in 0..MAX_BIND_TRIES {
            // Whatever parity the system hands out is used; only the neighbour has to be lucky.
            let first = bind_one(with_port(local, 0))?;
            let port = first.local_addr()?.port();
            let second = match bind_one(with_port(local, port ^ 1)) {
                Ok(second) => second,
                Err(error) if is_taken(&error) => continue,
                Err(error) => return Err(error),
            };
            let (rtp, rtcp) = if port % 2 == 0 { (first, second) } else { (second, first) };
            return Ok(UdpPair { rtp, rtcp });
        }
        Err(io::Error::new(io::ErrorKind::AddrInUse, "no free pair of neighbouring UDP ports"))
    }

    /// The ports to offer in SETUP's `client_port`: RTP, RTCP.
    ///
    /// # Errors
    /// The socket's own error.
    pub(crate) fn ports(&self) -> io::Result<(u16, u16)> {
        Ok((self.rtp.local_addr()?.port(), self.rtcp.local_addr()?.port()))
    }

    /// Takes datagrams from `peer` only, from its ports for RTP and RTCP (SETUP's `server_port`); `peer` is the other
    /// end of the RTSP connection (its port is ignored), whatever `source=` in the answer claims.
    ///
    /// What had arrived before is thrown away: it may be anybody's, and before PLAY none of it is media.
    ///
    /// # Errors
    /// The socket's own error.
    pub(crate) async fn connect(&self, peer: SocketAddr, server_ports: (u16, u16)) -> io::Result<()> {
        for (socket, port) in [(&self.rtp, server_ports.0), (&self.rtcp, server_ports.1)] {
            socket.connect(with_port(peer, port)).await?;
            discard_queued(socket)?;
        }
        Ok(())
    }
}

fn bind_one(local: SocketAddr) -> io::Result<UdpSocket> {
    let socket = std::net::UdpSocket::bind(local)?;
    // Best effort: the system may cap it (Linux: net.core.rmem_max).
    let _ = SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER);
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket)
}

/// The kernel filters by peer from `connect` on, but what it had queued before stays queued.
///
/// Read through the system's socket and not through tokio's: a socket that has not been polled yet is not known to be
/// readable, and would look empty.
fn discard_queued(socket: &UdpSocket) -> io::Result<()> {
    let socket = SockRef::from(socket);
    for _ in 0..MAX_QUEUED_DATAGRAMS {
        match std::io::Read::read(&mut &*socket, &mut [0; 1]) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            // An ICMP error of an earlier datagram, or (Windows) a datagram larger than the buffer: gone as well.
            Err(_) => {}
        }
    }
    Ok(())
}

fn with_port(mut address: SocketAddr, port: u16) -> SocketAddr {
    address.set_port(port);
    address
}

fn is_taken(error: &io::Error) -> bool {
    // Windows answers `PermissionDenied` for a port that another socket holds exclusively, and port 0 or a privileged
    // neighbour answers it elsewhere.
    matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied)
}

/// Each try fails only if the neighbour of a random free port is taken; 32 in a row mean that the ports are used up.
const MAX_BIND_TRIES: usize = 32;

/// Two megabytes: a printer that falls behind sends up to 10 s of a 1-2 Mbit/s picture in one burst, and a datagram
/// lost in the socket costs the picture until the next key frame, up to 10 s later.
const RECEIVE_BUFFER: usize = 2 << 20;

/// More than the receive buffer can hold (a queued datagram takes at least some hundred bytes of it); bounds a flood.
const MAX_QUEUED_DATAGRAMS: usize = 1 << 15;

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket as StdUdpSocket;

    fn loopback() -> SocketAddr {
        "127.0.0.1:9".parse().unwrap()
    }

    #[tokio::test]
    async fn rtp_is_even_and_rtcp_the_odd_port_above() {
        let pairs: Vec<UdpPair> = (0..50).map(|_| UdpPair::bind(loopback()).unwrap()).collect();
        for pair in &pairs {
            let (rtp, rtcp) = pair.ports().unwrap();
            assert_eq!((rtp % 2, rtcp), (0, rtp + 1));
            assert!(pair.rtp.local_addr().unwrap().ip().is_loopback());
        }
    }

    #[tokio::test]
    async fn only_the_peer_is_heard_not_even_what_others_sent_before() {
        let pair = UdpPair::bind(loopback()).unwrap();
        let (rtp, rtcp) = pair.ports().unwrap();
        let server_rtp = StdUdpSocket::bind("127.0.0.1:0").unwrap();
        let server_rtcp = StdUdpSocket::bind("127.0.0.1:0").unwrap();
        let stranger = StdUdpSocket::bind("127.0.0.1:0").unwrap();
        let ports = (server_rtp.local_addr().unwrap().port(), server_rtcp.local_addr().unwrap().port());

        stranger.send_to(b"early forgery", ("127.0.0.1", rtp)).unwrap();
        stranger.send_to(b"early forgery", ("127.0.0.1", rtcp)).unwrap();
        pair.connect(loopback(), ports).await.unwrap();
        stranger.send_to(b"late forgery", ("127.0.0.1", rtp)).unwrap();
        stranger.send_to(b"late forgery", ("127.0.0.1", rtcp)).unwrap();
        server_rtp.send_to(b"media", ("127.0.0.1", rtp)).unwrap();
        server_rtcp.send_to(b"report", ("127.0.0.1", rtcp)).unwrap();

        let mut buffer = [0; 64];
        for (socket, want) in [(&pair.rtp, &b"media"[..]), (&pair.rtcp, b"report")] {
            let n = socket.recv(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..n], want);
        }
    }

    #[tokio::test]
    async fn the_receive_buffer_is_larger_than_the_systems_own() {
        let plain = StdUdpSocket::bind("127.0.0.1:0").unwrap();
        let pair = UdpPair::bind(loopback()).unwrap();
        let size = |socket: SockRef<'_>| socket.recv_buffer_size().unwrap();
        assert!(size(SockRef::from(&pair.rtp)) >= size(SockRef::from(&plain)));
    }

    #[tokio::test]
    async fn ipv6_where_the_connection_is_ipv6() {
        // Machines without IPv6 exist; nothing to test there.
        let Ok(pair) = UdpPair::bind("[::1]:322".parse().unwrap()) else { return };
        assert!(pair.rtp.local_addr().unwrap().is_ipv6());
        assert!(pair.rtcp.local_addr().unwrap().is_ipv6());
    }
}
