use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

/// X1C, KittyCAD/machine-api trace.
const X1C: &str = "Z0LAH42NUCSC2TZAAAADAEAAAA8jwiEagA==";
/// P2S, from its SDP.
const P2S: &str = "Z2QQKawbGqB4AiflhAAAAwAEAAADAPI8IBCo";

fn nal_unit(base64: &str) -> Vec<u8> {
    STANDARD.decode(base64).unwrap()
}

/// Writes sequence parameter sets bit by bit.
#[derive(Default, Clone)]
struct Writer {
    bits: Vec<bool>,
}

impl Writer {
    fn u(mut self, count: u32, value: u32) -> Self {
        self.bits.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
        self
    }

    fn ue(self, value: u32) -> Self {
        let code = u64::from(value) + 1;
        let len = code.ilog2();
        let mut writer = self.u(len, 0);
        writer.bits.extend((0..=len).rev().map(|bit| code >> bit & 1 == 1));
        writer
    }

    fn se(self, value: i32) -> Self {
        self.ue(if value > 0 { value.unsigned_abs() * 2 - 1 } else { value.unsigned_abs() * 2 })
    }

    fn when(self, condition: bool, write: impl FnOnce(Self) -> Self) -> Self {
        if condition { write(self) } else { self }
    }

    /// The NAL unit, with emulation prevention.
    fn nal_unit(&self) -> Vec<u8> {
        let mut nal_unit = vec![0x67];
        let mut zeros = 0;
        for chunk in self.bits.chunks(8) {
            let byte = chunk.iter().enumerate().fold(0, |byte, (at, &bit)| byte | u8::from(bit) << (7 - at));
            if zeros >= 2 && byte <= 3 {
                nal_unit.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            nal_unit.push(byte);
        }
        nal_unit
    }

    fn parse(&self) -> Result<Sps, SpsError> {
        Sps::parse(&self.nal_unit())
    }
}

/// Constrained Baseline, level 3.1, id 0, `pic_order_cnt_type` 2, one reference: up to the picture's size.
fn baseline() -> Writer {
    Writer::default().u(8, 66).u(8, 0xc0).u(8, 31).ue(0).ue(0).ue(2).ue(1).u(1, 0)
}

/// High profile with this `chroma_format_idc`, up to the scaling matrix.
fn high(chroma_format_idc: u32) -> Writer {
    let writer = Writer::default().u(8, 100).u(8, 0).u(8, 41).ue(0).ue(chroma_format_idc);
    writer.when(chroma_format_idc == 3, |w| w.u(1, 0)).ue(0).ue(0).u(1, 0)
}

/// What follows the scaling matrix, up to the picture's size.
fn simple_order(writer: Writer) -> Writer {
    writer.ue(0).ue(2).ue(1).u(1, 0)
}

/// The picture's size in macroblocks, progressive, `direct_8x8_inference_flag`.
fn size(writer: Writer, width: u32, height: u32) -> Writer {
    writer.ue(width - 1).ue(height - 1).u(1, 1).u(1, 1)
}

/// 1280x720, not cropped, up to `vui_parameters_present_flag`.
fn plain_720p() -> Writer {
    size(baseline(), 80, 45).u(1, 0)
}

#[test]
fn x1c() {
    assert_eq!(
        Sps::parse(&nal_unit(X1C)).unwrap(),
        Sps {
            id: 0,
            profile_idc: 66,
            constraint_flags: 0xc0,
            level_idc: 31,
            chroma_format_idc: 1,
            bit_depth_luma: 8,
            bit_depth_chroma: 8,
            width: 1168,
            height: 720,
            crop_left: 0,
            crop_top: 0,
            coded_width: 1168,
            coded_height: 720,
            frame_mbs_only: true,
            sample_aspect_ratio: None,
            full_range: true,
            matrix: None,
            frame_rate: Some(FrameRate { numerator: 60, denominator: 2 }),
            reference_frames: 1,
            max_num_reorder_frames: Some(0),
        }
    );
}

#[test]
fn p2s() {
    let sps = Sps::parse(&nal_unit(P2S)).unwrap();
    assert_eq!(sps.profile_level_id(), [0x64, 0x10, 0x29]);
    assert_eq!((sps.width, sps.height, sps.coded_width, sps.coded_height), (1920, 1080, 1920, 1088));
    assert_eq!(
        (sps.full_range, sps.matrix, sps.reference_frames, sps.max_num_reorder_frames),
        (false, None, 1, Some(0))
    );
    assert_eq!(sps.frame_rate.map(FrameRate::per_second), Some(30.0));
}

#[test]
fn sizes_and_cropping() {
    // chroma_format_idc, crop [left, right, top, bottom] -> width, height, left, top of a 1280x720 picture.
    for (chroma, crop, want) in [
        (0, [1, 2, 3, 4], (1277, 713, 1, 3)),
        (1, [1, 2, 3, 4], (1274, 706, 2, 6)),
        (2, [1, 2, 3, 4], (1274, 713, 2, 3)),
        (3, [1, 2, 3, 4], (1277, 713, 1, 3)),
        (1, [0, 0, 0, 0], (1280, 720, 0, 0)),
        (1, [0, 639, 0, 359], (2, 2, 0, 0)),
    ] {
        let mut writer = size(simple_order(high(chroma).u(1, 0)), 80, 45).u(1, 1);
        for offset in crop {
            writer = writer.ue(offset);
        }
        let sps = writer.u(1, 0).parse().unwrap();
        assert_eq!((sps.width, sps.height, sps.crop_left, sps.crop_top), want, "4:{chroma} cropped {crop:?}");
        assert_eq!((sps.coded_width, sps.coded_height), (1280, 720));
    }
}

#[test]
fn interlaced_pictures_count_field_rows_twice() {
    // 34 map units of fields: 1088 rows; mb_adaptive_frame_field_flag; cropped by 2 units of 4 rows.
    let writer = baseline().ue(119).ue(33).u(1, 0).u(1, 1).u(1, 1).u(1, 1).ue(0).ue(0).ue(0).ue(2).u(1, 0);
    let sps = writer.parse().unwrap();
    assert_eq!((sps.width, sps.height, sps.coded_height, sps.frame_mbs_only), (1920, 1080, 1088, false));
}

#[test]
fn separate_colour_planes_crop_by_single_samples() {
    let writer = Writer::default().u(8, 244).u(8, 0).u(8, 41).ue(0).ue(3).u(1, 1).ue(6).ue(2).u(1, 0).u(1, 0);
    let sps = size(simple_order(writer), 80, 45).u(1, 1).ue(0).ue(1).ue(0).ue(1).u(1, 0).parse().unwrap();
    assert_eq!((sps.width, sps.height, sps.bit_depth_luma, sps.bit_depth_chroma), (1279, 719, 14, 10));
}

#[test]
fn scaling_lists_and_picture_order_counts() {
    let flat_list = |w: Writer, size: usize| (0..size).fold(w.u(1, 1), |w, _| w.se(0));
    // One delta of -8 makes next_scale 0: the list ends there.
    let default_list = |w: Writer| w.u(1, 1).se(-8);
    let lists = |w: Writer, count: usize| {
        (0..count).fold(w.u(1, 1), |w, at| match at {
            0 => flat_list(w, 16),
            1 => default_list(w),
            6 => flat_list(w, 64),
            7 => (0..64).fold(w.u(1, 1), |w, at| w.se(if at % 2 == 0 { 100 } else { -100 })),
            _ => w.u(1, 0),
        })
    };
    for (name, writer) in [
        ("4:2:0, eight lists", simple_order(lists(high(1), 8))),
        ("4:4:4, twelve lists", simple_order(lists(high(3), 12))),
        ("order by frame number", high(1).u(1, 0).ue(0).ue(2).ue(1).u(1, 0)),
        ("order by lsb", high(1).u(1, 0).ue(12).ue(0).ue(12).ue(16).u(1, 0)),
        (
            "order by cycle",
            (0..255).fold(high(1).u(1, 0).ue(0).ue(1).u(1, 0).se(-7).se(7).ue(255), |w, at| w.se(at)).ue(1).u(1, 0),
        ),
    ] {
        let sps = size(writer, 120, 68).u(1, 0).u(1, 0).parse().unwrap();
        assert_eq!((sps.width, sps.height), (1920, 1088), "{name}");
    }
}

#[test]
fn refusals() {
    let out_of_range = |field, got, max| SpsError::OutOfRange { field, got, min: 0, max };
    for (name, nal_unit, want) in [
        ("nothing", vec![], SpsError::NotAnSps { got: None }),
        ("PPS", vec![0x68, 0xce], SpsError::NotAnSps { got: Some(8) }),
        ("header only", vec![0x67], SpsError::Truncated { got: 1 }),
        (
            "5,000 bytes",
            [plain_720p().nal_unit(), vec![0; 5000]].concat(),
            SpsError::TooLong { got: 5009, limit: 4096 },
        ),
        ("id", Writer::default().u(24, 0x42c01f).ue(32).nal_unit(), out_of_range("seq_parameter_set_id", 32, 31)),
        ("32 zeros", Writer::default().u(24, 0x42c01f).u(32, 0).u(8, 255).nal_unit(), SpsError::ExpGolombTooLong),
        ("chroma", high(4).nal_unit(), out_of_range("chroma_format_idc", 4, 3)),
        (
            "depth",
            Writer::default().u(24, 0x640029).ue(0).ue(1).ue(7).nal_unit(),
            out_of_range("bit_depth_luma_minus8", 7, 6),
        ),
        (
            "scale",
            high(1).u(1, 1).u(1, 1).se(128).u(8, 0).nal_unit(),
            SpsError::OutOfRange { field: "delta_scale", got: 128, min: -128, max: 127 },
        ),
        (
            "frame number",
            Writer::default().u(24, 0x42c01f).ue(0).ue(13).nal_unit(),
            out_of_range("log2_max_frame_num_minus4", 13, 12),
        ),
        (
            "order type",
            Writer::default().u(24, 0x42c01f).ue(0).ue(0).ue(3).nal_unit(),
            out_of_range("pic_order_cnt_type", 3, 2),
        ),
        (
            "order cycle",
            Writer::default().u(24, 0x42c01f).ue(0).ue(0).ue(1).u(1, 0).se(0).se(0).ue(256).nal_unit(),
            out_of_range("num_ref_frames_in_pic_order_cnt_cycle", 256, 255),
        ),
        (
            "references",
            Writer::default().u(24, 0x42c01f).ue(0).ue(0).ue(2).ue(17).nal_unit(),
            out_of_range("max_num_ref_frames", 17, 16),
        ),
        (
            "16384x16384",
            size(baseline(), 1024, 1024).u(2, 0).nal_unit(),
            SpsError::TooLarge { width: 16384, height: 16384 },
        ),
        ("4112 wide", size(baseline(), 257, 1).u(2, 0).nal_unit(), SpsError::TooLarge { width: 4112, height: 16 }),
        ("2320 high", size(baseline(), 1, 145).u(2, 0).nal_unit(), SpsError::TooLarge { width: 16, height: 2320 }),
        (
            "largest width",
            baseline().ue(u32::MAX - 1).ue(u32::MAX - 1).u(1, 0).u(8, 0).nal_unit(),
            SpsError::TooLarge { width: 16 * (u64::from(u32::MAX)), height: 32 * u64::from(u32::MAX) },
        ),
        (
            "all columns cropped",
            size(baseline(), 80, 45).u(1, 1).ue(320).ue(320).ue(0).ue(0).u(1, 0).nal_unit(),
            SpsError::CroppedAway { horizontal: 1280, vertical: 0, width: 1280, height: 720 },
        ),
        (
            "crop of 2^32",
            size(baseline(), 80, 45).u(1, 1).ue(0).ue(0).ue(u32::MAX - 1).ue(u32::MAX - 1).u(1, 0).nal_unit(),
            SpsError::CroppedAway { horizontal: 0, vertical: 4 * u64::from(u32::MAX - 1), width: 1280, height: 720 },
        ),
    ] {
        assert_eq!(Sps::parse(&nal_unit), Err(want), "{name}");
    }
    assert_eq!(size(baseline(), 256, 144).u(2, 0).parse().map(|sps| (sps.width, sps.height)), Ok((4096, 2304)));
}

#[test]
fn video_usability_information() {
    let vui = || plain_720p().u(1, 1);
    let nothing = plain_720p().u(1, 0).parse().unwrap();
    let hrd = |w: Writer| w.ue(1).u(8, 0x12).ue(5).ue(6).u(1, 0).ue(7).ue(8).u(1, 1).u(20, 0xabcde);

    // No aspect, no overscan, no signal, no chroma location, no timing; both HRDs; low delay, pic_struct, restriction.
    let sps = hrd(hrd(vui().u(5, 0).u(1, 1)).u(1, 1)).u(2, 3).u(1, 1).u(1, 1).ue(0).ue(0).ue(10).ue(10).ue(1).ue(2);
    assert_eq!(sps.parse().unwrap(), Sps { max_num_reorder_frames: Some(1), ..nothing.clone() });

    // Aspect 4:3, overscan, full range with BT.709, chroma location, 29.97 frames a second, nothing more.
    let sps = vui().u(1, 1).u(8, 14).u(2, 3).u(1, 1).u(3, 5).u(1, 1).u(1, 1).u(8, 1).u(8, 1).u(8, 1);
    let sps = sps.u(1, 1).ue(0).ue(0).u(1, 1).u(32, 1001).u(32, 60_000).u(1, 1).u(4, 0).parse().unwrap();
    assert_eq!((sps.sample_aspect_ratio, sps.full_range, sps.matrix), (Some((4, 3)), true, Some(ColorMatrix::Bt709)));
    assert!((sps.frame_rate.unwrap().per_second() - 29.97).abs() < 0.001);
    assert_eq!(sps.max_num_reorder_frames, None);

    for (aspect, want) in [
        (vui().u(1, 1).u(8, 255).u(16, 300).u(16, 200), Some((300, 200))),
        (vui().u(1, 1).u(8, 255).u(16, 300).u(16, 0), None),
        (vui().u(1, 1).u(8, 0), None),
        (vui().u(1, 1).u(8, 1), Some((1, 1))),
        (vui().u(1, 1).u(8, 17), None),
    ] {
        assert_eq!(aspect.u(8, 0).u(8, 0).parse().unwrap().sample_aspect_ratio, want);
    }
    for (coefficients, want) in [
        (0, None),
        (1, Some(ColorMatrix::Bt709)),
        (2, None),
        (4, None),
        (5, Some(ColorMatrix::Bt601)),
        (6, Some(ColorMatrix::Bt601)),
        (9, Some(ColorMatrix::Bt2020)),
        (255, None),
    ] {
        let sps = vui().u(2, 0).u(1, 1).u(3, 5).u(1, 0).u(1, 1).u(16, 0x0202).u(8, coefficients).u(16, 0);
        assert_eq!(sps.parse().unwrap().matrix, want, "matrix_coefficients {coefficients}");
    }

    // A restriction that contradicts itself says nothing, nor does time without ticks.
    let odd = vui().u(8, 0).u(1, 1).u(1, 1).ue(0).ue(0).ue(10).ue(10);
    assert_eq!(odd.clone().ue(3).ue(2).parse().unwrap(), nothing);
    assert_eq!(odd.clone().ue(3).ue(17).parse().unwrap(), nothing);
    assert_eq!(odd.ue(3).ue(16).parse().unwrap().max_num_reorder_frames, Some(3));
    assert_eq!(vui().u(4, 0).u(1, 1).u(32, 0).u(32, 60).u(5, 0).parse().unwrap(), nothing);
}

#[test]
fn a_broken_vui_costs_only_what_follows_it() {
    let x1c = nal_unit(X1C);
    let whole = Sps::parse(&x1c).unwrap();
    for len in 0..x1c.len() {
        match Sps::parse(&x1c[..len]) {
            Ok(sps) => assert_eq!((sps.width, sps.height), (whole.width, whole.height), "cut to {len} bytes"),
            Err(error) => {
                assert!(len < 11, "cut to {len} bytes: {error}");
            }
        }
    }
}

#[test]
fn every_single_bit_flipped() {
    for base64 in [X1C, P2S] {
        let original = nal_unit(base64);
        for at in 0..original.len() * 8 {
            let mut mutant = original.clone();
            mutant[at / 8] ^= 0x80 >> (at % 8);
            check_sane(&mutant);
        }
    }
}

/// Whatever the bytes: no panic, and a picture that fits the bounds.
fn check_sane(nal_unit: &[u8]) {
    if let Ok(sps) = Sps::parse(nal_unit) {
        assert!(sps.width > 0 && sps.height > 0, "{nal_unit:02x?}: {sps:?}");
        assert!(sps.crop_left + sps.width <= sps.coded_width, "{nal_unit:02x?}: {sps:?}");
        assert!(sps.crop_top + sps.height <= sps.coded_height, "{nal_unit:02x?}: {sps:?}");
        assert!(sps.coded_width <= MAX_CODED_WIDTH && sps.coded_height <= MAX_CODED_HEIGHT, "{nal_unit:02x?}");
    }
}

proptest! {
    #[test]
    fn mutants_never_panic(
        original in prop_oneof![Just(nal_unit(X1C)), Just(nal_unit(P2S))],
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        len in any::<prop::sample::Index>(),
    ) {
        let mut mutant = original;
        for (at, byte) in changes {
            let at = at.index(mutant.len());
            mutant[at] = byte;
        }
        mutant[0] = 0x67;
        mutant.truncate(1 + len.index(mutant.len()));
        check_sane(&mutant);
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        check_sane(&[&[0x67, 100, 0, 31], &bytes[..]].concat());
    }
}
