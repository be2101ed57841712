//! What the coded pictures must be; the two ignored tests need ffmpeg and a quiet machine.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;
use crate::personality::Personality;
use crate::scene::Scene;

fn sets() -> &'static ParameterSets {
    &Personality::X1c.facts().media.parameter_sets
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
    let mut sps = Reader::new(sets().sps);
    assert_eq!([sps.bits(8), sps.bits(8), sps.bits(8), sps.bits(8)], [0x67, 66, 0xc0, 31]);
    assert_eq!(sps.unsigned(), 0, "seq_parameter_set_id");
    assert_eq!(sps.unsigned(), 12, "log2_max_frame_num_minus4");
    assert_eq!(sps.unsigned(), 0, "pic_order_cnt_type");
    assert_eq!(sps.unsigned(), 12, "log2_max_pic_order_cnt_lsb_minus4");
    assert_eq!(sps.unsigned(), 1, "max_num_ref_frames");
    sps.bits(1);
    let [width, height] = sets().size.map(|length| length as u32 / 16);
    assert_eq!([sps.unsigned() + 1, sps.unsigned() + 1], [width, height]);
    assert_eq!(sps.bits(1), 1, "frame_mbs_only_flag");
    sps.bits(1);
    assert_eq!(sps.bits(1), 0, "frame_cropping_flag");

    let mut pps = Reader::new(sets().pps);
    assert_eq!(pps.bits(8), 0x68);
    assert_eq!([pps.unsigned(), pps.unsigned()], [0, 0], "ids");
    assert_eq!(pps.bits(1), 0, "entropy_coding_mode_flag");
    assert_eq!(pps.bits(1), 0, "bottom_field_pic_order_in_frame_present_flag");
    assert_eq!(pps.unsigned(), 0, "num_slice_groups_minus1");
    assert_eq!([pps.unsigned(), pps.unsigned()], [0, 0], "references");
    assert_eq!(pps.bits(3), 0, "weighting");
    assert_eq!([pps.unsigned(), pps.unsigned()], [0, 0], "pic_init_qp, pic_init_qs");
    let offset = pps.unsigned() as i32;
    assert_eq!(offset % 2, 0, "negative in se(v)");
    assert_eq!(-offset / 2, sets().chroma_qp_offset);
    assert_eq!([pps.bits(1), pps.bits(1), pps.bits(1)], [1, 0, 0], "deblocking control");
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
    let picture = draw(&Scene::new(sets().size, "X1C", 0), 0);
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
    let scene = Scene::new(sets().size, "Bambu Lab X1C", 0);
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
    let [width, height] = sets().size;
    let mut picture = Picture::new(width, height, Colour::rgb(0));
    let [cb, cr] = &mut picture.chroma;
    for plane in [&mut picture.luma, cb, cr] {
        plane.samples.fill_with(|| random.next_u32() as u8);
    }
    encoder.encode(&picture, true);
    assert!(error(&picture, encoder.reconstruction()) < 12.0);
}

#[test]
fn ffmpeg_shows_the_reconstruction() {
    let mut encoder = Encoder::new(sets());
    let scene = Scene::new(sets().size, "Bambu Lab X1C", 0);
    let (mut stream, mut want) = (Vec::new(), Vec::new());
    for number in 0..60 {
        let key = number % 20 == 0;
        let slice = encoder.encode(&draw(&scene, number), key);
        let units = [sets().sps, sets().pps, &slice];
        for unit in &units[if key { 0 } else { 2 }..] {
            stream.extend([0, 0, 0, 1]);
            stream.extend(*unit);
        }
        let shown = encoder.reconstruction();
        want.extend(&shown.luma.samples);
        want.extend(shown.chroma.iter().flat_map(|plane| &plane.samples));
    }
    let mut ffmpeg = Command::new("ffmpeg")
        .args(["-v", "warning", "-err_detect", "bitstream+buffer+explode", "-f", "h264", "-i", "-"])
        .args(["-pix_fmt", "yuvj420p", "-fps_mode", "passthrough", "-f", "rawvideo", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ffmpeg");
    let mut stdin = ffmpeg.stdin.take().expect("piped");
    let writing = std::thread::spawn(move || stdin.write_all(&stream));
    let output = ffmpeg.wait_with_output().expect("output");
    writing.join().expect("no panic").expect("written");
    let decoded = output.stdout;
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(decoded == want, "{} bytes of {} or other ones", decoded.len(), want.len());
}
