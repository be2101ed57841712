//! Which cameras this process watches, so that none of them ever gets a second connection.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, Weak};

use tokio::sync::Semaphore;

use crate::stream::Handle;
use crate::{Source, lock};

/// What tells cameras apart. The path does not: a printer serves one client, whatever the client asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct CameraKey {
    host: String,
    port: u16,
    username: String,
}

impl CameraKey {
    pub(crate) fn of(source: &Source) -> Self {
        Self {
            host: source.url.host().to_ascii_lowercase(),
            port: source.url.port(),
            username: source.credentials.as_ref().map(|c| c.username().to_owned()).unwrap_or_default(),
        }
    }
}

/// What is known of a camera for as long as the process lives.
#[derive(Debug)]
pub(crate) struct Camera {
    /// The stream that is up, if one is.
    pub(crate) stream: Weak<Handle>,
    /// Held by whoever has a connection to it, until that connection is closed.
    pub(crate) slot: Arc<Semaphore>,
    /// UDP is of no use with it.
    pub(crate) tcp_only: bool,
    /// The model code that it has told.
    pub(crate) model: Option<String>,
}

/// Cameras remembered; beyond it those that nobody watches are forgotten.
const MAX_REMEMBERED: usize = 1024;

static CAMERAS: LazyLock<Mutex<HashMap<CameraKey, Camera>>> = LazyLock::new(Mutex::default);

/// Looks at a camera's entry, or makes one. The lock is held meanwhile: `look` neither waits nor calls out.
pub(crate) fn with_camera<T>(key: &CameraKey, look: impl FnOnce(&mut Camera) -> T) -> T {
    let mut cameras = lock(&CAMERAS);
    if cameras.len() >= MAX_REMEMBERED && !cameras.contains_key(key) {
        cameras.retain(|_, camera| camera.stream.strong_count() > 0 || camera.slot.available_permits() == 0);
    }
    let camera = cameras.entry(key.clone()).or_insert_with(|| Camera {
        stream: Weak::new(),
        slot: Arc::new(Semaphore::new(1)),
        tcp_only: false,
        model: None,
    });
    look(camera)
}

/// Whether this process has a connection to a camera there.
pub(crate) fn is_in_use(address: std::net::SocketAddr) -> bool {
    let host = address.ip().to_string();
    let cameras = lock(&CAMERAS);
    let there = |key: &CameraKey| key.host == host && key.port == address.port();
    cameras.iter().any(|(key, camera)| there(key) && camera.slot.available_permits() == 0)
}
