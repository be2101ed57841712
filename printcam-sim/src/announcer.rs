//! Sends the announcements of a running camera, and answers searches.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use crate::announcement::{Announcement, AnnouncementForm, is_search};
use crate::options::Announce;
use crate::virtual_camera::VirtualCamera;

/// The socket of a camera that announces itself.
#[derive(Debug)]
pub(crate) struct Announcer {
    socket: UdpSocket,
    announce: Announce,
    form: AnnouncementForm,
}

impl Announcer {
    /// `None` where the options want none. Needs the runtime.
    pub(crate) fn bind(camera: &VirtualCamera) -> io::Result<Option<Announcer>> {
        let Some(announce) = camera.options().announce else {
            return Ok(None);
        };
        let form = camera.announcement_form();
        Ok(Some(Announcer { socket: socket_for(form, &announce)?, announce, form }))
    }

    /// Where it listens for searches.
    pub(crate) fn searches_at(&self) -> Option<SocketAddr> {
        self.socket.local_addr().ok().filter(|_| self.form == AnnouncementForm::AnswersOnly)
    }

    /// Announces for as long as it is polled.
    pub(crate) async fn run(mut self, camera: VirtualCamera) {
        let mut buffer = [0; LARGEST_SEARCH];
        let mut due = tokio::time::interval(self.announce.every.max(SHORTEST_INTERVAL));
        loop {
            tokio::select! {
                _ = due.tick() => {
                    self.follow(camera.announcement_form());
                    if self.form != AnnouncementForm::AnswersOnly {
                        self.send(&camera, self.announce.to, |announcement| announcement.notify()).await;
                    }
                }
                received = self.socket.recv_from(&mut buffer) => match received {
                    Ok((count, from)) if self.searches_at().is_some() && is_search(&buffer[..count]) => {
                        self.send(&camera, from, |announcement| announcement.answer()).await;
                    }
                    // An ICMP error says only that nobody listens there.
                    _ => {}
                },
            }
        }
    }

    /// Takes on the form that a fault wants now, with the socket that it needs.
    fn follow(&mut self, form: AnnouncementForm) {
        if form == self.form {
            return;
        }
        match socket_for(form, &self.announce) {
            Ok(socket) => (self.socket, self.form) = (socket, form),
            Err(error) => tracing::warn!(target: "printcam_sim", ?form, %error, "cannot announce so"),
        }
    }

    async fn send(&self, camera: &VirtualCamera, to: SocketAddr, text: fn(&Announcement<'_>) -> String) {
        let options = camera.options();
        let address = match options.bind.ip() {
            ip if ip.is_unspecified() => address_towards(to).await.unwrap_or(ip),
            ip => ip,
        };
        let facts = options.personality.facts();
        let form = self.form;
        let announcement = Announcement { facts, form, serial: &options.serial, name: &self.announce.name, address };
        if let Err(error) = self.socket.send_to(text(&announcement).as_bytes(), to).await {
            tracing::warn!(target: "printcam_sim", %to, %error, "announcement not sent");
        }
    }
}

/// Where announcements of this form come from.
fn socket_for(form: AnnouncementForm, announce: &Announce) -> io::Result<UdpSocket> {
    let any = if announce.to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { IpAddr::from([0_u16; 8]) };
    // A loopback camera sends to the loopback interface only.
    let local = if announce.to.ip().is_loopback() { announce.to.ip() } else { any };
    match form {
        AnnouncementForm::AnswersOnly => bind(announce.searches_at),
        AnnouncementForm::Signal => bind((local, SSDP).into()),
        _ => bind((local, 0).into()),
    }
}

/// The address that others see when this computer sends to `to`; nothing is sent.
async fn address_towards(to: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { IpAddr::from([0_u16; 8]) };
    let socket = bind((any, 0).into()).ok()?;
    socket.connect(to).await.ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// Others on this computer may use the port too.
fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    socket.set_broadcast(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

/// Where an A1 sends from.
const SSDP: u16 = 1900;
/// A search is a few lines; what is cut is none.
const LARGEST_SEARCH: usize = 2048;
/// Printers do it every 5 to 10 s.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);
