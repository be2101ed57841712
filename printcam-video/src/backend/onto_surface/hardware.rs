//! The platform's decoder at work for one sequence parameter set.
//!
//! Each access unit goes in, and what has been decoded by then comes out: usually its own picture, a few milliseconds
//! later. A decoder that takes longer is not waited for; its picture comes with a later call.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use printcam_proto::h264::{ParameterSets, Sps};

use super::input::{START_CODE, Times, behind_start_codes};
use super::{Setup, SurfaceCodec};
use crate::backend::gate::{check_one_nal_unit, slices};
use crate::backend::slice_header::PictureHeader;
use crate::sps_rewrite::without_reordering;
use crate::{AccessUnit, DecodeError};

pub(super) struct Hardware<C> {
    /// Absent while it makes way for another.
    codec: Option<C>,
    sps: Bytes,
    info: Sps,
    pps: Vec<Bytes>,
    order: Order,
    /// A B slice has been seen.
    b_slices: bool,
    times: Times,
    /// Access units whose pictures have not come out.
    waiting: VecDeque<Waiting>,
    /// Access units given since a picture last came out.
    unanswered: usize,
}

/// What the decoder is told of the order of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// They come in display order: none is held back.
    Promised,
    /// What the camera says, or does not say.
    AsSent,
}

struct Waiting {
    time: i64,
    show: bool,
}

impl<C: SurfaceCodec> Hardware<C> {
    /// Starts a decoder for this sequence parameter set, which has been checked.
    pub(super) fn open(sets: &ParameterSets, info: Sps, window: &C::Window) -> Result<Self, DecodeError> {
        let mut hardware = Self {
            codec: None,
            sps: sets.sps.clone(),
            info,
            pps: Vec::new(),
            order: Order::Promised,
            b_slices: false,
            times: Times::default(),
            waiting: VecDeque::new(),
            unanswered: 0,
        };
        hardware.start(&sets.pps, window)?;
        Ok(hardware)
    }

    pub(super) fn move_to(&self, window: &C::Window) -> Result<(), DecodeError> {
        self.codec()?.move_to(window)
    }

    /// Gives the decoder an access unit, and shows the newest picture it has. Returns whether there was one.
    pub(super) fn present(
        &mut self,
        access_unit: &AccessUnit,
        sets: &ParameterSets,
        show: bool,
        window: &C::Window,
    ) -> Result<Option<()>, DecodeError> {
        let picture = PictureHeader::read(access_unit)?;
        self.b_slices |= picture.has_b_slices;
        if picture.idr && self.b_slices && self.order == Order::Promised {
            tracing::debug!(target: "printcam::decode", "B-frames: pictures are put in order from here on");
            self.order = Order::AsSent;
            self.start(&sets.pps, window)?;
        }
        let time = self.times.next(access_unit.timestamp);
        let mut decoded = self.give(access_unit, &sets.pps, time, show)?;
        decoded |= self.show_newest(if show { Some(time) } else { None })?;
        Ok(decoded.then_some(()))
    }

    /// Starts a decoder in the place of the one there is.
    fn start(&mut self, pps: &[Bytes], window: &C::Window) -> Result<(), DecodeError> {
        pps.iter().try_for_each(|pps| check_one_nal_unit(pps))?;
        // One whose VUI cannot be read decodes as well, if later.
        let in_order = match self.order {
            Order::Promised => without_reordering(&self.sps),
            Order::AsSent => None,
        };
        let sps = in_order.as_deref().unwrap_or(&self.sps);
        let setup = Setup {
            width: self.info.width,
            height: self.info.height,
            frame_rate: self.frame_rate(),
            max_input: max_input(&self.info),
            sps: [&START_CODE, sps].concat(),
            pps: behind_start_codes(pps),
        };
        // A window has room for one.
        self.codec = None;
        self.waiting.clear();
        self.unanswered = 0;
        self.codec = Some(C::open(&setup, window)?);
        self.pps = pps.to_vec();
        Ok(())
    }

    fn frame_rate(&self) -> f32 {
        let claim = self.info.frame_rate.map_or(0.0, |rate| rate.per_second() as f32);
        if (1.0..=MAX_FRAME_RATE).contains(&claim) { claim } else { USUAL_FRAME_RATE }
    }

    /// Gives the decoder the slices, behind those picture parameter sets that it has not got. While it has no room, what
    /// it has decoded is taken out; returns whether that was anything.
    fn give(&mut self, access_unit: &AccessUnit, pps: &[Bytes], time: i64, show: bool) -> Result<bool, DecodeError> {
        let new: Vec<&Bytes> = pps.iter().filter(|pps| !self.pps.contains(pps)).collect();
        new.iter().try_for_each(|pps| check_one_nal_unit(pps))?;
        let sets_before = new.into_iter().flat_map(|pps| [&START_CODE[..], pps]);
        let pieces: Vec<&[u8]> = sets_before.chain(slices(access_unit).map(|slice| slice.with_start_code)).collect();
        let mut decoded = false;
        for _ in 0..INPUT_ROUNDS {
            if self.codec()?.queue(PATIENCE, time, &pieces)? {
                self.pps = pps.to_vec();
                self.remember(Waiting { time, show });
                return Ok(decoded);
            }
            decoded |= self.show_newest(None)?;
        }
        Err(DecodeError::Stuck)
    }

    fn remember(&mut self, waiting: Waiting) {
        if self.waiting.len() == MAX_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(waiting);
        self.unanswered += 1;
    }

    /// Takes out what has been decoded, waiting for the picture of `awaited` if it is not there yet, and shows the newest
    /// one unless it is late. Returns whether there was any.
    fn show_newest(&mut self, awaited: Option<i64>) -> Result<bool, DecodeError> {
        let codec = self.codec.as_ref().ok_or(DecodeError::Broken)?;
        let mut awaited = awaited;
        let mut newest = None;
        for _ in 0..MAX_WAITING {
            let patience = awaited.map_or(Duration::ZERO, |_| PATIENCE);
            let Some((picture, time)) = codec.dequeue(patience)? else { break };
            awaited = awaited.filter(|awaited| *awaited != time);
            self.unanswered = 0;
            let of_picture = self.waiting.iter().position(|waiting| waiting.time == time);
            // What nobody asked for is not shown.
            let show = of_picture.and_then(|at| self.waiting.remove(at)).is_some_and(|waiting| waiting.show);
            if let Some((older, _show)) = newest.replace((picture, show)) {
                codec.release(older, false)?;
            }
        }
        let decoded = newest.is_some();
        if let Some((picture, show)) = newest {
            codec.release(picture, show)?;
        }
        if self.unanswered >= MAX_WAITING { Err(DecodeError::Stuck) } else { Ok(decoded) }
    }

    fn codec(&self) -> Result<&C, DecodeError> {
        self.codec.as_ref().ok_or(DecodeError::Broken)
    }
}

/// Bytes of the largest access unit: no level lets a picture be coded in more than half of its samples (`MinCR`, H.264
/// table A-1), and small ones have headers.
fn max_input(info: &Sps) -> usize {
    let samples = info.coded_width as usize * info.coded_height as usize * 3 / 2;
    (samples / 2).max(MIN_INPUT)
}

/// For the decoder to take or give something. Most take less than this for a picture; who looks waits no longer.
pub(super) const PATIENCE: Duration = Duration::from_millis(10);

/// How often the decoder is asked for room, [`PATIENCE`] each: without it a picture is lost, and the picture stands still
/// up to the next key frame. Nothing is seen for longer than that only where a decoder is stuck.
pub(super) const INPUT_ROUNDS: u32 = 20;

/// Over the 16 pictures that any stream may have waiting for display (H.264 §A.3.1), with as many on their way through
/// the decoder. One that holds back more gives nothing any more.
pub(super) const MAX_WAITING: usize = 32;

/// Room for a picture of noise in 320x180 with all its headers.
const MIN_INPUT: usize = 64 << 10;

/// What an X1C sends.
const USUAL_FRAME_RATE: f32 = 30.0;

/// Beyond it a stream claims what no printer sends, and a decoder might refuse.
const MAX_FRAME_RATE: f32 = 60.0;
