//! How long an engine lives.

use std::cell::Cell;

use super::*;
use crate::testing::{Clip, encode, with_data};

thread_local! {
    /// Engines made by this test.
    static MADE: Cell<u32> = const { Cell::new(0) };
}

/// Gives no picture, and does with an access unit what its last byte says.
struct Fake;

const FAIL: u8 = 1;
const PANIC: u8 = 2;

impl Engine for Fake {
    fn new(_sps: &Bytes) -> Result<Self, DecodeError> {
        MADE.set(MADE.get() + 1);
        Ok(Self)
    }

    fn decode(&mut self, access_unit: &AccessUnit, _sets: &ParameterSets) -> Result<Option<Frame>, DecodeError> {
        match access_unit.data.last() {
            Some(&FAIL) => Err(DecodeError::Damaged),
            Some(&PANIC) => panic!("on purpose, by a test"),
            _ => Ok(None),
        }
    }
}

/// `clip`'s access unit with one more byte at its end.
fn ending(clip: &Clip, index: usize, byte: u8) -> AccessUnit {
    with_data(&clip.access_units[index], [&clip.access_units[index].data[..], &[byte]].concat())
}

#[test]
fn equal_parameter_sets_keep_the_engine() {
    let clip = encode("96x80", "-profile:v main -g 2");
    let mut gate = Gate::<Fake>::new();
    for access_unit in &clip.access_units {
        gate.decode(access_unit).expect("a good access unit");
    }
    // Lost pictures do not matter to it either: a key frame starts anew.
    gate.decode(&AccessUnit { discontinuity: true, ..clip.access_units[0].clone() }).expect("a good access unit");
    assert_eq!(MADE.get(), 1);
}

#[test]
fn an_engine_that_failed_is_not_used_again() {
    let clip = encode("96x80", "-profile:v main -g 2");
    let mut gate = Gate::<Fake>::new();
    let rows = [
        (0, 9, Ok(()), 1),
        (1, FAIL, Err(DecodeError::Damaged), 1),
        (1, 9, Ok(()), 1), // not seen: it waits
        (2, 9, Ok(()), 2),
        (3, PANIC, Err(DecodeError::Broken), 2),
        (4, FAIL, Err(DecodeError::Damaged), 3),
        (6, 9, Ok(()), 4),
        (7, 9, Ok(()), 4),
    ];
    for (row, (index, byte, want, made)) in rows.into_iter().enumerate() {
        let answer = gate.decode(&ending(&clip, index, byte)).map(drop);
        assert_eq!((answer, MADE.get()), (want, made), "row {row}");
    }
}
