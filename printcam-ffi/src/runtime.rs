//! What there is once in a process: the runtime, and the hall of all gates.

use std::sync::{Arc, LazyLock};

use tokio::runtime::{Builder, Runtime};

use crate::gate::Hall;

/// What the sockets of eight cameras need, with one to spare; decoding has threads of its own.
const WORKERS: usize = 2;

/// The runtime that everything runs on, made when it is first needed and never dropped: a host may take down its
/// isolates while cameras are still being given back.
///
/// # Panics
/// Where the system has no threads or file descriptors left.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(WORKERS).thread_name("printcam").enable_all();
        builder.build().expect("threads for the runtime")
    });
    &RUNTIME
}

/// One for all gates: a callback of one manager may free another.
pub(crate) fn hall() -> &'static Arc<Hall> {
    static HALL: LazyLock<Arc<Hall>> = LazyLock::new(Arc::default);
    &HALL
}
