//! `discover`, `add`, `list`, `remove`, printers by name and by address, and `sim`. The camera is the simulator.
#![cfg(unix)]

mod doctor;
mod network;
mod program;
mod reload;
#[path = "../secrets/search.rs"]
mod secrets;
mod simulated;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use md5::{Digest as _, Md5};
use printcam_sim::{Certificate, Options, Personality, PictureDigest, Simulator};
use serde_json::Value;

use program::{Announcer, Home, WRONG_CODE, camera};
use secrets::ACCESS_CODE;

const P1S: &str = "USN: 01P00A000000001\r\nDevModel.bambu.com: C12\r\nDevName.bambu.com: Shelf";

fn describes(camera: &Simulator) -> usize {
    let log = camera.log();
    log.clients.iter().flat_map(|client| &client.requests).filter(|request| request.method == "DESCRIBE").count()
}

#[test]
fn a_printer_is_added_watched_by_its_name_and_removed() {
    let (home, camera) = (Home::new(), camera());
    let at = camera.addr().to_string();
    let added = home.printcam(&["add", "workshop", &at]).stdin(format!("{ACCESS_CODE}\n")).expect(0);
    for word in ["X1 Carbon", "00M00A000000000", "1168x720", "sha256:"] {
        assert!(added.stderr.contains(word), "no {word} in {}", added.stderr);
    }
    let mode = fs::metadata(home.config()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(home.config()).unwrap();
    for word in ["[printers.workshop]", ACCESS_CODE, "BL-P001", "pin = \"sha256:", &at] {
        assert!(text.contains(word), "no {word} in {text}");
    }

    let again = home.printcam(&["add", "workshop", &at]).expect(2);
    assert!(again.stderr.contains("already"), "{}", again.stderr);
    let list = home.printcam(&["list"]).expect(0).stdout;
    assert!(list.starts_with("workshop  ") && list.contains("X1 Carbon"), "{list}");
    let json: Value = serde_json::from_str(&home.printcam(&["list", "--json"]).expect(0).stdout).unwrap();
    assert_eq!((json["name"].as_str(), json["camera"].as_str()), (Some("workshop"), Some("rtsps")));

    let picture = home.file("picture.jpg");
    let picture = picture.to_str().unwrap();
    home.printcam(&["snap", "workshop", "-o", picture]).expect(0);
    assert!(fs::read(picture).unwrap().starts_with(b"\xff\xd8\xff"));
    let by_address = home.printcam(&["snap", &at, "-o", picture]).expect(0);
    assert!(!by_address.stderr.contains("Access code"), "the configuration knows it: {}", by_address.stderr);

    camera.change(|options| options.certificate = Certificate::Second);
    // Also where the list of known printers is lost: the configuration has the key.
    let elsewhere = home.file("elsewhere");
    let posing = home.printcam(&["snap", "workshop", "-o", picture]);
    let posing = posing.env("PRINTCAM_STATE_DIR", elsewhere.to_str().unwrap()).expect(6);
    assert!(posing.stderr.contains("has changed"), "{}", posing.stderr);

    home.printcam(&["remove", "workshop"]).expect(0);
    home.printcam(&["remove", "workshop"]).expect(2);
    let gone = home.printcam(&["snap", "workshop", "-o", picture]).expect(2);
    assert!(gone.stderr.contains("\"workshop\"") && gone.stderr.contains("printcam add"), "{}", gone.stderr);
}

#[test]
fn a_url_is_kept_as_far_as_printers_have_such() {
    let (home, camera) = (Home::new(), camera());
    let url = format!("rtsps://bblp:k7%40%2F%3AQz3@{}/streaming/live/1", camera.addr());
    let other_path = home.printcam(&["add", "workshop", &url.replace("/live/1", "/live/2")]).expect(2);
    assert!(other_path.stderr.contains("/streaming/live/1"), "{}", other_path.stderr);
    home.printcam(&["add", "workshop", &url.replace("rtsps:", "rtsp:")]).expect(2);
    home.printcam(&["add", "workshop", &url]).expect(0);
    home.printcam(&["snap", "workshop", "-o", "-"]).expect(0);
}

#[test]
fn a_wrong_code_is_asked_for_again_and_not_for_ever() {
    let camera = camera();
    let at = camera.addr().to_string();
    let home = Home::new();
    let second = format!("{WRONG_CODE}\n{ACCESS_CODE}\n");
    let added = home.printcam(&["add", "workshop", &at]).stdin(second).expect(0);
    assert_eq!(added.stderr.matches("refuses this access code").count(), 1, "{}", added.stderr);

    let home = Home::new();
    let before = describes(&camera);
    home.printcam(&["add", "workshop", &at]).stdin(format!("{WRONG_CODE}\n").repeat(9)).expect(4);
    assert!(describes(&camera) - before <= 6, "a printer may lock us out");
    assert!(!home.config().exists());
    let before = describes(&camera);
    home.printcam(&["add", "workshop", &at]).env("PRINTCAM_CODE", WRONG_CODE).expect(4);
    assert!(describes(&camera) - before <= 2, "it would be the same code again");
}

#[test]
fn codes_come_from_the_environment_or_standard_input_and_never_from_nowhere() {
    let (home, camera) = (Home::new(), camera());
    let at = camera.addr().to_string();
    let snap = || home.printcam(&["snap", &at, "-o", "-", "-vv"]);
    let none = snap().expect(4);
    assert!(none.stderr.contains("PRINTCAM_CODE"), "{}", none.stderr);
    snap().env("PRINTCAM_CODE", ACCESS_CODE).expect(0);
    snap().stdin(format!("{ACCESS_CODE}\r\n")).expect(0);
    let forgotten = home.printcam(&["snap", &format!("bblp:{ACCESS_CODE}@{at}"), "-o", "-"]).expect(2);
    assert!(forgotten.stderr.contains("rtsps://"), "{}", forgotten.stderr);
}

#[test]
fn a_configuration_that_others_can_read_is_warned_about() {
    let (home, camera) = (Home::new(), camera());
    home.configure("workshop", camera.addr(), ACCESS_CODE);
    let quiet = home.printcam(&["list"]).expect(0);
    assert!(quiet.stderr.is_empty(), "{}", quiet.stderr);
    fs::set_permissions(home.config(), fs::Permissions::from_mode(0o644)).unwrap();
    let warned = home.printcam(&["snap", "workshop", "-o", "-"]).expect(0);
    assert!(warned.stderr.contains("warning") && warned.stderr.contains("chmod 600"), "{}", warned.stderr);
    fs::write(home.config(), format!("[printers.workshop]\ncode = \"{ACCESS_CODE}\n")).unwrap();
    let broken = home.printcam(&["snap", "workshop", "-o", "-"]).expect(2);
    assert!(broken.stderr.contains("line 2"), "{}", broken.stderr);
}

#[test]
fn printers_are_discovered_as_lines_and_as_json() {
    let home = Home::new();
    let printer = Announcer::start(P1S);
    let discover = |options: &[&str]| {
        let arguments = [&["discover", "--for", "2s"], options].concat();
        home.printcam(&arguments).env("PRINTCAM_DISCOVERY", &printer.place).expect(0).stdout
    };
    let lines = discover(&[]);
    assert_eq!(lines.lines().count(), 1, "told once: {lines}");
    for word in ["found", "Shelf", "P1S", "01P00A000000001", "127.0.0.1", "jpeg"] {
        assert!(lines.contains(word), "no {word} in {lines}");
    }
    let json: Value = serde_json::from_str(&discover(&["--json"])).unwrap();
    for (key, want) in [("event", "found"), ("name", "Shelf"), ("model", "P1S"), ("camera", "jpeg")] {
        assert_eq!(json[key], want, "{key}");
    }
}

#[test]
fn nothing_found_is_one_sentence_with_a_next_step() {
    let home = Home::new();
    let none = home.printcam(&["discover", "--for", "1s"]).expect(3);
    assert!(none.stdout.is_empty());
    assert!(none.stderr.lines().count() == 2 && none.stderr.contains("hint: "), "{}", none.stderr);
    for wrong in ["10.0.0.0/8", "10.0.0.0/33", "here"] {
        home.printcam(&["discover", "--subnet", wrong]).expect(2);
    }
}

#[test]
fn a_jpeg_printer_is_added_shown_and_recorded_by_its_name() {
    let home = Home::new();
    let options = Options { serial: "01P00A000000001".to_owned(), ..Options::of(Personality::P1s) };
    let camera = Simulator::start(options).expect("a free port");
    home.printcam(&["add", "shelf", &camera.url_with_credentials()]).expect(0);
    let picture = home.printcam(&["snap", "shelf", "-o", "-"]).expect(0);
    assert!(picture.stderr.contains("1280x720"), "{}", picture.stderr);

    let file = home.file("shelf.mp4");
    let file = file.to_str().unwrap();
    let recorded = home.printcam(&["record", "shelf", "-o", file, "-d", "5s"]).expect(0);
    assert!(recorded.stderr.contains("3 pictures"), "{}", recorded.stderr);
    // One in two seconds; the next one was not waited for.
    assert_eq!(camera.log().clients.last().map(|client| client.jpeg_pictures), Some(3));
    let probe = |arguments: &[&str]| {
        let output = Command::new(arguments[0]).args(["-v", "error"]).args(&arguments[1..]).output();
        let output = output.expect("FFmpeg (scripts/test installs it)");
        assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let entries = "stream=codec_name,width,height,duration";
    let told = probe(&["ffprobe", "-show_entries", entries, "-of", "csv=p=0", file]);
    assert_eq!(told.trim_end(), "mjpeg,1280,720,5.000000");
    probe(&["ffmpeg", "-i", file, "-c", "copy", "-f", "image2", home.file("%d.jpg").to_str().unwrap()]);
    for number in 1..=3 {
        let extracted = fs::read(home.file(&format!("{number}.jpg"))).unwrap();
        let sent = camera.pictures().number_of(PictureDigest(Md5::digest(extracted).into()));
        assert!(sent.is_some(), "picture {number} is another one than the camera sent");
    }

    let connections = camera.log().connections;
    for command in [["record", "-o"], ["watch", "--h264"]] {
        let raw = home.file("shelf.h264");
        let refused = home.printcam(&[command[0], "shelf", command[1], raw.to_str().unwrap()]).expect(1);
        assert!(refused.stderr.contains("JPEG") && refused.stderr.contains("hint: "), "{}", refused.stderr);
        assert!(!raw.exists());
    }
    assert_eq!(camera.log().connections, connections, "known before anyone connects");
}
