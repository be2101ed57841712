//! RTSP 1.0 as text (RFC 2326): URLs, messages, framing, Digest. Who says what when is `session`'s business.

pub mod digest;
pub mod framing;
pub mod headers;
pub mod message;
pub mod url;

pub use digest::{Challenge, Credentials};
pub use framing::{Deframer, FramingError, Unit};
pub use headers::Headers;
pub use message::{Method, Request, Response};
pub use url::{RtspUrl, Scheme, UrlError};
