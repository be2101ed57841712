//! The live lines of `watch` and `demo`, one a stream.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use printcam::{AccessUnit, ServerTransport, Statistics};

/// What is known of one stream.
pub(crate) struct Row {
    name: String,
    pub(crate) state: String,
    size: Option<(u32, u32)>,
    pub(crate) statistics: Statistics,
    pub(crate) decoded: u64,
    pictures: u64,
    bytes: u64,
    /// Pictures and bytes when the line was last shown.
    shown: (Instant, u64, u64),
}

impl Row {
    pub(crate) fn received(&mut self, unit: &AccessUnit) {
        let sps = &unit.parameter_sets.info;
        self.size = Some((sps.width, sps.height));
        self.pictures += 1;
        self.bytes += unit.data.len() as u64;
    }

    fn line(&mut self, now: Instant) -> String {
        let (then, pictures, bytes) = std::mem::replace(&mut self.shown, (now, self.pictures, self.bytes));
        let seconds = (now - then).max(Duration::from_millis(1)).as_secs_f64();
        let mut line = format!("{}  {}", self.name, self.state);
        let statistics = &self.statistics;
        if let Some(transport) = statistics.transport {
            line += match transport {
                ServerTransport::Interleaved { .. } => " tcp",
                ServerTransport::Udp { .. } => " udp (not encrypted)",
            };
        }
        if let Some((width, height)) = self.size {
            let _ = write!(
                line,
                "  {width}x{height}  {:.1} fps  {:.2} Mbit/s  lost {}  jitter {:.1} ms  stalls {}  RRs {}",
                (self.pictures - pictures) as f64 / seconds,
                (self.bytes - bytes) as f64 * 8e-6 / seconds,
                statistics.rtp.lost,
                statistics.jitter.as_secs_f64() * 1e3,
                statistics.stalls,
                statistics.receiver_reports,
            );
        }
        line
    }
}

/// All rows, and how they are shown: in place on a terminal, as lines on a pipe.
pub(crate) struct Board {
    rows: Vec<Arc<Mutex<Row>>>,
    show_decoded: bool,
    on_screen: bool,
    drawn: AtomicBool,
}

impl Board {
    pub(crate) fn new(names: impl Iterator<Item = String>, show_decoded: bool) -> Self {
        let row = |name| Row {
            name,
            state: "connecting".into(),
            size: None,
            statistics: Statistics::default(),
            decoded: 0,
            pictures: 0,
            bytes: 0,
            shown: (Instant::now(), 0, 0),
        };
        Self {
            rows: names.map(|name| Arc::new(Mutex::new(row(name)))).collect(),
            show_decoded,
            on_screen: std::io::stderr().is_terminal(),
            drawn: AtomicBool::new(false),
        }
    }

    pub(crate) fn row(&self, index: usize) -> Arc<Mutex<Row>> {
        self.rows[index].clone()
    }

    /// Writes the lines to stderr; what cannot be written is nobody's loss.
    pub(crate) fn show(&self) {
        let now = Instant::now();
        let mut text = String::new();
        if self.on_screen && self.drawn.swap(true, Ordering::Relaxed) {
            let _ = write!(text, "\x1b[{}A", self.rows.len());
        }
        for (index, row) in self.rows.iter().enumerate() {
            let mut row = row.lock().expect("no holder panics");
            text += &row.line(now);
            text += if self.on_screen { "\x1b[K\n" } else { "\n" };
            if self.show_decoded && !self.on_screen {
                let _ = writeln!(text, "frames {index} {}", row.decoded);
            }
        }
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}
