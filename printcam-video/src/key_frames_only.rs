//! Thumbnails: a picture now and then for a small part of the cost.

use crate::{AccessUnit, DecodeError, Decoder, Frame};

/// Decodes the key frames of a stream and nothing between them: about one picture a second, or one in ten, as the
/// camera makes them.
///
/// Media lost between key frames costs nothing, as each stands for itself.
#[derive(Debug, Default)]
pub struct KeyFramesOnly<D> {
    decoder: D,
}

impl<D: Decoder> KeyFramesOnly<D> {
    /// Lets `decoder` see key frames only.
    pub fn new(decoder: D) -> Self {
        Self { decoder }
    }

    /// The decoder, to go on with every picture from the next key frame: what came before is not there to refer to.
    pub fn into_inner(self) -> D {
        self.decoder
    }
}

impl<D: Decoder> Decoder for KeyFramesOnly<D> {
    fn decode(&mut self, access_unit: &AccessUnit) -> Result<Option<Frame>, DecodeError> {
        if !access_unit.key_frame {
            return Ok(None);
        }
        self.decoder.decode(access_unit)
    }
}
