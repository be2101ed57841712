//! Files: names, segments, and disks that are full or read-only.

use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{fs, io};

use printcam::AccessUnit;
use printcam::record::{FileOperation, FileOptions, FileRecorder, Progress, RecordError, RecordFormat};

use super::clip::{STEP, Scratch, clip, packets, pictures, pictures_of, probe, stream_of};
use super::delay;

fn record(options: FileOptions, units: &[AccessUnit]) -> Progress {
    options.check().unwrap();
    let mut recorder = FileRecorder::new(options);
    units.iter().for_each(|unit| recorder.push(unit).unwrap());
    recorder.finish().unwrap()
}

fn options(scratch: &Scratch, name: &str) -> FileOptions {
    FileOptions::new(scratch.file(name), RecordFormat::of_path(Path::new(name)).unwrap())
}

fn segmented(scratch: &Scratch, name: &str, segment: Duration) -> FileOptions {
    let mut options = options(scratch, name);
    options.segment = Some(segment);
    options
}

#[test]
fn segments_begin_at_key_frames_and_lose_nothing() {
    let mut units = clip(100, "-g 15");
    let all = pictures_of(&stream_of(&units));
    // What comes before a gap stays up through it, also where that is the end of a file.
    delay(&mut units, 45, 1000);
    for name in ["print.mp4", "print.h264"] {
        let scratch = Scratch::new("segments");
        // Left by an earlier recording, and files that only look like it.
        for other in ["0007", "20250131", "007"] {
            fs::write(scratch.file(&name.replace('.', &format!("-{other}."))), b"").unwrap();
        }
        let progress = record(segmented(&scratch, name, Duration::from_millis(1100)), &units);
        assert_eq!((progress.files, progress.pictures), (3, 100));
        let mut shown = Vec::new();
        let mut bytes = 0;
        for (number, count, gap) in [(8, 45, 1000), (9, 45, 0), (10, 10, 0)] {
            let path = scratch.file(&name.replace('.', &format!("-{number:04}.")));
            let (mut digests, complaints) = pictures(&path);
            assert_eq!((digests.len(), &*complaints), (count, ""), "{}", path.display());
            shown.append(&mut digests);
            bytes += fs::metadata(&path).unwrap().len();
            if name == "print.mp4" {
                assert_eq!(packets(&path)[0].pts, 0);
                assert_eq!(probe(&path, "stream=duration_ts"), format!("duration_ts={}", count as u64 * STEP + gap));
                assert!(probe(&path, "format_tags=creation_time").starts_with("TAG:creation_time=20"));
            }
        }
        assert!(shown == all, "{name}: other pictures");
        assert_eq!(progress.bytes, bytes, "{name}");
        assert_eq!(scratch.names().len(), 6, "{:?}", scratch.names());
    }
}

#[test]
fn another_resolution_goes_on_in_another_file() {
    let mut units = clip(30, "-g 15");
    units.extend(clip(30, "-g 15 -vf scale=320:240"));
    units.extend(clip(30, "-g 15"));
    for (index, unit) in units.iter_mut().enumerate() {
        unit.timestamp = index as u64 * STEP;
    }
    let scratch = Scratch::new("resolution");
    assert_eq!(record(options(&scratch, "print.mp4"), &units).files, 3);
    assert_eq!(scratch.names(), ["print-0002.mp4", "print-0003.mp4", "print.mp4"]);
    for (name, width, part) in [("print.mp4", 160, 0), ("print-0002.mp4", 320, 30), ("print-0003.mp4", 160, 60)] {
        let path = scratch.file(name);
        assert_eq!(probe(&path, "stream=width"), format!("width={width}"));
        assert!(pictures(&path).0 == pictures_of(&stream_of(&units[part..part + 30])), "{name}");
    }
    // Annex B says it in the stream.
    assert_eq!(record(options(&scratch, "print.h264"), &units).files, 1);
}

#[test]
fn a_growing_file_opens_under_its_name() {
    let scratch = Scratch::new("growing");
    let units = clip(75, "-g 30");
    let mut recorder = FileRecorder::new(options(&scratch, "print.mp4"));
    units[5..30].iter().for_each(|unit| recorder.push(unit).unwrap());
    assert_eq!((recorder.path(), scratch.names().len()), (None, 0), "no key frame, no file");
    units[30..65].iter().for_each(|unit| recorder.push(unit).unwrap());
    let path = recorder.path().unwrap().to_owned();
    assert_eq!(path, scratch.file("print.mp4"));
    let (shown, complaints) = pictures(&path);
    assert_eq!((shown.len(), &*complaints), (30, ""), "the first fragment");
}

#[test]
fn what_cannot_be_recorded_into_is_refused_before() {
    let scratch = Scratch::new("refused");
    fs::write(scratch.file("there.mp4"), b"a recording").unwrap();
    fs::create_dir(scratch.file("folder.mp4")).unwrap();
    let error = options(&scratch, "there.mp4").check().unwrap_err();
    assert!(matches!(error, RecordError::Exists { .. }), "{error}");
    let mut over = options(&scratch, "there.mp4");
    over.overwrite = true;
    over.check().unwrap();
    segmented(&scratch, "there.mp4", Duration::from_secs(60)).check().unwrap();
    for (name, want) in [
        ("missing/print.mp4", io::ErrorKind::NotFound),
        ("there.mp4/print.mp4", io::ErrorKind::NotADirectory),
        ("folder.mp4", io::ErrorKind::IsADirectory),
    ] {
        for options in [options(&scratch, name), segmented(&scratch, name, Duration::from_secs(60))] {
            let error = options.check().unwrap_err();
            let RecordError::File { operation: FileOperation::Create, ref source, .. } = error else {
                panic!("{name}: {error}")
            };
            assert_eq!(source.kind(), want, "{name}");
        }
    }
    assert_eq!(scratch.names(), ["folder.mp4", "there.mp4"], "nothing is left behind");
    assert_eq!(fs::read(scratch.file("there.mp4")).unwrap(), b"a recording");
    // Made by someone else after the check.
    let units = clip(3, "-g 3");
    let error = FileRecorder::new(options(&scratch, "there.mp4")).push(&units[0]).unwrap_err();
    assert!(matches!(error, RecordError::Exists { .. }), "{error}");
    assert_eq!(fs::read(scratch.file("there.mp4")).unwrap(), b"a recording");
    record(over, &units);
    assert_eq!(pictures(&scratch.file("there.mp4")).0.len(), 3);
}

/// A small file system of memory, gone with the value.
struct Tmpfs(Scratch);

impl Tmpfs {
    /// `None` where mounting is not allowed.
    fn mount(options: &str) -> Option<Self> {
        let scratch = Scratch::new("tmpfs");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", options, "printcam-test"]).arg(&scratch.0).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(scratch))
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0.0).status();
    }
}

#[test]
fn a_real_disk_that_is_full_keeps_what_it_has() {
    let Some(disk) = Tmpfs::mount("size=1m") else {
        eprintln!("not allowed to mount: skipped");
        return;
    };
    let units = clip(90, "-g 15 -b:v 4M -vf noise=alls=40:allf=t");
    for name in ["print.mp4", "print.h264"] {
        let options = options(&disk.0, name);
        options.check().unwrap();
        let mut recorder = FileRecorder::new(options);
        let (taken, error) =
            units.iter().enumerate().find_map(|(index, unit)| Some((index, recorder.push(unit).err()?))).unwrap();
        assert!(error.is_disk_full(), "{error:?}");
        let path = disk.0.file(name);
        assert_eq!(
            error.to_string(),
            format!("cannot write {}: No space left on device (os error 28)", path.display())
        );
        assert_eq!(fs::metadata(&path).unwrap().len(), recorder.progress().bytes, "no half fragment");
        let (shown, complaints) = pictures(&path);
        assert_eq!(complaints, "");
        assert!(!shown.is_empty() && taken - shown.len() <= 15, "{} of {taken} pictures", shown.len());
        assert!(shown == pictures_of(&stream_of(&units))[..shown.len()], "other pictures");
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_read_only_disk_is_refused_before() {
    let Some(disk) = Tmpfs::mount("ro") else {
        eprintln!("not allowed to mount: skipped");
        return;
    };
    let error = options(&disk.0, "print.mp4").check().unwrap_err();
    let folder = disk.0.0.display();
    assert_eq!(error.to_string(), format!("cannot create {folder}: Read-only file system (os error 30)"));
}

#[cfg(unix)]
#[test]
fn devices_are_written_to() {
    record(FileOptions::new("/dev/null", RecordFormat::Mp4), &clip(20, "-g 5"));
}
