//! The fast decoder: the system's libavcodec, linked dynamically, through ac-ffmpeg.
//!
//! One thread and no delay: several would hold back a picture each, and so would libavcodec itself wherever a stream
//! does not promise that its pictures come in display order. X1C and P2S promise it; for whoever does not, the promise
//! is put into the sequence parameter set, and taken back at the key frame after the first B slice.
//!
//! libavcodec shows what it can make of a damaged picture. It is told to give up on one instead, and does where the
//! damage is in what it reads; a picture whose last slices are missing it completes without a word.

use ac_ffmpeg::codec::Decoder as _;
use ac_ffmpeg::codec::video::{VideoDecoder, VideoFrame};
use ac_ffmpeg::packet::PacketMut;
use bytes::Bytes;
use printcam_proto::h264::{ParameterSets, Sps};

use super::checked_sps;
use super::gate::{self, Gate, MAX_HEIGHT, MAX_WIDTH, check_one_nal_unit};
use super::slice_header::PictureHeader;
use super::waiting::Waiting;
use crate::pool::Pool;
use crate::sps_rewrite::{without_crop, without_reordering};
use crate::{AccessUnit, ColorRange, DecodeError, Decoder, Frame, Plane};

/// Software decoder for 8-bit 4:2:0 H.264 up to 4096x2304 by the system's libavcodec, interlaced video included.
///
/// Pictures come in display order and, in streams without B-frames, at once. A stream with B-frames loses pictures
/// until its second key frame; from there on each comes as late as it must.
///
/// Each frame is one copy of libavcodec's picture, into a buffer from a pool: without `unsafe` its own cannot be lent
/// for as long as a [`Frame`] lives.
#[derive(Debug)]
pub struct Libavcodec {
    gate: Gate<Engine>,
}

impl Libavcodec {
    /// A decoder that waits for its first key frame.
    pub fn new() -> Self {
        Self { gate: Gate::new() }
    }
}

impl Default for Libavcodec {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder for Libavcodec {
    fn decode(&mut self, access_unit: &AccessUnit) -> Result<Option<Frame>, DecodeError> {
        self.gate.decode(access_unit)
    }
}

/// libavcodec's decoder and what it has been given.
struct Engine {
    decoder: VideoDecoder,
    sps: Bytes,
    info: Sps,
    pps: Vec<Bytes>,
    order: Order,
    /// A B slice has been seen.
    b_slices: bool,
    waiting: Waiting,
    /// The byte stream for one call; kept for its memory.
    stream: Vec<u8>,
    pool: Pool,
}

/// What the decoder is told of the order of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// They come in display order.
    Promised,
    /// What the camera says, or does not say.
    AsSent,
}

impl gate::Engine for Engine {
    fn new(sps: &Bytes) -> Result<Self, DecodeError> {
        Ok(Self {
            info: checked_sps::parse(sps)?,
            decoder: open()?,
            sps: sps.clone(),
            pps: Vec::new(),
            order: Order::Promised,
            b_slices: false,
            waiting: Waiting::default(),
            stream: Vec::new(),
            pool: Pool::default(),
        })
    }

    fn decode(&mut self, access_unit: &AccessUnit, sets: &ParameterSets) -> Result<Option<Frame>, DecodeError> {
        self.write_stream(access_unit, sets)?;
        let packet = PacketMut::from(&self.stream).with_raw_pts(self.waiting.push(access_unit)).freeze();
        self.decoder.try_push(packet).map_err(|_| DecodeError::Damaged)?;
        let Some(decoded) = self.decoder.take().map_err(|_| DecodeError::Damaged)? else {
            return Ok(None);
        };
        self.frame(&decoded).map(Some)
    }
}

impl Engine {
    /// Puts together what the decoder gets: parameter sets it has not seen, and the slices.
    fn write_stream(&mut self, access_unit: &AccessUnit, sets: &ParameterSets) -> Result<(), DecodeError> {
        let picture = PictureHeader::read(access_unit)?;
        self.b_slices |= picture.has_b_slices;
        if picture.idr && self.b_slices && self.order == Order::Promised {
            tracing::debug!(target: "printcam::decode", "B-frames: pictures are put in order from here on");
            self.order = Order::AsSent;
            self.decoder = open()?;
            self.waiting.clear();
            self.pps.clear();
        }
        self.stream.clear();
        self.write_parameter_sets(&sets.pps)?;
        for slice in gate::slices(access_unit) {
            self.stream.extend_from_slice(slice.with_start_code);
        }
        Ok(())
    }

    fn write_parameter_sets(&mut self, sets: &[Bytes]) -> Result<(), DecodeError> {
        if self.pps == sets {
            return Ok(());
        }
        if self.pps.is_empty() {
            let sps = without_crop(&self.sps).ok_or(DecodeError::Damaged)?;
            let ordered = match self.order {
                // One whose VUI cannot be read decodes as well, if later.
                Order::Promised => without_reordering(&sps),
                Order::AsSent => None,
            };
            append_nal_unit(ordered.as_deref().unwrap_or(&sps), &mut self.stream);
        }
        for pps in sets.iter().filter(|pps| !self.pps.contains(pps)) {
            check_one_nal_unit(pps)?;
            append_nal_unit(pps, &mut self.stream);
        }
        self.pps = sets.to_vec();
        Ok(())
    }

    /// Copies the visible picture, rows without padding, into one buffer of the pool.
    fn frame(&mut self, decoded: &VideoFrame) -> Result<Frame, DecodeError> {
        let info = &self.info;
        if !FORMATS.contains(&decoded.pixel_format().name())
            || (decoded.width(), decoded.height()) != (info.coded_width as usize, info.coded_height as usize)
        {
            return Err(DecodeError::Broken);
        }
        let picture = self.waiting.take(decoded.pts().timestamp()).ok_or(DecodeError::Broken)?;

        let (width, height) = (info.width as usize, info.height as usize);
        let (left, top) = (info.crop_left as usize, info.crop_top as usize);
        // Half of each for chroma; in 4:2:0 all of them are even.
        let rectangles = [1, 2, 2].map(|by| (width / by, height / by, left / by, top / by));
        let sizes = rectangles.map(|(columns, rows, ..)| columns * rows);
        let mut buffer = self.pool.take(sizes.iter().sum());
        let mut rest = buffer.bytes_mut();
        for (plane, (columns, rows, left, top)) in decoded.planes().iter().zip(rectangles) {
            let (samples, behind) = rest.split_at_mut(columns * rows);
            for (to, from) in samples.chunks_exact_mut(columns).zip(plane.lines().skip(top)) {
                to.copy_from_slice(&from[left..left + columns]);
            }
            rest = behind;
        }
        let mut rest = buffer.freeze();
        let mut plane = |index: usize| Plane { data: rest.split_to(sizes[index]), stride: rectangles[index].0 };
        Frame::new(
            (info.width, info.height),
            [plane(0), plane(1), plane(2)],
            if info.full_range { ColorRange::Full } else { ColorRange::Limited },
            info.matrix,
            picture.timestamp,
            picture.received_at,
        )
        .map_err(|_| DecodeError::Broken)
    }
}

fn open() -> Result<VideoDecoder, DecodeError> {
    // Damage is an error, not a guess; and what the library has to say of it is not for the program's standard error.
    let builder = VideoDecoder::builder("h264").map_err(|_| DecodeError::Unsupported { feature: "H.264" })?;
    builder
        .set_option("threads", 1)
        .set_option("err_detect", "explode")
        .set_option("max_pixels", MAX_WIDTH * MAX_HEIGHT)
        .set_option("log_level_offset", QUIET)
        .build()
        .map_err(|_| DecodeError::Broken)
}

fn append_nal_unit(nal_unit: &[u8], stream: &mut Vec<u8>) {
    stream.extend_from_slice(&[0, 0, 1]);
    stream.extend_from_slice(nal_unit);
}

/// 8-bit 4:2:0, in both of libavcodec's names for it: limited range and full.
const FORMATS: [&str; 2] = ["yuv420p", "yuvj420p"];

/// Moves libavcodec's messages below its default threshold (`AV_LOG_INFO`, 32), even the gravest but `AV_LOG_PANIC`.
const QUIET: i32 = 64;

#[cfg(test)]
mod tests;
