//! One decoder for a stream of any coding.

use printcam_proto::h264::Coding;

use super::JpegDecoder;
use crate::{AccessUnit, DecodeError, Decoder, Frame};

/// Decodes each access unit by the decoder for its coding. That for H.264 is made at the first one: a platform's decoder
/// takes memory of the graphics, of which a camera that sends JPEG needs none.
pub(super) struct ByCoding {
    make_h264: fn() -> Box<dyn Decoder>,
    h264: Option<Box<dyn Decoder>>,
    jpeg: JpegDecoder,
}

impl ByCoding {
    pub(super) fn new(make_h264: fn() -> Box<dyn Decoder>) -> Self {
        Self { make_h264, h264: None, jpeg: JpegDecoder::new() }
    }
}

impl Decoder for ByCoding {
    fn decode(&mut self, access_unit: &AccessUnit) -> Result<Option<Frame>, DecodeError> {
        match access_unit.coding {
            Coding::H264(_) => self.h264.get_or_insert_with(self.make_h264).decode(access_unit),
            Coding::Jpeg { .. } => self.jpeg.decode(access_unit),
        }
    }
}
