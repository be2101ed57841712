//! An address and nothing else, with the camera on the port that printers have: in a network of its own (a network
//! namespace), since that port is privileged and may be taken. Fails with the reason where there can be none.
#![cfg(target_os = "linux")]

use std::process::Command;

use serde_json::Value;

use crate::program::Home;
use crate::secrets::{ACCESS_CODE, assert_no_secret};

/// The camera, `discover` and `snap` in a network where there is nothing else.
const SCRIPT: &str = r#"
    set -e
    ip link set lo up
    mkfifo "$FOLDER/url"
    timeout 60 "$PRINTCAM" sim --bind 127.0.0.1:322 --code "$PRINTCAM_CODE" >"$FOLDER/url" 2>"$FOLDER/sim.log" &
    read -r url <"$FOLDER/url"
    timeout 30 "$PRINTCAM" discover --subnet 127.0.0.1/30 --json --for 1s
    timeout 30 "$PRINTCAM" snap 127.0.0.1 -o "$FOLDER/picture.jpg"
    kill %1
"#;

#[test]
fn an_address_is_enough() {
    let home = Home::new();
    let folder = home.file("");
    let mut command = Command::new("unshare");
    command.args(unshare()).args(["bash", "-mc", SCRIPT]);
    command.env("PRINTCAM", env!("CARGO_BIN_EXE_printcam")).env("FOLDER", &folder).env("PRINTCAM_CODE", ACCESS_CODE);
    command.env("PRINTCAM_STATE_DIR", &folder).env("PRINTCAM_CONFIG", home.config()).env_remove("PRINTCAM_DISCOVERY");
    let output = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    assert_no_secret(stdout.as_bytes(), "standard output");
    assert_no_secret(stderr.as_bytes(), "standard error");

    let found: Value = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"));
    assert_eq!((&found["serial"], &found["model"]), (&"00M00A000000000".into(), &"X1 Carbon".into()));
    assert_eq!((&found["ports"][0]["port"], &found["ports"][0]["state"]), (&322.into(), &"open".into()));
    assert!(std::fs::read(home.file("picture.jpg")).unwrap().starts_with(b"\xff\xd8\xff"));
}

/// How a network of one's own is had here: as root, or as root of a user namespace.
fn unshare() -> &'static [&'static str] {
    let mut refused = String::new();
    for options in [&["--net"][..], &["--user", "--map-root-user", "--net"]] {
        match Command::new("unshare").args(options).arg("true").output() {
            Ok(output) if output.status.success() => return options,
            Ok(output) => refused += &String::from_utf8_lossy(&output.stderr),
            Err(error) => refused += &error.to_string(),
        }
    }
    panic!("no network namespace can be made here, and without one this cannot be tested: {refused}");
}
