//! Decoding onto a surface, by a decoder of the platform that shows pictures itself: all of it but the platform's calls.
//!
//! ```text
//!                window and key frame
//!       waiting ----------------------> hardware
//!         ^  |                           |   |
//!         |  |  no window, error         |   | cannot be opened, or fails MAX_FAILURES times in a row
//!         |  +---------------------------+   v
//!         +------------------------------ software
//! ```
//!
//! Software stays until its window goes: a window that was drawn to by the processor takes no decoder any more.

mod hardware;
pub(super) mod input;

use std::time::{Duration, Instant};

use printcam_proto::h264::{Coding, ParameterSets};

use self::hardware::Hardware;
use super::checked_sps;
use super::gate::Gate;
use super::{JpegDecoder, fastest_decoder};
use crate::{AccessUnit, DecodeError, Decoder, Frame};

/// A decoder of the platform that shows its pictures itself. Dropped, it has let go of its window.
pub(super) trait SurfaceCodec: Sized {
    /// Where pictures are shown.
    type Window;

    /// A decoded picture that the decoder wants back.
    type Picture<'a>
    where
        Self: 'a;

    /// Starts a decoder that shows its pictures in `window`.
    fn open(setup: &Setup, window: &Self::Window) -> Result<Self, DecodeError>;

    /// Shows pictures in another window from now on.
    fn move_to(&self, window: &Self::Window) -> Result<(), DecodeError>;

    /// Has an access unit decoded, which is given in pieces. `time` is in microseconds. Waits for room for so long; returns
    /// whether there was any.
    fn queue(&self, patience: Duration, time: i64, pieces: &[&[u8]]) -> Result<bool, DecodeError>;

    /// The next picture decoded and the time of its access unit. Waits for it for so long.
    fn dequeue(&self, patience: Duration) -> Result<Option<(Self::Picture<'_>, i64)>, DecodeError>;

    /// Gives a picture back, to be shown or not.
    fn release(&self, picture: Self::Picture<'_>, show: bool) -> Result<(), DecodeError>;

    /// Draws a picture that was decoded otherwise.
    fn draw(frame: &Frame, window: &Self::Window) -> Result<(), DecodeError>;
}

/// What a decoder is opened with.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Setup {
    /// Of the visible picture, in luma samples.
    pub(super) width: u32,
    /// Of the visible picture, in luma samples.
    pub(super) height: u32,
    /// Pictures per second.
    pub(super) frame_rate: f32,
    /// Bytes of the largest access unit.
    pub(super) max_input: usize,
    /// The sequence parameter set behind a start code.
    pub(super) sps: Vec<u8>,
    /// The picture parameter sets, each behind a start code.
    pub(super) pps: Vec<u8>,
}

/// Shows vetted streams in a window, when there is one.
pub(super) struct OntoSurface<C: SurfaceCodec> {
    /// Before the window, since fields are dropped in order: a decoder lets go of its window before that is released.
    gate: Gate<Engine<C>>,
    window: Option<C::Window>,
    /// No platform's decoder is asked for JPEGs.
    jpeg: JpegDecoder,
    /// The platform's decoder is not to be had for this window.
    software: bool,
    /// Of the platform's decoder, since its last picture.
    failures: u32,
    failed_at: Option<Instant>,
}

impl<C: SurfaceCodec> OntoSurface<C> {
    pub(super) fn new(window: C::Window) -> Self {
        Self {
            gate: Gate::new(),
            window: Some(window),
            jpeg: JpegDecoder::new(),
            software: false,
            failures: 0,
            failed_at: None,
        }
    }

    /// Another window, or none. When this returns, the one before is not touched any more.
    ///
    /// A decoder at work goes on in another window. Without any it ends, and the first key frame after there is one
    /// again starts anew.
    pub(super) fn set_window(&mut self, window: Option<C::Window>) {
        let goes_on = match (self.gate.engine(), &window) {
            (Some(Engine::Hardware(hardware)), Some(window)) => match hardware.move_to(window) {
                Ok(()) => true,
                Err(error) => {
                    tracing::debug!(target: "printcam::decode", %error, "another window needs another decoder");
                    false
                }
            },
            (Some(Engine::Software(_)), Some(_)) => true,
            _ => false,
        };
        if !goes_on {
            self.gate.close();
        }
        if window.is_none() {
            (self.software, self.failures, self.failed_at) = (false, 0, None);
        }
        self.window = window;
    }

    /// [`Presenter::present`](crate::Presenter::present).
    pub(super) fn present(&mut self, access_unit: &AccessUnit, show: bool) -> Result<bool, DecodeError> {
        let Some(window) = &self.window else { return Ok(false) };
        if let Coding::Jpeg { .. } = access_unit.coding {
            // A window has room for one.
            self.gate.close();
            let frame = self.jpeg.decode(access_unit)?;
            if let Some(frame) = frame.as_ref().filter(|_| show) {
                C::draw(frame, window)?;
            }
            return Ok(frame.is_some());
        }
        let since_failure = self.failed_at.map(|at| access_unit.received_at.saturating_duration_since(at));
        if self.gate.engine().is_none() && since_failure.is_some_and(|since| since < RETRY_INTERVAL) {
            return Ok(false);
        }
        let software = &mut self.software;
        let result = self.gate.decode_by(
            access_unit,
            |sets| Engine::open(sets, window, software),
            |engine, access_unit, sets| engine.present(access_unit, sets, show, window),
        );
        match &result {
            Ok(Some(())) => self.failures = 0,
            Err(error) if !self.software && is_of_decoder(error) => self.count_failure(access_unit.received_at),
            _ => {}
        }
        result.map(|picture| picture.is_some())
    }

    fn count_failure(&mut self, at: Instant) {
        self.failures += 1;
        self.failed_at = Some(at);
        if self.failures >= MAX_FAILURES {
            tracing::warn!(target: "printcam::decode", failures = self.failures, "decoding by software from here on");
            (self.software, self.failures, self.failed_at) = (true, 0, None);
        }
    }
}

impl<C: SurfaceCodec> std::fmt::Debug for OntoSurface<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let window = self.window.is_some();
        f.debug_struct("OntoSurface").field("window", &window).field("gate", &self.gate).finish_non_exhaustive()
    }
}

/// What decodes for one sequence parameter set.
enum Engine<C> {
    Hardware(Hardware<C>),
    Software(Box<dyn Decoder>),
}

impl<C: SurfaceCodec> Engine<C> {
    /// The platform's decoder, unless it is not to be had; then `software` is set.
    fn open(sets: &ParameterSets, window: &C::Window, software: &mut bool) -> Result<Self, DecodeError> {
        let info = checked_sps::parse(&sets.sps)?;
        if !*software {
            match Hardware::open(sets, info, window) {
                Err(error @ DecodeError::Platform { .. }) => {
                    tracing::warn!(target: "printcam::decode", %error, "decoding by software");
                    *software = true;
                }
                opened => return opened.map(Self::Hardware),
            }
        }
        Ok(Self::Software(fastest_decoder()))
    }

    fn present(
        &mut self,
        access_unit: &AccessUnit,
        sets: &ParameterSets,
        show: bool,
        window: &C::Window,
    ) -> Result<Option<()>, DecodeError> {
        match self {
            Self::Hardware(hardware) => hardware.present(access_unit, sets, show, window),
            Self::Software(decoder) => {
                let frame = decoder.decode(access_unit)?;
                if let Some(frame) = frame.as_ref().filter(|_| show) {
                    C::draw(frame, window)?;
                }
                Ok(frame.map(drop))
            }
        }
    }
}

/// Whether it says nothing of the access unit, and all of the decoder.
fn is_of_decoder(error: &DecodeError) -> bool {
    use DecodeError::{Broken, InputTooLarge, Platform, Stuck};
    matches!(error, Platform { .. } | InputTooLarge { .. } | Stuck | Broken)
}

/// Opening a decoder takes a tenth of a second of a service that all programs share.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// One may be the program's fate in the background, two bad luck.
const MAX_FAILURES: u32 = 3;

#[cfg(test)]
mod tests;
