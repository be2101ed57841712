use printcam_proto::h264::Sps;

use super::*;
use crate::annex_b::{holds_start_code, nal_units};
use crate::testing::{BaselineSps, encode_stream, nal_unit, trace_headers};

/// FFmpeg reads both sets field by field: no line differs but those named.
#[test]
fn changes_nothing_else() {
    let said = |fields: &[&str]| fields.iter().map(ToString::to_string).collect::<Vec<_>>();
    let restriction = |references: &str| {
        said(&[
            "bitstream_restriction_flag = 1",
            "motion_vectors_over_pic_boundaries_flag = 1",
            "max_bytes_per_pic_denom = 2",
            "max_bits_per_mb_denom = 1",
            "log2_max_mv_length_horizontal = 15",
            "log2_max_mv_length_vertical = 15",
            "max_num_reorder_frames = 0",
            &format!("max_dec_frame_buffering = {references}"),
        ])
    };
    let vui = said(&[
        "vui_parameters_present_flag = 1",
        "aspect_ratio_info_present_flag = 0",
        "overscan_info_present_flag = 0",
        "video_signal_type_present_flag = 0",
        "chroma_loc_info_present_flag = 0",
        "timing_info_present_flag = 0",
        "nal_hrd_parameters_present_flag = 0",
        "vcl_hrd_parameters_present_flag = 0",
        "pic_struct_present_flag = 0",
    ]);
    let no_vui = said(&["vui_parameters_present_flag = 0"]);
    let no_restriction = said(&["bitstream_restriction_flag = 0"]);
    let plain = BaselineSps { columns: 120, rows: 68, references: 3, crop: [0; 4] };
    let cropped = BaselineSps { crop: [1, 2, 3, 4], ..plain };
    let rows = [
        ("X1C, promises it", X1C.to_vec(), vec![], vec![]),
        ("P2S, promises it", P2S.to_vec(), vec![], vec![]),
        ("without VUI", plain.nal_unit(), no_vui.clone(), [vui.clone(), restriction("3")].concat()),
        ("cropped, without VUI", cropped.nal_unit(), no_vui.clone(), [vui.clone(), restriction("3")].concat()),
        ("P2S without VUI", without_vui(P2S), no_vui, [vui, restriction("1")].concat()),
        ("VUI with everything else", everything(None), no_restriction, restriction("5")),
        (
            "with B-frames",
            x264_with_b_frames(),
            said(&["max_num_reorder_frames = 2"]),
            said(&["max_num_reorder_frames = 0"]),
        ),
        (
            "everything",
            everything(Some(4)),
            said(&["max_num_reorder_frames = 4"]),
            said(&["max_num_reorder_frames = 0"]),
        ),
    ];
    for (what, set, removed, added) in rows {
        let rewritten = without_reordering(&set).expect(what);
        assert_eq!(matches!(rewritten, Cow::Borrowed(_)), removed.is_empty(), "{what}");
        assert_eq!(difference(&set, &rewritten), (removed, added), "{what}");
        assert_eq!(without_reordering(&rewritten).as_deref(), Some(&*rewritten), "{what}: twice");
    }
    let offsets = ["left", "right", "top", "bottom"];
    for (what, set, crop) in [
        ("X1C", X1C.to_vec(), None),
        ("everything", everything(None), Some([0, 1, 0, 1])),
        ("P2S", P2S.to_vec(), Some([0, 0, 0, 4])),
        ("all edges", cropped.nal_unit(), Some(cropped.crop)),
    ] {
        let mut removed: Vec<String> = crop.iter().map(|_| "frame_cropping_flag = 1".to_owned()).collect();
        let added: Vec<String> = crop.iter().map(|_| "frame_cropping_flag = 0".to_owned()).collect();
        let crop = crop.into_iter().flatten().zip(offsets);
        removed.extend(crop.map(|(offset, edge)| format!("frame_crop_{edge}_offset = {offset}")));
        assert_eq!(difference(&set, &without_crop(&set).expect(what)), (removed, added), "{what}");
    }
}

/// `num_units_in_tick` 1 needs it, and moves with the length of what stands before.
#[test]
fn emulation_prevention_is_put_in_again() {
    let prevented = |set: &[u8]| set.windows(3).filter(|bytes| matches!(bytes, [0, 0, 3])).count();
    let mut moved = 0;
    for columns in 1..=256 {
        for reorder in [None, Some(0), Some(1), Some(2)] {
            let set = everything_of_width(columns, reorder);
            let ordered = without_reordering(&set).expect("a good set");
            let uncropped = without_crop(&ordered).expect("a good set");
            let mut want = Sps::parse(&set).expect("a good set");
            want.max_num_reorder_frames = Some(0);
            assert_eq!(Sps::parse(&ordered).as_ref(), Ok(&want), "{columns}");
            (want.width, want.height) = (want.coded_width, want.coded_height);
            (want.crop_left, want.crop_top) = (0, 0);
            assert_eq!(Sps::parse(&uncropped).as_ref(), Ok(&want), "{columns}");
            for rewritten in [&ordered, &uncropped] {
                assert!(!holds_start_code(rewritten), "{rewritten:02x?}");
            }
            moved += usize::from(prevented(&set) != prevented(&uncropped));
        }
    }
    assert!(moved > 100, "{moved}");
}

/// FFmpeg reads the same set up to the VUI, and there nothing but what a plain one says.
#[test]
fn a_plain_vui_says_little() {
    for (set, references) in [(X1C.to_vec(), "1"), (P2S.to_vec(), "1"), (everything(Some(2)), "5")] {
        let plain = with_plain_vui(&set).expect("a good set");
        let (before, after) = (trace_headers(&set), trace_headers(&plain));
        let vui = after.iter().position(|field| field == "vui_parameters_present_flag = 1").expect("it is there");
        assert_eq!(before[..=vui], after[..=vui]);
        let of_fields = |fields: &[String], name: &str| fields.iter().filter(|field| field.starts_with(name)).count();
        assert_eq!(of_fields(&after[vui..], "num_units_in_tick"), 0);
        for field in ["video_full_range_flag = 0", "matrix_coefficients = 6", "max_num_reorder_frames = 0"] {
            assert!(after.contains(&field.to_owned()), "{field}: {after:?}");
        }
        assert_eq!(after.last(), Some(&format!("max_dec_frame_buffering = {references}")));
    }
}

/// What is cut off is not made up: no panic, and either the set as it is or one that says what it said.
#[test]
fn damaged_sets() {
    for set in [X1C.to_vec(), P2S.to_vec(), everything(None), everything(Some(2))] {
        for len in 0..set.len() {
            let cut = &set[..len];
            for rewritten in [without_reordering(cut), without_crop(cut), with_plain_vui(cut)].into_iter().flatten() {
                assert!(!holds_start_code(&rewritten), "{len} of {set:02x?}");
            }
        }
        assert_eq!(without_reordering(&set[..6]), None);
        assert_eq!(without_crop(&set[..6]), None);
    }
}

/// The lines by which FFmpeg's readings of two sets differ, of the first and of the second.
fn difference(from: &[u8], to: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut from, mut to) = (trace_headers(from), trace_headers(to));
    assert!(from.len() > 15 && to.len() > 15, "not read: {from:?}, {to:?}");
    let same = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    from.drain(..same);
    to.drain(..same);
    while from.last().is_some_and(|last| to.last() == Some(last)) {
        from.pop();
        to.pop();
    }
    (from, to)
}

/// High profile with scaling lists, `pic_order_cnt_type` 1, fields, and a VUI with all there is; `bitstream_restriction`
/// with this `max_num_reorder_frames`, or none.
fn everything(reorder: Option<u32>) -> Vec<u8> {
    everything_of_width(120, reorder)
}

fn everything_of_width(columns: u32, reorder: Option<u32>) -> Vec<u8> {
    nal_unit(0x67, |bits| {
        bits.write_bits(100, 8); // profile_idc
        bits.write_bits(0, 8);
        bits.write_bits(41, 8); // level_idc
        bits.write_ue(0); // seq_parameter_set_id
        [1, 0, 0].into_iter().for_each(|value| bits.write_ue(value)); // chroma_format_idc, bit_depth_luma_minus8, bit_depth_chroma_minus8
        bits.write_bits(0b01, 2); // qpprime_y_zero_transform_bypass_flag, seq_scaling_matrix_present_flag
        bits.write_bits(1, 1);
        (0..16).for_each(|_| bits.write_se(1)); // a whole list of 4x4
        bits.write_bits(0b00_0001, 6);
        bits.write_se(-8); // a list of 8x8 that ends at once: the default one
        bits.write_bits(0, 1);
        bits.write_ue(0); // log2_max_frame_num_minus4
        bits.write_ue(1); // pic_order_cnt_type
        bits.write_bits(0, 1);
        [-3, 4].into_iter().for_each(|offset| bits.write_se(offset));
        bits.write_ue(2); // num_ref_frames_in_pic_order_cnt_cycle
        [5, -6].into_iter().for_each(|offset| bits.write_se(offset));
        bits.write_ue(5); // max_num_ref_frames
        bits.write_bits(0, 1);
        [columns - 1, 33].into_iter().for_each(|size| bits.write_ue(size));
        bits.write_bits(0b011, 3); // frame_mbs_only_flag, mb_adaptive_frame_field_flag, direct_8x8_inference_flag
        bits.write_bits(1, 1); // frame_cropping_flag
        [0, 1, columns % 4, 1].into_iter().for_each(|offset| bits.write_ue(offset));
        bits.write_bits(0b11, 2); // vui_parameters_present_flag, aspect_ratio_info_present_flag
        bits.write_bits(255, 8); // Extended_SAR
        bits.write_bits(4, 16);
        bits.write_bits(3, 16);
        bits.write_bits(0b11, 2); // overscan_info_present_flag, overscan_appropriate_flag
        bits.write_bits(0b11_0111, 6); // video_signal_type
        bits.write_bits(0x01_01_01, 24);
        bits.write_bits(1, 1); // chroma_loc_info_present_flag
        [1, 2].into_iter().for_each(|location| bits.write_ue(location));
        bits.write_bits(1, 1); // timing_info_present_flag
        bits.write_bits(1, 32);
        bits.write_bits(50, 32);
        bits.write_bits(1, 1);
        for schedules in [1, 2] {
            bits.write_bits(1, 1); // nal_hrd_parameters_present_flag, vcl_hrd_parameters_present_flag
            bits.write_ue(schedules - 1);
            bits.write_bits(0x12, 8);
            for schedule in 0..schedules {
                [1000 + schedule, 2000].into_iter().for_each(|value| bits.write_ue(value));
                bits.write_bits(0, 1);
            }
            bits.write_bits(0xabcde, 20);
        }
        bits.write_bits(0b01, 2); // low_delay_hrd_flag, pic_struct_present_flag
        bits.write_bits(u32::from(reorder.is_some()), 1);
        if let Some(reorder) = reorder {
            bits.write_bits(1, 1);
            [0, 0, 9, 9, reorder, reorder].into_iter().for_each(|value| bits.write_ue(value));
        }
    })
}

fn x264_with_b_frames() -> Vec<u8> {
    let stream = encode_stream("96x80", "-profile:v high -bf 3 -x264-params b-pyramid=normal", "aud=insert");
    let sps = nal_units(&stream).find(|nal_unit| nal_unit.kind() == 7).expect("a set");
    sps.payload().to_vec()
}

fn without_vui(nal_unit: &[u8]) -> Vec<u8> {
    super::without_vui(nal_unit).expect("a good set")
}

/// X1C, KittyCAD/machine-api trace: Baseline 1168x720.
const X1C: &[u8] = &[
    0x67, 0x42, 0xc0, 0x1f, 0x8d, 0x8d, 0x50, 0x24, 0x82, 0xd9, 0x36, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00, 0x00,
    0x0f, 0x23, 0xc2, 0x21, 0x1a, 0x80,
];

/// P2S, from its SDP: High 1920x1080.
const P2S: &[u8] = &[
    0x67, 0x64, 0x10, 0x29, 0xac, 0x1b, 0x1a, 0xa0, 0x78, 0x02, 0x27, 0xe5, 0x84, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00,
    0x00, 0x03, 0x00, 0xf2, 0x3c, 0x20, 0x10, 0xa8,
];
