//! Camera pictures made by FFmpeg and x264, with what every frame must look like once decoded.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::tools::{made_once, pipe};

/// Three seconds at 30 frames a second; no B-frames, as from a camera.
pub(crate) struct Clip {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Frames from one key frame to the next.
    pub(crate) key_frame_interval: usize,
    /// Annex B, every access unit behind a delimiter.
    pub(crate) h264: PathBuf,
    /// MD5 of each frame's I420 planes, as FFmpeg decodes them; no two are equal.
    pub(crate) md5s: Vec<String>,
    /// The key frames as drawn, before any encoder: packed RGB, one after the other.
    rgb_key_frames: PathBuf,
}

/// 1280x720 High, BT.709 in limited range: what an encoder says that follows the rules.
pub(crate) fn hd() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    CLIP.get_or_init(|| Recipe { width: 1280, height: 720, profile: "high", interval: 15, color: BT709_LIMITED }.make())
}

/// 1920x1080 High: coded as 1088 lines, so the picture must be cropped.
pub(crate) fn full_hd() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    CLIP.get_or_init(|| {
        Recipe { width: 1920, height: 1080, profile: "high", interval: 30, color: BT709_LIMITED }.make()
    })
}

/// 1168x720 Baseline in full range, the shape of an X1C's picture.
pub(crate) fn full_range() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    CLIP.get_or_init(|| {
        Recipe { width: 1168, height: 720, profile: "baseline", interval: 30, color: BT601_FULL }.make()
    })
}

impl Clip {
    pub(crate) fn position(&self, md5: &str) -> Option<usize> {
        self.md5s.iter().position(|known| known == md5)
    }

    pub(crate) fn rgb_key_frames(&self) -> Vec<Vec<u8>> {
        let all = fs::read(&self.rgb_key_frames).unwrap();
        all.chunks(self.width * self.height * 3).map(<[u8]>::to_vec).collect()
    }

    /// Panics unless the frames follow one another in the clip, which the camera repeats for ever.
    pub(crate) fn assert_consecutive(&self, md5s: &[String]) {
        let first = self.position(&md5s[0]).unwrap_or_else(|| panic!("frame 0, {}, is none of the clip's", md5s[0]));
        for (count, md5) in md5s.iter().enumerate() {
            let want = (first + count) % self.md5s.len();
            assert_eq!(
                self.position(md5),
                Some(want),
                "decoded frame {count} of {} is not frame {want} of the clip (the first one was frame {first})",
                md5s.len()
            );
        }
    }
}

/// The frame MD5s of a file, by FFmpeg's own decoder.
pub(crate) fn frame_md5s(h264: &Path) -> Vec<String> {
    let table = pipe("ffmpeg", &["-nostdin", "-v", "error", "-i", h264.to_str().unwrap(), "-f", "framemd5", "-"], b"");
    let table = String::from_utf8(table).unwrap();
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_whitespace().last())
        .map(String::from)
        .collect()
}

#[derive(Hash)]
struct Color {
    matrix: &'static str,
    range: &'static str,
    flags: [&'static str; 8],
}

const BT709_LIMITED: Color = Color {
    matrix: "bt709",
    range: "tv",
    flags: ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"],
};

const BT601_FULL: Color = Color {
    matrix: "bt601",
    range: "pc",
    flags: [
        "-color_primaries",
        "smpte170m",
        "-color_trc",
        "smpte170m",
        "-colorspace",
        "smpte170m",
        "-color_range",
        "pc",
    ],
};

#[derive(Hash)]
struct Recipe {
    width: usize,
    height: usize,
    profile: &'static str,
    interval: usize,
    color: Color,
}

impl Recipe {
    fn make(self) -> Clip {
        let mut recipe = DefaultHasher::new();
        (&self, RECIPE_VERSION).hash(&mut recipe);
        let folder = made_once(&format!("clip-{:016x}", recipe.finish()), |folder| self.encode(folder));
        let h264 = folder.join("clip.h264");
        let md5s = frame_md5s(&h264);
        assert_eq!(md5s.len(), 90);
        assert!((1..md5s.len()).all(|frame| !md5s[..frame].contains(&md5s[frame])), "two frames of the clip are equal");
        let rgb_key_frames = folder.join("key-frames.rgb");
        Clip { width: self.width, height: self.height, key_frame_interval: self.interval, h264, md5s, rgb_key_frames }
    }

    /// Saturated colours and soft edges: a wrong matrix or range costs 20 dB, chroma subsampling and JPEG next to
    /// nothing. One graph makes the RGB pictures and the YUV ones, because testsrc2 draws the two differently.
    fn encode(&self, folder: &Path) {
        let Recipe { width, height, profile, interval, color } = self;
        let interval_text = interval.to_string();
        let source = format!("testsrc2=size={width}x{height}:rate=30:duration=3,format=gbrp,gblur=sigma=12:steps=2");
        let graph = format!(
            "[0:v]split[a][b];\
             [a]scale=out_color_matrix={}:out_range={}:flags=accurate_rnd+full_chroma_int+full_chroma_inp+bicubic,\
             format=yuv420p[video];\
             [b]select='not(mod(n,{interval}))',format=rgb24[keys]",
            color.matrix, color.range
        );
        let mut arguments = vec!["-nostdin", "-v", "error", "-f", "lavfi", "-i", &source, "-filter_complex", &graph];
        arguments.extend(["-map", "[video]", "-c:v", "libx264", "-preset", "veryfast", "-profile:v", profile]);
        arguments.extend(["-crf", "8", "-bf", "0", "-g", &interval_text, "-keyint_min", &interval_text]);
        arguments.extend(["-x264-params", "scenecut=0:repeat-headers=1"]);
        arguments.extend(color.flags);
        let h264 = folder.join("clip.h264");
        arguments.extend(["-bsf:v", "h264_metadata=aud=insert", "-f", "h264", h264.to_str().unwrap()]);
        let keys = folder.join("key-frames.rgb");
        arguments.extend(["-map", "[keys]", "-vsync", "0", "-f", "rawvideo", keys.to_str().unwrap()]);
        pipe("ffmpeg", &arguments, b"");
    }
}

/// To be raised when `encode` changes: clips of earlier runs are then made anew.
const RECIPE_VERSION: u32 = 1;
