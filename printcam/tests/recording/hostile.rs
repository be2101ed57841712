//! Whatever comes in whatever order: no panic, and files that hold together.

use std::sync::Arc;
use std::time::{Duration, Instant};

use printcam::record::{RecordError, RecordFormat, Recorder};
use printcam::{AccessUnit, Coding};
use printcam_proto::h264::ParameterSets;
use proptest::prelude::*;

use super::{boxes, moof};

/// X1C, KittyCAD/machine-api trace.
const SPS: &[u8] = &[
    0x67, 0x42, 0xc0, 0x1f, 0x8d, 0x8d, 0x50, 0x24, 0x82, 0xd9, 0x36, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00, 0x00,
    0x0f, 0x23, 0xc2, 0x21, 0x1a, 0x80,
];

fn sets(pps: Vec<Vec<u8>>) -> Arc<ParameterSets> {
    let pps = pps.into_iter().map(Into::into).collect();
    Arc::new(ParameterSets::new(SPS.to_vec().into(), pps).unwrap())
}

fn timestamp() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0..1_000_000u64, 1 => any::<u64>(), 1 => Just(u64::MAX)]
}

fn data() -> impl Strategy<Value = Vec<u8>> {
    let nal_unit = prop_oneof![
        4 => prop::sample::select(vec![0x65u8, 0x41, 0x06, 0x09, 0x67, 0x68, 0x0b, 0x0c]).prop_map(|header| vec![header, 0x88]),
        1 => prop::collection::vec(prop_oneof![Just(0u8), Just(1), any::<u8>()], 0..20),
    ];
    prop::collection::vec(nal_unit, 0..6)
        .prop_map(|nal_units| nal_units.iter().flat_map(|nal_unit| [&[0, 0, 0, 1], &nal_unit[..]].concat()).collect())
}

fn access_units() -> impl Strategy<Value = Vec<AccessUnit>> {
    let all = [vec![vec![0x68, 0xce, 0x31, 0xb2]], vec![vec![0x68, 0xce, 0x31, 0xb3]], Vec::new()];
    let jpegs = [16, 32].map(|width| Coding::Jpeg { width, height: 16 });
    let all: Vec<Coding> = all.into_iter().map(|pps| Coding::H264(sets(pps))).chain(jpegs).collect();
    let began = Instant::now();
    let unit = (timestamp(), 0..100_000u64, any::<bool>(), prop::bool::weighted(0.1), data(), 0..14usize);
    let unit = unit.prop_map(move |(timestamp, received, key_frame, discontinuity, data, coding)| AccessUnit {
        timestamp,
        received_at: began + Duration::from_millis(received),
        key_frame,
        discontinuity,
        // Behind a start code: no sample is as short as a length alone, unless there is nothing in it.
        data: if data.len() == 4 { Vec::new() } else { data }.into(),
        coding: all.get(coding).unwrap_or(&all[0]).clone(),
    });
    prop::collection::vec(unit, 0..40)
}

fn is_jpeg(unit: &AccessUnit) -> bool {
    matches!(unit.coding, Coding::Jpeg { .. })
}

proptest! {
    #[test]
    fn any_access_units_make_a_file_that_holds_together(units in access_units()) {
        for format in [RecordFormat::AnnexB, RecordFormat::Mp4] {
            let mut recorder = Recorder::new(Vec::new(), format, None);
            let (mut refused, mut jpegs) = (0, 0);
            for unit in &units {
                match recorder.push(unit) {
                    Ok(()) => {}
                    Err(RecordError::CodingChanged { .. }) => refused += 1,
                    Err(RecordError::Jpeg) if format == RecordFormat::AnnexB => jpegs += 1,
                    Err(error) => prop_assert!(false, "{error}"),
                }
            }
            let (bytes, progress) = recorder.finish().unwrap();
            prop_assert_eq!(progress.pictures + progress.left_out + jpegs, units.len() as u64);
            prop_assert!(refused <= progress.left_out);
            prop_assert_eq!(progress.bytes, bytes.len() as u64);
            prop_assert_eq!(progress.pictures == 0, bytes.is_empty());
            if format == RecordFormat::AnnexB {
                prop_assert_eq!(jpegs, units.iter().filter(|unit| is_jpeg(unit)).count() as u64);
                continue;
            }
            let (mut pictures, mut ends) = (0, 0);
            let boxes = boxes(&bytes);
            for pair in boxes.windows(2).filter(|pair| &pair[0].1 == b"moof") {
                let fragment = &moof(&bytes[pair[0].0..]).traf[0];
                let begins = fragment.tfdt.as_ref().unwrap().base_media_decode_time;
                prop_assert!(begins >= ends, "fragments overlap");
                let samples = || fragment.trun[0].samples.iter();
                ends = begins.saturating_add(samples().map(|sample| u64::from(sample.duration.unwrap())).sum());
                pictures += samples().len() as u64;
                let data: u32 = samples().map(|sample| sample.size.unwrap()).sum();
                let mdat = u32::from_be_bytes(bytes[pair[1].0..][..4].try_into().unwrap());
                prop_assert_eq!(data + 8, mdat);
                prop_assert_eq!(fragment.trun[0].data_offset, Some(i32::try_from(pair[1].0 - pair[0].0).unwrap() + 8));
                prop_assert!(samples().all(|sample| sample.size > Some(4)), "an empty sample");
            }
            prop_assert_eq!(pictures, progress.pictures);
        }
    }
}

#[test]
fn more_than_mp4_can_hold_is_refused() {
    let unit = |sets| AccessUnit {
        timestamp: 0,
        received_at: Instant::now(),
        key_frame: true,
        discontinuity: false,
        coding: Coding::H264(sets),
        data: vec![0, 0, 0, 1, 0x65, 0x88].into(),
    };
    for (sets, want) in [
        (sets(vec![vec![0x68, 0xce]; 256]), "number of picture parameter sets is 256, over 255 of MP4"),
        (sets(vec![vec![0x68; 65_536]]), "parameter set length is 65536, over 65535 of MP4"),
    ] {
        let mut recorder = Recorder::new(Vec::new(), RecordFormat::Mp4, None);
        assert_eq!(recorder.push(&unit(sets)).unwrap_err().to_string(), want);
        assert!(matches!(recorder.finish(), Err(RecordError::Ended)));
    }
}
