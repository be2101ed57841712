//! Pictures in one of the formats, onto one output.

use std::time::SystemTime;

use printcam_proto::h264::{AccessUnit, Coding};

use super::gate::same;
use super::mp4::{self, Fragment};
use super::sink::Sink;
use super::{RecordError, RecordFormat};

/// Writes admitted access units.
#[derive(Debug)]
pub(super) struct Writer<S> {
    sink: S,
    body: Body,
    /// Bytes written up to the end of the last whole fragment or picture.
    written: u64,
}

#[derive(Debug)]
enum Body {
    /// The buffer of key frames, whose parameter sets are put before them.
    AnnexB(Vec<u8>),
    Mp4 {
        created: Option<SystemTime>,
        /// `None` until the first picture has come.
        track: Option<Track>,
    },
}

/// What the `moov` promised, and the fragment being filled.
#[derive(Debug)]
struct Track {
    coding: Coding,
    /// Time of the first picture, which is 0 of the file.
    origin: u64,
    fragment: Fragment,
}

impl<S: Sink> Writer<S> {
    pub(super) fn new(sink: S, format: RecordFormat, created: Option<SystemTime>) -> Self {
        let body = match format {
            RecordFormat::AnnexB => Body::AnnexB(Vec::new()),
            RecordFormat::Mp4 => Body::Mp4 { created, track: None },
        };
        Self { sink, body, written: 0 }
    }

    /// Takes an access unit of `time` ticks. The first one is a key frame.
    pub(super) fn write(&mut self, access_unit: &AccessUnit, time: u64) -> Result<(), RecordError> {
        self.written += match &mut self.body {
            Body::AnnexB(_) if !access_unit.key_frame => append(&mut self.sink, &access_unit.data)?,
            Body::AnnexB(buffer) => {
                buffer.clear();
                access_unit.write_annex_b(buffer);
                append(&mut self.sink, buffer)?
            }
            Body::Mp4 { created, track: track @ None } => {
                let coding = &access_unit.coding;
                let written = append(&mut self.sink, &mp4::header(coding, *created)?)?;
                let mut fragment = Fragment::new();
                fragment.push(access_unit, 0);
                *track = Some(Track { coding: coding.clone(), origin: time, fragment });
                written
            }
            Body::Mp4 { track: Some(track), .. } => {
                track.accepts(access_unit)?;
                let time = time - track.origin;
                let mut written = 0;
                if track.fragment.ends_before(access_unit, time) {
                    written = track.write_fragment(&mut self.sink, self.written, time)?;
                }
                track.fragment.push(access_unit, time);
                written
            }
        };
        Ok(())
    }

    /// Writes what is buffered, whose latest picture lasts until `end`.
    pub(super) fn finish(&mut self, end: u64) -> Result<(), RecordError> {
        if let Body::Mp4 { track: Some(track), .. } = &mut self.body {
            self.written += track.write_fragment(&mut self.sink, self.written, end - track.origin)?;
        }
        Ok(())
    }

    /// Whether pictures of this coding can be recorded behind those that were.
    pub(super) fn fits(&self, coding: &Coding) -> bool {
        match &self.body {
            Body::Mp4 { track: Some(track), .. } => same(&track.coding, coding),
            _ => true,
        }
    }

    /// Whether anything was written.
    pub(super) fn begun(&self) -> bool {
        self.written > 0
    }

    /// Bytes written up to the end of the last whole fragment or picture.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    pub(super) fn sink(&mut self) -> &mut S {
        &mut self.sink
    }

    pub(super) fn into_sink(self) -> S {
        self.sink
    }
}

impl Track {
    fn accepts(&self, access_unit: &AccessUnit) -> Result<(), RecordError> {
        if same(&self.coding, &access_unit.coding) {
            return Ok(());
        }
        Err(RecordError::CodingChanged { from: self.coding.size(), to: access_unit.size() })
    }

    /// Writes the fragment behind `at` bytes and begins the next one.
    fn write_fragment(&mut self, sink: &mut impl Sink, at: u64, end: u64) -> Result<u64, RecordError> {
        let [header, data] = self.fragment.close(end)?;
        sink.append_fragment(at, header, data).map_err(RecordError::Write)?;
        let written = (header.len() + data.len()) as u64;
        self.fragment.clear();
        Ok(written)
    }
}

fn append(sink: &mut impl Sink, bytes: &[u8]) -> Result<u64, RecordError> {
    sink.append(bytes).map_err(RecordError::Write)?;
    Ok(bytes.len() as u64)
}
