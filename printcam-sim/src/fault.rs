//! What goes wrong, when, and how it is written.
//!
//! ```text
//! fault  = name ["=" value] ["@" start] ["+" length] ["/" period]
//! start  = time | request         when it begins; without it at once, or after one period
//! length = time | time ".." time  how long it lasts (a random time between the two)
//! period = time                   begins again so long after each beginning
//! time   = number unit            unit: ms, s, m, h or d
//! request = options | describe | setup | play | pause | teardown | get-parameter
//! ```
//!
//! Times count from the fault's clock: PLAY, or the camera's start. A request as start means its
//! arrival, and the fault befalls its answer already. Where a fault has no value of its own, `=`
//! gives the length: `stall=8s@30s` is `stall@30s+8s`. Names, values and clocks: [`FaultKind`].
//!
//! | written | meaning |
//! |---|---|
//! | `stall=8s@30s` | 8 s of silence 30 s after PLAY, then all that was held back |
//! | `stall=4s..10s/30s` | 4 to 10 s of silence after 30, 60, 90 s |
//! | `loss=0.05@10s+2s/1m` | every minute, for 2 s, one packet in twenty |
//! | `vanish@describe` | DESCRIBE is not answered, nor anything else any more |
//! | `restart=20s@5m` | five minutes after its start the camera goes away for 20 s |
//!
//! All is repeatable: the same options with the same seed do the same at the same times.

mod catalogue;
mod grammar;

use std::time::Duration;

use crate::announcement::AnnouncementForm;
use crate::options::{SecondClient, WrongCode};
use crate::personality::Personality;
use crate::random::Random;

pub use grammar::FaultError;
pub(crate) use grammar::parse_time;

/// One thing that goes wrong, at its times. Its text form is described at [`FaultKind`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// When it begins first.
    pub start: Start,
    /// How long it lasts; `None` is for ever. Kinds that happen in an instant have none.
    pub length: Option<Length>,
    /// From one beginning to the next; `None` is once.
    pub period: Option<Duration>,
}

/// When a fault begins first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// So long after its clock's start.
    After(Duration),
    /// When this request arrives first on a connection.
    Request(Method),
}

/// How long something lasts: a time between the two, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// The shortest.
    pub min: Duration,
    /// The longest.
    pub max: Duration,
}

/// The requests that a fault can begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "RTSP's own names")]
pub enum Method {
    Options,
    Describe,
    Setup,
    Play,
    Pause,
    Teardown,
    GetParameter,
}

/// What a fault's times count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The start of the camera.
    Camera,
    /// A session's first PLAY, or the login to a JPEG camera.
    Play,
}

/// The kinds of faults. In the text form, a kind has the name given here first; `P` is a
/// probability from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum FaultKind {
    /// `refuse`: nobody listens (5 s unless told). Connections that stand are not touched. Camera's clock.
    Refuse,
    /// `restart`: all connections end without TEARDOWN or close_notify and nobody listens (5 s
    /// unless told). Camera's clock.
    Restart,
    /// `no-server-hello`: TCP is accepted, then nothing: no ServerHello, or no answer on a plain
    /// connection. Camera's clock.
    NoServerHello,
    /// `slow-handshake=LENGTH`: the ServerHello comes so late (1 s unless told). Camera's clock.
    SlowHandshake(Length),
    /// `second-certificate`: new connections meet the second certificate. Camera's clock.
    SecondCertificate,
    /// `announcement=FORM`: the printer makes itself known so (bare unless told), whatever its model; see
    /// [`AnnouncementForm`]. Camera's clock.
    Announcement(AnnouncementForm),
    /// `second-client=WHAT`: what a client meets while another one has a session: refuse, starve or kick (unless
    /// told). Camera's clock.
    SecondClient(SecondClient),
    /// `wedge=LENGTH`: a session that ends without TEARDOWN, of a JPEG camera without close_notify, keeps the only
    /// place taken for so long (20 minutes unless told), or until the next restart; who comes then is refused, and by a
    /// JPEG camera starved, for there is nobody to throw out. Camera's clock.
    Wedge(Length),
    /// `wrong-code=WHAT`: what a JPEG camera does about a wrong code: close, silence or denial (unless told), which is
    /// a header and 8 bytes. Camera's clock.
    WrongCode(WrongCode),
    /// `foreign-answer`: a JPEG camera answers any login by 24 bytes, as a P2S does on port 6000. Camera's clock.
    ForeignAnswer,
    /// `unauthorized`: 401 to every request but OPTIONS and TEARDOWN, each time with a new nonce,
    /// as after a rotated code; to a JPEG camera any code is wrong. Camera's clock.
    Unauthorized,
    /// `describe-unanswered`: DESCRIBE with good credentials is never answered. Camera's clock.
    DescribeUnanswered,
    /// `no-video`: the description has no `m=` section. Camera's clock.
    NoVideo,
    /// `no-sprop`: the description has no parameter sets. Camera's clock.
    NoSprop,
    /// `large-replies=BYTES`: the description has at least so many bytes (70000 unless told). Camera's clock.
    LargeReplies(u32),
    /// `one-byte-writes`: RTSP responses and the headers of JPEG pictures are written byte by byte, each in its own TLS
    /// record. Camera's clock.
    OneByteWrites,
    /// `frames-in-headers`: responses have an interleaved packet anywhere in their heads, mostly in the middle of a
    /// line. Camera's clock.
    FramesInHeaders,
    /// `refuse-star`: a request for `*` is answered 405, OPTIONS too. Camera's clock.
    RefuseStar,
    /// `refuse-udp`: a SETUP for UDP is answered 461. Camera's clock.
    RefuseUdp,
    /// `no-get-parameter`: OPTIONS does not offer GET_PARAMETER, and it is answered 405. Camera's clock.
    NoGetParameter,
    /// `get-parameter-501`: GET_PARAMETER is offered, and answered 501. Camera's clock.
    GetParameter501,
    /// `datagrams-lost`: no datagram arrives anywhere, though UDP is accepted. Camera's clock.
    DatagramsLost,
    /// `keep-alive-unanswered`: GET_PARAMETER, SET_PARAMETER and OPTIONS get no answer. PLAY's clock.
    KeepAliveUnanswered,
    /// `new-nonce`: the nonce known so far is worth nothing any more, and from then on every
    /// request but OPTIONS and TEARDOWN needs credentials. An instant of PLAY's clock.
    NewNonce,
    /// `expire`: the session is gone: BYE, then 454. An instant of PLAY's clock.
    Expire,
    /// `stall`: nothing leaves (8 s unless told), then all of it at once. PLAY's clock.
    Stall,
    /// `bursts=TIME`: all that has gathered leaves at once, so often (every 250 ms unless told). PLAY's clock.
    Bursts(Duration),
    /// `report-stall=LENGTH`: a stall (4s..9s unless told) where no receiver report came within
    /// 500 ms of a sender report. PLAY's clock.
    ReportStall(Length),
    /// `without-reports`: no receiver reports are needed; else video stops where none came for 1.8 s. PLAY's clock.
    WithoutReports,
    /// `throttle=TICKS`: only key frames while the last receiver report was all zero or told more
    /// jitter than so many timestamp units (4500 unless told). PLAY's clock.
    Throttle(u32),
    /// `freeze`: nothing is read or written, though the connection stands; pictures of that time
    /// are lost. PLAY's clock.
    Freeze,
    /// `hang`: no media, though every request is answered. PLAY's clock.
    Hang,
    /// `vanish`: the peer is gone without FIN, and its place is free. An instant of PLAY's clock.
    Vanish,
    /// `close`: the connection ends without BYE, close_notify or an answer. An instant of PLAY's clock.
    Close,
    /// `reset`: the same by RST; without sockets as `close`. An instant of PLAY's clock.
    Reset,
    /// `frozen-timestamps`: pictures keep the RTP timestamp of the one before. PLAY's clock.
    FrozenTimestamps,
    /// `timestamp-jump=TICKS`: RTP timestamps jump by so much, which may be negative (1000000000
    /// unless told). An instant of PLAY's clock.
    TimestampJump(i32),
    /// `sequence-gap=N`: so many sequence numbers are left out (100 unless told). An instant of PLAY's clock.
    SequenceGap(u16),
    /// `ssrc-change`: another SSRC, and sequence numbers from anywhere. An instant of PLAY's clock.
    SsrcChange,
    /// `no-parameter-sets`: SPS and PPS come in the description only. PLAY's clock.
    NoParameterSets,
    /// `no-marker=P`: access units end without marker. PLAY's clock.
    NoMarker(f64),
    /// `misplaced-marker=P`: an earlier packet of the access unit has the marker. PLAY's clock.
    MisplacedMarker(f64),
    /// `csrc=P`: packets list 1 to 15 contributing sources. PLAY's clock.
    Contributors(f64),
    /// `extension=P`: packets have a header extension. PLAY's clock.
    Extension(f64),
    /// `padding=P`: packets have 1 to 32 octets of padding. PLAY's clock.
    Padding(f64),
    /// `truncated-jpeg=P`: JPEG files end early, as their headers say. PLAY's clock.
    TruncatedJpeg(f64),
    /// `large-jpeg=BYTES`: JPEG files of at least so many bytes (9000000 unless told), with the same picture. PLAY's
    /// clock.
    LargeJpeg(u32),
    /// `jpeg-length=BYTES`: headers promise so long a JPEG (100000000 unless told), whatever
    /// follows. PLAY's clock.
    JpegLength(u32),
    /// `loss=P`: packets are lost, by TCP too; of a JPEG camera whole pictures. PLAY's clock.
    Loss(f64),
    /// `duplicate=P`: packets, or JPEG pictures, come twice. PLAY's clock.
    Duplicate(f64),
    /// `reorder=P,K`: packets come 1 to K (3 unless told) packets late. PLAY's clock.
    Reorder(f64, u8),
}

impl Fault {
    /// From its clock's start on; for the length that the kind has unless told, mostly for ever.
    pub fn new(kind: FaultKind) -> Fault {
        Fault { kind, start: Start::After(Duration::ZERO), length: kind.usual_length(), period: None }
    }

    /// Begins so long after its clock's start.
    pub fn after(mut self, start: Duration) -> Fault {
        self.start = Start::After(start);
        self
    }

    /// Begins when this request arrives.
    pub fn at_request(mut self, method: Method) -> Fault {
        self.start = Start::Request(method);
        self
    }

    /// Lasts so long.
    pub fn lasting(mut self, length: Duration) -> Fault {
        self.length = Some(Length { min: length, max: length });
        self
    }

    /// Begins again so long after each beginning.
    pub fn every(mut self, period: Duration) -> Fault {
        self.period = Some(period);
        self
    }

    /// All kinds: the text form with the value it has unless told, and what it means.
    pub fn catalogue() -> impl Iterator<Item = (String, &'static str)> {
        catalogue::ENTRIES.iter().map(|entry| (Fault::new(entry.kind).to_string(), entry.meaning))
    }
}

impl FaultKind {
    /// Its name in the text form.
    pub fn name(self) -> &'static str {
        catalogue::entry(self).name
    }

    /// What its times count from.
    pub fn clock(self) -> Clock {
        catalogue::entry(self).clock
    }

    /// Whether it happens in an instant, so that it has no length.
    pub fn is_instant(self) -> bool {
        catalogue::entry(self).instant
    }

    /// Whether such a camera can do it: a JPEG camera has no RTP, an RTSP camera no JPEG.
    pub fn means_something_to(self, personality: Personality) -> bool {
        match catalogue::entry(self).cameras {
            catalogue::Cameras::All => true,
            catalogue::Cameras::Rtsp => !personality.is_jpeg_camera(),
            catalogue::Cameras::Jpeg => personality.is_jpeg_camera(),
        }
    }

    /// Its place in the order in which faults act on a packet.
    pub(crate) fn rank(self) -> usize {
        let of = |entry: &catalogue::Entry| std::mem::discriminant(&entry.kind) == std::mem::discriminant(&self);
        catalogue::ENTRIES.iter().position(of).unwrap_or(usize::MAX)
    }

    fn usual_length(self) -> Option<Length> {
        let seconds = match self {
            FaultKind::Stall => 8,
            FaultKind::Refuse | FaultKind::Restart => 5,
            _ => return None,
        };
        Some(Length::from(Duration::from_secs(seconds)))
    }
}

impl From<Duration> for Length {
    fn from(length: Duration) -> Length {
        Length { min: length, max: length }
    }
}

impl Length {
    /// One of the lengths.
    pub(crate) fn pick(self, random: &mut Random) -> Duration {
        self.min + (self.max - self.min).mul_f64(random.next_fraction())
    }
}
