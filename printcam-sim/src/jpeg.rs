//! The pictures of a JPEG camera: the same scene, each a file of its own.

use std::time::Duration;

use jpeg_encoder::{Encoder, ImageBuffer, JpegColorType, SamplingFactor};

use crate::canned;
use crate::options::{Footage, Options};
use crate::picture::{Picture, Plane, Range};
use crate::scene::Scene;

/// Where the files come from.
#[derive(Debug)]
pub(crate) enum JpegReel {
    Live {
        scene: Box<Scene>,
        picture: Picture,
        size: [usize; 2],
    },
    /// The number of the last picture.
    Canned(u32),
}

impl JpegReel {
    pub(crate) fn new(options: &Options, size: [usize; 2]) -> JpegReel {
        match options.footage {
            Footage::Canned => JpegReel::Canned(0),
            Footage::Live => {
                let scene = Scene::new(size, Range::Full, &options.caption(), options.seed);
                JpegReel::Live { picture: scene.blank(), scene: Box::new(scene), size }
            }
        }
    }

    /// One file, from FFD8 to FFD9.
    pub(crate) fn next(&mut self, elapsed: Duration, time_of_day: Duration) -> Vec<u8> {
        match self {
            JpegReel::Live { scene, picture, size } => {
                scene.draw(picture, elapsed, time_of_day);
                encode(picture, *size, &[])
            }
            JpegReel::Canned(number) => {
                *number = number.wrapping_add(1);
                encode(&canned::draw(*number), canned::MEDIA.parameter_sets.size, &PADDING)
            }
        }
    }
}

/// 4:2:0, as much of the picture as `size` says, behind a segment of `padding`.
fn encode(picture: &Picture, size: [usize; 2], padding: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    if !padding.is_empty() {
        encoder.add_app_segment(15, padding.to_vec()).expect("a short segment");
    }
    encoder.encode_image(Rows { picture, size }).expect("a size below 65536, written to memory");
    file
}

/// The same picture in a file of at least so many bytes: comments stand before it.
pub(crate) fn enlarged(file: &[u8], bytes: usize) -> Vec<u8> {
    let (start, rest) = file.split_at(2);
    let mut larger = start.to_vec();
    while larger.len() + rest.len() < bytes {
        // The longest segment there is: its length counts itself.
        larger.extend([0xff, 0xfe, 0xff, 0xff]);
        larger.resize(larger.len() + 0xffff - 2, 0);
    }
    larger.extend(rest);
    larger
}

/// The picture as the encoder reads it: rows of full width, of whose chroma it takes every second sample.
struct Rows<'a> {
    picture: &'a Picture,
    size: [usize; 2],
}

impl ImageBuffer for Rows<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        self.size[0] as u16
    }

    fn height(&self) -> u16 {
        self.size[1] as u16
    }

    fn fill_buffers(&self, row: u16, buffers: &mut [Vec<u8>; 4]) {
        let row = usize::from(row);
        let [y, cb, cr, _] = buffers;
        y.extend(&row_of(&self.picture.luma, row)[..self.size[0]]);
        for (out, plane) in [cb, cr].into_iter().zip(&self.picture.chroma) {
            let samples = row_of(plane, row / 2)[..self.size[0] / 2].iter();
            out.extend(samples.flat_map(|&sample| [sample, sample]));
        }
    }
}

fn row_of(plane: &Plane, row: usize) -> &[u8] {
    &plane.samples[row * plane.width..(row + 1) * plane.width]
}

/// Files of the size that a P1S sends, 37 to 60 kB.
const QUALITY: u8 = 80;

/// No camera sends less than 1 KB, and clients take less for no picture.
const PADDING: [u8; 1024] = [0; 1024];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::personality::{Personality, Service};
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    fn files(personality: Personality) -> (Vec<Vec<u8>>, [usize; 2]) {
        let Service::Jpeg(camera) = &personality.facts().service else { panic!("{personality} is none") };
        let mut reel = JpegReel::new(&Options::of(personality), camera.size);
        let files = (0..3).map(|n| reel.next(camera.interval * n, Duration::from_secs(45_296) + camera.interval * n));
        (files.collect(), camera.size)
    }

    #[test]
    fn files_are_jpeg_and_as_large_as_seen() {
        for (personality, sizes) in [(Personality::P1s, 37_000..60_000), (Personality::A1, 37_000..80_000)] {
            let (files, _) = files(personality);
            for file in &files {
                assert!(sizes.contains(&file.len()), "{personality}: {} bytes", file.len());
                assert!(file.starts_with(&[0xff, 0xd8, 0xff]) && file.ends_with(&[0xff, 0xd9]), "{personality}");
            }
            assert_ne!(files[0], files[1], "{personality}: the clock runs");
        }
    }

    #[test]
    fn ffmpeg_shows_what_was_drawn() {
        for personality in [Personality::P1s, Personality::A1] {
            let (files, [width, height]) = files(personality);
            let mut ffmpeg = Command::new("ffmpeg")
                .args(["-v", "warning", "-f", "mjpeg", "-i", "-", "-frames:v", "1", "-pix_fmt", "yuvj420p"])
                .args(["-f", "rawvideo", "-"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("ffmpeg");
            ffmpeg.stdin.take().expect("piped").write_all(&files[0]).expect("written");
            let output = ffmpeg.wait_with_output().expect("ended");
            assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{personality}");
            assert_eq!(output.stdout.len(), width * height * 3 / 2, "{personality}");
            let scene = Scene::new([width, height], Range::Full, &Options::of(personality).caption(), 0);
            let mut drawn = scene.blank();
            scene.draw(&mut drawn, Duration::ZERO, Duration::from_secs(45_296));
            let [cb, cr] = &drawn.chroma;
            let planes = [(&drawn.luma, 1), (cb, 2), (cr, 2)];
            let drawn = planes.into_iter().flat_map(|(plane, part)| {
                let rows = plane.samples.chunks_exact(plane.width).take(height / part);
                rows.flat_map(move |row| &row[..width / part])
            });
            let squares = output.stdout.iter().zip(drawn).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2));
            let error = squares.sum::<f64>() / output.stdout.len() as f64;
            assert!(error < 6.5, "{personality}: {error}");
        }
    }
}
