//! `printcam sim`: a simulated printer camera.

use printcam_sim::{AccessCode, Encryption, Footage, Options, Simulator, Udp};

use crate::arguments::SimArguments;
use crate::exit::Failure;
use crate::output::{Destination, say};
use crate::signals;

pub(crate) async fn run(arguments: SimArguments) -> Result<(), Failure> {
    let mut options = Options {
        bind: arguments.bind,
        access_code: AccessCode::from(arguments.code.as_str()),
        udp: if arguments.refuse_udp { Udp::Refuse } else { Udp::Allow },
        receiver_reports_required: !arguments.without_reports,
        gop: arguments.gop,
        seed: arguments.seed,
        faults: arguments.faults,
        fps: arguments.fps,
        footage: if arguments.canned { Footage::Canned } else { Footage::Live },
        ..Options::default()
    };
    if arguments.plain {
        options.encryption = Encryption::None;
    }
    if let Some(serial) = arguments.serial {
        options.serial = serial;
    }
    let simulator = Simulator::start(options)
        .map_err(|error| Failure::Io { what: format!("camera on {}", arguments.bind), error })?;
    Destination::Stdout.write(format!("{}\n", simulator.url_with_credentials()).as_bytes())?;
    say!("a simulated X1C; Ctrl-C ends it");
    signals::stop_wanted().await
}
