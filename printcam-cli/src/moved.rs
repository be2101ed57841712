//! A printer of the configuration that has another address now: found by its serial number, believed by its key.

use std::time::Duration;

use printcam::connect::{ConnectOptions, Target, connect};
use printcam::discover::locate;
use printcam::{Error, Place, StreamEvent, TlsOptions, Trust};
use tokio::net::lookup_host;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::camera::{Camera, LOCATE, configuration, discovery};
use crate::output::say;

/// For the good-bye after a look at the key.
const CLOSE_WITHIN: Duration = Duration::from_millis(500);

/// The camera at the address from which its printer makes itself known, which the configuration has from then on. `None`
/// where that is no other one, or the configuration has no key to know the printer by: anybody can announce a serial number.
pub(crate) async fn find_again(camera: &Camera, error: &Error) -> Option<Camera> {
    let known = camera.printer.as_ref().filter(|_| error.doubts_the_address())?;
    let (serial, pin, old) = (known.serial.as_deref()?, known.pin?, known.address.as_ref()?);
    let name = &known.name;
    let address = locate(serial, &discovery().ok()?, LOCATE).await?.address;
    // A name may well lead there.
    let mut there = lookup_host((old.host.as_str(), 0)).await.into_iter().flatten();
    if there.any(|known| known.ip() == address) {
        return None;
    }
    let place = Place { host: address.to_string(), port: old.port };
    let target = Target::new(&place.host, camera.source.url.port());
    let connected = connect(&target, &ConnectOptions::tls(TlsOptions::new(Trust::Pin(pin)))).await;
    connected
        .inspect_err(|error| say!("somebody at {address} says to be {name}: {error}"))
        .ok()?
        .stream
        .close(CLOSE_WITHIN)
        .await;
    let (file, _) = configuration().ok()?;
    match file.move_to(name, &place) {
        Ok(_) => say!("{name} is at {place} now, and has the key it had before: the configuration says so from now on"),
        Err(error) => say!("{name} is at {place} now; the configuration cannot be changed: {error}"),
    }
    camera.moved_to(place).ok()
}

/// Looks for the printer whenever its stream cannot reach it. The configuration's change is then for others to notice.
pub(crate) async fn look_out(camera: Camera, mut events: Receiver<StreamEvent>) {
    loop {
        match events.recv().await {
            Ok(StreamEvent::State(state)) => {
                if let Some(error) = &state.error
                    && find_again(&camera, error).await.is_some()
                {
                    return;
                }
            }
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}
