//! A minimal H.264 encoder of our own: what Constrained Baseline allows, one slice a picture. High allows it too.
//!
//! Macroblocks are Intra16x16 or, in P pictures, skipped where nothing changed. Deblocking is off,
//! so the encoder's reconstruction is, sample for sample, what every correct decoder shows.

mod bit_writer;
mod codes;
mod encoder;
mod macroblock;
mod prediction;
mod residual;
mod transform;

pub(crate) use encoder::{Encoder, ParameterSets};
