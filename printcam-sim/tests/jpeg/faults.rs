//! What goes wrong at JPEG cameras.

use std::time::Duration;

use crate::{camera, connector, files, length, login, name, options, secs, watch};
use printcam_sim::{Encryption, Ending, Login, Options, Personality, VirtualCamera, WrongCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

fn faulty(faults: &[&str]) -> VirtualCamera {
    camera(options(Personality::P1s, faults))
}

/// When headers came, in whole seconds since the login.
async fn arrivals(camera: &VirtualCamera, time: Duration) -> Vec<u64> {
    let mut stream = camera.connect().expect("connected");
    stream.write_all(&login("bblp", "12345678")).await.expect("sent");
    let began = Instant::now();
    let mut arrivals = Vec::new();
    let mut header = [0; 16];
    while tokio::time::timeout_at(began + time, stream.read_exact(&mut header)).await.is_ok_and(|read| read.is_ok()) {
        arrivals.push(began.elapsed().as_secs());
        let mut file = vec![0; length(&header)];
        stream.read_exact(&mut file).await.expect("a file");
    }
    arrivals
}

#[tokio::test(start_paused = true)]
async fn files_end_early_or_get_lost_or_come_twice() {
    let (bytes, _) = watch(&faulty(&["truncated-jpeg=0.5"]), secs(200)).await;
    let all = files(&bytes);
    let cut = all.iter().filter(|file| !file.ends_with(&[0xff, 0xd9])).count();
    assert!((30..70).contains(&cut) && all.len() > 98, "{cut} of {}", all.len());

    let (bytes, _) = watch(&faulty(&["loss=1@1s+9s"]), secs(21)).await;
    assert_eq!(files(&bytes).len(), 6);
    let (bytes, _) = watch(&faulty(&["duplicate=1"]), secs(21)).await;
    let all = files(&bytes);
    assert!(all.len() == 20 && all.chunks(2).all(|pair| pair[0] == pair[1]), "{}", all.len());
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_sends_the_same_bytes() {
    let mut received = Vec::new();
    for seed in [7, 7, 8] {
        let faults = ["truncated-jpeg=0.3", "loss=0.3", "duplicate=0.3", "stall=1s..9s/20s"];
        received.push(watch(&camera(Options { seed, ..options(Personality::P1s, &faults) }), secs(100)).await.0);
    }
    assert!(received[0].len() > 10_000);
    assert!(received[0] == received[1] && received[0] != received[2]);
}

#[tokio::test(start_paused = true)]
async fn lengths_lie() {
    for bytes in [900_000_000, u32::MAX] {
        let (received, _) = watch(&faulty(&[&format!("jpeg-length={bytes}")]), secs(3)).await;
        assert_eq!(received[..4], bytes.to_le_bytes());
        assert_eq!(received[16..18], [0xff, 0xd8]);
        assert!(received.len() < 10_000);
    }
}

#[tokio::test(start_paused = true)]
async fn files_of_any_size_show_the_same_picture() {
    let whole = |bytes: &[u8]| files(bytes)[0].to_vec();
    let usual = whole(&watch(&faulty(&[]), secs(3)).await.0);
    for size in [8 << 20 | 1, 100_000] {
        let file = whole(&watch(&faulty(&[&format!("large-jpeg={size}")]), secs(3)).await.0);
        assert!((size..size + 0x10000).contains(&file.len()), "{size}: {}", file.len());
        assert!(file.starts_with(&[0xff, 0xd8, 0xff, 0xfe]) && file.ends_with(&usual[2..]), "{size}");
    }
}

#[tokio::test(start_paused = true)]
async fn any_code_is_denied_and_strangers_answer() {
    let denial = [&[8, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0][..], &[0xff; 4], &[0; 4]].concat();
    for (faults, want, ends, outcome) in [
        (&["unauthorized", "wrong-code=denial"][..], denial, false, Login::Denied),
        (&["unauthorized", "wrong-code=silence"], Vec::new(), false, Login::Denied),
        (&["unauthorized"], Vec::new(), true, Login::Denied),
        (&["foreign-answer"], [&[8, 0, 0, 0, 0x3f, 1, 3, 0][..], &[0; 16]].concat(), false, Login::Accepted),
    ] {
        let camera = faulty(faults);
        assert_eq!(watch(&camera, secs(60)).await, (want, ends), "{faults:?}");
        assert_eq!(camera.log().clients[0].login, Some(outcome), "{faults:?}");
    }
    let turned = Options { wrong_code: WrongCode::Silence, ..options(Personality::P1s, &["unauthorized=10s@5s"]) };
    let turned = camera(turned);
    assert!(!watch(&turned, secs(4)).await.0.is_empty());
    tokio::time::sleep(secs(2)).await;
    assert!(watch(&turned, secs(4)).await.0.is_empty(), "the code was rotated");
}

#[tokio::test(start_paused = true)]
async fn stalls_flush_and_freezes_lose() {
    let stalled = arrivals(&faulty(&["stall=10s@5s"]), secs(21)).await;
    assert_eq!(stalled, [2, 4, 15, 15, 15, 15, 15, 16, 18, 20]);
    let frozen = arrivals(&faulty(&["freeze=10s@5s"]), secs(21)).await;
    assert_eq!(frozen, [2, 4, 16, 18, 20]);
    let hung = arrivals(&faulty(&["hang@5s"]), secs(60)).await;
    assert_eq!(hung, [2, 4]);
}

#[tokio::test(start_paused = true)]
async fn connections_end_bare_or_not_at_all() {
    for (fault, ends) in [("close@5s", true), ("reset@5s", true), ("vanish@5s", false), ("restart=9s@5s", true)] {
        let camera = faulty(&[fault]);
        let (bytes, ended) = watch(&camera, secs(60)).await;
        assert_eq!((files(&bytes).len(), ended), (2, ends), "{fault}");
    }
    let (bytes, ended) = watch(&faulty(&["close@play"]), secs(60)).await;
    assert_eq!((bytes.len(), ended), (0, true), "at the login");
}

#[tokio::test(start_paused = true)]
async fn an_orphan_blocks_the_next_client() {
    let camera = orphaned(&["wedge=20m"]).await;
    assert!(watch(&camera, secs(60)).await.0.is_empty());
    tokio::time::sleep(secs(1200)).await;
    assert!(!watch(&camera, secs(60)).await.0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn nobody_can_be_thrown_out_where_an_orphan_blocks_and_a_restart_ends_it() {
    let camera = orphaned(&["wedge=20m", "second-client=kick"]).await;
    assert!(watch(&camera, secs(60)).await.0.is_empty());
    camera.restart(secs(10));
    tokio::time::sleep(secs(11)).await;
    assert!(!watch(&camera, secs(60)).await.0.is_empty());
}

/// A camera whose client has left without close_notify.
async fn orphaned(faults: &[&str]) -> VirtualCamera {
    let encryption = Encryption::Tls12;
    let camera = camera(Options { encryption, ..options(Personality::P1s, faults) });
    let mut client = connector().connect(name(), camera.connect().expect("connected")).await.expect("a handshake");
    client.write_all(&login("bblp", "12345678")).await.expect("sent");
    tokio::time::sleep(secs(3)).await;
    // Without close_notify.
    drop(client);
    tokio::time::sleep(secs(1)).await;
    assert_eq!(camera.log().clients[0].ending, Some(Ending::BareEof));
    camera.change(|options| options.encryption = Encryption::None);
    camera
}

#[tokio::test(start_paused = true)]
async fn headers_come_byte_by_byte() {
    let camera = faulty(&["one-byte-writes"]);
    let (mut client, printer) = tokio::io::duplex(1);
    tokio::spawn(camera.serve_connection(printer, ([127, 0, 0, 1], 5).into()));
    client.write_all(&login("bblp", "12345678")).await.expect("sent");
    let mut header = [0; 16];
    client.read_exact(&mut header).await.expect("a header");
    assert!(length(&header) > 100);
}
