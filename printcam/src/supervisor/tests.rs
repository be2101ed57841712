use printcam_proto::session::{self, AuthenticationError};

use super::*;

fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn policy() -> Policy {
    Policy {
        keep: Keep::Always,
        transport: Transport::Auto,
        give_up_after: None,
        rotate_every: None,
        reconnect: true,
        seed: 1,
    }
}

fn lost() -> Arc<Error> {
    Arc::new(session::Error::Closed { during: None }.into())
}

/// A supervisor in virtual time, and a record of what it wanted, in words.
struct Stage {
    supervisor: Supervisor,
    began: Instant,
    now: Instant,
    record: Vec<String>,
}

impl Stage {
    fn new(policy: Policy) -> Self {
        let now = Instant::now();
        let mut stage = Self { supervisor: Supervisor::new(policy, now), began: now, now, record: Vec::new() };
        stage.drain();
        stage
    }

    fn give(&mut self, input: Input<'_>) -> &mut Self {
        self.supervisor.handle(self.now, input);
        self.drain();
        self
    }

    fn pass(&mut self, seconds: f64) -> &mut Self {
        let end = self.now + secs(seconds);
        while let Some(at) = self.supervisor.deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.give(Input::Tick);
            assert!(self.supervisor.deadline().is_none_or(|next| next > self.now), "a deadline that stays would spin");
        }
        self.now = end;
        self
    }

    /// Open, accepted by UDP or TCP, and showing pictures.
    fn play(&mut self, udp: bool) -> &mut Self {
        self.give(Input::Accepted { udp }).give(Input::Picture)
    }

    fn drain(&mut self) {
        while let Some(output) = self.supervisor.poll() {
            let what = match output {
                Output::Open(transport) => format!("open {transport:?}"),
                Output::Leave => "leave".into(),
                Output::Transition(t) => {
                    format!("{:?}: {:?}{}", t.state, t.reason, if t.error.is_some() { "!" } else { "" })
                }
                Output::Trouble(error) => format!("trouble{}", if error.is_some() { "!" } else { "" }),
                Output::RememberTcp => "remember TCP".into(),
            };
            self.record.push(format!("{:.1} {what}", (self.now - self.began).as_secs_f64()));
        }
    }

    #[track_caller]
    fn expect(&mut self, want: &[&str]) -> &mut Self {
        assert_eq!(std::mem::take(&mut self.record), want);
        self
    }
}

#[test]
fn from_start_to_stop() {
    Stage::new(policy())
        .expect(&["0.0 Connecting: Started", "0.0 open Auto"])
        .play(false)
        .expect(&["0.0 Playing: Media"])
        .pass(10.0)
        .give(Input::Picture)
        .expect(&[])
        .give(Input::Stop)
        .expect(&["10.0 leave", "10.0 Stopped: Asked"])
        .give(Input::Closed(None))
        .give(Input::Viewers(1))
        .give(Input::Stop)
        .pass(1e6)
        .expect(&[]);
}

#[test]
fn a_short_stall_is_told_and_a_long_one_ends_the_session() {
    let mut stage = Stage::new(policy());
    stage.play(false).record.clear();
    let since = stage.now;
    stage.pass(1.5).give(Input::Stalled { since }).expect(&["1.5 Stalled: NoMedia"]);
    stage.pass(1.0).give(Input::Resumed).give(Input::Picture).expect(&["2.5 Playing: Media"]);
    let since = stage.now;
    stage.pass(1.5).give(Input::Stalled { since }).pass(3.4).expect(&["4.0 Stalled: NoMedia"]);
    stage.pass(0.2).expect(&["7.5 leave", "7.5 Reconnecting: Silence"]);
    stage.give(Input::Closed(None)).expect(&["7.6 open Auto"]).play(false).expect(&["7.6 Playing: Media"]);
}

#[test]
fn models_that_stall_by_nature_are_given_more_time_and_are_rotated() {
    let mut stage = Stage::new(policy());
    stage.play(false).give(Input::Quirks(Quirks::of_model("O1C"))).record.clear();
    let since = stage.now;
    stage.pass(1.5).give(Input::Stalled { since }).pass(13.0).expect(&["1.5 Stalled: NoMedia"]);
    stage.give(Input::Resumed).give(Input::Picture).expect(&["14.5 Playing: Media"]);
    for _ in 0..285 {
        stage.pass(1.0).give(Input::Picture);
    }
    stage.pass(1.0).expect(&["300.0 leave", "300.0 Reconnecting: Rotation"]);
    stage.give(Input::Closed(None)).expect(&["300.5 open Auto"]);

    let mut stage = Stage::new(Policy { give_up_after: Some(secs(7.0)), rotate_every: Some(secs(30.0)), ..policy() });
    stage.play(false).record.clear();
    stage.pass(29.0).give(Input::Picture).pass(1.5).expect(&["30.0 leave", "30.0 Reconnecting: Rotation"]);
    stage.give(Input::Closed(None)).play(false).record.clear();
    let since = stage.now;
    stage.give(Input::Stalled { since }).pass(8.0).expect(&[
        "30.5 Stalled: NoMedia",
        "37.5 leave",
        "37.5 Reconnecting: Silence",
    ]);
}

#[test]
fn attempts_grow_apart_and_are_told_of_after_five() {
    let mut stage = Stage::new(policy());
    stage.record.clear();
    let mut opened = Vec::new();
    for attempt in 1..=9 {
        stage.give(Input::OpenFailed(lost()));
        let told = stage.record.iter().any(|line| line.ends_with("trouble!"));
        assert_eq!(told, attempt == 5, "attempt {attempt}: {:?}", stage.record);
        assert!(stage.record[0].ends_with("Reconnecting: AttemptFailed!"), "{:?}", stage.record);
        stage.record.clear();
        while stage.record.is_empty() {
            stage.pass(0.1);
        }
        opened.push((stage.now - stage.began).as_secs_f64());
        stage.record.clear();
    }
    for (pair, want) in opened.windows(2).zip([4.0, 8.0, 16.0, 30.0, 30.0, 30.0, 30.0, 30.0]) {
        assert!((want..=want * 1.1 + 0.2).contains(&(pair[1] - pair[0])), "{opened:?}");
    }
    stage.play(false).give(Input::Closed(Some(lost()))).record.clear();
    stage.pass(2.3);
    assert_eq!(stage.record.len(), 1, "a picture resets the backoff: {:?}", stage.record);
}

#[test]
fn a_camera_that_accepts_us_and_sends_nothing_is_told_of_with_its_error() {
    let mut stage = Stage::new(policy());
    for attempt in 1..=5 {
        stage.record.clear();
        let since = stage.now;
        stage.give(Input::Accepted { udp: false }).give(Input::Stalled { since });
        while !stage.record.iter().any(|line| line.ends_with("leave")) {
            stage.pass(0.1);
        }
        stage.give(Input::Closed(None));
        let told = stage.record.iter().any(|line| line.ends_with("trouble!"));
        assert_eq!(told, attempt == 5, "attempt {attempt}: {:?}", stage.record);
        stage.pass(40.0);
    }
}

#[test]
fn sessions_lost_at_once_become_rare() {
    let mut stage = Stage::new(policy());
    let mut wait_after = |pictures: f64| {
        stage.play(false).pass(pictures).give(Input::Picture).give(Input::Closed(Some(lost()))).record.clear();
        let lost_at = stage.now;
        while stage.record.is_empty() {
            stage.pass(0.1);
        }
        (stage.now - lost_at).as_secs_f64()
    };
    for session in 1..=10 {
        assert!(wait_after(3.0) < 2.4, "session {session}");
    }
    for want in [4.0, 8.0, 16.0, 30.0, 30.0] {
        let wait = wait_after(3.0);
        assert!((want..=want * 1.1 + 0.2).contains(&wait), "{wait} s for {want} s");
    }
    assert!(wait_after(10.0) < 2.4, "one that lasted");
    assert!(wait_after(3.0) < 2.4, "makes the next ones count anew");
}

#[test]
fn sessions_that_hang_at_once_become_rare_too() {
    let mut stage = Stage::new(policy());
    let mut wait_after = |pictures: f64| {
        let mut since = stage.play(false).now;
        for _ in 0..(pictures * 2.0) as u32 {
            since = stage.pass(0.5).give(Input::Picture).now;
        }
        stage.pass(1.5).give(Input::Stalled { since });
        while !stage.record.iter().any(|line| line.ends_with("leave")) {
            stage.pass(0.1);
        }
        stage.record.clear();
        let left_at = stage.give(Input::Closed(None)).now;
        while !stage.record.iter().any(|line| line.contains("open")) {
            stage.pass(0.1);
        }
        stage.record.clear();
        (stage.now - left_at).as_secs_f64()
    };
    for session in 1..=9 {
        assert!(wait_after(3.0) < 0.1, "session {session}");
    }
    for want in [2.0, 4.0, 8.0, 16.0, 30.0, 30.0] {
        let wait = wait_after(3.0);
        assert!((want..=want * 1.1 + 0.2).contains(&wait), "{wait} s for {want} s");
    }
    assert!(wait_after(11.0) < 0.1, "one that lasted");
}

#[test]
fn what_cannot_get_better_is_not_tried_again() {
    for error in [
        Error::Session(session::Error::Authentication(AuthenticationError::Rejected)),
        Error::Session(session::Error::Authentication(AuthenticationError::CredentialsMissing)),
        Error::Address(printcam_proto::rtsp::UrlError::Host),
    ] {
        let mut stage = Stage::new(policy());
        let name = error.to_string();
        stage.give(Input::Closed(Some(Arc::new(error)))).pass(1e6);
        assert_eq!(stage.record.last().unwrap(), "0.0 Failed: ConnectionLost!", "{name}");
        assert_eq!(stage.record.len(), 3, "{name}: {:?}", stage.record);
        stage.give(Input::Stop);
        assert_eq!(stage.supervisor.state(), StreamState::Stopped, "{name}");
    }
    let mut stage = Stage::new(Policy { reconnect: false, ..policy() });
    stage.play(false).record.clear();
    stage.give(Input::Closed(Some(lost()))).pass(100.0).expect(&["0.0 Failed: ConnectionLost!"]);
}

#[test]
fn udp_that_brings_nothing_gives_way_to_tcp_for_good() {
    let mut stage = Stage::new(policy());
    stage.give(Input::Accepted { udp: true }).record.clear();
    let since = stage.now;
    stage.pass(1.5).give(Input::Stalled { since }).pass(1.0);
    stage.expect(&["2.0 remember TCP", "2.0 leave", "2.0 Reconnecting: UdpUseless"]);
    stage.give(Input::Closed(None)).expect(&["2.5 open Tcp"]).play(false).record.clear();
    stage.give(Input::Closed(Some(lost()))).pass(3.0);
    assert!(stage.record.last().unwrap().ends_with("open Tcp"), "{:?}", stage.record);

    for (transport, udp) in [(Transport::Udp, true), (Transport::Auto, false)] {
        let mut stage = Stage::new(Policy { transport, ..policy() });
        stage.give(Input::Accepted { udp }).record.clear();
        let since = stage.now;
        stage.give(Input::Stalled { since }).pass(4.0).expect(&[]);
    }
}

#[test]
fn udp_that_has_brought_pictures_is_given_the_silence_that_tcp_is() {
    let mut stage = Stage::new(policy());
    stage.give(Input::Quirks(Quirks::of_model("O1C"))).play(true).record.clear();
    let since = stage.now;
    stage.pass(1.5).give(Input::Stalled { since }).pass(8.0).expect(&["1.5 Stalled: NoMedia"]);
    stage.give(Input::Resumed).give(Input::Picture).expect(&["9.5 Playing: Media"]);
}

#[test]
fn udp_that_spoils_pictures_gives_way_too() {
    for (whole, spoilt, udp, leaves) in
        [(270, 30, true, false), (260, 40, true, true), (260, 40, false, false), (0, 0, true, false)]
    {
        let mut stage = Stage::new(policy());
        stage.play(udp).record.clear();
        let mut statistics = Statistics::default();
        for _ in 0..10 {
            statistics.access_units += whole / 10;
            statistics.incomplete_access_units += spoilt / 10;
            stage.pass(1.0).give(Input::Picture).give(Input::Counted(&statistics));
        }
        let left = stage.record.iter().any(|line| line.ends_with("UdpUseless"));
        assert_eq!(left, leaves, "{whole} whole, {spoilt} spoilt, udp {udp}: {:?}", stage.record);
    }
}

#[test]
fn media_without_pictures_is_replaced_after_a_minute() {
    let mut stage = Stage::new(policy());
    stage.give(Input::Accepted { udp: false }).record.clear();
    stage.pass(59.0).expect(&[]).pass(2.0).expect(&["60.0 leave", "60.0 Reconnecting: NothingDecodable!"]);
    // It never brought a picture, so the next attempt waits; one that did is replaced at once.
    stage.give(Input::Closed(None)).expect(&[]).pass(2.3).record.clear();
    stage.play(false).record.clear();
    stage.give(Input::NothingDecodable).expect(&["63.3 leave", "63.3 Reconnecting: NothingDecodable"]);
    stage.give(Input::Closed(None)).expect(&["63.3 open Auto"]);
}

#[test]
fn silence_before_the_first_picture_is_an_error_and_a_single_attempt_waits_on() {
    for (reconnect, want) in [(true, &["5.0 leave", "5.0 Reconnecting: Silence!"][..]), (false, &[])] {
        let mut stage = Stage::new(Policy { reconnect, ..policy() });
        let since = stage.now;
        stage.give(Input::Accepted { udp: false }).record.clear();
        stage.pass(1.5).give(Input::Stalled { since }).pass(28.5).expect(want);
    }
}

#[test]
fn kept_while_viewed() {
    let mut stage = Stage::new(Policy { keep: Keep::Linger(secs(10.0)), ..policy() });
    stage.expect(&[]).pass(100.0).give(Input::Viewers(1)).expect(&["100.0 Connecting: Started", "100.0 open Auto"]);
    stage.play(false).give(Input::Viewers(2)).give(Input::Viewers(0)).record.clear();
    stage.pass(9.0).give(Input::Viewers(1)).pass(5.0).expect(&[]);
    stage.give(Input::Viewers(0)).pass(10.0).expect(&["124.0 leave", "124.0 Idle: NobodyWatches"]);
    // Somebody comes while it is being given back: a new session, but only when the old one is gone.
    stage.give(Input::Viewers(1)).expect(&[]).give(Input::Closed(None)).expect(&["124.0 open Auto"]);

    let mut stage = Stage::new(Policy { keep: Keep::Linger(Duration::ZERO), ..policy() });
    stage.give(Input::Viewers(1)).play(false).record.clear();
    stage.give(Input::Viewers(0)).expect(&["0.0 leave", "0.0 Idle: NobodyWatches"]).give(Input::Closed(None));
    stage.give(Input::Viewers(1)).expect(&["0.0 Connecting: Started", "0.0 open Auto"]);
}

#[test]
fn stop_in_every_phase_ends_it() {
    type Reach = fn(&mut Stage);
    let phases: [(&str, Reach); 6] = [
        ("opening", |_| {}),
        ("accepted", |stage| {
            stage.give(Input::Accepted { udp: true });
        }),
        ("playing", |stage| {
            stage.play(false);
        }),
        ("waiting", |stage| {
            stage.give(Input::OpenFailed(lost()));
        }),
        ("leaving", |stage| {
            stage.play(false).give(Input::NothingDecodable);
        }),
        ("failed", |stage| {
            let error = session::Error::Authentication(AuthenticationError::Rejected);
            stage.give(Input::OpenFailed(Arc::new(error.into())));
        }),
    ];
    for (name, reach) in phases {
        let mut stage = Stage::new(policy());
        reach(&mut stage);
        stage.give(Input::Stop);
        assert_eq!(stage.supervisor.state(), StreamState::Stopped, "{name}");
        stage.record.clear();
        stage.give(Input::Closed(None)).pass(1e5);
        assert_eq!(stage.record, [""; 0], "{name}");
    }
}

/// Whatever happens in whatever order: at most one connection, a stop that holds, and no more than one attempt per 30 s
/// once five have failed.
#[test]
fn ten_thousand_fates() {
    for seed in 0..10_000u64 {
        let mut random = seed;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        let keep = if next(2) == 0 { Keep::Always } else { Keep::Linger(secs(next(20) as f64)) };
        let mut stage = Stage::new(Policy { keep, seed, ..policy() });
        let mut open = false;
        let mut attempts: Vec<(f64, u32)> = Vec::new();
        for _ in 0..200 {
            for line in std::mem::take(&mut stage.record) {
                if line.contains(" open ") {
                    assert!(!open, "seed {seed}: two connections");
                    open = true;
                    let at: f64 = line.split(' ').next().and_then(|at| at.parse().ok()).expect("a time");
                    let failures = stage.supervisor.backoff.failures();
                    if let (5.., Some((last, 5..))) = (failures, attempts.last()) {
                        assert!(at - last > 29.8, "seed {seed}: hammering at {last} and {at}");
                    }
                    attempts.push((at, failures));
                }
            }
            let since = stage.now;
            match next(12) {
                0 | 1 if open => {
                    open = false;
                    stage.give(Input::OpenFailed(lost()));
                }
                2 if open => {
                    open = false;
                    stage.give(Input::Closed(Some(lost())));
                }
                3 if open => {
                    stage.give(Input::Accepted { udp: next(2) == 0 });
                }
                4 | 5 if open => {
                    stage.give(Input::Picture);
                }
                6 if open => {
                    stage.give(Input::Stalled { since });
                }
                7 if open => {
                    stage.give(Input::Resumed);
                }
                8 => drop(stage.give(Input::Viewers(next(3) as usize))),
                9 => {
                    stage.give(Input::NothingDecodable);
                }
                _ => {
                    stage.pass(next(40_000) as f64 / 1000.0);
                }
            }
            // A connection that is being left closes, sooner or later.
            if open && matches!(stage.supervisor.phase, Phase::Leaving { .. }) && next(2) == 0 {
                open = false;
                stage.give(Input::Closed(None));
            }
        }
        stage.give(Input::Stop).give(Input::Closed(None)).record.clear();
        stage.give(Input::Viewers(1)).pass(1e4);
        assert!(stage.record.is_empty(), "seed {seed}: {:?}", stage.record);
    }
}
