//! Tiny pictures encoded once and sent in a loop: a camera that costs next to nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::h264::{Encoder, ParameterSets};
use crate::personality::Media;
use crate::picture::{Colour, Picture, Range};
use crate::pictures::PictureDigest;

/// What the pictures are and how they are described: 64x64, Constrained Baseline, level 1.0.
pub(crate) static MEDIA: Media = Media {
    bandwidth: 100,
    profile_level_id: "42C00A",
    sprop_parameter_sets: "Z0LACo2NQhMg,aM4xsg==",
    parameter_sets: ParameterSets {
        sps: &[0x67, 0x42, 0xc0, 0x0a, 0x8d, 0x8d, 0x42, 0x13, 0x20],
        pps: &[0x68, 0xce, 0x31, 0xb2],
        size: [64, 64],
        range: Range::Full,
        chroma_qp_offset: -6,
    },
};

/// One coded picture of the loop.
#[derive(Debug)]
pub(crate) struct CannedPicture {
    pub(crate) slice: Vec<u8>,
    pub(crate) digest: PictureDigest,
}

/// Two groups of pictures, because two IDR pictures in a row must differ in their id. Each of the
/// pictures is another one.
#[derive(Debug)]
pub(crate) struct Canned {
    pub(crate) groups: [Vec<CannedPicture>; 2],
}

impl Canned {
    /// Groups of `gop` pictures; encoded by the first caller only.
    pub(crate) fn with_gop(gop: u32) -> Arc<Canned> {
        static MADE: OnceLock<Mutex<HashMap<u32, Arc<Canned>>>> = OnceLock::new();
        let mut made = MADE.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(made.entry(gop).or_insert_with(|| Arc::new(Canned::encode(gop))))
    }

    fn encode(gop: u32) -> Canned {
        let mut encoder = Encoder::new(&MEDIA.parameter_sets);
        let mut group = |first: u32| {
            let pictures = (0..gop).map(|index| CannedPicture {
                slice: encoder.encode(&draw(first + index), index == 0),
                digest: PictureDigest::of(encoder.reconstruction(), MEDIA.parameter_sets.size),
            });
            pictures.collect()
        };
        Canned { groups: [group(0), group(gop)] }
    }
}

/// A number as black and white macroblocks, row by row, lowest bit first.
pub(crate) fn draw(number: u32) -> Picture {
    let mut picture = Picture::new(MEDIA.parameter_sets.size, Colour::rgb(0x202020));
    for bit in 0..16 {
        if number >> bit & 1 == 1 {
            let (x, y) = (16 * (bit % 4), 16 * (bit / 4));
            picture.fill([x, x + 16], [y, y + 16], Colour::rgb(0xe0e0e0));
        }
    }
    picture
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    #[test]
    fn every_picture_is_another_one_and_small() {
        let canned = Canned::with_gop(300);
        let pictures = || canned.groups.iter().flatten();
        let digests: HashSet<_> = pictures().map(|picture| picture.digest).collect();
        assert_eq!(digests.len(), 600);
        let bytes: usize = pictures().map(|picture| picture.slice.len()).sum();
        assert!(bytes < 600 * 200, "{bytes}");
        assert!(canned.groups.iter().all(|group| group[0].slice[0] == 0x65 && group[1].slice[0] == 0x41));
    }

    #[test]
    fn ffmpeg_shows_the_same_pictures() {
        let canned = Canned::with_gop(30);
        let mut stream = Vec::new();
        for group in [0, 1, 0] {
            for nal_unit in [MEDIA.parameter_sets.sps, MEDIA.parameter_sets.pps] {
                stream.extend([&[0, 0, 0, 1], nal_unit].concat());
            }
            for picture in &canned.groups[group] {
                stream.extend([&[0, 0, 0, 1], &picture.slice[..]].concat());
            }
        }
        let mut ffmpeg = Command::new("ffmpeg")
            .args(["-v", "error", "-f", "h264", "-i", "-", "-fps_mode", "passthrough", "-f", "framemd5", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("ffmpeg");
        ffmpeg.stdin.take().expect("piped").write_all(&stream).expect("written");
        let output = String::from_utf8(ffmpeg.wait_with_output().expect("ended").stdout).expect("text");
        let shown: Vec<&str> =
            output.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.rsplit(", ").next()).collect();
        let sent: Vec<String> =
            [0, 1, 0].iter().flat_map(|&g| &canned.groups[g]).map(|p| p.digest.to_string()).collect();
        assert_eq!(shown, sent);
    }
}
