//! The only place that knows models: which behaviour of which printer the rest of the code has to expect.

use crate::h264::Marker;

/// How a camera departs from the RFCs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quirks {
    /// Whether the RTP marker bit ends an access unit.
    pub marker: Marker,
}

impl Quirks {
    /// The quirks of a model, by its code (`BL-P001`, `O1C`) as the SDES CNAME, SSDP and the slicer name it.
    ///
    /// An unknown code has none: a new model is more likely to be right than to be wrong in a known way.
    pub fn of_model(code: &str) -> Self {
        match code {
            // H2C, H2D, H2D Pro, H2S: marker bits missing and misplaced under load [seen on the H2C].
            "O1C" | "O1C2" | "O1D" | "O1E" | "O2D" | "O1S" => Self { marker: Marker::Unreliable },
            _ => Self::default(),
        }
    }
}
