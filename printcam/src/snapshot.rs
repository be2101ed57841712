//! One picture of a camera.

use std::sync::Arc;
use std::time::Duration;

use printcam_proto::session::Transport;
use printcam_video::Frame;

use crate::capture::newest_picture;
use crate::{Error, Options, Source, Stream, TlsInfo};

/// A picture, and whose it is.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The picture.
    pub frame: Frame,
    /// What TLS told about the printer; `None` for a plain connection.
    pub tls: Option<TlsInfo>,
}

/// Takes a picture and leaves. A camera that this process is watching already is not connected to again.
///
/// Always over TCP unless `options` say UDP: one lost datagram would cost the picture. One attempt is made. The camera is
/// given back in the background, while the caller already has the picture; [`all_closed`](crate::all_closed) waits for it.
///
/// # Errors
/// Whatever keeps the picture from coming; [`Error::Timeout`] after `limit` for everything together.
pub async fn snapshot(source: &Source, options: &Options, limit: Duration) -> Result<Snapshot, Arc<Error>> {
    let mut options = options.clone();
    options.reconnect = false;
    if options.transport == Transport::Auto {
        options.transport = Transport::Tcp;
    }
    let stream = Stream::open(source, options)?;
    let picture = async {
        let newest = newest_picture(stream.subscribe());
        tokio::pin!(newest);
        tokio::select! {
            biased;
            frame = &mut newest => frame.map_err(Arc::new),
            playing = stream.playing() => {
                playing?;
                newest.await.map_err(Arc::new)
            }
        }
    };
    match tokio::time::timeout(limit, picture).await {
        Ok(frame) => Ok(Snapshot { frame: frame?, tls: stream.tls() }),
        Err(_) => Err(Arc::new(Error::Timeout { waiting: stream.waiting(), after: limit })),
    }
}
