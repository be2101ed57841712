//! The examination as an archive that can be handed to strangers.

use std::io;

use flate2::Compression;
use flate2::write::GzEncoder;
use printcam::doctor::Report;
use serde_json::Value;

use super::redact::Redactor;
use crate::camera::Camera;

/// What goes into the archive, before anything is taken out of it.
pub(super) struct Bundle {
    /// As a person saw it.
    pub(super) text: String,
    /// As a program sees it.
    pub(super) json: Value,
    /// What was logged meanwhile.
    pub(super) log: String,
}

impl Bundle {
    /// A .tar.gz of it, without what is nobody's business.
    pub(super) fn pack(&self, camera: &Camera, report: &Report) -> io::Result<Vec<u8>> {
        let mut redactor = Redactor::new(secrets(camera, report));
        let json = serde_json::to_string_pretty(&self.json).unwrap_or_default();
        let system =
            format!("printcam {}\n{} {}\n", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        for (name, text) in
            [("report.txt", &self.text), ("report.json", &json), ("log.txt", &self.log), ("system.txt", &system)]
        {
            let text = redactor.redact(text);
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, format!("printcam-doctor/{name}"), text.as_bytes())?;
        }
        archive.into_inner()?.finish()
    }
}

/// What only this camera's owner knows. Addresses and serial numbers are recognised wherever they stand.
fn secrets(camera: &Camera, report: &Report) -> Vec<(String, &'static str)> {
    let mut secrets = Vec::new();
    if let Some(credentials) = &camera.source.credentials {
        secrets.push((credentials.password().to_owned(), "<access code>"));
    }
    let host = camera.source.url.host();
    if host.parse::<std::net::IpAddr>().is_err() {
        secrets.push((host.to_owned(), "<printer>"));
    }
    let known = camera.printer.as_ref().and_then(|printer| printer.serial.as_ref());
    let heard = report.heard.iter().filter_map(|printer| printer.serial.as_ref());
    let serials = known.into_iter().chain(&report.serial).chain(heard);
    secrets.extend(serials.map(|serial| (serial.clone(), "<serial>")));
    // With its quotation marks: a printer can be called after its model.
    let names = report.heard.iter().filter_map(|printer| printer.name.as_ref());
    secrets.extend(names.map(|name| (format!("“{name}”"), "“<name>”")));
    secrets
}
