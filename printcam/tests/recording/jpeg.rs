//! Recordings of cameras that send JPEG: their own files, each shown for as long as it was.

use std::path::Path;
use std::time::Duration;

use printcam::AccessUnit;
use printcam::record::{FileOptions, FileRecorder, RecordError, RecordFormat, Recorder};

use super::clip::{Scratch, clip, extracted, jpegs, packets, pictures, probe};
use super::{durations, expected, fragments, record, saved, sync_samples};

const SECOND: u64 = 90_000;

/// A P1S.
const SMALL: (u32, u32) = (1280, 720);

/// When an A1 sends its pictures, more or less.
const TIMES: [u64; 6] = [0, 199_980, 399_961, 600_120, 799_000, 1_000_000];

fn files(units: &[AccessUnit]) -> Vec<&[u8]> {
    units.iter().map(|unit| &*unit.data).collect()
}

#[track_caller]
fn assert_holds(path: &Path, units: &[AccessUnit]) {
    assert!(extracted(path) == files(units), "{}: other files", path.display());
    assert_eq!(packets(path), expected(units), "{}", path.display());
}

#[test]
fn an_mp4_has_the_cameras_own_files_at_their_times() {
    let scratch = Scratch::new("own");
    for size in [SMALL, (1536, 1080)] {
        let units = jpegs(&TIMES, size);
        let (bytes, progress) = record(&units, RecordFormat::Mp4);
        assert_eq!((progress.pictures, progress.left_out, progress.bytes), (6, 0, bytes.len() as u64));
        let path = saved(&scratch, &bytes);
        assert_holds(&path, &units);
        let (shown, complaints) = pictures(&path);
        assert_eq!((shown.len(), &*complaints), (6, ""));
        assert_eq!(durations(&bytes), [199_980, 199_981, 200_159, 198_880, 201_000, 201_000]);
        assert_eq!(sync_samples(&bytes), [true; 6]);
        let lengths: Vec<usize> = fragments(&bytes).iter().map(|(_, pictures)| *pictures).collect();
        assert_eq!(lengths, [1; 6], "each is written when the next one comes");
        let want = format!("codec_name=mjpeg\ncodec_tag_string=jpeg\nwidth={}\nheight={}", size.0, size.1);
        assert_eq!(probe(&path, "stream=codec_name,codec_tag_string,width,height"), want);
        assert_eq!(probe(&path, "stream=duration_ts"), "duration_ts=1201000");
    }
}

#[test]
fn the_last_one_lasts_as_long_as_the_one_before_within_the_limit() {
    const A_DAY: u64 = 86_400;
    for (times, limit, want) in [
        // One alone: what printers do.
        (&[0][..], A_DAY, &[2 * SECOND][..]),
        (&TIMES[..3], A_DAY, &[199_980, 199_981, 199_981]),
        (&TIMES[..3], 5, &[199_980, 199_981, 50_039]),
        // A gap is no pace.
        (&[0, SECOND, 11 * SECOND], A_DAY, &[SECOND, 10 * SECOND, SECOND]),
        (&[0, 10 * SECOND], A_DAY, &[10 * SECOND, 2 * SECOND]),
        // Asked for less than there is.
        (&[0, 3 * SECOND], 2, &[3 * SECOND, 0]),
    ] {
        let mut recorder = Recorder::new(Vec::new(), RecordFormat::Mp4, None);
        jpegs(times, (160, 120)).iter().for_each(|unit| recorder.push(unit).unwrap());
        let (bytes, _) = recorder.finish_within(Duration::from_secs(limit)).unwrap();
        assert_eq!(durations(&bytes), want, "{times:?} within {limit} s");
    }
}

#[test]
fn a_growing_file_lacks_the_latest_picture_only() {
    let scratch = Scratch::new("growing");
    // Also where they come faster than fragments have to end.
    let units = jpegs(&TIMES.map(|time| time / 2), SMALL);
    let path = scratch.file("shelf.mp4");
    let mut recorder = FileRecorder::new(FileOptions::new(&path, RecordFormat::Mp4));
    for (index, unit) in units.iter().enumerate() {
        recorder.push(unit).unwrap();
        if index > 0 {
            assert_holds(&path, &units[..index]);
        }
    }
    recorder.finish().unwrap();
    assert_holds(&path, &units);
}

#[test]
fn segments_and_sizes_begin_new_files_without_a_hole() {
    let scratch = Scratch::new("files");
    let mut units = jpegs(&TIMES, SMALL);
    let large = jpegs(&[1_100_000, 1_300_000], (1536, 1080));
    units.extend(large);
    let mut options = FileOptions::new(scratch.file("shelf.mp4"), RecordFormat::Mp4);
    options.segment = Some(Duration::from_secs(4));
    let mut recorder = FileRecorder::new(options);
    units.iter().for_each(|unit| recorder.push(unit).unwrap());
    assert_eq!(recorder.finish_within(Duration::from_secs(16)).unwrap().files, 4);
    for (number, part, end, width) in
        [(1, 0..2, 399_961, 1280), (2, 2..4, 799_000, 1280), (3, 4..6, 1_100_000, 1280), (4, 6..8, 16 * SECOND, 1536)]
    {
        let path = scratch.file(&format!("shelf-{number:04}.mp4"));
        let part = &units[part];
        assert_holds(&path, part);
        let want = format!("width={width}\nduration_ts={}", end - part[0].timestamp);
        assert_eq!(probe(&path, "stream=width,duration_ts"), want, "file {number}");
    }
}

#[test]
fn one_output_refuses_another_size_and_another_coding() {
    let units = jpegs(&TIMES[..2], (160, 120));
    for (other, to) in [(jpegs(&TIMES[2..3], (320, 240)), (320, 240)), (clip(1, "-g 1"), (160, 120))] {
        let mut recorder = Recorder::new(Vec::new(), RecordFormat::Mp4, None);
        units.iter().for_each(|unit| recorder.push(unit).unwrap());
        let error = recorder.push(&other[0]).unwrap_err();
        assert!(
            matches!(error, RecordError::CodingChanged { from: (160, 120), to: changed } if changed == to),
            "{error}"
        );
        let progress = recorder.finish().unwrap().1;
        assert_eq!((progress.pictures, progress.left_out), (2, 1));
    }
}

#[test]
fn raw_h264_refuses_jpegs_and_is_not_spoilt_by_them() {
    let jpeg = &jpegs(&[0], (160, 120))[0];
    let h264 = clip(3, "-g 3");
    let mut recorder = Recorder::new(Vec::new(), RecordFormat::AnnexB, None);
    for unit in &h264 {
        assert!(matches!(recorder.push(jpeg), Err(RecordError::Jpeg)));
        recorder.push(unit).unwrap();
    }
    assert_eq!(recorder.finish().unwrap(), record(&h264, RecordFormat::AnnexB));
}
