//! JPEG pictures: zune-jpeg, pure Rust, behind limits of our own.
//!
//! Its vector instructions stay out of the build: without them it forbids itself unsafe code, and a picture every two
//! seconds needs none.

use bytes::Bytes;
use printcam_proto::h264::Coding;
use zune_jpeg::JpegDecoder as Zune;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::gate::{MAX_HEIGHT, MAX_WIDTH, guarded};
use crate::frame::plane_sizes;
use crate::{AccessUnit, ColorMatrix, ColorRange, DecodeError, Decoder, Frame, Plane};

/// Software decoder for 8-bit JPEG up to 4096x2304, baseline and progressive, with chroma of any sampling or without.
///
/// A file that ends too soon, or whose headers contradict it, is an error. JPEG has no checksum: other bytes in its coded
/// samples are another picture.
///
/// Frames are of full range and BT.601, as JFIF has it, and keep the file they came as: see [`Frame::jpeg`].
#[derive(Debug, Default)]
pub struct JpegDecoder {
    /// The last picture with its three components side by side, at most 28 MB; kept to reuse its memory.
    samples: Vec<u8>,
}

impl JpegDecoder {
    /// A decoder that takes any picture first.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Decoder for JpegDecoder {
    fn decode(&mut self, access_unit: &AccessUnit) -> Result<Option<Frame>, DecodeError> {
        let Coding::Jpeg { width, height } = access_unit.coding else {
            return Err(DecodeError::Unsupported { feature: "pictures that are not JPEG" });
        };
        let samples = &mut self.samples;
        guarded(|| {
            let planes = decode(&access_unit.data, (width, height), samples)?;
            let (timestamp, received_at) = (access_unit.timestamp, access_unit.received_at);
            let frame =
                Frame::new((width, height), planes, ColorRange::Full, Some(ColorMatrix::Bt601), timestamp, received_at)
                    .map_err(|_| DecodeError::Broken)?;
            Ok(Some(frame.of_jpeg(access_unit.data.clone())))
        })
    }
}

/// Decodes a file of this size, which its frame header has to confirm.
fn decode(file: &[u8], size: (u32, u32), samples: &mut Vec<u8>) -> Result<[Plane; 3], DecodeError> {
    let (width, height) = (u64::from(size.0), u64::from(size.1));
    if width > MAX_WIDTH || height > MAX_HEIGHT {
        return Err(DecodeError::PictureTooLarge { width, height, max_width: MAX_WIDTH, max_height: MAX_HEIGHT });
    }
    let options = DecoderOptions::new_safe()
        .set_strict_mode(true)
        .set_max_width(MAX_WIDTH as usize)
        .set_max_height(MAX_HEIGHT as usize)
        .jpeg_set_max_scans(MAX_SCANS)
        .jpeg_set_out_colorspace(ColorSpace::YCbCr);
    let mut decoder = Zune::new_with_options(ZCursor::new(file), options);
    decoder.decode_headers().map_err(error)?;
    if decoder.dimensions() != Some((size.0 as usize, size.1 as usize)) {
        return Err(DecodeError::Damaged);
    }
    let components = match decoder.input_colorspace() {
        Some(ColorSpace::YCbCr) => 3,
        Some(ColorSpace::Luma) => {
            decoder.set_options(options.jpeg_set_out_colorspace(ColorSpace::Luma));
            1
        }
        _ => return Err(DecodeError::Unsupported { feature: "a JPEG that is neither YCbCr nor grey" }),
    };
    samples.resize(size.0 as usize * size.1 as usize * components, 0);
    decoder.decode_into(samples).map_err(error)?;
    Ok(if components == 1 { grey_planes(samples, size) } else { planes(samples, size) })
}

fn grey_planes(samples: &[u8], size: (u32, u32)) -> [Plane; 3] {
    let [(stride, _), (chroma_stride, chroma_rows), _] = plane_sizes(size);
    let chroma = Plane { data: vec![128; chroma_stride * chroma_rows].into(), stride: chroma_stride };
    [Plane { data: Bytes::copy_from_slice(samples), stride }, chroma.clone(), chroma]
}

/// Takes the components apart; each chroma sample is the mean of the four it stands for.
fn planes(samples: &[u8], size: (u32, u32)) -> [Plane; 3] {
    let [(width, _), (chroma_width, chroma_rows), _] = plane_sizes(size);
    let luma: Vec<u8> = samples.chunks_exact(3).map(|sample| sample[0]).collect();
    let mut chroma = [1, 2].map(|_| Vec::with_capacity(chroma_width * chroma_rows));
    for rows in samples.chunks(2 * 3 * width) {
        let (upper, lower) = rows.split_at(3 * width);
        // The last row of an odd number stands for two, and so does the last column.
        let lower = if lower.is_empty() { upper } else { lower };
        for (upper, lower) in upper.chunks(6).zip(lower.chunks(6)) {
            for (component, out) in [1, 2].into_iter().zip(&mut chroma) {
                let right = if upper.len() == 6 { component + 3 } else { component };
                let sum: u16 =
                    [upper[component], upper[right], lower[component], lower[right]].map(u16::from).iter().sum();
                out.push(((sum + 2) / 4) as u8);
            }
        }
    }
    let [cb, cr] = chroma.map(|data| Plane { data: data.into(), stride: chroma_width });
    [Plane { data: luma.into(), stride: width }, cb, cr]
}

fn error(error: DecodeErrors) -> DecodeError {
    tracing::debug!(target: "printcam::decode", ?error, "JPEG refused");
    match error {
        DecodeErrors::Unsupported(_) => DecodeError::Unsupported { feature: "a kind of JPEG" },
        DecodeErrors::ExhaustedData => DecodeError::Incomplete,
        _ => DecodeError::Damaged,
    }
}

/// Encoders make ten scans of a progressive picture. Each costs as much as a whole one, and takes a few bytes to ask for.
const MAX_SCANS: usize = 32;

#[cfg(test)]
mod tests;
