//! Dialogues with a JPEG camera, synthetic, by the project's notes on P1 and A1 cameras (`cameras.md` §3).

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::rtp::virtual_clock::{epoch, ms};
use crate::rtsp::Credentials;

/// A JPEG by all that is looked at: 1280x720, so many bytes, told apart by its number.
fn jpeg(length: usize, number: u8) -> Vec<u8> {
    let mut jpeg = vec![0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 2, 208, 5, 0, 1, 1, 0x11, 0, 0xff, 0xda];
    jpeg.resize(length - 2, number);
    jpeg.extend([0xff, 0xd9]);
    jpeg
}

fn header(length: usize) -> Vec<u8> {
    let words = [u32::try_from(length).unwrap(), 0, 1, 0];
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn framed(jpeg: &[u8]) -> Vec<u8> {
    [&header(jpeg.len()), jpeg].concat()
}

fn config() -> Config {
    Config::new(Some(Credentials::new("bblp", "12345678")))
}

/// A client in virtual time, and what it was told.
struct Client {
    session: Session,
    start: Instant,
    now: Instant,
    sent: Vec<u8>,
    story: Vec<String>,
    units: Vec<AccessUnit>,
    result: Option<Result<(), session::Error>>,
}

impl Client {
    fn new() -> Self {
        Self::of(config())
    }

    fn with(credentials: Option<Credentials>) -> Self {
        Self::of(Config::new(credentials))
    }

    fn of(config: Config) -> Self {
        let start = epoch();
        let session = Session::new(config, start);
        let mut client = Self { session, start, now: start, sent: vec![], story: vec![], units: vec![], result: None };
        client.drain();
        client
    }

    fn receive(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.result.is_none() {
            let buffer = self.session.receive_buffer();
            let count = buffer.len().min(bytes.len());
            buffer[..count].copy_from_slice(&bytes[..count]);
            bytes = &bytes[count..];
            self.give(Input::Received(count));
        }
    }

    fn give(&mut self, input: Input<'_>) {
        self.session.handle_input(self.now, input);
        self.drain();
    }

    /// Lets time pass, ticking where the session asks for it.
    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(deadline) = self.session.deadline().filter(|&deadline| deadline <= end) {
            self.now = self.now.max(deadline);
            self.give(Input::Tick);
        }
        self.now = end;
        self.give(Input::Tick);
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Send(bytes) => self.sent.extend_from_slice(&bytes),
                Output::Event(Event::AccessUnit(unit)) => {
                    self.story.push(format!("picture {}", unit.data[unit.data.len() / 2]));
                    self.units.push(unit);
                }
                Output::Event(Event::Ended(result)) => {
                    self.story.push("ended".into());
                    self.result = Some(result);
                }
                Output::Event(Event::Stalled { since }) => self.story.push(format!("stalled {:?}", since - self.start)),
                Output::Event(Event::Resumed { since }) => self.story.push(format!("resumed {:?}", since - self.start)),
                Output::Event(event) => self.story.push(format!("{event:?}").to_lowercase()),
                output => panic!("{output:?}"),
            }
        }
    }

    fn error(&self) -> session::Error {
        self.result.clone().expect("it has ended").expect_err("with an error")
    }
}

#[test]
fn login_goes_first_and_pictures_come() {
    let mut client = Client::new();
    assert_eq!((client.sent.len(), &client.sent[16..20], &client.sent[48..56]), (80, &b"bblp"[..], &b"12345678"[..]));
    let first = jpeg(40_000, 1);
    client.now += ms(1800);
    client.receive(&header(first.len()));
    assert_eq!(client.story, ["accepted"], "the header may come alone");
    for piece in first.chunks(4096) {
        client.receive(piece);
    }
    client.now += ms(2200);
    client.receive(&framed(&jpeg(1024, 2)));
    assert_eq!(client.story, ["accepted", "picture 1", "picture 2"]);
    assert_eq!(client.units[0].data, first, "byte by byte as it came");
    assert!(client.units.iter().all(|unit| unit.key_frame && !unit.discontinuity && unit.size() == (1280, 720)));
    assert_eq!([client.units[0].timestamp, client.units[1].timestamp], [0, 2200 * 90]);
    let statistics = client.session.statistics(client.now);
    assert_eq!((statistics.access_units, statistics.key_frames, statistics.incomplete_access_units), (2, 2, 0));
    client.give(Input::Leave);
    assert_eq!(client.result, Some(Ok(())));
    assert_eq!(client.session.deadline(), None);
}

#[test]
fn any_cut_gives_the_same() {
    let stream = [framed(&jpeg(1500, 1)), framed(&jpeg(1030, 2)[..1025])].concat();
    let stream = [stream, framed(&jpeg(1100, 3)), framed(&jpeg(1100, 4))].concat();
    for cut in 0..=stream.len() {
        let mut client = Client::new();
        client.receive(&stream[..cut]);
        client.receive(&stream[cut..]);
        assert_eq!(client.story, ["accepted", "picture 1", "picture 3", "picture 4"], "cut at {cut}");
        let gaps: Vec<bool> = client.units.iter().map(|unit| unit.discontinuity).collect();
        assert_eq!(gaps, [false, true, false], "cut at {cut}");
    }
}

#[test]
fn no_is_said_in_three_ways() {
    let denial = |length: usize, notice: [u8; 8]| [&header(length)[..], &notice].concat();
    let no = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    let no_camera = [&[8, 0, 0, 0, 0x3f, 1, 3, 0][..], &[0; 16]].concat(); // a P2S
    for (what, bytes, want) in [
        ("a notice", denial(8, no), Error::Denied),
        ("at its end", denial(8, [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]), Error::Denied),
        ("in the place of a picture", denial(40_000, no), Error::Denied),
        ("of the P2S's form", [&no_camera[..16], &no].concat(), Error::Denied),
        ("something else", no_camera, Error::NoCamera),
    ] {
        for cut in 0..bytes.len() {
            let mut client = Client::new();
            client.receive(&bytes[..cut]);
            assert_eq!(client.result, None, "{what}, cut at {cut}");
            client.receive(&bytes[cut..]);
            assert_eq!(client.error(), want.into(), "{what}, cut at {cut}");
        }
    }
    let mut closed = Client::new();
    closed.give(Input::EndOfStream);
    assert_eq!(closed.error(), Error::ClosedUnanswered.into());
    let mut restarted = Client::of(Config { silent_on_wrong_code: false, ..config() });
    restarted.wait(ms(5000));
    restarted.give(Input::EndOfStream);
    assert_eq!(restarted.error(), Error::Busy { after: Duration::from_secs(5) }.into());
    let mut silent = Client::new();
    silent.wait(ms(7999));
    assert_eq!(silent.result, None);
    silent.wait(ms(1));
    assert_eq!(silent.error(), Error::Silent { after: Duration::from_secs(8) }.into());
    let mut busy = Client::of(Config { silent_on_wrong_code: false, ..config() });
    busy.wait(ms(8000));
    assert_eq!(busy.error(), Error::Busy { after: Duration::from_secs(8) }.into());
}

#[test]
fn what_never_leaves_this_machine() {
    assert_eq!(Client::with(None).error(), AuthenticationError::CredentialsMissing.into());
    let long = Client::with(Some(Credentials::new("bblp", "x".repeat(33))));
    assert_eq!(long.error(), Error::CredentialsUnusable { max: 32 }.into());
    assert!(long.sent.is_empty());
    let mut session = Session::new(Config::new(Some(Credentials::new("bblp", "12345678"))), epoch());
    let shown = format!("{session:?} {:?}", session.poll_output());
    assert!(shown.contains("80 bytes") && !shown.contains("1234") && !shown.contains("49, 50"), "{shown}");
}

#[test]
fn other_peers_and_other_ends() {
    for bytes in [&b"RTSP/1.0 400 Bad Request\r\n\r\n"[..], b"HTTP/1.1 400 Bad Request\r\n", &[0; 16], &[0xff; 16]] {
        let mut client = Client::new();
        client.receive(bytes);
        assert_eq!(client.error(), Error::NotJpegCamera.into(), "{bytes:?}");
    }
    for received in [&framed(&jpeg(1024, 1))[..], &header(2000), &header(2000)[..3]] {
        let mut client = Client::new();
        client.receive(received);
        client.give(Input::EndOfStream);
        assert_eq!(client.error(), session::Error::Closed { during: None });
    }
}

#[test]
fn lengths_are_bounded_and_nothing_is_allocated_for_their_word() {
    for length in [0, 1, 1023, MAX_PICTURE + 1, 1 << 31, u32::MAX as usize] {
        let mut client = Client::new();
        client.receive(&header(length));
        assert_eq!(client.error(), Error::NotJpegCamera.into(), "{length}");
    }
    let mut client = Client::new();
    client.receive(&header(MAX_PICTURE));
    client.receive(&[0xff, 0xd8]);
    assert!(client.session.receive_buffer().len() < 64 << 10, "room for a read, not for the picture");
    let largest = jpeg(MAX_PICTURE, 5);
    client.receive(&largest[2..]);
    assert_eq!((client.units.len(), &client.units[0].data[..]), (1, &largest[..]));
}

#[test]
fn a_spoilt_picture_costs_no_other() {
    let good = |number| framed(&jpeg(3000, number));
    let mut no_end = jpeg(3000, 9);
    no_end[2999] = 0;
    let mut no_size = jpeg(3000, 9);
    no_size[3] = 0xda;
    for (what, spoilt) in [
        ("cut, by an honest header", framed(&jpeg(3000, 9)[..2000])),
        ("cut, and the header lies", framed(&jpeg(3000, 9))[..2000].to_vec()),
        ("without an end", framed(&no_end)),
        ("without a size", framed(&no_size)),
        ("zeros", framed(&[0; 3000])),
        ("bytes behind it", [good(2), vec![7; 100]].concat()),
    ] {
        let mut client = Client::new();
        client.receive(&[good(1), spoilt, good(3), good(4)].concat());
        let seen: Vec<_> = client.story.iter().filter(|line| !line.ends_with(" 2")).collect();
        assert_eq!(seen, ["accepted", "picture 1", "picture 3", "picture 4"], "{what}");
    }
}

#[test]
fn nothing_recognisable_ends_it() {
    let mut client = Client::new();
    client.receive(&framed(&jpeg(3000, 1)));
    client.receive(&vec![7; 200_000]);
    assert!(matches!(client.error(), session::Error::JpegCamera(Error::LostSync { bytes }) if bytes <= 100_000));
    // Behind a spoilt picture, as far past its end.
    let mut client = Client::new();
    client.receive(&header(1_000_000));
    client.receive(&vec![7; 1_050_000]);
    assert_eq!(client.result, None);
    client.receive(&vec![7; 100_000]);
    assert!(matches!(client.error(), session::Error::JpegCamera(Error::LostSync { .. })));
}

#[test]
fn slow_cameras_do_not_stall_and_silent_ones_do() {
    let mut client = Client::new();
    for number in 0..100 {
        client.wait(ms(2222)); // 0.45 a second
        client.receive(&framed(&jpeg(3000, number)));
    }
    assert_eq!(client.units.len(), 100);
    assert_eq!(client.story.len(), 101, "no stall: {:?}", client.story.last());
    client.wait(Duration::from_secs(60));
    assert_eq!(client.story[101..], ["stalled 222.2s"], "once");
    assert_eq!(client.session.statistics(client.now).stalled_for, Duration::from_secs(60));
    client.receive(&framed(&jpeg(3000, 101)));
    assert_eq!(client.story[102..], ["resumed 222.2s", "picture 101"]);
    client.wait(ms(5999));
    assert_eq!(client.story.len(), 104);
    client.wait(ms(1));
    assert_eq!(client.story.len(), 105);
    assert_eq!(client.session.statistics(client.now).stalls, 2);
}

#[test]
fn a_picture_that_trickles_does_not_hold_the_slot_for_ever() {
    let mut client = Client::new();
    client.receive(&framed(&jpeg(3000, 1)));
    client.wait(ms(2000));
    client.receive(&[&header(60_000)[..], &[0xff, 0xd8]].concat());
    for _ in 0..19 {
        client.wait(ms(1000));
        client.receive(&[0]);
    }
    assert_eq!(client.result, None);
    client.wait(ms(1000));
    assert_eq!(client.error(), Error::PictureTimedOut { after: Duration::from_secs(20) }.into());
}

proptest! {
    #[test]
    fn any_bytes_in_any_pieces_end_well(
        parts in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            (0..4000usize).prop_map(header),
            (1024..4000usize, any::<u8>()).prop_map(|(length, number)| framed(&jpeg(length, number))),
            (1024..4000usize, 0..4000usize).prop_map(|(length, cut)| {
                let whole = framed(&jpeg(length, 1));
                whole[..cut.min(whole.len())].to_vec()
            }),
        ], 0..8),
        pieces in prop::collection::vec(1..3000usize, 1..6),
    ) {
        let stream = [framed(&jpeg(1024, 0)), parts.concat()].concat();
        let mut whole = Client::new();
        whole.receive(&stream);
        let mut cut = Client::new();
        let mut rest = &stream[..];
        for &piece in pieces.iter().cycle() {
            let (now, later) = rest.split_at(piece.min(rest.len()));
            cut.receive(now);
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(&whole.story, &cut.story);
        prop_assert_eq!(&whole.result, &cut.result);
        prop_assert!(whole.units.iter().all(|unit| unit.data.starts_with(&[0xff, 0xd8]) && unit.data.ends_with(&[0xff, 0xd9])));
    }
}
