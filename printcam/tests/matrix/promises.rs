//! What is held of every cell.

use std::time::Duration;

use printcam::{Stream, StreamState};
use printcam_sim::{Ending, Log, Personality};
use tokio::time::sleep;

use crate::cell::{OTHER, Seen, Told};
use crate::model::{CODE, Model};
use crate::row::{Back, Condition, Row, When};
use crate::stage::{Stage, secs};

/// What the row allows.
pub(crate) fn judge(seen: &mut Seen, model: Model, row: &Row, stream: &Stream) {
    let mut wrong = |what: String| seen.wrong.push(what);
    for Told { name, says } in &seen.told {
        if !row.told.contains(&name.as_str()) {
            wrong(format!("it told {name}: {says:?}"));
        }
        let Some((sentence, hint)) = says else { continue };
        let Some(hint) = hint else {
            wrong(format!("{name} has no hint: {sentence}"));
            continue;
        };
        // A port that is closed, or has no camera behind it, is where the model itself may be mistaken.
        let doubtful =
            ["refused the connection", "no camera on this port"].iter().any(|doubt| sentence.contains(doubt));
        if !doubtful && hint.contains(if model.is_jpeg() { "rtsps://" } else { "jpegs://" }) {
            wrong(format!("advice for another model: {sentence} {hint}"));
        }
        if format!("{sentence} {hint}").contains(CODE) {
            wrong(format!("the access code stands in: {sentence} {hint}"));
        }
    }
    let state = stream.state().state;
    match (row.back, seen.back) {
        (Back::Never { unless_silent }, back) => {
            // A camera that took the code a while ago may only be starting.
            let asked_again = unless_silent && (model.silent || model.is_jpeg() && row.when == When::MidStream);
            let want = if asked_again { StreamState::Reconnecting } else { StreamState::Failed };
            if (state, back) != (want, None) {
                wrong(format!("{state:?} instead of {want:?}, back after {back:?}"));
            }
        }
        (_, None) => wrong(format!("never back: {state:?}")),
        (_, Some(back)) => {
            let bound = model.bound(row);
            // A model's own losses cost a group of pictures.
            let lossy = row.lossy || model.personality == Personality::P2s0102;
            let pause = if lossy { model.key_frames * 3.0 } else { 0.0 } + model.usual_pause() + 1.0;
            if row.back == Back::Always && row.when == When::MidStream {
                if seen.longest > pause {
                    wrong(format!("{:.1} s without a picture", seen.longest));
                }
            } else if back > bound {
                wrong(format!("back after {back:.1} s, where {bound:.1} s are promised"));
            }
            if state != StreamState::Playing {
                wrong(format!("{state:?} at the end"));
            }
        }
    }
}

/// Closes the stream, and looks at what is left of it.
pub(crate) async fn leave(seen: &mut Seen, stage: &Stage, row: &Row, stream: Stream) {
    let playing = stream.state().state == StreamState::Playing;
    stream.close().await;
    // As long as a camera keeps what is left of a connection that it has not seen end.
    sleep(secs(70.0)).await;
    let log = stage.camera.log();
    let mut wrong = |what: String| seen.wrong.push(what);
    let ours: Vec<_> = log.clients.iter().filter(|client| client.peer.ip() != OTHER.ip()).collect();
    let peak = match row.also {
        Condition::Other { .. } | Condition::Killed { .. } => {
            ours.iter().map(|one| open_at(&log, one.connected_at)).max().unwrap_or(0)
        }
        _ => log.peak_connections,
    };
    if peak > 1 {
        wrong(format!("{peak} connections at once"));
    }
    if log.open_connections() > 0 {
        wrong(format!("{} connections are left", log.open_connections()));
    }
    // The waits are 2, 4, 8, 16 and 30 s.
    let (short, long) = (log.most_attempts_within(secs(10.0)), log.most_attempts_within(secs(60.0)));
    if short > 4 || long > 7 {
        wrong(format!("{short} attempts within 10 s, {long} within a minute"));
    }
    for client in ours.iter().filter(|client| !row.deaf && client.played_at.is_some()) {
        let by_us = matches!(client.ending, Some(Ending::Clean | Ending::BareEof | Ending::Broken));
        let rtsp = client.login.is_none();
        if by_us && client.ending != Some(Ending::Clean) {
            wrong(format!("connection {} ended without close_notify: {:?}", client.id, client.ending));
        }
        if by_us && rtsp && !client.teardown && !client.expired {
            wrong(format!("connection {} ended without TEARDOWN", client.id));
        }
    }
    let last = ours.last().expect("a connection or an attempt");
    if playing && last.ending != Some(Ending::Clean) {
        wrong(format!("the last connection ended otherwise: {:?}", last.ending));
    }
}

/// How many of our connections were open just after that moment.
fn open_at(log: &Log, at: Duration) -> usize {
    let open = log.clients.iter().filter(|client| {
        client.peer.ip() != OTHER.ip() && client.connected_at <= at && client.ended_at.is_none_or(|end| end > at)
    });
    open.count()
}
