//! RTP payloads become NAL units: single, aggregated (STAP-A), fragmented (FU-A) (RFC 6184 §5.6, §5.7.1, §5.8).

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::assembler::{Arrival, Assembler};
use super::{AccessUnit, NalUnitType, ParameterSetError, ParameterSets};

/// Most NAL units in one STAP-A. A packet of 1,500 bytes with parameter sets, SEI and slices has under ten; each costs
/// time whatever its size.
const MAX_AGGREGATED: usize = 64;

/// How far the RTP marker bit is believed. RFC 6184 §5.1 has it set on the last packet of an access unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Marker {
    /// The marker ends the access unit at once: no added delay. A missing one costs its picture one frame of delay, since
    /// the next picture's beginning ends it too. One in the middle of a fragmented NAL unit, or before any slice, is
    /// ignored. One between two slices of a picture cannot be told from a true one until the next slice comes: that
    /// picture is then out already, cut short. The next one says `discontinuity`, and this becomes
    /// [`Unreliable`](Self::Unreliable) for good, so it happens once at most. Pictures of a single slice, which is what
    /// these cameras send, never meet it.
    #[default]
    Trusted,
    /// The marker is ignored; the beginning of the next picture ends one. Always right, one frame of delay.
    Unreliable,
}

/// The part of an RTP packet that matters here, packets being in order and free of duplicates.
#[derive(Debug, Clone, Copy)]
pub struct MediaPacket<'a> {
    /// Payload without padding.
    pub payload: &'a [u8],
    /// RTP timestamp, 90 kHz, as sent.
    pub timestamp: u32,
    /// The marker bit.
    pub marker: bool,
    /// Sequence numbers are missing right before this packet.
    pub lost_before: bool,
    /// When it arrived.
    pub received_at: Instant,
}

/// Why a packet, or part of one, was of no use. Counted; life goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Discard {
    /// Nothing in it. Not taken for a loss.
    #[error("empty payload")]
    EmptyPayload,
    /// `forbidden_zero_bit` is set: the network found bit errors (RFC 6184 §1.3).
    #[error("NAL unit header {header:#04x} has its forbidden bit set")]
    ForbiddenBit {
        /// The header byte.
        header: u8,
    },
    /// Interleaved mode (25, 26, 27, 29), or a type that does not exist (0, 30, 31).
    #[error("payload structure {kind} is not supported")]
    UnsupportedPayload {
        /// `nal_unit_type`, 0..=31.
        kind: u8,
    },
    /// A slice of one byte.
    #[error("NAL unit of type {kind} without content")]
    EmptyNalUnit {
        /// `nal_unit_type`.
        kind: u8,
    },
    /// An entry of a STAP-A reaches past its end, or has length 0.
    #[error("aggregated NAL unit of {needed} bytes where {got} are left")]
    AggregateMalformed {
        /// The length announced; 2 where not even a length is left.
        needed: usize,
        /// The bytes left.
        got: usize,
    },
    /// More NAL units in one STAP-A than any sender has reason for.
    #[error("more than {limit} aggregated NAL units in one packet")]
    AggregateTooMany {
        /// The bound.
        limit: usize,
    },
    /// A STAP-A or FU-A of one byte.
    #[error("payload structure {kind} ends after its first byte")]
    Truncated {
        /// `nal_unit_type`.
        kind: u8,
    },
    /// A fragment that continues a NAL unit of which the beginning is missing.
    #[error("fragment of a NAL unit without its start")]
    FragmentWithoutStart,
    /// A fragment of another type than the NAL unit it continues.
    #[error("fragment of type {got} inside a NAL unit of type {expected}")]
    FragmentTypeChanged {
        /// Type of the NAL unit begun.
        expected: u8,
        /// Type of this fragment.
        got: u8,
    },
    /// A start code in a NAL unit, where H.264 §7.4.1 allows none: it would smuggle NAL units past every check here.
    #[error("start code inside a NAL unit")]
    StartCodeInside,
    /// A picture before any parameter sets.
    #[error("picture before any parameter sets")]
    NoParameterSets,
    /// Part of a picture of which another part is missing.
    #[error("part of an incomplete picture")]
    IncompletePicture,
    /// The marker bit ended a picture before this slice of it: see [`Marker::Trusted`].
    #[error("slice of a picture that a marker bit had ended")]
    MisplacedMarker,
    /// A second picture in one STAP-A (RFC 6184 §5.7: all its NAL units are of one access unit).
    #[error("second picture in one packet")]
    SecondPicture,
    /// More NAL units in an access unit than decoders should be asked to take.
    #[error("more than {limit} NAL units in an access unit")]
    TooManyNalUnits {
        /// The bound.
        limit: usize,
    },
    /// An access unit beyond all measure, such as a fragmented NAL unit that never ends.
    #[error("access unit of more than {limit} bytes")]
    AccessUnitTooLarge {
        /// The bound, in bytes.
        limit: usize,
    },
    /// A parameter set in band that is refused; those before it stay in force.
    #[error(transparent)]
    ParameterSet(ParameterSetError),
}

/// What a [`Depacketizer`] has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct DepacketizerStats {
    /// Access units delivered.
    pub access_units: u64,
    /// Access units dropped, because some of their media was lost or refused. Those lost whole are not known of.
    pub dropped_access_units: u64,
    /// Packets for which [`Depacketizer::push`] gave a [`Discard`].
    pub discarded_packets: u64,
    /// Parameter sets refused, of SDP and in band.
    pub refused_parameter_sets: u64,
    /// Marker bits inside a NAL unit or between slices of a picture.
    pub misplaced_markers: u64,
    /// Pictures that ended without one, while markers were trusted.
    pub missing_markers: u64,
}

/// Turns the RTP payloads of one track into access units, of which each is complete.
///
/// No allocation per packet: a coded byte is copied once, into an access unit's buffer.
#[derive(Debug)]
pub struct Depacketizer {
    assembler: Assembler,
    /// The NAL unit that FU-A packets are bringing.
    fragmented: Option<Fragmented>,
}

#[derive(Debug, Clone, Copy)]
struct Fragmented {
    header: u8,
    /// Content has come. Fragments may be empty (RFC 6184 §5.8), the first one too.
    begun: bool,
}

impl Depacketizer {
    /// A depacketizer that knows the parameter sets of the session description, NAL units without start code. Sets it
    /// refuses are counted, and those in band used.
    #[must_use]
    pub fn new(marker: Marker, parameter_sets: &[Bytes]) -> Self {
        let mut assembler = Assembler::new(marker);
        for nal_unit in parameter_sets {
            if assembler.tracker().push(nal_unit).is_err() {
                assembler.stats_mut().refused_parameter_sets += 1;
            }
        }
        Self { assembler, fragmented: None }
    }

    /// Takes the next packet in order. Drain [`next`](Self::next) after each, also after an `Err`: at most two access
    /// units are ready then.
    ///
    /// # Errors
    /// [`Discard`] where the packet or part of it was of no use; its loss has been accounted for.
    pub fn push(&mut self, packet: MediaPacket<'_>) -> Result<(), Discard> {
        let arrival = Arrival { timestamp: packet.timestamp, received_at: packet.received_at };
        self.assembler.begin_packet();
        if packet.lost_before {
            self.lose();
        }
        let result = self.push_payload(arrival, packet.payload);
        self.assembler.end_packet(packet.marker, self.fragmented.is_some());
        if result.is_err() {
            self.assembler.stats_mut().discarded_packets += 1;
        }
        result
    }

    /// The next access unit that is complete; `None` until more packets have come.
    #[expect(clippy::should_implement_trait, reason = "more may come after None")]
    pub fn next(&mut self) -> Option<AccessUnit> {
        self.assembler.next()
    }

    /// The parameter sets in force, known from SDP maybe before any picture.
    pub fn parameter_sets(&mut self) -> Option<&Arc<ParameterSets>> {
        self.assembler.tracker().current()
    }

    /// How far markers are believed by now: [`Marker::Trusted`] may have become [`Marker::Unreliable`].
    #[must_use]
    pub fn marker(&self) -> Marker {
        self.assembler.marker()
    }

    /// The counters.
    #[must_use]
    pub fn stats(&self) -> DepacketizerStats {
        self.assembler.stats()
    }

    /// Media is missing, or was unusable, right here.
    fn lose(&mut self) {
        self.fragmented = None;
        self.assembler.note_gap();
    }

    fn push_payload(&mut self, arrival: Arrival, payload: &[u8]) -> Result<(), Discard> {
        let &[header, ref body @ ..] = payload else { return Err(Discard::EmptyPayload) };
        let result = match header & 0x1f {
            _ if header & FORBIDDEN_BIT != 0 => Err(Discard::ForbiddenBit { header }),
            28 => return self.push_fragment(arrival, header, body),
            1..=23 => check_nal_unit(payload),
            24 => check_aggregate(body),
            kind => Err(Discard::UnsupportedPayload { kind }),
        };
        // Whatever cannot be read may have held a slice, and a fragmented NAL unit that is interrupted lacks its end.
        if result.is_err() || self.fragmented.is_some() {
            self.lose();
        }
        result?;
        if header & 0x1f != 24 {
            return self.push_nal_unit(arrival, payload);
        }
        // One refused entry does not spoil the others; the first refusal is reported.
        let mut result = Ok(());
        for nal_unit in aggregated(body) {
            let pushed = self.push_nal_unit(arrival, nal_unit);
            result = result.and(pushed);
        }
        result
    }

    /// A whole NAL unit.
    fn push_nal_unit(&mut self, arrival: Arrival, nal_unit: &[u8]) -> Result<(), Discard> {
        let &[header, ref content @ ..] = nal_unit else { return Ok(()) };
        let next = content.first().copied().unwrap_or_default();
        let result = self.assembler.begin(arrival, header, next).and_then(|()| self.assembler.append(arrival, content));
        result.and(self.assembler.end())
    }

    /// FU-A (RFC 6184 §5.8): `body` is the FU header and a fragment.
    fn push_fragment(&mut self, arrival: Arrival, indicator: u8, body: &[u8]) -> Result<(), Discard> {
        let &[fu_header, ref fragment @ ..] = body else {
            self.lose();
            return Err(Discard::Truncated { kind: 28 });
        };
        let header = indicator & 0xe0 | fu_header & 0x1f;
        let kind = NalUnitType::of(header).value();
        if !matches!(kind, 1..=23) {
            self.lose();
            return Err(Discard::UnsupportedPayload { kind });
        }
        if fu_header & START_BIT != 0 {
            if self.fragmented.is_some() {
                // The one before never ended.
                self.lose();
            }
            self.fragmented = Some(Fragmented { header, begun: false });
        }
        let Some(fragmented) = &mut self.fragmented else {
            self.assembler.headless(arrival, header);
            return Err(Discard::FragmentWithoutStart);
        };
        let expected = NalUnitType::of(fragmented.header).value();
        if kind != expected {
            self.lose();
            self.assembler.headless(arrival, header);
            return Err(Discard::FragmentTypeChanged { expected, got: kind });
        }

        let mut result = Ok(());
        if let Some(&next) = fragment.first()
            && !fragmented.begun
        {
            fragmented.begun = true;
            result = self.assembler.begin(arrival, fragmented.header, next);
        }
        if fragmented.begun {
            result = result.and(self.assembler.append(arrival, fragment));
        }
        if fu_header & END_BIT != 0 {
            let begun = fragmented.begun;
            self.fragmented = None;
            if !begun {
                self.lose();
                return Err(Discard::EmptyNalUnit { kind });
            }
            result = result.and(self.assembler.end());
        }
        result
    }
}

/// Whether a NAL unit can be one.
fn check_nal_unit(nal_unit: &[u8]) -> Result<(), Discard> {
    let Some(&header) = nal_unit.first() else { return Err(Discard::AggregateMalformed { needed: 0, got: 0 }) };
    let kind = NalUnitType::of(header);
    match kind.value() {
        _ if header & FORBIDDEN_BIT != 0 => Err(Discard::ForbiddenBit { header }),
        0 | 24..=31 => Err(Discard::UnsupportedPayload { kind: kind.value() }),
        _ if kind.is_slice() && nal_unit.len() == 1 => Err(Discard::EmptyNalUnit { kind: kind.value() }),
        _ => Ok(()),
    }
}

/// Whether a STAP-A can be taken apart (RFC 6184 §5.7.1): `body` is what follows its header byte. Done before any of it
/// is used, since a length that lies casts doubt on those before it.
fn check_aggregate(body: &[u8]) -> Result<(), Discard> {
    if body.is_empty() {
        return Err(Discard::Truncated { kind: 24 });
    }
    let mut rest = body;
    let mut count = 0;
    while !rest.is_empty() {
        let &[high, low, ref behind @ ..] = rest else {
            return Err(Discard::AggregateMalformed { needed: 2, got: rest.len() });
        };
        let needed = usize::from(u16::from_be_bytes([high, low]));
        let Some((nal_unit, behind)) = behind.split_at_checked(needed) else {
            return Err(Discard::AggregateMalformed { needed, got: behind.len() });
        };
        check_nal_unit(nal_unit)?;
        rest = behind;
        count += 1;
        if count > MAX_AGGREGATED {
            return Err(Discard::AggregateTooMany { limit: MAX_AGGREGATED });
        }
    }
    Ok(())
}

/// The NAL units of a STAP-A that [`check_aggregate`] has passed.
fn aggregated(mut body: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let &[high, low, ref behind @ ..] = body else { return None };
        let (nal_unit, behind) = behind.split_at_checked(usize::from(u16::from_be_bytes([high, low])))?;
        body = behind;
        Some(nal_unit)
    })
}

/// `forbidden_zero_bit` of a NAL unit header.
const FORBIDDEN_BIT: u8 = 0x80;
/// S of an FU header.
const START_BIT: u8 = 0x80;
/// E of an FU header.
const END_BIT: u8 = 0x40;

#[cfg(test)]
mod tests;
