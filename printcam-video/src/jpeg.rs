//! Frames to JPEG files, without a detour over RGB.

use jpeg_encoder::{Encoder, EncodingError, ImageBuffer, JpegColorType, SamplingFactor};

use crate::convert::{ToJpeg, double};
use crate::{Frame, Planes};

/// Quality for snapshots: no visible loss, at 1080p about 200 KB.
pub const DEFAULT_QUALITY: u8 = 85;

/// Why a frame gave no JPEG.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JpegError {
    /// JPEG stores sizes in 16 bits.
    #[error("a picture of {width}x{height} is too large for JPEG")]
    TooLarge {
        /// Width of the frame.
        width: u32,
        /// Height of the frame.
        height: u32,
    },
    /// The encoder failed.
    #[error("the JPEG encoder failed")]
    Encoder(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Encodes a frame as a baseline JFIF file with 4:2:0 chroma, converting its range and matrix to those of JPEG.
///
/// `quality` goes from 1 to 100 and is clamped; [`DEFAULT_QUALITY`] is a good one. A picture that the camera sent as JPEG
/// gives the camera's own file, whatever the quality: another encoding could only lose.
///
/// # Errors
///
/// When a side of the frame is over 65,535 samples.
pub fn encode_jpeg(frame: &Frame, quality: u8) -> Result<Vec<u8>, JpegError> {
    if let Some(file) = frame.jpeg() {
        return Ok(file.to_vec());
    }
    let (width, height) = (frame.width(), frame.height());
    let (Ok(width), Ok(height)) = (u16::try_from(width), u16::try_from(height)) else {
        return Err(JpegError::TooLarge { width, height });
    };
    // An eighth of the samples holds most pictures at the default quality.
    let mut file = Vec::with_capacity(frame.i420_len() / 8);
    let mut encoder = Encoder::new(&mut file, quality.clamp(1, 100));
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    let rows = Rows { width, height, planes: frame.planes(), map: ToJpeg::from(frame.range(), frame.matrix()) };
    encoder.encode_image(rows).map_err(|error: EncodingError| JpegError::Encoder(Box::new(error)))?;
    Ok(file)
}

/// The frame as the encoder reads it: a row of each component at full size, of whose chroma it takes every second
/// sample of every second row.
struct Rows<'a> {
    width: u16,
    height: u16,
    planes: Planes<'a>,
    map: Option<ToJpeg>,
}

impl ImageBuffer for Rows<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        self.width
    }

    fn height(&self) -> u16 {
        self.height
    }

    fn fill_buffers(&self, row: u16, buffers: &mut [Vec<u8>; 4]) {
        let width = usize::from(self.width);
        let y = self.planes.y.row(usize::from(row));
        let u = self.planes.u.row(usize::from(row / 2));
        let v = self.planes.v.row(usize::from(row / 2));
        let [out_y, out_cb, out_cr, _] = buffers;
        match &self.map {
            None => out_y.extend_from_slice(y),
            Some(map) => (map.luma_row)(y, u, v, grow(out_y, width)),
        }
        let (out_cb, out_cr) = (grow(out_cb, width), grow(out_cr, width));
        // The encoder skips the odd rows, except that it repeats the last one below the picture.
        if row % 2 == 1 && row + 1 != self.height {
            return;
        }
        match &self.map {
            None => {
                double(u, out_cb);
                double(v, out_cr);
            }
            Some(map) => {
                (map.cb_row_doubled)(u, v, out_cb);
                (map.cr_row_doubled)(u, v, out_cr);
            }
        }
    }
}

/// Lengthens a buffer by a row and gives that row.
fn grow(buffer: &mut Vec<u8>, width: usize) -> &mut [u8] {
    let start = buffer.len();
    buffer.resize(start + width, 0);
    &mut buffer[start..]
}

#[cfg(test)]
mod tests;
