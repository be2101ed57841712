//! Against FFmpeg, and with files that lie. The files are synthetic, made by FFmpeg.

use std::time::Instant;

use super::*;
use crate::testing::{ffmpeg, i420};
use crate::{DEFAULT_QUALITY, encode_jpeg};

fn file(size: &str, arguments: &str) -> Vec<u8> {
    // testsrc2 makes no odd sizes.
    let source = format!("-f lavfi -i testsrc2=s=320x180 -frames:v 1 -vf scale={}", size.replace('x', ":"));
    ffmpeg(&format!("{source} {arguments} -f image2pipe -"), &[])
}

fn access_unit(data: Vec<u8>, (width, height): (u32, u32)) -> AccessUnit {
    AccessUnit {
        timestamp: 90_000,
        received_at: Instant::now(),
        key_frame: true,
        discontinuity: false,
        coding: Coding::Jpeg { width, height },
        data: data.into(),
    }
}

/// How far two pictures are apart, over all planes.
fn mean_difference(one: &[u8], other: &[u8]) -> f64 {
    assert_eq!(one.len(), other.len());
    let sum: u64 = one.iter().zip(other).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / one.len() as f64
}

#[test]
fn pictures_are_those_of_ffmpeg() {
    let mut decoder = JpegDecoder::new();
    for (size, format) in [
        ((320, 180), "yuvj420p"),
        ((320, 180), "yuvj422p"),
        ((322, 182), "yuvj444p"),
        ((160, 120), "gray"),
        ((97, 53), "yuvj420p"),
    ] {
        let what = format!("{size:?} {format}");
        let data = file(&format!("{}x{}", size.0, size.1), &format!("-c:v mjpeg -q:v 2 -pix_fmt {format}"));
        let want = ffmpeg("-f jpeg_pipe -i - -pix_fmt yuvj420p -sws_flags area -f rawvideo -", &data);
        let unit = access_unit(data.clone(), size);
        let frame = decoder.decode(&unit).unwrap().expect("a picture");
        assert_eq!((frame.width(), frame.height()), size, "{what}");
        assert_eq!((frame.range(), frame.matrix()), (ColorRange::Full, ColorMatrix::Bt601), "{what}");
        assert_eq!((frame.timestamp(), frame.received_at()), (90_000, unit.received_at), "{what}");
        let difference = mean_difference(&i420(&frame), &want);
        assert!(difference < 1.5, "{what}: {difference}");
        assert!(frame.jpeg().is_some_and(|kept| kept[..] == data), "{what}");
        assert_eq!(encode_jpeg(&frame, DEFAULT_QUALITY).unwrap(), data, "{what}: not encoded again");
    }
}

#[test]
fn what_is_too_large_is_refused_before_anything_is_allocated() {
    let mut decoder = JpegDecoder::new();
    for size in [(4097, 100), (100, 2305), (65_535, 65_535)] {
        let refused = decoder.decode(&access_unit(file("32x32", "-c:v mjpeg"), size)).map(|_| ());
        assert!(matches!(refused, Err(DecodeError::PictureTooLarge { .. })), "{size:?}: {refused:?}");
    }
    assert_eq!(decoder.samples.capacity(), 0);
}

#[test]
fn damage_is_an_error_and_the_next_picture_is_shown() {
    let good = file("160x120", "-c:v mjpeg -q:v 2");
    let mut decoder = JpegDecoder::new();
    let wrong_size = decoder.decode(&access_unit(good.clone(), (160, 128))).map(|_| ());
    assert_eq!(wrong_size, Err(DecodeError::Damaged));
    for cut in [2, 20, 200, good.len() / 2] {
        let cut_short = good[..cut].to_vec();
        assert!(decoder.decode(&access_unit(cut_short, (160, 120))).is_err(), "cut at {cut}");
        assert!(decoder.decode(&access_unit(good.clone(), (160, 120))).unwrap().is_some(), "after a cut at {cut}");
    }
}

#[test]
fn no_byte_breaks_it() {
    let good = file("64x48", "-c:v mjpeg -q:v 5");
    let mut decoder = JpegDecoder::new();
    for at in 0..good.len() {
        for value in [0, 0xff, good[at] ^ 0x10] {
            let mut bad = good.clone();
            bad[at] = value;
            let result = decoder.decode(&access_unit(bad, (64, 48)));
            assert!(!matches!(result, Err(DecodeError::Broken)), "byte {at} as {value:#04x} made it panic");
        }
    }
}

/// Three scans are a picture; many more are asked for at the cost of a few bytes each.
#[test]
fn scans_are_counted() {
    // Progressive (SOF2), 16 by 16, grey, with DC scans that refine the same bit for ever.
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    bytes.extend([1; 64]);
    bytes.extend([0xff, 0xc2, 0, 11, 8, 0, 16, 0, 16, 1, 1, 0x11, 0]);
    bytes.extend([0xff, 0xc4, 0, 20, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 1, 0x00]);
    for _ in 0..100 {
        bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0x10, 0x00]);
    }
    bytes.extend([0xff, 0xd9]);
    assert!(JpegDecoder::new().decode(&access_unit(bytes, (16, 16))).is_err());
}

#[test]
fn each_decoder_takes_its_own() {
    let jpeg = access_unit(file("64x48", "-c:v mjpeg"), (64, 48));
    let h264 = crate::testing::encode("96x80", "-profile:v main").access_units.remove(0);
    let refused = |result: Result<Option<Frame>, DecodeError>| matches!(result, Err(DecodeError::Unsupported { .. }));
    assert!(refused(crate::RustyH264::new().decode(&jpeg)));
    assert!(refused(JpegDecoder::new().decode(&h264)));
    let mut any = crate::fastest_decoder();
    for unit in [&jpeg, &h264, &jpeg] {
        assert_eq!(any.decode(unit).unwrap().map(|frame| (frame.width(), frame.height())), Some(unit.size()));
    }
}
