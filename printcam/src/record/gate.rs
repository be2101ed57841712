//! Which access units are recorded, and at what time.

use std::sync::Arc;

use printcam_proto::h264::{AccessUnit, NalUnitType, ParameterSets};

use super::timeline::{Timeline, duration};
use super::{Progress, RecordError, RecordFormat};

/// Lets through what decodes: from a key frame on, and behind a loss from the next one on.
#[derive(Debug)]
pub(super) struct Gate {
    timeline: Timeline,
    /// Nothing decodes until a key frame has come.
    waiting: bool,
    /// Whether parameter sets can change at key frames only, since there is no room for them anywhere else.
    fixed_sets: bool,
    /// The sets of the latest access unit recorded.
    sets: Option<Arc<ParameterSets>>,
    /// Time of the first access unit recorded.
    began: Option<u64>,
    progress: Progress,
}

impl Gate {
    pub(super) fn new(format: RecordFormat) -> Self {
        Self {
            timeline: Timeline::default(),
            waiting: true,
            fixed_sets: format == RecordFormat::Mp4,
            sets: None,
            began: None,
            progress: Progress::default(),
        }
    }

    /// The time of the access unit, in ticks; `None` where it is left out.
    pub(super) fn admit(&mut self, access_unit: &AccessUnit) -> Option<u64> {
        let moment = self.timeline.advance(access_unit);
        let lost = access_unit.discontinuity || moment.restarted || !self.has_sets_of(access_unit);
        let whole = access_unit.nal_units().any(|nal_unit| NalUnitType::of(nal_unit[0]).is_slice());
        self.waiting = !whole || (!access_unit.key_frame && (self.waiting || lost));
        if self.waiting {
            self.progress.left_out += 1;
            return None;
        }
        Some(moment.time)
    }

    /// Whether the access unit decodes with the sets recorded.
    fn has_sets_of(&self, access_unit: &AccessUnit) -> bool {
        !self.fixed_sets
            || self.sets.as_ref().is_none_or(|sets| access_unit.parameter_sets().is_some_and(|new| same(sets, new)))
    }

    /// The access unit admitted last was recorded.
    pub(super) fn record(&mut self, access_unit: &AccessUnit, time: u64) {
        let (old, new) = (self.sets.as_ref(), access_unit.parameter_sets());
        if !old.zip(new).is_some_and(|(old, new)| Arc::ptr_eq(old, new)) {
            self.sets = new.cloned();
        }
        let began = *self.began.get_or_insert(time);
        self.progress.pictures += 1;
        self.progress.duration = duration(time - began);
    }

    /// The access unit admitted last was not recorded: what refers to it is left out too.
    pub(super) fn refuse(&mut self) {
        self.waiting = true;
        self.progress.left_out += 1;
    }

    /// What the gate knows of it: pictures and durations.
    pub(super) fn progress(&self) -> Progress {
        self.progress
    }
}

/// The parameter sets of an access unit that can be recorded.
pub(super) fn sets_of(access_unit: &AccessUnit) -> Result<&Arc<ParameterSets>, RecordError> {
    access_unit.parameter_sets().ok_or(RecordError::Jpeg)
}

/// Whether two sets are equal, at no cost where they are one.
pub(super) fn same(one: &Arc<ParameterSets>, other: &Arc<ParameterSets>) -> bool {
    Arc::ptr_eq(one, other) || one == other
}
