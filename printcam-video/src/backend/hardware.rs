//! What a platform's decoder goes through, whatever the platform.
//!
//! ```text
//!              key frame                 lost, bad start, sets not accepted
//!  no session -----------> session open -----------------------------------> no session
//!     | other: Ok(None)      | picture: Ok(Some(frame))
//! ```
//!
//! A session is opened with its parameter sets, at a key frame, and kept while they are equal or it accepts the new
//! ones. Systems take a session away, as iOS does from programs in the background: that is no damage, and the next key
//! frame opens another.

use std::sync::Arc;

use bytes::Bytes;
use printcam_proto::h264::{ParameterSets, Sps};

use super::{checked_sps, gate};
use crate::surface::Surface;
use crate::{AccessUnit, ColorRange, DecodeError, Frame};

/// A decoder of the platform, opened for some parameter sets. After a failure it is not used again.
pub(super) trait Session: Sized {
    /// Opens one. The sequence parameter set has been checked; pictures come with the first access unit.
    fn open(sets: &ParameterSets) -> Result<Self, Failure>;

    /// Goes on with other picture parameter sets. `false` when it cannot: it is not used again then.
    fn accept(&mut self, sets: &ParameterSets) -> Result<bool, Failure>;

    /// Decodes the slices of an access unit, at once. `None` when the platform shows no picture for it.
    fn decode(&mut self, access_unit: &AccessUnit) -> Result<Option<Picture>, Failure>;
}

/// A decoded picture in the platform's memory.
pub(super) struct Picture {
    /// Width and height of the visible picture in luma samples.
    pub(super) size: (u32, u32),
    pub(super) surface: Arc<dyn Surface>,
}

/// Why a session did not do as it was told.
pub(super) enum Failure {
    /// The system has taken it away.
    SessionLost,
    /// It takes the coded data for damaged, and says so with this code.
    BadData { code: i32 },
    /// Anything else.
    Other(DecodeError),
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::Other(error)
    }
}

/// Sessions of one sequence parameter set, one after the other.
pub(super) struct Engine<S> {
    info: Sps,
    /// The picture parameter sets of the session.
    pps: Vec<Bytes>,
    session: Option<S>,
    /// The session has given a picture.
    proven: bool,
    /// A bad start has been passed over, and no picture has come since.
    forgiven: bool,
}

impl<S: Session> gate::Engine for Engine<S> {
    fn new(sps: &Bytes) -> Result<Self, DecodeError> {
        let info = checked_sps::parse(sps)?;
        Ok(Self { info, pps: Vec::new(), session: None, proven: false, forgiven: false })
    }

    fn decode(&mut self, access_unit: &AccessUnit, sets: &ParameterSets) -> Result<Option<Frame>, DecodeError> {
        if !gate::has_first_macroblock(access_unit) {
            // Platforms paint over what is missing.
            return Err(DecodeError::Incomplete);
        }
        match self.decode_in_session(access_unit, sets) {
            Ok(Some(picture)) => {
                (self.proven, self.forgiven) = (true, false);
                self.frame(picture, access_unit).map(Some)
            }
            Ok(None) => Ok(None),
            Err(Failure::SessionLost) => {
                tracing::info!(target: "printcam::decode", "decoder session lost, waiting for a key frame");
                Ok(None)
            }
            Err(Failure::BadData { .. }) if self.proven => Err(DecodeError::Damaged),
            // New sessions have been seen to refuse good data; the same twice running is meant.
            Err(Failure::BadData { code }) if self.forgiven => {
                Err(DecodeError::Platform { operation: "decoding", code })
            }
            Err(Failure::BadData { code }) => {
                tracing::debug!(target: "printcam::decode", code, "bad start of a decoder session");
                self.forgiven = true;
                Ok(None)
            }
            Err(Failure::Other(error)) => Err(error),
        }
    }
}

impl<S: Session> Engine<S> {
    /// Decodes with the session there is, or opens one if this is a key frame. One that fails is closed.
    fn decode_in_session(
        &mut self,
        access_unit: &AccessUnit,
        sets: &ParameterSets,
    ) -> Result<Option<Picture>, Failure> {
        let kept = match self.session.take() {
            Some(mut session) if self.pps != sets.pps => session.accept(sets)?.then_some(session),
            kept => kept,
        };
        let mut session = match kept {
            Some(session) => session,
            None if gate::is_key_frame(access_unit) => {
                self.proven = false;
                S::open(sets)?
            }
            None => return Ok(None),
        };
        self.pps.clone_from(&sets.pps);
        let picture = session.decode(access_unit)?;
        self.session = Some(session);
        Ok(picture)
    }

    fn frame(&self, picture: Picture, access_unit: &AccessUnit) -> Result<Frame, DecodeError> {
        Frame::of_surface(
            picture.size,
            picture.surface,
            if self.info.full_range { ColorRange::Full } else { ColorRange::Limited },
            self.info.matrix,
            access_unit.timestamp,
            access_unit.received_at,
        )
        .map_err(|_| DecodeError::Broken)
    }
}

#[cfg(test)]
mod tests;
