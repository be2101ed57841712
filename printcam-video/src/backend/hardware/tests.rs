//! When sessions are opened, kept and given up.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::*;
use crate::backend::gate::Gate;
use crate::testing::{BaselineSps, Clip, encode, encode_stream, with_data, with_parameter_sets};
use crate::{ColorMatrix, Plane};

/// What a session does next.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Does {
    Picture,
    Nothing,
    BadData,
    IsLost,
    Fails,
    /// Only when new parameter sets come.
    Refuses,
}
use Does::{BadData, Fails, IsLost, Nothing, Picture as Shows, Refuses};

thread_local! {
    static SCRIPT: RefCell<VecDeque<Does>> = const { RefCell::new(VecDeque::new()) };
    /// What was asked of the sessions.
    static LOG: RefCell<String> = const { RefCell::new(String::new()) };
}

fn next(asked: &str) -> Result<Does, Failure> {
    LOG.with_borrow_mut(|log| log.push_str(asked));
    match SCRIPT.with_borrow_mut(VecDeque::pop_front) {
        Some(BadData) => Err(Failure::BadData { code: -2 }),
        Some(IsLost) => Err(Failure::SessionLost),
        Some(Fails) => Err(DecodeError::Platform { operation: "opening", code: -1 }.into()),
        Some(does) => Ok(does),
        None => panic!("nobody said what is next"),
    }
}

#[derive(Debug)]
struct Fake;

impl Session for Fake {
    fn open(_sets: &ParameterSets) -> Result<Self, Failure> {
        next("o").map(|_| Self)
    }

    fn accept(&mut self, _sets: &ParameterSets) -> Result<bool, Failure> {
        next("a").map(|does| does != Refuses)
    }

    fn decode(&mut self, _access_unit: &AccessUnit) -> Result<Option<Picture>, Failure> {
        let picture = || Picture { size: (96, 80), surface: Arc::new(Grey) };
        next("d").map(|does| (does == Shows).then(picture))
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        LOG.with_borrow_mut(|log| log.push('x'));
    }
}

#[derive(Debug)]
struct Grey;

impl Surface for Grey {
    fn download(&self) -> Option<[Plane; 3]> {
        None
    }
}

/// What became of an access unit.
fn decode(gate: &mut Gate<Engine<Fake>>, access_unit: &AccessUnit, script: &[Does]) -> (String, String) {
    SCRIPT.set(script.iter().copied().collect());
    LOG.take();
    let answer = match gate.decode(access_unit) {
        Ok(Some(_)) => "picture".to_owned(),
        Ok(None) => "-".to_owned(),
        Err(error) => error.to_string(),
    };
    assert!(SCRIPT.take().is_empty(), "not everything was asked for: {script:?}");
    (answer, LOG.take())
}

/// Rows are an access unit of the clip, what the session does, the answer, and what was asked: **o**pen, **a**ccept,
/// **d**ecode; x is a session closed.
fn check(clip: &Clip, rows: &[(usize, &[Does], &str, &str)]) {
    let mut gate = Gate::new();
    for (row, (index, script, answer, asked)) in rows.iter().enumerate() {
        let got = decode(&mut gate, &clip.access_units[*index], script);
        assert_eq!((got.0.as_str(), got.1.as_str()), (*answer, *asked), "row {row}");
    }
}

/// Key frames are 0, 2, 4 and 6.
fn clip() -> Clip {
    encode("96x80", "-profile:v main -g 2")
}

#[test]
fn a_session_is_kept() {
    check(
        &clip(),
        &[
            (1, &[], "-", ""),
            (0, &[Nothing, Shows], "picture", "od"),
            (1, &[Nothing], "-", "d"),
            (2, &[Shows], "picture", "d"),
        ],
    );
}

#[test]
fn a_lost_session_is_opened_again_at_a_key_frame() {
    check(
        &clip(),
        &[
            (0, &[Nothing, Shows], "picture", "od"),
            (1, &[IsLost], "-", "dx"),
            (1, &[], "-", ""),
            (2, &[IsLost], "-", "o"),
            (3, &[], "-", ""),
            (4, &[Nothing, Shows], "picture", "od"),
            (5, &[Shows], "picture", "d"),
        ],
    );
}

#[test]
fn one_bad_start_is_forgiven() {
    let refused = "the platform's decoder failed: decoding gave -2";
    check(
        &clip(),
        &[
            (0, &[Nothing, BadData], "-", "odx"),
            (1, &[], "-", ""),
            (2, &[Nothing, Shows], "picture", "od"),
            (3, &[BadData], "coded picture is damaged", "dx"),
            (4, &[Nothing, BadData], "-", "odx"),
            (6, &[Nothing, BadData], refused, "odx"),
        ],
    );
}

/// A picture in between makes the next bad start the first one.
#[test]
fn forgiving_starts_anew_after_a_picture() {
    check(
        &clip(),
        &[
            (0, &[Nothing, BadData], "-", "odx"),
            (2, &[Nothing, Shows], "picture", "od"),
            (3, &[IsLost], "-", "dx"),
            (4, &[Nothing, BadData], "-", "odx"),
        ],
    );
}

#[test]
fn a_platform_that_fails_says_its_code() {
    let failed = "the platform's decoder failed: opening gave -1";
    check(
        &clip(),
        &[
            (0, &[Fails], failed, "o"),
            (1, &[], "-", ""),
            (2, &[Nothing, Fails], failed, "odx"),
            (4, &[Nothing, Shows], "picture", "od"),
        ],
    );
}

/// Those of the first 8 access units are one set, those of the others another.
fn clip_of_two_sets() -> Clip {
    let [cabac, cavlc] = ["cabac", "cavlc"]
        .map(|coder| encode_stream("96x80", &format!("-profile:v high -level 3 -coder {coder} -g 4"), "aud=insert"));
    Clip::from_stream(&[&cabac[..], &cavlc].concat())
}

#[test]
fn other_parameter_sets_keep_the_session_if_it_accepts_them() {
    check(
        &clip_of_two_sets(),
        &[
            (0, &[Nothing, Shows], "picture", "od"),
            (8, &[Nothing, Shows], "picture", "ad"),
            (9, &[Shows], "picture", "d"),
            (0, &[Refuses, Nothing, Shows], "picture", "axod"),
            (1, &[Shows], "picture", "d"),
            // Not a key frame: there is nothing to start another session with.
            (9, &[Refuses], "-", "ax"),
            (10, &[], "-", ""),
            (12, &[Nothing, Shows], "picture", "od"),
            (0, &[IsLost], "-", "ax"),
        ],
    );
}

#[test]
fn a_picture_without_its_beginning_is_not_decoded() {
    let clip = encode("96x80", "-profile:v main -slices 2");
    let key_frame = &clip.access_units[0];
    let last = gate::slices(key_frame).last().expect("two slices").with_start_code.to_vec();
    let (answer, asked) = decode(&mut Gate::new(), &with_data(key_frame, last), &[]);
    assert_eq!((answer.as_str(), asked.as_str()), ("picture is not complete", ""));
}

#[test]
fn hostile_parameter_sets_never_reach_the_platform() {
    let clip = clip();
    let sps = |columns: u32, references: u32| BaselineSps { columns, rows: 5, references, crop: [0; 4] }.nal_unit();
    for (row, sps) in [("too wide", sps(300, 1)), ("too many references", sps(6, 17))] {
        let access_unit = with_parameter_sets(&clip.access_units[0], sps, Vec::new());
        let (answer, asked) = decode(&mut Gate::new(), &access_unit, &[]);
        assert_eq!(asked, "", "{row}: {answer}");
        assert_ne!(answer, "-", "{row}");
    }
}

#[test]
fn frames_carry_what_the_stream_says() {
    let clip = encode("96x80", "-profile:v main -color_range pc -colorspace bt709");
    SCRIPT.set([Nothing, Shows].into());
    let access_unit = &clip.access_units[0];
    let frame = Gate::<Engine<Fake>>::new().decode(access_unit).expect("good").expect("a picture");
    assert_eq!((frame.width(), frame.height()), (96, 80));
    assert_eq!((frame.range(), frame.matrix()), (ColorRange::Full, ColorMatrix::Bt709));
    assert_eq!((frame.timestamp(), frame.received_at()), (access_unit.timestamp, access_unit.received_at));
    assert!(frame.surface().is_some_and(|surface| surface.downcast_ref::<Grey>().is_some()));
}
