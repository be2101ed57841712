//! FFmpeg as encoder, decoder and judge.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use printcam_proto::h264::{Coding, ParameterSetTracker, ParameterSets};
use rusty_h264_common::BitWriter;

use crate::annex_b::nal_units;
use crate::{AccessUnit, Frame};

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

/// FFmpeg's reading of a parameter set: `name = value` for each field, up to the stop bit.
pub(crate) fn trace_headers(nal_unit: &[u8]) -> Vec<String> {
    let mut child = Command::new("ffmpeg")
        .args("-hide_banner -nostdin -f h264 -i - -c copy -bsf:v trace_headers -f null -".split(' '))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ffmpeg is installed (scripts/test does it)");
    let stream = [&[0, 0, 0, 1], nal_unit].concat();
    child.stdin.take().expect("piped").write_all(&stream).expect("a short stream");
    // It ends in an error, as there are no pictures.
    let said = child.wait_with_output().expect("ffmpeg runs to its end").stderr;
    let said = String::from_utf8(said).expect("FFmpeg speaks ASCII");
    // [trace_headers @ 0x1234] 48          max_num_ref_frames          010 = 1
    let fields = said.lines().filter_map(|line| {
        let words: Vec<&str> = line.split("] ").nth(1)?.split_ascii_whitespace().collect();
        let [_bit, name, _code, "=", value] = words[..] else { return None };
        line.starts_with("[trace_headers").then(|| format!("{name} = {value}"))
    });
    fields.take_while(|field| field != "rbsp_stop_one_bit = 1").collect()
}

/// A clip as a camera sends it: NAL units stand behind four-byte start codes, parameter sets among them.
pub(crate) struct Clip {
    pub(crate) access_units: Vec<AccessUnit>,
    /// FFmpeg's decode of it: one packed I420 picture after the other, in display order.
    reference: Vec<u8>,
}

/// A clip of motion, noise and fine colour at `size` (`320x180`), eight pictures.
pub(crate) fn encode(size: &str, x264: &str) -> Clip {
    encode_filtered(size, x264, "aud=insert")
}

/// The same with more options for the bitstream filter that rewrites parameter sets.
pub(crate) fn encode_filtered(size: &str, x264: &str, metadata: &str) -> Clip {
    Clip::from_stream(&encode_stream(size, x264, metadata))
}

/// The byte stream of such a clip.
pub(crate) fn encode_stream(size: &str, x264: &str, metadata: &str) -> Vec<u8> {
    let source = format!("-f lavfi -i testsrc2=s={size}:r=30,noise=alls=12 -frames:v 8 -pix_fmt yuv420p");
    let filter = format!("h264_metadata=aud=insert:{metadata}");
    ffmpeg(&format!("{source} -c:v libx264 -bf 0 {x264} -bsf:v {filter} -f h264 -"), &[])
}

impl Clip {
    /// Cuts a byte stream at its access unit delimiters.
    pub(crate) fn from_stream(stream: &[u8]) -> Self {
        let start = Instant::now();
        let mut access_units: Vec<AccessUnit> = Vec::new();
        let mut data = Vec::new();
        let mut sets = ParameterSetTracker::new();
        let end = [0, 0, 1, 9];
        for nal_unit in nal_units(&[stream, &end].concat()) {
            let payload = nal_unit.payload();
            match nal_unit.kind() {
                9 if !data.is_empty() => {
                    let index = access_units.len() as u32;
                    let key_frame = nal_units(&data).any(|nal_unit| nal_unit.kind() == 5);
                    access_units.push(AccessUnit {
                        timestamp: u64::from(index) * 3000,
                        received_at: start + index * Duration::from_secs(1) / 30,
                        key_frame,
                        discontinuity: false,
                        coding: Coding::H264(Arc::clone(sets.current().expect("they come first"))),
                        data: std::mem::take(&mut data).into(),
                    });
                }
                7 | 8 => sets.push(payload).expect("a good parameter set"),
                _ => {}
            }
            data.extend_from_slice(&[0, 0, 0, 1]);
            data.extend_from_slice(payload);
        }
        let reference =
            ffmpeg("-flags unaligned -f h264 -i - -fps_mode passthrough -noautoscale -f rawvideo -", stream);
        Self { access_units, reference }
    }

    /// FFmpeg's picture number `index`, in display order.
    pub(crate) fn reference_picture(&self, index: usize) -> &[u8] {
        let mut sizes = self.access_units.iter().map(|access_unit| {
            let (width, height) = access_unit.size();
            (width * height * 3 / 2) as usize
        });
        let start = sizes.by_ref().take(index).sum();
        &self.reference[start..][..sizes.next().expect("a picture of the clip")]
    }
}

/// An access unit with other bytes in it.
pub(crate) fn with_data(access_unit: &AccessUnit, data: Vec<u8>) -> AccessUnit {
    AccessUnit { data: data.into(), ..access_unit.clone() }
}

/// An access unit with other parameter sets, believed to say the same.
pub(crate) fn with_parameter_sets(access_unit: &AccessUnit, sps: Vec<u8>, pps: Vec<Bytes>) -> AccessUnit {
    let info = sets_of(access_unit).info.clone();
    let sets = ParameterSets { sps: sps.into(), pps, info };
    AccessUnit { coding: Coding::H264(Arc::new(sets)), ..access_unit.clone() }
}

/// The parameter sets of an access unit of H.264.
pub(crate) fn sets_of(access_unit: &AccessUnit) -> &ParameterSets {
    access_unit.parameter_sets().expect("H.264")
}

/// The samples of a frame without padding.
pub(crate) fn i420(frame: &Frame) -> Vec<u8> {
    let mut packed = Vec::new();
    frame.write_i420(&mut packed).expect("a Vec takes everything");
    packed
}

/// The fields of a Baseline sequence parameter set that matter here; `crop` is left, right, top, bottom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BaselineSps {
    pub(crate) columns: u32,
    pub(crate) rows: u32,
    pub(crate) references: u32,
    pub(crate) crop: [u32; 4],
}

impl BaselineSps {
    pub(crate) fn nal_unit(self) -> Vec<u8> {
        nal_unit(0x67, |bits| {
            bits.write_bits(66, 8); // profile_idc
            bits.write_bits(0, 8);
            bits.write_bits(51, 8); // level_idc
            bits.write_ue(0); // seq_parameter_set_id
            bits.write_ue(0); // log2_max_frame_num_minus4
            bits.write_ue(2); // pic_order_cnt_type
            bits.write_ue(self.references);
            bits.write_bits(0, 1); // gaps_in_frame_num_value_allowed_flag
            bits.write_ue(self.columns - 1);
            bits.write_ue(self.rows - 1);
            bits.write_bits(1, 1); // frame_mbs_only_flag
            bits.write_bits(1, 1); // direct_8x8_inference_flag
            bits.write_bits(u32::from(self.crop != [0; 4]), 1);
            if self.crop != [0; 4] {
                self.crop.into_iter().for_each(|offset| bits.write_ue(offset));
            }
            bits.write_bits(0, 1); // vui_parameters_present_flag
        })
    }
}

/// A NAL unit of some bits, with trailing bits and emulation prevention.
pub(crate) fn nal_unit(header: u8, write: impl FnOnce(&mut BitWriter)) -> Vec<u8> {
    let mut bits = BitWriter::new();
    write(&mut bits);
    bits.rbsp_trailing_bits();
    let mut nal_unit = vec![header];
    rusty_h264_common::nal::emulation_prevent_into(&bits.into_bytes(), &mut nal_unit);
    nal_unit
}
