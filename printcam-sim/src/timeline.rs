//! The faults of one connection as time goes by.

use std::time::{Duration, Instant};

use crate::fault::{Clock, Fault, FaultKind, Method, Start};
use crate::random::Random;
use crate::schedule::Schedule;

/// What is to go wrong on one connection, and what has begun to.
#[derive(Debug)]
pub(crate) struct Timeline {
    planned: Vec<Planned>,
}

#[derive(Debug)]
struct Planned {
    fault: Fault,
    schedule: Schedule,
    /// When its clock started; `None` before.
    origin: Option<Instant>,
    /// Beginnings told by `take_begun`.
    told: u64,
    random: Random,
}

impl Planned {
    fn elapsed(&self, now: Instant) -> Option<Duration> {
        self.origin.and_then(|origin| now.checked_duration_since(origin))
    }

    fn is_active(&self, now: Instant) -> bool {
        self.elapsed(now).is_some_and(|elapsed| self.schedule.is_active(elapsed))
    }
}

impl Timeline {
    /// For a connection accepted at `now`; what befell the camera before does not befall it.
    pub(crate) fn new(faults: &[Fault], seed: u64, camera_started: Instant, now: Instant) -> Timeline {
        let planned = faults.iter().enumerate().map(|(index, fault)| {
            // Each has its own numbers, so that one more fault does not change what the others do.
            let mut random = Random::new(seed ^ (index as u64 + 1) << 48);
            let camera = fault.kind.clock() == Clock::Camera && matches!(fault.start, Start::After(_));
            let mut planned = Planned {
                schedule: Schedule::new(fault, random.next_u64()),
                fault: fault.clone(),
                origin: camera.then_some(camera_started),
                told: 0,
                random,
            };
            planned.told = planned.elapsed(now).map_or(0, |elapsed| planned.schedule.beginnings(elapsed));
            planned
        });
        let mut planned: Vec<Planned> = planned.collect();
        planned.sort_by_key(|planned| planned.fault.kind.rank());
        Timeline { planned }
    }

    /// PLAY's clock starts, once.
    pub(crate) fn note_play(&mut self, now: Instant) {
        self.start(now, |fault| fault.kind.clock() == Clock::Play && matches!(fault.start, Start::After(_)));
    }

    /// The clocks of faults that begin with this request start, once.
    pub(crate) fn note_request(&mut self, method: &str, now: Instant) {
        let Some(method) = Method::of_request(method) else {
            return;
        };
        self.start(now, |fault| fault.start == Start::Request(method));
    }

    fn start(&mut self, now: Instant, belongs: impl Fn(&Fault) -> bool) {
        for planned in self.planned.iter_mut().filter(|planned| belongs(&planned.fault)) {
            planned.origin.get_or_insert(now);
        }
    }

    /// Whether one of a kind is active.
    pub(crate) fn is_active(&self, kind: FaultKind, now: Instant) -> bool {
        let same = |planned: &&Planned| std::mem::discriminant(&planned.fault.kind) == std::mem::discriminant(&kind);
        self.planned.iter().filter(same).any(|planned| planned.is_active(now))
    }

    /// What the last active one says of those that say something: who adds a fault to a model's habits is heard.
    pub(crate) fn value<T>(&self, now: Instant, of: impl Fn(FaultKind) -> Option<T>) -> Option<T> {
        let active = self.planned.iter().filter(|planned| planned.is_active(now));
        active.filter_map(|planned| of(planned.fault.kind)).last()
    }

    /// All that are active, in the order in which they act on a packet, with their random numbers.
    pub(crate) fn active(&mut self, now: Instant) -> impl Iterator<Item = (FaultKind, &mut Random)> {
        let active = self.planned.iter_mut().filter(move |planned| planned.is_active(now));
        active.map(|planned| (planned.fault.kind, &mut planned.random))
    }

    /// What has begun since it was last asked, each as often as it did.
    pub(crate) fn take_begun(&mut self, now: Instant) -> Vec<FaultKind> {
        let mut begun = Vec::new();
        for planned in &mut self.planned {
            let Some(elapsed) = planned.elapsed(now) else {
                continue;
            };
            let beginnings = planned.schedule.beginnings(elapsed);
            // A day asleep is not made up for one by one.
            let new = (beginnings - planned.told).min(MOST_AT_ONCE);
            planned.told = beginnings;
            begun.extend((0..new).map(|_| planned.fault.kind));
        }
        begun
    }

    /// When something begins or ends next.
    pub(crate) fn next_change(&self, now: Instant) -> Option<Instant> {
        let changes = self.planned.iter().filter_map(|planned| {
            let next = planned.schedule.next_change(planned.elapsed(now)?)?;
            planned.origin.map(|origin| origin + next)
        });
        changes.chain(self.bursts(now).map(|(_, next)| next)).min()
    }

    /// When one of a kind begins next.
    pub(crate) fn next_beginning(&self, kind: FaultKind, now: Instant) -> Option<Instant> {
        let same = |planned: &&Planned| std::mem::discriminant(&planned.fault.kind) == std::mem::discriminant(&kind);
        let beginnings = self.planned.iter().filter(same).filter_map(|planned| {
            let next = planned.schedule.next_beginning(planned.elapsed(now)?)?;
            planned.origin.map(|origin| origin + next)
        });
        beginnings.min()
    }

    /// Whether media is being gathered for the next burst.
    pub(crate) fn is_between_bursts(&self, now: Instant) -> bool {
        self.bursts(now).any(|(gathering, _)| gathering)
    }

    /// For each active `bursts`: whether it holds media back, and when that changes.
    fn bursts(&self, now: Instant) -> impl Iterator<Item = (bool, Instant)> {
        let active = self.planned.iter().filter(move |planned| planned.is_active(now));
        active.filter_map(move |planned| {
            let FaultKind::Bursts(period) = planned.fault.kind else {
                return None;
            };
            // The last tenth of each period lets out what the rest has gathered.
            let phase = planned.elapsed(now)?.as_nanos() % period.as_nanos();
            let phase = Duration::from_nanos(phase as u64);
            let opens = period * 9 / 10;
            let gathering = phase < opens;
            Some((gathering, now + if gathering { opens } else { period } - phase))
        })
    }

    /// When the last one of a kind that is active now ends; `None` where none is, or it never does.
    pub(crate) fn end_of(&self, kind: FaultKind, now: Instant) -> Option<Instant> {
        let same = |planned: &&Planned| std::mem::discriminant(&planned.fault.kind) == std::mem::discriminant(&kind);
        let active = self.planned.iter().filter(same).filter(|planned| planned.is_active(now));
        let ends: Option<Vec<Instant>> =
            active.map(|planned| Some(planned.origin? + planned.schedule.end_after(planned.elapsed(now)?)?)).collect();
        ends?.into_iter().max()
    }
}

/// Bounds the work after a long pause.
const MOST_AT_ONCE: u64 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(texts: &[&str], seed: u64, start: Instant) -> Timeline {
        let faults: Vec<Fault> = texts.iter().map(|text| text.parse().expect(text)).collect();
        Timeline::new(&faults, seed, start, start + Duration::from_secs(100))
    }

    #[test]
    fn clocks_start_with_the_camera_with_play_and_with_requests() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut timeline = timeline(&["restart/60s", "loss=1@10s", "close@teardown"], 0, start);
        let loss = FaultKind::Loss(0.0);
        assert!(timeline.take_begun(at(100)).is_empty(), "the restart at 60 s is over");
        assert_eq!(timeline.next_change(at(100)), Some(at(120)));
        timeline.note_play(at(101));
        timeline.note_play(at(105));
        assert!(!timeline.is_active(loss, at(110)));
        assert!(timeline.is_active(loss, at(111)));
        assert_eq!(timeline.take_begun(at(119)), [FaultKind::Loss(1.0)]);
        assert_eq!(timeline.take_begun(at(120)), [FaultKind::Restart]);
        timeline.note_request("GET_PARAMETER", at(121));
        assert!(timeline.take_begun(at(121)).is_empty());
        timeline.note_request("TEARDOWN", at(122));
        assert_eq!(timeline.take_begun(at(122)), [FaultKind::Close]);
        assert_eq!(timeline.take_begun(at(123)), []);
    }

    #[test]
    fn of_two_values_the_last_one_counts_while_it_is_active() {
        let start = Instant::now();
        let mut timeline = timeline(&["throttle=1", "throttle=2@5s+5s"], 0, start);
        timeline.note_play(start);
        let limit = |kind| if let FaultKind::Throttle(limit) = kind { Some(limit) } else { None };
        for (at, want) in [(4, Some(1)), (5, Some(2)), (10, Some(1))] {
            assert_eq!(timeline.value(start + Duration::from_secs(at), limit), want, "at {at} s");
        }
    }

    #[test]
    fn one_more_fault_changes_no_other_ones_numbers() {
        let start = Instant::now();
        let numbers = |texts: &[&str], seed| -> Vec<u64> {
            let mut timeline = timeline(texts, seed, start);
            timeline.note_play(start);
            let mut active = timeline.active(start);
            let (_, random) = active.find(|(kind, _)| matches!(kind, FaultKind::Loss(_))).expect("active");
            (0..4).map(|_| random.next_u64()).collect()
        };
        assert_eq!(numbers(&["loss=0.5"], 7), numbers(&["loss=0.5", "no-marker=0.5"], 7));
        assert_ne!(numbers(&["loss=0.5"], 7), numbers(&["loss=0.5"], 8));
    }
}
