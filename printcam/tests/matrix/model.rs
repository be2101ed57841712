//! The models: their cameras with a row's fault, and the times that are promised for them.

use std::time::{Duration, UNIX_EPOCH};

use printcam_sim::{Change, Fault, FaultKind, Footage, Options, Personality, Turn, WrongCode};

use crate::row::{Back, Condition, On, Row, When};
use crate::stage::{faults_named, secs};

/// A model, as far as times and numbers go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Model {
    pub(crate) personality: Personality,
    /// From one picture to the next.
    pub(crate) pace: f64,
    /// From one key frame to the next.
    pub(crate) key_frames: f64,
    /// Of TLS.
    hello: f64,
    /// Silence after which a session is replaced, as ARCHITECTURE.md tells.
    patience: f64,
    /// Meets a wrong code by silence.
    pub(crate) silent: bool,
}

impl Model {
    pub(crate) fn of(personality: Personality) -> Model {
        let options = Options::of(personality);
        let h2 = matches!(personality, Personality::H2c | Personality::H2d);
        let jpeg = personality.is_jpeg_camera();
        let pace = options.picture_interval.map_or(1.0 / f64::from(FPS), |interval| interval.as_secs_f64());
        Model {
            personality,
            pace,
            key_frames: if jpeg { pace } else { f64::from(options.gop) / f64::from(options.fps) },
            hello: if personality == Personality::P1s { 1.0 } else { 0.1 },
            patience: if h2 || jpeg { 15.0 } else { 5.0 },
            silent: jpeg && options.wrong_code == WrongCode::Silence,
        }
    }

    pub(crate) fn is_jpeg(self) -> bool {
        self.personality.is_jpeg_camera()
    }

    /// Whether the row is about such a camera.
    pub(crate) fn has(self, row: &Row) -> bool {
        match row.on {
            On::All => true,
            On::Rtsp => !self.is_jpeg(),
            On::Jpeg => self.is_jpeg(),
        }
    }

    /// Its camera with this row's fault.
    pub(crate) fn options(self, row: &Row) -> Options {
        let mut options = Options::of(self.personality);
        options.footage = Footage::Canned;
        options.gop = self.gop();
        options.fps = FPS;
        options.live_view = true;
        options.wall_clock = Some(UNIX_EPOCH + Duration::from_secs(1_750_000_000));
        options.faults = self.faults(row, |_| true);
        let mut turn = |at: f64, turn| options.changes.push(Change { at: secs(at), turn });
        match row.also {
            Condition::WrongCode => options.access_code = OTHER_CODE.into(),
            Condition::CodeChangesAt(at) => turn(at, Turn::Code(OTHER_CODE.into())),
            Condition::LiveViewOffUntil(at) => {
                turn(at, Turn::LiveView(true));
                options.live_view = false;
            }
            Condition::None | Condition::WrongPin | Condition::Other { .. } | Condition::Killed { .. } => {}
        }
        options
    }

    /// Those of the row that `take` takes, and the model's habits but for those of the same kind.
    pub(crate) fn faults(self, row: &Row, take: impl Fn(&Fault) -> bool) -> Vec<Fault> {
        let own = faults_named(row.faults);
        let mut habits = Options::of(self.personality).faults;
        // Whoever leaves without a word finds the camera taken for longer than any cell lasts.
        habits.extend((!row.deaf).then(|| Fault::new(FaultKind::Wedge(secs(1200.0).into()))));
        habits.retain(|habit| own.iter().all(|fault| fault.kind.name() != habit.kind.name()));
        own.into_iter().filter(take).chain(habits).collect()
    }

    /// Pictures from one key frame to the next.
    pub(crate) fn gop(self) -> u32 {
        (self.key_frames * f64::from(FPS)).round() as u32
    }

    /// A longer pause than this is seen.
    pub(crate) fn usual_pause(self) -> f64 {
        1.5 * self.pace + 0.3
    }

    /// The latest moment for pictures to be back, after the camera serves again.
    pub(crate) fn bound(self, row: &Row) -> f64 {
        let session = self.hello + self.pace + 0.4;
        let lost = if row.lossy { self.key_frames } else { 0.0 };
        match row.back {
            Back::Always if row.when == When::First => 3.0 + session,
            Back::Always | Back::Never { .. } => 0.0,
            Back::Itself => self.pace + 0.4 + lost,
            Back::AfterSilence => self.patience + 1.0 + session,
            // Whether a JPEG camera's end comes before its next picture is not known.
            Back::Soon => 2.2 + 3.4 + session,
            Back::AfterPicture => 20.0 + self.pace + 2.2 + session,
            Back::NextAttempt => CAP + session,
        }
    }
}

pub(crate) const CODE: &str = "12345678";
const OTHER_CODE: &str = "87654321";
pub(crate) const OTHER_PIN: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// H.264 comes at this rate: each cell is hundreds of seconds of somebody's test.
const FPS: u32 = 10;

/// Between two attempts at most, and how long an attempt may take.
const CAP: f64 = 33.0 + 10.0;
