//! A decoder of the platform that is none, and what is done with it.

use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::hardware::{INPUT_ROUNDS, MAX_WAITING};
use super::*;
use crate::annex_b::nal_units;
use crate::testing::{Clip, encode, sets_of, with_data, with_parameter_sets};

/// What the platform does and has been asked to do.
#[derive(Debug, Default)]
struct World {
    /// What was done, in order.
    log: Vec<String>,
    setups: Vec<Setup>,
    inputs: Vec<Vec<u8>>,
    /// Times of what was given and has not come out.
    inside: Vec<i64>,
    /// Pictures that stay inside.
    held_back: usize,
    /// How many more calls of each kind fail, or find no room.
    open_failures: u32,
    queue_failures: u32,
    move_failures: u32,
    full: u32,
}

impl World {
    fn take_log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }
}

#[derive(Debug, Clone, Default)]
struct Platform(Arc<Mutex<World>>);

impl Platform {
    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    fn window(&self, name: &'static str) -> Window {
        Window { name, platform: self.clone() }
    }

    fn log(&self, line: String) {
        self.world().log.push(line);
    }

    /// What was done since it was last asked.
    fn done(&self) -> Vec<String> {
        self.world().take_log()
    }
}

struct Window {
    name: &'static str,
    platform: Platform,
}

impl Drop for Window {
    fn drop(&mut self) {
        self.platform.log(format!("release {}", self.name));
    }
}

struct Fake {
    platform: Platform,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.platform.log("stop".to_owned());
        self.platform.world().inside.clear();
    }
}

fn failed(count: &mut u32, operation: &'static str) -> Result<(), DecodeError> {
    if *count == 0 {
        return Ok(());
    }
    *count -= 1;
    Err(DecodeError::Platform { operation, code: -10000 })
}

impl SurfaceCodec for Fake {
    type Window = Window;
    type Picture<'a> = i64;

    fn open(setup: &Setup, window: &Window) -> Result<Self, DecodeError> {
        window.platform.log(format!("open {}", window.name));
        let mut world = window.platform.world();
        failed(&mut world.open_failures, "open")?;
        world.setups.push(setup.clone());
        Ok(Self { platform: window.platform.clone() })
    }

    fn move_to(&self, window: &Window) -> Result<(), DecodeError> {
        self.platform.log(format!("move to {}", window.name));
        failed(&mut self.platform.world().move_failures, "move")
    }

    fn queue(&self, _patience: Duration, time: i64, pieces: &[&[u8]]) -> Result<bool, DecodeError> {
        let mut world = self.platform.world();
        failed(&mut world.queue_failures, "queue")?;
        if world.full > 0 {
            world.full -= 1;
            return Ok(false);
        }
        world.inputs.push(pieces.concat());
        world.inside.push(time);
        Ok(true)
    }

    fn dequeue(&self, patience: Duration) -> Result<Option<(i64, i64)>, DecodeError> {
        let mut world = self.platform.world();
        if world.inside.len() <= world.held_back {
            if !patience.is_zero() {
                world.log.push("wait".to_owned());
            }
            return Ok(None);
        }
        let time = world.inside.remove(0);
        Ok(Some((time, time)))
    }

    fn release(&self, time: i64, show: bool) -> Result<(), DecodeError> {
        self.platform.log(format!("{} {}", if show { "show" } else { "skip" }, time / 33_000));
        Ok(())
    }

    fn draw(frame: &Frame, window: &Window) -> Result<(), DecodeError> {
        window.platform.log(format!("draw {} in {}", frame.timestamp() / 3000, window.name));
        Ok(())
    }
}

/// A clip with a key frame every four pictures, and a platform to show it on.
struct Stage {
    clip: Clip,
    platform: Platform,
    surface: OntoSurface<Fake>,
}

impl Stage {
    fn new() -> Self {
        let platform = Platform::default();
        let surface = OntoSurface::new(platform.window("a"));
        Self { clip: encode("96x80", "-profile:v main -g 4"), platform, surface }
    }

    /// The platform is changed first.
    fn with(change: impl FnOnce(&mut World)) -> Self {
        let stage = Self::new();
        change(&mut stage.platform.world());
        stage
    }

    /// Shows picture `index`, or of a later round of the clip, which takes eight: two seconds are between rounds.
    fn present(&mut self, index: usize) -> Result<bool, DecodeError> {
        self.present_or_hide(index, true)
    }

    fn present_or_hide(&mut self, index: usize, show: bool) -> Result<bool, DecodeError> {
        let access_unit = self.access_unit(index);
        self.surface.present(&access_unit, show)
    }

    fn access_unit(&self, index: usize) -> AccessUnit {
        let mut access_unit = self.clip.access_units[index % 8].clone();
        access_unit.timestamp = index as u64 * 3000;
        access_unit.received_at += (index / 8) as u32 * Duration::from_secs(2);
        access_unit
    }

    #[track_caller]
    fn expect(&self, want: &[&str]) {
        assert_eq!(self.platform.done(), want);
    }
}

const PLATFORM: Result<bool, DecodeError> = Err(DecodeError::Platform { operation: "queue", code: -10000 });

#[test]
fn starts_at_a_key_frame_and_shows_each_picture() {
    let mut stage = Stage::new();
    for (index, want) in [(1, false), (4, true), (5, true), (6, true)] {
        assert_eq!(stage.present(index), Ok(want), "picture {index}");
    }
    stage.expect(&["open a", "show 4", "show 5", "show 6"]);
    drop(stage.surface);
    assert_eq!(stage.platform.done(), ["stop", "release a"], "the decoder first");
}

#[test]
fn a_decoder_gets_its_parameter_sets_once_and_then_slices() {
    let mut stage = Stage::new();
    (0..6).for_each(|index| assert_eq!(stage.present(index), Ok(true)));
    let world = stage.platform.world();
    let [setup] = &world.setups[..] else { panic!("{} decoders", world.setups.len()) };
    let access_unit = &stage.clip.access_units[0];
    let sets = sets_of(access_unit);
    let in_order = crate::sps_rewrite::without_reordering(&sets.sps).expect("one that can be read");
    assert_eq!(setup.sps, [&[0, 0, 0, 1], &in_order[..]].concat());
    assert_eq!(setup.pps, [&[0, 0, 0, 1], &sets.pps[0][..]].concat());
    assert_eq!((setup.width, setup.height, setup.frame_rate, setup.max_input), (96, 80, 30.0, 64 << 10));
    for (input, access_unit) in world.inputs.iter().zip(&stage.clip.access_units) {
        let slices: Vec<u8> = nal_units(&access_unit.data)
            .filter(|nal_unit| matches!(nal_unit.kind(), 1 | 5))
            .flat_map(|nal_unit| nal_unit.with_start_code.to_vec())
            .collect();
        assert_eq!(*input, slices);
    }
}

#[test]
fn a_new_picture_parameter_set_goes_before_the_slices() {
    let mut stage = Stage::new();
    stage.present(0).expect("a good access unit");
    let access_unit = stage.access_unit(1);
    let sets = sets_of(&access_unit);
    let other = Bytes::from_static(&[0x68, 0xce, 0x3c, 0x80]);
    let changed = with_parameter_sets(&access_unit, sets.sps.to_vec(), vec![sets.pps[0].clone(), other.clone()]);
    for (row, pps_before) in [true, false].into_iter().enumerate() {
        stage.surface.present(&changed, true).expect("a good access unit");
        let input = stage.platform.world().inputs.pop().expect("an input");
        assert_eq!(input.starts_with(&[&[0, 0, 0, 1], &other[..]].concat()), pps_before, "row {row}");
    }
    let two_in_one = Bytes::from_static(&[0x68, 0, 0, 1, 0x67]);
    let hostile = with_parameter_sets(&access_unit, sets.sps.to_vec(), vec![two_in_one]);
    assert_eq!(stage.surface.present(&hostile, true), Err(DecodeError::BadParameterSet { field: "nal_unit" }));
}

#[test]
fn late_pictures_are_decoded_and_not_shown() {
    let mut stage = Stage::new();
    for (index, show) in [(0, true), (1, false), (2, false), (3, true)] {
        assert_eq!(stage.present_or_hide(index, show), Ok(true));
    }
    stage.expect(&["open a", "show 0", "skip 1", "skip 2", "show 3"]);
}

/// One picture stays inside: each comes with the next call, and what is hidden stays hidden then.
#[test]
fn a_slow_decoder_is_waited_for_but_not_when_catching_up() {
    let mut stage = Stage::with(|world| world.held_back = 1);
    let rows = [(0, true, false), (1, true, true), (2, false, true), (3, false, true), (4, true, true)];
    for (index, show, decoded) in rows {
        assert_eq!(stage.present_or_hide(index, show), Ok(decoded), "picture {index}");
    }
    stage.expect(&["open a", "wait", "wait", "show 0", "show 1", "skip 2", "wait", "skip 3"]);
    // Two at once: the newest.
    stage.platform.world().held_back = 0;
    assert_eq!(stage.present(5), Ok(true));
    stage.expect(&["skip 4", "show 5"]);
}

#[test]
fn a_full_decoder_is_given_time_and_a_stuck_one_replaced() {
    let mut stage = Stage::new();
    stage.platform.world().full = INPUT_ROUNDS - 1;
    assert_eq!(stage.present(0), Ok(true));
    stage.platform.world().full = INPUT_ROUNDS;
    assert_eq!(stage.present(1), Err(DecodeError::Stuck));
    assert_eq!(stage.present(2), Ok(false), "waits for a key frame");
    stage.expect(&["open a", "show 0", "stop"]);
    // And one that takes everything and gives nothing.
    stage.platform.world().held_back = usize::MAX;
    let answers: Vec<_> = (8..8 + MAX_WAITING).map(|index| stage.present(index)).collect();
    let (last, before) = answers.split_last().expect("answers");
    assert!(before.iter().all(|answer| *answer == Ok(false)));
    assert_eq!(*last, Err(DecodeError::Stuck));
}

#[test]
fn a_decoder_that_failed_is_replaced_at_a_key_frame_after_a_second() {
    let mut stage = Stage::new();
    stage.present(0).expect("a good access unit");
    stage.platform.world().queue_failures = 1;
    assert_eq!(stage.present(1), PLATFORM);
    // The key frame 4 is too early.
    for (index, want) in [(2, false), (4, false), (5, false), (9, false), (12, true), (13, true)] {
        assert_eq!(stage.present(index), Ok(want), "picture {index}");
    }
    stage.expect(&["open a", "show 0", "stop", "open a", "show 12", "show 13"]);
}

/// The stream's faults are not held against the decoder: no second passes.
#[test]
fn damage_does_not_count_as_the_decoders_failure() {
    let mut stage = Stage::new();
    stage.present(0).expect("a good access unit");
    let no_start = with_data(&stage.access_unit(1), vec![0, 0, 0, 1, 0x41, 0x40, 0xff]);
    assert_eq!(stage.surface.present(&no_start, true), Err(DecodeError::Incomplete));
    assert_eq!(stage.present(4), Ok(true));
    let gap = AccessUnit { discontinuity: true, ..stage.access_unit(5) };
    assert_eq!(stage.surface.present(&gap, true), Ok(false));
    assert_eq!(stage.present(8), Ok(true));
    stage.expect(&["open a", "show 0", "stop", "open a", "show 4", "show 8"]);
}

#[test]
fn without_a_decoder_of_the_platform_software_draws_until_the_window_goes() {
    let mut stage = Stage::with(|world| world.open_failures = 1);
    for (index, show) in [(0, true), (1, false), (2, true)] {
        assert_eq!(stage.present_or_hide(index, show), Ok(true));
    }
    stage.expect(&["open a", "draw 0 in a", "draw 2 in a"]);
    let b = stage.platform.window("b");
    stage.surface.set_window(Some(b));
    assert_eq!(stage.present(3), Ok(true));
    stage.expect(&["release a", "draw 3 in b"]);
    stage.surface.set_window(None);
    let c = stage.platform.window("c");
    stage.surface.set_window(Some(c));
    for (index, want) in [(5, false), (8, true)] {
        assert_eq!(stage.present(index), Ok(want));
    }
    stage.expect(&["release b", "open c", "show 8"]);
}

#[test]
fn a_decoder_that_keeps_failing_gives_way_to_software() {
    let mut stage = Stage::with(|world| world.queue_failures = MAX_FAILURES);
    for failure in 0..3 {
        assert_eq!(stage.present(8 * failure), PLATFORM, "failure {failure}");
    }
    assert_eq!(stage.present(24), Ok(true));
    assert_eq!(stage.platform.done().last().expect("a line"), "draw 24 in a");
    // A picture between makes a failure the first one again.
    let mut stage = Stage::new();
    for failure in 0..6 {
        assert_eq!(stage.present(8 * failure), Ok(true), "before failure {failure}");
        stage.platform.world().queue_failures = 1;
        assert_eq!(stage.present(8 * failure + 1), PLATFORM, "failure {failure}");
    }
    assert!(!stage.platform.done().iter().any(|line| line.starts_with("draw")));
}

#[test]
fn another_window_is_moved_to_and_none_ends_it() {
    let mut stage = Stage::new();
    stage.present(0).expect("a good access unit");
    let b = stage.platform.window("b");
    stage.surface.set_window(Some(b));
    stage.present(1).expect("a good access unit");
    stage.expect(&["open a", "show 0", "move to b", "release a", "show 1"]);
    stage.surface.set_window(None);
    stage.expect(&["stop", "release b"]);
    for index in [2, 4] {
        assert_eq!(stage.present(index), Ok(false), "picture {index} without a window");
    }
    let c = stage.platform.window("c");
    stage.surface.set_window(Some(c));
    for (index, want) in [(5, false), (8, true), (9, true)] {
        assert_eq!(stage.present(index), Ok(want), "picture {index}");
    }
    stage.expect(&["open c", "show 8", "show 9"]);
    // A window that the decoder does not take.
    stage.platform.world().move_failures = 1;
    let d = stage.platform.window("d");
    stage.surface.set_window(Some(d));
    stage.expect(&["move to d", "stop", "release c"]);
    for (index, want) in [(10, false), (12, true)] {
        assert_eq!(stage.present(index), Ok(want), "picture {index}");
    }
    stage.expect(&["open d", "show 12"]);
}

#[test]
fn a_new_size_gets_a_new_decoder_once_the_old_one_has_gone() {
    let mut stage = Stage::new();
    stage.present(0).expect("a good access unit");
    let large = encode("320x180", "-profile:v high");
    let access_unit = AccessUnit { timestamp: 3000, ..large.access_units[0].clone() };
    assert_eq!(stage.surface.present(&access_unit, true), Ok(true));
    stage.expect(&["open a", "show 0", "stop", "open a", "show 1"]);
    let world = stage.platform.world();
    let sizes: Vec<_> = world.setups.iter().map(|setup| (setup.width, setup.height)).collect();
    assert_eq!(sizes, [(96, 80), (320, 180)]);
}

#[test]
fn b_frames_take_the_promise_of_order_back() {
    let clip = encode("96x80", "-profile:v main -bf 2 -g 4 -sc_threshold 0");
    let platform = Platform::default();
    let mut surface = OntoSurface::<Fake>::new(platform.window("a"));
    for access_unit in &clip.access_units {
        surface.present(access_unit, true).expect("a good access unit");
    }
    // Nothing is asserted under its lock: what a failure drops would ask for it again.
    let world = std::mem::take(&mut *platform.world());
    let as_sent = [&[0, 0, 0, 1], &sets_of(&clip.access_units[0]).sps[..]].concat();
    let sent: Vec<bool> = world.setups.iter().map(|setup| setup.sps == as_sent).collect();
    assert_eq!(sent, [false, true], "at the second key frame");
    let lives: Vec<&String> = world.log.iter().filter(|line| ["open a", "stop"].contains(&line.as_str())).collect();
    assert_eq!(lives, ["open a", "stop", "open a"], "the first one goes before");
}

#[test]
fn hostile_parameter_sets_reach_no_decoder() {
    let mut stage = Stage::new();
    let access_unit = stage.access_unit(0);
    let huge = crate::testing::BaselineSps { columns: 300, rows: 300, references: 1, crop: [0; 4] }.nal_unit();
    let hostile = with_parameter_sets(&access_unit, huge, sets_of(&access_unit).pps.clone());
    let refused = stage.surface.present(&hostile, true);
    assert!(matches!(refused, Err(DecodeError::PictureTooLarge { .. })), "{refused:?}");
    stage.expect(&[]);
    drop(stage.surface);
    assert!(!stage.platform.world().setups.iter().any(|setup| setup.width > 96));
}
