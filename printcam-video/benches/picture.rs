//! Times and allocations of one picture: decoding it and writing it as JPEG.
//!
//! FFmpeg makes the stream (1080p30, High, about 6 Mbit/s, one key frame a second), as for the tests. What libavcodec
//! allocates is not counted: it does not ask Rust.

use std::cell::RefCell;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use printcam_proto::h264::nal_unit::START_CODE;
use printcam_proto::h264::{NalUnitType, ParameterSets};
use printcam_video::{AccessUnit, Coding, ColorMatrix, ColorRange, Decoder, Frame, Plane, RustyH264, encode_jpeg};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

#[divan::bench_group(sample_size = 1, sample_count = 300)]
mod key_frame_1080p {
    use super::*;

    #[divan::bench]
    fn rusty_h264(bencher: Bencher<'_, '_>) {
        decode_key_frames(bencher, RustyH264::new());
    }

    #[cfg(feature = "libavcodec")]
    #[divan::bench]
    fn libavcodec(bencher: Bencher<'_, '_>) {
        decode_key_frames(bencher, printcam_video::Libavcodec::new());
    }
}

#[divan::bench_group(sample_size = 1, sample_count = 300)]
mod predicted_1080p {
    use super::*;

    #[divan::bench]
    fn rusty_h264(bencher: Bencher<'_, '_>) {
        decode_predicted(bencher, RustyH264::new());
    }

    #[cfg(feature = "libavcodec")]
    #[divan::bench]
    fn libavcodec(bencher: Bencher<'_, '_>) {
        decode_predicted(bencher, printcam_video::Libavcodec::new());
    }
}

#[divan::bench(args = [(ColorRange::Full, ColorMatrix::Bt601), (ColorRange::Limited, ColorMatrix::Bt709)])]
fn jpeg_1080p(bencher: Bencher<'_, '_>, (range, matrix): (ColorRange, ColorMatrix)) {
    let frame = picture(range, matrix);
    bencher.counter(ItemsCount::new(1_u8)).bench(|| encode_jpeg(&frame, printcam_video::DEFAULT_QUALITY));
}

fn decode_key_frames(bencher: Bencher<'_, '_>, mut decoder: impl Decoder) {
    let clip = clip();
    bencher.bench_local(|| decoder.decode(&clip[0]).expect("good").expect("a picture"));
}

/// The predicted pictures of a group one after the other, and again; key frames in between are not timed.
fn decode_predicted(bencher: Bencher<'_, '_>, decoder: impl Decoder) {
    let clip = clip();
    let decoder = RefCell::new(decoder);
    let mut next = clip.iter().cycle();
    bencher
        .with_inputs(|| {
            let access_unit = next.next().expect("never ends");
            if !access_unit.key_frame {
                return access_unit;
            }
            decoder.borrow_mut().decode(access_unit).expect("good").expect("a picture");
            next.next().expect("never ends")
        })
        .bench_local_values(|access_unit| decoder.borrow_mut().decode(access_unit).expect("good").expect("a picture"));
}

/// A group of 30 pictures.
fn clip() -> Vec<AccessUnit> {
    let source = "-f lavfi -i testsrc2=s=1920x1080:r=30,noise=alls=8 -frames:v 30 -pix_fmt yuv420p -c:v libx264 -bf 0";
    let coding = "-profile:v high -preset medium -g 30 -b:v 6M -maxrate 6M -bufsize 2M";
    let stream = ffmpeg(&format!("{source} {coding} -bsf:v h264_metadata=aud=insert -f h264 -"));
    let (mut sps, mut pps) = (Bytes::new(), Bytes::new());
    let mut pictures: Vec<Vec<u8>> = Vec::new();
    let starts: Vec<usize> = (3..stream.len()).filter(|&at| stream[at - 3..at] == [0, 0, 1]).collect();
    let ends = starts.iter().skip(1).map(|next| next - 3).chain([stream.len()]);
    for (&start, end) in starts.iter().zip(ends) {
        let nal_unit = stream[start..end].strip_suffix(&[0]).unwrap_or(&stream[start..end]);
        match NalUnitType::of(nal_unit[0]) {
            NalUnitType::AUD => pictures.push(Vec::new()),
            NalUnitType::SPS => sps = Bytes::copy_from_slice(nal_unit),
            NalUnitType::PPS => pps = Bytes::copy_from_slice(nal_unit),
            _ => pictures.last_mut().expect("a delimiter first").extend([&START_CODE, nal_unit].concat()),
        }
    }
    let parameter_sets = Arc::new(ParameterSets::new(sps, vec![pps]).expect("a good set"));
    let access_unit = |(index, data): (usize, Vec<u8>)| AccessUnit {
        timestamp: 3000 * index as u64,
        received_at: Instant::now(),
        key_frame: index == 0,
        discontinuity: false,
        coding: Coding::H264(Arc::clone(&parameter_sets)),
        data: data.into(),
    };
    pictures.into_iter().enumerate().map(access_unit).collect()
}

/// A detailed picture, packed without padding.
fn picture(range: ColorRange, matrix: ColorMatrix) -> Frame {
    const WIDTH: usize = 1920;
    const HEIGHT: usize = 1080;
    let source = "-f lavfi -i testsrc2=s=1920x1080:r=30,noise=alls=8 -frames:v 1 -pix_fmt yuv420p -f rawvideo -";
    let samples = Bytes::from(ffmpeg(source));
    let (luma, chroma) = (WIDTH * HEIGHT, WIDTH * HEIGHT / 4);
    let planes = [
        Plane { data: samples.slice(..luma), stride: WIDTH },
        Plane { data: samples.slice(luma..luma + chroma), stride: WIDTH / 2 },
        Plane { data: samples.slice(luma + chroma..), stride: WIDTH / 2 },
    ];
    Frame::new((WIDTH as u32, HEIGHT as u32), planes, range, Some(matrix), 0, Instant::now()).expect("planes fit")
}

fn ffmpeg(arguments: &str) -> Vec<u8> {
    let mut ffmpeg = Command::new("ffmpeg");
    let arguments = ["-hide_banner", "-loglevel", "error"].into_iter().chain(arguments.split(' '));
    ffmpeg.args(arguments).output().expect("ffmpeg is installed").stdout
}
