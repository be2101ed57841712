//! Sends the announcements of a running camera, and answers searches.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use crate::announcement::{Announcement, AnnouncementForm, is_search};
use crate::options::Announce;
use crate::virtual_camera::VirtualCamera;

/// The sockets of a camera that announces itself.
#[derive(Debug)]
pub(crate) struct Announcer {
    announce: Announce,
    form: AnnouncementForm,
    sender: UdpSocket,
    /// Where searches are heard, of a model that only answers.
    searches: Option<UdpSocket>,
}

impl Announcer {
    /// `None` where the options want none. Needs the runtime.
    pub(crate) fn bind(camera: &VirtualCamera) -> io::Result<Option<Announcer>> {
        let options = camera.options();
        let Some(announce) = options.announce else {
            return Ok(None);
        };
        let form = camera.announcement_form();
        let (sender, searches) = sockets_for(form, &announce, options.bind.ip())?;
        Ok(Some(Announcer { announce, form, sender, searches }))
    }

    /// Where it listens for searches.
    pub(crate) fn searches_at(&self) -> Option<SocketAddr> {
        self.searches.as_ref()?.local_addr().ok()
    }

    /// Announces for as long as it is polled.
    pub(crate) async fn run(mut self, camera: VirtualCamera) {
        let mut buffer = [0; LARGEST_SEARCH];
        let mut due = tokio::time::interval(self.announce.every.max(SHORTEST_INTERVAL));
        loop {
            tokio::select! {
                _ = due.tick() => {
                    self.follow(camera.announcement_form(), camera.options().bind.ip());
                    if self.form != AnnouncementForm::AnswersOnly {
                        self.send(&camera, self.announce.to, |announcement| announcement.notify()).await;
                    }
                }
                received = searched(self.searches.as_ref(), &mut buffer) => match received {
                    Ok((count, from)) if is_search(&buffer[..count]) => {
                        self.send(&camera, from, |announcement| announcement.answer()).await;
                    }
                    // An ICMP error says only that nobody listens there.
                    _ => {}
                },
            }
        }
    }

    /// Takes on the form that a fault wants now, with the sockets that it needs.
    fn follow(&mut self, form: AnnouncementForm, camera: IpAddr) {
        if form == self.form {
            return;
        }
        match sockets_for(form, &self.announce, camera) {
            Ok((sender, searches)) => (self.sender, self.searches, self.form) = (sender, searches, form),
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
        // Answers come from where the question went.
        let socket = self.searches.as_ref().unwrap_or(&self.sender);
        if let Err(error) = socket.send_to(text(&announcement).as_bytes(), to).await {
            tracing::warn!(target: "printcam_sim", %to, %error, "announcement not sent");
        }
    }
}

/// The next datagram; never where nobody listens.
async fn searched(searches: Option<&UdpSocket>, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
    match searches {
        Some(socket) => socket.recv_from(buffer).await,
        None => std::future::pending().await,
    }
}

/// Where announcements of this form come from, and where searches are heard: from the camera's own address, so that
/// printers of one computer are told apart.
fn sockets_for(
    form: AnnouncementForm,
    announce: &Announce,
    camera: IpAddr,
) -> io::Result<(UdpSocket, Option<UdpSocket>)> {
    let to = announce.to.ip();
    let reaches = camera.is_ipv4() == to.is_ipv4() && camera.is_loopback() == to.is_loopback();
    let local = match to {
        _ if reaches => camera,
        // A loopback camera sends to the loopback interface only.
        to if to.is_loopback() => to,
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let port = if form == AnnouncementForm::Signal { SSDP } else { 0 };
    let searches = match form {
        AnnouncementForm::AnswersOnly => Some(bind(announce.searches_at)?),
        _ => None,
    };
    if let (Some(socket), IpAddr::V4(interface)) = (&searches, local) {
        // Broadcasts are heard without it, and not every interface has multicast.
        let _ = socket.join_multicast_v4(GROUP, interface);
    }
    Ok((bind((local, port).into())?, searches))
}

/// The address that others see when this computer sends to `to`; nothing is sent.
async fn address_towards(to: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
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

/// Where searches are sent besides the broadcast address.
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
/// Where an A1 sends from.
const SSDP: u16 = 1900;
/// A search is a few lines; what is cut is none.
const LARGEST_SEARCH: usize = 2048;
/// Printers do it every 5 to 10 s.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);
