//! Each model with each fault: what is told, how soon there are pictures again, and that no camera is left with a
//! second connection or one that nobody closed. `docs/faults.md` is what this has seen.
//!
//! `PRINTCAM_RENEW_TABLE=1` writes the document. `PRINTCAM_CELL='h2c stall=8s'` plays the cells that begin so and tells
//! what it saw.

mod cell;
mod document;
mod model;
mod promises;
#[allow(dead_code, reason = "of this module not all is used here")]
#[path = "../streams/reel.rs"]
mod reel;
mod row;
mod rows;
#[allow(dead_code, reason = "of this module not all is used here")]
#[path = "../streams/stage.rs"]
mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use printcam_sim::{Fault, Personality};

use cell::{Seen, play};
use model::Model;
use row::Row;
use rows::{ELSEWHERE, GROUPS};
use stage::faults_named;

/// By group, row and model.
type Cells = BTreeMap<(usize, usize, &'static str), Seen>;

#[test]
fn every_model_survives_every_fault() {
    let models = Personality::ALL.map(Model::of);
    let only = std::env::var("PRINTCAM_CELL").ok();
    let began = std::time::Instant::now();
    let cells = play_all(&models, |model, row| {
        only.as_ref().is_none_or(|only| format!("{} {}: {}", model.personality, row.faults, row.what).starts_with(only))
    });
    let mut broken = Vec::new();
    for (&(group, row, model), seen) in &cells {
        let row = &GROUPS[group].rows[row];
        if only.is_some() {
            println!("{model}, {}: {seen:#?}", row.what);
        }
        broken.extend(seen.wrong.iter().map(|wrong| format!("{model}, {} ({}): {wrong}", row.what, row.faults)));
    }
    println!("{} cells in {:?}", cells.len(), began.elapsed());
    assert!(broken.is_empty(), "{} promises broken:\n{}", broken.len(), broken.join("\n"));
    if only.is_none() {
        assert_document_is(&document::of(&models, &cells));
    }
}

/// In threads, each cell with a runtime of its own.
fn play_all(models: &[Model], wanted: impl Fn(&Model, &Row) -> bool) -> Cells {
    let mut work = Vec::new();
    for (number, group) in GROUPS.iter().enumerate() {
        for (index, row) in group.rows.iter().enumerate() {
            let having = models.iter().filter(|model| model.has(row) && wanted(model, row));
            work.extend(having.map(|&model| ((number, index, model.personality.name()), model, row)));
        }
    }
    let (next, cells) = (AtomicUsize::new(0), Mutex::new(Cells::new()));
    let take = || {
        while let Some(&(key, model, row)) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
            let played = catch_unwind(AssertUnwindSafe(|| play(model, row)));
            let panicked = |_| Seen { wrong: vec!["a panic".to_owned()], ..Seen::default() };
            cells.lock().unwrap().insert(key, played.unwrap_or_else(panicked));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(take);
        }
    });
    cells.into_inner().unwrap()
}

#[track_caller]
fn assert_document_is(text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/faults.md");
    if std::env::var_os("PRINTCAM_RENEW_TABLE").is_some() {
        std::fs::write(&path, text).expect("the document");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs: Vec<_> = kept.lines().zip(text.lines()).filter(|(kept, now)| kept != now).take(3).collect();
    assert!(kept == text, "run this test with PRINTCAM_RENEW_TABLE=1 and look at docs/faults.md; first: {differs:#?}");
}

/// A fault that the simulator learns is played here, too.
#[test]
fn every_fault_of_the_catalogue_has_a_row() {
    let name = |text: &str| text.parse::<Fault>().expect(text).kind.name();
    let rows = GROUPS.iter().flat_map(|group| group.rows);
    let mut known: BTreeSet<_> = rows.flat_map(|row| faults_named(row.faults)).map(|fault| fault.kind.name()).collect();
    known.extend(ELSEWHERE.iter().map(|(text, _)| name(text)));
    for (text, meaning) in Fault::catalogue() {
        assert!(
            known.contains(name(&text)),
            "nobody knows what is told when '{text}' ({meaning}) happens: give it a row in printcam/tests/matrix/rows.rs, or \
             name in ELSEWHERE the test that plays it"
        );
    }
}
