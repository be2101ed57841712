//! FFmpeg as encoder, decoder and judge.

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use bytes::Bytes;

use crate::annex_b::nal_units;

/// Runs FFmpeg with `arguments` (split at spaces), `input` on its standard input, and gives its standard output.
pub(crate) fn ffmpeg(arguments: &str, input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-nostdin", "-threads", "1"])
        .args(arguments.split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg is installed (scripts/test does it)");
    let mut stdin = child.stdin.take().expect("piped");
    let output = thread::scope(|scope| {
        // It may close its input early; what matters is what comes out.
        scope.spawn(move || stdin.write_all(input).ok());
        child.wait_with_output().expect("ffmpeg runs to its end")
    });
    assert!(output.status.success(), "ffmpeg {arguments}");
    output.stdout
}

/// A clip as a camera sends it: access units whose NAL units stand behind four-byte start codes.
pub(crate) struct Clip {
    pub(crate) access_units: Vec<Coded>,
    pub(crate) sps: Bytes,
    pub(crate) pps: Vec<Bytes>,
    /// FFmpeg's decode of it: one packed I420 picture after the other.
    pub(crate) reference: Vec<u8>,
}

/// One access unit of a clip.
#[derive(Clone)]
pub(crate) struct Coded {
    pub(crate) data: Vec<u8>,
    pub(crate) key_frame: bool,
}

/// A clip of motion, noise and fine colour at `size` (`320x180`), eight pictures.
pub(crate) fn encode(size: &str, x264: &str) -> Clip {
    encode_filtered(size, x264, "aud=insert")
}

/// The same with more options for the bitstream filter that rewrites parameter sets.
pub(crate) fn encode_filtered(size: &str, x264: &str, metadata: &str) -> Clip {
    let source = format!("-f lavfi -i testsrc2=s={size}:r=30,noise=alls=12 -frames:v 8 -pix_fmt yuv420p");
    let filter = format!("h264_metadata=aud=insert:{metadata}");
    Clip::from_stream(&ffmpeg(&format!("{source} -c:v libx264 -bf 0 {x264} -bsf:v {filter} -f h264 -"), &[]))
}

impl Clip {
    /// Cuts a byte stream at its access unit delimiters.
    pub(crate) fn from_stream(stream: &[u8]) -> Self {
        let mut clip = Self {
            access_units: Vec::new(),
            sps: Bytes::new(),
            pps: Vec::new(),
            reference: ffmpeg("-flags unaligned -f h264 -i - -fps_mode passthrough -f rawvideo -", stream),
        };
        for nal_unit in nal_units(stream) {
            let payload = nal_unit.payload();
            match nal_unit.kind() {
                9 => clip.access_units.push(Coded { data: Vec::new(), key_frame: false }),
                7 => clip.sps = Bytes::copy_from_slice(payload),
                8 if !clip.pps.iter().any(|pps| pps == payload) => clip.pps.push(Bytes::copy_from_slice(payload)),
                _ => {}
            }
            let access_unit = clip.access_units.last_mut().expect("a delimiter comes first");
            access_unit.key_frame |= nal_unit.kind() == 5;
            access_unit.data.extend_from_slice(&[0, 0, 0, 1]);
            access_unit.data.extend_from_slice(payload);
        }
        clip
    }

    /// FFmpeg's picture of access unit `index`.
    pub(crate) fn reference_picture(&self, index: usize) -> &[u8] {
        let size = self.reference.len() / self.access_units.len();
        &self.reference[index * size..][..size]
    }
}
