//! `printcam demo`: every model plays, and gets its session back.

use crate::program::{Program, State};

/// Models, and the sizes of their pictures; whether they are asked by RTSP.
const MODELS: [(&str, [u16; 2], bool); 7] = [
    ("x1c", [1168, 720], true),
    ("p2s", [1920, 1080], true),
    ("p2s-0102", [1920, 1080], true),
    ("h2c", [1680, 1080], true),
    ("h2d", [1680, 1080], true),
    ("p1s", [1280, 720], false),
    ("a1", [1536, 1080], false),
];

#[test]
fn demo_shows_every_model_and_leaves_each() {
    let state = State::new();
    let folder = state.file("pictures");
    // With what the simulators see.
    let program = Program::start(&state, &["demo", "--pictures", folder.to_str().unwrap(), "-vv"]);
    for (model, ..) in MODELS {
        program.wait_for_stderr(&format!("{model}.jpg  "));
    }
    for (model, ..) in MODELS {
        program.wait_for_stderr(&format!("\n{model:8}  playing"));
    }
    let ended = program.signal("INT").wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for (model, size, _) in MODELS {
        let jpeg = std::fs::read(folder.join(format!("{model}.jpg"))).expect(model);
        assert_eq!(size_of_jpeg(&jpeg), Some(size), "{model}");
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), MODELS.len());
    // Each was connected to twice: for its picture and for its stream.
    let count = |words: [&str; 2]| ended.stderr.lines().filter(|line| words.iter().all(|w| line.contains(w))).count();
    let by_rtsp = MODELS.iter().filter(|(.., rtsp)| *rtsp).count();
    assert_eq!(count(["connection ended", "ending=Clean"]), 2 * MODELS.len(), "{}", ended.stderr);
    assert_eq!(count(["method=TEARDOWN", "status=200"]), 2 * by_rtsp, "{}", ended.stderr);
}

#[test]
fn demo_of_some_models() {
    let state = State::new();
    let folder = state.file("pictures");
    let arguments = ["demo", "--only", "p2s,a1", "--pictures", folder.to_str().unwrap()];
    let program = Program::start(&state, &arguments);
    program.wait_for_stderr("\np2s  playing");
    program.wait_for_stderr("\na1   playing");
    assert_eq!(program.signal("TERM").wait().code, Some(0));
    let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a1.jpg", "p2s.jpg"]);
}

/// Width and height, from the frame header (ITU-T T.81 §B.2.2).
fn size_of_jpeg(jpeg: &[u8]) -> Option<[u16; 2]> {
    let mut rest = jpeg.strip_prefix(b"\xff\xd8")?;
    while let &[0xff, marker, high, low, ref segment @ ..] = rest {
        if let (0xc0..=0xc2, &[_, h1, h0, w1, w0, ..]) = (marker, segment) {
            return Some([u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0])]);
        }
        rest = rest.get(2 + usize::from(u16::from_be_bytes([high, low]))..)?;
    }
    None
}
