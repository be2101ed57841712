//! What is known of each model. Where no trace tells, it says so.

use std::time::Duration;

use crate::announcement::AnnouncementForm;
use crate::h264::ParameterSets;
use crate::options::WrongCode;
use crate::picture::Range;
use crate::tls::Issuer;

use super::{Facts, JpegCamera, Media, Rtsp, Service};

/// Real X1C trace: SDP and parameter sets (seen in KittyCAD/machine-api).
pub(super) static X1C: Facts = Facts {
    name: "x1c",
    caption: "X1C",
    model_code: "BL-P001",
    serial: "00M00A000000000",
    issuer: Issuer::BblCa,
    service: Service::Rtsp(Rtsp { path: LIVE, media: X1C_MEDIA, gop: 30 }),
    announcement: AnnouncementForm::OlderAddress,
    live_view: true,
    habits: &[],
};

/// As traced.
const X1C_MEDIA: Media = Media {
    bandwidth: 17186,
    profile_level_id: "42C01F",
    sprop_parameter_sets: "Z0LAH42NUCSC2TZAAAADAEAAAA8jwiEagA==,aM4xsg==",
    parameter_sets: ParameterSets {
        sps: &[
            0x67, 0x42, 0xc0, 0x1f, 0x8d, 0x8d, 0x50, 0x24, 0x82, 0xd9, 0x36, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00,
            0x00, 0x0f, 0x23, 0xc2, 0x21, 0x1a, 0x80,
        ],
        pps: &[0x68, 0xce, 0x31, 0xb2],
        size: [1168, 720],
        range: Range::Full,
        chroma_qp_offset: -6,
    },
};

pub(super) static P2S: Facts = Facts {
    name: "p2s",
    caption: "P2S",
    model_code: "N7",
    serial: "22E00A000000000",
    issuer: Issuer::DeviceCaN7,
    service: Service::Rtsp(Rtsp { path: LIVE, media: P2S_MEDIA, gop: 30 }),
    announcement: AnnouncementForm::Full,
    live_view: true,
    habits: &[],
};

/// The loss is kept so small that most groups of pictures are whole; how much a P2S loses is not known.
pub(super) static P2S_0102: Facts = Facts {
    name: "p2s-0102",
    caption: "P2S",
    model_code: "N7",
    serial: "22E00A000000102",
    issuer: Issuer::DeviceCaN7,
    service: Service::Rtsp(Rtsp { path: LIVE, media: P2S_MEDIA, gop: 300 }),
    announcement: AnnouncementForm::Full,
    live_view: true,
    habits: &["frozen-timestamps", "loss=0.0002"],
};

pub(super) static H2C: Facts = Facts {
    name: "h2c",
    caption: "H2C",
    model_code: "O1C",
    serial: "31B00A000000000",
    issuer: Issuer::DeviceCaO1c,
    service: Service::Rtsp(Rtsp { path: LIVE, media: H2_MEDIA, gop: 300 }),
    announcement: AnnouncementForm::Full,
    live_view: true,
    habits: H2_HABITS,
};

pub(super) static H2D: Facts = Facts {
    name: "h2d",
    caption: "H2D",
    model_code: "O1D",
    serial: "09400A000000000",
    issuer: Issuer::DeviceCaO1d,
    service: Service::Rtsp(Rtsp { path: LIVE, media: H2_MEDIA, gop: 300 }),
    announcement: AnnouncementForm::Full,
    live_view: false,
    habits: H2_HABITS,
};

pub(super) static P1S: Facts = Facts {
    name: "p1s",
    caption: "P1S",
    model_code: "C12",
    serial: "01P00A000000000",
    issuer: Issuer::BblCa,
    service: Service::Jpeg(JpegCamera {
        size: [1280, 720],
        interval: Duration::from_secs(2),
        wrong_code: WrongCode::Close,
    }),
    announcement: AnnouncementForm::AnswersOnly,
    live_view: true,
    habits: &["slow-handshake=1s"],
};

pub(super) static A1: Facts = Facts {
    name: "a1",
    caption: "A1",
    model_code: "N2S",
    serial: "03900A000000000",
    issuer: Issuer::BblCa,
    service: Service::Jpeg(JpegCamera {
        size: [1536, 1080],
        // 0.45 pictures a second.
        interval: Duration::from_millis(2222),
        wrong_code: WrongCode::Silence,
    }),
    announcement: AnnouncementForm::Signal,
    live_view: true,
    habits: &[],
};

const LIVE: &str = "/streaming/live/1";

/// The sequence parameter set is a real P2S's. Its picture parameter set says CABAC and 8x8
/// transform (`aO48sA==`), which our encoder has not, so that one is ours.
const P2S_MEDIA: Media = Media {
    bandwidth: 1000,
    profile_level_id: "641029",
    sprop_parameter_sets: "Z2QQKawbGqB4AiflhAAAAwAEAAADAPI8IBCo,aM48gA==",
    parameter_sets: ParameterSets {
        sps: &[
            0x67, 0x64, 0x10, 0x29, 0xac, 0x1b, 0x1a, 0xa0, 0x78, 0x02, 0x27, 0xe5, 0x84, 0x00, 0x00, 0x03, 0x00, 0x04,
            0x00, 0x00, 0x03, 0x00, 0xf2, 0x3c, 0x20, 0x10, 0xa8,
        ],
        pps: &[0x68, 0xce, 0x3c, 0x80],
        size: [1920, 1080],
        range: Range::Limited,
        chroma_qp_offset: 0,
    },
};

/// No parameter sets of an H2C are published: these are the P2S's with the H2C's width.
const H2_MEDIA: Media = Media {
    bandwidth: 1000,
    profile_level_id: "641029",
    sprop_parameter_sets: "Z2QQKawbGqBpAiflhAAAAwAEAAADAPI8IBCo,aM48gA==",
    parameter_sets: ParameterSets {
        sps: &[
            0x67, 0x64, 0x10, 0x29, 0xac, 0x1b, 0x1a, 0xa0, 0x69, 0x02, 0x27, 0xe5, 0x84, 0x00, 0x00, 0x03, 0x00, 0x04,
            0x00, 0x00, 0x03, 0x00, 0xf2, 0x3c, 0x20, 0x10, 0xa8,
        ],
        pps: &[0x68, 0xce, 0x3c, 0x80],
        size: [1680, 1080],
        range: Range::Limited,
        chroma_qp_offset: 0,
    },
};

/// How often an H2C does each of them is not known, except the lengths of stalls.
const H2_HABITS: &[&str] = &[
    "frames-in-headers",
    "bursts=250ms",
    "stall=4s..10s/1m",
    "report-stall",
    "throttle",
    "no-marker=0.02",
    "misplaced-marker=0.02",
];
