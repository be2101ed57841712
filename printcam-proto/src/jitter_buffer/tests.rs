use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::h264::{Coding, ParameterSets};
use crate::rtp::virtual_clock::{epoch, ms};

/// An access unit on its way to the buffer; its number is what its data begins with.
#[derive(Debug, Clone, Copy)]
struct Sent {
    /// When it arrives, in milliseconds.
    at: u64,
    /// Its timestamp, in milliseconds.
    timestamp: u64,
    key_frame: bool,
    len: usize,
}

/// An access unit on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    number: usize,
    /// When it was released, in milliseconds.
    at: u64,
    show: bool,
    discontinuity: bool,
}

/// A buffer in virtual time, with a consumer that does as the documentation says.
struct Player {
    buffer: JitterBuffer,
    start: Instant,
    parameter_sets: Arc<ParameterSets>,
    inserted: usize,
    seen: Vec<Seen>,
}

impl Player {
    fn new(playout: Playout) -> Self {
        /// X1C, KittyCAD/machine-api trace.
        const SPS: &[u8] = &[
            0x67, 0x42, 0xc0, 0x1f, 0x8d, 0x8d, 0x50, 0x24, 0x82, 0xd9, 0x36, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00,
            0x00, 0x0f, 0x23, 0xc2, 0x21, 0x1a, 0x80,
        ];
        let sets = ParameterSets::new(Bytes::from_static(SPS), vec![Bytes::from_static(&[0x68, 0xce, 0x31, 0xb2])]);
        Self {
            buffer: JitterBuffer::new(playout),
            start: epoch(),
            parameter_sets: Arc::new(sets.unwrap()),
            inserted: 0,
            seen: Vec::new(),
        }
    }

    /// What comes out, and when, of a buffer that is given all this.
    fn play(playout: Playout, sent: &[Sent]) -> (Vec<Seen>, Counters) {
        let mut player = Self::new(playout);
        player.feed(sent);
        player.finish();
        (player.seen, player.buffer.counters())
    }

    fn feed(&mut self, sent: &[Sent]) {
        for &sent in sent {
            self.consume_until(sent.at);
            self.insert(sent);
        }
    }

    fn insert(&mut self, sent: Sent) {
        let mut data = vec![0; sent.len];
        data[..4].copy_from_slice(&u32::try_from(self.inserted).unwrap().to_be_bytes());
        self.inserted += 1;
        let access_unit = AccessUnit {
            timestamp: sent.timestamp * 90,
            received_at: self.start + ms(sent.at),
            key_frame: sent.key_frame,
            discontinuity: false,
            coding: Coding::H264(Arc::clone(&self.parameter_sets)),
            data: data.into(),
        };
        self.buffer.insert(self.start + ms(sent.at), access_unit);
    }

    /// Takes out everything that is due by then, each at the first whole millisecond.
    fn consume_until(&mut self, until: u64) {
        while let Some(deadline) = self.buffer.deadline() {
            let since_start = deadline.saturating_duration_since(self.start);
            let at = u64::try_from(since_start.as_micros().div_ceil(1000)).unwrap();
            let at = at.max(self.seen.last().map_or(0, |seen| seen.at)).max(self.now());
            if at > until {
                break;
            }
            if self.take(at).is_none() {
                let deadline = self.buffer.deadline();
                assert!(deadline.is_none_or(|deadline| deadline > self.start + ms(at)), "nothing came at the deadline");
            }
        }
    }

    /// When the last one was inserted; there is no going back before it.
    fn now(&self) -> u64 {
        let last = self.buffer.queue.back().map_or(self.start, |last| last.inserted_at);
        u64::try_from((last - self.start).as_millis()).unwrap()
    }

    /// Takes one out.
    fn take(&mut self, at: u64) -> Option<Seen> {
        let Playable { access_unit, show } = self.buffer.pop_due(self.start + ms(at))?;
        let number = u32::from_be_bytes(access_unit.data[..4].try_into().unwrap()) as usize;
        let seen = Seen { number, at, show, discontinuity: access_unit.discontinuity };
        self.seen.push(seen);
        Some(seen)
    }

    fn finish(&mut self) {
        self.consume_until(u64::MAX);
        self.check();
    }

    /// What holds at any time.
    fn check(&self) {
        let Counters { received, released, dropped, hidden, .. } = self.buffer.counters();
        assert_eq!(received, self.inserted as u64);
        assert_eq!(received, released + dropped + self.buffer.buffered() as u64);
        assert_eq!(released, self.seen.len() as u64);
        assert_eq!(hidden, self.seen.iter().filter(|seen| !seen.show).count() as u64);
        let bytes: usize = self.buffer.queue.iter().map(|buffered| buffered.access_unit.data.len()).sum();
        assert_eq!(self.buffer.buffered_bytes(), bytes);
        assert!(bytes <= JitterBuffer::MAX_BYTES && self.buffer.buffered() <= JitterBuffer::MAX_UNITS);
        let mut expected = 0;
        for seen in &self.seen {
            assert!(seen.number >= expected, "out of order: {seen:?}");
            assert!(seen.number == expected || seen.discontinuity, "{expected} is missing, silently: {seen:?}");
            expected = seen.number + 1;
        }
    }
}

const SMOOTH: Playout = Playout::TCP;

/// `count` pictures at 25 per second, the first at `from` and a key frame, each taking `delay(number)` ms to arrive.
fn stream(from: u64, count: u64, delay: impl Fn(u64) -> u64) -> Vec<Sent> {
    let picture = |number| {
        let timestamp = from + 40 * number;
        Sent { at: timestamp + delay(number), timestamp, key_frame: number == 0, len: 4 }
    };
    (0..count).map(picture).collect()
}

/// A stream of 25 s, key frames as told, that stalls from 5 s on for `stall` ms and then flushes, 1 ms per picture.
fn stalling(stall: u64, key_frame: impl Fn(usize) -> bool) -> Vec<Sent> {
    let mut sent = stream(0, 625, |_| 0);
    for (number, sent) in sent.iter_mut().enumerate() {
        if sent.at >= 5000 {
            sent.at = sent.at.max(5000 + stall + (number as u64 - 125));
        }
        sent.key_frame = key_frame(number);
    }
    sent
}

fn shown(seen: &[Seen]) -> Vec<(usize, u64)> {
    seen.iter().filter(|seen| seen.show).map(|seen| (seen.number, seen.at)).collect()
}

/// How far from what is asked for corrections may take a picture, in milliseconds.
const NEAR: u64 = 12;

#[track_caller]
fn assert_near(got: u64, want: u64, what: &str) {
    assert!(got.abs_diff(want) <= NEAR, "{what}: {got} ms instead of {want} ms");
}

#[test]
fn delays_are_held_within_limits() {
    for (playout, want) in [
        (Playout::LowestLatency, 0),
        (Playout::TCP, 150),
        (Playout::UDP, 300),
        (Playout::Smooth(ms(0)), 50),
        (Playout::Smooth(ms(49)), 50),
        (Playout::Smooth(ms(51)), 51),
        (Playout::Smooth(ms(1000)), 1000),
        (Playout::Smooth(Duration::MAX), 1000),
    ] {
        assert_eq!(playout.delay(), ms(want), "{playout:?}");
        assert_eq!(JitterBuffer::new(playout).delay(), ms(want), "{playout:?}");
    }
}

#[test]
fn pictures_are_shown_at_the_pace_of_their_timestamps() {
    for (name, playout, delay, want) in [
        ("steady", SMOOTH, (|_| 0) as fn(u64) -> u64, 150),
        ("over UDP", Playout::UDP, |_| 0, 300),
        ("every other is 60 ms later", SMOOTH, |number| number % 2 * 60, 150),
        ("three come at once", SMOOTH, |number| (2 - number % 3) * 40, 230),
    ] {
        let (seen, counters) = Player::play(playout, &stream(0, 250, delay));
        assert_eq!((seen.len(), counters.hidden, counters.underruns, counters.catch_ups), (250, 0, 0, 0), "{name}");
        assert_eq!(seen[0].at, want, "{name}: the first");
        for pair in seen.windows(2) {
            assert!((pair[1].at - pair[0].at).abs_diff(40) <= 6, "{name}: {pair:?}");
        }
    }
}

#[test]
fn lowest_latency_passes_everything_at_once() {
    let sent = stalling(8000, |number| number == 0);
    let (seen, counters) = Player::play(Playout::LowestLatency, &sent);
    assert_eq!(seen.len(), sent.len());
    assert!(seen.iter().zip(&sent).all(|(seen, sent)| seen.at == sent.at && seen.show), "{seen:?}");
    assert_eq!(counters.catch_ups, 0);
}

/// A hiccup is as long as it was, and its delay is not kept.
#[test]
fn a_late_picture_is_shown_when_it_comes() {
    let mut sent = stream(0, 500, |_| 0);
    for (number, late) in sent[100..107].iter_mut().enumerate() {
        late.at = 4240 + number as u64; // they were taken from 4000 to 4240
    }
    let (seen, counters) = Player::play(SMOOTH, &sent);
    assert_eq!((counters.underruns, counters.dropped, counters.hidden), (1, 0, 0));
    assert_eq!(seen[100].at, 4240);
    assert_near(seen[499].at, 499 * 40 + 150, "the last one");
}

#[test]
fn a_flush_after_a_stall_is_no_fast_forward_and_leaves_no_latency() {
    for stall in [4000, 7000, 10_000] {
        let (seen, counters) = Player::play(SMOOTH, &stalling(stall, |number| number == 0));
        assert_eq!((counters.dropped, counters.underruns, counters.catch_ups), (0, 1, 1), "stall of {stall} ms");
        let shown = shown(&seen);
        let before = shown.iter().rposition(|&(_, at)| at < 5000 + stall).unwrap();
        assert_eq!(shown[before].0, 124, "what was buffered plays on");
        assert_eq!(shown[before + 1], (125, 5000 + stall), "the first of the burst ends the freeze");
        // Some pictures play until the burst is known to be one.
        let fast = shown[before + 2..].iter().filter(|&&(_, at)| at < 5000 + stall + 100).count();
        assert!(fast <= 1, "{fast} pictures in 100 ms: {:?}", &shown[before..before + 20]);
        let (_, at) = shown[before + 2 + fast];
        assert!(at < 5000 + stall * 105 / 100 + 350, "shown again at {at} after a stall of {stall} ms");
        for pair in shown[before + 2 + fast..].windows(2) {
            assert!((pair[1].1 - pair[0].1).abs_diff(40) <= 3, "{pair:?}");
        }
        assert_near(seen[624].at, 624 * 40 + 150, "the last one");
    }
}

/// A flush at twice the camera's pace is one all the same.
#[test]
fn a_slow_flush_is_no_fast_forward() {
    let mut sent = stream(0, 625, |_| 0);
    for (number, sent) in sent.iter_mut().enumerate().skip(125) {
        sent.at = sent.at.max(9000 + 20 * (number as u64 - 125));
    }
    let (seen, counters) = Player::play(SMOOTH, &sent);
    assert_eq!((counters.dropped, counters.catch_ups), (0, 1));
    let fast: Vec<_> = shown(&seen).into_iter().filter(|(_, at)| (9500..13_000).contains(at)).collect();
    assert!(fast.len() <= 4, "{fast:?}");
    assert_near(seen[624].at, 624 * 40 + 150, "the last one");
}

#[test]
fn one_stall_after_another_is_caught_up() {
    let mut sent = stalling(4000, |number| number == 0);
    sent.extend(stalling(4000, |_| false).into_iter().map(|sent| Sent {
        at: sent.at + 25_000,
        timestamp: sent.timestamp + 25_000,
        ..sent
    }));
    let (seen, counters) = Player::play(SMOOTH, &sent);
    assert_eq!((counters.dropped, counters.underruns, counters.catch_ups), (0, 2, 2));
    assert!(seen[300..700].iter().all(|seen| seen.show), "between them nothing is amiss");
}

/// The whole burst arrives before the decoder gets to take anything.
#[test]
fn a_backlog_is_skipped_up_to_its_newest_key_frame() {
    for (name, key_frames, first, dropped) in
        [("two", &[0, 150, 200][..], 200, 75), ("the last one", &[0, 324], 324, 199), ("none", &[0], 125, 0)]
    {
        let mut player = Player::new(SMOOTH);
        let sent = stalling(8000, |number| key_frames.contains(&number));
        player.feed(&sent[..125]);
        player.consume_until(12_999);
        let before = player.seen.len();
        assert_eq!(before, 125, "{name}");
        for &sent in &sent[125..325] {
            player.insert(sent);
        }
        player.feed(&sent[325..]);
        player.finish();
        let first_seen = player.seen[before];
        assert_eq!((first_seen.number, first_seen.discontinuity), (first, dropped > 0), "{name}");
        assert_eq!(player.buffer.counters().dropped, dropped, "{name}");
        let end = player.seen[before..].iter().find(|seen| seen.show && seen.number > first).unwrap();
        assert!(end.at <= 13_000 + 200 + 150 + NEAR, "{name}: {end:?}");
        assert_near(player.seen.last().unwrap().at, 624 * 40 + 150, name);
    }
}

/// A decoder that takes 5 ms for a picture has to decode a flush of 10 s; nothing is dropped for it.
#[test]
fn a_backlog_without_key_frame_is_decoded_unseen() {
    let mut player = Player::new(SMOOTH);
    let sent = stalling(10_000, |number| number == 0);
    let mut next = sent.iter().peekable();
    for at in (0..26_000).step_by(5) {
        while let Some(sent) = next.next_if(|sent| sent.at <= at) {
            player.insert(*sent);
        }
        player.take(at);
    }
    player.check();
    assert_eq!(player.seen.len(), 625);
    let shown: Vec<_> = shown(&player.seen).into_iter().filter(|(_, at)| (15_000..17_000).contains(at)).collect();
    // 250 pictures of 5 ms are 1.25 s: one when the freeze ends, one after a second, and then it is live.
    assert_eq!(shown[0].0, 125);
    let live = shown.iter().position(|&(number, at)| at - number as u64 * 40 < 200).unwrap();
    assert!(live <= 3, "{shown:?}");
    assert!(shown[live].1 < 16_800, "{shown:?}");
}

/// What a hub gives a new viewer: the group of pictures up to now, at once.
#[test]
fn the_first_picture_is_shown_however_old_it_is() {
    let mut sent = stream(0, 400, |_| 0);
    for sent in &mut sent {
        sent.at = sent.at.max(8000);
    }
    let (seen, counters) = Player::play(SMOOTH, &sent);
    assert_eq!(counters.dropped, 0);
    let shown = shown(&seen);
    assert_eq!(shown[0], (0, 8000));
    assert!(shown[1].0 > 195 && shown[1].1 < 8150, "{:?}", &shown[..4]);
}

#[test]
fn a_decoder_that_is_too_slow_gets_what_is_newest() {
    let mut player = Player::new(SMOOTH);
    let mut sent = stream(0, 2500, |_| 0);
    for (number, sent) in sent.iter_mut().enumerate() {
        sent.key_frame = number % 50 == 0;
    }
    let mut next = sent.iter().peekable();
    let mut worst = 0;
    for at in (0..100_000).step_by(60) {
        while let Some(sent) = next.next_if(|sent| sent.at <= at) {
            player.insert(*sent);
        }
        if let Some(seen) = player.take(at) {
            worst = worst.max(at - seen.number as u64 * 40);
        }
    }
    player.check();
    assert!(worst < 1500, "{worst} ms behind");
    let shown = shown(&player.seen);
    let freeze = shown.windows(2).map(|pair| pair[1].1 - pair[0].1).max().unwrap();
    assert!(freeze <= 1100, "nothing new for {freeze} ms");
}

#[test]
fn a_consumer_that_went_away_finds_the_newest_group_of_pictures() {
    for (name, group, away, first) in [
        ("a short while", 10_000, 100, 0),
        ("5 s", 10_000, 5000, 0),
        ("5 s, key frames", 50, 5000, 100),
        ("long, key frames", 250, 60_000, 1250),
        ("long, none within reach", 10_000, 20_000, 10_000),
    ] {
        let mut player = Player::new(SMOOTH);
        let mut sent = stream(0, 10_200, |_| 0);
        for (number, sent) in sent.iter_mut().enumerate() {
            sent.key_frame = number % group == 0;
        }
        let (missed, rest) = sent.split_at(sent.partition_point(|sent| sent.at < away));
        for &sent in missed {
            player.insert(sent);
            player.check();
        }
        player.feed(rest);
        player.finish();
        assert_eq!((player.seen[0].number, player.seen[0].discontinuity), (first, first > 0), "{name}");
        assert!(
            player.seen.iter().filter(|seen| seen.show).skip(1).all(|seen| seen.at - seen.number as u64 * 40 <= 162)
        );
    }
}

#[test]
fn what_outstayed_is_not_handed_out() {
    for (at, left) in [(12_000, 24), (12_001, 0), (60_000, 0)] {
        let mut player = Player::new(SMOOTH);
        for sent in stream(0, 25, |_| 0) {
            player.insert(sent);
        }
        player.take(at);
        assert_eq!(player.buffer.buffered(), left, "after {at} ms");
        player.check();
    }
}

#[test]
fn an_overflow_drops_old_groups_of_pictures_or_else_the_tail() {
    const UNITS: usize = JitterBuffer::MAX_UNITS;
    const LARGE: usize = JitterBuffer::MAX_BYTES / 8;
    for (name, count, len, key_frames, want) in [
        ("full", UNITS, 4, &[0][..], 0..UNITS),
        ("one too many", UNITS + 1, 4, &[0], 0..UNITS),
        ("as many again", 2 * UNITS, 4, &[0], 0..UNITS),
        ("newer group inside", UNITS + 1, 4, &[0, 1000], 1000..UNITS + 1),
        ("two of them", UNITS + 1, 4, &[0, 500, 1000], 1000..UNITS + 1),
        ("newer group begins", UNITS + 1, 4, &[0, UNITS], UNITS..UNITS + 1),
        ("newer group comes later", UNITS + 9, 4, &[0, UNITS + 5], UNITS + 5..UNITS + 9),
        ("bytes", 8, LARGE, &[0], 0..8),
        ("too many bytes", 11, LARGE, &[0], 0..8),
        ("too many bytes, newer group", 11, LARGE, &[0, 3], 3..11),
        ("each too large", 5, JitterBuffer::MAX_BYTES + 1, &[0, 3], 0..0),
    ] {
        let mut player = Player::new(SMOOTH);
        for number in 0..count {
            let key_frame = key_frames.contains(&number);
            player.insert(Sent { at: number as u64 / 512, timestamp: number as u64, key_frame, len });
            player.check();
        }
        let held = player.buffer.queue.iter();
        let held: Vec<_> =
            held.map(|held| u32::from_be_bytes(held.access_unit.data[..4].try_into().unwrap())).collect();
        assert_eq!(held, want.clone().map(|number| u32::try_from(number).unwrap()).collect::<Vec<_>>(), "{name}");
        if want.end < count && !want.is_empty() {
            // It waits for a key frame, whatever the room, and that one tells.
            player.take(1000);
            assert_eq!(player.seen.len(), 1, "{name}");
            for key_frame in [false, true] {
                player.insert(Sent { at: 1000, timestamp: 2500, key_frame, len: 4 });
                let last = &player.buffer.queue.back().unwrap().access_unit;
                assert_eq!((last.key_frame, last.discontinuity), (key_frame, key_frame), "{name}");
            }
        }
        player.check();
    }
}

#[test]
fn timestamps_that_leap_are_survived() {
    for (name, leap) in [
        ("none", 0),
        ("under a second", 900),
        ("over a second", 1100),
        ("10 s", 10_000),
        ("a day", 86_400_000),
        ("farthest", u64::MAX / 90 - 60_000),
    ] {
        let mut sent = stream(0, 500, |_| 0);
        for sent in &mut sent[100..] {
            sent.timestamp += leap;
        }
        let (seen, counters) = Player::play(SMOOTH, &sent);
        assert_eq!((counters.dropped, counters.stuck), (0, 0), "{name}");
        assert!(seen.iter().all(|seen| seen.at - seen.number as u64 * 40 <= 162), "{name}");
        assert!(seen[0].show && seen[499].show, "{name}");
        // Nothing that is buffered is lost from sight for a new epoch; a small leap looks like a burst.
        assert!(if leap == 900 { counters.hidden <= 8 } else { counters.hidden == 0 }, "{name}: {counters:?}");
    }
}

/// From one picture to the next the schedule gives in by 5 ms, or takes 0.5 ms, however long there was none.
#[test]
fn corrections_are_not_seen() {
    for (name, arrival, timestamp, want) in [
        ("on target", 40, 40, 190_000),
        ("10 ms more", 40, 50, 198_000),
        ("1 ms more", 40, 41, 190_000),
        ("10 ms less", 50, 40, 190_250),
        ("100 ms more, after a stall", 10_000, 10_100, 10_245_000),
        ("100 ms less, after a stall", 10_000, 9900, 10_050_500),
    ] {
        let start = epoch();
        let mut schedule = Schedule::new(ms(150));
        schedule.place(start, 0, ms(150));
        let placed = schedule.place(start + ms(arrival), timestamp * 90, ms(150));
        assert_eq!(placed, (start + Duration::from_micros(want), Fit::OnTime), "{name}");
    }
}

/// Another session counts from 0 again.
#[test]
fn timestamps_that_run_back_break_the_chain() {
    let mut sent = stream(0, 200, |_| 0);
    for sent in &mut sent[100..] {
        sent.timestamp -= 4000;
    }
    let (seen, counters) = Player::play(SMOOTH, &sent);
    assert_eq!((seen.len(), counters.hidden, counters.underruns), (200, 0, 0));
    let broken: Vec<_> = seen.iter().filter(|seen| seen.discontinuity).map(|seen| seen.number).collect();
    assert_eq!(broken, [100]);
    assert!(seen.iter().all(|seen| seen.at - seen.number as u64 * 40 <= 162));
}

/// What a `PresentationClock` makes of them: arrival times, one tick apart where they are equal.
#[test]
fn frozen_timestamps_play_as_they_arrive() {
    let mut sent = stream(0, 500, |number| number % 3 * 7);
    for sent in &mut sent {
        sent.timestamp = sent.at;
    }
    let (seen, counters) = Player::play(SMOOTH, &sent);
    assert_eq!((counters.hidden, counters.underruns, counters.dropped), (0, 0, 0));
    assert!(seen.iter().zip(&sent).all(|(seen, sent)| (seen.at - sent.at).abs_diff(150) <= 1));
}

/// From 10 s on everything takes longer, or less long, by `shift`.
#[test]
fn the_delay_returns_to_the_target() {
    for (name, before, after) in [
        ("a little slower", 0, 60),
        ("slower than the delay", 0, 400),
        ("much slower", 0, 3000),
        ("a little faster", 100, 0),
        ("much faster", 3000, 0),
    ] {
        let mut sent = stream(0, 3000, |number| if number < 250 { before } else { after });
        let arrivals: Vec<_> = sent.iter().map(|sent| sent.at).collect();
        for (number, sent) in sent.iter_mut().enumerate() {
            sent.at = arrivals[..=number].iter().copied().max().unwrap();
        }
        let (seen, counters) = Player::play(SMOOTH, &sent);
        assert_eq!(counters.dropped, 0, "{name}");
        assert_near(seen[170].at, 170 * 40 + before + 150, name);
        assert_near(seen[2999].at, 2999 * 40 + after + 150, name);
        assert!(seen.iter().zip(&sent).all(|(seen, sent)| seen.at - sent.at <= 301), "{name}");
    }
}

#[test]
fn a_schedule_that_releases_nothing_is_broken_off() {
    for (playout, want) in [(SMOOTH, 1000), (Playout::Smooth(ms(800)), 1600)] {
        let mut player = Player::new(playout);
        player.feed(&stream(0, 3, |_| 0));
        // However it came about.
        for buffered in &mut player.buffer.queue {
            buffered.due += Duration::from_secs(3600);
        }
        player.buffer.schedule = Schedule::new(Duration::from_secs(3600));
        player.buffer.schedule.place(player.start + ms(80), 80 * 90, ms(0));
        assert_eq!(player.buffer.deadline(), Some(player.start + ms(want)), "{playout:?}");
        assert!(player.take(want - 1).is_none(), "{playout:?}");
        // What comes then does not go by the old schedule.
        player.feed(&[Sent { at: want + 4000, timestamp: 120, key_frame: false, len: 4 }]);
        player.finish();
        let at: Vec<_> = player.seen.iter().map(|seen| seen.at).collect();
        assert_eq!(at, [want, want + 40, want + 80, want + 4000], "{playout:?}");
        assert_eq!(player.buffer.counters().stuck, 1, "{playout:?}");
    }
}

#[test]
fn time_that_runs_back_is_survived() {
    let mut player = Player::new(SMOOTH);
    for at in [100_000, 0, 50_000, 20, 40, 0] {
        player.insert(Sent { at, timestamp: at, key_frame: true, len: 4 });
        player.take(at);
        player.take(0);
    }
    player.finish();
}

/// A camera whose clock is 200 ppm fast, and one that is as slow, with 20 ms of jitter, watched at 25 per second: for 30
/// days, or for one where nothing is optimised. Uncorrected, a day makes 17 s.
#[test]
fn drifting_clocks_leave_the_delay_alone() {
    const PICTURES: u64 = if cfg!(debug_assertions) { 1 } else { 30 } * 86_400 * 25;
    let start = epoch();
    for milliticks in [3_599_280, 3_600_720] {
        let mut schedule = Schedule::new(ms(150));
        let (mut least, mut most) = (Duration::MAX, Duration::ZERO);
        for number in 0..PICTURES {
            let arrival = start + Duration::from_micros(number * 40_000 + number * 7919 % 20_011);
            let (due, _) = schedule.place(arrival, number * milliticks / 1000, ms(150));
            let wait = due.saturating_duration_since(arrival);
            least = least.min(wait);
            most = most.max(wait);
        }
        assert!(least > ms(125) && most < ms(165), "{milliticks}: {least:?} to {most:?}");
    }
}

/// The same for an hour of the whole buffer, where nobody is to notice anything.
#[test]
fn drifting_clocks_are_not_seen() {
    for microseconds in [39_992, 40_008] {
        let mut sent = stream(0, 90_000, |number| number * 7919 % 21);
        for (number, sent) in sent.iter_mut().enumerate() {
            sent.timestamp = number as u64 * microseconds / 1000;
        }
        let (seen, counters) = Player::play(SMOOTH, &sent);
        assert_eq!((counters.hidden, counters.dropped, counters.underruns, counters.catch_ups), (0, 0, 0, 0));
        assert!(seen.windows(2).all(|pair| (pair[1].at - pair[0].at).abs_diff(40) <= 4));
        assert_near(seen[89_999].at, 89_999 * 40 + 160, "the last one");
    }
}

fn any_sent() -> impl Strategy<Value = Vec<Sent>> {
    // Mostly a stream, with what can go wrong with it.
    let gap = prop_oneof![6 => 20u64..60, 3 => Just(0u64), 1 => 100u64..1000, 1 => 4000u64..15_000];
    let step = prop_oneof![12 => Just(40u64), 2 => Just(0u64), 1 => 0u64..500, 1 => 1000u64..20_000];
    let len = prop_oneof![30 => 4usize..20_000, 1 => Just(9 << 20)];
    prop::collection::vec((gap, step, 0..20u8, len), 1..400).prop_map(|pictures| {
        let (mut at, mut timestamp) = (0, 0);
        let sent = pictures.into_iter().map(|(gap, step, kind, len)| {
            at += gap;
            timestamp = if kind == 1 { step } else { timestamp + step };
            Sent { at, timestamp, key_frame: kind == 0, len }
        });
        sent.collect()
    })
}

fn any_playout() -> impl Strategy<Value = Playout> {
    prop_oneof![1 => Just(Playout::LowestLatency), 4 => (0u64..1200).prop_map(|delay| Playout::Smooth(ms(delay)))]
}

proptest! {
    #[test]
    fn delay_is_bounded_and_the_newest_is_shown(playout in any_playout(), sent in any_sent()) {
        let mut player = Player::new(playout);
        let delay = playout.delay();
        let longest = if delay.is_zero() { delay } else { delay + delay.max(ms(100)) };
        for &sent in &sent {
            player.consume_until(sent.at);
            player.insert(sent);
            player.check();
            prop_assert_eq!(player.buffer.deadline().is_some(), player.buffer.buffered() > 0);
            prop_assert!(player.buffer.queue.iter().all(|held| held.due <= held.inserted_at + longest));
            prop_assert!(player.buffer.queue.iter().is_sorted_by_key(|held| held.due));
        }
        player.finish();
        prop_assert_eq!(player.buffer.buffered(), 0);
        for (index, seen) in player.seen.iter().enumerate() {
            let waited = seen.at - sent[seen.number].at;
            // Whole milliseconds.
            prop_assert!(u128::from(waited) <= longest.as_millis() + 1, "{:?} waited {} ms", seen, waited);
            // A picture is hidden only for another.
            prop_assert!(seen.show || index + 1 < player.seen.len());
        }
        // No freeze is of our making: where something was released all along, something was shown.
        let patience = u64::try_from(player.buffer.patience().as_millis()).unwrap();
        let mut shown_at = None;
        for seen in &player.seen {
            let since = seen.at - shown_at.unwrap_or(seen.at);
            prop_assert!(seen.show || shown_at.is_some() && since < patience, "{:?}", seen);
            shown_at = if seen.show { Some(seen.at) } else { shown_at };
        }
    }

    #[test]
    fn any_consumer_loses_only_what_it_is_told_of(
        playout in any_playout(),
        sent in any_sent(),
        pops in prop::collection::vec(prop_oneof![4 => 0usize..4, 1 => Just(0), 1 => Just(1000)], 400),
    ) {
        let mut player = Player::new(playout);
        for (&sent, &pops) in sent.iter().zip(&pops) {
            player.insert(sent);
            for _ in 0..pops {
                if player.take(sent.at).is_none() {
                    break;
                }
            }
            player.check();
            let now = player.start + ms(sent.at);
            prop_assert!(player.buffer.queue.iter().all(|held| held.inserted_at + JitterBuffer::MAX_STAY >= now));
            prop_assert!(player.buffer.queue.iter().is_sorted_by_key(|held| held.due));
        }
    }
}
