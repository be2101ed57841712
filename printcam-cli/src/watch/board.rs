//! The live lines of `watch` and `demo`, one a stream.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use printcam::{ServerTransport, Stream, StreamEvent, StreamState};
use tokio::sync::broadcast::Receiver;

/// All streams, and how they are shown: in place on a terminal, as lines on a pipe.
pub(crate) struct Board {
    rows: Vec<Row>,
    show_decoded: bool,
    on_screen: bool,
    drawn: bool,
}

struct Row {
    name: String,
    stall_note: Option<&'static str>,
    /// Holds the stream no longer than its task does: a board must not keep a camera.
    stream: Option<Stream>,
    line: String,
    events: Receiver<StreamEvent>,
    size: Option<(u32, u32)>,
    decoded: Arc<AtomicU64>,
}

impl Board {
    pub(crate) fn new(show_decoded: bool) -> Self {
        Self { rows: Vec::new(), show_decoded, on_screen: std::io::stderr().is_terminal(), drawn: false }
    }

    /// Adds a stream under this name; what is returned counts its decoded pictures. The note stands beside its stalls.
    pub(crate) fn add(
        &mut self,
        stream: &Stream,
        name: impl Into<String>,
        stall_note: Option<&'static str>,
    ) -> Arc<AtomicU64> {
        let decoded = Arc::new(AtomicU64::new(0));
        self.rows.push(Row {
            name: name.into(),
            stall_note,
            stream: Some(stream.clone()),
            line: String::new(),
            events: stream.events(),
            size: None,
            decoded: Arc::clone(&decoded),
        });
        decoded
    }

    /// Writes the lines to stderr; what cannot be written is nobody's loss.
    pub(crate) fn show(&mut self) {
        let mut text = String::new();
        if self.on_screen {
            if std::mem::replace(&mut self.drawn, true) {
                // Somebody who presses Ctrl-C sees it on the line that we stand on.
                let _ = write!(text, "\r\x1b[{}A", self.rows.len());
            }
            text += NO_WRAPPING;
        }
        let width = self.rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
        for (index, row) in self.rows.iter_mut().enumerate() {
            row.look(width);
            text += if self.on_screen { ERASE_LINE } else { "" };
            text += &row.line;
            text += "\n";
            if self.show_decoded && !self.on_screen {
                let _ = writeln!(text, "frames {index} {}", row.decoded.load(Ordering::Relaxed));
            }
        }
        text += if self.on_screen { WRAPPING } else { "" };
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}

impl Row {
    /// Writes the line anew; names are so wide.
    fn look(&mut self, width: usize) {
        while let Ok(event) = self.events.try_recv() {
            if let StreamEvent::Resized { width, height } = event {
                self.size = Some((width, height));
            }
        }
        let Some(stream) = &self.stream else { return };
        let now = stream.state();
        let statistics = stream.statistics();
        let session = &statistics.session;
        self.line = format!("{:width$}  {}", self.name, name(now.state));
        if let (Some(note), StreamState::Stalled) = (self.stall_note, now.state) {
            let _ = write!(self.line, " ({note})");
        } else if let (Some(transport), StreamState::Playing | StreamState::Stalled) = (session.transport, now.state) {
            self.line += match transport {
                ServerTransport::Interleaved { .. } => " tcp",
                ServerTransport::Udp { .. } => " udp (not encrypted)",
            };
        }
        if let Some(error) = &now.error {
            let _ = write!(self.line, ": {error}");
        }
        if let Some((width, height)) = self.size {
            let _ = write!(self.line, "  {width}x{height}");
            self.line += &match session.transport {
                Some(_) => format!(
                    "  {:.1} fps  {:.2} Mbit/s  lost {}  jitter {:.1} ms  stalls {}  RRs {}",
                    statistics.pictures_per_second,
                    statistics.bitrate * 1e-6,
                    session.rtp.lost,
                    session.jitter.as_secs_f64() * 1e3,
                    session.stalls,
                    session.receiver_reports,
                ),
                // JPEG cameras have no RTP, and not a picture in each second.
                None => format!("  {} pictures  stalls {}", session.access_units, session.stalls),
            };
        }
        let reconnects: u64 = statistics.reconnects.iter().map(|(_, count)| count).sum();
        if reconnects > 0 {
            let _ = write!(self.line, "  reconnects {reconnects}");
        }
        if matches!(now.state, StreamState::Stopped | StreamState::Failed) {
            self.stream = None;
        }
    }
}

/// A line that is too long is cut: on two, the next time all would be drawn in the wrong place.
const NO_WRAPPING: &str = "\x1b[?7l";
const WRAPPING: &str = "\x1b[?7h";
const ERASE_LINE: &str = "\x1b[K";

/// A state in a word.
pub(crate) fn name(state: StreamState) -> &'static str {
    match state {
        StreamState::Connecting => "connecting",
        StreamState::Playing => "playing",
        StreamState::Stalled => "stalled",
        StreamState::Reconnecting => "reconnecting",
        StreamState::Failed => "failed",
        StreamState::Idle => "idle",
        _ => "stopped",
    }
}
