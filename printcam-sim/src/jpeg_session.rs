//! The dialogue of a JPEG camera with one client, without I/O.
//!
//! ```text
//! 80 bytes: 0x40, 0x3000, 0, 0, user name, access code -> header, JPEG, header, JPEG, ...
//!     '---> wrong: the end, silence, or a header and 8 bytes
//! ```

use std::collections::VecDeque;
use std::time::Instant;

use crate::camera::AccessUnit;
use crate::dialogue::{Dialogue, Farewell, Output, Surroundings};
use crate::digest::USER;
use crate::fault::FaultKind;
use crate::log::{Ending, Login};
use crate::options::{AccessCode, SecondClient, WrongCode};
use crate::timeline::Timeline;

/// One connection's state.
#[derive(Debug)]
pub(crate) struct JpegSession {
    around: Surroundings,
    timeline: Timeline,
    /// The login, as far as it has come.
    received: Vec<u8>,
    login: Option<Login>,
    /// Never gets a picture: logged in beside another client, or to something that is no JPEG camera.
    starved: bool,
    outputs: VecDeque<Output>,
    /// Pictures may pile up: a stall is on, or its burst is on its way.
    holding: bool,
    /// A fault has ended the connection.
    farewell: Option<Farewell>,
}

impl JpegSession {
    pub(crate) fn new(around: Surroundings, timeline: Timeline) -> JpegSession {
        JpegSession {
            around,
            timeline,
            received: Vec::new(),
            login: None,
            starved: false,
            outputs: VecDeque::new(),
            holding: false,
            farewell: None,
        }
    }

    /// False where it is no login at all.
    fn log_in(&mut self, login: &[u8; LOGIN], now: Instant) -> bool {
        let right = read_login(login, &self.around.options.access_code);
        let denies = [FaultKind::Unauthorized, FaultKind::Denial].map(|kind| self.timeline.is_active(kind, now));
        let outcome = match right {
            None => Login::Malformed,
            Some(true) if !denies.contains(&true) => Login::Accepted,
            Some(_) => Login::Denied,
        };
        self.login = Some(outcome);
        self.around.log.update(self.around.client, |record| record.login = Some(outcome));
        tracing::info!(target: "printcam_sim", client = self.around.client, ?outcome, "login");
        match outcome {
            Login::Malformed => return false,
            Login::Accepted if self.timeline.is_active(FaultKind::ForeignAnswer, now) => {
                self.outputs.push_back(Output::Reply(FOREIGN_ANSWER.to_vec()));
                self.starved = true;
            }
            Login::Accepted => self.begin_pictures(now),
            Login::Denied => {
                let [_, denial] = denies;
                match self.around.options.wrong_code {
                    _ if denial => self.deny(),
                    WrongCode::Close => self.outputs.push_back(Output::Close(Farewell::Orderly)),
                    WrongCode::Silence => {}
                    WrongCode::Denial => self.deny(),
                }
            }
        }
        true
    }

    fn deny(&mut self) {
        self.outputs.push_back(Output::Reply(header(DENIAL.len() as u32)));
        self.outputs.push_back(Output::Media(DENIAL.to_vec()));
    }

    fn begin_pictures(&mut self, now: Instant) {
        let Surroundings { place, log, client, .. } = &self.around;
        if !place.is_free_for(*client, now) {
            match self.around.options.second_client {
                SecondClient::Refuse => return self.outputs.push_back(Output::Close(Farewell::Orderly)),
                SecondClient::Starve => self.starved = true,
                SecondClient::KickFirst => {}
            }
        }
        if !self.starved {
            place.take(*client);
        }
        log.set_session(*client, true);
        let since_start = now.saturating_duration_since(self.around.started.0);
        log.update(*client, |record| record.played_at = Some(since_start));
        self.timeline.note_play(now);
        // For faults that are written to begin with a request, this is the only one.
        self.timeline.note_request("PLAY", now);
        self.begin_faults(now);
    }

    /// Lets the faults begin that are due.
    fn begin_faults(&mut self, now: Instant) {
        for kind in self.timeline.take_begun(now) {
            tracing::info!(target: "printcam_sim", client = self.around.client, fault = kind.name(), "fault begins");
            match kind {
                FaultKind::Close => self.farewell = Some(Farewell::Bare),
                FaultKind::Reset => self.farewell = Some(Farewell::Reset),
                FaultKind::Vanish => self.farewell = Some(Farewell::Vanish),
                // Sessions have no names here: that one is over shows by the end of the connection.
                FaultKind::Expire => self.outputs.push_back(Output::Close(Farewell::Orderly)),
                _ => {}
            }
        }
    }

    fn holds_back(&self, now: Instant) -> bool {
        self.timeline.is_active(FaultKind::Stall, now) || self.timeline.is_between_bursts(now)
    }

    fn send_picture(&mut self, file: &[u8], now: Instant) {
        let (mut length, mut promised, mut times) = (file.len(), None, 1);
        for (kind, random) in self.timeline.active(now) {
            match kind {
                FaultKind::TruncatedJpeg(probability) if random.happens(probability) => {
                    length = random.up_to(file.len() - 1);
                }
                FaultKind::JpegLength(bytes) => promised = Some(bytes),
                FaultKind::Loss(probability) if random.happens(probability) => times = 0,
                FaultKind::Duplicate(probability) if random.happens(probability) => times *= 2,
                _ => {}
            }
        }
        for _ in 0..times {
            self.outputs.push_back(Output::Reply(header(promised.unwrap_or(length as u32))));
            self.outputs.extend(file[..length].chunks(PIECE).map(|piece| Output::Media(piece.to_vec())));
        }
        self.around.log.update(self.around.client, |record| record.jpeg_pictures += 1);
    }
}

impl Dialogue for JpegSession {
    fn receive(&mut self, bytes: &[u8]) {
        let wanted = LOGIN - self.received.len();
        let (login, rest) = bytes.split_at(bytes.len().min(wanted));
        self.received.extend(login);
        if !rest.is_empty() {
            self.around.log.update(self.around.client, |record| record.garbage_packets += 1);
        }
    }

    fn handle_received(&mut self, now: Instant) -> bool {
        match self.received[..].try_into() {
            Ok(login) if self.login.is_none() => self.log_in(&login, now),
            _ => true,
        }
    }

    /// There are no datagrams here.
    fn handle_datagram(&mut self, _: &[u8], _: Instant) {}

    fn handle_access_unit(&mut self, unit: &AccessUnit, now: Instant) {
        self.begin_faults(now);
        self.holding |= self.holds_back(now);
        let room = if self.holding { HELD } else { OUTGOING };
        let full = self.outputs.len() >= room;
        if full || self.farewell.is_some() || self.is_frozen(now) || self.timeline.is_active(FaultKind::Hang, now) {
            return;
        }
        if !self.is_playing() || self.starved {
            return;
        }
        if !self.around.place.is_held_by(self.around.client) {
            // Another client has taken the place.
            self.outputs.push_back(Output::Close(Farewell::Orderly));
            return;
        }
        if let Some(file) = unit.nal_units.first() {
            self.send_picture(file, now);
        }
    }

    /// A picture needs no other.
    fn note_lost_media(&mut self) {}

    fn handle_tick(&mut self, now: Instant) {
        self.begin_faults(now);
    }

    /// Where a client leaves without close_notify, the printer goes on for a while as if it were there.
    fn handle_end(&mut self, ending: Option<Ending>, now: Instant) {
        let wedge = self.around.options.wedge_after_unclean_end;
        let unclean = self.farewell.is_none() && matches!(ending, None | Some(Ending::BareEof));
        let until = (unclean && !wedge.is_zero()).then(|| now + wedge);
        self.around.place.leave(self.around.client, until);
        self.around.log.set_session(self.around.client, false);
    }

    fn poll_output(&mut self, now: Instant) -> Option<Output> {
        if let Some(farewell) = self.farewell {
            return Some(Output::Close(farewell));
        }
        if self.holds_back(now) || self.is_frozen(now) {
            return None;
        }
        let output = self.outputs.pop_front();
        self.holding &= output.is_some();
        output
    }

    fn farewell_at_once(&self) -> Option<Farewell> {
        self.farewell
    }

    fn next_deadline(&self, now: Instant) -> Option<Instant> {
        self.timeline.next_change(now)
    }

    fn is_playing(&self) -> bool {
        self.login == Some(Login::Accepted)
    }

    fn is_frozen(&self, now: Instant) -> bool {
        self.timeline.is_active(FaultKind::Freeze, now)
    }

    fn thaws_at(&self, now: Instant) -> Option<Instant> {
        self.timeline.end_of(FaultKind::Freeze, now)
    }

    fn loses_datagrams(&self, _: Instant) -> bool {
        false
    }

    fn writes_byte_by_byte(&self, now: Instant) -> bool {
        self.timeline.is_active(FaultKind::OneByteWrites, now)
    }
}

/// Whether user name and code are right; `None` where the four numbers are not those of a login.
fn read_login(login: &[u8; LOGIN], code: &AccessCode) -> Option<bool> {
    let (numbers, texts) = login.split_at(16);
    let word =
        |index: usize| numbers[4 * index..4 * index + 4].iter().rev().fold(0, |word, &b| word << 8 | u32::from(b));
    if [word(0), word(1), word(2), word(3)] != [0x40, 0x3000, 0, 0] {
        return None;
    }
    let is = |field: &[u8], text: &str| {
        let (start, padding) = field.split_at(text.len().min(field.len()));
        start == text.as_bytes() && padding.iter().all(|&byte| byte == 0)
    };
    Some(is(&texts[..32], USER) && is(&texts[32..], code.reveal()))
}

/// What stands before each picture.
fn header(length: u32) -> Vec<u8> {
    [length, 0, 1, 0].iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Bytes of a login.
const LOGIN: usize = 80;
/// The longest piece that a printer was seen to write.
const PIECE: usize = 4096;
/// What follows a header of this length where the code is wrong.
const DENIAL: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
/// Of it only the first 8 bytes were published, and its length.
const FOREIGN_ANSWER: [u8; 24] = [8, 0, 0, 0, 0x3f, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// About four pictures; beyond it they are left out.
const OUTGOING: usize = 64;
/// Minutes of pictures held back by a stall.
const HELD: usize = 3000;
