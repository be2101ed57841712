//! When the next receiver report is due.
//!
//! RFC 3550 §6.2 spreads reports at random over 5 s and more, so that a thousand receivers do not drown a sender. Here
//! there is one receiver, and the printers want to hear from it: without reports video stops after 1.8 s.

use std::time::{Duration, Instant};

/// The pace of the reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportIntervals {
    /// From one report to the next while media flows: 1 s, well within the 1.8 s after which a printer stops.
    pub playing: Duration,
    /// The same while nothing comes: 250 ms, which brings a stalled H2C back sooner.
    pub stalled: Duration,
    /// From a report to the answer of a sender report, at the least: 100 ms. The printers send one every few seconds,
    /// so their answer goes out at once; a flood of sender reports is not answered with a flood.
    pub answer_spacing: Duration,
}

impl Default for ReportIntervals {
    fn default() -> Self {
        Self {
            playing: Duration::from_secs(1),
            stalled: Duration::from_millis(250),
            answer_spacing: Duration::from_millis(100),
        }
    }
}

/// Says when the next report is due; whoever sends it says [`ReportTimer::sent`].
#[derive(Debug, Clone)]
pub struct ReportTimer {
    intervals: ReportIntervals,
    started_at: Option<Instant>,
    sent_at: Option<Instant>,
    stalled: bool,
    /// Arrival of the first sender report not answered yet.
    unanswered_since: Option<Instant>,
}

impl ReportTimer {
    /// Nothing is due before [`ReportTimer::start`].
    pub fn new(intervals: ReportIntervals) -> Self {
        Self { intervals, started_at: None, sent_at: None, stalled: false, unanswered_since: None }
    }

    /// Reports may be sent from `now` on: the server plays. The first is due one interval later, or at once if a
    /// sender report has come already, as it does before the answer to PLAY.
    pub fn start(&mut self, now: Instant) {
        self.started_at.get_or_insert(now);
    }

    /// A sender report came at `now`: answer it at once, or as soon as `answer_spacing` allows. One report answers
    /// all that came before it.
    pub fn sender_report_received(&mut self, now: Instant) {
        self.unanswered_since.get_or_insert(now);
    }

    /// Whether the stream stalls. The interval changes at once, counted from the last report: a stall that is noticed
    /// later than 250 ms after it makes one due immediately.
    pub fn set_stalled(&mut self, stalled: bool) {
        self.stalled = stalled;
    }

    /// When the next report is due; None before the start. It may lie in the past.
    pub fn deadline(&self) -> Option<Instant> {
        let started_at = self.started_at?;
        let interval = if self.stalled { self.intervals.stalled } else { self.intervals.playing };
        let regular = self.sent_at.unwrap_or(started_at).checked_add(interval);
        let answer = self.unanswered_since.and_then(|arrived_at| {
            let allowed_at = match self.sent_at {
                Some(sent_at) => sent_at.checked_add(self.intervals.answer_spacing)?,
                None => started_at,
            };
            Some(arrived_at.max(allowed_at))
        });
        // None is an interval too long for the clock, which is never.
        regular.into_iter().chain(answer).min()
    }

    /// Whether a report is to be sent at `now`.
    pub fn due(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= now)
    }

    /// A report was sent at `now`.
    pub fn sent(&mut self, now: Instant) {
        self.sent_at = Some(now);
        self.unanswered_since = None;
    }
}

impl Default for ReportTimer {
    fn default() -> Self {
        Self::new(ReportIntervals::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::virtual_clock::{epoch, ms};

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Start,
        SenderReport,
        Stalled(bool),
    }

    use Step::*;

    /// Lets time pass in steps of 10 ms, sends every report when it is due, and returns when that was.
    fn reports_sent(steps: &[(u64, Step)], until: u64) -> Vec<u64> {
        let start = epoch();
        let mut timer = ReportTimer::default();
        let mut sent = Vec::new();
        for at in (0..=until).step_by(10) {
            let now = start + ms(at);
            for (_, step) in steps.iter().filter(|(when, _)| *when == at) {
                match *step {
                    Start => timer.start(now),
                    SenderReport => timer.sender_report_received(now),
                    Stalled(stalled) => timer.set_stalled(stalled),
                }
            }
            assert_eq!(timer.due(now), timer.deadline().is_some_and(|deadline| deadline <= now));
            if timer.due(now) {
                timer.sent(now);
                sent.push(at);
                assert!(!timer.due(now), "one report at a time, at {at}");
            }
        }
        sent
    }

    #[test]
    fn reports_go_out_when_they_should() {
        for (name, steps, until, want) in [
            ("before the start", &[(0, SenderReport)][..], 5000, &[][..]),
            ("each second", &[(0, Start)], 3500, &[1000, 2000, 3000]),
            ("at once for a sender report", &[(0, Start), (300, SenderReport)], 2000, &[300, 1300]),
            ("for one from before the start", &[(0, SenderReport), (50, Start)], 1100, &[50, 1050]),
            (
                "answers are 100 ms apart",
                &[(0, Start), (300, SenderReport), (310, SenderReport), (320, SenderReport), (410, SenderReport)],
                1600,
                &[300, 400, 500, 1500],
            ),
            ("just after a regular one", &[(0, Start), (1010, SenderReport)], 2200, &[1000, 1100, 2100]),
            (
                "faster in a stall",
                &[(0, Start), (1500, Stalled(true)), (2200, Stalled(false))],
                4000,
                &[1000, 1500, 1750, 2000, 3000, 4000],
            ),
            (
                "a sender report in a stall",
                &[(0, Start), (1500, Stalled(true)), (1610, SenderReport)],
                2000,
                &[1000, 1500, 1610, 1860],
            ),
            ("started twice", &[(0, Start), (900, Start)], 1500, &[1000]),
        ] {
            assert_eq!(reports_sent(steps, until), want, "{name}");
        }
    }

    #[test]
    fn a_flood_of_sender_reports_is_answered_ten_times_a_second() {
        let flood = (0..1000).map(|i| (10 * i, SenderReport));
        let steps: Vec<_> = std::iter::once((0, Start)).chain(flood).collect();
        assert_eq!(reports_sent(&steps, 9990).len(), 100);
    }

    #[test]
    fn a_late_report_does_not_bring_others_with_it() {
        let start = epoch();
        let mut timer = ReportTimer::default();
        timer.start(start);
        assert!(timer.due(start + ms(3_600_000)), "the machine slept");
        timer.sent(start + ms(3_600_000));
        assert_eq!(timer.deadline(), Some(start + ms(3_601_000)));
    }

    #[test]
    fn more_sender_reports_do_not_put_off_the_answer() {
        let start = epoch();
        let mut timer = ReportTimer::default();
        timer.start(start);
        timer.sender_report_received(start + ms(10));
        timer.sender_report_received(start + ms(20));
        assert_eq!(timer.deadline(), Some(start + ms(10)));
    }

    #[test]
    fn an_endless_interval_never_comes() {
        let mut timer = ReportTimer::new(ReportIntervals {
            playing: Duration::MAX,
            stalled: Duration::MAX,
            answer_spacing: Duration::MAX,
        });
        let start = epoch();
        timer.start(start);
        assert_eq!(timer.deadline(), None);
        timer.sender_report_received(start);
        assert_eq!(timer.deadline(), Some(start));
        timer.sent(start);
        timer.sender_report_received(start);
        assert_eq!(timer.deadline(), None);
    }
}
