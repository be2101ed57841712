//! Each fault as a client meets it, in virtual time.

#[path = "../peer/any_certificate.rs"]
mod any_certificate;
mod client;
mod ends;
mod media;
mod models;

use std::time::{Duration, SystemTime};

use client::{Event, What};
use printcam_sim::{Encryption, Footage, Options, VirtualCamera};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn options(faults: &[&str], seed: u64) -> Options {
    Options {
        encryption: Encryption::None,
        footage: Footage::Canned,
        fps: 10,
        gop: 10,
        seed,
        wall_clock: Some(SystemTime::UNIX_EPOCH + secs(1_723_111_495)),
        faults: faults.iter().map(|text| text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))).collect(),
        ..Options::default()
    }
}

fn camera(faults: &[&str]) -> VirtualCamera {
    VirtualCamera::start(options(faults, 1)).expect("a camera")
}

/// When RTP packets came.
fn arrivals(events: &[Event]) -> Vec<Duration> {
    events.iter().filter(|event| matches!(event.what, What::Rtp { .. })).map(|event| event.at).collect()
}

/// The longest time without RTP: its beginning and its end.
fn longest_gap(events: &[Event]) -> (Duration, Duration) {
    let arrivals = arrivals(events);
    let gaps = arrivals.windows(2).map(|pair| (pair[0], pair[1]));
    gaps.max_by_key(|(from, to)| *to - *from).expect("some packets")
}

/// Times and statuses of responses.
fn responses(events: &[Event]) -> Vec<(Duration, u16)> {
    let responses = events.iter().filter_map(|event| match event.what {
        What::Response(status) => Some((event.at, status)),
        _ => None,
    });
    responses.collect()
}

fn sequence_numbers(events: &[Event]) -> Vec<u16> {
    let numbers = events.iter().filter_map(|event| match event.what {
        What::Rtp { sequence, .. } => Some(sequence),
        _ => None,
    });
    numbers.collect()
}

fn is_near(time: Duration, seconds: f64) -> bool {
    (time.as_secs_f64() - seconds).abs() < 0.15
}
