//! The example in C: it compiles without a warning, does what it says, and leaks nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use printcam_sim::{Encryption, Footage, Options, Simulator};

/// Where cargo has put the library that this test was built with.
fn library_folder() -> PathBuf {
    let test = std::env::current_exe().expect("this program's path");
    let folder = test.parent().expect("a folder").to_owned();
    for library in ["libprintcam_ffi.a", "libprintcam_ffi.so"] {
        assert!(folder.join(library).exists(), "no {library} in {}", folder.display());
    }
    folder
}

fn run(command: &mut Command, needs: &str) -> Output {
    let ran = command.output().unwrap_or_else(|error| panic!("Debian's {needs} is needed: {error}"));
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{command:?}: {}\n{out}\n{err}", ran.status);
    ran
}

/// Compiles the example against the static or the shared library.
fn compile(name: &str, shared: bool, flags: &[&str]) -> PathBuf {
    let (source, libraries) = (Path::new(env!("CARGO_MANIFEST_DIR")), library_folder());
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut cc = Command::new("cc");
    cc.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-g"]).args(flags).arg("-I").arg(source.join("include"));
    cc.arg("-o").arg(&program).arg(source.join("examples/c/watch.c"));
    if shared {
        cc.arg("-L").arg(&libraries).arg("-lprintcam_ffi").arg(format!("-Wl,-rpath,{}", libraries.display()));
    } else {
        cc.arg(libraries.join("libprintcam_ffi.a"));
    }
    run(cc.args(["-lpthread", "-ldl", "-lm"]), "gcc");
    program
}

/// Watches a camera with it, by way of `before` and its arguments.
fn watch(program: &Path, before: &[&str]) {
    let options = Options { encryption: Encryption::None, footage: Footage::Canned, ..Options::default() };
    let camera = Simulator::start(options).expect("a camera");
    let picture = program.with_extension("jpg");
    std::fs::remove_file(&picture).ok();
    let mut command = match before {
        [] => Command::new(program),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(program);
            command
        }
    };
    // Nothing of whoever runs this is to be found or changed.
    command.env("PRINTCAM_STATE_DIR", env!("CARGO_TARGET_TMPDIR"));
    let ran = run(command.arg(camera.url_with_credentials()).arg(&picture), "valgrind");
    let said = String::from_utf8(ran.stdout).expect("UTF-8");
    for wanted in ["connecting (started)", "resized 64x64", "playing (media)", "answer", "packets"] {
        assert!(said.contains(wanted), "no {wanted}: {said}");
    }
    assert!(!said.contains("12345678"), "the code: {said}");
    assert!(std::fs::read(&picture).expect("a picture").starts_with(&[0xff, 0xd8, 0xff]), "no JPEG");
    assert!(camera.log().clients.iter().all(|client| client.teardown), "it has not left as it should");
}

#[test]
fn it_watches_a_camera() {
    watch(&compile("watch-static", false, &[]), &[]);
    watch(&compile("watch-shared", true, &[]), &[]);
}

#[test]
fn it_says_what_is_wrong() {
    let camera = Simulator::start(Options { encryption: Encryption::None, ..Options::default() }).expect("a camera");
    let program = compile("watch-wrong", false, &[]);
    let url = camera.url().replace("://", "://bblp:wrong@");
    let ran = Command::new(program).args([&url, "none.jpg"]).output().expect("it runs");
    let said = String::from_utf8(ran.stdout).expect("UTF-8");
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(said.contains("failed (authenticationFailed)") && said.contains("what to do: "), "{said}");
}

#[test]
fn address_and_leak_sanitizers_find_nothing() {
    watch(&compile("watch-asan", false, &["-fsanitize=address", "-fno-omit-frame-pointer"]), &[]);
}

#[test]
fn valgrind_finds_nothing() {
    // What is still reached at the end is the runtime, which lives as long as the process.
    let arguments =
        ["valgrind", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite,indirect"];
    watch(&compile("watch-valgrind", false, &[]), &arguments);
}
