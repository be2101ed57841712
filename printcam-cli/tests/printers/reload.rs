//! The configuration changes while a printer is watched.

use std::process::Command;
use std::time::Duration;

use printcam_sim::{AccessCode, Certificate, Ending, Log, Options, Simulator};

use crate::program::{Announcer, Home, WRONG_CODE, camera, end};
use crate::secrets::ACCESS_CODE;

pub(crate) const SOON: Duration = Duration::from_secs(15);

pub(crate) fn plays(log: &Log) -> bool {
    log.clients.iter().any(|client| client.requests.iter().any(|r| r.method == "PLAY" && r.status == Some(200)))
}

#[test]
fn watching_goes_on_with_what_it_says_now() {
    let (home, first, second) = (Home::new(), camera(), camera());
    home.configure("workshop", first.addr(), ACCESS_CODE);
    let watching = home.printcam(&["watch", "workshop"]).start();
    assert!(first.wait_for(SOON, plays), "{:?}", first.log());

    std::fs::write(home.config(), format!("[printers.workshop]\ncode = {WRONG_CODE}\n")).unwrap();
    home.configure("workshop", second.addr(), ACCESS_CODE);
    assert!(second.wait_for(SOON, plays), "{:?}", second.log());
    let given_back = |log: &Log| log.clients.iter().all(|client| client.ending == Some(Ending::Clean));
    assert!(first.wait_for(SOON, given_back), "{:?}", first.log());

    let told = Command::new("kill").args(["-INT", &watching.id().to_string()]).status().unwrap();
    assert!(told.success());
    let ended = end(watching);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(second.wait_for(SOON, given_back), "{:?}", second.log());
}

/// The same printer at another address, with the same port; `PRINTCAM_DISCOVERY` for it to be heard there.
fn elsewhere(printer: &Simulator, change: impl FnOnce(&mut Options)) -> (Simulator, Announcer) {
    let mut options = Options { access_code: AccessCode::from(ACCESS_CODE), ..Options::default() };
    options.bind = ([127, 0, 0, 2], printer.addr().port()).into();
    change(&mut options);
    let moved = Simulator::start(options).expect("the same port of another address");
    (moved, Announcer::at([127, 0, 0, 2], "USN: 00M00A000000000\r\nDevModel.bambu.com: BL-P001"))
}

#[test]
fn a_printer_with_another_address_is_found_by_its_number_and_believed_by_its_key() {
    let (home, mut old) = (Home::new(), camera());
    home.printcam(&["add", "workshop", &old.addr().to_string()]).env("PRINTCAM_CODE", ACCESS_CODE).expect(0);
    let (new, announcer) = elsewhere(&old, |_| ());
    let snap = || home.printcam(&["snap", "workshop", "-o", "-"]).env("PRINTCAM_DISCOVERY", &announcer.place);
    old.stop();
    let found = snap().expect(0);
    assert!(found.stderr.contains(&format!("workshop is at {} now", new.addr())), "{}", found.stderr);
    let text = std::fs::read_to_string(home.config()).unwrap();
    assert!(text.contains(&format!("address = \"{}\"", new.addr())), "{text}");
    let again = snap().expect(0);
    assert!(!again.stderr.contains("listening"), "{}", again.stderr);
}

#[test]
fn somebody_who_only_says_to_be_the_printer_is_not_believed() {
    let (home, mut old) = (Home::new(), camera());
    home.printcam(&["add", "workshop", &old.addr().to_string()]).env("PRINTCAM_CODE", ACCESS_CODE).expect(0);
    let (posing, announcer) = elsewhere(&old, |options| options.certificate = Certificate::Second);
    old.stop();
    let refused = home.printcam(&["snap", "workshop", "-o", "-"]).env("PRINTCAM_DISCOVERY", &announcer.place).expect(3);
    assert!(refused.stderr.contains("has changed") && refused.stderr.contains("refused the connection"));
    assert!(posing.log().clients.iter().all(|client| client.requests.is_empty()), "no code was sent");
    assert!(std::fs::read_to_string(home.config()).unwrap().contains(&old.addr().to_string()));
}

#[test]
fn watching_follows_a_printer_to_its_new_address() {
    let (home, mut old) = (Home::new(), camera());
    home.printcam(&["add", "workshop", &old.addr().to_string()]).env("PRINTCAM_CODE", ACCESS_CODE).expect(0);
    let (new, announcer) = elsewhere(&old, |_| ());
    let watching = home.printcam(&["watch", "workshop"]).env("PRINTCAM_DISCOVERY", &announcer.place).start();
    assert!(old.wait_for(SOON, plays), "{:?}", old.log());
    old.stop();
    assert!(new.wait_for(SOON, plays), "{:?}", new.log());
    let told = Command::new("kill").args(["-INT", &watching.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert_eq!(end(watching).code, Some(0));
}
