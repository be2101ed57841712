//! JPEG cameras as a bare client meets them, in virtual time and over real sockets.

#[path = "../peer/any_certificate.rs"]
mod any_certificate;
mod faults;
mod noting;

use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use any_certificate::{client_config, name};
use noting::Noting;
use printcam_sim::{AccessCode, Encryption, Ending, Footage, Login, Options, Personality, Simulator};
use printcam_sim::{SecondClient, VirtualCamera, WrongCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::time::Instant;

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn options(personality: Personality, faults: &[&str]) -> Options {
    Options {
        encryption: Encryption::None,
        footage: Footage::Canned,
        faults: faults.iter().map(|text| text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))).collect(),
        ..Options::of(personality)
    }
}

fn camera(options: Options) -> VirtualCamera {
    VirtualCamera::start(options).expect("a camera")
}

/// The 80 bytes that a client sends.
fn login(user: &str, code: &str) -> Vec<u8> {
    let mut bytes = vec![0x40, 0, 0, 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for (field, end) in [(user, 48), (code, 80)] {
        bytes.extend(field.bytes());
        bytes.resize(end, 0);
    }
    bytes
}

/// Everything that comes within `time`; whether it ended, too.
async fn all_within(stream: &mut DuplexStream, time: Duration) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    let ended = tokio::time::timeout(time, stream.read_to_end(&mut bytes)).await.is_ok();
    (bytes, ended)
}

/// Connects, logs in and takes all that comes within `time`.
async fn watch(camera: &VirtualCamera, time: Duration) -> (Vec<u8>, bool) {
    let mut stream = camera.connect().expect("connected");
    stream.write_all(&login("bblp", "12345678")).await.expect("sent");
    all_within(&mut stream, time).await
}

fn length(header: &[u8]) -> usize {
    u32::from_le_bytes([header[0], header[1], header[2], header[3]]) as usize
}

/// The files in what came.
fn files(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut files = Vec::new();
    while !bytes.is_empty() {
        let (header, rest) = bytes.split_at(16);
        assert_eq!(header[4..], [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        let (file, rest) = rest.split_at(length(header));
        files.push(file);
        bytes = rest;
    }
    files
}

#[tokio::test(start_paused = true)]
async fn pictures_come_at_the_models_pace() {
    for (personality, seconds, want) in [(Personality::P1s, 60, 30), (Personality::A1, 60, 27)] {
        let camera = camera(options(personality, &[]));
        let (bytes, ended) = watch(&camera, secs(seconds)).await;
        assert!(!ended, "{personality}");
        let files = files(&bytes);
        assert!(files.len().abs_diff(want) <= 1, "{personality}: {}", files.len());
        assert!(files.iter().all(|file| file.starts_with(&[0xff, 0xd8]) && file.ends_with(&[0xff, 0xd9])));
        assert!(files.windows(2).all(|pair| pair[0] != pair[1]), "{personality}: each is another one");
        let record = camera.log().clients.remove(0);
        assert_eq!((record.login, record.jpeg_pictures), (Some(Login::Accepted), files.len() as u64));
        assert_eq!(camera.pictures().count(), files.len() as u64);
    }
}

#[tokio::test(start_paused = true)]
async fn a_header_comes_alone_and_bodies_in_pieces() {
    let live = Options { footage: Footage::Live, ..options(Personality::P1s, &[]) };
    let camera = camera(live);
    let (mut client, printer) = tokio::io::duplex(1 << 20);
    let writes = Arc::default();
    let noting = Noting { stream: printer, writes: Arc::clone(&writes) };
    tokio::spawn(camera.serve_connection(noting, ([127, 0, 0, 1], 5).into()));
    client.write_all(&login("bblp", "12345678")).await.expect("sent");
    tokio::time::sleep(secs(3)).await;
    let writes = writes.lock().expect("no panic").clone();
    assert_eq!(writes[0], 16);
    assert!((37_000..60_000).contains(&writes[1..].iter().sum::<usize>()), "{writes:?}");
    let (last, whole) = writes[1..].split_last().expect("some");
    assert!(whole.iter().all(|&count| count == 4096) && (1..=4096).contains(last), "{writes:?}");
}

#[tokio::test(start_paused = true)]
async fn wrong_codes_are_met_as_each_model_does() {
    let denial = [&[8, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0][..], &[0xff; 4], &[0; 4]].concat();
    for (personality, wrong_code, want, ends) in [
        (Personality::P1s, None, Vec::new(), true),
        (Personality::A1, None, Vec::new(), false),
        (Personality::A1, Some(WrongCode::Denial), denial.clone(), false),
    ] {
        for (user, code) in [("bblp", "87654321"), ("bblp", "1234567"), ("bblp", "123456789"), ("root", "12345678")] {
            let mut options = options(personality, &[]);
            options.wrong_code = wrong_code.unwrap_or(options.wrong_code);
            let camera = camera(options);
            let mut stream = camera.connect().expect("connected");
            stream.write_all(&login(user, code)).await.expect("sent");
            let (bytes, ended) = all_within(&mut stream, secs(60)).await;
            assert_eq!((bytes, ended), (want.clone(), ends), "{personality}: {user} {code}");
            assert_eq!(camera.log().clients[0].login, Some(Login::Denied));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_login_ends_the_connection_and_pieces_of_one_are_put_together() {
    let camera = camera(options(Personality::A1, &[]));
    let mut stream = camera.connect().expect("connected");
    stream.write_all(&[b'x'; 80]).await.expect("sent");
    assert_eq!(all_within(&mut stream, secs(60)).await, (Vec::new(), true));
    assert_eq!(camera.log().clients[0].login, Some(Login::Malformed));

    let mut stream = camera.connect().expect("connected");
    for byte in login("bblp", "12345678") {
        assert_eq!(camera.log().clients.get(1).and_then(|client| client.login), None);
        stream.write_all(&[byte]).await.expect("sent");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(all_within(&mut stream, secs(10)).await.0.len() > 16);
}

#[tokio::test(start_paused = true)]
async fn a_second_client_starves_is_closed_or_kicks() {
    for policy in [SecondClient::Starve, SecondClient::Refuse, SecondClient::KickFirst] {
        let options = Options { second_client: policy, ..options(Personality::P1s, &[]) };
        let camera = camera(options);
        let first = camera.clone();
        let first = tokio::spawn(async move { watch(&first, secs(30)).await });
        tokio::time::sleep(secs(5)).await;
        let (second, second_ended) = watch(&camera, secs(20)).await;
        let (first, first_ended) = first.await.expect("no panic");
        let got = (files(&first).len() > 10, first_ended, files(&second).len() > 5, second_ended);
        let want = match policy {
            SecondClient::Starve => (true, false, false, false),
            SecondClient::Refuse => (true, false, false, true),
            SecondClient::KickFirst => (false, true, true, false),
        };
        assert_eq!(got, want, "{policy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_handshake_takes_its_second() {
    let tls = Options { encryption: Encryption::Tls12, ..options(Personality::P1s, &["slow-handshake"]) };
    let camera = camera(tls);
    let began = Instant::now();
    let mut client = connector().connect(name(), camera.connect().expect("connected")).await.expect("a handshake");
    assert_eq!(began.elapsed(), secs(1));
    client.write_all(&login("bblp", "12345678")).await.expect("sent");
    let mut header = [0; 16];
    client.read_exact(&mut header).await.expect("a header");
    assert!(began.elapsed() >= secs(2), "the first picture takes its time");
}

/// Over a real socket, as a printer speaks: TLS 1.2.
#[test]
fn a_live_picture_over_tls() {
    let options = Options {
        picture_interval: Some(Duration::from_millis(20)),
        faults: Vec::new(),
        access_code: AccessCode::from("00000001"),
        ..Options::of(Personality::P1s)
    };
    let camera = Simulator::start(options).expect("a camera");
    assert_eq!(camera.url(), format!("jpegs://{}", camera.addr()));
    assert_eq!(camera.url_with_credentials(), format!("jpegs://bblp:00000001@{}", camera.addr()));
    let tcp = std::net::TcpStream::connect(camera.addr()).expect("connected");
    tcp.set_read_timeout(Some(secs(10))).expect("set");
    let connection = rustls::ClientConnection::new(client_config(), name()).expect("a client");
    let mut tls = rustls::StreamOwned::new(connection, tcp);
    tls.write_all(&login("bblp", "00000001")).expect("sent");
    for _ in 0..2 {
        let mut header = [0; 16];
        tls.read_exact(&mut header).expect("a header");
        let mut file = vec![0; length(&header)];
        tls.read_exact(&mut file).expect("a file");
        assert!(file.starts_with(&[0xff, 0xd8]) && file.ends_with(&[0xff, 0xd9]));
    }
    assert_eq!(tls.conn.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_2));
    tls.conn.send_close_notify();
    tls.flush().expect("sent");
    drop(tls);
    assert!(camera.wait_for(secs(10), |log| log.clients[0].ending == Some(Ending::Clean)), "{:?}", camera.log());
}

fn connector() -> tokio_rustls::TlsConnector {
    client_config().into()
}
