//! Which access units are recorded, and at what time.

use std::sync::Arc;

use std::time::Duration;

use printcam_proto::h264::{AccessUnit, Coding, NalUnitType, Sps};

use super::timeline::{TICKS_PER_SECOND, Timeline, duration, ticks};
use super::{Progress, RecordError, RecordFormat};

/// How long an H.264 picture lasts where nothing says so, in ticks: they come 30 times a second.
const ASSUMED_DURATION: u64 = TICKS_PER_SECOND / 30;

/// The same of a JPEG: printers send one in two seconds.
const ASSUMED_JPEG_DURATION: u64 = 2 * TICKS_PER_SECOND;

/// From here on, in ticks, the time between two pictures is a gap and no pace: the slowest printer sends one in 2.2 s.
const GAP: u64 = 4 * TICKS_PER_SECOND;

/// Lets through what decodes: from a key frame on, and behind a loss from the next one on.
#[derive(Debug)]
pub(super) struct Gate {
    timeline: Timeline,
    /// Nothing decodes until a key frame has come.
    waiting: bool,
    format: RecordFormat,
    /// How the latest access unit recorded is coded.
    coding: Option<Coding>,
    /// Times of the first access unit recorded and of the latest one.
    began: Option<u64>,
    latest: u64,
    /// Time between the latest two that had no gap between them.
    pace: Option<u64>,
    progress: Progress,
}

impl Gate {
    pub(super) fn new(format: RecordFormat) -> Self {
        Self {
            timeline: Timeline::default(),
            waiting: true,
            format,
            coding: None,
            began: None,
            latest: 0,
            pace: None,
            progress: Progress::default(),
        }
    }

    /// The time of the access unit, in ticks; `None` where it is left out. An error changes nothing.
    pub(super) fn admit(&mut self, access_unit: &AccessUnit) -> Result<Option<u64>, RecordError> {
        if let (RecordFormat::AnnexB, Coding::Jpeg { .. }) = (self.format, &access_unit.coding) {
            return Err(RecordError::Jpeg);
        }
        let moment = self.timeline.advance(access_unit);
        let lost = access_unit.discontinuity || moment.restarted || !self.follows(&access_unit.coding);
        self.waiting = !holds_picture(access_unit) || (!access_unit.key_frame && (self.waiting || lost));
        if self.waiting {
            self.progress.left_out += 1;
            return Ok(None);
        }
        Ok(Some(moment.time))
    }

    /// Whether pictures of this coding decode behind those recorded. An MP4 has room for it at key frames only.
    fn follows(&self, coding: &Coding) -> bool {
        self.format == RecordFormat::AnnexB || self.coding.as_ref().is_none_or(|before| same(before, coding))
    }

    /// The access unit admitted last was recorded.
    pub(super) fn record(&mut self, access_unit: &AccessUnit, time: u64) {
        self.coding = Some(access_unit.coding.clone());
        let began = match self.began {
            Some(began) => {
                self.pace = Some(time - self.latest).filter(|&pace| pace < GAP).or(self.pace);
                began
            }
            None => *self.began.insert(time),
        };
        self.latest = time;
        self.progress.pictures += 1;
        self.progress.duration = duration(time - began);
    }

    /// The access unit admitted last was not recorded: what refers to it is left out too.
    pub(super) fn refuse(&mut self) {
        self.waiting = true;
        self.progress.left_out += 1;
    }

    /// Until when the latest picture lasts that was recorded, if no other comes: as long as the one before it, and not
    /// beyond `limit` behind the first one.
    pub(super) fn end(&self, limit: Duration) -> u64 {
        let pace = self.pace.unwrap_or_else(|| self.coding.as_ref().map_or(ASSUMED_DURATION, assumed_duration));
        let limit = self.began.unwrap_or(0).saturating_add(ticks(limit));
        self.latest.saturating_add(pace).min(limit).max(self.latest)
    }

    /// What the gate knows of it: pictures and durations.
    pub(super) fn progress(&self) -> Progress {
        self.progress
    }
}

/// Whether there is anything to be shown.
fn holds_picture(access_unit: &AccessUnit) -> bool {
    match access_unit.coding {
        Coding::H264(_) => access_unit.nal_units().any(|nal_unit| NalUnitType::of(nal_unit[0]).is_slice()),
        Coding::Jpeg { .. } => !access_unit.data.is_empty(),
    }
}

/// How long a picture lasts before there was another one, in ticks.
fn assumed_duration(coding: &Coding) -> u64 {
    match coding {
        Coding::H264(sets) => announced_duration(&sets.info).unwrap_or(ASSUMED_DURATION),
        Coding::Jpeg { .. } => ASSUMED_JPEG_DURATION,
    }
}

/// How long a picture lasts at the frame rate that the VUI announces, in ticks.
fn announced_duration(info: &Sps) -> Option<u64> {
    let rate = info.frame_rate.filter(|rate| rate.numerator > 0)?;
    let ticks = TICKS_PER_SECOND.checked_mul(rate.denominator)? / rate.numerator;
    Some(ticks).filter(|ticks| (1..GAP).contains(ticks))
}

/// Whether a decoder that knows one of them knows the other: equal parameter sets, at no cost where they are one, or
/// JPEGs of one size.
pub(super) fn same(one: &Coding, other: &Coding) -> bool {
    match (one, other) {
        (Coding::H264(one), Coding::H264(other)) => Arc::ptr_eq(one, other) || one == other,
        (Coding::Jpeg { width, height }, Coding::Jpeg { width: other_width, height: other_height }) => {
            (width, height) == (other_width, other_height)
        }
        _ => false,
    }
}
