//! Faults of requests, sessions, connections and the camera itself.

use crate::any_certificate::{client_config, name};
use crate::client::{Client, What, header};
use crate::{arrivals, camera, is_near, millis, options, responses, secs};
use printcam_sim::{Encryption, Ending, Options, VirtualCamera};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::test(start_paused = true)]
async fn a_connection_ends_bare_or_not_at_all() {
    for (fault, ends) in [("close@3s", true), ("reset@3s", true), ("vanish@3s", false)] {
        let camera = camera(&[fault]);
        let mut client = Client::play(&camera).await;
        let events = client.receive(secs(100), &[(secs(4), "GET_PARAMETER")]).await;
        let last = events.last().expect("some");
        assert_eq!(last.what == What::End, ends, "{fault}");
        assert!(is_near(last.at, 3.0), "{fault}: {last:?}");
        let saw_bye = events.iter().any(|event| event.what == What::Rtcp(203));
        assert!(!saw_bye, "{fault}");
        let record = camera.log().clients.remove(0);
        assert_eq!((record.vanished, record.ending.is_some()), (!ends, ends), "{fault}");
        assert!(!record.teardown && !record.has_session, "{fault}");
        drop(client);
        tokio::time::sleep(millis(1)).await;
        let ending = camera.log().clients[0].ending;
        assert_eq!(ending, Some(if ends { Ending::ByCamera } else { Ending::Clean }), "{fault}");
        let mut next = Client::play(&camera).await;
        assert!(!next.receive(secs(1), &[]).await.is_empty(), "{fault}: the place is free");
        assert_eq!(camera.log().peak_connections, 1, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_in_each_state_of_the_dialogue() {
    for (method, statuses) in [("describe", [1, 1, 1]), ("setup", [200, 1, 1]), ("play", [200, 200, 1])] {
        for (fault, at_end) in [("close", 1), ("vanish", 0), ("freeze", 0)] {
            let camera = camera(&[&format!("{fault}@{method}")]);
            let mut client = Client::connect(&camera);
            let mut got = Vec::new();
            for (index, method) in ["DESCRIBE", "SETUP", "PLAY"].into_iter().enumerate() {
                let (status, reply) = client.ask(method).await;
                got.push(if index == 0 && status == 401 {
                    client.take_challenge(&reply);
                    client.ask(method).await.0
                } else if method == "SETUP" && status == 200 {
                    client.session = header(&reply, "Session").and_then(|s| s.split(';').next()).expect("one").into();
                    status
                } else {
                    status
                });
            }
            let want = statuses.map(|status| if status == 1 { at_end } else { status });
            assert_eq!(got, want, "{fault}@{method}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_ends_all_and_nobody_listens() {
    let camera = camera(&["restart=20s@60s"]);
    let mut client = Client::play(&camera).await;
    let events = client.receive(secs(70), &[]).await;
    let last = events.last().expect("some");
    assert!(last.what == What::End && is_near(last.at, 60.0), "{last:?}");
    let kind = |result: std::io::Result<_>| result.map(drop).map_err(|error| error.kind());
    assert_eq!(kind(camera.connect()), Err(std::io::ErrorKind::ConnectionRefused));
    tokio::time::sleep(millis(19_900)).await;
    assert!(camera.connect().is_err());
    tokio::time::sleep(millis(200)).await;
    assert_eq!(Client::connect(&camera).ask("OPTIONS").await.0, 200);
    let log = camera.log();
    assert_eq!(log.attempts.iter().map(|attempt| attempt.refused).collect::<Vec<_>>(), [false, true, true, false]);
    assert_eq!((log.peak_connections, log.most_attempts_within(secs(30))), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_scenario_turns_at_its_times() {
    let text = r#"
        [[at]]
        time = "10s"
        code = "87654321"
        [[at]]
        time = "20s"
        restart = "5s"
        code = "12345678"
        [[at]]
        time = "40s"
        live-view = false
    "#;
    let story = text.parse::<Options>().expect("a scenario");
    let camera = VirtualCamera::start(Options { changes: story.changes, ..options(&[], 1) }).expect("a camera");
    let mut first = Client::play(&camera).await;
    tokio::time::sleep(secs(11)).await;
    assert_eq!(Client::connect(&camera).describe().await.0, 401, "another code");
    let last = first.receive(secs(30), &[]).await.pop().expect("some");
    assert!(last.what == What::End && is_near(last.at, 20.0), "{last:?}");
    tokio::time::sleep(secs(10)).await;
    assert_eq!(Client::connect(&camera).describe().await.0, 200, "the first code again");
    tokio::time::sleep(secs(11)).await;
    assert!(camera.connect().is_err(), "the live view is off");
}

#[tokio::test(start_paused = true)]
async fn refusing_leaves_connections_alone_and_orders_do_the_same() {
    for by_fault in [true, false] {
        let camera = camera(if by_fault { &["refuse=10s@5s"] } else { &[] });
        if !by_fault {
            let ordered = camera.clone();
            tokio::spawn(async move {
                tokio::time::sleep(secs(5)).await;
                ordered.stop_listening_for(secs(10));
            });
        }
        let mut client = Client::play(&camera).await;
        client.receive(millis(5500), &[]).await;
        assert!(camera.connect().is_err());
        let events = client.receive(secs(15), &[]).await;
        assert!(arrivals(&events).len() > 80, "it plays on");
        tokio::time::sleep(millis(100)).await;
        assert!(camera.connect().is_ok());
    }
    let camera = camera(&[]);
    let mut client = Client::play(&camera).await;
    camera.restart(secs(1));
    let events = client.receive(secs(1), &[]).await;
    assert_eq!(events.last().map(|event| &event.what), Some(&What::End));
    assert!(camera.connect().is_err());
    tokio::time::sleep(millis(1001)).await;
    assert!(camera.connect().is_ok());
}

#[tokio::test(start_paused = true)]
async fn keep_alives_are_answered_as_told() {
    let asking = [(secs(2), "GET_PARAMETER"), (secs(6), "GET_PARAMETER"), (secs(7), "OPTIONS")];
    for (fault, want) in [
        ("keep-alive-unanswered@5s", &[200, 200][..]),
        ("get-parameter-501@5s", &[200, 200, 501, 200]),
        ("no-get-parameter@5s", &[200, 200, 405, 200]),
        ("unauthorized@5s", &[200, 200, 401, 200]),
        ("unauthorized=1500ms@5s", &[200, 200, 401, 200]),
        ("unauthorized=500ms@5s", &[200, 200, 200, 200]),
        ("new-nonce@5s", &[200, 200, 401, 200]),
        ("expire@5s", &[200, 200, 454, 200]),
    ] {
        let camera = camera(&[fault]);
        let mut client = Client::play(&camera).await;
        let events = client.receive(secs(8), &asking).await;
        let statuses: Vec<u16> = responses(&events).iter().map(|(_, status)| *status).collect();
        assert_eq!(statuses, want, "{fault}");
        let expired = fault.starts_with("expire");
        assert_eq!(events.iter().any(|event| event.what == What::Rtcp(203)), expired, "{fault}");
        assert_eq!(camera.log().clients[0].expired, expired, "{fault}");
        let late = arrivals(&events).last().is_some_and(|&at| at > secs(7));
        assert_eq!(late, !expired, "{fault}: media goes on");
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_nonce_opens_again_and_a_rotated_code_does_not() {
    for (fault, want) in [("new-nonce@1s", 200), ("unauthorized@1s", 401)] {
        let camera = camera(&[fault]);
        let mut client = Client::play(&camera).await;
        client.receive(secs(2), &[]).await;
        let (status, first) = client.ask("GET_PARAMETER").await;
        assert_eq!(status, 401, "{fault}: the old nonce");
        client.take_challenge(&first);
        let (status, second) = client.ask("GET_PARAMETER").await;
        assert_eq!(status, want, "{fault}");
        if want == 401 {
            assert_ne!(header(&first, "WWW-Authenticate"), header(&second, "WWW-Authenticate"));
        }
        assert_eq!(client.ask("TEARDOWN").await.0, 200, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn descriptions() {
    for (fault, has, has_not) in [
        ("no-sprop", "profile-level-id=42C00A\r\n", "sprop"),
        ("no-video", "a=control:*", "m="),
        ("large-replies=70000", "sprop-parameter-sets=Z0LACo2NQhMg,aM4xsg==\r\n", "\0"),
    ] {
        let camera = camera(&[fault]);
        let (status, reply) = Client::connect(&camera).describe().await;
        assert!(status == 200 && reply.contains(has) && !reply.contains(has_not), "{fault}");
        assert_eq!(reply.len() > 70_000, fault.starts_with("large"), "{fault}");
    }
    let camera = camera(&["describe-unanswered=30s"]);
    let mut client = Client::connect(&camera);
    assert_eq!(client.describe().await.0, 0);
    assert_eq!(Client::connect(&camera).describe().await.0, 200, "a minute later");
}

#[tokio::test(start_paused = true)]
async fn a_hung_camera_can_be_restarted() {
    for faults in [&["no-server-hello=10s"][..], &["no-server-hello=10s", "restart@90s"]] {
        let camera = camera(faults);
        let mut hung = Client::connect(&camera);
        assert_eq!(hung.ask("OPTIONS").await.0, 0);
        assert_eq!(Client::connect(&camera).ask("OPTIONS").await.0, 200);
        if faults.len() == 1 {
            camera.restart(secs(0));
        }
        assert_eq!(hung.ask("OPTIONS").await.0, 1, "{faults:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stopped_camera_takes_nobody() {
    let camera = VirtualCamera::start(options(&[], 1)).expect("a camera");
    let mut client = Client::play(&camera).await;
    camera.stop();
    let events = client.receive(secs(1), &[]).await;
    assert_eq!(events.last().map(|event| &event.what), Some(&What::End));
    assert!(camera.connect().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_clients_close_is_not_answered_by_what_is_gone() {
    for (fault, answered_after) in [("vanish@options", 60), ("freeze@options", 60), ("freeze=9s@options", 9)] {
        let camera = camera(&[fault]);
        let mut stream = camera.connect().expect("connected");
        stream.write_all(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n").await.expect("sent");
        tokio::time::sleep(millis(1)).await;
        stream.shutdown().await.expect("closed");
        let began = tokio::time::Instant::now();
        let mut read = Vec::new();
        stream.read_to_end(&mut read).await.expect("an end at last");
        assert!(read.is_empty() && is_near(began.elapsed(), f64::from(answered_after)), "{fault}: {began:?}");
        let record = camera.log().clients.remove(0);
        assert!(record.ended_at < Some(millis(10)), "{fault}: noted at once");
        assert_eq!(record.requests[0].status, None, "{fault}: the request is lost");
    }
}

#[tokio::test(start_paused = true)]
async fn tls_works_in_virtual_time_too() {
    let connector = tokio_rustls::TlsConnector::from(client_config());
    // Whether the end is an orderly one, with close_notify.
    for (fault, orderly) in [("restart@1h", false), ("stall@1h", true)] {
        let encryption = Encryption::Tls12;
        let camera = VirtualCamera::start(Options { encryption, ..options(&[fault], 1) }).expect("a camera");
        let mut tls = connector.connect(name(), camera.connect().expect("connected")).await.expect("a handshake");
        tls.write_all(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n").await.expect("sent");
        let mut reply = [0; 15];
        tls.read_exact(&mut reply).await.expect("a reply");
        assert_eq!(&reply, b"RTSP/1.0 200 OK", "{fault}");
        tokio::time::sleep(secs(3601)).await;
        if orderly {
            camera.stop();
        }
        assert_eq!(tls.read_to_end(&mut Vec::new()).await.is_ok(), orderly, "{fault}");
        assert!(camera.log().clients[0].tls_established, "{fault}");
    }
}
