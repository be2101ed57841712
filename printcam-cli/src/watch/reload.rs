//! Watching goes on with what the configuration says now.

use std::time::Duration;

use printcam::config::{Config, ConfigFile, ConfiguredPrinter};

use crate::arguments::WatchArguments;
use crate::camera::{Camera, TypedAddress, Unknown, configured};
use crate::output::say;

/// How soon a change shall count. Asking for the file's date costs next to nothing.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Resolves when the configuration says something else of a printer that is watched by its name, with all cameras as they
/// are to be watched from then on. Never where nothing can change, or where it would break a file that is being written.
pub(super) async fn changed(arguments: &WatchArguments, cameras: &[Camera]) -> Vec<Camera> {
    let named: Vec<&str> = arguments.addresses.iter().filter_map(TypedAddress::name).collect();
    let file = match ConfigFile::in_default_place() {
        Ok(file) if !named.is_empty() && arguments.h264.is_none() => file,
        _ => return std::future::pending().await,
    };
    let mut version = file.version();
    let mut known = file.load().ok();
    let mut tick = tokio::time::interval(LOOK_EVERY);
    loop {
        tick.tick().await;
        if file.version() == version {
            continue;
        }
        version = file.version();
        let config = match file.load() {
            Ok(config) => config,
            Err(error) => {
                say!("the configuration cannot be read; all goes on as before: {error}");
                continue;
            }
        };
        let of = |config: Option<&Config>| -> Vec<Option<ConfiguredPrinter>> {
            named.iter().map(|name| config.and_then(|config| config.printer(name)).cloned()).collect()
        };
        if of(Some(&config)) == of(known.as_ref()) {
            continue;
        }
        match anew(arguments, cameras, &config).await {
            Ok(cameras) => {
                say!("the configuration has changed");
                return cameras;
            }
            Err(name) => say!("{name} cannot be watched as the configuration says now; all goes on as before"),
        }
        known = Some(config);
    }
}

/// All cameras: those with a name as the configuration has it, the others as they were.
async fn anew<'a>(arguments: &'a WatchArguments, cameras: &[Camera], config: &Config) -> Result<Vec<Camera>, &'a str> {
    let mut all = Vec::new();
    for (address, camera) in arguments.addresses.iter().zip(cameras) {
        all.push(match address.name() {
            Some(name) => {
                let printer = config.printer(name).ok_or(name)?;
                configured(printer, &arguments.connection, Unknown::Fails).await.map_err(|_| name)?
            }
            None => camera.clone(),
        });
    }
    Ok(all)
}
