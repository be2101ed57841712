//! The kinds by name, with what they are unless told.

use std::mem::discriminant;
use std::time::Duration;

use super::{Clock, FaultKind, Length};
use crate::announcement::AnnouncementForm;
use crate::options::{SecondClient, WrongCode};

/// One kind.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) clock: Clock,
    pub(super) instant: bool,
    pub(super) cameras: Cameras,
    /// With the value it has where none is written.
    pub(super) kind: FaultKind,
    pub(super) meaning: &'static str,
}

/// Those to which a kind means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cameras {
    All,
    Rtsp,
    Jpeg,
}

impl Entry {
    const fn rtsp(self) -> Entry {
        Entry { cameras: Cameras::Rtsp, ..self }
    }

    const fn jpeg(self) -> Entry {
        Entry { cameras: Cameras::Jpeg, ..self }
    }
}

pub(super) fn entry(kind: FaultKind) -> &'static Entry {
    let found = ENTRIES.iter().find(|entry| discriminant(&entry.kind) == discriminant(&kind));
    found.expect("every kind has an entry, as a test sees to")
}

pub(super) fn named(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name == name)
}

const fn camera(name: &'static str, kind: FaultKind, meaning: &'static str) -> Entry {
    Entry { name, clock: Clock::Camera, instant: false, cameras: Cameras::All, kind, meaning }
}

const fn play(name: &'static str, kind: FaultKind, meaning: &'static str) -> Entry {
    Entry { name, clock: Clock::Play, instant: false, cameras: Cameras::All, kind, meaning }
}

const fn instant(name: &'static str, kind: FaultKind, meaning: &'static str) -> Entry {
    Entry { name, clock: Clock::Play, instant: true, cameras: Cameras::All, kind, meaning }
}

/// In the order in which they act on a packet: numbers, then header, then delivery.
pub(super) static ENTRIES: &[Entry] = &[
    camera("refuse", FaultKind::Refuse, "nobody listens"),
    camera("restart", FaultKind::Restart, "all connections end, and nobody listens"),
    camera("no-server-hello", FaultKind::NoServerHello, "TCP is accepted, then nothing"),
    camera("slow-handshake", FaultKind::SlowHandshake(SLOW_HANDSHAKE), "the ServerHello comes so late"),
    camera("second-certificate", FaultKind::SecondCertificate, "another certificate"),
    camera("unauthorized", FaultKind::Unauthorized, "401 to everything, as after a rotated code"),
    camera(
        "announcement",
        FaultKind::Announcement(AnnouncementForm::Bare),
        "with --announce: full, older-address, signal, answers-only, lower-case, cloud, bare",
    ),
    camera(
        "second-client",
        FaultKind::SecondClient(SecondClient::KickFirst),
        "a second client: refuse, starve or kick the first",
    ),
    camera("wedge", FaultKind::Wedge(WEDGE), "an unclean end keeps the only place taken so long"),
    camera(
        "wrong-code",
        FaultKind::WrongCode(WrongCode::Denial),
        "a JPEG camera's answer to it: close, silence or denial",
    )
    .jpeg(),
    camera("foreign-answer", FaultKind::ForeignAnswer, "a JPEG camera answers by 24 bytes, as a P2S on port 6000")
        .jpeg(),
    camera("describe-unanswered", FaultKind::DescribeUnanswered, "DESCRIBE is never answered").rtsp(),
    camera("no-video", FaultKind::NoVideo, "the description holds no video").rtsp(),
    camera("no-sprop", FaultKind::NoSprop, "the description holds no parameter sets").rtsp(),
    camera("large-replies", FaultKind::LargeReplies(70_000), "a description of so many bytes").rtsp(),
    camera("one-byte-writes", FaultKind::OneByteWrites, "responses come byte by byte"),
    camera(
        "frames-in-headers",
        FaultKind::FramesInHeaders,
        "packets come anywhere in heads, mostly in the middle of lines",
    )
    .rtsp(),
    camera("refuse-star", FaultKind::RefuseStar, "405 to a request for *, OPTIONS too").rtsp(),
    camera("refuse-udp", FaultKind::RefuseUdp, "461 to a SETUP for UDP").rtsp(),
    camera("no-get-parameter", FaultKind::NoGetParameter, "GET_PARAMETER is not offered").rtsp(),
    camera("get-parameter-501", FaultKind::GetParameter501, "GET_PARAMETER is offered and not implemented").rtsp(),
    camera("datagrams-lost", FaultKind::DatagramsLost, "UDP is accepted, and no datagram arrives").rtsp(),
    play("keep-alive-unanswered", FaultKind::KeepAliveUnanswered, "GET_PARAMETER and OPTIONS get no answer").rtsp(),
    instant("new-nonce", FaultKind::NewNonce, "401 once, with another nonce").rtsp(),
    instant("expire", FaultKind::Expire, "the session is gone: 454"),
    play("stall", FaultKind::Stall, "silence, then all of it at once"),
    play("bursts", FaultKind::Bursts(Duration::from_millis(250)), "what has gathered leaves at once, so often"),
    play("report-stall", FaultKind::ReportStall(REPORT_STALL), "a stall where a sender report goes unanswered").rtsp(),
    play("without-reports", FaultKind::WithoutReports, "video goes on without receiver reports too").rtsp(),
    play("throttle", FaultKind::Throttle(4500), "key frames only after a report of zeros or of more jitter").rtsp(),
    play("freeze", FaultKind::Freeze, "nothing is read or written; the connection stands"),
    play("hang", FaultKind::Hang, "no media, though all requests are answered"),
    instant("vanish", FaultKind::Vanish, "gone without FIN"),
    instant("close", FaultKind::Close, "the connection ends without BYE or close_notify"),
    instant("reset", FaultKind::Reset, "the connection ends by RST"),
    play("frozen-timestamps", FaultKind::FrozenTimestamps, "RTP timestamps stand still").rtsp(),
    instant("timestamp-jump", FaultKind::TimestampJump(1_000_000_000), "RTP timestamps jump by so much").rtsp(),
    instant("sequence-gap", FaultKind::SequenceGap(100), "so many sequence numbers are left out").rtsp(),
    instant("ssrc-change", FaultKind::SsrcChange, "another SSRC").rtsp(),
    play("no-parameter-sets", FaultKind::NoParameterSets, "SPS and PPS in the description only").rtsp(),
    play("no-marker", FaultKind::NoMarker(1.0), "access units without marker").rtsp(),
    play("misplaced-marker", FaultKind::MisplacedMarker(1.0), "the marker on an earlier packet").rtsp(),
    play("csrc", FaultKind::Contributors(1.0), "packets with contributing sources").rtsp(),
    play("extension", FaultKind::Extension(1.0), "packets with a header extension").rtsp(),
    play("padding", FaultKind::Padding(1.0), "packets with padding").rtsp(),
    play("truncated-jpeg", FaultKind::TruncatedJpeg(1.0), "JPEG files that end early").jpeg(),
    play("large-jpeg", FaultKind::LargeJpeg(9_000_000), "JPEG files of at least so many bytes").jpeg(),
    play("jpeg-length", FaultKind::JpegLength(100_000_000), "headers that promise so long a JPEG").jpeg(),
    play("loss", FaultKind::Loss(0.01), "packets lost, by TCP too"),
    play("duplicate", FaultKind::Duplicate(0.01), "packets come twice"),
    play("reorder", FaultKind::Reorder(0.01, 3), "packets come up to so many packets late").rtsp(),
];

/// As seen of a P1S.
const SLOW_HANDSHAKE: Length = Length { min: Duration::from_secs(1), max: Duration::from_secs(1) };

/// As seen of a P1S, at the longest.
const WEDGE: Length = Length { min: Duration::from_secs(1200), max: Duration::from_secs(1200) };

/// As seen of an H2C.
const REPORT_STALL: Length = Length { min: Duration::from_secs(4), max: Duration::from_secs(9) };
