//! What the coded pictures must be.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;
use crate::personality::{Media, Personality};
use crate::pictures::PictureDigest;
use crate::scene::Scene;

fn sets() -> &'static ParameterSets {
    &media(Personality::X1c).parameter_sets
}

fn media(personality: Personality) -> &'static Media {
    &personality.facts().rtsp().expect("RTSP").media
}

/// The scene at a picture's number, a minute into the print.
fn draw(scene: &Scene, number: u64) -> Picture {
    let mut picture = scene.blank();
    let time = Duration::from_millis(number * 1000 / 30);
    scene.draw(&mut picture, Duration::from_secs(60) + time, Duration::from_secs(45_296) + time);
    picture
}

/// Mean squared error of luma.
fn error(a: &Picture, b: &Picture) -> f64 {
    let pairs = a.luma.samples.iter().zip(&b.luma.samples);
    let sum: f64 = pairs.map(|(&a, &b)| f64::from(a.abs_diff(b)).powi(2)).sum();
    sum / a.luma.samples.len() as f64
}

#[test]
fn the_parameter_sets_say_what_the_slices_assume() {
    let streams = Personality::ALL.into_iter().filter(|personality| !personality.is_jpeg_camera());
    let streams = streams.map(|personality| (personality.name(), media(personality)));
    for (name, media) in streams.chain([("canned", &crate::canned::MEDIA)]) {
        check_sequence(name, media);
        check_picture(name, media);
    }
}

fn check_sequence(name: &str, media: &Media) {
    let sets = &media.parameter_sets;
    let mut sps = Reader::new(sets.sps);
    assert_eq!(sps.bits(8), 0x67, "{name}");
    let profile = format!("{:06X}", sps.bits(24));
    assert_eq!(profile, media.profile_level_id, "{name}");
    assert_eq!(sps.unsigned(), 0, "{name}: seq_parameter_set_id");
    if profile.starts_with("64") {
        assert_eq!([sps.unsigned(), sps.unsigned(), sps.unsigned()], [1, 0, 0], "{name}: 4:2:0, 8 bits");
        assert_eq!([sps.bits(1), sps.bits(1)], [0, 0], "{name}: bypass, scaling matrices");
    }
    assert_eq!(sps.unsigned(), 12, "{name}: log2_max_frame_num_minus4");
    assert_eq!(sps.unsigned(), 0, "{name}: pic_order_cnt_type");
    assert_eq!(sps.unsigned(), 12, "{name}: log2_max_pic_order_cnt_lsb_minus4");
    assert_eq!(sps.unsigned(), 1, "{name}: max_num_ref_frames");
    sps.bits(1);
    let [width, height] = sets.size.map(|length| length as u32);
    assert_eq!(16 * (sps.unsigned() + 1), width, "{name}");
    let coded_height = 16 * (sps.unsigned() + 1);
    assert_eq!(sps.bits(1), 1, "{name}: frame_mbs_only_flag");
    sps.bits(1);
    let crop = match sps.bits(1) {
        0 => [0; 4],
        _ => [(); 4].map(|()| 2 * sps.unsigned()),
    };
    assert_eq!(crop, [0, 0, 0, coded_height - height], "{name}");
    let has_usability = sps.bits(1) == 1;
    // aspect_ratio_info_present_flag, overscan_info_present_flag, then the video signal's type.
    let full = has_usability && sps.bits(2) == 0 && sps.bits(1) == 1 && sps.bits(4) & 1 == 1;
    // The canned pictures say nothing of it: nobody looks at their colours.
    assert!(name == "canned" || full == (sets.range == Range::Full), "{name}");
}

fn check_picture(name: &str, media: &Media) {
    let sets = &media.parameter_sets;
    let mut pps = Reader::new(sets.pps);
    assert_eq!(pps.bits(8), 0x68, "{name}");
    assert_eq!([pps.unsigned(), pps.unsigned()], [0, 0], "{name}: ids");
    assert_eq!(pps.bits(1), 0, "{name}: entropy_coding_mode_flag");
    assert_eq!(pps.bits(1), 0, "{name}: bottom_field_pic_order_in_frame_present_flag");
    assert_eq!(pps.unsigned(), 0, "{name}: num_slice_groups_minus1");
    assert_eq!([pps.unsigned(), pps.unsigned()], [0, 0], "{name}: references");
    assert_eq!(pps.bits(3), 0, "{name}: weighting");
    assert_eq!([pps.unsigned(), pps.unsigned()], [0, 0], "{name}: pic_init_qp, pic_init_qs");
    let offset = pps.unsigned() as i32;
    assert_eq!(offset % 2, 0, "{name}: negative in se(v)");
    assert_eq!(-offset / 2, sets.chroma_qp_offset, "{name}");
    assert_eq!([pps.bits(1), pps.bits(1), pps.bits(1)], [1, 0, 0], "{name}: deblocking control");
    let stop = pps.bits(1);
    assert_eq!(stop, 1, "{name}: no 8x8 transform");
}

/// Bits and Exp-Golomb codes, enough for the sets above (no emulation prevention so early).
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn new(bytes: &[u8]) -> Reader<'_> {
        Reader { bytes, at: 0 }
    }

    fn bits(&mut self, count: u32) -> u32 {
        (0..count).fold(0, |value, _| {
            let bit = self.bytes[self.at / 8] >> (7 - self.at % 8) & 1;
            self.at += 1;
            value << 1 | u32::from(bit)
        })
    }

    fn unsigned(&mut self) -> u32 {
        let mut zeros = 0;
        while self.bits(1) == 0 {
            zeros += 1;
        }
        (1 << zeros) - 1 + self.bits(zeros)
    }
}

#[test]
fn an_unchanged_picture_is_one_run_of_skips() {
    let mut encoder = Encoder::new(sets());
    let picture = draw(&Scene::new(sets().size, sets().range, "X1C", 0), 0);
    assert_eq!(encoder.encode(&picture, true)[0], 0x65);
    let shown = encoder.reconstruction().clone();
    let unchanged = encoder.encode(&picture, false);
    assert_eq!(unchanged[0], 0x41);
    assert!(unchanged.len() < 16, "{unchanged:?}");
    assert_eq!(*encoder.reconstruction(), shown);
}

#[test]
fn sizes_and_quality_are_plausible() {
    let mut encoder = Encoder::new(sets());
    let scene = Scene::new(sets().size, sets().range, "Bambu Lab X1C", 0);
    let mut total = 0;
    for number in 0..30 {
        let picture = draw(&scene, number);
        let slice = encoder.encode(&picture, number == 0);
        assert!(slice.len() < 200_000, "picture {number}: {} bytes", slice.len());
        assert!(
            slice.windows(3).all(|window| window[..2] != [0, 0] || window[2] > 2),
            "picture {number}: a start code inside"
        );
        // 40 dB is a mean squared error of 6.5.
        let error = error(&picture, encoder.reconstruction());
        assert!(error < 6.5, "picture {number}: {error}");
        total += slice.len();
    }
    let kilobits = total * 8 / 1000;
    assert!((300..4000).contains(&kilobits), "{kilobits} kbit/s");
}

#[test]
fn noise_is_coded_too() {
    let mut random = crate::random::Random::new(1);
    let mut encoder = Encoder::new(sets());
    let mut picture = Picture::new(sets().size, Colour::rgb(0));
    let [cb, cr] = &mut picture.chroma;
    for plane in [&mut picture.luma, cb, cr] {
        plane.samples.fill_with(|| random.next_u32() as u8);
    }
    encoder.encode(&picture, true);
    assert!(error(&picture, encoder.reconstruction()) < 12.0);
}

#[test]
fn ffmpeg_shows_the_reconstruction() {
    for personality in [Personality::X1c, Personality::P2s, Personality::H2c] {
        ffmpeg_shows(&media(personality).parameter_sets);
    }
}

fn ffmpeg_shows(sets: &ParameterSets) {
    let mut encoder = Encoder::new(sets);
    let scene = Scene::new(sets.size, sets.range, "Bambu Lab X1C", 0);
    let (mut stream, mut want) = (Vec::new(), Vec::new());
    for number in 0..9 {
        let key = number % 5 == 0;
        let slice = encoder.encode(&draw(&scene, number), key);
        let units = [sets.sps, sets.pps, &slice];
        for unit in &units[if key { 0 } else { 2 }..] {
            stream.extend([0, 0, 0, 1]);
            stream.extend(*unit);
        }
        want.push(PictureDigest::of(encoder.reconstruction(), sets.size).to_string());
    }
    let format = match sets.range {
        Range::Full => "yuvj420p",
        Range::Limited => "yuv420p",
    };
    let mut ffmpeg = Command::new("ffmpeg")
        .args(["-v", "warning", "-err_detect", "bitstream+buffer+explode", "-f", "h264", "-i", "-"])
        .args(["-pix_fmt", format, "-fps_mode", "passthrough", "-f", "framemd5", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ffmpeg");
    let mut stdin = ffmpeg.stdin.take().expect("piped");
    let writing = std::thread::spawn(move || stdin.write_all(&stream));
    let output = ffmpeg.wait_with_output().expect("output");
    writing.join().expect("no panic").expect("written");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let shown = String::from_utf8(output.stdout).expect("text");
    let shown: Vec<&str> =
        shown.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit(", ").next()).collect();
    assert_eq!(shown, want, "{:?}", sets.size);
}
