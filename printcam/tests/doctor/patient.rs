//! Simulated cameras, and their examination.

use printcam::Source;
use printcam::doctor::{Checkup, Report, Step, Verdict, examine};

use crate::stage::Stage;

pub(crate) async fn examined(patient: &Stage) -> Report {
    examined_as(patient, &patient.source).await
}

/// With another address of the camera than its own.
pub(crate) async fn examined_as(patient: &Stage, source: &Source) -> Report {
    let mut told = Vec::new();
    let report = examine(source, &patient.options, &Checkup::default(), |check| told.push(check.clone())).await;
    assert_eq!(told, report.checks, "what is told is what is reported");
    report
}

/// The same camera under another name.
pub(crate) fn source_with(patient: &Stage, name: &str, code: &str) -> Source {
    let address = patient.source.url.to_string().replacen("://", &format!("://bblp:{code}@"), 1);
    address.replace(patient.source.url.host(), name).parse().expect("an address")
}

/// The steps in their order, with how they went.
pub(crate) fn steps(report: &Report) -> Vec<(Step, Verdict)> {
    report.checks.iter().map(|check| (check.step, check.verdict)).collect()
}

/// The step where it ended, if it did.
pub(crate) fn ill(report: &Report) -> Option<Step> {
    report.checks.iter().find(|check| check.verdict == Verdict::Ill).map(|check| check.step)
}
