//! `printcam record`: the file is whole and the camera is given back, however it ends.

use std::path::Path;
use std::process::Command;

use crate::program::{Program, State};
use crate::{assert_given_back, camera, camera_url, jpeg_camera, seen};

/// Pictures in a file, as ffprobe counts them by decoding all of it.
fn pictures(file: &Path) -> u32 {
    let counted = Command::new("ffprobe")
        .args(["-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"])
        .arg(file)
        .output()
        .expect("ffprobe (scripts/test installs it)");
    let stderr = String::from_utf8_lossy(&counted.stderr);
    assert!(stderr.is_empty(), "{}: {stderr}", file.display());
    String::from_utf8_lossy(&counted.stdout).trim().trim_end_matches(',').parse().expect("a number")
}

#[test]
fn for_a_time_into_segments() {
    // A key frame each second begins a file, or a JPEG of five. A busy machine may skip a picture.
    for (camera, wanted) in [(camera(""), 25..=31), (jpeg_camera(), 3..=6)] {
        let state = State::new();
        let file = state.file("print.mp4");
        let arguments =
            ["record", &camera_url(&camera), "-o", file.to_str().unwrap(), "-d", "3s", "--segment", "1s", "-vv"];
        let ended = Program::start(&state, &arguments).wait();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let counts: Vec<_> = (1..=3).map(|number| pictures(&state.file(&format!("print-000{number}.mp4")))).collect();
        assert!(counts.iter().all(|count| wanted.contains(count)), "{counts:?}");
        assert!(ended.stderr.contains("print-0003.mp4"), "{}", ended.stderr);
        assert_given_back(&camera, "record");
    }
}

#[test]
fn until_a_signal() {
    for (signal, name, camera) in
        [("INT", "print.mp4", camera("")), ("TERM", "print.h264", camera("")), ("INT", "shelf.mp4", jpeg_camera())]
    {
        let state = State::new();
        let file = state.file(name);
        let program = Program::start(&state, &["record", &camera_url(&camera), "-o", file.to_str().unwrap()]);
        seen(&camera, "pictures", |client| client.rtp_packets > 100 || client.jpeg_pictures > 5);
        let ended = program.signal(signal).wait();
        assert_eq!(ended.code, Some(0), "{signal}: {}", ended.stderr);
        let last = ended.stderr.lines().last().unwrap_or_default().to_owned();
        assert!(last.contains(&format!("{} pictures", pictures(&file))), "{name}: all that it says it has: {last}");
        assert_given_back(&camera, name);
    }
}

#[test]
fn killed_it_lacks_the_latest_jpeg_at_most() {
    let camera = jpeg_camera();
    let state = State::new();
    let file = state.file("shelf.mp4");
    let program = Program::start(&state, &["record", &camera_url(&camera), "-o", file.to_str().unwrap()]);
    seen(&camera, "pictures", |client| client.jpeg_pictures > 10);
    assert_eq!(program.signal("KILL").wait().code, None);
    // The camera sends picture after picture: it may be one ahead of what had arrived, or two on a busy machine.
    assert!(pictures(&file) >= 8, "{} pictures", pictures(&file));
}

#[test]
fn what_cannot_begin_does_not_ask_the_camera() {
    let camera = camera("");
    let state = State::new();
    let taken = state.file("taken.mp4");
    std::fs::write(&taken, "precious").unwrap();
    for (output, more, code) in [
        (taken.to_str().unwrap(), &[][..], 1),
        ("/no/such/folder/print.mp4", &[], 1),
        ("print.avi", &[], 2),
        ("-", &[], 2),
        ("-", &["--format", "mp4", "--segment", "1m"], 2),
    ] {
        let ended = Program::start(&state, &[&["record", &camera_url(&camera), "-o", output], more].concat()).wait();
        assert_eq!(ended.code, Some(code), "{output}: {}", ended.stderr);
    }
    assert_eq!(camera.log().connections, 0);
    assert_eq!(std::fs::read(&taken).unwrap(), b"precious");
}
