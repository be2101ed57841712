//! The list of known printers as text: every line of it, the unreadable ones included.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::KnownPrinter;

/// A line that is neither a printer nor a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CorruptLine {
    /// Its number, from 1.
    pub number: usize,
    /// What is wrong with it.
    pub problem: LineProblem,
}

/// What can be wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// It is not UTF-8.
    #[error("it is not UTF-8 text")]
    NotText,
    /// It does not have three words.
    #[error("it must have three words: name, pin, date")]
    WordCount,
    /// Its second word is no pin.
    #[error("its second word must be `sha256:` and 64 hex digits")]
    Pin,
    /// Its third word is no date.
    #[error("its third word must be a date such as 2026-11-23T06:30:56Z")]
    Date,
    /// Another line above is about the same printer.
    #[error("an earlier line is about the same printer")]
    Duplicate,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Book {
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Line {
    /// Empty, or a comment: as it stands.
    Blank(Vec<u8>),
    Printer(KnownPrinter),
    Corrupt(Vec<u8>, LineProblem),
}

impl Book {
    pub(super) fn parse(bytes: &[u8]) -> Book {
        let mut book = Book::default();
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        if bytes.is_empty() {
            return book;
        }
        for raw in bytes.split(|&byte| byte == b'\n') {
            let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
            let line = match parse_line(raw) {
                Ok(None) => Line::Blank(raw.to_owned()),
                Ok(Some(printer)) if book.printers().any(|other| other.name == printer.name) => {
                    Line::Corrupt(raw.to_owned(), LineProblem::Duplicate)
                }
                Ok(Some(printer)) => Line::Printer(printer),
                Err(problem) => Line::Corrupt(raw.to_owned(), problem),
            };
            book.lines.push(line);
        }
        book
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for line in &self.lines {
            match line {
                Line::Blank(raw) | Line::Corrupt(raw, _) => bytes.extend_from_slice(raw),
                Line::Printer(KnownPrinter { name, pin, first_seen }) => {
                    bytes.extend_from_slice(format!("{name} {pin} {}", write_date(*first_seen)).as_bytes());
                }
            }
            bytes.push(b'\n');
        }
        bytes
    }

    pub(super) fn printers(&self) -> impl Iterator<Item = &KnownPrinter> {
        self.lines.iter().filter_map(|line| match line {
            Line::Printer(printer) => Some(printer),
            _ => None,
        })
    }

    pub(super) fn corrupt(&self) -> impl Iterator<Item = CorruptLine> {
        self.lines.iter().enumerate().filter_map(|(index, line)| match line {
            Line::Corrupt(_, problem) => Some(CorruptLine { number: index + 1, problem: *problem }),
            _ => None,
        })
    }

    /// The first corrupt line that seems to be about this printer.
    pub(super) fn corrupt_about(&self, name: &str) -> Option<CorruptLine> {
        self.corrupt().find(|corrupt| self.lines[corrupt.number - 1].is_about(name))
    }

    pub(super) fn push(&mut self, mut printer: KnownPrinter) {
        // To the second, as it will be read again.
        printer.first_seen = parse_date(&write_date(printer.first_seen)).unwrap_or(SystemTime::UNIX_EPOCH);
        self.lines.push(Line::Printer(printer));
    }

    pub(super) fn remove(&mut self, name: &str) -> bool {
        let before = self.lines.len();
        self.lines.retain(|line| !line.is_about(name));
        self.lines.len() < before
    }
}

impl Line {
    fn is_about(&self, name: &str) -> bool {
        match self {
            Line::Blank(_) => false,
            Line::Printer(printer) => printer.name == name,
            Line::Corrupt(raw, _) => {
                let mut words = raw.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
                words.next() == Some(name.as_bytes())
            }
        }
    }
}

fn parse_line(raw: &[u8]) -> Result<Option<KnownPrinter>, LineProblem> {
    let text = str::from_utf8(raw).map_err(|_| LineProblem::NotText)?;
    if text.trim().is_empty() || text.trim_start().starts_with('#') {
        return Ok(None);
    }
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let &[name, pin, date] = words.as_slice() else { return Err(LineProblem::WordCount) };
    Ok(Some(KnownPrinter {
        name: name.to_owned(),
        pin: pin.parse().map_err(|_| LineProblem::Pin)?,
        first_seen: parse_date(date).ok_or(LineProblem::Date)?,
    }))
}

fn parse_date(text: &str) -> Option<SystemTime> {
    Some(OffsetDateTime::parse(text, &Rfc3339).ok()?.into())
}

/// A clock before 1970 or beyond 9999 is written as 1970: wrong either way, and readable.
fn write_date(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const GOOD: &str =
        "10.0.0.1:322 sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff 2026-11-23T06:30:56Z";

    #[test]
    fn every_line_is_read_or_reported_and_all_are_written_back() {
        for (line, want) in [
            (GOOD.as_bytes(), None),
            (b"", None),
            (b"  # comment", None),
            (b"10.0.0.2:322", Some(LineProblem::WordCount)),
            (b"10.0.0.2:322 sha256:00 2026-11-23T06:30:56Z", Some(LineProblem::Pin)),
            (&GOOD.as_bytes()[..GOOD.len() - 1], Some(LineProblem::Date)),
            (&[GOOD.as_bytes(), b" more"].concat(), Some(LineProblem::WordCount)),
            (b"\xff\xfe sha256", Some(LineProblem::NotText)),
        ] {
            let text = [b"# first\n", line, b"\n"].concat();
            let book = Book::parse(&text);
            let reported: Vec<_> = book.corrupt().collect();
            let want: Vec<_> = want.map(|problem| CorruptLine { number: 2, problem }).into_iter().collect();
            assert_eq!(reported, want, "{}", String::from_utf8_lossy(line));
            assert_eq!(book.to_bytes(), text, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn a_second_line_about_a_printer_is_not_chosen_from() {
        let book = Book::parse(format!("{GOOD}\r\n{GOOD}").as_bytes());
        assert_eq!(book.printers().count(), 1);
        let duplicate = CorruptLine { number: 2, problem: LineProblem::Duplicate };
        assert_eq!(book.corrupt_about("10.0.0.1:322"), Some(duplicate));
        assert_eq!(book.corrupt_about("10.0.0.2:322"), None);
    }

    #[test]
    fn dates_survive_odd_clocks() {
        for (seconds, want) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_795_415_456, "2026-11-23T06:30:56Z"),
            (u64::from(u32::MAX) * 200, "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(write_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)), want);
        }
    }
}
