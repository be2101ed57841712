//! `printcam doctor`: why is there no picture?

mod bundle;
mod redact;
mod screen;

use printcam::discover::CameraProtocol;
use printcam::doctor::{Check, Checkup, Report, Verdict, examine};
use serde_json::{Value, json};

use crate::arguments::DoctorArguments;
use crate::camera::{Camera, discovery};
use crate::exit::Failure;
use crate::in_use;
use crate::logging::KeptLog;
use crate::output::{Destination, say};
use crate::signals::unless_stopped;
use bundle::Bundle;
use screen::Screen;

pub(crate) async fn run(arguments: DoctorArguments, log: Option<KeptLog>) -> Result<(), Failure> {
    let camera = arguments.address.camera_to_examine(&arguments.connection).await?;
    if let Some(who) = in_use::by_whom(&camera.source) {
        return Err(Failure::InUse { who, camera: camera.source.to_string() });
    }
    let mut checkup = Checkup::default();
    checkup.discovery = discovery()?;
    let configured = camera.printer.as_ref().and_then(|printer| printer.serial.clone());
    checkup.serial = arguments.connection.serial.clone().or(configured);
    checkup.media_for = arguments.time;
    let mut screen = Screen::new(arguments.json);
    screen.begin(&camera.source)?;
    let examination = examine(&camera.source, &camera.options, &checkup, |check| screen.show(check));
    let report = unless_stopped(async { Ok(examination.await) }).await?;
    screen.end(&report)?;
    let json = json(&camera, &report);
    if arguments.json {
        Destination::Stdout.write(format!("{json}\n").as_bytes())?;
    }
    if let Some(file) = &arguments.bundle {
        let log = log.map(|log| log.text()).unwrap_or_default();
        let bundle = Bundle { text: screen::text(&camera.source, &report), json, log };
        let bytes = bundle.pack(&camera, &report).map_err(|error| file.failed(error))?;
        file.write(&bytes)?;
        say!(
            "{file}: the report and a log, without the access code, serial number and addresses; fit for a bug report"
        );
    }
    if report.diagnosis.has_pictures() { Ok(()) } else { Err(Failure::Diagnosed(report.diagnosis)) }
}

fn json(camera: &Camera, report: &Report) -> Value {
    let Report { checks, diagnosis, advice, model, serial, firmware, .. } = report;
    json!({
        "source": camera.source.to_string(),
        "diagnosis": diagnosis.as_str(),
        "summary": diagnosis.to_string(),
        "advice": advice,
        "model": model.map(|model| model.name),
        "camera": model.and_then(|model| model.camera).map(CameraProtocol::as_str),
        "serial": serial,
        "firmware": firmware,
        "checks": checks.iter().map(json_of_check).collect::<Vec<_>>(),
    })
}

fn json_of_check(check: &Check) -> Value {
    let Check { step, verdict, finding, advice, took, .. } = check;
    json!({
        "step": step.as_str(),
        "verdict": word(*verdict),
        "finding": finding,
        "advice": advice,
        "took_ms": took.map(|took| (took.as_secs_f64() * 1e4).round() / 10.0),
    })
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Well => "ok",
        Verdict::Note => "note",
        Verdict::Ill => "bad",
    }
}
