use std::time::Instant;

use bytes::Bytes;

use super::*;
use crate::testing::ffmpeg;
use crate::{ColorMatrix, ColorRange, Plane};

/// What FFmpeg shows of the file is what the frame showed, for every range, matrix and parity of the size.
#[test]
fn colors_survive() {
    use {ColorMatrix::*, ColorRange::*};
    let rows = [
        (Limited, Bt709, (160, 96)),
        (Limited, Bt601, (160, 96)),
        (Full, Bt601, (160, 96)),
        (Full, Bt709, (160, 96)),
        (Limited, Bt2020, (160, 96)),
        (Limited, Bt709, (161, 97)),
        (Full, Bt601, (161, 97)),
        (Full, Bt601, (95, 150)),
        (Limited, Bt709, (144, 120)),
    ];
    for (range, matrix, size) in rows {
        let file = encode_jpeg(&frame(size, range, matrix), 95).expect("an ordinary size");
        let shown =
            ffmpeg("-f mjpeg -i - -sws_flags accurate_rnd+full_chroma_int+bicubic -f rawvideo -pix_fmt rgb24 -", &file);
        assert_eq!(shown.len(), size.0 as usize * size.1 as usize * 3, "{range:?} {matrix:?} {size:?}");
        let mut squares = [0.0; 3];
        for (at, pixel) in shown.chunks_exact(3).enumerate() {
            let want = rgb(size, at % size.0 as usize, at / size.0 as usize);
            for ((sum, &got), want) in squares.iter_mut().zip(pixel).zip(want) {
                *sum += (f64::from(got) - want).powi(2);
            }
        }
        let psnr = squares.map(|sum: f64| 10.0 * (255.0 * 255.0 / (sum / (shown.len() / 3) as f64)).log10());
        assert!(psnr.iter().all(|&db| db > 40.0), "{range:?} {matrix:?} {size:?}: {psnr:.1?} dB of R, G, B");
    }
}

#[test]
fn any_size_makes_a_file_of_that_size() {
    for size in [(1, 1), (2, 1), (1, 2), (15, 16), (16, 15), (17, 17), (33, 1)] {
        let file = encode_jpeg(&frame(size, ColorRange::Limited, ColorMatrix::Bt709), 85).expect("an ordinary size");
        let shown = ffmpeg("-f mjpeg -i - -f rawvideo -pix_fmt rgb24 -", &file);
        assert_eq!(shown.len(), size.0 as usize * size.1 as usize * 3, "{size:?}");
    }
}

/// Blocks that hang over the edges are filled so that nothing rings into the picture: a flat one stays flat.
#[test]
fn edges_are_clean() {
    for size in [1_u32, 2, 8, 9, 15].into_iter().flat_map(|odd| [(32, 16 + odd), (16 + odd, 32)]) {
        let (luma, chroma) = ((size.0 * size.1) as usize, size.0.div_ceil(2) * size.1.div_ceil(2));
        let plane = |value: u8, samples: usize, width: u32| Plane {
            data: Bytes::from(vec![value; samples]),
            stride: width as usize,
        };
        let chroma = |value: u8| plane(value, chroma as usize, size.0.div_ceil(2));
        let planes = [plane(120, luma, size.0), chroma(60), chroma(200)];
        let frame = Frame::new(size, planes, ColorRange::Limited, None, 0, Instant::now()).expect("planes fit");
        let file = encode_jpeg(&frame, 30).expect("an ordinary size");
        let shown = ffmpeg("-f mjpeg -i - -f rawvideo -pix_fmt yuvj420p -", &file);
        let planes = shown.split_at(luma).1.chunks(shown[luma..].len() / 2).chain([&shown[..luma]]);
        for plane in planes {
            let (low, high) = (plane.iter().min(), plane.iter().max());
            assert_eq!(low, high, "{size:?}");
        }
    }
}

#[test]
fn sizes_beyond_jpeg_are_refused() {
    let plane = Plane { data: Bytes::from(vec![0; 70_000]), stride: 70_000 };
    let frame =
        Frame::new((70_000, 1), [plane.clone(), plane.clone(), plane], ColorRange::Full, None, 0, Instant::now())
            .expect("planes fit");
    assert!(matches!(encode_jpeg(&frame, 85), Err(JpegError::TooLarge { width: 70_000, height: 1 })));
}

/// A smooth picture that uses most of the RGB cube.
fn rgb((width, height): (u32, u32), x: usize, y: usize) -> [f64; 3] {
    let (x, y) = (x as f64 / f64::from(width), y as f64 / f64::from(height));
    let wave = |phase: f64| 127.5 + 110.0 * (std::f64::consts::TAU * (phase + 0.7 * x)).sin() * (0.4 + 0.6 * y);
    [wave(0.0), wave(1.0 / 3.0), wave(2.0 / 3.0)]
}

/// That picture as a camera's encoder gets it, chroma from the mean of its 2x2 block; rows are padded.
fn frame(size: (u32, u32), range: ColorRange, matrix: ColorMatrix) -> Frame {
    let (red, blue) = match matrix {
        ColorMatrix::Bt601 => (0.299, 0.114),
        ColorMatrix::Bt709 => (0.2126, 0.0722),
        ColorMatrix::Bt2020 => (0.2627, 0.0593),
    };
    let (black, luma_span, chroma_span) = match range {
        ColorRange::Limited => (16.0, 219.0, 224.0),
        ColorRange::Full => (0.0, 255.0, 255.0),
    };
    let ycc = |x: usize, y: usize| {
        let [r, g, b] = rgb(size, x, y).map(|value| value / 255.0);
        let luma = red * r + (1.0 - red - blue) * g + blue * b;
        [
            black + luma_span * luma,
            128.0 + chroma_span * (b - luma) / (2.0 * (1.0 - blue)),
            128.0 + chroma_span * (r - luma) / (2.0 * (1.0 - red)),
        ]
    };
    let (width, height) = (size.0 as usize, size.1 as usize);
    let plane = |component: usize, scale: usize| {
        let (columns, rows) = (width.div_ceil(scale), height.div_ceil(scale));
        let stride = columns + 7;
        let mut data = vec![0; stride * rows];
        for (x, y) in (0..rows).flat_map(|y| (0..columns).map(move |x| (x, y))) {
            let block = (0..scale * scale).map(|at| {
                let (x, y) = (x * scale + at % scale, y * scale + at / scale);
                ycc(x.min(width - 1), y.min(height - 1))[component]
            });
            data[y * stride + x] = (block.sum::<f64>() / (scale * scale) as f64).round() as u8;
        }
        Plane { data: data.into(), stride }
    };
    let planes = [plane(0, 1), plane(1, 2), plane(2, 2)];
    Frame::new(size, planes, range, Some(matrix), 0, Instant::now()).expect("planes fit")
}
