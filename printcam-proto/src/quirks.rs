//! The only place that knows models: what they are called, how their cameras are spoken to, and which behaviour the rest
//! of the code has to expect of them.

mod models;

use std::time::Duration;

use crate::h264::Marker;
pub use models::{CameraProtocol, Model};

/// How a camera departs from the RFCs, and from other cameras.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quirks {
    /// Whether the RTP marker bit ends an access unit.
    pub marker: Marker,
    /// Silence after which a session is given up. Longer than any stall that ends by itself.
    pub give_up_after: Duration,
    /// Sessions of this camera hang after a while and never recover: replace them this often.
    pub rotate_every: Option<Duration>,
}

impl Default for Quirks {
    fn default() -> Self {
        Self::NONE
    }
}

impl Quirks {
    const NONE: Self = Self { marker: Marker::Trusted, give_up_after: Duration::from_secs(5), rotate_every: None };

    /// H2 series [seen on the H2C]: marker bits missing and misplaced under load; its TLS layer is silent for 5 to 10 s
    /// and then flushes everything; sessions hang after five minutes or later.
    const H2: Self = Self {
        marker: Marker::Unreliable,
        give_up_after: Duration::from_secs(15),
        rotate_every: Some(Duration::from_secs(5 * 60)),
    };

    /// The quirks of a model, by its code (`BL-P001`, `O1C`) as the SDES CNAME, SSDP and the slicer name it.
    ///
    /// An unknown code has none: a new model is more likely to be right than to be wrong in a known way.
    pub fn of_model(code: &str) -> Self {
        Model::of_code(code).map_or(Self::NONE, |model| model.quirks)
    }

    /// What goes for every camera that sends JPEG (P1 and A1 series): 2.2 s between two pictures are usual, and 15 s are
    /// six that are missing. A shorter patience would have a P1S asked again that keeps its only slot for the lost one.
    pub const JPEG_CAMERA: Self =
        Self { marker: Marker::Trusted, give_up_after: Duration::from_secs(15), rotate_every: None };
}
