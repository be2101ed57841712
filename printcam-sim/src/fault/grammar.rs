//! The text form of faults, in both directions.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::catalogue::{self, Entry};
use super::{Clock, Fault, FaultKind, Length, Method, Start};
use crate::announcement::AnnouncementForm;
use crate::options::{SecondClient, WrongCode};

/// Why a text is no fault.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultError {
    /// No fault is called so.
    UnknownName {
        /// What was written.
        given: String,
        /// The name that is most like it, if one is.
        nearest: Option<&'static str>,
    },
    /// The value is not what this fault takes.
    BadValue {
        /// The fault.
        name: &'static str,
        /// What was written.
        given: String,
        /// What it takes.
        wanted: &'static str,
    },
    /// A time, or a length, that is none.
    BadTime {
        /// What was written.
        given: String,
    },
    /// What stands after `@` is neither a time nor a request.
    BadStart {
        /// What was written.
        given: String,
    },
    /// The fault's times count from the camera's start: it cannot begin with a request.
    NotOfAConnection {
        /// The fault.
        name: &'static str,
    },
    /// The length was written twice, by `=` and by `+`.
    TwoLengths {
        /// The fault.
        name: &'static str,
    },
    /// It happens in an instant.
    HasNoLength {
        /// The fault.
        name: &'static str,
    },
    /// It repeats, but each time it would last for ever, or beyond the next beginning.
    Overlaps {
        /// The fault.
        name: &'static str,
    },
}

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FaultError::UnknownName { given, nearest: Some(nearest) } => {
                write!(f, "no fault is called '{given}'; perhaps '{nearest}'")
            }
            FaultError::UnknownName { given, nearest: None } => write!(f, "no fault is called '{given}'"),
            FaultError::BadValue { name, given, wanted } => write!(f, "{name} takes {wanted}, not '{given}'"),
            FaultError::BadTime { given } => {
                write!(f, "'{given}' is no time: a number with ms, s, m, h or d, such as 1.5s")
            }
            FaultError::BadStart { given } => write!(
                f,
                "after @ stands a time such as 30s, or one of options, describe, setup, play, pause, teardown, \
                 get-parameter; not '{given}'"
            ),
            FaultError::NotOfAConnection { name } => {
                write!(f, "{name} befalls the whole camera: it begins at a time, not with a request")
            }
            FaultError::TwoLengths { name } => write!(f, "the length of {name} is given twice, by = and by +"),
            FaultError::HasNoLength { name } => write!(f, "{name} happens in an instant and has no length"),
            FaultError::Overlaps { name } => {
                write!(f, "{name} repeats, so it needs a length shorter than its period")
            }
        }
    }
}

impl Error for FaultError {}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Fault, FaultError> {
        let (rest, period) = split_last(text, '/');
        let (rest, length) = split_last(rest, '+');
        let (rest, start) = split_last(rest, '@');
        let (name, value) = rest.split_once('=').map_or((rest, None), |(name, value)| (name, Some(value)));
        let entry = catalogue::named(name).ok_or_else(|| unknown(name))?;
        let name = entry.name;

        let mut fault = Fault::new(entry.kind);
        let by_value = match value {
            None => None,
            Some(value) => apply_value(&mut fault.kind, value, entry)?,
        };
        if by_value.is_some() && length.is_some() {
            return Err(FaultError::TwoLengths { name });
        }
        if let Some(length) = length.map(parse_length).transpose()?.or(by_value) {
            if entry.instant {
                return Err(FaultError::HasNoLength { name });
            }
            fault.length = Some(length);
        }
        fault.period = period.map(parse_time).transpose()?;
        fault.start = match (start, fault.period) {
            (Some(start), _) => parse_start(start)?,
            (None, Some(period)) => Start::After(period),
            (None, None) => fault.start,
        };
        if matches!(fault.start, Start::Request(_)) && entry.clock == Clock::Camera && befalls_camera(fault.kind) {
            return Err(FaultError::NotOfAConnection { name });
        }
        let overlaps = |period| period == Duration::ZERO || fault.length.is_none_or(|length| length.max >= period);
        if fault.period.is_some_and(|period| if entry.instant { period.is_zero() } else { overlaps(period) }) {
            return Err(FaultError::Overlaps { name });
        }
        Ok(fault)
    }
}

/// Canonical: a length by `=` where the fault has no other value, no start or length that it has anyway.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        let mut length = self.length;
        match self.kind {
            FaultKind::LargeReplies(value)
            | FaultKind::Throttle(value)
            | FaultKind::LargeJpeg(value)
            | FaultKind::JpegLength(value) => write!(f, "={value}")?,
            FaultKind::Announcement(form) => write!(f, "={}", name_of(&ANNOUNCEMENTS, form))?,
            FaultKind::SecondClient(policy) => write!(f, "={}", name_of(&SECOND_CLIENTS, policy))?,
            FaultKind::WrongCode(reaction) => write!(f, "={}", name_of(&WRONG_CODES, reaction))?,
            FaultKind::TimestampJump(value) => write!(f, "={value}")?,
            FaultKind::SequenceGap(value) => write!(f, "={value}")?,
            FaultKind::Bursts(value) => write!(f, "={}", Time(value))?,
            FaultKind::ReportStall(value) | FaultKind::SlowHandshake(value) | FaultKind::Wedge(value) => {
                write!(f, "={}", Times(value))?;
            }
            FaultKind::Reorder(probability, distance) => write!(f, "={probability},{distance}")?,
            FaultKind::NoMarker(probability)
            | FaultKind::MisplacedMarker(probability)
            | FaultKind::Contributors(probability)
            | FaultKind::Extension(probability)
            | FaultKind::Padding(probability)
            | FaultKind::TruncatedJpeg(probability)
            | FaultKind::Loss(probability)
            | FaultKind::Duplicate(probability) => write!(f, "={probability}")?,
            _ => {
                if let Some(length) = length.take() {
                    write!(f, "={}", Times(length))?;
                }
            }
        }
        match self.start {
            Start::Request(method) => write!(f, "@{}", name_of(&METHODS, method))?,
            Start::After(start) if start != self.period.unwrap_or_default() => write!(f, "@{}", Time(start))?,
            Start::After(_) => {}
        }
        if let Some(length) = length {
            write!(f, "+{}", Times(length))?;
        }
        self.period.map_or(Ok(()), |period| write!(f, "/{}", Time(period)))
    }
}

fn split_last(text: &str, separator: char) -> (&str, Option<&str>) {
    text.rsplit_once(separator).map_or((text, None), |(rest, last)| (rest, Some(last)))
}

/// Sets the kind's own value, or gives the length that was meant.
fn apply_value(kind: &mut FaultKind, text: &str, entry: &Entry) -> Result<Option<Length>, FaultError> {
    let bad = |wanted| FaultError::BadValue { name: entry.name, given: text.to_owned(), wanted };
    match kind {
        FaultKind::LargeReplies(bytes) => {
            let wanted = "a number of bytes up to 1000000";
            *bytes = text.parse().ok().filter(|&bytes| bytes <= 1_000_000).ok_or_else(|| bad(wanted))?;
        }
        FaultKind::LargeJpeg(bytes) => {
            let wanted = "a number of bytes up to 100000000";
            *bytes = text.parse().ok().filter(|&bytes| bytes <= 100_000_000).ok_or_else(|| bad(wanted))?;
        }
        FaultKind::Announcement(form) => {
            let wanted = "full, older-address, signal, answers-only, lower-case, cloud or bare";
            *form = named(&ANNOUNCEMENTS, text).ok_or_else(|| bad(wanted))?;
        }
        FaultKind::SecondClient(policy) => {
            *policy = named(&SECOND_CLIENTS, text).ok_or_else(|| bad("refuse, starve or kick"))?;
        }
        FaultKind::WrongCode(reaction) => {
            *reaction = named(&WRONG_CODES, text).ok_or_else(|| bad("close, silence or denial"))?;
        }
        FaultKind::Throttle(ticks) => *ticks = text.parse().map_err(|_| bad("a number of timestamp units"))?,
        FaultKind::TimestampJump(ticks) => {
            *ticks = text.parse().map_err(|_| bad("a number of timestamp units, which may be negative"))?;
        }
        FaultKind::JpegLength(bytes) => *bytes = text.parse().map_err(|_| bad("a number of bytes up to 4294967295"))?,
        FaultKind::SequenceGap(count) => *count = text.parse().map_err(|_| bad("a number up to 65535"))?,
        FaultKind::Bursts(period) => {
            *period = parse_time(text)?;
            if period.is_zero() {
                return Err(bad("a time longer than nothing"));
            }
        }
        FaultKind::ReportStall(length) | FaultKind::SlowHandshake(length) | FaultKind::Wedge(length) => {
            *length = parse_length(text)?;
        }
        FaultKind::NoMarker(probability)
        | FaultKind::MisplacedMarker(probability)
        | FaultKind::Contributors(probability)
        | FaultKind::Extension(probability)
        | FaultKind::Padding(probability)
        | FaultKind::TruncatedJpeg(probability)
        | FaultKind::Loss(probability)
        | FaultKind::Duplicate(probability) => {
            *probability = parse_probability(text).ok_or_else(|| bad("a probability from 0 to 1"))?;
        }
        FaultKind::Reorder(probability, distance) => {
            let (first, second) = text.split_once(',').map_or((text, None), |(a, b)| (a, Some(b)));
            let wanted = "a probability from 0 to 1 and, after a comma, a number of packets from 1 to 255";
            *probability = parse_probability(first).ok_or_else(|| bad(wanted))?;
            if let Some(second) = second {
                *distance = second.parse().ok().filter(|&distance| distance > 0).ok_or_else(|| bad(wanted))?;
            }
        }
        _ if entry.instant => return Err(bad("no value")),
        _ => return parse_length(text).map(Some),
    }
    Ok(None)
}

/// Whether there is no connection yet, or not one alone, when it begins.
fn befalls_camera(kind: FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::Refuse
            | FaultKind::Restart
            | FaultKind::NoServerHello
            | FaultKind::SlowHandshake(_)
            | FaultKind::SecondCertificate
            | FaultKind::Announcement(_)
    )
}

fn parse_probability(text: &str) -> Option<f64> {
    text.parse().ok().filter(|probability| (0.0..=1.0).contains(probability))
}

fn parse_length(text: &str) -> Result<Length, FaultError> {
    let Some((min, max)) = text.split_once("..") else {
        return parse_time(text).map(Length::from);
    };
    let length = Length { min: parse_time(min)?, max: parse_time(max)? };
    if length.min > length.max {
        return Err(FaultError::BadTime { given: text.to_owned() });
    }
    Ok(length)
}

pub(crate) fn parse_time(text: &str) -> Result<Duration, FaultError> {
    let bad = || FaultError::BadTime { given: text.to_owned() };
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(bad)?;
    let (number, unit) = text.split_at(unit_at);
    let unit = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(bad)?.1;
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = number.parse().ok().filter(|_| plain).ok_or_else(bad)?;
    let seconds = number * unit as f64 / 1000.0;
    (seconds <= LONGEST).then(|| Duration::from_secs_f64(seconds)).ok_or_else(bad)
}

fn parse_start(text: &str) -> Result<Start, FaultError> {
    if let Some(method) = named(&METHODS, text) {
        return Ok(Start::Request(method));
    }
    parse_time(text).map(Start::After).map_err(|_| FaultError::BadStart { given: text.to_owned() })
}

/// The value that has this name.
fn named<T: Copy>(names: &[(&str, T)], text: &str) -> Option<T> {
    names.iter().find(|(name, _)| *name == text).map(|(_, value)| *value)
}

/// The name of a value; every value has one.
fn name_of<T: PartialEq>(names: &[(&'static str, T)], value: T) -> &'static str {
    names.iter().find(|(_, other)| *other == value).map_or("", |(name, _)| name)
}

fn unknown(given: &str) -> FaultError {
    let distances = catalogue::ENTRIES.iter().map(|entry| (distance(given, entry.name), entry.name));
    let nearest = distances.min().filter(|&(distance, name)| distance <= name.len() / 3).map(|(_, name)| name);
    FaultError::UnknownName { given: given.to_owned(), nearest }
}

/// Levenshtein's.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        let whole = UNITS.iter().rev().find(|(_, millis)| nanos.is_multiple_of(u128::from(*millis) * 1_000_000));
        match whole {
            _ if nanos == 0 => f.write_str("0s"),
            Some((unit, millis)) => write!(f, "{}{unit}", nanos / (u128::from(*millis) * 1_000_000)),
            None => write!(f, "{}s", self.0.as_secs_f64()),
        }
    }
}

struct Times(Length);

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Length { min, max } = self.0;
        if min == max { write!(f, "{}", Time(min)) } else { write!(f, "{}..{}", Time(min), Time(max)) }
    }
}

/// Units in milliseconds, shortest first.
const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Ten years, in seconds: sums of such times stay far from any overflow.
const LONGEST: f64 = 10.0 * 366.0 * 86_400.0;

const METHODS: [(&str, Method); 7] = [
    ("options", Method::Options),
    ("describe", Method::Describe),
    ("setup", Method::Setup),
    ("play", Method::Play),
    ("pause", Method::Pause),
    ("teardown", Method::Teardown),
    ("get-parameter", Method::GetParameter),
];

const ANNOUNCEMENTS: [(&str, AnnouncementForm); 7] = [
    ("full", AnnouncementForm::Full),
    ("older-address", AnnouncementForm::OlderAddress),
    ("signal", AnnouncementForm::Signal),
    ("answers-only", AnnouncementForm::AnswersOnly),
    ("lower-case", AnnouncementForm::LowerCase),
    ("cloud", AnnouncementForm::Cloud),
    ("bare", AnnouncementForm::Bare),
];

const SECOND_CLIENTS: [(&str, SecondClient); 3] =
    [("refuse", SecondClient::Refuse), ("starve", SecondClient::Starve), ("kick", SecondClient::KickFirst)];

const WRONG_CODES: [(&str, WrongCode); 3] =
    [("close", WrongCode::Close), ("silence", WrongCode::Silence), ("denial", WrongCode::Denial)];

impl Method {
    /// `None` where no fault can begin with it.
    pub(crate) fn of_request(method: &str) -> Option<Method> {
        let same = |name: &str| name.eq_ignore_ascii_case(&method.replace('_', "-"));
        METHODS.iter().find(|(name, _)| same(name)).map(|(_, method)| *method)
    }
}

#[cfg(test)]
mod tests;
