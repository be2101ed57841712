//! A camera played by gst-rtsp-server (`tests/peers/gst_camera.py`) on a port of its own, gone when dropped.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::certificates::Identity;
use crate::clips::Clip;
use crate::lines::Lines;
use crate::program::url;
use crate::secrets::ACCESS_CODE;
use crate::tools::send_signal;

pub(crate) struct GstCamera {
    child: Child,
    events: Lines,
    pub(crate) port: u16,
    scheme: &'static str,
}

/// How the camera differs from one that plays a clip from its start, over plain RTSP, by TCP and UDP.
#[derive(Default)]
pub(crate) struct Options {
    /// `None`: a sound track and no video.
    pub(crate) clip: Option<&'static Clip>,
    /// `None`: plain RTSP.
    pub(crate) identity: Option<Identity>,
    pub(crate) udp: Udp,
    /// Index of the first frame every client gets.
    pub(crate) first_frame: usize,
    /// 0: any free one.
    pub(crate) port: u16,
    /// Ends the connection of a client that has sent no RTCP for so long.
    pub(crate) drop_silent: Option<Duration>,
}

#[derive(Default, PartialEq)]
pub(crate) enum Udp {
    #[default]
    Offered,
    /// A SETUP for UDP is answered 461.
    Refused,
    /// A SETUP for UDP is accepted, and every datagram gets lost.
    Lost,
}

/// One line of the camera's log, e.g. `{"t":1.31,"ev":"request","client":1,"method":"SETUP"}`.
#[derive(Clone, Debug)]
pub(crate) struct Event(String);

impl GstCamera {
    pub(crate) fn start(options: Options) -> GstCamera {
        let mut command = Command::new("/usr/bin/python3");
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/gst_camera.py"));
        command.args(["--until-stdin-closes", "--password", ACCESS_CODE, "--port", &options.port.to_string()]);
        match options.clip {
            Some(clip) => command.arg("--clip").arg(&clip.h264),
            None => command.arg("--audio-only"),
        };
        command.args(["--first-frame", &options.first_frame.to_string()]);
        if let Some(identity) = &options.identity {
            command.arg("--certificate").arg(&identity.certificate).arg("--key").arg(&identity.key);
        }
        match options.udp {
            Udp::Offered => {}
            Udp::Refused => _ = command.args(["--transport", "tcp"]),
            Udp::Lost => _ = command.args(["--transport", "lost"]),
        }
        if let Some(limit) = options.drop_silent {
            command.args(["--drop-silent", &limit.as_secs_f64().to_string()]);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("/usr/bin/python3");
        let events = Lines::follow(child.stdout.take().unwrap());
        let port = events.wait_for("camera (scripts/test installs what it needs)", START_LIMIT, |lines| {
            lines.iter().map(|line| Event(line.clone())).find(|event| event.is("ready"))?.number("port")
        });
        let scheme = if options.identity.is_some() { "rtsps" } else { "rtsp" };
        GstCamera { child, events, port: port as u16, scheme }
    }

    /// With the access code in it.
    pub(crate) fn url(&self) -> String {
        self.url_by_way_of(self.port)
    }

    /// As `url`, by way of a relay at this port.
    pub(crate) fn url_by_way_of(&self, port: u16) -> String {
        url(self.scheme, "127.0.0.1", port)
    }

    /// Stops the process where it is: its connections stand, and nothing comes of them.
    pub(crate) fn freeze(&self) {
        send_signal("STOP", self.child.id());
    }

    pub(crate) fn thaw(&self) {
        send_signal("CONT", self.child.id());
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.so_far().into_iter().map(Event).collect()
    }

    /// The methods requested so far, refused ones included.
    pub(crate) fn methods(&self) -> Vec<String> {
        self.events().iter().filter_map(|event| event.text("method").map(String::from)).collect()
    }

    /// The Transport header of every SETUP so far.
    pub(crate) fn transports(&self) -> Vec<String> {
        self.events().iter().filter_map(|event| event.text("transport").map(String::from)).collect()
    }

    pub(crate) fn wait_for_event(&self, kind: &str) {
        self.wait_for_events(kind, 1);
    }

    /// Waits until there were so many of the kind, and returns all events so far.
    pub(crate) fn wait_for_events(&self, kind: &str, count: usize) -> Vec<Event> {
        self.events.wait_for(&format!("{count} {kind}"), EVENT_LIMIT, |lines| {
            let events: Vec<Event> = lines.iter().cloned().map(Event).collect();
            (events.iter().filter(|event| event.is(kind)).count() >= count).then_some(events)
        })
    }
}

impl Drop for GstCamera {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Event {
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.text("ev") == Some(kind)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.after(name)?.strip_prefix('"')?.split('"').next()
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.after(name)?.split([',', '}']).next()?.parse().ok()
    }

    fn after(&self, name: &str) -> Option<&str> {
        self.0.split_once(&format!("\"{name}\":")).map(|(_, rest)| rest)
    }
}

/// Python and GStreamer's plugin scan take seconds on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(30);
const EVENT_LIMIT: Duration = Duration::from_secs(10);
