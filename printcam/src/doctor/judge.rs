//! What is to be thought of the pictures that came.

use std::time::Duration;

use printcam_proto::h264::AccessUnit;
use printcam_proto::quirks::Quirks;
use printcam_proto::session::Statistics;
use printcam_video::fastest_decoder;

use super::walk::Ending;
use super::{Check, Diagnosis, Examination, Step, Verdict};
use crate::Error;

/// What was counted while media was watched.
pub(super) struct Media {
    pub(super) lasted: Duration,
    pub(super) pictures: u64,
    pub(super) bytes: u64,
    /// It stands still at the end, for longer than this model does by itself.
    pub(super) stopped: bool,
    pub(super) received: u64,
    pub(super) lost: u64,
    pub(super) spoilt: u64,
    pub(super) stalls: u64,
    pub(super) stalled_for: Duration,
    pub(super) jitter: Duration,
}

/// More of the packets lost than this can be seen in the picture.
const LOSS_THAT_SHOWS: f64 = 0.001;

/// One picture in so many spoilt is worth a word.
const SPOILT_SHARE: u64 = 10;

impl Media {
    /// What the sessions have counted between two looks at them; the pictures are left to whoever received them.
    pub(super) fn between(before: &Statistics, after: &Statistics, lasted: Duration) -> Self {
        Self {
            lasted,
            pictures: 0,
            bytes: 0,
            stopped: false,
            received: after.rtp.received - before.rtp.received,
            // A packet that was late after all is no longer lost.
            lost: after.rtp.lost.saturating_sub(before.rtp.lost),
            spoilt: after.incomplete_access_units - before.incomplete_access_units,
            stalls: after.stalls - before.stalls,
            stalled_for: after.stalled_for.saturating_sub(before.stalled_for),
            jitter: after.jitter,
        }
    }

    fn loss(&self) -> f64 {
        self.lost as f64 / (self.received + self.lost).max(1) as f64
    }

    /// In one line.
    fn described(&self, jpeg: bool) -> String {
        let seconds = self.lasted.as_secs_f64();
        let rate = self.pictures as f64 / seconds;
        let kilobits = self.bytes as f64 * 8.0 / seconds / 1e3;
        let mut text = format!(
            "{} in {seconds:.0} s ({rate:.1} a second), {kilobits:.0} kbit/s",
            counted(self.pictures, "picture", "pictures")
        );
        if !jpeg {
            text += &format!(", jitter {} ms", self.jitter.as_millis());
        }
        if self.lost > 0 {
            text += &format!(", {} lost ({:.2} %)", counted(self.lost, "packet", "packets"), 100.0 * self.loss());
        }
        if self.spoilt > 0 {
            text += &format!(", {} spoilt", counted(self.spoilt, "picture", "pictures"));
        }
        if self.stopped {
            text += ", then it stopped and did not come back";
        } else if self.stalls > 0 {
            let times = counted(self.stalls, "standstill", "standstills");
            text += &format!(", {times} of {:.1} s together", self.stalled_for.as_secs_f64());
        }
        text
    }
}

impl Examination<'_> {
    /// How long a standstill may last before a stream would replace the session.
    pub(super) fn stall_patience(&self) -> Duration {
        let otherwise = if self.source.sends_jpeg() { Quirks::JPEG_CAMERA } else { Quirks::default() };
        self.model.map_or(otherwise, |model| model.quirks).give_up_after
    }

    /// The first key frame, decoded. Says whether it can be shown.
    pub(super) async fn look_at_picture(&mut self, unit: AccessUnit, took: Option<Duration>) -> bool {
        let (width, height) = unit.size();
        let picture = format!("{width}x{height}, {} kB", unit.data.len().div_ceil(1000));
        let mut decoder = fastest_decoder();
        let decoded = tokio::task::spawn_blocking(move || decoder.decode(&unit)).await;
        let decoded = decoded.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        let Err(error) = decoded else {
            self.check(Step::KeyFrame, Verdict::Well, format!("{picture}, can be decoded"), took);
            return true;
        };
        let finding = format!("{picture}, cannot be decoded: {error}");
        let advice = Error::Decode(error).hint().map(str::to_owned);
        self.add(Check { step: Step::KeyFrame, verdict: Verdict::Ill, finding, advice, took });
        false
    }

    /// What came in a time, and whether it came steadily.
    pub(super) fn judge_media(&mut self, media: &Media) -> Ending {
        let stands_still_by_itself = self.model.is_some_and(|model| model.quirks.rotate_every.is_some());
        let (ending, advice) = if media.stopped {
            let advice = "Watch it again: printcam does that by itself. If it stops again and again, close other programs \
                          that show this camera, then restart the printer.";
            (Ending::Ill(Diagnosis::Hung), Some(advice))
        } else if media.pictures == 0 {
            let advice = "Look at the printer's Wi-Fi signal, and restart the printer.";
            (Ending::Ill(Diagnosis::NoPicture), Some(advice))
        } else if media.loss() > LOSS_THAT_SHOWS {
            let advice =
                "Use TCP: --transport tcp. If packets are lost there too, the printer's own network is overloaded.";
            (Ending::Unsteady, Some(advice))
        } else if media.stalls > 0 && stands_still_by_itself {
            let advice = "Printers of this model stand still for 4 to 10 s now and then; printcam waits that out.";
            (Ending::Unsteady, Some(advice))
        } else if media.stalls > 0 || media.spoilt * SPOILT_SHARE > media.pictures + media.spoilt {
            let advice = "Look at the printer's Wi-Fi signal, and close other programs that show this camera.";
            (Ending::Unsteady, Some(advice))
        } else {
            (Ending::Healthy, None)
        };
        let verdict = match ending {
            Ending::Healthy => Verdict::Well,
            Ending::Unsteady => Verdict::Note,
            _ => Verdict::Ill,
        };
        let finding = media.described(self.source.sends_jpeg());
        let advice = advice.map(str::to_owned);
        self.add(Check { step: Step::Media, verdict, finding, advice, took: None });
        ending
    }

    pub(super) fn judge_reports(&mut self, sent: u64, received: u64) {
        let finding = format!("sender reports received: {received}; receiver reports sent: {sent}");
        let verdict = if sent > 0 && received > 0 { Verdict::Well } else { Verdict::Note };
        self.check(Step::Rtcp, verdict, finding, None);
    }
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
