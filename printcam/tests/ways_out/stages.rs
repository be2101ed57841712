//! How far a session is when somebody wants out.

use std::sync::Arc;

use printcam::{Connection, Event, Transport};
use printcam_sim::{Options, Simulator};

use crate::camera::{faults_named, options, seen, source, start};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Stage {
    /// Nothing sent yet but the handshake of TLS.
    Opened,
    /// DESCRIBE is on its way, and stays so.
    Describing,
    /// SETUP is on its way, or PLAY: the camera decides.
    Described,
    /// PLAY is accepted; over UDP.
    PlayingByUdp,
    /// Pictures come.
    Watching,
    /// Pictures come, and nobody takes them.
    Unread,
    /// The camera sends nothing any more.
    Stalled,
}

pub(crate) const STAGES: [Stage; 7] = [
    Stage::Opened,
    Stage::Describing,
    Stage::Described,
    Stage::PlayingByUdp,
    Stage::Watching,
    Stage::Unread,
    Stage::Stalled,
];

impl Stage {
    pub(crate) fn camera(self) -> Arc<Simulator> {
        let faults = match self {
            Stage::Describing => "describe-unanswered",
            Stage::Stalled => "datagrams-lost",
            _ => "",
        };
        start(Options { faults: faults_named(faults), ..Options::default() })
    }

    /// A new stream that is as far.
    pub(crate) async fn reach(self, camera: &Arc<Simulator>) -> Connection {
        let mut options = options();
        options.transport = match self {
            Stage::PlayingByUdp | Stage::Stalled => Transport::Udp,
            _ => Transport::Tcp,
        };
        let mut stream = Connection::open(&source(camera), &options).await.expect("a stream");
        match self {
            Stage::Opened => {}
            Stage::Describing => {
                seen(camera, "DESCRIBE", |log| log.clients.last().is_some_and(|client| client.requests.len() == 3))
                    .await;
            }
            Stage::Described => until(&mut stream, |event| matches!(event, Event::Described(_))).await,
            Stage::PlayingByUdp | Stage::Stalled => {
                until(&mut stream, |event| matches!(event, Event::Playing { .. })).await;
            }
            Stage::Watching => until(&mut stream, |event| matches!(event, Event::AccessUnit(_))).await,
            Stage::Unread => {
                seen(camera, "pictures", |log| log.clients.last().is_some_and(|client| client.rtp_packets > 2)).await;
            }
        }
        stream
    }
}

async fn until(stream: &mut Connection, is_it: impl Fn(&Event) -> bool) {
    while !is_it(&stream.next().await.expect("no error").expect("no end")) {}
}
