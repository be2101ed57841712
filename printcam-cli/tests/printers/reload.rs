//! The configuration changes while a printer is watched.

use std::process::Command;
use std::time::Duration;

use printcam_sim::{Ending, Log};

use crate::program::{Home, WRONG_CODE, camera, end};
use crate::secrets::ACCESS_CODE;

const SOON: Duration = Duration::from_secs(15);

fn plays(log: &Log) -> bool {
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
