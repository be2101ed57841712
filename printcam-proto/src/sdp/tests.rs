use proptest::prelude::*;

use super::*;
use crate::h264::{Depacketizer, Marker};

const X1C: &[u8] = include_bytes!("../../fixtures/x1c.sdp");
const SPROP: &str = "Z0LAH42NUCSC2TZAAAADAEAAAA8jwiEagA==,aM4xsg==";

/// A description of one video section with these attribute lines.
fn video(formats: &str, attributes: &[&str]) -> Sdp {
    let attributes: String = attributes.iter().map(|attribute| format!("a={attribute}\r\n")).collect();
    Sdp::parse(format!("v=0\r\nm=video 0 RTP/AVP {formats}\r\n{attributes}").as_bytes())
}

#[test]
fn x1c() {
    let sdp = Sdp::parse(X1C);
    assert_eq!(sdp.control.as_deref(), Some("*"));
    let [media] = &sdp.media[..] else { panic!("{sdp:?}") };
    assert_eq!((&media.kind[..], media.port, &media.protocol[..]), ("video", 0, "RTP/AVP"));
    assert_eq!((&media.payload_types[..], media.direction), (&[96][..], Direction::SendReceive));
    let track = sdp.h264_track().unwrap();
    assert_eq!((track.index, track.payload_type, track.clock_rate, track.packetization_mode), (0, 96, 90_000, 1));
    assert_eq!(track.control.as_deref(), Some("track1"));
    assert_eq!(track.profile_level_id, Some([0x42, 0xc0, 0x1f]));
    let mut depacketizer = Depacketizer::new(Marker::Trusted, &track.parameter_sets);
    assert_eq!(depacketizer.parameter_sets().map(|sets| (sets.info.width, sets.info.height)), Some((1168, 720)));
}

#[test]
fn any_line_ends_and_any_cut() {
    let text = String::from_utf8(X1C.to_vec()).unwrap();
    let whole = Sdp::parse(X1C);
    for (name, variant) in [
        ("LF", text.replace("\r\n", "\n")),
        ("CR CR LF", text.replace("\r\n", "\r\r\n")),
        ("blank lines everywhere", text.replace('\n', "\n\r\n\n")),
        ("spaces around", text.replace("\r\n", "  \r\n  ")),
        ("trailing NULs", format!("{text}\0\0\0")),
        ("NULs behind each line", text.replace("\r\n", "\0\r\n")),
        ("no last line end", text.trim_end().to_owned()),
        ("short o=", text.replace("o=- 1723111495901673 1 IN IP4 192.0.2.10", "o=-")),
        ("bad b=", text.replace("b=AS:17186", "b=:::-1")),
        ("lines of nonsense", text.replace("\r\n", "\r\n=\r\nx\r\na\r\na=\r\na=:\r\nm\r\n")),
        ("upper case", text.replace("a=rtpmap", "a=RTPMAP").replace("H264", "h264").replace("video", "VIDEO")),
    ] {
        let sdp = Sdp::parse(variant.as_bytes());
        assert_eq!(sdp.h264_track(), whole.h264_track(), "{name}");
        assert_eq!(sdp.control, whole.control, "{name}");
    }
    let latin_1 = [&b"v=0\r\ns=K\xfcche \xff\xfe\r\n"[..], X1C].concat();
    assert_eq!(Sdp::parse(&latin_1), whole);
    for (name, control, want) in [("Latin-1", &b"K\xfcche"[..], "Küche"), ("UTF-8", "Küche".as_bytes(), "Küche")] {
        let sdp = Sdp::parse(&[b"a=control:", control].concat());
        assert_eq!(sdp.control.as_deref(), Some(want), "{name}");
    }
    for len in 0..X1C.len() {
        let cut = Sdp::parse(&X1C[..len]);
        if let Ok(track) = cut.h264_track() {
            assert_eq!((track.payload_type, track.index), (96, 0), "cut to {len} bytes");
        }
    }
}

#[test]
fn the_track_among_others() {
    let sdp = Sdp::parse(
        b"v=0\na=control:rtsp://h/\na=recvonly\n\
          m=audio 0 RTP/AVP 97\na=rtpmap:97 MPEG4-GENERIC/16000/1\na=control:audio\n\
          m=video 0 RTP/AVP 98\na=rtpmap:98 H265/90000\na=control:hevc\n\
          m=video 0 RTP/AVP 26\na=control:jpeg\n\
          m=application 0 RTP/AVP 107\na=rtpmap:107 vnd.onvif.metadata/90000\n\
          m=video 49170/2 RTP/SAVP 100 96\na=rtpmap:100 rtx/90000\na=rtpmap:96 H264/90000/1\na=control:h264\na=sendonly\n\
          m=video 0 RTP/AVP 99\na=rtpmap:99 H264/90000\na=control:second\n",
    );
    let track = sdp.h264_track().unwrap();
    assert_eq!((track.index, track.payload_type, track.control.as_deref()), (4, 96, Some("h264")));
    assert_eq!(sdp.media[4].port, 49170);
    assert_eq!((sdp.media[0].direction, sdp.media[4].direction), (Direction::ReceiveOnly, Direction::SendOnly));
    assert_eq!(sdp.control.as_deref(), Some("rtsp://h/"));
}

#[test]
fn reasons_for_no_video() {
    let codecs = |codecs: &[&str]| NoVideo::OnlyOtherCodecs { codecs: codecs.iter().map(|&c| c.to_owned()).collect() };
    for (name, sdp, want) in [
        ("nothing", Sdp::parse(b""), NoVideo::NoVideoSection),
        ("audio", Sdp::parse(b"m=audio 0 RTP/AVP 96\na=rtpmap:96 H264/90000\n"), NoVideo::NoVideoSection),
        ("no formats", video("", &["rtpmap:96 H264/90000"]), NoVideo::NoVideoSection),
        ("others", video("98 26 99", &["rtpmap:98 H265/90000", "rtpmap:99 H265/90000"]), codecs(&["H265", "PT26"])),
        ("rate 0", video("96", &["rtpmap:96 H264/0"]), NoVideo::ClockRateZero),
        ("type 300", video("300", &["rtpmap:300 H264/90000"]), NoVideo::PayloadTypeOutOfRange { got: 300 }),
        ("type 128", video("128", &["rtpmap:128 H264/90000"]), NoVideo::PayloadTypeOutOfRange { got: 128 }),
        (
            "mode 2",
            video("96", &["rtpmap:96 H264/90000", "fmtp:96 packetization-mode=2"]),
            NoVideo::PacketizationMode { got: 2 },
        ),
        ("the first reason", video("96 300", &["rtpmap:96 H264/0", "rtpmap:300 H264/1"]), NoVideo::ClockRateZero),
    ] {
        assert_eq!(sdp.h264_track(), Err(want), "{name}");
    }
    let second = video("300 96", &["rtpmap:300 H264/90000", "rtpmap:96 H264/90000"]);
    assert_eq!(second.h264_track().map(|track| track.payload_type), Ok(96), "a usable one behind");
    assert_eq!(codecs(&["H265", "VP8"]).to_string(), "the camera offers video in H265, VP8 only");
}

#[test]
fn format_parameters() {
    for (fmtp, mode, profile) in [
        ("fmtp:96 packetization-mode=1;profile-level-id=641029", 1, Some([0x64, 0x10, 0x29])),
        ("fmtp:96  Packetization-Mode = 1 ; PROFILE-LEVEL-ID=42c01f;", 1, Some([0x42, 0xc0, 0x1f])),
        ("fmtp:96 packetization-mode=x;profile-level-id=12345", 0, None),
        ("fmtp:96 packetization-mode;profile-level-id=+12345", 0, None),
        ("fmtp:97 packetization-mode=1", 0, None),
        ("fmtp:96", 0, None),
        ("fmtp:", 0, None),
    ] {
        let track = video("96", &["rtpmap:96 H264", fmtp]).h264_track().unwrap();
        assert_eq!((track.packetization_mode, track.profile_level_id), (mode, profile), "{fmtp}");
        assert_eq!(track.clock_rate, 90_000, "none was announced");
    }
}

#[test]
fn parameter_sets_that_are_left_out() {
    let long = "A".repeat(100_000);
    let megabyte = "A".repeat(1 << 20);
    let many = vec!["aM4xsg=="; 1000].join(",");
    for (name, sprop, want) in [
        ("both", SPROP, &[7, 8][..]),
        ("no padding", "Z0LAH42NUCSC2TZAAAADAEAAAA8jwiEagA,aM4xsg", &[7, 8]),
        ("spaces", "Z0LAH42NUCSC2TZAAAADAEAAAA8jwiEagA== , aM4xsg==", &[7, 8]),
        ("SPS only", "Z0LAH42NUCSC2TZAAAADAEAAAA8jwiEagA==", &[7]),
        ("SEI inside", "Z0LAH42NUCSC2TZAAAADAEAAAA8jwiEagA==,BgUBqoA=,aM4xsg==", &[7, 8]),
        ("bad base64", "Z0LAH42!!!,aM4xsg==", &[8]),
        ("empty", "", &[]),
        ("commas", ",,,", &[]),
        ("100,000 characters", &long, &[]),
        ("1 MB", &megabyte, &[]),
        ("1,000 sets", &many, &[8; 32]),
    ] {
        let fmtp = format!("fmtp:96 packetization-mode=1;sprop-parameter-sets={sprop}");
        let track = video("96", &["rtpmap:96 H264/90000", &fmtp]).h264_track().unwrap();
        let kinds: Vec<u8> = track.parameter_sets.iter().map(|set| set[0] & 0x1f).collect();
        assert_eq!(kinds, want, "{name}");
        let mut depacketizer = Depacketizer::new(Marker::Trusted, &track.parameter_sets);
        assert_eq!(depacketizer.parameter_sets().is_some(), want == [7, 8], "{name}");
    }
}

#[test]
fn bounds() {
    let sections = "m=video 0 RTP/AVP 96\na=rtpmap:96 H265/90000\na=control:inside\n".repeat(32);
    let sdp =
        Sdp::parse(format!("{sections}m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:beyond\n").as_bytes());
    assert_eq!(sdp.media.len(), 32);
    assert_eq!(sdp.media[31].control.as_deref(), Some("inside"), "attributes beyond the bound belong to nobody");
    assert!(sdp.h264_track().is_err());

    assert_eq!(Sdp::parse("m=video 0 RTP/AVP 96\n".repeat(100_000).as_bytes()).media.len(), 32);
    let lines = [X1C, "a=x:y\n".repeat(1_000_000).as_bytes()].concat();
    assert_eq!(Sdp::parse(&lines), Sdp::parse(X1C));
    let late = ["a=x:y\n".repeat(30_000).as_bytes(), X1C].concat();
    assert_eq!(Sdp::parse(&late).media.len(), 0, "behind 128 KiB");

    let formats = "96 ".repeat(10_000);
    let sdp = video(&formats, &["rtpmap:96 H264/90000"; 1000]);
    assert_eq!((sdp.media[0].payload_types.len(), sdp.media[0].rtpmaps.len()), (128, 128));
    let name = "x".repeat(10_000);
    let sdp = video("96", &[&format!("rtpmap:96 {name}/90000")]);
    assert_eq!(sdp.h264_track(), Err(NoVideo::OnlyOtherCodecs { codecs: vec!["x".repeat(32)] }));
}

proptest! {
    #[test]
    fn mutants_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..30)) {
        let mut mutant = X1C.to_vec();
        for (at, byte) in changes {
            let at = at.index(mutant.len());
            mutant[at] = byte;
        }
        let _ = Sdp::parse(&mutant).h264_track();
    }
}
