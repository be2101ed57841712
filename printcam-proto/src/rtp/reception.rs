//! Reception statistics of one RTP source and the report block made of them (RFC 3550 §6.4.1, A.1, A.3, A.8).

use std::time::{Duration, Instant};

use super::sequence_tracker::{Place, SequenceTracker};
use super::{Jitter, RtpPacket, Source, SsrcLock};
use crate::rtcp::{ReportBlock, SenderReport};

/// What is received of one track's source; says of each packet what to do with it, and makes the report block.
///
/// Every packet of the track goes through [`Reception::record`] as it arrives: before the reorder window, and whatever
/// its payload type, which does not change the sequence it is part of.
#[derive(Debug, Clone)]
pub struct Reception {
    ssrc_lock: SsrcLock,
    /// None until the first packet.
    sequence: Option<SequenceTracker>,
    jitter: Jitter,
    sender_report: Option<LastSenderReport>,
    /// Totals; of `lost`, only what earlier epochs of the sequence left behind.
    counters: Counters,
}

/// What the arrival of a packet means for its use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The next packet, or the first of all: use it.
    InOrder,
    /// Packets before it are missing, at least for now: use it, knowing that `lost` are not there.
    Gap {
        /// Numbers passed over.
        lost: u16,
    },
    /// It fills a place passed over before: of use only to a reorder window.
    Late,
    /// It was here before: drop it.
    Duplicate,
    /// Far from the sequence, and alone so far: drop it (RFC 3550 A.1).
    OutOfRange,
    /// The second packet in a row far from the sequence, which goes on from here: use it, with nothing of before.
    ///
    /// The first of the two was dropped as out of range.
    Resync,
    /// From a source that is not ours: drop it.
    Foreign,
    /// Another source has become ours (see [`SsrcLock`]): use it, with nothing of before.
    SourceChanged,
}

/// Totals since the reception began, over resyncs and changes of source.
///
/// `received - duplicate + lost` is the number of packets that the sender sent, as far as sequence numbers tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Packets of our source, with those late or duplicate (as in RFC 3550 A.3), without those out of range.
    pub received: u64,
    /// Payload octets of the packets in `received`, counted as a sender report does (RFC 3550 §6.4.1).
    pub bytes: u64,
    /// Sequence numbers passed over whose packets have not arrived since.
    pub lost: u64,
    /// Packets that came after one with a higher number; they are not, or no longer, lost.
    pub late: u64,
    /// Packets that had been received before.
    pub duplicate: u64,
    /// Packets dropped for being far from the sequence.
    pub out_of_range: u64,
    /// Packets dropped for being from another source.
    pub foreign: u64,
}

#[derive(Debug, Clone, Copy)]
struct LastSenderReport {
    ssrc: u32,
    arrived_at: Instant,
    ntp_timestamp: u64,
}

impl Reception {
    /// Nothing received yet. `clock_rate` is the rate of the RTP timestamps in Hz, from the SDP.
    pub fn new(clock_rate: u32) -> Self {
        Self {
            ssrc_lock: SsrcLock::new(),
            sequence: None,
            jitter: Jitter::new(clock_rate),
            sender_report: None,
            counters: Counters::default(),
        }
    }

    /// Takes in a packet that arrived at `now`, and says what it is.
    pub fn record(&mut self, now: Instant, packet: &RtpPacket<'_>) -> Arrival {
        let source = self.ssrc_lock.record(packet.ssrc, packet.sequence_number);
        let arrival = match (source, &mut self.sequence) {
            (Source::Foreign, _) => Arrival::Foreign,
            (Source::Switched, _) => {
                self.start_epoch(packet);
                Arrival::SourceChanged
            }
            (Source::Locked, None) => {
                self.start_epoch(packet);
                Arrival::InOrder
            }
            (Source::Locked, Some(sequence)) => {
                let missing = sequence.missing();
                match sequence.record(packet.sequence_number) {
                    Place::Next => Arrival::InOrder,
                    Place::AfterGap { lost } => Arrival::Gap { lost },
                    Place::Late => Arrival::Late,
                    Place::Duplicate => Arrival::Duplicate,
                    Place::OutOfRange => Arrival::OutOfRange,
                    Place::Restart => {
                        self.counters.lost += missing;
                        self.jitter.forget();
                        Arrival::Resync
                    }
                }
            }
        };
        self.count(now, packet, arrival);
        arrival
    }

    /// Takes in a sender report that arrived at `now`, for the block's `last_sr`.
    ///
    /// Returns whether it is of our source. Others are ignored; a source not heard yet may well be ours, since the
    /// first sender report comes before the first packet.
    pub fn record_sender_report(&mut self, now: Instant, report: &SenderReport) -> bool {
        if self.ssrc_lock.locked().is_some_and(|ours| ours != report.ssrc) {
            return false;
        }
        self.sender_report =
            Some(LastSenderReport { ssrc: report.ssrc, arrived_at: now, ntp_timestamp: report.ntp_timestamp });
        true
    }

    /// The report block to send at `now` (RFC 3550 §6.4.1). The next one's `fraction_lost` counts from here.
    ///
    /// None before the first packet: a block of zeros makes a printer slow down. From then on there is always one,
    /// where §6.4 would leave out a source silent since the last report: a stalled printer is to get an answer to its
    /// sender reports.
    pub fn report_block(&mut self, now: Instant) -> Option<ReportBlock> {
        let ssrc = self.ssrc_lock.locked()?;
        let sequence = self.sequence.as_mut()?;
        let (last_sr, delay_since_last_sr) = match &self.sender_report {
            Some(report) => report.last_sr_and_delay(now),
            None => (0, 0),
        };
        Some(ReportBlock {
            ssrc,
            fraction_lost: sequence.fraction_lost_since_last(),
            cumulative_lost: ReportBlock::clamp_lost(sequence.cumulative_lost()),
            extended_highest_sequence_number: sequence.extended_highest(),
            interarrival_jitter: self.jitter.ticks(),
            last_sr,
            delay_since_last_sr,
        })
    }

    /// Our source has been silent for long: any other may take its place with its first packet.
    pub fn source_is_silent(&mut self) {
        self.ssrc_lock.let_go();
    }

    /// Forgets the jitter, as the end of a stall asks for: the printer flushes what it held back, and would slow down
    /// if that were reported to it. The next packet only seeds the estimate.
    pub fn forget_jitter(&mut self) {
        self.jitter.forget();
    }

    /// Interarrival jitter in ticks of the RTP timestamp (RFC 3550 §6.4.1).
    pub fn jitter(&self) -> u32 {
        self.jitter.ticks()
    }

    /// SSRC of our source, once a packet was received.
    pub fn ssrc(&self) -> Option<u32> {
        self.ssrc_lock.locked()
    }

    /// The totals so far.
    pub fn counters(&self) -> Counters {
        let missing = self.sequence.as_ref().map_or(0, SequenceTracker::missing);
        Counters { lost: self.counters.lost + missing, ..self.counters }
    }

    /// Begins a sequence with this packet, keeping the totals.
    fn start_epoch(&mut self, packet: &RtpPacket<'_>) {
        if let Some(former) = &self.sequence {
            self.counters.lost += former.missing();
        }
        self.sequence = Some(SequenceTracker::starting_at(packet.sequence_number));
        self.jitter.forget();
        self.sender_report = self.sender_report.filter(|report| report.ssrc == packet.ssrc);
    }

    fn count(&mut self, now: Instant, packet: &RtpPacket<'_>, arrival: Arrival) {
        let counters = &mut self.counters;
        match arrival {
            Arrival::Foreign => {
                counters.foreign += 1;
                return;
            }
            Arrival::OutOfRange => {
                counters.out_of_range += 1;
                return;
            }
            Arrival::Duplicate => counters.duplicate += 1,
            Arrival::Late => counters.late += 1,
            Arrival::InOrder | Arrival::Gap { .. } | Arrival::Resync | Arrival::SourceChanged => {}
        }
        counters.received += 1;
        counters.bytes += packet.payload.len() as u64;
        // A repetition says nothing about the way of the packet it repeats.
        if arrival != Arrival::Duplicate {
            self.jitter.record(now, packet.timestamp);
        }
    }
}

impl LastSenderReport {
    /// The middle 32 bits of its NTP timestamp, and the time since it arrived in 1/65536 s (RFC 3550 §6.4.1).
    ///
    /// Both are 0 where the middle bits are: that means "no sender report" and so allows no delay. A sender without a
    /// wall clock sends such (§6.4.1).
    fn last_sr_and_delay(&self, now: Instant) -> (u32, u32) {
        let last_sr = (self.ntp_timestamp >> 16) as u32;
        if last_sr == 0 {
            return (0, 0);
        }
        (last_sr, in_65536ths(now.saturating_duration_since(self.arrived_at)))
    }
}

/// A duration in 1/65536 s; the largest value stands for all from 18.2 hours.
fn in_65536ths(duration: Duration) -> u32 {
    u32::try_from((duration.as_nanos() << 16) / 1_000_000_000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
