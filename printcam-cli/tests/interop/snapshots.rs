//! `printcam snap`: the picture is the camera's, whichever way it came.

use std::fs;

use crate::certificates::self_signed;
use crate::clips::{self, Clip};
use crate::gst_camera::{GstCamera, Options, Udp};
use crate::picture::{md5, psnr_of_jpeg};
use crate::program::{State, exit};

#[test]
fn by_tcp_over_tls() {
    let camera =
        GstCamera::start(Options { clip: Some(clips::hd()), identity: Some(self_signed()), ..Options::default() });
    assert_true_pictures(&camera, clips::hd(), "tcp");
    assert!(camera.transports().iter().all(|transport| transport.contains("interleaved")), "{:?}", camera.transports());
    assert!(camera.methods().contains(&"TEARDOWN".into()), "the printer's only slot must not be left taken");
}

#[test]
fn by_udp() {
    let camera =
        GstCamera::start(Options { clip: Some(clips::hd()), identity: Some(self_signed()), ..Options::default() });
    assert_true_pictures(&camera, clips::hd(), "udp");
    assert!(camera.transports().iter().all(|transport| transport.contains("client_port")), "{:?}", camera.transports());
    assert!(camera.methods().contains(&"TEARDOWN".into()));
}

#[test]
fn auto_takes_tcp_at_once() {
    // A picture must not wait to find out that UDP does not come through.
    for udp in [Udp::Offered, Udp::Refused] {
        let camera = GstCamera::start(Options {
            clip: Some(clips::hd()),
            identity: Some(self_signed()),
            udp,
            ..Options::default()
        });
        State::new().run(&["snap", &camera.url(), "-o", "-"]).expect(exit::OK);
        let transports = camera.transports();
        assert!(transports.len() == 1 && transports[0].contains("interleaved"), "{transports:?}");
    }
}

#[test]
fn without_tls() {
    let camera = GstCamera::start(Options { clip: Some(clips::hd()), ..Options::default() });
    assert_true_pictures(&camera, clips::hd(), "auto");
}

#[test]
fn cropped_1080_lines() {
    let camera = GstCamera::start(Options { clip: Some(clips::full_hd()), ..Options::default() });
    assert_true_pictures(&camera, clips::full_hd(), "auto");
}

#[test]
fn bt601_in_full_range() {
    let camera = GstCamera::start(Options { clip: Some(clips::full_range()), ..Options::default() });
    assert_true_pictures(&camera, clips::full_range(), "auto");
}

#[test]
fn a_mid_gop_join_shows_the_next_key_frame() {
    let camera = GstCamera::start(Options { clip: Some(clips::hd()), first_frame: 7, ..Options::default() });
    let picture = State::new().run(&["snap", &camera.url(), "-o", "-", "--format", "i420"]).expect(exit::OK).stdout;
    assert_eq!(clips::hd().position(&md5(&picture)), Some(15));
}

#[test]
fn a_file_leaves_standard_output_empty() {
    let camera = GstCamera::start(Options { clip: Some(clips::hd()), ..Options::default() });
    let state = State::new();
    let file = state.file("picture.jpg");
    let outcome = state.run(&["snap", &camera.url(), "-o", file.to_str().unwrap()]).expect(exit::OK);
    assert!(outcome.stdout.is_empty());
    assert!(fs::read(file).unwrap().starts_with(b"\xff\xd8\xff"));
}

/// Takes both formats: the planes must be a key frame's to the bit, the JPEG's colours the ones that were drawn.
fn assert_true_pictures(camera: &GstCamera, clip: &Clip, transport: &str) {
    let state = State::new();
    let snap = |format| {
        state
            .run(&["snap", &camera.url(), "-o", "-", "--transport", transport, "--format", format])
            .expect(exit::OK)
            .stdout
    };
    let planes = snap("i420");
    assert_eq!(planes.len(), clip.width * clip.height * 3 / 2, "I420 of {}x{}", clip.width, clip.height);
    let position = clip.position(&md5(&planes)).expect("the planes are no frame of the clip");
    assert_eq!(position % clip.key_frame_interval, 0, "frame {position} is no key frame");

    let psnr = psnr_of_jpeg(&snap("jpeg"), clip);
    println!("{}x{} by {transport}: PSNR {psnr:.1?} dB", clip.width, clip.height);
    // Through a good encoder about 46; with the wrong matrix or range below 31.
    assert!(psnr.iter().all(|&channel| channel > 40.0), "PSNR of red, green, blue: {psnr:.1?} dB");
}
