//! NAL units become access units: where a picture ends, and whether it is whole.
//!
//! # Where an access unit ends
//! H.264 says it in the stream itself (§7.4.1.2.3): a slice with `first_mb_in_slice` 0 begins a picture, and a
//! delimiter, SPS, PPS or SEI behind a slice begins the next access unit. That holds with frozen timestamps and without
//! marker bits, but is known only when the next picture begins. The marker bit tells it one packet earlier, so it is
//! believed while it has earned that: see [`Marker`]. A change of timestamp confirms these signs. Where it contradicts
//! them (new timestamp, yet not a first slice), slices are missing and neither picture is delivered.
//!
//! # What is whole
//! Nothing is delivered that may lack something. A gap damages the access unit it falls into; one that begins right
//! behind a gap may have lost its beginning, and is taken as whole only if its first NAL unit is one that begins access
//! units: a delimiter, an SPS, or what began the intact ones of its kind in this stream.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::BytesMut;

use super::depacketizer::{DepacketizerStats, Discard, Marker};
use super::nal_unit::{START_CODE, find_start_code};
use super::{AccessUnit, Coding, NalUnitType, ParameterSetTracker, PresentationClock};

/// Largest access unit, in bytes. A key frame of 4096x2304 at 60 Mbit/s has about 2 MiB; beyond 8 MiB the peer is
/// hostile or a NAL unit never ends.
pub(super) const MAX_ACCESS_UNIT_LEN: usize = 8 << 20;

/// Most NAL units in an access unit: one slice in each 1,400-byte packet of a key frame of 1.4 MB. Decoders spend time
/// and memory on each, whatever its size.
pub(super) const MAX_NAL_UNITS: usize = 1024;

/// Most finished access units waiting for [`Assembler::next`]. One packet finishes two at most, so only a caller that
/// forgets to drain meets it.
const MAX_READY: usize = 4;

/// Capacity assumed before any access unit was seen, for other pictures and key frames.
const FIRST_CAPACITIES: [usize; 2] = [16 << 10, 128 << 10];

/// When and under which RTP timestamp a packet arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    pub(super) timestamp: u32,
    pub(super) received_at: Instant,
}

/// Grows one access unit in a buffer it learnt the size of; a coded byte is copied into it once.
#[derive(Debug)]
pub(super) struct Assembler {
    marker: Marker,
    tracker: ParameterSetTracker,
    clock: PresentationClock,
    /// The bytes of `unit`; empty while that is damaged.
    buffer: BytesMut,
    /// The access unit being received; `None` between two.
    unit: Option<Unit>,
    /// The NAL unit being received, between [`begin`](Self::begin) and [`end`](Self::end).
    nal_unit: Option<OpenNalUnit>,
    /// Pictures begun by the current packet.
    pictures_begun: usize,
    /// Something may be missing right before the next NAL unit.
    gap: bool,
    /// Something was lost since the last access unit delivered.
    lost: bool,
    /// Timestamp of the last access unit that a marker ended. While `unit` is `None`, that was the one before.
    ended_by_marker: Option<u32>,
    /// What NAL unit begins access units of this stream: of other pictures, and of key frames.
    first_nal_units: [Option<NalUnitType>; 2],
    /// Capacity to start with: the largest size of late, slowly forgotten.
    capacities: [usize; 2],
    ready: VecDeque<AccessUnit>,
    stats: DepacketizerStats,
}

#[derive(Debug)]
struct Unit {
    /// Type of its first NAL unit.
    first: NalUnitType,
    /// It began right behind a gap.
    behind_gap: bool,
    /// Set by its first slice.
    picture: Option<Picture>,
    /// Of its latest packet.
    arrival: Arrival,
    nal_units: usize,
    /// Something of it is missing: it will not be delivered.
    damaged: bool,
}

#[derive(Debug, Clone, Copy)]
struct Picture {
    idr: bool,
    timestamp: u32,
}

#[derive(Debug)]
struct OpenNalUnit {
    kind: NalUnitType,
    /// Where its start code stands in the buffer.
    start: usize,
    fate: Fate,
}

/// What happens to a NAL unit's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// They go into the buffer.
    Kept,
    /// Nobody wants them.
    LeftOut,
    /// They are of an access unit that is damaged.
    Lost,
}

/// What a NAL unit is to the access unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Stands before a picture: delimiter, SPS, PPS, SEI.
    Leader,
    /// The slice that begins a picture.
    FirstSlice,
    /// Any other slice.
    LaterSlice,
    /// Stands behind a picture: end of sequence or stream.
    Trailer,
}

impl Role {
    /// The role of a NAL unit whose header is followed by `next`; `None` for filler and the extensions from 13 on, which
    /// the base view does without and which no bound here covers.
    fn of(kind: NalUnitType, next: u8) -> Option<Self> {
        match kind {
            _ if kind.precedes_picture() => Some(Self::Leader),
            // first_mb_in_slice, the first field of a slice header, is ue(v): 0 is the single bit 1.
            _ if kind.has_slice_header() && next & 0x80 != 0 => Some(Self::FirstSlice),
            _ if kind.is_slice() => Some(Self::LaterSlice),
            NalUnitType::END_OF_SEQUENCE | NalUnitType::END_OF_STREAM => Some(Self::Trailer),
            _ => None,
        }
    }
}

impl Assembler {
    pub(super) fn new(marker: Marker) -> Self {
        Self {
            marker,
            tracker: ParameterSetTracker::new(),
            clock: PresentationClock::new(),
            buffer: BytesMut::new(),
            unit: None,
            nal_unit: None,
            pictures_begun: 0,
            gap: false,
            lost: false,
            ended_by_marker: None,
            first_nal_units: [None; 2],
            capacities: FIRST_CAPACITIES,
            ready: VecDeque::with_capacity(MAX_READY),
            stats: DepacketizerStats::default(),
        }
    }

    pub(super) fn marker(&self) -> Marker {
        self.marker
    }

    pub(super) fn tracker(&mut self) -> &mut ParameterSetTracker {
        &mut self.tracker
    }

    pub(super) fn stats(&self) -> DepacketizerStats {
        self.stats
    }

    pub(super) fn stats_mut(&mut self) -> &mut DepacketizerStats {
        &mut self.stats
    }

    pub(super) fn next(&mut self) -> Option<AccessUnit> {
        self.ready.pop_front()
    }

    pub(super) fn begin_packet(&mut self) {
        self.pictures_begun = 0;
    }

    /// Media is missing, or was unusable, right here.
    pub(super) fn note_gap(&mut self) {
        self.gap = true;
        self.lost = true;
        self.nal_unit = None;
        self.damage();
    }

    /// Begins a NAL unit with this header, followed by the byte `next`. An `Err` refuses it: its bytes will be ignored
    /// until [`end`](Self::end).
    pub(super) fn begin(&mut self, arrival: Arrival, header: u8, next: u8) -> Result<(), Discard> {
        let kind = NalUnitType::of(header);
        let admitted = match Role::of(kind, next) {
            None => Ok(Fate::LeftOut),
            Some(role) => self.place(arrival, kind, role, false).and_then(|()| self.admit(arrival, kind, role)),
        };
        let fate = admitted.unwrap_or(Fate::Lost);
        self.nal_unit = Some(OpenNalUnit { kind, start: self.buffer.len(), fate });
        if fate == Fate::Kept {
            self.buffer.extend_from_slice(&START_CODE);
            self.buffer.extend_from_slice(&[header]);
        }
        admitted.map(|_| ())
    }

    /// Appends bytes to the NAL unit begun.
    pub(super) fn append(&mut self, arrival: Arrival, bytes: &[u8]) -> Result<(), Discard> {
        let fate = self.nal_unit.as_ref().map_or(Fate::LeftOut, |open| open.fate);
        if fate == Fate::LeftOut {
            return Ok(());
        }
        if let Some(unit) = &mut self.unit {
            unit.arrival = arrival;
        }
        if fate == Fate::Lost {
            return Err(Discard::IncompletePicture);
        }
        if self.buffer.len() + bytes.len() > MAX_ACCESS_UNIT_LEN {
            self.damage();
            return Err(Discard::AccessUnitTooLarge { limit: MAX_ACCESS_UNIT_LEN });
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// Ends the NAL unit begun.
    pub(super) fn end(&mut self) -> Result<(), Discard> {
        let Some(OpenNalUnit { kind, start, fate: Fate::Kept }) = self.nal_unit.take() else { return Ok(()) };
        let nal_unit = &self.buffer[start + START_CODE.len()..];
        if find_start_code(nal_unit).is_some() {
            self.damage();
            return Err(Discard::StartCodeInside);
        }
        if matches!(kind, NalUnitType::SPS | NalUnitType::PPS) {
            if let Err(error) = self.tracker.push(nal_unit) {
                // No decoder may see it either.
                self.buffer.truncate(start);
                self.stats.refused_parameter_sets += 1;
                return Err(Discard::ParameterSet(error));
            }
            // Key frames of this stream bring their sets along: one that does not has lost them.
            self.first_nal_units[1].get_or_insert(NalUnitType::SPS);
        }
        Ok(())
    }

    /// A fragment of a NAL unit whose beginning never came.
    pub(super) fn headless(&mut self, arrival: Arrival, header: u8) {
        let kind = NalUnitType::of(header);
        match Role::of(kind, 0) {
            Some(role @ Role::LaterSlice) => {
                let _ = self.place(arrival, kind, role, true);
                self.damage();
                if let Some(unit) = &mut self.unit {
                    unit.arrival = arrival;
                }
            }
            Some(_) => self.note_gap(),
            None => {}
        }
    }

    /// The packet's marker bit; `inside_nal_unit` where it ended in the middle of a fragmented NAL unit.
    pub(super) fn end_packet(&mut self, marker: bool, inside_nal_unit: bool) {
        let Some(Unit { picture: Some(_), arrival, .. }) = self.unit else { return };
        if !marker {
            return;
        }
        if inside_nal_unit {
            self.stats.misplaced_markers += 1;
        } else if self.marker == Marker::Trusted {
            self.finish();
            self.ended_by_marker = Some(arrival.timestamp);
        }
    }

    /// Finds the access unit that a NAL unit belongs to: the open one, or a new one after finishing that.
    fn place(&mut self, arrival: Arrival, kind: NalUnitType, role: Role, headless: bool) -> Result<(), Discard> {
        if role == Role::Trailer {
            return Ok(());
        }
        let gap = std::mem::take(&mut self.gap);
        let in_picture = self.unit.as_ref().is_some_and(|unit| unit.picture.is_some());
        if role != Role::LaterSlice {
            if in_picture && self.marker == Marker::Trusted && !gap {
                self.stats.missing_markers += 1;
            }
            if in_picture || gap {
                self.finish();
            }
            self.unit.get_or_insert_with(|| Unit::new(kind, gap, arrival));
            return Ok(());
        }

        if self.unit.as_ref().is_some_and(|unit| unit.picture.is_some() && unit.arrival.timestamp == arrival.timestamp)
        {
            return Ok(());
        }
        // A picture without its first slice.
        let behind_marker = self.unit.is_none() && !gap && !headless && self.ended_by_marker == Some(arrival.timestamp);
        if in_picture {
            self.damage();
            self.finish();
        }
        let unit = self.unit.get_or_insert_with(|| Unit::new(kind, gap, arrival));
        unit.picture = Some(Picture { idr: kind == NalUnitType::IDR, timestamp: arrival.timestamp });
        unit.arrival = arrival;
        self.damage();
        if behind_marker {
            self.distrust_marker();
            return Err(Discard::MisplacedMarker);
        }
        Err(Discard::IncompletePicture)
    }

    /// Whether a NAL unit that has found its access unit is kept.
    fn admit(&mut self, arrival: Arrival, kind: NalUnitType, role: Role) -> Result<Fate, Discard> {
        let Some(unit) = &mut self.unit else { return Ok(Fate::LeftOut) };
        if role == Role::Trailer && unit.picture.is_none() {
            return Ok(Fate::LeftOut);
        }
        unit.arrival = arrival;
        unit.nal_units += 1;
        let too_many = unit.nal_units > MAX_NAL_UNITS;
        let idr = kind == NalUnitType::IDR;
        match (role, unit.picture) {
            (Role::FirstSlice, _) => {
                unit.picture = Some(Picture { idr, timestamp: arrival.timestamp });
                self.begin_picture(idr)?;
            }
            (Role::LaterSlice, Some(picture)) if picture.idr != idr => {
                // All slices of a picture are IDR or none is (§7.4.1.2.4): these are of two.
                self.damage();
            }
            _ => {}
        }
        if too_many {
            self.damage();
            return Err(Discard::TooManyNalUnits { limit: MAX_NAL_UNITS });
        }
        if self.unit.as_ref().is_some_and(|unit| unit.damaged) {
            return Err(Discard::IncompletePicture);
        }
        if self.buffer.is_empty() {
            self.reserve(idr || kind == NalUnitType::SPS);
        }
        Ok(Fate::Kept)
    }

    /// What must hold when a picture's first slice comes.
    fn begin_picture(&mut self, idr: bool) -> Result<(), Discard> {
        let Some(unit) = &self.unit else { return Ok(()) };
        let (first, behind_gap) = (unit.first, unit.behind_gap);
        let usual = &mut self.first_nal_units[usize::from(idr)];
        let begins_units = match *usual {
            _ if matches!(first, NalUnitType::AUD | NalUnitType::SPS) => true,
            Some(usual) => usual == first,
            // No intact one has come yet. A key frame is worth believing in; other pictures wait for one anyway.
            None => idr && first != NalUnitType::PPS,
        };
        if !behind_gap {
            *usual = Some(first);
        } else if !begins_units {
            self.damage();
            return Err(Discard::IncompletePicture);
        }

        self.pictures_begun += 1;
        if self.pictures_begun > 1 {
            self.damage();
            return Err(Discard::SecondPicture);
        }
        if self.tracker.current().is_none() {
            self.damage();
            return Err(Discard::NoParameterSets);
        }
        self.reserve(idr);
        Ok(())
    }

    fn reserve(&mut self, key_frame: bool) {
        self.buffer.reserve(self.capacities[usize::from(key_frame)].saturating_sub(self.buffer.len()));
    }

    /// Gives the open access unit up; what still comes of it is ignored.
    fn damage(&mut self) {
        let Some(unit) = &mut self.unit else { return };
        unit.damaged = true;
        self.lost = true;
        self.buffer.clear();
        if let Some(open) = &mut self.nal_unit {
            open.fate = Fate::Lost;
        }
    }

    fn distrust_marker(&mut self) {
        self.stats.misplaced_markers += 1;
        self.marker = Marker::Unreliable;
        tracing::info!(
            target: "printcam::rtp",
            "a marker bit stood inside a picture: from now on a picture ends where the next one begins"
        );
    }

    /// Delivers the open access unit, or drops it.
    fn finish(&mut self) {
        let Some(unit) = self.unit.take() else { return };
        // Without a slice it is the beginning of one that was lost.
        let Some(picture) = unit.picture else { return self.buffer.clear() };
        let room = self.ready.len() < MAX_READY;
        let Some(parameter_sets) = self.tracker.current().filter(|_| !unit.damaged && room) else {
            self.stats.dropped_access_units += 1;
            self.lost = true;
            return self.buffer.clear();
        };
        let data = self.buffer.split().freeze();
        let capacity = &mut self.capacities[usize::from(picture.idr)];
        *capacity = data.len().max(*capacity - (*capacity - data.len().min(*capacity)) / 8);
        self.stats.access_units += 1;
        self.ready.push_back(AccessUnit {
            timestamp: self.clock.advance(picture.timestamp, unit.arrival.received_at),
            received_at: unit.arrival.received_at,
            key_frame: picture.idr,
            discontinuity: std::mem::take(&mut self.lost),
            coding: Coding::H264(parameter_sets.clone()),
            data,
        });
    }
}

impl Unit {
    fn new(first: NalUnitType, behind_gap: bool, arrival: Arrival) -> Self {
        Self { first, behind_gap, picture: None, arrival, nal_units: 0, damaged: false }
    }
}
