//! `printcam sim` as others use it: every model's picture, scenarios, what is wrong with an argument, the log.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpStream, UdpSocket};
use std::process::{Child, ChildStdout, Command};
use std::time::{Duration, Instant};

use printcam_sim::{Announce, Options, Simulator};
use serde_json::{Value, json};

use crate::program::{Ended, Home, end};
use crate::secrets::{ACCESS_CODE, ACCESS_CODE_IN_URL, assert_no_secret};

/// A running `printcam sim`, told to end when dropped.
struct Sim {
    child: Option<Child>,
    /// Kept, so that nothing is written to a closed pipe.
    _stdout: BufReader<ChildStdout>,
    url: String,
}

impl Sim {
    fn start(home: &Home, arguments: &[&str]) -> Sim {
        let mut child = home.printcam(&[&["sim"], arguments].concat()).start();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut url = String::new();
        stdout.read_line(&mut url).unwrap();
        let url = url.trim_end().to_owned();
        if url.is_empty() {
            panic!("{arguments:?}: {}", end(child).stderr);
        }
        Sim { child: Some(child), _stdout: stdout, url }
    }

    fn stop(mut self) -> Ended {
        let child = self.child.take().unwrap();
        interrupt(&child);
        end(child)
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.child.as_ref().map(interrupt);
    }
}

pub(crate) fn interrupt(child: &Child) {
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
}

fn lines_of(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// Of the events with this name, one value each.
fn all<'a>(lines: &'a [Value], event: &str, key: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == event).map(|line| &line[key]).collect()
}

#[test]
fn every_model_shows_its_picture() {
    let home = Home::new();
    let models: [(&[&str], _, _); 7] = [
        (&["--printer", "x1c"], "rtsps://", "1168x720"),
        (&["--printer", "p2s"], "rtsps://", "1920x1080"),
        (&["--printer", "p2s-0102"], "rtsps://", "1920x1080"),
        (&["--printer", "h2c"], "rtsps://", "1680x1080"),
        (&["--printer", "h2d", "--live-view"], "rtsps://", "1680x1080"),
        (&["--printer", "p1s"], "jpegs://", "1280x720"),
        (&["--printer", "a1"], "jpegs://", "1536x1080"),
    ];
    let started = models.map(|(arguments, scheme, size)| {
        let sim = Sim::start(&home, &[arguments, &["--code", ACCESS_CODE]].concat());
        assert!(sim.url.starts_with(&format!("{scheme}bblp:{ACCESS_CODE_IN_URL}@")), "{arguments:?}");
        let file = home.file(&format!("{}.jpg", arguments[1]));
        let snap = home.printcam(&["snap", &sim.url, "-o", file.to_str().unwrap()]).start();
        (arguments, size, sim, file, snap)
    });
    for (arguments, size, sim, file, snap) in started {
        let taken = end(snap);
        assert!(taken.code == Some(0) && taken.stderr.contains(size), "{arguments:?}: {}", taken.stderr);
        assert!(fs::read(file).unwrap().starts_with(b"\xff\xd8\xff"), "{arguments:?}");
        assert_eq!(sim.stop().code, Some(0), "{arguments:?}");
    }
}

#[test]
fn without_its_live_view_an_h2d_refuses_and_says_so() {
    let home = Home::new();
    let sim = Sim::start(&home, &["--printer", "h2d"]);
    let refused = home.printcam(&["snap", &sim.url, "-o", "-"]).expect(3);
    assert!(refused.stderr.contains("refused the connection"), "{}", refused.stderr);
    let ended = sim.stop();
    assert!(ended.stderr.contains("live view is off") && ended.stderr.contains("--live-view"), "{}", ended.stderr);
}

#[test]
fn a_scenario_plays_and_what_is_wrong_is_one_sentence() {
    let home = Home::new();
    let file = home.file("story.toml");
    let path = file.to_str().unwrap();
    fs::write(
        &file,
        "printer = \"h2d\"\nlive-view = true\nhabits = false\ncode = \"00000001\"\nfaults = [\"refuse-udp\"]",
    )
    .unwrap();
    let log = home.file("sim.log");
    let log = log.to_str().unwrap();
    let sim = Sim::start(&home, &["--scenario", path, "--fault", "large-replies", "--log", log]);
    assert!(sim.url.starts_with("rtsps://bblp:00000001@"), "{}", sim.url);
    let taken = home.printcam(&["snap", &sim.url, "-o", "-"]).expect(0);
    assert!(taken.stderr.contains("1680x1080"), "{}", taken.stderr);
    sim.stop();
    let text = fs::read_to_string(log).unwrap();
    assert_eq!(all(&lines_of(&text), "started", "faults"), [&json!(["refuse-udp", "large-replies=70000"])]);

    for (text, want) in [
        ("printer = \"h2c\"\n\n[[at", "line 3: "),
        ("printer = \"x2c\"", "no printer 'x2c'"),
        ("[[at]]\ntime = \"5s\"\nfaults = [\"stal\"]", "no fault is called 'stal'; perhaps 'stall'"),
        ("faults = [\"earthquake\"]", "printcam sim --help"),
        ("printr = \"h2c\"", "no 'printr'"),
        ("serial = \"x\"", "'serial' takes 15 letters and digits"),
    ] {
        fs::write(&file, text).unwrap();
        let refused = home.printcam(&["sim", "--scenario", path]).expect(2);
        assert!(refused.stdout.is_empty());
        let lines: Vec<&str> = refused.stderr.lines().collect();
        let [sentence, hint] = lines[..] else { panic!("{text}: {}", refused.stderr) };
        assert!(sentence.contains(path) && sentence.contains(want) && hint.starts_with("hint: "), "{text}: {lines:?}");
    }
}

#[test]
fn arguments_that_cannot_be_are_refused_in_a_sentence() {
    let home = Home::new();
    let rows: [(&[&str], _, _); 5] = [
        (&["--serial", "short"], 2, "15 letters and digits"),
        (&["--plain", "--printer", "p1s"], 2, "the camera of the P1S is reached by TLS only"),
        (&["--plain", "--printer", "a1"], 2, "the camera of the A1 is reached by TLS only"),
        // Nobody is told an address whose log there is not.
        (&["--log", "no-folder/sim.log"], 1, "no-folder/sim.log: "),
        (&["--bind", "192.0.2.1:0"], 1, "camera on 192.0.2.1:0: "),
    ];
    for (arguments, code, want) in rows {
        let refused = home.printcam(&[&["sim"], arguments].concat()).expect(code);
        assert!(refused.stdout.is_empty(), "{arguments:?}");
        assert!(refused.stderr.contains(want) && !refused.stderr.contains("panicked"), "{}", refused.stderr);
    }
}

#[test]
fn what_means_nothing_to_a_model_is_said() {
    let home = Home::new();
    let file = home.file("story.toml");
    let turn = "printer = \"a1\"\n[[at]]\ntime = \"1h\"\nfaults = [\"csrc\"]";
    fs::write(&file, turn).unwrap();
    let rows: [(&[&str], _); 4] = [
        (
            &["--printer", "p1s", "--fault", "no-marker=0.1", "--fault", "stall"],
            &["no-marker means nothing to a P1S"][..],
        ),
        (
            &["--printer", "x1c", "--fault", "large-jpeg", "--fault", "large-jpeg"],
            &["large-jpeg means nothing to an X1C"],
        ),
        (&["--scenario", file.to_str().unwrap()], &["csrc means nothing to an A1"]),
        (&["--printer", "h2c", "--fault", "no-marker"], &[]),
    ];
    for (arguments, want) in rows {
        let ended = Sim::start(&home, arguments).stop();
        let said: Vec<&str> = ended.stderr.lines().filter(|line| line.contains("means nothing")).collect();
        assert_eq!(said, want, "{arguments:?}");
    }
}

#[test]
fn an_unknown_fault_points_to_the_help_which_has_them_all() {
    let home = Home::new();
    for (fault, want) in [("no-markers=0.1", "perhaps 'no-marker'"), ("earthquake", "no fault is called 'earthquake'")]
    {
        let refused = home.printcam(&["sim", "--fault", fault]).expect(2);
        assert!(refused.stderr.contains(want) && refused.stderr.contains("--help"), "{}", refused.stderr);
    }
    for columns in ["60", "200"] {
        let help = home.printcam(&["sim", "--help"]).env("COLUMNS", columns).expect(0).stdout;
        assert!(help.lines().any(|line| line.len() > 50) && help.lines().all(|line| line.len() <= 100), "{help}");
        // Where a line ends is the terminal's matter.
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for (fault, meaning) in printcam_sim::Fault::catalogue() {
            assert!(help.contains(&format!("{fault} {meaning}")), "{columns} columns: {fault}");
        }
    }
}

#[test]
fn the_log_tells_what_a_client_did() {
    let home = Home::new();
    let file = home.file("sim.log");
    let sim = Sim::start(&home, &["--code", ACCESS_CODE, "--fault", "no-marker=0.1", "--log", file.to_str().unwrap()]);
    home.printcam(&["snap", &sim.url, "-o", "-"]).expect(0);
    // What the client has sent last is read soon.
    let late = Instant::now() + Duration::from_secs(20);
    while !fs::read_to_string(&file).unwrap().contains("\"ended\"") && Instant::now() < late {
        std::thread::yield_now();
    }
    sim.stop();
    let text = fs::read_to_string(file).unwrap();
    assert_no_secret(text.as_bytes(), "the log");
    let lines = lines_of(&text);
    assert_eq!(all(&lines, "started", "faults"), [&json!(["no-marker=0.1"])]);
    assert_eq!(all(&lines, "connected", "client"), [1]);
    assert_eq!(all(&lines, "tls", "client"), [1]);
    let requests = ["OPTIONS", "DESCRIBE", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"];
    assert_eq!(all(&lines, "request", "method"), requests);
    assert_eq!(all(&lines, "request", "status"), [200, 401, 200, 200, 200, 200]);
    assert_eq!(all(&lines, "request", "cseq"), [1, 2, 3, 4, 5, 6]);
    let path = |uri: &&Value| uri.as_str().is_some_and(|uri| uri.contains("/streaming/live/1"));
    assert!(all(&lines, "request", "uri").iter().all(path), "{text}");
    assert_eq!(all(&lines, "fault", "fault"), ["no-marker"]);
    let told = all(&lines, "report", "extended_highest_sequence_number");
    assert!(told.iter().any(|number| number.as_u64() > Some(0)), "{text}");

    let [.., ended] = &lines[..] else { panic!("{text}") };
    for (key, want) in [("event", json!("ended")), ("ending", json!("clean")), ("teardown", json!(true))] {
        assert_eq!(ended[key], want, "{key}");
    }
    assert!(ended["rtp_packets"].as_u64() > Some(0) && ended["at"].as_f64() > lines[1]["at"].as_f64(), "{ended}");
}

#[test]
fn the_log_of_a_jpeg_camera_goes_to_standard_output_up_to_the_end() {
    let home = Home::new();
    let mut child = home.printcam(&["sim", "--printer", "a1", "--log", "-"]).start();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut url = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut url).unwrap();
    home.printcam(&["snap", url.trim_end(), "-o", "-"]).expect(0);
    let _there_at_the_end = TcpStream::connect(url.trim_end().rsplit('@').next().unwrap()).unwrap();
    let mut text = String::new();
    while text.matches("\"connected\"").count() < 2 {
        assert!(stdout.read_line(&mut text).unwrap() > 0, "{text}");
    }
    interrupt(&child);
    stdout.read_to_string(&mut text).unwrap();
    assert_eq!(end(child).code, Some(0), "{text}");
    let lines = lines_of(&text);
    assert_eq!(all(&lines, "login", "outcome"), ["accepted"]);
    assert_eq!(all(&lines, "ended", "ending"), ["clean", "by-camera"], "{text}");
    assert!(all(&lines, "ended", "jpeg_pictures")[0].as_u64() > Some(0), "{text}");
}

#[test]
fn every_form_of_announcement_is_understood() {
    let home = Home::new();
    let forms = [
        ("full", json!({"name": "Garage", "model": "H2C", "bind": "free", "signal": null})),
        ("older-address", json!({"name": "Garage", "address": "127.0.0.2", "advertised": null})),
        ("signal", json!({"name": "Garage", "signal": -45})),
        ("lower-case", json!({"name": "Garage", "model": "H2C", "version": "01.02.00.00"})),
        ("cloud", json!({"connect": "cloud", "bind": "occupied"})),
        ("bare", json!({"name": null, "model_code": null})),
    ];
    let started = forms.map(|(form, want)| {
        // Free a moment ago; nobody else is likely to take it.
        let to = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let every = Duration::from_millis(50);
        let announce = Announce { to, every, name: "Garage".into(), ..Announce::default() };
        let faults = vec![format!("announcement={form}").parse().unwrap()];
        // Announcements come from there too, so that printers of one computer are told apart.
        let bind = ([127, 0, 0, 2], 0).into();
        let options = Options { announce: Some(announce), faults, bind, ..Options::of("h2c".parse().unwrap()) };
        let printer = Simulator::start(options).expect("a free port");
        let discover = home.printcam(&["discover", "--json", "--for", "2s"]);
        (form, want, printer, discover.env("PRINTCAM_DISCOVERY", &to.to_string()).start())
    });
    for (form, want, _printer, discover) in started {
        let ended = end(discover);
        let found = lines_of(&ended.stdout);
        let [found] = &found[..] else { panic!("{form}: {} {}", ended.stdout, ended.stderr) };
        assert_eq!(found["serial"], "31B00A000000000", "{form}");
        for (key, want) in want.as_object().unwrap() {
            assert_eq!(&found[key], want, "{form}: {key}");
        }
    }
}
