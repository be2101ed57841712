//! The rules of the session under a clock of the test's own.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::*;
use crate::digest::authorization;
use crate::fault::Fault;
use crate::log::SharedLog;
use crate::options::{AccessCode, Options, SecondClient, Udp};
use crate::personality::Personality;
use crate::place::Place;

const URI: &str = "rtsps://127.0.0.1:322/streaming/live/1";

fn with_fault(text: &str) -> Options {
    Options { faults: vec![text.parse().expect(text)], ..Options::default() }
}

/// A session, its surroundings and a clock.
struct Scenario {
    session: Session,
    log: SharedLog,
    id: u64,
    start: Instant,
    /// When outputs are asked for.
    clock: Instant,
    session_header: String,
    challenge: String,
    frame: u64,
}

impl Scenario {
    fn new(options: Options) -> Scenario {
        Scenario::beside(options, &Place::default(), Instant::now())
    }

    /// One more client of the same camera.
    fn beside(options: Options, place: &Place, start: Instant) -> Scenario {
        let log = SharedLog::default();
        let mut client = log.connected((Ipv4Addr::LOCALHOST, 5).into(), start, start);
        // Ids differ between clients that share a place.
        client.id += options.seed;
        let id = client.id;
        let timeline = Timeline::new(&options.faults, options.seed, start, start);
        let around = Surroundings {
            options,
            place: place.clone(),
            log: client,
            local: Ipv4Addr::LOCALHOST.into(),
            peer: Ipv4Addr::new(127, 0, 0, 2).into(),
            server_ports: Some([6970, 6971]),
            started: (start, SystemTime::UNIX_EPOCH + Duration::from_secs(1_723_111_495)),
        };
        Scenario {
            session: Session::new(Personality::X1c.facts().rtsp().expect("RTSP"), around, timeline),
            log,
            id,
            start,
            clock: start,
            session_header: String::new(),
            challenge: String::new(),
            frame: 0,
        }
    }

    /// Sends a request at `seconds` with credentials for `code`; gives status and whole response.
    fn ask(&mut self, seconds: f64, method: &str, uri: &str, headers: &str) -> (u16, String) {
        let mut text = format!("{method} {uri} RTSP/1.0\nCSeq: 9\n{headers}");
        if !self.challenge.is_empty() {
            let header = authorization(&self.challenge, "12345678", method, uri);
            text.push_str(&format!("Authorization: {header}\n"));
        }
        if !self.session_header.is_empty() {
            text.push_str(&format!("Session: {}\n", self.session_header));
        }
        let request = Request::for_test(&format!("{text}\n"));
        self.session.handle_request(&request, self.at(seconds));
        let outputs = self.outputs();
        let reply = outputs.iter().find_map(|output| match output {
            Output::Reply(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        });
        let reply = reply.unwrap_or_default();
        let status = reply.get(9..12).and_then(|status| status.parse().ok());
        (status.unwrap_or(0), reply)
    }

    fn at(&self, seconds: f64) -> Instant {
        self.start + Duration::from_secs_f64(seconds)
    }

    fn outputs(&mut self) -> Vec<Output> {
        core::iter::from_fn(|| self.session.poll_output(self.clock)).collect()
    }

    /// Up to SETUP; gives its status.
    fn set_up(&mut self, transport: &str) -> u16 {
        let (status, reply) = self.ask(0.0, "DESCRIBE", URI, "");
        assert_eq!(status, 401);
        self.challenge = header(&reply, "WWW-Authenticate");
        let (status, _) = self.ask(0.0, "DESCRIBE", URI, "");
        if status != 200 {
            return status;
        }
        let transport = format!("Transport: {transport}\n");
        let (status, reply) = self.ask(0.0, "SETUP", &format!("{URI}/track1"), &transport);
        if status == 200 {
            self.session_header = header(&reply, "Session").split(';').next().unwrap().into();
        }
        status
    }

    fn play(options: Options) -> Scenario {
        let mut scenario = Scenario::new(options);
        scenario.start_playing();
        scenario
    }

    fn start_playing(&mut self) {
        assert_eq!(self.set_up(TCP), 200);
        assert_eq!(self.ask(0.0, "PLAY", URI, "").0, 200);
    }

    /// Offers a picture; says whether it was sent.
    fn picture(&mut self, seconds: f64, key: bool) -> bool {
        self.frame += 1;
        let unit =
            AccessUnit { ticks: self.frame * 3000, key, nal_units: vec![vec![if key { 0x65 } else { 0x41 }; 100]] };
        self.session.handle_access_unit(&unit, self.at(seconds));
        !self.outputs().is_empty()
    }

    fn receiver_report(&mut self, seconds: f64) {
        let report = b"\x80\xc9\x00\x01\x00\x00\x00\x07";
        self.session.handle_interleaved(1, report, self.at(seconds));
    }

    /// The timer's outputs at `seconds`, by RTCP packet type.
    fn tick(&mut self, seconds: f64) -> Vec<u8> {
        self.session.handle_tick(self.at(seconds));
        let outputs = self.outputs();
        let kinds = outputs.iter().map(|output| match output {
            Output::Media(bytes) => bytes[5],
            other => panic!("{other:?}"),
        });
        kinds.collect()
    }

    fn record(&self) -> crate::ClientRecord {
        self.log.snapshot().clients.remove(0)
    }
}

fn header(reply: &str, name: &str) -> String {
    let line = reply.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name} in {reply}")).to_owned()
}

const TCP: &str = "RTP/AVP/TCP;unicast;interleaved=0-1";
const SENDER_REPORT: u8 = 200;
const BYE: u8 = 203;

#[test]
fn video_stops_without_receiver_reports_and_resumes_at_a_key_frame() {
    let mut scenario = Scenario::play(Options::default());
    assert!(!scenario.picture(0.01, false), "first of all a key frame");
    assert!(scenario.picture(0.1, true));
    assert!(scenario.picture(1.7, false));
    assert!(!scenario.picture(1.9, false), "no report for 1.8 s");
    scenario.receiver_report(2.5);
    assert!(!scenario.picture(2.6, false), "its reference was never sent");
    assert!(scenario.picture(2.7, true));
    assert!(scenario.picture(4.2, false));
    assert!(!scenario.picture(4.4, true), "again none for 1.8 s");
}

#[test]
fn reports_are_not_needed_where_switched_off() {
    let mut scenario = Scenario::play(with_fault("without-reports"));
    assert!(scenario.picture(9.0, true));
}

#[test]
fn a_session_lives_ten_seconds_after_any_sign_of_life() {
    let mut scenario = Scenario::play(Options::default());
    assert_eq!(scenario.tick(9.9), [SENDER_REPORT]);
    assert_eq!(scenario.ask(9.9, "GET_PARAMETER", URI, "").0, 200);
    assert_eq!(scenario.tick(19.0), [SENDER_REPORT]);
    scenario.receiver_report(19.8);
    assert_eq!(scenario.ask(29.0, "OPTIONS", URI, "").0, 200);
    scenario.tick(38.9);
    assert_eq!(scenario.session.next_deadline(scenario.at(39.5)), Some(scenario.at(39.0)));
    assert_eq!(scenario.tick(39.0), [BYE]);
    assert!(scenario.record().expired);
    assert_eq!(scenario.ask(39.1, "GET_PARAMETER", URI, "").0, 454);
    assert_eq!(scenario.session.next_deadline(scenario.at(39.5)), None);
}

#[test]
fn sender_reports_come_every_five_seconds() {
    let mut scenario = Scenario::play(Options::default());
    for (seconds, want) in [(4.9, &[][..]), (5.0, &[SENDER_REPORT]), (5.1, &[]), (10.0, &[SENDER_REPORT])] {
        scenario.receiver_report(seconds);
        assert_eq!(scenario.tick(seconds), want, "{seconds} s");
    }
}

#[test]
fn media_overtakes_the_response_to_play() {
    let mut scenario = Scenario::new(Options::default());
    assert_eq!(scenario.set_up(TCP), 200);
    let uri = format!("{URI}/");
    let authorization = authorization(&scenario.challenge, "12345678", "PLAY", &uri);
    let request = Request::for_test(&format!(
        "PLAY {uri} RTSP/1.0\nCSeq: 5\nSession: {}\nAuthorization: {authorization}\n\n",
        scenario.session_header
    ));
    let now = scenario.at(0.0);
    scenario.session.handle_request(&request, now);
    let outputs = scenario.outputs();
    let [Output::Media(reports), Output::Media(sets), Output::Reply(reply)] = &outputs[..] else {
        panic!("{outputs:?}");
    };
    // SR of 28 bytes, SDES with the model's code.
    assert_eq!(reports[..8], [b'$', 1, 0, 48, 0x80, SENDER_REPORT, 0, 6]);
    assert_eq!(reports[32..34], [0x81, 202]);
    assert_eq!(reports[40..49], *b"\x01\x07BL-P001");
    // SPS and PPS in packets of their own, without marker.
    assert_eq!(sets[..6], [b'$', 0, 0, 37, 0x80, 0x60]);
    assert_eq!(sets[41..47], [b'$', 0, 0, 16, 0x80, 0x60]);
    let number = u16::from_be_bytes([sets[6], sets[7]]);
    let timestamp = u32::from_be_bytes([sets[8], sets[9], sets[10], sets[11]]);
    assert_eq!(
        String::from_utf8_lossy(reply),
        format!(
            "RTSP/1.0 200 OK\r\nCSeq: 5\r\nDate: Thu, Aug 08 2024 10:04:55 GMT\r\n\
             Range: npt=0.000-\r\nSession: {}\r\nRTP-Info: \
             url=rtsps://127.0.0.1/streaming/live/1/track1;seq={number};rtptime={timestamp}\r\n\r\n",
            scenario.session_header
        )
    );
}

#[test]
fn timestamps_go_by_the_cameras_time_and_agree_with_sender_reports() {
    let mut scenario = Scenario::new(with_fault("without-reports"));
    assert_eq!(scenario.set_up(TCP), 200);
    let (_, reply) = scenario.ask(0.0, "PLAY", URI, "");
    let first: u32 = reply.split("rtptime=").nth(1).unwrap().trim().parse().unwrap();
    let mut timestamp = |seconds: f64, ticks| {
        let unit = AccessUnit { ticks, key: true, nal_units: vec![vec![0x65]] };
        let now = scenario.at(seconds);
        scenario.session.handle_access_unit(&unit, now);
        let outputs = scenario.outputs();
        let [Output::Media(bytes)] = &outputs[..] else {
            panic!("{outputs:?}");
        };
        u32::from_be_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]).wrapping_sub(first)
    };
    assert_eq!(timestamp(0.02, 777_000), 1800, "20 ms after PLAY");
    assert_eq!(timestamp(0.06, 780_000), 4800, "sent late, taken in time");
    let now = scenario.at(5.0);
    scenario.session.handle_tick(now);
    let outputs = scenario.outputs();
    let [Output::Media(report)] = &outputs[..] else {
        panic!("{outputs:?}");
    };
    let reported = u32::from_be_bytes([report[20], report[21], report[22], report[23]]);
    assert_eq!(reported.wrapping_sub(first), 450_000);
    assert_eq!(report[24..28], 4_u32.to_be_bytes(), "SPS, PPS and two pictures");
}

#[test]
fn set_up_is_for_the_track() {
    for (uri, transport, want) in [
        (format!("{URI}/track1"), TCP, 200),
        (URI.to_owned(), TCP, 405),
        (format!("{URI}/"), TCP, 405),
        (format!("{URI}/*"), TCP, 405),
        (format!("{URI}/track2"), TCP, 404),
        ("rtsps://127.0.0.1/streaming/live/2/track1".to_owned(), TCP, 404),
        (format!("{URI}/track1"), "RTP/AVP;multicast", 461),
    ] {
        let mut scenario = Scenario::new(Options::default());
        let (_, reply) = scenario.ask(0.0, "DESCRIBE", URI, "");
        scenario.challenge = header(&reply, "WWW-Authenticate");
        let transport = format!("Transport: {transport}\n");
        assert_eq!(scenario.ask(0.0, "SETUP", &uri, &transport).0, want, "{uri} {transport}");
    }
}

#[test]
fn udp_is_allowed_or_refused() {
    let offer = "RTP/AVP;unicast;client_port=5000-5001";
    for refusing in [Options { udp: Udp::Refuse, ..Options::default() }, with_fault("refuse-udp")] {
        assert_eq!(Scenario::new(refusing).set_up(offer), 461);
    }

    let mut scenario = Scenario::new(Options::default());
    assert_eq!(scenario.set_up(offer), 200);
    scenario
        .session
        .handle_request(&Request::for_test("PLAY rtsps://h/streaming/live/1 RTSP/1.0\nCSeq: 1\n\n"), scenario.start);
    assert_eq!(scenario.record().requests.last().unwrap().status, Some(401), "credentials stay due");
    scenario.outputs();
    let (_, reply) = scenario.ask(0.0, "DESCRIBE", URI, "");
    scenario.challenge = header(&reply, "WWW-Authenticate");
    assert_eq!(scenario.ask(0.0, "PLAY", URI, "").0, 200);
    let unit = AccessUnit { ticks: 0, key: true, nal_units: vec![vec![0x65; 2000]] };
    scenario.session.handle_access_unit(&unit, scenario.start);
    let sent: Vec<_> = scenario
        .outputs()
        .into_iter()
        .map(|output| match output {
            Output::Datagram { rtcp, port, bytes } => (rtcp, port, bytes.len()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(sent, [(false, 5000, 1452), (false, 5000, 12 + 2 + 1999 - 1438)]);
}

#[test]
fn a_star_names_no_stream() {
    for (options, method, want) in [
        (Options::default(), "OPTIONS", 200),
        (Options::default(), "SETUP", 405),
        (with_fault("refuse-star"), "OPTIONS", 405),
    ] {
        let mut scenario = Scenario::new(options);
        let (_, reply) = scenario.ask(0.0, "DESCRIBE", URI, "");
        scenario.challenge = header(&reply, "WWW-Authenticate");
        assert_eq!(scenario.ask(0.0, method, "*", "").0, want, "{method}");
        assert_eq!(scenario.ask(0.0, "OPTIONS", URI, "").0, 200, "{method}");
    }
}

#[test]
fn the_code_is_really_checked() {
    let options = Options { access_code: AccessCode::from("87654321"), ..Options::default() };
    let mut scenario = Scenario::new(options);
    let (_, reply) = scenario.ask(0.0, "DESCRIBE", URI, "");
    scenario.challenge = header(&reply, "WWW-Authenticate");
    let (status, reply) = scenario.ask(0.0, "DESCRIBE", URI, "");
    assert_eq!(status, 401);
    assert_ne!(header(&reply, "WWW-Authenticate"), scenario.challenge, "a new nonce");
}

#[test]
fn a_second_client_is_refused_starved_or_kicks() {
    for (policy, options) in [
        (SecondClient::Refuse, with_fault("second-client=refuse")),
        (SecondClient::Starve, with_fault("second-client=starve")),
        (SecondClient::KickFirst, with_fault("second-client=kick")),
        (SecondClient::KickFirst, Options { second_client: SecondClient::KickFirst, ..Options::default() }),
    ] {
        let place = Place::default();
        let start = Instant::now();
        let mut first = Scenario::beside(options.clone(), &place, start);
        first.start_playing();
        let mut second = Scenario::beside(Options { seed: 1, ..options }, &place, start);
        if policy == SecondClient::Refuse {
            assert_eq!(second.set_up(TCP), 453);
            first.session.handle_end(None, start);
            second.challenge.clear();
            assert_eq!(second.set_up(TCP), 200, "the place is free again");
            continue;
        }
        second.start_playing();
        let starves = policy == SecondClient::Starve;
        assert_eq!(second.picture(0.1, true), !starves, "{policy:?}");
        let unit = AccessUnit { ticks: 0, key: true, nal_units: vec![vec![0x65]] };
        first.session.handle_access_unit(&unit, start);
        let closed = first.outputs().contains(&Output::Close(Farewell::Orderly));
        assert_eq!(closed, !starves, "{policy:?}");
    }
}

#[test]
fn an_unclean_end_can_wedge_the_camera() {
    // Faults; whether the first client leaves as it should; what the next one gets after 60 s, and a third after 61 s.
    for (faults, clean, want) in [
        ("wedge=60s", true, [200, 200]),
        ("wedge=60s", false, [453, 200]),
        ("wedge=60s second-client=kick", false, [453, 200]),
        ("wedge=60s second-client=starve", false, [453, 200]),
        ("wedge=1h restart=5s@60500ms", false, [453, 200]),
        ("wedge=1h restart=5s/60500ms", false, [453, 200]),
        ("wedge=1h restart=5s@500ms", false, [453, 453]),
    ] {
        let faults: Vec<Fault> = faults.split(' ').map(|text| text.parse().expect(text)).collect();
        let options = Options { faults, ..Options::default() };
        let place = Place::default();
        let mut first = Scenario::beside(options.clone(), &place, Instant::now());
        first.start_playing();
        if clean {
            assert_eq!(first.ask(1.0, "TEARDOWN", URI, "").0, 200);
        }
        assert_eq!(first.record().teardown, clean);
        let end = first.at(1.0);
        first.session.handle_end(None, end);
        let again = Options { seed: 1, ..options.clone() };
        let mut second = Scenario::beside(again.clone(), &place, first.at(60.0));
        let got = second.set_up(TCP);
        second.session.handle_end(Some(Ending::ByCamera), first.at(60.0));
        let mut third = Scenario::beside(Options { seed: 2, ..again }, &place, first.at(61.0));
        assert_eq!([got, third.set_up(TCP)], want, "clean {clean}, {:?}", first.session.around.options.faults);
    }
}

#[test]
fn teardown_says_bye_and_answers() {
    let mut scenario = Scenario::play(Options::default());
    let request =
        Request::for_test(&format!("TEARDOWN {URI} RTSP/1.0\nCSeq: 7\nSession: {}\n\n", scenario.session_header));
    let now = scenario.at(1.0);
    scenario.session.handle_request(&request, now);
    let outputs = scenario.outputs();
    assert!(matches!(&outputs[..], [Output::Media(bye), Output::Reply(_)] if bye[5] == BYE), "{outputs:?}");
    assert!(!scenario.picture(1.1, true));
}

#[test]
fn a_frame_anywhere_in_the_head_is_all_that_the_fault_adds() {
    let reply = |options| {
        let mut scenario = Scenario::new(options);
        let request = Request::for_test(&format!("OPTIONS {URI} RTSP/1.0\nCSeq: 1\n\n"));
        scenario.session.handle_request(&request, scenario.start);
        match scenario.session.poll_output(scenario.start) {
            Some(Output::Reply(reply)) => reply,
            other => panic!("{other:?}"),
        }
    };
    let want = reply(Options::default());
    let odd = |seed| {
        let mut reply = reply(Options { seed, ..with_fault("frames-in-headers") });
        let at = reply.iter().position(|&byte| byte == b'$').expect("a frame");
        let length = usize::from(u16::from_be_bytes([reply[at + 2], reply[at + 3]]));
        let frame: Vec<u8> = reply.drain(at..at + 4 + length).collect();
        assert_eq!(reply, want, "seed {seed}");
        assert!(frame[4] >> 6 != 2, "no packet that means something");
        (at, frame[1], length, frame)
    };
    assert_eq!(odd(7), odd(7), "repeatable");
    let frames: Vec<_> = (0..200).map(odd).collect();
    let different = |of: &dyn Fn(usize) -> usize| (0..frames.len()).map(of).collect::<BTreeSet<_>>();
    let places = different(&|seed| frames[seed].0);
    let lines = want.split(|&byte| byte == b'\n').scan(0, |at, line| {
        let begins = *at;
        *at += line.len() + 1;
        Some(begins..*at)
    });
    assert!(
        lines.filter(|line| !line.is_empty()).take(4).all(|line| places.range(line).next().is_some()),
        "{places:?}"
    );
    assert_eq!(different(&|seed| frames[seed].1.into()), [0, 1].into());
    assert!(different(&|seed| frames[seed].2).len() > 50);
}

#[test]
fn other_faults_of_describe() {
    let silent = vec![Fault::new(FaultKind::DescribeUnanswered)];
    let mut scenario = Scenario::new(Options { faults: silent, ..Options::default() });
    assert_eq!(scenario.set_up(TCP), 0);
    let no_video = vec![Fault::new(FaultKind::NoVideo)];
    let mut scenario = Scenario::new(Options { faults: no_video, ..Options::default() });
    assert_eq!(scenario.set_up(TCP), 200);
    let (_, reply) = scenario.ask(0.0, "DESCRIBE", URI, "");
    assert!(!reply.contains("m=") && reply.contains("v=0"), "{reply}");
}

#[test]
fn the_log_keeps_no_credentials() {
    for (uri, want) in [
        ("rtsps://bblp:12345678@127.0.0.1/streaming/live/1", "rtsps://127.0.0.1/streaming/live/1"),
        ("bblp:12345678@127.0.0.1", "127.0.0.1"),
    ] {
        let mut scenario = Scenario::new(Options::default());
        scenario.ask(0.0, "DESCRIBE", uri, "");
        let record = scenario.record();
        assert!(record.requests[0].credentials_in_uri, "{uri}");
        assert_eq!(record.requests[0].uri, want);
        let shown = format!("{record:?} {:?}", Options::default());
        assert!(!shown.contains("12345678"), "{shown}");
        assert_eq!(scenario.id, record.id);
    }
}

#[test]
fn the_seed_decides_the_numbers() {
    let numbers = |seed| {
        let mut scenario = Scenario::new(Options { seed, ..Options::default() });
        scenario.set_up(TCP);
        (scenario.session_header, scenario.challenge)
    };
    assert_eq!(numbers(1), numbers(1));
    assert_ne!(numbers(1), numbers(2));
}
