//! A camera's whole story in a file: the printer, what goes wrong, and what changes when.
//!
//! ```toml
//! printer = "h2c"                 # as `Personality` names them; x1c unless told
//! seed = 7
//! code = "12345678"
//! serial = "31B00A000000000"
//! live-view = true
//! habits = true                   # what the model does wrong by itself
//! faults = ["no-marker=0.1"]      # and what else goes wrong, as `FaultKind` names it
//!
//! [[at]]
//! time = "1m"                     # since the camera's start
//! restart = "20s"                 # all connections end, and nobody listens for so long
//!
//! [[at]]
//! time = "5m"
//! code = "87654321"               # for connections to come, as are all of these:
//! live-view = false
//! certificate = "second"          # or "usual"
//! refuse = "10s"                  # nobody listens for so long
//! faults = ["loss=0.05"]          # instead of the scenario's own before; habits and the command line's stay
//! ```

use std::error::Error;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use toml::{Table, Value};

use crate::fault::{Fault, FaultError, parse_time};
use crate::options::{AccessCode, Certificate, Options};
use crate::personality::{Personality, UnknownPersonality};

/// Something that changes while the camera runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Since the camera's start.
    pub at: Duration,
    /// What changes.
    pub turn: Turn,
}

/// What can change. All but the restart is for connections to come.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Turn {
    /// Another access code.
    Code(AccessCode),
    /// The printer's switch for its camera.
    LiveView(bool),
    /// The key that the camera presents.
    Certificate(Certificate),
    /// These faults instead of the scenario's own before. The model's habits stay, and so does what was added to the
    /// options later.
    Faults {
        /// Where in [`Options::faults`] those before are.
        before: Range<usize>,
        /// Those from now on.
        faults: Vec<Fault>,
    },
    /// Nobody listens for so long.
    Refuse(Duration),
    /// All connections end without a word, and nobody listens for so long.
    Restart(Duration),
}

/// Why a text is no scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScenarioError {
    /// It is no TOML.
    Syntax {
        /// Where, counted from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// There is no such key.
    UnknownKey {
        /// What was written.
        key: String,
    },
    /// The value is not what this key takes.
    BadValue {
        /// The key.
        key: &'static str,
        /// What it takes.
        wanted: &'static str,
    },
    /// A fault that is none.
    Fault(FaultError),
    /// A printer that is none.
    Printer(UnknownPersonality),
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScenarioError::Syntax { line, message } => write!(f, "line {line}: {message}"),
            ScenarioError::UnknownKey { key } => write!(f, "a scenario has no '{key}'"),
            ScenarioError::BadValue { key, wanted } => write!(f, "'{key}' takes {wanted}"),
            ScenarioError::Fault(error) => error.fmt(f),
            ScenarioError::Printer(error) => error.fmt(f),
        }
    }
}

impl Error for ScenarioError {}

/// From a scenario file, as described at [`Options::changes`].
impl FromStr for Options {
    type Err = ScenarioError;

    fn from_str(text: &str) -> Result<Options, ScenarioError> {
        let table: Table = text.parse().map_err(|error| syntax(text, &error))?;
        let printer = table.get("printer").map(|value| string("printer", value)).transpose()?;
        let personality = printer.map_or(Ok(Personality::X1c), str::parse).map_err(ScenarioError::Printer)?;
        let mut options = Options::of(personality);
        if let Some(habits) = table.get("habits")
            && !boolean("habits", habits)?
        {
            options.faults.clear();
        }
        let habits = options.faults.len();
        for (key, value) in &table {
            match key.as_str() {
                "printer" | "habits" => {}
                "seed" => {
                    let seed = value.as_integer().and_then(|seed| seed.try_into().ok());
                    options.seed = seed.ok_or_else(|| bad("seed", "a number of at least 0"))?;
                }
                "serial" => {
                    let serial = value.as_str().filter(|serial| Options::is_serial(serial));
                    options.serial = serial.ok_or_else(|| bad("serial", "15 letters and digits in quotes"))?.to_owned();
                }
                "code" => options.access_code = string("code", value)?.into(),
                "live-view" => options.live_view = boolean("live-view", value)?,
                "faults" => options.faults.extend(faults(value)?),
                "at" => options.changes = changes(value)?,
                _ => return Err(ScenarioError::UnknownKey { key: key.clone() }),
            }
        }
        let mut own = habits..options.faults.len();
        for change in &mut options.changes {
            if let Turn::Faults { before, faults } = &mut change.turn {
                let now = habits..habits + faults.len();
                *before = std::mem::replace(&mut own, now);
            }
        }
        Ok(options)
    }
}

fn syntax(text: &str, error: &toml::de::Error) -> ScenarioError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    ScenarioError::Syntax { line: 1 + before.matches('\n').count(), message: error.message().to_owned() }
}

fn changes(value: &Value) -> Result<Vec<Change>, ScenarioError> {
    let wanted = "tables, each begun by [[at]]";
    let mut changes = Vec::new();
    for entry in value.as_array().ok_or_else(|| bad("at", wanted))? {
        let table = entry.as_table().ok_or_else(|| bad("at", wanted))?;
        let at = time("time", table.get("time").ok_or_else(|| bad("time", TIME))?)?;
        for (key, value) in table {
            let turn = match key.as_str() {
                "time" => continue,
                "code" => Turn::Code(string("code", value)?.into()),
                "live-view" => Turn::LiveView(boolean("live-view", value)?),
                "certificate" => Turn::Certificate(match value.as_str() {
                    Some("usual") => Certificate::Usual,
                    Some("second") => Certificate::Second,
                    _ => return Err(bad("certificate", "\"usual\" or \"second\"")),
                }),
                "faults" => Turn::Faults { before: 0..0, faults: faults(value)? },
                "refuse" => Turn::Refuse(time("refuse", value)?),
                "restart" => Turn::Restart(time("restart", value)?),
                _ => return Err(ScenarioError::UnknownKey { key: key.clone() }),
            };
            changes.push(Change { at, turn });
        }
    }
    changes.sort_by_key(|change| change.at);
    Ok(changes)
}

fn faults(value: &Value) -> Result<Vec<Fault>, ScenarioError> {
    let list = value.as_array().ok_or_else(|| bad("faults", "a list of faults"))?;
    let fault = |value| string("faults", value)?.parse().map_err(ScenarioError::Fault);
    list.iter().map(fault).collect()
}

fn string<'a>(key: &'static str, value: &'a Value) -> Result<&'a str, ScenarioError> {
    value.as_str().ok_or_else(|| bad(key, "a text in quotes"))
}

fn boolean(key: &'static str, value: &Value) -> Result<bool, ScenarioError> {
    value.as_bool().ok_or_else(|| bad(key, "true or false"))
}

fn time(key: &'static str, value: &Value) -> Result<Duration, ScenarioError> {
    value.as_str().and_then(|text| parse_time(text).ok()).ok_or_else(|| bad(key, TIME))
}

fn bad(key: &'static str, wanted: &'static str) -> ScenarioError {
    ScenarioError::BadValue { key, wanted }
}

const TIME: &str = "a time in quotes such as \"1.5s\" or \"10m\"";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::virtual_camera::VirtualCamera;

    #[test]
    fn a_whole_scenario() {
        let text = r#"
            printer = "p2s-0102"
            seed = 7
            code = "00000001"
            habits = false
            faults = ["no-marker=0.1", "stall=8s@30s"]
            [[at]]
            time = "5m"
            live-view = false
            [[at]]
            time = "1m"
            restart = "20s"
            [[at]]
            time = "90s"
            certificate = "second"
            faults = []
        "#;
        let options: Options = text.parse().expect("a scenario");
        assert_eq!((options.personality, options.seed, options.gop), (Personality::P2s0102, 7, 300));
        assert_eq!(options.access_code, AccessCode::from("00000001"));
        let faults: Vec<String> = options.faults.iter().map(Fault::to_string).collect();
        assert_eq!(faults, ["no-marker=0.1", "stall=8s@30s"]);
        let change = |seconds, turn| Change { at: Duration::from_secs(seconds), turn };
        assert_eq!(
            options.changes,
            [
                change(60, Turn::Restart(Duration::from_secs(20))),
                change(90, Turn::Certificate(Certificate::Second)),
                change(90, Turn::Faults { before: 0..2, faults: Vec::new() }),
                change(300, Turn::LiveView(false)),
            ]
        );
        let empty: Options = "".parse().expect("nothing is told");
        assert_eq!(format!("{empty:?}"), format!("{:?}", Options::default()));
    }

    #[tokio::test(start_paused = true)]
    async fn faults_take_the_place_of_the_scenarios_own() {
        let text = r#"
            printer = "p2s-0102"
            faults = ["refuse-udp", "no-sprop"]
            [[at]]
            time = "2m"
            faults = ["csrc=0.5", "loss=0.5"]
            [[at]]
            time = "1m"
            faults = ["padding=0.5"]
            [[at]]
            time = "3m"
            faults = []
        "#;
        let mut options: Options = text.parse().expect("a scenario");
        // As from the command line.
        options.faults.push("no-sprop".parse().expect("a fault"));
        let habits = Options::of(Personality::P2s0102).faults;
        let camera = VirtualCamera::start(options).expect("a camera");
        for own in [&["refuse-udp", "no-sprop"][..], &["padding=0.5"], &["csrc=0.5", "loss=0.5"], &[]] {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let told = own.iter().chain(&["no-sprop"]).map(|text| text.parse().expect(text));
            let want: Vec<Fault> = habits.iter().cloned().chain(told).collect();
            assert_eq!(camera.options().faults, want, "{own:?}");
            tokio::time::sleep(Duration::from_secs(59)).await;
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, want) in [
            ("printer = \"x2c\"", "no printer 'x2c' can be played"),
            ("printr = \"x1c\"", "no 'printr'"),
            ("seed = -1", "'seed' takes a number"),
            ("seed = 1\n\nseed", "line 3: "),
            ("serial = \"x\"", "'serial' takes 15 letters and digits"),
            ("faults = [\"stal\"]", "perhaps 'stall'"),
            ("faults = \"stall\"", "a list of faults"),
            ("[[at]]\nrefuse = \"5s\"", "'time' takes a time"),
            ("[[at]]\ntime = \"5\"", "'time' takes a time"),
            ("[[at]]\ntime = \"5s\"\nreset = true", "no 'reset'"),
            ("[[at]]\ntime = \"5s\"\ncertificate = \"third\"", "\"usual\" or \"second\""),
            ("at = 5", "begun by [[at]]"),
        ] {
            let error = text.parse::<Options>().expect_err(text).to_string();
            assert!(error.contains(want) && error.lines().count() == 1, "{text}: {error}");
        }
    }
}
