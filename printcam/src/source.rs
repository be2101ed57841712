//! Which stream: an address as a person types it.

use std::fmt;
use std::str::FromStr;

use printcam_proto::rtsp::{Credentials, RtspUrl, Scheme, UrlError};

/// A camera's stream and who may see it.
///
/// `rtsps://bblp:<access code>@<address>:322/streaming/live/1`, or `jpegs://bblp:<access code>@<address>` for the cameras
/// of the P1 and A1 series, which do not speak RTSP.
///
/// ```
/// let source: printcam::Source = "rtsps://bblp:12345678@192.168.1.20/streaming/live/1".parse()?;
/// assert_eq!(source.to_string(), "rtsps://192.168.1.20:322/streaming/live/1");
/// # Ok::<(), printcam::UrlError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The camera's address without the credentials.
    pub url: RtspUrl,
    /// User name and access code.
    pub credentials: Option<Credentials>,
}

impl Source {
    /// Whether the camera sends JPEG pictures instead of a stream of H.264.
    pub fn sends_jpeg(&self) -> bool {
        self.url.scheme() == Scheme::Jpegs
    }
}

impl FromStr for Source {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (url, credentials) = RtspUrl::parse(text.trim())?;
        Ok(Self { url, credentials })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}
