//! One picture of a camera nobody is watching.

use std::time::Duration;

use printcam_proto::session::{Event, Transport};
use printcam_video::{DecodeError, Decoder, Frame, RustyH264};

use crate::{Error, Options, Source, Stream, TlsInfo, Waiting};

/// A picture, and whose it is.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The picture.
    pub frame: Frame,
    /// What TLS told about the printer; `None` for a plain connection.
    pub tls: Option<TlsInfo>,
}

/// Connects, takes the first picture that is whole, and leaves.
///
/// Always over TCP unless `options` say UDP: one lost datagram would cost the picture. The camera is given back in the
/// background, while the caller already has the picture; [`all_closed`](crate::all_closed) waits for it.
///
/// # Errors
/// Whatever keeps the picture from coming; [`Error::Timeout`] after `limit` for everything together.
pub async fn snapshot(source: &Source, options: &Options, limit: Duration) -> Result<Snapshot, Error> {
    let mut options = options.clone();
    if options.transport == Transport::Auto {
        options.transport = Transport::Tcp;
    }
    let mut waiting = Waiting::Connection;
    let picture = first_picture(source, &options, &mut waiting);
    match tokio::time::timeout(limit, picture).await {
        Ok(result) => result,
        Err(_) => Err(Error::Timeout { waiting, after: limit }),
    }
}

async fn first_picture(source: &Source, options: &Options, waiting: &mut Waiting) -> Result<Snapshot, Error> {
    let mut stream = Stream::open_telling(source, options, || *waiting = Waiting::Handshake).await?;
    *waiting = Waiting::Description;
    let mut decoder = RustyH264::new();
    while let Some(event) = stream.next().await? {
        match event {
            Event::Described(_) => *waiting = Waiting::KeyFrame,
            Event::AccessUnit(unit) => {
                // Off this thread, so that the session is looked after meanwhile.
                let decode = tokio::task::spawn_blocking(move || (decoder.decode(&unit), decoder));
                let (decoded, kept) =
                    decode.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
                decoder = kept;
                match decoded {
                    Ok(Some(frame)) => return Ok(Snapshot { frame, tls: stream.tls().cloned() }),
                    Ok(None) => {}
                    Err(error @ DecodeError::PictureTooLarge { .. }) => return Err(error.into()),
                    // The next key frame may be whole.
                    Err(error) => tracing::info!(target: "printcam::decode", %error, "picture skipped"),
                }
            }
            _ => {}
        }
    }
    Err(Error::Stopped)
}
