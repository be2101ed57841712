use std::time::Duration;

use super::super::nal_unit::START_CODE;
use super::*;

mod boundaries;
mod lossy;
mod structures;

/// X1C, KittyCAD/machine-api trace: 1168x720.
const SPS: &[u8] = &[
    0x67, 0x42, 0xc0, 0x1f, 0x8d, 0x8d, 0x50, 0x24, 0x82, 0xd9, 0x36, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00, 0x00,
    0x0f, 0x23, 0xc2, 0x21, 0x1a, 0x80,
];
const PPS: &[u8] = &[0x68, 0xce, 0x31, 0xb2];
const AUD: &[u8] = &[0x09, 0x10];
const SEI: &[u8] = &[0x06, 0x05, 0x01, 0xaa, 0x80];
const FILLER: &[u8] = &[0x0c, 0xff, 0xff, 0x80];
/// First and later slices (`first_mb_in_slice` 0 and not), contents made up.
const IDR: &[u8] = &[0x65, 0x88, 0x84, 0x21, 0xa0, 0x11];
const IDR_2: &[u8] = &[0x65, 0x04, 0x84, 0x22, 0xa0];
const P: &[u8] = &[0x41, 0x9a, 0x01, 0x33];
const P_2: &[u8] = &[0x41, 0x1a, 0x02, 0x34];
const Q: &[u8] = &[0x41, 0x9b, 0x05, 0x55, 0x66];

/// An RTP packet as tests write it.
#[derive(Debug, Clone, PartialEq)]
struct Packet {
    payload: Vec<u8>,
    timestamp: u32,
    marker: bool,
    lost_before: bool,
}

fn packet(payload: impl AsRef<[u8]>, timestamp: u32, marker: bool) -> Packet {
    Packet { payload: payload.as_ref().to_vec(), timestamp, marker, lost_before: false }
}

fn behind_gap(payload: impl AsRef<[u8]>, timestamp: u32, marker: bool) -> Packet {
    Packet { lost_before: true, ..packet(payload, timestamp, marker) }
}

/// FU-A fragments of `nal_unit`, with at most `size` bytes of content each.
fn fragments(nal_unit: &[u8], size: usize) -> Vec<Vec<u8>> {
    let (header, content) = nal_unit.split_first().unwrap();
    let count = content.chunks(size).count();
    content
        .chunks(size)
        .enumerate()
        .map(|(at, chunk)| {
            let start = if at == 0 { 0x80 } else { 0 };
            let end = if at + 1 == count { 0x40 } else { 0 };
            [&[header & 0xe0 | 28, start | end | header & 0x1f], chunk].concat()
        })
        .collect()
}

fn stap_a(nal_units: &[&[u8]]) -> Vec<u8> {
    let mut payload = vec![0x78];
    for nal_unit in nal_units {
        payload.extend_from_slice(&u16::try_from(nal_unit.len()).unwrap().to_be_bytes());
        payload.extend_from_slice(nal_unit);
    }
    payload
}

fn annex_b(nal_units: &[&[u8]]) -> Vec<u8> {
    nal_units.iter().flat_map(|nal_unit| [&START_CODE, *nal_unit].concat()).collect()
}

#[expect(clippy::disallowed_methods, reason = "an arbitrary instant to count from")]
fn start() -> Instant {
    Instant::now()
}

fn with_sets(marker: Marker) -> Depacketizer {
    Depacketizer::new(marker, &[Bytes::from_static(SPS), Bytes::from_static(PPS)])
}

/// Pushes `packets`, 10 ms apart; draining gives no more than two access units each time.
fn run(depacketizer: &mut Depacketizer, packets: &[Packet]) -> (Vec<AccessUnit>, Vec<Result<(), Discard>>) {
    let start = start();
    let (mut units, mut results) = (Vec::new(), Vec::new());
    for (packet, at) in packets.iter().zip(0u64..) {
        results.push(depacketizer.push(MediaPacket {
            payload: &packet.payload,
            timestamp: packet.timestamp,
            marker: packet.marker,
            lost_before: packet.lost_before,
            received_at: start + Duration::from_millis(10 * at),
        }));
        let before = units.len();
        units.extend(std::iter::from_fn(|| depacketizer.next()));
        assert!(units.len() - before <= 2, "{packet:02x?}");
    }
    (units, results)
}

/// The NAL units of each access unit delivered, `discontinuity` first.
fn delivered(units: &[AccessUnit]) -> Vec<(bool, Vec<&[u8]>)> {
    units.iter().map(|unit| (unit.discontinuity, unit.nal_units().collect())).collect()
}
