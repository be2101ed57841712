//! The way to a camera and ten seconds with it, each step told as it is done.

use std::time::{Duration, Instant};

use printcam_proto::h264::Sps;
use printcam_proto::quirks::Model;
use printcam_proto::rtsp::Method;
use printcam_proto::rtsp::headers::ServerTransport;
use printcam_proto::sdp::VideoTrack;
use printcam_proto::session::Event;
use tokio::time::timeout_at;

use super::judge::Media;
use super::{Check, Diagnosis, Examination, Step, Verdict};
use crate::connect::Target;
use crate::supervisor::UDP_PATIENCE;
use crate::{Connection, Error, Options, TlsInfo, Trust, now};

/// How a walk ended.
pub(super) enum Ending {
    /// Pictures, and nothing to remark.
    Healthy,
    /// Pictures, with losses or standstills.
    Unsteady,
    /// The way has ended where no error says so.
    Ill(Diagnosis),
    /// An error has ended it.
    Failed(Error),
}

impl Examination<'_> {
    /// Walks once; `None` where the camera sends by UDP and nothing arrives.
    pub(super) async fn walk_by(&mut self, options: &Options) -> Option<Ending> {
        let began = now();
        let mut reached = None;
        let opened = Connection::open_telling(self.source, options, || reached = Some(now())).await;
        if let Some(reached) = reached {
            let target = Target::new(self.source.url.host(), self.source.url.port());
            self.check(Step::Reach, Verdict::Well, format!("{target} takes connections"), Some(reached - began));
        }
        let mut connection = match opened {
            Ok(connection) => connection,
            Err(error) => return Some(Ending::Failed(error)),
        };
        match connection.tls().cloned() {
            Some(tls) => {
                let trusted = trusted(&tls, &options.tls.trust);
                self.tell_tls(&tls, trusted, reached.map(|reached| now() - reached));
            }
            None => {
                self.check(Step::Tls, Verdict::Note, "none: anybody on the way can watch, and change everything", None)
            }
        }
        let session =
            Session { examination: &mut *self, challenged: false, accepted: false, began: now(), silent_since: None };
        let ending = session.watch(&mut connection).await;
        self.say_goodbye(connection, ending.as_ref()).await;
        ending
    }

    pub(super) fn tell_tls(&mut self, tls: &TlsInfo, trusted: (Verdict, &str), took: Option<Duration>) {
        self.check(Step::Tls, Verdict::Well, format!("{}, {}", tls.version, tls.cipher), took);
        let model = tls.subject.as_deref().and_then(Model::of_serial);
        self.model = self.model.or(model);
        let whose = match (&tls.subject, model) {
            (Some(serial), Some(model)) => {
                self.serial = Some(serial.clone());
                format!("{} {serial}", model.name)
            }
            (Some(subject), None) => format!("“{subject}”, which is not the serial number of a known model"),
            (None, _) => "nobody's name".to_owned(),
        };
        let issuer = tls.issuer.as_deref().unwrap_or("nobody");
        let (verdict, trusted) = trusted;
        self.check(Step::Identity, verdict, format!("{whose}, issued by {issuer}; {trusted}"), None);
    }

    /// Waits until the camera has let go.
    async fn say_goodbye(&mut self, mut connection: Connection, ending: Option<&Ending>) {
        let began = now();
        connection.leave();
        let mut answered = None;
        while let Ok(Some(event)) = connection.next().await {
            if let Event::Answered { method: Method::Teardown, status, .. } = event {
                answered = Some(status);
            }
        }
        // What has failed is over already, and its step says how; after UDP in vain it goes on.
        if matches!(ending, None | Some(Ending::Failed(_))) {
            return;
        }
        let took = Some(now() - began);
        match answered {
            _ if self.source.sends_jpeg() => self.check(Step::Goodbye, Verdict::Well, "the connection is closed", took),
            Some(200) => {
                self.check(Step::Goodbye, Verdict::Well, "TEARDOWN answered 200, the connection is closed", took)
            }
            Some(status) => self.check(Step::Goodbye, Verdict::Note, format!("TEARDOWN answered {status}"), took),
            None => self.check(Step::Goodbye, Verdict::Note, "TEARDOWN was not answered", took),
        }
    }
}

/// Why the peer is believed.
fn trusted(tls: &TlsInfo, trust: &Trust) -> (Verdict, &'static str) {
    match trust {
        Trust::FirstUse(_) if tls.first_seen => (Verdict::Note, "its key is seen for the first time, and kept now"),
        Trust::FirstUse(_) => (Verdict::Well, "its key is the one kept before"),
        Trust::Pin(_) => (Verdict::Well, "its key is the one pinned"),
        Trust::PrinterCa { .. } => (Verdict::Well, "issued by the authority given"),
        Trust::AcceptAny => (Verdict::Note, "and anybody would be accepted"),
    }
}

/// From the first request to the end of the video that is watched.
struct Session<'a, 'b> {
    examination: &'a mut Examination<'b>,
    /// The camera has asked for the access code.
    challenged: bool,
    /// A JPEG camera has accepted the access code.
    accepted: bool,
    /// When what is waited for began.
    began: Instant,
    /// No media since then.
    silent_since: Option<Instant>,
}

impl Session<'_, '_> {
    async fn watch(mut self, connection: &mut Connection) -> Option<Ending> {
        let (patience, media_for) = (self.examination.checkup.key_frame_within, self.examination.checkup.media_for);
        let sends_jpeg = self.examination.source.sends_jpeg();
        let (mut transport, mut first) = (None, None);
        // Pictures may come before the answer to PLAY.
        let first = loop {
            if let Some(unit) = first.take_if(|_| sends_jpeg || transport.is_some()) {
                break unit;
            }
            let udp = matches!(transport, Some(ServerTransport::Udp { .. }));
            let playing = transport.is_some();
            let heard = connection.statistics().rtp.received > 0;
            let limit = if udp && !heard { UDP_PATIENCE } else { patience };
            // Before PLAY the session has its own limits, which say more.
            let deadline = if playing || self.accepted { self.began + limit } else { now() + AN_HOUR };
            let Ok(event) = timeout_at(deadline.into(), connection.next()).await else {
                if udp && connection.statistics().rtp.received == 0 {
                    self.udp_is_silent();
                    return None;
                }
                if limit < patience {
                    continue; // the first datagram came just now
                }
                return Some(self.no_picture(connection.statistics().rtp.received));
            };
            match event {
                Ok(Some(Event::AccessUnit(unit))) if unit.key_frame && first.is_none() => first = Some(unit),
                Ok(Some(event)) => self.take(event, &mut transport),
                Ok(None) => return Some(Ending::Ill(Diagnosis::Other)),
                Err(error) => return Some(Ending::Failed(error)),
            }
        };
        let took = now() - self.began;
        if matches!(transport, Some(ServerTransport::Udp { .. })) {
            let finding = "datagrams arrive; they are not encrypted";
            self.examination.check(Step::Udp, Verdict::Note, finding, None);
        }
        if !self.examination.look_at_picture(first, Some(took)).await {
            return Some(Ending::Ill(Diagnosis::NoPicture));
        }

        let (since, before) = (now(), connection.statistics());
        let (mut pictures, mut bytes) = (0, 0);
        loop {
            // A standstill is given the time in which this model's end by themselves.
            let patience = self.silent_since.map(|since| since + self.examination.stall_patience());
            let end = patience.unwrap_or(since).max(since + media_for);
            match timeout_at(end.into(), connection.next()).await {
                Err(_) => break,
                Ok(Ok(Some(Event::AccessUnit(unit)))) => {
                    pictures += 1;
                    bytes += unit.data.len() as u64;
                }
                Ok(Ok(Some(event))) => self.take(event, &mut transport),
                Ok(Ok(None)) => return Some(Ending::Ill(Diagnosis::Other)),
                Ok(Err(error)) => return Some(Ending::Failed(error)),
            }
        }
        let after = connection.statistics();
        if !sends_jpeg {
            self.examination.judge_reports(after.receiver_reports, after.sender_reports);
        }
        let stopped = self.silent_since.is_some();
        let media = Media { pictures, bytes, stopped, ..Media::between(&before, &after, now() - since) };
        Some(self.examination.judge_media(&media))
    }

    fn take(&mut self, event: Event, transport: &mut Option<ServerTransport>) {
        match event {
            Event::Answered { method, status, took } => self.answered(method, status, took),
            Event::Described(track) => self.examination.check(Step::Sdp, Verdict::Well, described(&track), None),
            Event::UdpRefused { status } => {
                let finding = format!("UDP is refused with {status}: media goes by TCP, encrypted");
                self.examination.check(Step::Setup, Verdict::Note, finding, None);
            }
            Event::Playing { transport: by } => {
                *transport = Some(by);
                self.began = now();
            }
            Event::Accepted => {
                self.examination.check(Step::AccessCode, Verdict::Well, "accepted", Some(now() - self.began));
                (self.accepted, self.began) = (true, now());
            }
            Event::Named(name) => self.examination.model = self.examination.model.or(Model::of_code(&name)),
            // Pictures before the first key frame cannot be shown, and what happens to media is counted.
            Event::AccessUnit(_) | Event::Ended(_) => {}
            Event::Stalled { since } => self.silent_since = Some(since),
            Event::Resumed { .. } => self.silent_since = None,
        }
    }

    fn answered(&mut self, method: Method, status: u16, took: Duration) {
        let (step, verdict, finding) = match (method, status) {
            (Method::Describe, 401) if !self.challenged => {
                self.challenged = true;
                (Step::Describe, Verdict::Well, "answered 401: it asks for the access code".to_owned())
            }
            (Method::Describe, 200) => (Step::AccessCode, Verdict::Well, "accepted".to_owned()),
            (Method::Options, _) => (Step::Options, Verdict::Well, format!("answered {status}")),
            (Method::Setup, 200) => (Step::Setup, Verdict::Well, "answered 200".to_owned()),
            (Method::Play, 200) => (Step::Play, Verdict::Well, "answered 200".to_owned()),
            // What ends the session is told by its error, and keep-alives are nobody's news.
            _ => return,
        };
        self.examination.check(step, verdict, finding, Some(took));
    }

    fn udp_is_silent(self) {
        let finding = format!("the camera sends by UDP, and nothing arrives within {} s", UDP_PATIENCE.as_secs());
        self.examination.check(Step::Udp, Verdict::Note, finding, None);
    }

    fn no_picture(self, received: u64) -> Ending {
        let within = self.examination.checkup.key_frame_within.as_secs();
        let silent = received == 0 || self.silent_since.is_some();
        let (diagnosis, finding, advice) = match (self.examination.source.sends_jpeg(), silent) {
            (false, true) => (
                Diagnosis::Busy,
                format!("the camera accepted everything and sent no picture within {within} s"),
                "Close other programs that show this camera: most printers serve one at a time. If there are none, restart \
                 the printer.",
            ),
            (false, false) => (
                Diagnosis::NoPicture,
                format!("video comes, and no picture within {within} s that decoding can begin with"),
                "Try again: some printers send a whole picture only every 10 s, and one may have been lost. If none ever \
                 comes, restart the printer.",
            ),
            (true, _) => (
                Diagnosis::NoPicture,
                format!("the camera accepted the access code and sent no whole picture within {within} s"),
                "Look at the printer's Wi-Fi signal, and restart the printer.",
            ),
        };
        let (step, verdict) = (Step::KeyFrame, Verdict::Ill);
        self.examination.add(Check { step, verdict, finding, advice: Some(advice.to_owned()), took: None });
        Ending::Ill(diagnosis)
    }
}

/// Longer than any session waits for an answer.
const AN_HOUR: Duration = Duration::from_secs(3600);

/// What the camera says that it sends.
fn described(track: &VideoTrack) -> String {
    let mut text = format!("H.264, payload type {}", track.payload_type);
    if let Some([profile, constraints, level]) = track.profile_level_id {
        text += &format!(", profile-level-id {profile:02X}{constraints:02X}{level:02X}");
    }
    match track.parameter_sets.iter().find_map(|set| Sps::parse(set).ok()) {
        Some(sps) => text += &format!(", {}x{}", sps.width, sps.height),
        None => text += ", parameter sets to come with the pictures",
    }
    text
}
