//! Every way out gives the session back: TEARDOWN where the camera has a session, close_notify in any case.
//!
//! The camera is the independent simulator, over TLS on loopback; its log is the judge. One test at a time: what
//! [`all_closed`](printcam::all_closed) counts is counted for the whole process.

#[path = "../support/camera.rs"]
mod camera;
mod shared;
mod stages;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use printcam::{Connection, Error, Event, all_closed, snapshot};
use printcam_sim::{ClientRecord, Ending, Options, Simulator};
use tokio::sync::Mutex;

use camera::{SOON, faults_named, last, options, seen, source, start};
use stages::STAGES;

static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// Enough to meet the session in slightly different states; the times are printed.
const RUNS: usize = 3;

/// Generous for a busy machine; the promise is 100 ms for 99 of 100 with a camera that answers.
const AT_ONCE: Duration = Duration::from_secs(1);

/// How a consumer ends.
#[derive(Debug, Clone, Copy)]
enum Way {
    Close,
    LeaveThenReadToTheEnd,
    LeaveThenClose,
    Drop,
    Panic,
    Abort,
    ConsumerFails,
    TwiceAndLonger,
}

const WAYS: [Way; 8] = [
    Way::Close,
    Way::LeaveThenReadToTheEnd,
    Way::LeaveThenClose,
    Way::Drop,
    Way::Panic,
    Way::Abort,
    Way::ConsumerFails,
    Way::TwiceAndLonger,
];

#[tokio::test]
async fn streams() {
    let _alone = ONE_AT_A_TIME.lock().await;
    for stage in STAGES {
        let camera = stage.camera();
        let mut took = Vec::new();
        for way in WAYS.repeat(RUNS) {
            let stream = stage.reach(&camera).await;
            let began = Instant::now();
            way.go(stream).await;
            assert!(all_closed(AT_ONCE).await, "{stage:?}, {way:?}: still open");
            took.push(began.elapsed());
            assert!(began.elapsed() < AT_ONCE, "{stage:?}, {way:?}: took {:?}", began.elapsed());
            assert_given_back(&camera, &format!("{stage:?}, {way:?}")).await;
        }
        took.sort();
        println!("{stage:?}: median {:?}, longest of {} {:?}", took[took.len() / 2], took.len(), took.last().unwrap());
    }
}

impl Way {
    async fn go(self, mut stream: Connection) {
        match self {
            Way::Close => stream.close().await,
            Way::LeaveThenReadToTheEnd => {
                stream.leave();
                read_to_the_end(&mut stream).await;
            }
            Way::LeaveThenClose => {
                stream.leave();
                stream.close().await;
            }
            Way::Drop => drop(stream),
            Way::Panic => {
                let consumer = tokio::spawn(async move {
                    let _stream = stream;
                    // Not `panic!`: nothing shall be printed.
                    std::panic::resume_unwind(Box::new("a consumer's mistake"));
                });
                assert!(consumer.await.unwrap_err().is_panic());
            }
            Way::Abort => {
                let consumer = tokio::spawn(async move { while let Ok(Some(_)) = stream.next().await {} });
                tokio::task::yield_now().await;
                consumer.abort();
                assert!(consumer.await.unwrap_err().is_cancelled());
            }
            Way::ConsumerFails => {
                let consumer = async move {
                    let _stream = stream;
                    std::fs::read("/no/such/file").map(drop)
                };
                consumer.await.unwrap_err();
            }
            Way::TwiceAndLonger => {
                stream.leave();
                stream.leave();
                read_to_the_end(&mut stream).await;
                // The end stays the end.
                assert!(matches!(stream.next().await, Ok(None)));
                stream.close().await;
            }
        }
    }
}

async fn read_to_the_end(stream: &mut Connection) {
    while stream.next().await.expect("no error after leaving").is_some() {}
}

/// The last connection's end, as the camera saw it.
async fn assert_given_back(camera: &Arc<Simulator>, what: &str) {
    seen(camera, "an end", |log| log.clients.iter().all(|client| client.ending.is_some())).await;
    let client = last(camera);
    assert_eq!(client.ending, Some(Ending::Clean), "{what}: {:?}", client.requests);
    assert_eq!(client.teardown, had_session(&client), "{what}: {:?}", client.requests);
    assert_eq!(client.garbage_packets, 0, "{what}");
}

fn had_session(client: &ClientRecord) -> bool {
    client.requests.iter().any(|request| request.method == "SETUP" && request.status == Some(200))
}

#[tokio::test]
async fn a_snapshot_given_up() {
    let _alone = ONE_AT_A_TIME.lock().await;
    // Each future is dropped as soon as the camera has seen this request.
    for method in ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"] {
        let camera = start(Options::default());
        let (source, options) = (source(&camera), options());
        let request = seen(&camera, method, move |log| {
            log.clients.iter().any(|client| client.requests.iter().any(|request| request.method == method))
        });
        tokio::select! {
            biased;
            () = request => {}
            picture = snapshot(&source, &options, SOON) => drop(picture.expect("a picture, quicker than we looked")),
        }
        assert!(all_closed(AT_ONCE).await, "{method}");
        assert_given_back(&camera, method).await;
    }
}

#[tokio::test]
async fn a_snapshot_that_takes_too_long() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let faults = "datagrams-lost";
    let camera = start(Options { faults: faults_named(faults), ..Options::default() });
    let mut options = options();
    options.transport = printcam::Transport::Udp;
    let error = snapshot(&source(&camera), &options, Duration::from_millis(500)).await.unwrap_err();
    assert!(matches!(*error, Error::Timeout { waiting: printcam::Waiting::KeyFrame, .. }), "{error}");
    assert!(all_closed(AT_ONCE).await);
    assert_given_back(&camera, "no picture in time").await;
    assert!(last(&camera).teardown);
}

#[tokio::test]
async fn a_snapshot_taken() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let camera = start(Options::default());
    snapshot(&source(&camera), &options(), SOON).await.expect("a picture");
    assert!(all_closed(AT_ONCE).await);
    assert_given_back(&camera, "a picture").await;
}

#[tokio::test]
async fn an_attempt_given_up_before_tls_is_there() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let faults = "no-server-hello";
    let camera = start(Options { faults: faults_named(faults), ..Options::default() });
    let (source, options) = (source(&camera), options());
    tokio::select! {
        biased;
        () = seen(&camera, "a connection", |log| log.connections == 1) => {}
        opened = Connection::open(&source, &options) => drop(opened.expect("no connection")),
    }
    assert!(all_closed(Duration::ZERO).await, "no session was ever there");
    seen(&camera, "an end", |log| log.clients[0].ending == Some(Ending::Clean)).await;
}

#[test]
fn a_runtime_that_is_dropped_leaves_no_session_counted() {
    let _alone = ONE_AT_A_TIME.blocking_lock();
    let camera = start(Options::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stream = runtime.block_on(async {
        let mut stream = Connection::open(&source(&camera), &options()).await.expect("a stream");
        while !matches!(stream.next().await.expect("no end"), Some(Event::Playing { .. })) {}
        stream
    });
    drop(runtime);
    let stream = std::panic::catch_unwind(AssertUnwindSafe(|| drop(stream)));
    assert!(stream.is_ok());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert!(runtime.block_on(all_closed(Duration::ZERO)), "nobody could ever close it");
}
