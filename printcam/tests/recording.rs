//! Recordings, judged by FFmpeg: the pictures, their times, and what is left after a cut anywhere.

#[path = "recording/clip.rs"]
mod clip;
#[path = "recording/files.rs"]
mod files;
#[path = "recording/hostile.rs"]
mod hostile;
#[path = "recording/jpeg.rs"]
mod jpeg;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clip::{Packet, STEP, Scratch, clip, packets, pictures, pictures_of, probe, stream_of};
use mp4_atom::{Decode, Moof, Moov};
use printcam::record::{DurationLimit, Progress, RecordFormat, Recorder};
use printcam::{AccessUnit, Coding};
use printcam_proto::h264::ParameterSets;

/// Records into memory.
fn record(units: &[AccessUnit], format: RecordFormat) -> (Vec<u8>, Progress) {
    let mut recorder = Recorder::new(Vec::new(), format, None);
    units.iter().for_each(|unit| recorder.push(unit).unwrap());
    recorder.finish().unwrap()
}

fn saved(scratch: &Scratch, bytes: &[u8]) -> PathBuf {
    let path = scratch.file("recorded.mp4");
    fs::write(&path, bytes).unwrap();
    path
}

/// The packets that `units` should have become.
fn expected(units: &[AccessUnit]) -> Vec<Packet> {
    let time = |unit: &AccessUnit| unit.timestamp - units[0].timestamp;
    units.iter().map(|unit| Packet { pts: time(unit), dts: time(unit), key: unit.key_frame }).collect()
}

/// The durations they should have: until the next, and the last as long as the one before.
fn expected_durations(units: &[AccessUnit]) -> Vec<u64> {
    units.windows(2).map(|pair| pair[1].timestamp - pair[0].timestamp).chain([STEP]).collect()
}

/// Which samples a file says decoding can start at: those without sample_is_non_sync_sample (ISO/IEC 14496-12 §8.8.3.1),
/// in the fragment or else in `trex`. (FFmpeg looks at the pictures themselves.)
fn sync_samples(bytes: &[u8]) -> Vec<bool> {
    let (moov_at, _) = boxes(bytes)[1];
    let usual = Moov::decode(&mut &bytes[moov_at..]).unwrap().mvex.unwrap().trex[0].default_sample_flags;
    let moofs = boxes(bytes).into_iter().filter(|(_, kind)| kind == b"moof");
    let samples = moofs.flat_map(|(at, _)| moof(&bytes[at..]).traf[0].trun[0].samples.iter().collect::<Vec<_>>());
    samples.map(|sample| sample.flags.unwrap_or(usual) & 0x0001_0000 == 0).collect()
}

/// The NAL unit types in the samples of a file.
fn nal_unit_types(bytes: &[u8]) -> BTreeSet<u8> {
    let mut types = BTreeSet::new();
    for (at, _) in boxes(bytes).into_iter().filter(|(_, kind)| kind == b"mdat") {
        let mut rest = &bytes[at..][..u32::from_be_bytes(bytes[at..][..4].try_into().unwrap()) as usize][8..];
        while let Some((len, behind)) = rest.split_first_chunk() {
            types.insert(behind[0] & 0x1f);
            rest = &behind[u32::from_be_bytes(*len) as usize..];
        }
    }
    types
}

/// The durations in a file, whose fragments must follow each other without holes.
fn durations(bytes: &[u8]) -> Vec<u64> {
    let mut durations = Vec::new();
    for (at, kind) in boxes(bytes) {
        if &kind == b"moof" {
            let fragment = &moof(&bytes[at..]).traf[0];
            let begins = fragment.tfdt.as_ref().unwrap().base_media_decode_time;
            assert_eq!(begins, durations.iter().sum::<u64>(), "fragment at byte {at}");
            durations.extend(fragment.trun[0].samples.iter().map(|sample| u64::from(sample.duration.unwrap())));
        }
    }
    durations
}

/// Moves the access units from `index` on by `ticks`.
fn delay(units: &mut [AccessUnit], index: usize, ticks: u64) {
    units[index..].iter_mut().for_each(|unit| unit.timestamp += ticks);
}

#[test]
fn an_mp4_shows_the_same_pictures_at_the_same_times() {
    let scratch = Scratch::new("same");
    let bt709 =
        "-vf scale=out_color_matrix=bt709:out_range=full -colorspace bt709 -color_range pc -profile:v high -g 20";
    for (name, x264, want) in [
        (
            "short groups",
            "-g 15",
            "width=160\nheight=120\nsample_aspect_ratio=1:1\ncolor_range=unknown\ncolor_space=unknown",
        ),
        (
            "one group",
            "-g 600",
            "width=160\nheight=120\nsample_aspect_ratio=1:1\ncolor_range=unknown\ncolor_space=unknown",
        ),
        (
            "all key frames",
            "-g 1",
            "width=160\nheight=120\nsample_aspect_ratio=1:1\ncolor_range=unknown\ncolor_space=unknown",
        ),
        ("colour", bt709, "width=160\nheight=120\nsample_aspect_ratio=1:1\ncolor_range=pc\ncolor_space=bt709"),
        (
            "cropped, slices",
            "-vf scale=150:82 -slices 4",
            "width=150\nheight=82\nsample_aspect_ratio=164:225\ncolor_range=unknown\ncolor_space=unknown",
        ),
        (
            "wide samples",
            "-vf setsar=4/3",
            "width=160\nheight=120\nsample_aspect_ratio=4:3\ncolor_range=unknown\ncolor_space=unknown",
        ),
    ] {
        let units = clip(75, x264);
        let (bytes, progress) = record(&units, RecordFormat::Mp4);
        assert_eq!((progress.pictures, progress.left_out, progress.bytes), (75, 0, bytes.len() as u64), "{name}");
        let path = saved(&scratch, &bytes);
        let (shown, complaints) = pictures(&path);
        assert_eq!(complaints, "", "{name}");
        assert!(shown == pictures_of(&stream_of(&units)), "{name}: other pictures");
        assert_eq!(packets(&path), expected(&units), "{name}");
        assert_eq!(durations(&bytes), expected_durations(&units), "{name}");
        assert_eq!(sync_samples(&bytes), units.iter().map(|unit| unit.key_frame).collect::<Vec<_>>(), "{name}");
        assert!(nal_unit_types(&bytes).is_subset(&BTreeSet::from([1, 5, 6])), "{name}: {:?}", nal_unit_types(&bytes));
        let entries = "stream=width,height,sample_aspect_ratio,color_range,color_space";
        assert_eq!(probe(&path, entries), want, "{name}");
        assert_eq!(
            probe(&path, "stream=codec_tag_string,time_base"),
            "codec_tag_string=avc1\ntime_base=1/90000",
            "{name}"
        );
    }
}

#[test]
fn gaps_and_uneven_times_are_kept() {
    let scratch = Scratch::new("gap");
    let mut units = clip(75, "-g 30");
    for (index, ticks) in [(10, 450_000), (20, 1), (40, 17), (60, 900_000)] {
        delay(&mut units, index, ticks);
    }
    let (bytes, _) = record(&units, RecordFormat::Mp4);
    let path = saved(&scratch, &bytes);
    assert_eq!(packets(&path), expected(&units));
    assert_eq!(durations(&bytes), expected_durations(&units));
    assert_eq!(probe(&path, "stream=duration_ts"), format!("duration_ts={}", units[74].timestamp + STEP));
}

#[test]
fn what_refers_to_lost_pictures_is_left_out() {
    let scratch = Scratch::new("loss");
    let mut units = clip(75, "-g 20");
    let mut sent = units.clone();
    // Joined in the middle of a group, then 33 is lost, then the key frame 60 comes behind a loss.
    sent.drain(..5);
    sent.retain(|unit| unit.timestamp != 33 * STEP);
    for unit in &mut sent {
        unit.discontinuity = [34, 60].map(|index| index * STEP).contains(&unit.timestamp);
    }
    units.retain(|unit| (20..33).contains(&(unit.timestamp / STEP)) || unit.timestamp >= 40 * STEP);
    for format in [RecordFormat::Mp4, RecordFormat::AnnexB] {
        let (bytes, progress) = record(&sent, format);
        assert_eq!((progress.pictures, progress.left_out), (48, 15 + 6), "{format:?}");
        assert_eq!(progress.duration, Duration::from_secs(54) / 30, "{format:?}");
        let path = saved(&scratch, &bytes);
        let (shown, complaints) = pictures(&path);
        assert_eq!(complaints, "", "{format:?}");
        assert!(shown == pictures_of(&stream_of(&units)), "{format:?}: other pictures");
        if format == RecordFormat::Mp4 {
            assert_eq!(packets(&path), expected(&units));
            assert_eq!(durations(&bytes), expected_durations(&units));
        }
    }
}

#[test]
fn annex_b_is_what_was_sent() {
    let units = clip(45, "-g 15");
    assert!(record(&units, RecordFormat::AnnexB).0 == stream_of(&units), "with sets in band");
    // A camera that sends its parameter sets in SDP only.
    let bare: Vec<AccessUnit> = units.iter().map(without_sets).collect();
    let (bytes, _) = record(&bare, RecordFormat::AnnexB);
    assert!(pictures_of(&bytes) == pictures_of(&stream_of(&units)), "without");
    assert_eq!(record(&bare, RecordFormat::Mp4), record(&units, RecordFormat::Mp4), "MP4 takes them out anyway");
}

fn without_sets(unit: &AccessUnit) -> AccessUnit {
    let kept = unit.nal_units().filter(|nal_unit| !matches!(nal_unit[0] & 0x1f, 7 | 8));
    let data: Vec<u8> = kept.flat_map(|nal_unit| [&[0, 0, 0, 1], nal_unit].concat()).collect();
    AccessUnit { data: data.into(), ..unit.clone() }
}

/// Where each box begins and its four letters, by a reader of its own.
fn boxes(bytes: &[u8]) -> Vec<(usize, [u8; 4])> {
    let (mut at, mut found) = (0, Vec::new());
    while at < bytes.len() {
        let len = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        found.push((at, bytes[at + 4..at + 8].try_into().unwrap()));
        at += len;
    }
    assert_eq!(at, bytes.len(), "the last box is whole");
    found
}

/// Pictures in the fragments that end within `len` bytes.
fn whole_pictures(len: usize, fragments: &[(usize, usize)]) -> usize {
    fragments.iter().filter(|(end, _)| *end <= len).map(|(_, pictures)| pictures).sum()
}

/// Where each fragment ends, and how many pictures it has.
fn fragments(bytes: &[u8]) -> Vec<(usize, usize)> {
    let boxes = boxes(bytes);
    let ends = boxes.iter().skip(1).map(|(at, _)| *at).chain([bytes.len()]);
    let mut pictures = 0;
    let mut fragments = Vec::new();
    for ((at, kind), end) in boxes.iter().zip(ends) {
        match kind {
            b"moof" => pictures = moof(&bytes[*at..end]).traf[0].trun[0].samples.len(),
            b"mdat" => fragments.push((end, pictures)),
            _ => {}
        }
    }
    fragments
}

fn moof(mut bytes: &[u8]) -> Moof {
    Moof::decode(&mut bytes).unwrap()
}

#[test]
fn fragments_are_groups_and_two_seconds_at_most() {
    for (x264, pictures, want) in [
        ("-g 30", 75, &[30, 30, 15][..]),
        ("-g 600", 150, &[60, 60, 30]),
        // A group of 100: two fragments, then the next key frame.
        ("-g 100", 150, &[60, 40, 50]),
    ] {
        let (bytes, _) = record(&clip(pictures, x264), RecordFormat::Mp4);
        let lengths: Vec<usize> = fragments(&bytes).iter().map(|(_, pictures)| *pictures).collect();
        assert_eq!(lengths, want, "{x264}");
        let kinds: Vec<_> =
            boxes(&bytes).iter().map(|(_, kind)| std::str::from_utf8(kind).unwrap().to_owned()).collect();
        assert_eq!(kinds[..2], ["ftyp", "moov"]);
        assert!(kinds[2..].chunks(2).all(|pair| pair == ["moof", "mdat"]), "{kinds:?}");
    }
}

#[test]
fn a_fragment_is_written_as_soon_as_it_is_over() {
    let units = clip(150, "-g 600");
    let mut recorder = Recorder::new(Vec::new(), RecordFormat::Mp4, None);
    let mut steps = Vec::new();
    for (index, unit) in units.iter().enumerate() {
        let before = recorder.progress().bytes;
        recorder.push(unit).unwrap();
        if recorder.progress().bytes > before {
            steps.push(index);
        }
    }
    assert_eq!(steps, [0, 60, 120], "the header with the first picture, then every two seconds");
}

/// Inside a `moof` FFmpeg gives up the whole file, with its own recordings too. Files are never left like that
/// (`record/file/tests.rs`), and pipes take a `moof` whole or not at all.
#[test]
fn an_mp4_opens_after_a_cut_behind_its_first_fragment() {
    let scratch = Scratch::new("cut");
    for x264 in ["-g 30", "-g 600"] {
        let units = clip(150, x264);
        let (bytes, _) = record(&units, RecordFormat::Mp4);
        let all = pictures_of(&stream_of(&units));
        let fragments = fragments(&bytes);
        // Around the end of every fragment, and behind every moof.
        let ends = fragments.iter().flat_map(|(end, _)| [-700, -5, -1, 0].map(|by| end.saturating_add_signed(by)));
        let boxes = boxes(&bytes).into_iter().filter(|(_, kind)| kind == b"mdat");
        let mdats = boxes.flat_map(|(at, _)| [0, 1, 7, 8, 9, 20].map(|by| at + by));
        for cut in ends.chain(mdats).filter(|cut| (fragments[0].0..=bytes.len()).contains(cut)) {
            let path = saved(&scratch, &bytes[..cut]);
            let whole = whole_pictures(cut, &fragments);
            let (shown, _) = pictures(&path);
            assert!(shown.len() >= whole, "cut at {cut} of {}: {} of {whole} pictures", bytes.len(), shown.len());
            assert!(shown[..whole] == all[..whole], "cut at {cut}: other pictures");
        }
    }
}

#[test]
fn sessions_follow_each_other_by_arrival() {
    let scratch = Scratch::new("sessions");
    let first = clip(40, "-g 15");
    // A new session three seconds later: timestamps from 0, joined in the middle of a group.
    let mut second: Vec<AccessUnit> = first[10..].to_vec();
    for (index, unit) in second.iter_mut().enumerate() {
        unit.timestamp = index as u64 * STEP;
        unit.received_at =
            first[39].received_at + Duration::from_secs(3) + Duration::from_millis(index as u64 * 100 / 3);
    }
    let sent = [first.clone(), second].concat();
    let (bytes, progress) = record(&sent, RecordFormat::Mp4);
    assert_eq!((progress.pictures, progress.left_out), (40 + 25, 5));
    let packets = packets(&saved(&scratch, &bytes));
    // Three seconds from the last picture to the first of the new session, whose sixth is the key frame.
    assert_eq!(packets[40].pts, 39 * STEP + 270_000 + 5 * STEP);
    assert_eq!(durations(&bytes)[39], 270_000 + 5 * STEP);
}

#[test]
fn one_output_refuses_other_parameter_sets_and_goes_on() {
    let small = clip(20, "-g 10");
    let mut large = clip(20, "-g 10 -vf scale=320:240");
    delay(&mut large, 0, 20 * STEP);
    let mut recorder = Recorder::new(Vec::new(), RecordFormat::Mp4, None);
    small.iter().for_each(|unit| recorder.push(unit).unwrap());
    let refused = large.iter().filter_map(|unit| recorder.push(unit).err());
    let refused: Vec<String> = refused.map(|error| error.to_string()).collect();
    let want =
        "the camera changed how it codes its pictures, from 160x120 to 320x240: an MP4 on one output cannot follow";
    assert_eq!(refused, [want; 2], "both key frames; the others are left out");
    let mut again = small.clone();
    delay(&mut again, 0, 40 * STEP);
    again.iter().for_each(|unit| recorder.push(unit).unwrap());
    let (bytes, progress) = recorder.finish().unwrap();
    assert_eq!((progress.pictures, progress.left_out), (40, 20));
    let scratch = Scratch::new("refused");
    assert_eq!(packets(&saved(&scratch, &bytes))[20].pts, 40 * STEP);
    // Annex B follows.
    let stream = [small, large].concat();
    assert!(record(&stream, RecordFormat::AnnexB).0 == stream_of(&stream));
}

#[test]
fn parameter_sets_that_change_between_key_frames_wait_for_one() {
    let mut units = clip(45, "-g 15");
    let sets = units[0].parameter_sets().unwrap();
    let more = [sets.pps.clone(), vec![vec![0x68, 0x48, 0xe3].into()]].concat();
    let other = Arc::new(ParameterSets::new(sets.sps.clone(), more).unwrap());
    units[20..30].iter_mut().for_each(|unit| unit.coding = Coding::H264(Arc::clone(&other)));
    let (bytes, progress) = record(&units, RecordFormat::Mp4);
    assert_eq!((progress.pictures, progress.left_out), (35, 10));
    assert_eq!(durations(&bytes)[19], 11 * STEP);
    assert_eq!(record(&units, RecordFormat::AnnexB).1.left_out, 0, "Annex B has them in the stream");
}

#[test]
fn the_last_picture_lasts_as_long_as_the_one_before() {
    let mut units = clip(20, "-g 30");
    units.iter_mut().for_each(|unit| unit.timestamp *= 2);
    assert_eq!(durations(&record(&units, RecordFormat::Mp4).0)[19], 2 * STEP);
    // But not as long as a gap; and what was announced, 30 a second, where there was no other.
    delay(&mut units, 19, 900_000);
    assert_eq!(durations(&record(&units, RecordFormat::Mp4).0)[19], 2 * STEP);
    assert_eq!(durations(&record(&units[..1], RecordFormat::Mp4).0), [STEP]);
}

#[test]
fn a_limit_counts_from_the_first_key_frame() {
    let units = clip(75, "-g 20");
    let mut limit = DurationLimit::new(Duration::from_secs(1));
    let admitted = units[5..].iter().take_while(|unit| limit.admits(unit)).count();
    assert_eq!(admitted, 15 + 30);
    let scratch = Scratch::new("limit");
    let path = saved(&scratch, &record(&units[5..5 + admitted], RecordFormat::Mp4).0);
    assert_eq!(probe(&path, "format=duration"), "duration=1.000000");
    let mut none = DurationLimit::new(Duration::ZERO);
    assert!(none.admits(&units[1]) && !none.admits(&units[20]) && !none.admits(&units[21]));
}
