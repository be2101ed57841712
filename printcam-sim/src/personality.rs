//! The models; the only file that knows them.

use crate::h264::ParameterSets;

/// A printer model whose camera can be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Personality {
    /// X1 Carbon: RTSPS, 1168x720 Constrained Baseline, as traced.
    X1c,
}

/// What one model answers and sends.
#[derive(Debug)]
pub(crate) struct Facts {
    /// Model name, for captions.
    pub(crate) name: &'static str,
    /// The CNAME in RTCP source descriptions.
    pub(crate) model_code: &'static str,
    /// Path of the stream.
    pub(crate) path: &'static str,
    pub(crate) media: Media,
}

/// What the pictures are, and how they are described.
#[derive(Debug)]
pub(crate) struct Media {
    /// `b=AS:`, kbit/s.
    pub(crate) bandwidth: u32,
    pub(crate) profile_level_id: &'static str,
    /// The parameter sets again, as the description carries them.
    pub(crate) sprop_parameter_sets: &'static str,
    pub(crate) parameter_sets: ParameterSets,
}

impl Personality {
    pub(crate) fn facts(self) -> &'static Facts {
        match self {
            Personality::X1c => &X1C,
        }
    }
}

/// Real X1C trace: SDP and parameter sets (seen in KittyCAD/machine-api).
static X1C: Facts = Facts {
    name: "X1C",
    model_code: "BL-P001",
    path: "/streaming/live/1",
    media: Media {
        bandwidth: 17186,
        profile_level_id: "42C01F",
        sprop_parameter_sets: "Z0LAH42NUCSC2TZAAAADAEAAAA8jwiEagA==,aM4xsg==",
        parameter_sets: ParameterSets {
            sps: &[
                0x67, 0x42, 0xc0, 0x1f, 0x8d, 0x8d, 0x50, 0x24, 0x82, 0xd9, 0x36, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40,
                0x00, 0x00, 0x0f, 0x23, 0xc2, 0x21, 0x1a, 0x80,
            ],
            pps: &[0x68, 0xce, 0x31, 0xb2],
            size: [1168, 720],
            chroma_qp_offset: -6,
        },
    },
};
