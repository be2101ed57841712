//! However `printcam` ends, the camera gets its session back, the exit code says how it went, and the access code is
//! in nothing that was printed. The camera is the simulator, in this process.
#![cfg(unix)]

mod demo;
mod program;
mod recording;
#[path = "../secrets/search.rs"]
mod secrets;

use std::time::Duration;

use printcam_sim::{AccessCode, ClientRecord, Encryption, Ending, Fault, Log, Options, Personality, Simulator};

use program::{Program, State};
use secrets::ACCESS_CODE;

/// What takes longer has failed.
const SOON: Duration = Duration::from_secs(10);

fn camera(faults: &str) -> Simulator {
    Simulator::start(Options {
        access_code: AccessCode::from(ACCESS_CODE),
        faults: faults_named(faults),
        ..Options::default()
    })
    .expect("a camera")
}

/// One that sends JPEGs, five a second.
fn jpeg_camera() -> Simulator {
    let picture_interval = Some(Duration::from_millis(200));
    let options =
        Options { access_code: AccessCode::from(ACCESS_CODE), picture_interval, ..Options::of(Personality::A1) };
    Simulator::start(options).expect("a camera")
}

fn seen(camera: &Simulator, what: &str, condition: impl Fn(&ClientRecord) -> bool) {
    let condition = |log: &Log| log.clients.last().is_some_and(&condition);
    assert!(camera.wait_for(SOON, condition), "the camera never saw {what}: {:?}", camera.log());
}

fn asked(client: &ClientRecord, method: &str, status: Option<u16>) -> bool {
    client.requests.iter().any(|request| request.method == method && request.status == status)
}

/// TEARDOWN where there was a session, and a clean end.
fn assert_given_back(camera: &Simulator, what: &str) {
    seen(camera, "an end", |client| client.ending.is_some());
    let client = camera.log().clients.pop().expect("a client");
    assert_eq!(client.ending, Some(Ending::Clean), "{what}: {:?}", client.requests);
    assert_eq!(client.teardown, asked(&client, "SETUP", Some(200)), "{what}: {:?}", client.requests);
    assert!(client.requests.iter().all(|request| !request.credentials_in_uri), "{what}");
}

const NO_DATAGRAMS: &str = "datagrams-lost";

#[test]
fn snap_to_its_end() {
    let camera = camera("");
    let state = State::new();
    let picture = state.file("picture.jpg");
    let ended = Program::start(&state, &["snap", &camera_url(&camera), "-o", picture.to_str().unwrap(), "-vv"]).wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(std::fs::read(&picture).expect("a picture").starts_with(b"\xff\xd8\xff"));
    let files = std::fs::read_dir(picture.parent().unwrap()).unwrap().map(|file| file.unwrap().file_name());
    assert!(files.into_iter().all(|name| !name.to_string_lossy().contains(".part")), "nothing half is left");
    assert_given_back(&camera, "a picture");
}

#[test]
fn snap_interrupted() {
    for signal in ["INT", "TERM"] {
        let camera = camera(NO_DATAGRAMS);
        let state = State::new();
        let picture = state.file("picture.jpg");
        let url = camera_url(&camera);
        let program =
            Program::start(&state, &["snap", &url, "-o", picture.to_str().unwrap(), "--transport", "udp", "-vv"]);
        seen(&camera, "PLAY", |client| asked(client, "PLAY", Some(200)));
        let ended = program.signal(signal).wait();
        assert_eq!(ended.code, Some(130), "{}", ended.stderr);
        assert!(ended.stderr.ends_with("printcam: stopped\n"), "{}", ended.stderr);
        assert!(!picture.exists());
        assert_given_back(&camera, signal);
    }
}

#[test]
fn snap_that_fails() {
    let describe_unanswered = "describe-unanswered";
    let no_server_hello = "no-server-hello";
    let no_video = "no-video";
    let half_a_second = &["-o", "-", "--timeout", "0.5"][..];
    for (what, faults, options, code, ending) in [
        ("no picture in time", NO_DATAGRAMS, &[half_a_second, &["--transport", "udp"]].concat()[..], 7, Ending::Clean),
        ("no answer in time", describe_unanswered, half_a_second, 7, Ending::Clean),
        ("no TLS in time", no_server_hello, half_a_second, 7, Ending::Clean),
        ("no video", no_video, &["-o", "-"], 1, Ending::Clean),
        ("no such folder", "", &["-o", "/no/such/folder/picture.jpg"], 1, Ending::Clean),
    ] {
        let camera = camera(faults);
        let state = State::new();
        let url = camera_url(&camera);
        let ended = Program::start(&state, &[&["snap", &url, "-vv"], options].concat()).wait();
        assert_eq!(ended.code, Some(code), "{what}: {}", ended.stderr);
        assert!(ended.stdout.is_empty(), "{what}");
        seen(&camera, "an end", |client| client.ending == Some(ending));
        if ending == Ending::Clean {
            assert_given_back(&camera, what);
        }
    }
}

#[test]
fn watch_until_a_signal() {
    for (signal, faults, options) in [
        ("INT", "", &["--transport", "tcp"][..]),
        ("TERM", "", &["--decode"]),
        ("INT", "describe-unanswered", &[]),
        ("TERM", NO_DATAGRAMS, &["--transport", "udp"]),
    ] {
        let camera = camera(faults);
        let state = State::new();
        let program = Program::start(&state, &[&["watch", &camera_url(&camera), "-vv"], options].concat());
        if faults.is_empty() {
            seen(&camera, "pictures", |client| client.rtp_packets > 20);
        } else {
            seen(&camera, "a request", |client| client.requests.len() >= 3);
        }
        let ended = program.signal(signal).wait();
        assert_eq!(ended.code, Some(0), "{signal}: {}", ended.stderr);
        assert_given_back(&camera, signal);
    }
}

#[test]
fn watch_while_no_tls_comes() {
    let camera = camera("no-server-hello");
    let state = State::new();
    let program = Program::start(&state, &["watch", &camera_url(&camera)]);
    seen(&camera, "a connection", |_| true);
    program.wait_for_stderr("connecting");
    let ended = program.signal("INT").wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    seen(&camera, "an end", |client| client.ending == Some(Ending::Clean));
}

#[test]
fn watch_whose_reader_has_enough() {
    for options in [&["--frame-md5"][..], &["--h264", "-"]] {
        let camera = camera("");
        let state = State::new();
        let mut program = Program::start(&state, &[&["watch", &camera_url(&camera), "-vv"], options].concat());
        program.read_some_and_close_stdout();
        let ended = program.wait();
        assert_eq!(ended.code, Some(0), "{options:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("os error"), "{options:?}: {}", ended.stderr);
        assert_given_back(&camera, options[0]);
    }
}

/// Somebody has paused the program that reads: the camera must not notice, and Ctrl-C must still work.
#[test]
fn whose_reader_does_not_read() {
    let camera = camera("");
    let state = State::new();
    let program = Program::start(&state, &["watch", &camera_url(&camera), "-vv", "--h264", "-", "--transport", "tcp"]);
    // Twice what a pipe holds, and reports: the session is looked after.
    seen(&camera, "reports", |client| client.receiver_report_count >= 3 && client.rtp_packets > 150);
    let ended = program.signal("INT").wait_without_reading();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("nobody took them"), "{}", ended.stderr);
    assert_given_back(&camera, "watch");

    // 1.2 MB of planes.
    let program = Program::start(&state, &["snap", &camera_url(&camera), "-o", "-", "--format", "i420", "-vv"]);
    assert!(camera.wait_for(SOON, |log| log.connections == 2), "it never came");
    assert_given_back(&camera, "snap");
    let ended = program.signal("TERM").wait_without_reading();
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
}

#[test]
fn whose_messages_nobody_reads() {
    let camera = camera("");
    let state = State::new();
    let program = Program::start_unheard(&state, &["watch", &camera_url(&camera), "-vv"]);
    seen(&camera, "pictures", |client| client.rtp_packets > 20);
    let ended = program.signal("INT").wait();
    assert_eq!(ended.code, Some(0));
    assert_given_back(&camera, "watch");

    camera.change(|options| options.access_code = AccessCode::from("another1"));
    let program = Program::start_unheard(&state, &["snap", &camera_url_with(&camera, ACCESS_CODE), "-o", "-", "-vv"]);
    assert_eq!(program.wait().code, Some(4), "the code is there even if the sentence cannot be");
    assert_given_back(&camera, "snap");
}

#[test]
fn plain_rtsp_keeps_the_code_too() {
    let camera = camera("");
    camera.change(|options| options.encryption = Encryption::None);
    let state = State::new();
    let ended = Program::start(&state, &["snap", &camera_url(&camera), "-o", "-", "-vv"]).wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_given_back(&camera, "plain");
}

fn camera_url(camera: &Simulator) -> String {
    camera_url_with(camera, camera.access_code().reveal())
}

/// With the code percent-encoded, as a person has to type it.
fn camera_url_with(camera: &Simulator, code: &str) -> String {
    let code: String = code
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("%{:02X}", c as u32) })
        .collect();
    camera.url().replace("://", &format!("://bblp:{code}@"))
}

/// The faults with these names, parted by spaces.
fn faults_named(names: &str) -> Vec<Fault> {
    names.split_whitespace().map(|name| name.parse().expect("a fault")).collect()
}
