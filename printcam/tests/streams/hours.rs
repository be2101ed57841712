//! One stream of an H2C with all its habits for hours of virtual time: every picture shown is one that it sent.
//!
//! `PRINTCAM_HOURS=10` lasts so long.

use std::sync::Arc;

use printcam::{AccessUnit, Decoder, Reason, fastest_decoder};
use printcam_sim::Personality;
use tokio::time::{Instant, timeout_at};

use crate::reel::{Follower, Place, Reel};
use crate::stage::{Stage, faults_named, secs};

/// Where nobody asks for more.
const USUAL_HOURS: u32 = 10;

/// As an H2C has them: a key frame in ten seconds.
const FPS: u32 = 30;
const GOP: u32 = 300;

/// So small that the tiny pictures come in fragments too.
const MAX_PACKET: usize = 24;

/// Beside the model's habits, a session hangs before its rotation, or loses packets, as none of them does by TCP: then
/// there is something to hold back.
const TROUBLES: [&str; 3] = ["loss=0.01@1m+30s", "hang@280s", "hang@3m loss=0.001@1m"];

#[test]
fn hours_of_an_h2c_show_only_what_it_sent() {
    let hours = std::env::var("PRINTCAM_HOURS").map_or(USUAL_HOURS, |hours| hours.parse().expect("hours"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(watch(hours));
}

async fn watch(hours: u32) {
    let real = std::time::Instant::now();
    let reel = Reel::with_gop(GOP);
    let stage = Stage::model(Personality::H2c, "", |options| options.max_packet = MAX_PACKET);
    let habits = stage.camera.options().faults;
    assert_eq!((habits.len(), stage.camera.options().gop, stage.camera.options().fps), (7, GOP, FPS), "{habits:?}");
    let began = Instant::now();
    let stream = stage.open();
    let mut pictures = stream.subscribe();
    let mut viewer = Viewer::new(&reel);
    let mut least_shown = u64::MAX;
    // What befalls a session is settled when it begins: twenty minutes are four of them.
    for (third, trouble) in (1..=3 * hours).zip(TROUBLES.iter().cycle()) {
        let faults = [habits.clone(), faults_named(trouble)].concat();
        stage.camera.change(|options| options.faults = faults);
        let before = viewer.shown;
        let end = began + secs(1200.0 * f64::from(third));
        while let Ok(unit) = timeout_at(end, pictures.next()).await {
            viewer.take(&unit.expect("it goes on")).expect("as it was sent");
        }
        least_shown = least_shown.min(viewer.shown - before);
    }
    let statistics = stream.statistics();
    let session = &statistics.session;
    let made = stage.camera.pictures().count();
    let Viewer { follower, shown, held_back, .. } = &viewer;
    let never_came = made - follower.pictures - session.incomplete_access_units;
    println!(
        "{hours} h in {:.1?}: {made} pictures made, {} given to the viewer, {shown} shown, each as it was sent\n\
         not shown: {held_back} held back behind {} gaps until a key frame, {} incomplete, {never_came} never came\n\
         {} RTP packets, {} lost; {} stalls of {:.0?} together; {} sessions, {:?}\n\
         at least {least_shown} shown in each twenty minutes",
        real.elapsed(),
        follower.pictures,
        follower.discontinuities,
        session.incomplete_access_units,
        session.rtp.received,
        session.rtp.lost,
        session.stalls,
        session.stalled_for,
        statistics.sessions,
        statistics.reconnects,
    );
    // A wedge would cost one of them most of its pictures.
    assert!(least_shown > 24_000, "{least_shown} shown in twenty minutes, of 36000");
    let came_about =
        |wanted| statistics.reconnects.iter().any(|(reason, count)| *reason == wanted && *count >= u64::from(hours));
    assert!(came_about(Reason::Rotation) && came_about(Reason::Silence), "{statistics:?}");
    // Its own, one a minute, and a hang: had a sender report gone unanswered, there would be one in five seconds.
    assert!((40 * u64::from(hours)..5 * statistics.sessions).contains(&session.stalls), "{statistics:?}");
    assert!(held_back * 20 > made && session.incomplete_access_units * 1000 > made, "nothing was to be held back");
    // Where reports were bad, it would send key frames only.
    assert!(never_came * 20 < made, "{never_came} never came");
    stream.close().await;
    stage.assert_gentle_and_gone("hours");
}

/// Who decodes all that it is given.
struct Viewer {
    reel: Arc<Reel>,
    follower: Follower,
    decoder: Box<dyn Decoder>,
    /// What was shown last.
    last: Option<Place>,
    shown: u64,
    held_back: u64,
}

impl Viewer {
    fn new(reel: &Arc<Reel>) -> Viewer {
        let follower = Follower::new(reel);
        Viewer { reel: Arc::clone(reel), follower, decoder: fastest_decoder(), last: None, shown: 0, held_back: 0 }
    }

    /// Takes the next picture, and decodes it. What is shown is a picture of the camera to the last sample, and begins
    /// a group or follows the one shown before.
    fn take(&mut self, unit: &AccessUnit) -> Result<(), String> {
        self.follower.take(unit)?;
        let frame = self.decoder.decode(unit).map_err(|error| format!("after {} shown: {error}", self.shown))?;
        let Some(frame) = frame else {
            self.held_back += 1;
            return Ok(());
        };
        let place = self.reel.place_of_frame(&frame).ok_or_else(|| format!("after {} shown: corrupted", self.shown))?;
        let follows = |last: Place| last.group == place.group && last.index + 1 == place.index;
        if place.index > 0 && !self.last.is_some_and(follows) {
            return Err(format!("after {} shown: {place:?} after {:?}", self.shown, self.last));
        }
        self.last = Some(place);
        self.shown += 1;
        Ok(())
    }
}
