//! Times of one picture: decoding it and writing it as JPEG.
//!
//! FFmpeg makes the stream (1080p30, High, about 6 Mbit/s, one key frame a second), as for the tests.

use std::process::Command;
use std::time::Instant;

use bytes::Bytes;
use divan::Bencher;
use divan::counter::ItemsCount;
use printcam_video::{ColorMatrix, ColorRange, Frame, Plane, encode_jpeg};

fn main() {
    divan::main();
}

#[divan::bench(args = [(ColorRange::Full, ColorMatrix::Bt601), (ColorRange::Limited, ColorMatrix::Bt709)])]
fn jpeg_1080p(bencher: Bencher<'_, '_>, (range, matrix): (ColorRange, ColorMatrix)) {
    let frame = picture(range, matrix);
    bencher.counter(ItemsCount::new(1_u8)).bench(|| encode_jpeg(&frame, printcam_video::DEFAULT_QUALITY));
}

/// A detailed picture, packed without padding.
fn picture(range: ColorRange, matrix: ColorMatrix) -> Frame {
    const WIDTH: usize = 1920;
    const HEIGHT: usize = 1080;
    let source = "-f lavfi -i testsrc2=s=1920x1080:r=30,noise=alls=8 -frames:v 1 -pix_fmt yuv420p -f rawvideo -";
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error"])
        .args(source.split(' '))
        .output()
        .expect("ffmpeg is installed");
    let samples = Bytes::from(output.stdout);
    let (luma, chroma) = (WIDTH * HEIGHT, WIDTH * HEIGHT / 4);
    let planes = [
        Plane { data: samples.slice(..luma), stride: WIDTH },
        Plane { data: samples.slice(luma..luma + chroma), stride: WIDTH / 2 },
        Plane { data: samples.slice(luma + chroma..), stride: WIDTH / 2 },
    ];
    Frame::new((WIDTH as u32, HEIGHT as u32), planes, range, Some(matrix), 0, Instant::now()).expect("planes fit")
}
