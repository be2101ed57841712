//! The newest picture of a stream, decoded for whoever asks once.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use printcam_video::{DecodeError, Frame, fastest_decoder};

use crate::{Error, Subscription};

/// How long decoding may take to come nearer to the present. A viewer waits for it, and a group of pictures can hold ten
/// seconds of video, which take a third of that to decode.
const BUDGET: Duration = Duration::from_millis(250);

/// Decodes what the subscription holds, and gives the newest picture that comes of it within the budget; waits for the
/// first one if there is none yet.
///
/// # Errors
/// [`Error::Decode`] for pictures that no later key frame will mend, [`Error::Stopped`] when the stream ends.
pub(crate) async fn newest_picture(mut subscription: Subscription) -> Result<Frame, Error> {
    // Only what is there by now: pictures that come while these are decoded would keep it busy for ever.
    let mut held: VecDeque<_> = std::iter::from_fn(|| subscription.try_next()).collect();
    let mut decoder = fastest_decoder();
    let mut newest = None;
    let mut spent = Duration::ZERO;
    loop {
        let unit = match (held.pop_front(), newest.take()) {
            (None, Some(frame)) => return Ok(frame),
            (Some(unit), _) => unit,
            (None, None) => subscription.next().await.ok_or(Error::Stopped)?,
        };
        // Off this thread: the session is looked after meanwhile.
        let decode = move || {
            let began = Instant::now();
            (decoder.decode(&unit), began.elapsed(), decoder)
        };
        let (decoded, took, kept) = tokio::task::spawn_blocking(decode)
            .await
            .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        decoder = kept;
        spent += took;
        match decoded {
            Ok(Some(frame)) if spent > BUDGET => return Ok(frame),
            Ok(frame) => newest = frame,
            Err(error @ DecodeError::PictureTooLarge { .. }) => return Err(error.into()),
            // The next key frame may be whole.
            Err(error) => tracing::info!(target: "printcam::decode", %error, "picture skipped"),
        }
    }
}
