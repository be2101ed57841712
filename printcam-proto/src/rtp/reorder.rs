//! Putting datagrams back into order before they are depacketized; TCP has no need of it.
//!
//! ```text
//! push: the awaited packet  -> Pushed::InOrder, used at once and not copied -+
//!       one ahead of it     -> Pushed::Held, copied                          +-> then pop_due until None
//!       one behind it       -> Pushed::Late                                  |
//!       far from it         -> Pushed::Restarted, used at once --------------+
//! ```

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::SequenceNumber;

/// Holds back packets that came too early until those before them have come, or are given up.
///
/// A missing packet is given up when one [`ReorderWindow::MAX_PACKETS`] later arrives, or when a packet has been held
/// for [`ReorderWindow::MAX_DELAY`]. After every `push`, and at [`ReorderWindow::deadline`], take out what is due with
/// [`ReorderWindow::pop_due`]; who forgets that delays packets, and loses some only when the window is full.
#[derive(Debug, Default)]
pub struct ReorderWindow {
    /// The number of the next packet to hand out; None until the first packet.
    awaited: Option<SequenceNumber>,
    /// In the order of their sequence numbers, from the awaited one on.
    held: VecDeque<Held>,
    /// Buffers of packets handed out, to be filled again.
    free: Vec<Vec<u8>>,
    /// The packet handed out last, which the caller is looking at.
    handed_out: Vec<u8>,
}

/// What became of a packet given to [`ReorderWindow::push`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Pushed {
    /// The next in order: use it now, before what `pop_due` hands out.
    InOrder {
        /// Packets given up just before it.
        lost: u16,
    },
    /// Kept until it is due.
    Held,
    /// Its place has been passed: drop it.
    Late,
    /// It is here already: drop it.
    Duplicate,
    /// Far from what was awaited: use it now, with nothing of before. What was held is gone.
    Restarted {
        /// Packets that were held.
        dropped: usize,
    },
    /// Not taken, because it is no datagram's size or nobody takes out what is due: drop it.
    Refused,
}

/// A packet taken out by [`ReorderWindow::pop_due`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Released<'a> {
    /// The bytes that were pushed.
    pub packet: &'a [u8],
    /// Packets given up just before it.
    pub lost: u16,
}

#[derive(Debug)]
struct Held {
    sequence_number: SequenceNumber,
    arrived_at: Instant,
    packet: Vec<u8>,
}

impl ReorderWindow {
    /// How far a packet may be ahead of a missing one, and how many are held: about two pictures of 30 packets.
    /// Wi-Fi reorders within one block-acknowledgement window, of 64 frames in 802.11n.
    pub const MAX_PACKETS: u16 = 64;

    /// How long a packet waits for one that is missing. A packet reordered on a local network is a few milliseconds
    /// late; three frames are the longest hitch worth having for it.
    pub const MAX_DELAY: Duration = Duration::from_millis(100);

    /// An empty window; the first packet pushed is the first in order.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the packet that arrived at `now`, its bytes as they are to come out again.
    ///
    /// Only packets that [`Reception::record`](super::Reception::record) lets pass belong here: a single stray one
    /// would restart the window.
    pub fn push(&mut self, now: Instant, sequence_number: SequenceNumber, packet: &[u8]) -> Pushed {
        let Some(awaited) = self.awaited else {
            self.awaited = Some(sequence_number.next());
            return Pushed::InOrder { lost: 0 };
        };
        let ahead = sequence_number.since(awaited);
        if !(-MAX_STEP..MAX_STEP).contains(&ahead) {
            let dropped = self.held.len();
            self.restart();
            self.awaited = Some(sequence_number.next());
            return Pushed::Restarted { dropped };
        }
        if ahead < 0 {
            return Pushed::Late;
        }
        // Nothing held can come before it: either nothing is held, or the awaited one is not.
        let nothing_before = match self.held.front() {
            None => ahead == 0 || ahead >= SPAN,
            Some(front) => ahead == 0 && front.sequence_number != awaited,
        };
        if nothing_before {
            self.awaited = Some(sequence_number.next());
            return Pushed::InOrder { lost: ahead.unsigned_abs() };
        }
        self.hold(now, sequence_number, awaited, packet)
    }

    /// The next packet in order that need not, or must not, wait any longer at `now`. To be called until it is None.
    pub fn pop_due(&mut self, now: Instant) -> Option<Released<'_>> {
        let awaited = self.awaited?;
        let front = self.held.front()?.sequence_number;
        let lost = front.since(awaited).unsigned_abs();
        if !self.front_is_ready() && self.oldest()? + Self::MAX_DELAY > now {
            return None;
        }
        let packet = self.held.pop_front()?.packet;
        let former = std::mem::replace(&mut self.handed_out, packet);
        self.recycle(former);
        self.awaited = Some(front.next());
        Some(Released { packet: &self.handed_out, lost })
    }

    /// When [`ReorderWindow::pop_due`] will have something without another push; None while nothing is held.
    pub fn deadline(&self) -> Option<Instant> {
        let oldest = self.oldest()?;
        Some(if self.front_is_ready() { oldest } else { oldest + Self::MAX_DELAY })
    }

    /// Drops what is held and takes the next packet pushed as the first in order.
    ///
    /// For [`Arrival::Resync`](super::Arrival::Resync) and [`Arrival::SourceChanged`](super::Arrival::SourceChanged):
    /// what was awaited will not come.
    pub fn restart(&mut self) {
        self.awaited = None;
        while let Some(held) = self.held.pop_front() {
            self.recycle(held.packet);
        }
    }

    /// Keeps a copy of a packet in its place.
    fn hold(
        &mut self,
        now: Instant,
        sequence_number: SequenceNumber,
        awaited: SequenceNumber,
        packet: &[u8],
    ) -> Pushed {
        let distance = |held: &Held| held.sequence_number.since(awaited);
        let place = match self.held.binary_search_by_key(&sequence_number.since(awaited), distance) {
            Ok(_) => return Pushed::Duplicate,
            Err(place) => place,
        };
        if self.held.len() >= usize::from(Self::MAX_PACKETS) || packet.len() > MAX_PACKET_SIZE {
            return Pushed::Refused;
        }
        let mut copy = self.free.pop().unwrap_or_default();
        copy.clear();
        copy.extend_from_slice(packet);
        let held = Held { sequence_number, arrived_at: now, packet: copy };
        self.held.insert(place, held);
        Pushed::Held
    }

    /// Whether the first one held is due whatever the time: awaited, or with the last one too far ahead to wait.
    fn front_is_ready(&self) -> bool {
        let (Some(awaited), Some(front), Some(back)) = (self.awaited, self.held.front(), self.held.back()) else {
            return false;
        };
        front.sequence_number == awaited || back.sequence_number.since(awaited) >= SPAN
    }

    /// When the packet held longest arrived.
    fn oldest(&self) -> Option<Instant> {
        self.held.iter().map(|held| held.arrived_at).min()
    }

    /// Keeps a buffer for another packet, unless it is one of the rare large ones.
    fn recycle(&mut self, buffer: Vec<u8>) {
        if (1..=POOLED_CAPACITY).contains(&buffer.capacity()) && self.free.len() < usize::from(Self::MAX_PACKETS) {
            self.free.push(buffer);
        }
    }
}

/// [`ReorderWindow::MAX_PACKETS`] as a distance.
const SPAN: i16 = ReorderWindow::MAX_PACKETS.cast_signed();
/// From this distance on it is another sequence: what `Reception` takes for a gap (under 3000, RFC 3550 A.1), counted
/// from the awaited number instead of the highest.
const MAX_STEP: i16 = 3000 + SPAN;
/// The largest UDP payload there is.
const MAX_PACKET_SIZE: usize = 65_535;
/// Room for any packet that fits an Ethernet frame (a printer's have 1452 octets); larger buffers are not kept.
const POOLED_CAPACITY: usize = 4096;

#[cfg(test)]
mod tests;
