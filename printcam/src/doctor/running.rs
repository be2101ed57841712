//! A camera that this process is watching already: its stream is looked at, and the camera left in peace.

use tokio::time::{timeout, timeout_at};

use super::judge::Media;
use super::walk::Ending;
use super::{Diagnosis, Examination, Step, Verdict};
use crate::{Stream, StreamState, now};

impl Examination<'_> {
    pub(super) async fn look_at_running(&mut self, stream: &Stream) -> (Diagnosis, Option<String>) {
        let state = stream.state();
        let how = match state.state {
            StreamState::Playing => "plays",
            StreamState::Stalled => "stands still",
            StreamState::Reconnecting => "is being connected anew",
            StreamState::Connecting => "is being connected",
            StreamState::Idle => "rests, since nobody watches",
            StreamState::Failed | StreamState::Stopped => "is over",
        };
        let finding =
            format!("this program watches the camera already, and the stream {how}: no second connection is made");
        self.check(Step::Reach, Verdict::Well, finding, None);
        if let Some(error) = state.error.filter(|_| state.state != StreamState::Playing) {
            return self.explain(&error).await;
        }
        if let Some(tls) = stream.tls() {
            self.tell_tls(&tls, (Verdict::Well, "its key was checked when the stream connected"), None);
        }

        let began = now();
        let mut pictures = stream.subscribe();
        let first = timeout(self.checkup.key_frame_within, pictures.next()).await;
        let Ok(Some(first)) = first else {
            // What the stream itself has met meanwhile says more.
            if let Some(error) = stream.state().error {
                return self.explain(&error).await;
            }
            let within = self.checkup.key_frame_within.as_secs();
            self.check(Step::KeyFrame, Verdict::Ill, format!("no picture within {within} s"), None);
            return self.conclude(Diagnosis::NoPicture);
        };
        if !self.look_at_picture(first, Some(now() - began)).await {
            return self.conclude(Diagnosis::NoPicture);
        }

        // The group of pictures that was there already is none of the time that is measured.
        while pictures.try_next().is_some() {}
        let before = stream.statistics().session;
        let since = now();
        let (mut count, mut bytes) = (0, 0);
        while let Ok(Some(picture)) = timeout_at((since + self.checkup.media_for).into(), pictures.next()).await {
            count += 1;
            bytes += picture.data.len() as u64;
        }
        let after = stream.statistics().session;
        if !self.source.sends_jpeg() {
            let sent = after.receiver_reports - before.receiver_reports;
            self.judge_reports(sent, after.sender_reports - before.sender_reports);
        }
        let media = Media { pictures: count, bytes, ..Media::between(&before, &after, now() - since) };
        let ending = self.judge_media(&media);
        self.conclude(match ending {
            Ending::Healthy => Diagnosis::Well,
            Ending::Ill(diagnosis) => diagnosis,
            _ => Diagnosis::Unsteady,
        })
    }
}
