//! A simulated X1C, and what to ask it.

use std::sync::Arc;
use std::time::Duration;

use printcam::{KnownPrinters, Source, Trust};
use printcam_sim::{ClientRecord, Fault, Log, Options, Simulator};

/// What takes longer has failed.
pub(crate) const SOON: Duration = Duration::from_secs(10);

pub(crate) fn start(options: Options) -> Arc<Simulator> {
    Arc::new(Simulator::start(options).expect("a camera"))
}

pub(crate) fn source(camera: &Simulator) -> Source {
    camera.url_with_credentials().parse().expect("an address")
}

/// Trust on first use, with nobody known.
pub(crate) fn options() -> printcam::Options {
    printcam::Options::new(Trust::FirstUse(KnownPrinters::in_memory()))
}

/// Waits, while the runtime goes on, until the camera has seen this; panics if it never does.
pub(crate) async fn seen(camera: &Arc<Simulator>, what: &str, condition: impl Fn(&Log) -> bool + Send + 'static) {
    let waiting = Arc::clone(camera);
    let seen = tokio::task::spawn_blocking(move || waiting.wait_for(SOON, condition)).await.expect("no panic");
    assert!(seen, "the camera never saw {what}: {:?}", camera.log());
}

/// What the newest client did.
pub(crate) fn last(camera: &Simulator) -> ClientRecord {
    camera.log().clients.pop().expect("a client")
}

/// The faults with these names, parted by spaces.
pub(crate) fn faults_named(names: &str) -> Vec<Fault> {
    names.split_whitespace().map(|name| name.parse().expect("a fault")).collect()
}
