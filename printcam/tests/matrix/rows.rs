//! What goes wrong, row by row, and what may come of it: the faults of the simulator's catalogue, and conditions that
//! are no faults.

use crate::row::{Back, Condition, Group, On, Row, When};

pub(crate) const GROUPS: &[Group] = &[
    Group {
        title: "Before the first picture",
        says: "The fault is there when the stream is opened, and ends after 20 s where it is written so.",
        rows: &[
            Row {
                what: "nobody listens",
                faults: "refuse=20s",
                told: &["connectionFailed", "liveViewDisabled"],
                ..OUTAGE
            },
            Row {
                what: "live view is off, and switched on after 20 s",
                also: Condition::LiveViewOffUntil(20.0),
                on: On::Rtsp,
                told: &["liveViewDisabled"],
                ..OUTAGE
            },
            Row { what: "TCP, and nothing after it", faults: "no-server-hello=20s", told: &["cameraHung"], ..OUTAGE },
            Row { what: "a slow TLS handshake", faults: "slow-handshake=3s", ..FIRST },
            Row {
                what: "a wrong access code",
                also: Condition::WrongCode,
                back: REFUSED,
                told: &["authenticationFailed"],
                ..FIRST
            },
            Row {
                what: "the camera takes no code",
                faults: "unauthorized",
                back: REFUSED,
                told: &["authenticationFailed"],
                ..FIRST
            },
            Row {
                what: "the camera denies the code in words",
                faults: "unauthorized wrong-code=denial",
                on: On::Jpeg,
                back: Back::Never { unless_silent: false },
                told: &["authenticationFailed"],
                ..FIRST
            },
            Row {
                what: "no camera behind the port, as on a P2S",
                faults: "foreign-answer",
                on: On::Jpeg,
                back: Back::Never { unless_silent: false },
                told: &["noVideoTrack"],
                ..FIRST
            },
            Row {
                what: "another key than the pin given",
                also: Condition::WrongPin,
                back: Back::Never { unless_silent: false },
                told: &["certificateChanged"],
                ..FIRST
            },
            Row {
                what: "DESCRIBE is not answered",
                faults: "describe-unanswered+20s",
                on: On::Rtsp,
                told: &["timeout"],
                ..OUTAGE
            },
            Row {
                what: "a description without video",
                faults: "no-video+20s",
                on: On::Rtsp,
                told: &["noVideoTrack"],
                ..OUTAGE
            },
            Row { what: "no parameter sets in the description", faults: "no-sprop", on: On::Rtsp, ..FIRST },
            Row { what: "parameter sets in the description only", faults: "no-parameter-sets", on: On::Rtsp, ..FIRST },
            Row { what: "a description of 70,000 bytes", faults: "large-replies", on: On::Rtsp, ..FIRST },
            Row { what: "answers byte by byte", faults: "one-byte-writes", ..FIRST },
            Row {
                what: "packets anywhere in the heads of answers",
                faults: "frames-in-headers",
                on: On::Rtsp,
                ..FIRST
            },
            Row { what: "405 to a request for *", faults: "refuse-star", on: On::Rtsp, ..FIRST },
            Row { what: "GET_PARAMETER is not offered", faults: "no-get-parameter", on: On::Rtsp, ..FIRST },
            Row { what: "GET_PARAMETER is not implemented", faults: "get-parameter-501", on: On::Rtsp, ..FIRST },
        ],
    },
    Group {
        title: "Somebody else watches",
        says: "Another program has the camera for 20 s from the start, or asks for it after 10 s.",
        rows: &[
            Row {
                what: "the second is refused, and that is us",
                faults: "second-client=refuse",
                also: Condition::Other { from: 0.0, until: 20.0 },
                on: On::Rtsp,
                told: &["cameraBusy"],
                ..OUTAGE
            },
            Row {
                what: "the same, by closing the connection",
                faults: "second-client=refuse",
                also: Condition::Other { from: 0.0, until: 20.0 },
                on: On::Jpeg,
                back: Back::Never { unless_silent: false },
                told: &["authenticationFailed"],
                ..FIRST
            },
            Row {
                what: "the second gets no pictures, and that is us",
                faults: "second-client=starve",
                also: Condition::Other { from: 0.0, until: 20.0 },
                told: &["timeout", "authenticationFailed", "cameraBusy"],
                ..OUTAGE
            },
            Row {
                what: "the other is killed, and keeps the place until 25 s",
                faults: "second-client=starve wedge=20s",
                also: Condition::Killed { at: 5.0 },
                well_at: 25.0,
                told: &["timeout", "authenticationFailed", "cameraBusy"],
                ..OUTAGE
            },
            Row {
                what: "the other is killed, and keeps the place until a restart at 20 s",
                faults: "second-client=starve wedge=20m restart=5s@20s",
                also: Condition::Killed { at: 5.0 },
                well_at: 25.0,
                told: &["timeout", "cameraBusy", "authenticationFailed", "connectionFailed", "liveViewDisabled"],
                ..OUTAGE
            },
            Row {
                what: "the first is thrown out, and that is not us",
                faults: "second-client=kick",
                also: Condition::Other { from: 0.0, until: 20.0 },
                ..FIRST
            },
            Row {
                what: "the first is thrown out, and that is us",
                faults: "second-client=kick",
                also: Condition::Other { from: 10.0, until: 20.0 },
                ..LOST
            },
            Row {
                what: "the second is refused, and that is not us",
                faults: "second-client=refuse",
                also: Condition::Other { from: 10.0, until: 20.0 },
                ..MID
            },
            Row {
                what: "the second gets no pictures, and that is not us",
                faults: "second-client=starve",
                also: Condition::Other { from: 10.0, until: 20.0 },
                ..MID
            },
        ],
    },
    Group {
        title: "Silence",
        says: "Pictures flow for 10 s; then the connection stands and is silent.",
        rows: &[
            Row {
                what: "3 s, then all that was held back",
                faults: "stall=3s@10s",
                well_at: 13.0,
                back: HEALS,
                told: STALL,
                ..MID
            },
            Row { what: "8 s, then all that was held back", faults: "stall=8s@10s", ..SILENCE },
            Row { what: "40 s, then all that was held back", faults: "stall=40s@10s", ..SILENCE },
            Row {
                what: "frozen for 3 s",
                faults: "freeze=3s@10s",
                well_at: 13.0,
                back: HEALS,
                told: FROZEN,
                lossy: true,
                ..MID
            },
            Row { what: "frozen for 10 s", faults: "freeze=10s@10s", told: EXPIRED, deaf: true, ..SILENCE },
            Row { what: "frozen for 40 s", faults: "freeze=40s@10s", deaf: true, ..SILENCE },
            Row { what: "answers, and sends no media", faults: "hang@10s", ..SILENCE },
            Row { what: "gone without FIN", faults: "vanish@10s", deaf: true, ..SILENCE },
            Row { what: "sends every 400 ms", faults: "bursts=400ms@10s", ..MID },
            Row { what: "needs no receiver reports", faults: "without-reports@1s", on: On::Rtsp, ..MID },
            Row { what: "keep-alives are not answered", faults: "keep-alive-unanswered@10s", on: On::Rtsp, ..MID },
            Row { what: "stalls if a sender report goes unanswered", faults: "report-stall@1s", on: On::Rtsp, ..MID },
            Row { what: "throttles after reports of zeros or of jitter", faults: "throttle@1s", on: On::Rtsp, ..MID },
        ],
    },
    Group {
        title: "The connection ends",
        says: "After 10 s of pictures; times count from when the camera would serve again.",
        rows: &[
            Row { what: "without a word", faults: "close@10s", ..LOST },
            Row { what: "by RST", faults: "reset@10s", ..LOST },
            Row {
                what: "the camera forgets the session",
                faults: "expire@10s",
                told: &["stalled", "connectionFailed"],
                ..LOST
            },
            Row { what: "a restart of 1 s", faults: "restart=1s@10s", well_at: 11.0, ..LOST },
            Row {
                what: "a restart of 20 s",
                faults: "restart=20s@10s",
                well_at: 30.0,
                back: Back::NextAttempt,
                told: &["connectionFailed", "liveViewDisabled"],
                ..LOST
            },
            Row {
                what: "a restart of 5 min",
                faults: "restart=5m@10s",
                well_at: 310.0,
                back: Back::NextAttempt,
                told: &["connectionFailed", "liveViewDisabled"],
                ..LOST
            },
            Row {
                what: "then TCP, and nothing after it, for 20 s",
                faults: "close@10s no-server-hello=20s@10s",
                well_at: 30.0,
                back: Back::NextAttempt,
                told: &["connectionFailed", "cameraHung"],
                ..LOST
            },
            Row {
                what: "then DESCRIBE is not answered for 20 s",
                faults: "close@10s describe-unanswered=20s@10s",
                on: On::Rtsp,
                well_at: 30.0,
                back: Back::NextAttempt,
                told: &["connectionFailed", "timeout"],
                ..LOST
            },
            Row {
                what: "then the code is refused for 8 s",
                faults: "close@10s unauthorized=8s@10s",
                on: On::Jpeg,
                well_at: 18.0,
                back: Back::NextAttempt,
                told: &["connectionFailed", "authenticationFailed"],
                ..LOST
            },
        ],
    },
    Group {
        title: "Another printer, another code",
        says: "After 10 s of pictures.",
        rows: &[
            Row {
                what: "another access code, noticed at once",
                faults: "unauthorized@10s",
                on: On::Rtsp,
                back: REFUSED,
                told: &["authenticationFailed"],
                ..MID
            },
            Row {
                what: "another access code, and the connection ends",
                faults: "close@10s",
                also: Condition::CodeChangesAt(9.0),
                back: Back::Never { unless_silent: true },
                told: &["connectionFailed", "authenticationFailed"],
                ..MID
            },
            Row {
                what: "another key, and the connection ends",
                faults: "close@10s second-certificate@9s",
                back: Back::Never { unless_silent: false },
                told: &["connectionFailed", "certificateChanged"],
                ..MID
            },
            Row { what: "another nonce", faults: "new-nonce@10s", on: On::Rtsp, ..MID },
        ],
    },
    Group {
        title: "Odd media",
        says: "After 10 s of pictures, and for good. Where pictures are lost, the time is the longest without one: nothing is \
               shown that lacks a part, and the H2 series and the P2S's firmware 01.02 send a key frame every 10 s only.",
        rows: &[
            Row { what: "timestamps stand still", faults: "frozen-timestamps@10s", on: On::Rtsp, ..MID },
            Row { what: "timestamps jump ahead", faults: "timestamp-jump@10s", on: On::Rtsp, ..MID },
            Row { what: "timestamps jump back", faults: "timestamp-jump=-1000000000@10s", on: On::Rtsp, ..MID },
            Row { what: "no markers", faults: "no-marker@10s", on: On::Rtsp, ..MID },
            Row { what: "markers in the wrong place", faults: "misplaced-marker@10s", on: On::Rtsp, ..MID },
            Row {
                what: "100 sequence numbers are left out",
                faults: "sequence-gap@10s",
                on: On::Rtsp,
                lossy: true,
                ..MID
            },
            Row { what: "another SSRC", faults: "ssrc-change@10s", on: On::Rtsp, told: STALL, lossy: true, ..MID },
            Row { what: "contributing sources", faults: "csrc@10s", on: On::Rtsp, ..MID },
            Row { what: "header extensions", faults: "extension@10s", on: On::Rtsp, ..MID },
            Row { what: "padding", faults: "padding@10s", on: On::Rtsp, ..MID },
            Row { what: "one packet in a hundred is lost", faults: "loss=0.01@10s", on: On::Rtsp, lossy: true, ..MID },
            Row { what: "one picture in five is lost", faults: "loss=0.2@10s", on: On::Jpeg, lossy: true, ..MID },
            Row { what: "three packets or pictures in ten come twice", faults: "duplicate=0.3@10s", ..MID },
            Row {
                what: "one packet in a hundred comes late",
                faults: "reorder=0.01@10s",
                on: On::Rtsp,
                lossy: true,
                ..MID
            },
            Row {
                what: "three JPEG files in ten end early",
                faults: "truncated-jpeg=0.3@10s",
                on: On::Jpeg,
                lossy: true,
                ..MID
            },
            Row { what: "JPEG files of 9 MB", faults: "large-jpeg@10s", on: On::Jpeg, ..LOST },
            Row { what: "JPEG files of 4 MB", faults: "large-jpeg=4000000@10s", on: On::Jpeg, ..MID },
            Row {
                what: "a JPEG of 100 MB is promised",
                faults: "jpeg-length@10s",
                on: On::Jpeg,
                back: Back::AfterPicture,
                told: &["timeout"],
                ..LOST
            },
        ],
    },
];

/// Kinds of the catalogue that no row plays, and where they are tested instead.
pub(crate) const ELSEWHERE: &[(&str, &str)] = &[
    ("datagrams-lost", "needs sockets: printcam-cli/tests/interop/healing.rs, docs/measurements.md"),
    ("refuse-udp", "needs sockets: printcam-proto/tests/session/transport.rs"),
    ("announcement", "is no matter of streams: printcam-cli/tests/printers"),
];

const FIRST: Row = Row {
    what: "",
    faults: "",
    also: Condition::None,
    on: On::All,
    when: When::First,
    well_at: 0.0,
    back: Back::Always,
    told: &[],
    lossy: false,
    deaf: false,
};

/// Comes at 10 s, and pictures flow on.
const MID: Row = Row { when: When::MidStream, well_at: 10.0, ..FIRST };

/// From the start to 20 s.
const OUTAGE: Row = Row { well_at: 20.0, back: Back::NextAttempt, ..FIRST };

/// The camera is silent from 10 s on.
const SILENCE: Row = Row { back: Back::AfterSilence, told: &["stalled", "reconnecting"], ..MID };

/// The connection ends at 10 s.
const LOST: Row = Row { back: Back::Soon, told: &["connectionFailed"], ..MID };

const HEALS: Back = Back::Itself;
const REFUSED: Back = Back::Never { unless_silent: true };
const STALL: &[&str] = &["stalled"];
/// A camera whose pictures are lost sends nothing before its next key frame.
const FROZEN: &[&str] = &["stalled", "reconnecting"];
/// It has forgotten its client meanwhile, and says so.
const EXPIRED: &[&str] = &["stalled", "reconnecting", "connectionFailed"];
