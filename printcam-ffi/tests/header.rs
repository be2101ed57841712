//! `include/printcam.h` is what the source says, and compilers for C and C++ take it.

use std::fs;
use std::path::Path;
use std::process::Command;

/// C has no namespaces, and the enumerations' own names would make these long.
const SHORTER: [(&str, &str); 3] = [
    ("PRINTCAM_STATUS_", "PRINTCAM_"),
    ("PRINTCAM_EVENT_KIND_", "PRINTCAM_EVENT_"),
    ("PRINTCAM_ERROR_CODE_", "PRINTCAM_ERROR_"),
];

/// What comments call by Rust's names, and C by others.
const IN_C: [(&str, &str); 10] = [
    ("`Frame`", "`PRINTCAM_EVENT_FRAME`"),
    ("`NoPicture`", "`PRINTCAM_NO_PICTURE`"),
    ("`Resized`", "`PRINTCAM_EVENT_RESIZED`"),
    ("`StaleHandle`", "`PRINTCAM_STALE_HANDLE`"),
    ("`Stopped`", "`PRINTCAM_ERROR_STOPPED`"),
    ("`TimedOut`", "`PRINTCAM_TIMED_OUT`"),
    ("`TooMany`", "`PRINTCAM_TOO_MANY`"),
    ("`Unsupported`", "`PRINTCAM_UNSUPPORTED`"),
    ("[`PRINTCAM_ABI_VERSION`]", "`PRINTCAM_ABI_VERSION`"),
    ("# Safety", "The caller answers for this:"),
];

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn generated() -> String {
    let config = cbindgen::Config::from_file(folder().join("cbindgen.toml")).expect("the configuration");
    let header = cbindgen::Builder::new().with_crate(folder()).with_config(config).generate().expect("a header");
    let mut text = Vec::new();
    header.write(&mut text);
    let text = String::from_utf8(text).expect("UTF-8");
    SHORTER.iter().chain(&IN_C).fold(text, |text, (rust, c)| {
        assert!(text.contains(rust), "nothing is called {rust} any more");
        text.replace(rust, c)
    })
}

/// Names of Rust's that a reader of C would look for in vain.
#[test]
fn comments_use_the_names_of_c() {
    const KNOWN: [&str; 3] = ["CVPixelBufferRef", "NativeApi.postCObject", "UINT32_MAX"];
    let generated = generated();
    for line in generated.lines().filter(|line| line.trim_start().starts_with('*')) {
        assert!(!line.contains("# ") && !line.contains("[`") && !line.contains("::"), "{line}");
        for name in line.split('`').skip(1).step_by(2).filter(|name| name.starts_with(char::is_uppercase)) {
            // A constant, a type of the header, or somebody else's.
            let known = KNOWN.contains(&name) || generated.matches(name).count() > line.matches(name).count();
            assert!(known, "{name}: {line}");
        }
    }
}

#[test]
fn the_header_is_the_source_s() {
    let (path, generated) = (folder().join("include/printcam.h"), generated());
    if std::env::var_os("PRINTCAM_RENEW_HEADER").is_some() {
        fs::write(&path, &generated).expect("written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(generated.lines()).find(|(kept, generated)| kept != generated);
    assert!(kept == generated, "run this test with PRINTCAM_RENEW_HEADER=1 and commit the header; first: {differs:?}");
}

#[test]
fn compilers_take_it() {
    let header = folder().join("include/printcam.h");
    for (compiler, language, standard) in
        [("cc", "c", "-std=c11"), ("cc", "c", "-std=c99"), ("c++", "c++", "-std=c++17")]
    {
        let flags = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", standard, "-x", language];
        let ran = Command::new(compiler).args(flags).arg(&header).output();
        let ran = ran.unwrap_or_else(|error| panic!("{compiler} (Debian's g++) is needed: {error}"));
        assert!(ran.status.success(), "{compiler} {standard}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}
