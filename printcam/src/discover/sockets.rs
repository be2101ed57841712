//! Sockets that share their ports with other programs and hear every network of this computer.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};

use if_addrs::{IfAddr, get_if_addrs};
use printcam_proto::ssdp;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::UdpSocket;

/// One network of this computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    /// Our address in it.
    pub(super) address: Ipv4Addr,
    /// Where everybody in it listens.
    pub(super) broadcast: Option<Ipv4Addr>,
}

/// The networks to be heard: those of all interfaces, or the one of this address.
pub(super) fn networks(bind: Ipv4Addr) -> Vec<Network> {
    let interfaces = get_if_addrs().unwrap_or_else(|error| {
        tracing::info!(target: "printcam::discover", %error, "the interfaces cannot be listed");
        Vec::new()
    });
    let networks = interfaces.iter().filter_map(|interface| match &interface.addr {
        IfAddr::V4(v4) => Some(Network { address: v4.ip, broadcast: v4.broadcast }),
        IfAddr::V6(_) => None,
    });
    if bind.is_unspecified() {
        networks.filter(|network| !network.address.is_loopback()).collect()
    } else {
        networks.filter(|network| network.address == bind).collect()
    }
}

/// Bound to a port that others may be bound to as well: slicers listen on the same ones.
pub(super) fn listener(address: SocketAddrV4) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    #[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket.into())
}

/// To ask from.
pub(super) fn asking(bind: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = std::net::UdpSocket::bind((bind, 0))?;
    socket.set_broadcast(true)?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket)
}

/// Joins the group in each of the networks, where it has not been joined yet.
pub(super) fn join(socket: &UdpSocket, networks: &[Network]) {
    for network in networks {
        match SockRef::from(socket).join_multicast_v4(&ssdp::GROUP, &network.address) {
            Ok(()) => tracing::debug!(target: "printcam::discover", network = %network.address, "listening"),
            // Joined before.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            // A tunnel, say. Broadcasts may still come.
            Err(error) => {
                tracing::debug!(target: "printcam::discover", network = %network.address, %error, "no multicast");
            }
        }
    }
}

/// Sends to an address; to a group and to all of `255.255.255.255` in each of the networks.
pub(super) async fn send(socket: &UdpSocket, datagram: &[u8], to: SocketAddrV4, networks: &[Network]) {
    if to.ip().is_multicast() {
        for network in networks {
            if SockRef::from(socket).set_multicast_if_v4(&network.address).is_ok() {
                send_one(socket, datagram, to).await;
            }
        }
        return;
    }
    send_one(socket, datagram, to).await;
    if to.ip().is_broadcast() {
        // The system sends the other one into a single network.
        for broadcast in networks.iter().filter_map(|network| network.broadcast) {
            send_one(socket, datagram, SocketAddrV4::new(broadcast, to.port())).await;
        }
    }
}

/// No answer comes where it cannot be sent; asking is repeated, and announcements come unasked.
async fn send_one(socket: &UdpSocket, datagram: &[u8], to: SocketAddrV4) {
    if let Err(error) = socket.send_to(datagram, to).await {
        tracing::debug!(target: "printcam::discover", %to, %error, "not asked");
    }
}
