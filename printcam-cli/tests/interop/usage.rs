//! Command lines that cannot be meant: exit code 2, an explanation on standard error, nothing on standard output.

use crate::program::{State, exit, url};

#[test]
fn wrong_command_lines() {
    let url = url("rtsps", "127.0.0.1", 322);
    let wrong_scheme = url.replace("rtsps", "rtps");
    let rows: [&[&str]; 14] = [
        &["wach", &url],
        &["snap"],
        &["snap", &url],
        &["snap", "-o", "-"],
        &["snap", &url, "-o", "-", "--format", "png"],
        &["snap", &url, "-o", "-", "--transport", "carrier-pigeon"],
        &["snap", &url, "-o", "-", "--timeout", "soon"],
        &["snap", &url, "-o", "-", "--trust", "everyone"],
        &["snap", &url, "-o", "-", "--trust", "pin:123"],
        &["snap", &url, "-o", "-", "--no-such-option"],
        &["snap", &url, &url, "-o", "-"],
        &["snap", &wrong_scheme, "-o", "-"],
        &["snap", "rtsps://", "-o", "-"],
        &["watch"],
    ];
    for row in rows {
        let outcome = State::new().run(row);
        assert_eq!(outcome.code, Some(exit::USAGE), "{row:?}: {}", outcome.stderr);
        assert!(outcome.stdout.is_empty() && !outcome.stderr.is_empty(), "{row:?}");
    }
}

#[test]
fn help_and_version_go_to_standard_output() {
    for row in [["--help"], ["--version"]] {
        let outcome = State::new().run(&row).expect(exit::OK);
        assert!(!outcome.stdout.is_empty() && outcome.stderr.is_empty(), "{row:?}");
    }
}
