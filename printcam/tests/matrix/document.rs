//! The table as a document.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::Cells;
use crate::cell::{Seen, Told};
use crate::model::Model;
use crate::row::{Back, Group, Row, When};
use crate::rows::GROUPS;

/// `docs/faults.md`, whole.
pub(crate) fn of(models: &[Model], cells: &Cells) -> String {
    let mut text = INTRODUCTION.to_owned();
    for (number, group) in GROUPS.iter().enumerate() {
        let _ = write!(text, "\n## {}\n\n{}\n\n", group.title, group.says);
        let names: Vec<_> = models.iter().map(|model| model.personality.name()).collect();
        let _ = writeln!(text, "| what goes wrong | {} |", names.join(" | "));
        let _ = writeln!(text, "|---|{}", "---|".repeat(models.len()));
        for (index, row) in group.rows.iter().enumerate() {
            let shown = models.iter().map(|model| cells.get(&(number, index, model.personality.name())));
            let shown: Vec<_> = shown.map(|seen| seen.map_or(String::new(), |seen| cell(row, seen))).collect();
            let _ = writeln!(text, "| {} | {} |", title(row), shown.join(" | "));
        }
        text.push_str(&sentences(group, number, cells));
    }
    text
}

const INTRODUCTION: &str = "\
# When something goes wrong

What each simulated printer's stream tells, and how soon it has pictures again. Written by a test, which fails where this
is no longer so, and is run like this to write it anew:

    PRINTCAM_RENEW_TABLE=1 cargo test -p printcam --test matrix

- In a cell stand the states and errors in their order, then the time to pictures from the moment when the camera would
  serve a new client again. unseen: pictures flow on, and nothing is told. An empty cell: this model knows no such thing.
- gives up: only a person can mend it. keeps trying: twice a minute at most; whoever is silent may also serve somebody else,
  and a camera that took the code before may only be starting.
- All is virtual time: TLS, RTSP and JPEG over it are real, the network costs nothing, H.264 comes at 10 pictures a second.
  The models come with their habits (`printcam sim --printer h2c`), and with what `--fault` is told in the first column.
- In every cell there was never a second connection to the camera, none was left behind, and whatever stood was ended by
  TEARDOWN and close_notify: the cameras here serve nobody for 20 minutes after an end without TEARDOWN, those with JPEG
  pictures after one without close_notify. Only those that freeze for 10 s or longer or are gone hear of neither, and do not.
";

fn title(row: &Row) -> String {
    if row.faults.is_empty() { row.what.to_owned() } else { format!("{}: `{}`", row.what, row.faults) }
}

fn cell(row: &Row, seen: &Seen) -> String {
    let mut told: Vec<_> = seen.told.iter().map(|told| format!("`{}`", told.name)).collect();
    told.dedup();
    let told = told.join(", ");
    let time = match seen.back {
        None if seen.failed => "gives up".to_owned(),
        None => "keeps trying".to_owned(),
        Some(_) if row.lossy && row.back == Back::Always => format!("pauses of {:.1} s", seen.longest),
        Some(_) if told.is_empty() && row.when == When::MidStream => "unseen".to_owned(),
        Some(back) => format!("{back:.1} s"),
    };
    if told.is_empty() { time } else { format!("{told}; {time}") }
}

/// What stands on the screen; what differs in the port alone is told once.
fn sentences(group: &Group, number: usize, cells: &Cells) -> String {
    let mut said = BTreeMap::new();
    for index in 0..group.rows.len() {
        let seen = cells.range((number, index, "")..(number, index + 1, "")).map(|(_, seen)| seen);
        for Told { name, says } in seen.flat_map(|seen| &seen.told) {
            if let Some((sentence, hint)) = says {
                let anywhere = sentence.replace(":322", "").replace(":6000", "");
                said.entry((name, *hint, anywhere)).or_insert(sentence);
            }
        }
    }
    let mut text = String::new();
    for ((name, hint, _), sentence) in said {
        let _ = write!(text, "\n- `{name}`: {sentence}.\n  *{}*", hint.unwrap_or_default());
    }
    if text.is_empty() { text } else { format!("{text}\n") }
}
