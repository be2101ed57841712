//! Files on disks that fail, and what a crash leaves.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use super::*;

#[path = "../../../tests/recording/clip.rs"]
#[expect(dead_code, reason = "shared with tests/recording.rs")]
mod clip;

use clip::{Scratch, clip, pictures, pictures_of, stream_of};

/// A disk that remembers every step and can fail.
#[derive(Debug, Clone, Default)]
struct Journal(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    steps: Vec<Step>,
    content: Vec<u8>,
    /// Names in use.
    taken: HashSet<PathBuf>,
    /// Bytes there is room for.
    room: Option<usize>,
    /// Which sync fails.
    failing_sync: Option<usize>,
    syncs: usize,
}

#[derive(Debug, Clone)]
struct Step {
    at: usize,
    bytes: Vec<u8>,
}

impl Journal {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn recorder(&self, options: FileOptions) -> FileRecorder {
        FileRecorder::with_storage(options, Box::new(self.clone()))
    }
}

impl Storage for Journal {
    fn create(&mut self, path: &Path, replace: bool) -> io::Result<Box<dyn Medium>> {
        if !self.state().taken.insert(path.to_owned()) && !replace {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(Box::new(self.clone()))
    }
}

impl io::Write for Journal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        let at = state.content.len();
        let room = state.room.map_or(usize::MAX, |room| room - at);
        if room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let bytes = &bytes[..bytes.len().min(room)];
        state.content.extend_from_slice(bytes);
        state.steps.push(Step { at, bytes: bytes.to_vec() });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Medium for Journal {
    fn seekable(&self) -> bool {
        true
    }

    fn overwrite(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let at = usize::try_from(at).unwrap();
        let mut state = self.state();
        state.content[at..at + bytes.len()].copy_from_slice(bytes);
        state.steps.push(Step { at, bytes: bytes.to_vec() });
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.state();
        state.syncs += 1;
        if state.failing_sync == Some(state.syncs) { Err(io::Error::other("I/O error")) } else { Ok(()) }
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.state().content.truncate(usize::try_from(len).unwrap());
        Ok(())
    }
}

fn mp4() -> FileOptions {
    FileOptions::new("print.mp4", RecordFormat::Mp4)
}

/// The content after the first `steps` steps and `more` bytes of the next one.
fn content_after(steps: &[Step], whole: usize, more: usize) -> Vec<u8> {
    let mut content = Vec::new();
    for (index, step) in steps.iter().enumerate().take(whole + 1) {
        let bytes = if index == whole { &step.bytes[..more.min(step.bytes.len())] } else { &step.bytes };
        let end = step.at + bytes.len();
        if end > content.len() {
            content.resize(end, 0);
        }
        content[step.at..end].copy_from_slice(bytes);
    }
    content
}

#[test]
fn a_crash_at_any_byte_costs_one_fragment() {
    let scratch = Scratch::new("crash");
    let path = scratch.file("crashed.mp4");
    let units = clip(150, "-g 60");
    let journal = Journal::default();
    let mut recorder = journal.recorder(mp4());
    units.iter().for_each(|unit| recorder.push(unit).unwrap());
    recorder.finish().unwrap();
    let all = pictures_of(&stream_of(&units));
    let steps = journal.state().steps.clone();
    // moov; then of each of three fragments the header, the data, and the name that makes it a fragment.
    let lengths: Vec<usize> = steps.iter().map(|step| step.bytes.len()).collect();
    assert!(matches!(lengths[..], [_, _, _, 4, _, _, 4, _, _, 4]), "{lengths:?}");
    for (index, len) in lengths.iter().enumerate().skip(4) {
        let whole_fragments = (index - 1) / 3;
        let mut cuts: Vec<usize> =
            if *len > 600 { vec![0, 1, 4, 100, len / 2, len - 1] } else { (0..*len).step_by(29).collect() };
        if *len == 4 {
            // Four bytes within one sector; half a name would be an unknown box, which is skipped like a free one.
            cuts = vec![0, 1, 3];
        }
        for more in cuts {
            std::fs::write(&path, content_after(&steps, index, more)).unwrap();
            let (shown, _) = pictures(&path);
            assert_eq!(shown.len(), whole_fragments * 60, "after {index} steps and {more} bytes");
            assert!(shown[..] == all[..shown.len()], "after {index} steps and {more} bytes: other pictures");
        }
    }
}

#[test]
fn a_full_disk_leaves_whole_fragments_and_is_named() {
    let scratch = Scratch::new("full");
    let path = scratch.file("full.mp4");
    let units = clip(150, "-g 60");
    let journal = Journal::default();
    let mut recorder = journal.recorder(mp4());
    units.iter().for_each(|unit| recorder.push(unit).unwrap());
    recorder.finish().unwrap();
    let whole = journal.state().content.len();
    let all = pictures_of(&stream_of(&units));
    for room in [whole / 2, whole * 3 / 5, whole * 9 / 10, whole - 1] {
        let journal = Journal::default();
        journal.state().room = Some(room);
        let mut recorder = journal.recorder(mp4());
        let failed = units.iter().find_map(|unit| recorder.push(unit).err());
        let error = match failed {
            None => recorder.finish().unwrap_err(),
            Some(error) => {
                assert!(matches!(recorder.push(&units[0]), Err(RecordError::Ended)));
                let bytes = recorder.progress().bytes;
                assert_eq!(bytes, journal.state().content.len() as u64, "what is counted is what is there");
                assert!(matches!(recorder.finish(), Err(RecordError::Ended)));
                error
            }
        };
        assert!(error.is_disk_full(), "{error:?}");
        assert!(error.to_string().starts_with("cannot write print.mp4: "), "{error}");
        let content = journal.state().content.clone();
        assert!(content.len() < room, "room for {room}");
        std::fs::write(&path, content).unwrap();
        let (shown, complaints) = pictures(&path);
        assert_eq!(complaints, "", "room for {room}");
        assert!(shown.len() >= 60 && shown[..] == all[..shown.len()], "room for {room}: {} pictures", shown.len());
    }
}

#[test]
fn a_disk_that_loses_what_it_took_is_found_out() {
    let mut units = clip(60, "-g 30");
    units[40..].iter_mut().for_each(|unit| unit.timestamp += SYNC_INTERVAL);
    for (failing, at) in [(1, Some(40)), (2, None)] {
        let journal = Journal::default();
        journal.state().failing_sync = Some(failing);
        let mut recorder = journal.recorder(mp4());
        let failed = units.iter().position(|unit| recorder.push(unit).is_err());
        assert_eq!(failed, at, "sync {failing}");
        if failed.is_none() {
            let error = recorder.finish().unwrap_err();
            assert_eq!(error.to_string(), "cannot bring print.mp4 to disk: I/O error");
        }
    }
}

#[test]
fn dropping_it_writes_what_is_buffered() {
    let units = clip(45, "-g 30");
    let finished = Journal::default();
    let mut recorder = finished.recorder(mp4());
    units.iter().for_each(|unit| recorder.push(unit).unwrap());
    let steps = finished.state().steps.len();
    drop(recorder);
    assert_eq!(finished.state().steps.len(), steps + 3);
}

#[test]
fn a_name_taken_meanwhile_is_passed_over() {
    let units = clip(45, "-g 15");
    let journal = Journal::default();
    journal.state().taken.insert("nowhere/print-0002.mp4".into());
    let options = FileOptions { segment: Some(Duration::ZERO), path: "nowhere/print.mp4".into(), ..mp4() };
    let mut recorder = journal.recorder(options);
    let mut paths = Vec::new();
    for unit in &units {
        recorder.push(unit).unwrap();
        if unit.key_frame {
            paths.push(recorder.path().unwrap().to_owned());
        }
    }
    assert_eq!(
        paths,
        ["nowhere/print-0001.mp4", "nowhere/print-0003.mp4", "nowhere/print-0004.mp4"].map(PathBuf::from)
    );
    // The name given is not given up for another.
    let journal = Journal::default();
    journal.state().taken.insert("print.mp4".into());
    let error = journal.recorder(mp4()).push(&units[0]).unwrap_err();
    assert_eq!(error.to_string(), "print.mp4 exists already");
}
