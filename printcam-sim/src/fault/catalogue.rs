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
    /// With the value it has where none is written.
    pub(super) kind: FaultKind,
    pub(super) meaning: &'static str,
}

pub(super) fn entry(kind: FaultKind) -> &'static Entry {
    let found = ENTRIES.iter().find(|entry| discriminant(&entry.kind) == discriminant(&kind));
    found.expect("every kind has an entry, as a test sees to")
}

pub(super) fn named(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name == name)
}

const fn camera(name: &'static str, kind: FaultKind, meaning: &'static str) -> Entry {
    Entry { name, clock: Clock::Camera, instant: false, kind, meaning }
}

const fn play(name: &'static str, kind: FaultKind, meaning: &'static str) -> Entry {
    Entry { name, clock: Clock::Play, instant: false, kind, meaning }
}

const fn instant(name: &'static str, kind: FaultKind, meaning: &'static str) -> Entry {
    Entry { name, clock: Clock::Play, instant: true, kind, meaning }
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
    ),
    camera("foreign-answer", FaultKind::ForeignAnswer, "a JPEG camera answers by 24 bytes, as a P2S on port 6000"),
    camera("describe-unanswered", FaultKind::DescribeUnanswered, "DESCRIBE is never answered"),
    camera("no-video", FaultKind::NoVideo, "the description holds no video"),
    camera("no-sprop", FaultKind::NoSprop, "the description holds no parameter sets"),
    camera("large-replies", FaultKind::LargeReplies(70_000), "a description of so many bytes"),
    camera("one-byte-writes", FaultKind::OneByteWrites, "responses come byte by byte"),
    camera("frames-in-headers", FaultKind::FramesInHeaders, "packets come in the middle of header lines"),
    camera("refuse-star", FaultKind::RefuseStar, "405 to a request for *, OPTIONS too"),
    camera("refuse-udp", FaultKind::RefuseUdp, "461 to a SETUP for UDP"),
    camera("no-get-parameter", FaultKind::NoGetParameter, "GET_PARAMETER is not offered"),
    camera("get-parameter-501", FaultKind::GetParameter501, "GET_PARAMETER is offered and not implemented"),
    camera("datagrams-lost", FaultKind::DatagramsLost, "UDP is accepted, and no datagram arrives"),
    play("keep-alive-unanswered", FaultKind::KeepAliveUnanswered, "GET_PARAMETER and OPTIONS get no answer"),
    instant("new-nonce", FaultKind::NewNonce, "401 once, with another nonce"),
    instant("expire", FaultKind::Expire, "the session is gone: 454"),
    play("stall", FaultKind::Stall, "silence, then all of it at once"),
    play("bursts", FaultKind::Bursts(Duration::from_millis(250)), "what has gathered leaves at once, so often"),
    play("report-stall", FaultKind::ReportStall(REPORT_STALL), "a stall where a sender report goes unanswered"),
    play("without-reports", FaultKind::WithoutReports, "video goes on without receiver reports too"),
    play("throttle", FaultKind::Throttle(4500), "key frames only after a report of zeros or of more jitter"),
    play("freeze", FaultKind::Freeze, "nothing is read or written; the connection stands"),
    play("hang", FaultKind::Hang, "no media, though all requests are answered"),
    instant("vanish", FaultKind::Vanish, "gone without FIN"),
    instant("close", FaultKind::Close, "the connection ends without BYE or close_notify"),
    instant("reset", FaultKind::Reset, "the connection ends by RST"),
    play("frozen-timestamps", FaultKind::FrozenTimestamps, "RTP timestamps stand still"),
    instant("timestamp-jump", FaultKind::TimestampJump(1_000_000_000), "RTP timestamps jump by so much"),
    instant("sequence-gap", FaultKind::SequenceGap(100), "so many sequence numbers are left out"),
    instant("ssrc-change", FaultKind::SsrcChange, "another SSRC"),
    play("no-parameter-sets", FaultKind::NoParameterSets, "SPS and PPS in the description only"),
    play("no-marker", FaultKind::NoMarker(1.0), "access units without marker"),
    play("misplaced-marker", FaultKind::MisplacedMarker(1.0), "the marker on an earlier packet"),
    play("csrc", FaultKind::Contributors(1.0), "packets with contributing sources"),
    play("extension", FaultKind::Extension(1.0), "packets with a header extension"),
    play("padding", FaultKind::Padding(1.0), "packets with padding"),
    play("truncated-jpeg", FaultKind::TruncatedJpeg(1.0), "JPEG files that end early"),
    play("large-jpeg", FaultKind::LargeJpeg(9_000_000), "JPEG files of at least so many bytes"),
    play("jpeg-length", FaultKind::JpegLength(100_000_000), "headers that promise so long a JPEG"),
    play("loss", FaultKind::Loss(0.01), "packets lost, by TCP too"),
    play("duplicate", FaultKind::Duplicate(0.01), "packets come twice"),
    play("reorder", FaultKind::Reorder(0.01, 3), "packets come up to so many packets late"),
];

/// As seen of a P1S.
const SLOW_HANDSHAKE: Length = Length { min: Duration::from_secs(1), max: Duration::from_secs(1) };

/// As seen of a P1S, at the longest.
const WEDGE: Length = Length { min: Duration::from_secs(1200), max: Duration::from_secs(1200) };

/// As seen of an H2C.
const REPORT_STALL: Length = Length { min: Duration::from_secs(4), max: Duration::from_secs(9) };
