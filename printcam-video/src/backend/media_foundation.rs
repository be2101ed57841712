//! Windows's own decoder, through Media Foundation, in software: it needs no graphics device and no window.
//!
//! It is told that pictures come in display order and are wanted at once; where a stream does not promise the former,
//! the promise is put into its sequence parameter set. Crops are ours: its buffers hold whole coded pictures, or at least
//! what is left of them at the right and below.
//!
//! It shows what it can make of a damaged picture, and may or may not say so. One that falls behind or mixes pictures up
//! is replaced at the next key frame.

mod platform;
mod transform;

use std::borrow::Cow;

use bytes::Bytes;
use printcam_proto::h264::{ParameterSets, Sps};

use self::platform::Platform;
use self::transform::{Decoded, Transform};
use super::checked_sps;
use super::gate::{self, Gate, check_one_nal_unit};
use super::slice_header::PictureHeader;
use super::waiting::{MAX_WAITING, Waiting};
use crate::nv12::{self, Rows};
use crate::pool::Pool;
use crate::sps_rewrite::{with_plain_vui, without_crop};
use crate::{AccessUnit, ColorRange, DecodeError, Decoder, Frame};

/// Software decoder for 8-bit 4:2:0 H.264 from 48x48 up to 4096x2304 by Windows itself, interlaced video included.
///
/// Pictures come in display order and, in streams without B-frames, at once; no printer sends any.
///
/// Each frame is one copy of the decoder's picture, into a buffer from a pool. Threads need not have started COM; the
/// first decoder of a process starts Media Foundation, which then stays.
#[derive(Debug)]
pub struct MediaFoundation {
    gate: Gate<Engine>,
}

impl MediaFoundation {
    /// A decoder that waits for its first key frame.
    ///
    /// That one gives [`DecodeError::Platform`] where Windows has no such decoder: its "N" editions without the Media
    /// Feature Pack, and Server without the feature "Media Foundation".
    pub fn new() -> Self {
        Self { gate: Gate::new() }
    }
}

impl Default for MediaFoundation {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder for MediaFoundation {
    fn decode(&mut self, access_unit: &AccessUnit) -> Result<Option<Frame>, DecodeError> {
        self.gate.decode(access_unit)
    }
}

/// Windows's decoder and what it has been given.
struct Engine {
    transform: Transform,
    sps: Bytes,
    info: Sps,
    pps: Vec<Bytes>,
    waiting: Waiting,
    /// Each access unit is given with the delimiter of the next one behind it, not with its own before it: the
    /// decoder has been seen to wait for it.
    closes: bool,
    /// The decoder has given the picture of an access unit at once.
    prompt: bool,
    /// A B slice has been seen.
    b_slices: bool,
    pool: Pool,
}

impl gate::Engine for Engine {
    fn new(sps: &Bytes) -> Result<Self, DecodeError> {
        let info = checked_sps::parse(sps)?;
        let plain = with_plain_vui(sps).ok_or(DecodeError::Damaged)?;
        let plain = match (info.crop_left, info.crop_top) {
            (0, 0) => plain,
            _ => Cow::Owned(without_crop(&plain).ok_or(DecodeError::Damaged)?.into_owned()),
        };
        let platform = Platform::started().map_err(failed)?;
        Ok(Self {
            transform: Transform::new(platform, (info.coded_width, info.coded_height)).map_err(failed)?,
            sps: Bytes::copy_from_slice(&plain),
            info,
            pps: Vec::new(),
            waiting: Waiting::default(),
            closes: false,
            prompt: false,
            b_slices: false,
            pool: Pool::default(),
        })
    }

    fn decode(&mut self, access_unit: &AccessUnit, sets: &ParameterSets) -> Result<Option<Frame>, DecodeError> {
        self.b_slices |= PictureHeader::read(access_unit)?.has_b_slices;
        let unseen = self.unseen(&sets.pps)?;
        let unseen = unseen.iter().flat_map(|set| [&START_CODE[..], set]);
        let slices = gate::slices(access_unit).map(|slice| slice.with_start_code);
        let mut pieces: Vec<&[u8]> = unseen.chain(slices).collect();
        pieces.insert(if self.closes { pieces.len() } else { 0 }, &DELIMITER);

        let number = self.waiting.push(access_unit);
        let mut latest = self.give(number, &pieces)?;
        if latest.is_none() && !self.closes {
            self.closes = true;
            latest = self.give(number, &[&DELIMITER])?;
        }
        let held_back = self.waiting.contains(number);
        if held_back && self.prompt && !self.b_slices {
            // Something in it made the decoder drop it, or wait for others: what comes from now on is late or not true.
            return Err(DecodeError::Damaged);
        }
        self.prompt |= !held_back;
        Ok(latest)
    }
}

impl Engine {
    /// The parameter sets that the decoder has not got yet.
    fn unseen(&mut self, sets: &[Bytes]) -> Result<Vec<Bytes>, DecodeError> {
        if self.pps == sets {
            return Ok(Vec::new());
        }
        let sps = self.pps.is_empty().then(|| self.sps.clone());
        let pps = sets.iter().filter(|pps| !self.pps.contains(pps));
        let unseen: Vec<Bytes> = sps.into_iter().chain(pps.cloned()).collect();
        unseen.iter().try_for_each(|set| check_one_nal_unit(set))?;
        self.pps = sets.to_vec();
        Ok(unseen)
    }

    /// Gives the decoder an access unit, or the end of one, and takes what picture it has then.
    fn give(&mut self, number: i64, pieces: &[&[u8]]) -> Result<Option<Frame>, DecodeError> {
        if self.transform.push(number, pieces).map_err(failed)? {
            return self.latest_frame();
        }
        let earlier = self.latest_frame()?;
        if !self.transform.push(number, pieces).map_err(failed)? {
            return Err(DecodeError::Broken);
        }
        Ok(self.latest_frame()?.or(earlier))
    }

    /// The last of the pictures that the decoder has to give. There is one, or none, unless it has held some back.
    fn latest_frame(&mut self) -> Result<Option<Frame>, DecodeError> {
        let mut latest = None;
        for _ in 0..MAX_WAITING {
            let Self { transform, info, waiting, pool, .. } = self;
            match transform.next(|decoded| frame(decoded, info, waiting, pool)).map_err(failed)? {
                Some(frame) => latest = Some(frame?),
                None => return Ok(latest),
            }
        }
        Err(DecodeError::Broken)
    }
}

/// Copies the visible picture.
fn frame(decoded: Decoded<'_>, info: &Sps, waiting: &mut Waiting, pool: &Pool) -> Result<Frame, DecodeError> {
    let of_frame = waiting.take(decoded.number).ok_or(DecodeError::Broken)?;
    if decoded.corrupt {
        return Err(DecodeError::Damaged);
    }
    let luma = cropped(decoded.luma, info.crop_left, info.crop_top);
    // A pair of chroma samples is as wide as two of luma.
    let chroma = cropped(decoded.chroma, info.crop_left, info.crop_top / 2);
    let planes = nv12::to_i420((info.width, info.height), luma, chroma, pool);
    Frame::new(
        (info.width, info.height),
        planes.ok_or(DecodeError::Broken)?,
        if info.full_range { ColorRange::Full } else { ColorRange::Limited },
        info.matrix,
        of_frame.timestamp,
        of_frame.received_at,
    )
    .map_err(|_| DecodeError::Broken)
}

/// What is right of and below a sample: nothing where that is outside.
fn cropped(rows: Rows<'_>, left: u32, top: u32) -> Rows<'_> {
    let start = top as usize * rows.stride + left as usize;
    Rows { data: rows.data.get(start..).unwrap_or_default(), ..rows }
}

fn failed(error: windows::core::Error) -> DecodeError {
    DecodeError::Platform { operation: "Media Foundation", code: error.code().0 }
}

const START_CODE: [u8; 3] = [0, 0, 1];

/// An access unit delimiter for a picture of any slices (H.264 §7.3.2.4), behind a start code.
const DELIMITER: [u8; 5] = [0, 0, 1, 0x09, 0xf0];
