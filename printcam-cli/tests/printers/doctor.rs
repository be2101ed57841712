//! `printcam doctor`: what it prints, what it ends with, and what it gives to strangers.

use std::io::Read;
use std::process::Command;

use printcam_sim::{AccessCode, Options, Personality, Simulator};
use serde_json::Value;

use crate::program::{Ended, Home, WRONG_CODE, camera, end};
use crate::reload::{SOON, plays};
use crate::secrets::{ACCESS_CODE, ACCESS_CODE_IN_URL, assert_no_secret};
use crate::simulated::interrupt;

/// Two seconds say as much as ten.
fn examine(home: &Home, arguments: &[&str], code: i32) -> Ended {
    home.printcam(&[&["doctor", "--for", "2s"], arguments].concat()).expect(code)
}

fn url(camera: &Simulator, code_in_url: &str) -> String {
    camera.url().replacen("://", &format!("://bblp:{code_in_url}@"), 1)
}

#[test]
fn a_camera_that_is_well() {
    let (home, camera) = (Home::new(), camera());
    let ended = examine(&home, &[&url(&camera, ACCESS_CODE_IN_URL)], 0);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    let steps = ["reach", "tls", "identity", "options", "describe", "access-code", "sdp", "setup", "play", "key-frame"];
    for step in steps.iter().chain(&["rtcp", "media", "goodbye"]) {
        assert_eq!(lines.iter().filter(|line| line.contains(&format!("  {step} "))).count(), 1, "{step}: {lines:#?}");
    }
    assert_eq!(lines.last(), Some(&"X1 Carbon 00M00A000000000: all is well."));
    let log = camera.log();
    assert_eq!((log.connections, log.clients[0].teardown), (1, true));
}

#[test]
fn what_is_wrong_decides_the_exit_code() {
    let home = Home::new();
    let x1c = camera();
    let ended = examine(&home, &[&url(&x1c, WRONG_CODE)], 4);
    assert!(ended.stdout.contains("bad   access-code"), "{}", ended.stdout);
    assert!(ended.stdout.contains("hint: Read the access code anew"), "{}", ended.stdout);
    assert_eq!(ended.stderr, "", "the diagnosis stands in the report");

    let off = Simulator::start(Options { access_code: AccessCode::from(ACCESS_CODE), ..Options::of(Personality::H2d) });
    let off = off.unwrap();
    examine(&home, &[&url(&off, ACCESS_CODE_IN_URL)], 3);
    // With its model known, it is the live view.
    let address = off.addr();
    std::fs::create_dir_all(home.config().parent().unwrap()).unwrap();
    let entry = format!("[printers.cellar]\naddress = \"{address}\"\nmodel = \"O1D\"\ncode = \"{ACCESS_CODE}\"\n");
    std::fs::write(home.config(), entry).unwrap();
    let ended = examine(&home, &["cellar"], 5);
    assert!(ended.stdout.contains("LAN Mode Liveview"), "{}", ended.stdout);
}

#[test]
fn an_address_without_a_code_is_examined_too() {
    let (home, camera) = (Home::new(), camera());
    // Standard input is empty: there is nobody to ask.
    let ended = examine(&home, &[&format!("127.0.0.1:{}", camera.addr().port())], 4);
    assert!(ended.stdout.contains("none were given"), "{}", ended.stdout);
}

#[test]
fn a_camera_that_another_run_watches_is_left_in_peace() {
    let (home, camera) = (Home::new(), camera());
    let address = url(&camera, ACCESS_CODE_IN_URL);
    let watching = home.printcam(&["watch", &address]).start();
    assert!(camera.wait_for(SOON, plays), "{:?}", camera.log());
    let ended = examine(&home, &[&address], 3);
    assert!(ended.stderr.contains("watches rtsps://") && ended.stderr.contains("process "), "{}", ended.stderr);
    assert_eq!(camera.log().connections, 1, "not disturbed");
    interrupt(&watching);
    assert_eq!(end(watching).code, Some(0));
    examine(&home, &[&address], 0);
}

#[test]
fn as_json() {
    let (home, camera) = (Home::new(), camera());
    let ended = examine(&home, &["--json", &url(&camera, ACCESS_CODE_IN_URL)], 0);
    let report: Value = serde_json::from_str(&ended.stdout).expect("one object");
    assert_eq!((&report["diagnosis"], &report["model"]), (&"well".into(), &"X1 Carbon".into()));
    assert_eq!((&report["serial"], &report["advice"]), (&"00M00A000000000".into(), &Value::Null));
    let checks = report["checks"].as_array().unwrap();
    let media = checks.iter().find(|check| check["step"] == "media").unwrap();
    assert_eq!(media["verdict"], "ok");
    assert!(checks[0]["took_ms"].is_number());
}

#[test]
fn the_bundle_holds_the_log_and_no_secret() {
    let (home, camera) = (Home::new(), camera());
    let file = home.file("bundle.tar.gz");
    let bundle = format!("--bundle={}", file.display());
    let ended = examine(&home, &[&bundle, &url(&camera, ACCESS_CODE_IN_URL)], 0);
    assert!(ended.stderr.contains("fit for a bug report"), "{}", ended.stderr);
    let listing = Command::new("tar").arg("-tzf").arg(&file).output().unwrap();
    let names = ["report.txt", "report.json", "log.txt", "system.txt"].map(|name| format!("printcam-doctor/{name}\n"));
    assert_eq!(String::from_utf8_lossy(&listing.stdout), names.concat());

    let mut everything = String::new();
    let mut unpacked =
        Command::new("tar").arg("-xzOf").arg(&file).stdout(std::process::Stdio::piped()).spawn().unwrap();
    unpacked.stdout.take().unwrap().read_to_string(&mut everything).unwrap();
    unpacked.wait().unwrap();
    assert_no_secret(everything.as_bytes(), "the bundle");
    assert!(!everything.contains("00M00A000000000"), "the serial number is in it:\n{everything}");
    for part in ["all is well", "\"diagnosis\": \"well\"", "> DESCRIBE rtsps://", "< 401", "a=control:track1"] {
        assert!(everything.contains(part), "{part:?} is not in it:\n{everything}");
    }
}
