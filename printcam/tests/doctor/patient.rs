//! A simulated camera in the test's own time, and its examination.

use std::sync::atomic::{AtomicU64, Ordering};

use printcam::connect::Tunnel;
use printcam::doctor::{Checkup, Report, Step, Verdict, examine};
use printcam::{KnownPrinters, Options, Source, Trust};
use printcam_sim::{Footage, Personality, VirtualCamera};

pub(crate) struct Patient {
    pub(crate) camera: VirtualCamera,
    pub(crate) source: Source,
    pub(crate) options: Options,
}

impl Patient {
    /// A camera of this model with its habits and these faults, parted by spaces; tiny pictures.
    pub(crate) fn new(model: Personality, faults: &str) -> Patient {
        Patient::with(model, faults, |_| ())
    }

    pub(crate) fn with(model: Personality, faults: &str, change: impl FnOnce(&mut printcam_sim::Options)) -> Patient {
        let mut options = printcam_sim::Options::of(model);
        options.footage = Footage::Canned;
        options.faults.extend(faults.split_whitespace().map(|fault| fault.parse().expect(fault)));
        change(&mut options);
        let camera = VirtualCamera::start(options).expect("a camera");
        // Cameras are remembered by name for as long as the process lives.
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("patient-{}.test", NUMBER.fetch_add(1, Ordering::Relaxed));
        let address = match model.is_jpeg_camera() {
            true => format!("jpegs://bblp:12345678@{name}"),
            false => format!("rtsps://bblp:12345678@{name}/streaming/live/1"),
        };
        let mut options = Options::new(Trust::FirstUse(KnownPrinters::in_memory()));
        options.tunnel = Some(tunnel(&camera));
        options.seed = Some(1);
        Patient { camera, source: address.parse().expect("an address"), options }
    }

    /// The same camera under another name, and with another code if one is given.
    pub(crate) fn source_with(&self, name: &str, code: &str) -> Source {
        let address = self.source.url.to_string().replacen("://", &format!("://bblp:{code}@"), 1);
        let host = self.source.url.host();
        address.replace(host, name).parse().expect("an address")
    }

    pub(crate) async fn examine(&self) -> Report {
        self.examine_as(&self.source).await
    }

    pub(crate) async fn examine_as(&self, source: &Source) -> Report {
        let mut told = Vec::new();
        let report = examine(source, &self.options, &Checkup::default(), |check| told.push(check.clone())).await;
        assert_eq!(told, report.checks, "what is told is what is reported");
        report
    }
}

fn tunnel(camera: &VirtualCamera) -> Tunnel {
    let camera = camera.clone();
    Tunnel::new(move || {
        let camera = camera.clone();
        async move { camera.connect() }
    })
}

/// The steps in their order, with how they went.
pub(crate) fn steps(report: &Report) -> Vec<(Step, Verdict)> {
    report.checks.iter().map(|check| (check.step, check.verdict)).collect()
}

/// The step where it ended, if it did.
pub(crate) fn ill(report: &Report) -> Option<Step> {
    report.checks.iter().find(|check| check.verdict == Verdict::Ill).map(|check| check.step)
}
