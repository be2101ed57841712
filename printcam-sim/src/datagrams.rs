//! The UDP sockets of one connection's media.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::UdpSocket;

/// RTP on an even port, RTCP on the next one.
#[derive(Debug)]
pub(crate) struct MediaSockets {
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
    pub(crate) ports: [u16; 2],
}

impl MediaSockets {
    pub(crate) async fn bind(local: IpAddr) -> io::Result<MediaSockets> {
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

/// The next packet on the RTCP socket; never where there is none.
pub(crate) async fn next_report(sockets: &Option<MediaSockets>, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
    match sockets {
        Some(sockets) => sockets.rtcp.recv_from(buffer).await,
        None => core::future::pending().await,
    }
}
