//! The dialogue of a JPEG camera with one client, without I/O.
//!
//! ```text
//! 80 bytes: 0x40, 0x3000, 0, 0, user name, access code -> header, JPEG, header, JPEG, ...
//!     '---> wrong: the end, silence, or a header and 8 bytes
//! ```

use std::time::Instant;

use crate::camera::AccessUnit;
use crate::dialogue::{Dialogue, Farewell, Output, Surroundings};
use crate::digest::USER;
use crate::event::Happening;
use crate::fault::FaultKind;
use crate::jpeg::enlarged;
use crate::log::{Ending, Login};
use crate::options::{AccessCode, SecondClient, WrongCode};
use crate::outgoing::Outgoing;
use crate::place::Obstacle;
use crate::timeline::Timeline;

/// One connection's state.
#[derive(Debug)]
pub(crate) struct JpegSession {
    around: Surroundings,
    /// The login, as far as it has come.
    received: Vec<u8>,
    login: Option<Login>,
    /// Never gets a picture: logged in beside another client, or to something that is no JPEG camera.
    starved: bool,
    outgoing: Outgoing,
}

impl JpegSession {
    pub(crate) fn new(around: Surroundings, timeline: Timeline) -> JpegSession {
        let outgoing = Outgoing::new(around.log.clone(), timeline);
        JpegSession { around, received: Vec::new(), login: None, starved: false, outgoing }
    }

    /// False where it is no login at all.
    fn log_in(&mut self, login: &[u8; LOGIN], now: Instant) -> bool {
        let right = read_login(login, &self.around.options.access_code);
        let denies = self.outgoing.timeline.is_active(FaultKind::Unauthorized, now);
        let outcome = match right {
            None => Login::Malformed,
            Some(true) if !denies => Login::Accepted,
            Some(_) => Login::Denied,
        };
        self.login = Some(outcome);
        self.around.log.note(now, Happening::Login(outcome));
        tracing::info!(target: "printcam_sim", client = self.around.log.id, ?outcome, "login");
        match outcome {
            Login::Malformed => return false,
            Login::Accepted if self.outgoing.timeline.is_active(FaultKind::ForeignAnswer, now) => {
                self.outgoing.queue.push_back(Output::Reply(FOREIGN_ANSWER.to_vec()));
                self.starved = true;
            }
            Login::Accepted => self.begin_pictures(now),
            Login::Denied => match self.reaction(now) {
                WrongCode::Close => self.outgoing.queue.push_back(Output::Close(Farewell::Orderly)),
                WrongCode::Silence => {}
                WrongCode::Denial => {
                    self.outgoing.queue.push_back(Output::Reply(header(DENIAL.len() as u32)));
                    self.outgoing.queue.push_back(Output::Media(DENIAL.to_vec()));
                }
            },
        }
        true
    }

    /// What is done about a wrong code now.
    fn reaction(&self, now: Instant) -> WrongCode {
        let told = self.outgoing.timeline.value(now, |kind| match kind {
            FaultKind::WrongCode(reaction) => Some(reaction),
            _ => None,
        });
        told.unwrap_or(self.around.options.wrong_code)
    }

    fn begin_pictures(&mut self, now: Instant) {
        let Surroundings { place, log, options, .. } = &self.around;
        match place.obstacle_for(log.id, now) {
            None => {}
            Some(Obstacle::Wedge) => self.starved = true,
            Some(Obstacle::Holder) => match self.outgoing.second_client(options, now) {
                SecondClient::Refuse => return self.outgoing.queue.push_back(Output::Close(Farewell::Orderly)),
                SecondClient::Starve => self.starved = true,
                SecondClient::KickFirst => {}
            },
        }
        if !self.starved {
            place.take(log.id);
        }
        log.set_session(true);
        log.note(now, Happening::Playing);
        self.outgoing.timeline.note_play(now);
        // For faults that are written to begin with a request, this is the only one.
        self.outgoing.timeline.note_request("PLAY", now);
        self.begin_faults(now);
    }

    /// Lets the faults begin that are due.
    fn begin_faults(&mut self, now: Instant) {
        if self.outgoing.take_begun(now).contains(&FaultKind::Expire) {
            // Sessions have no names here: that one is over shows by the end of the connection.
            self.outgoing.queue.push_back(Output::Close(Farewell::Orderly));
        }
    }

    fn send_picture(&mut self, file: &[u8], now: Instant) {
        let larger = self.outgoing.timeline.value(now, |kind| match kind {
            FaultKind::LargeJpeg(bytes) => Some(enlarged(file, bytes as usize)),
            _ => None,
        });
        let file = larger.as_deref().unwrap_or(file);
        let (mut length, mut promised, mut times) = (file.len(), None, 1);
        for (kind, random) in self.outgoing.timeline.active(now) {
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
            self.outgoing.queue.push_back(Output::Reply(header(promised.unwrap_or(length as u32))));
            self.outgoing.queue.extend(file[..length].chunks(PIECE).map(|piece| Output::Media(piece.to_vec())));
        }
        self.around.log.update(|record| record.jpeg_pictures += 1);
    }
}

impl Dialogue for JpegSession {
    fn receive(&mut self, bytes: &[u8]) {
        let wanted = LOGIN - self.received.len();
        let (login, rest) = bytes.split_at(bytes.len().min(wanted));
        self.received.extend(login);
        if !rest.is_empty() {
            self.around.log.update(|record| record.garbage_packets += 1);
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
        if !self.outgoing.takes_picture(false, now) {
            return;
        }
        if !self.is_playing() || self.starved {
            return;
        }
        if !self.around.place.is_held_by(self.around.log.id) {
            // Another client has taken the place.
            self.outgoing.queue.push_back(Output::Close(Farewell::Orderly));
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
        let unclean = matches!(ending, None | Some(Ending::BareEof));
        let until = self.outgoing.wedged_until(unclean, now);
        self.around.place.leave(self.around.log.id, until);
        self.around.log.set_session(false);
    }

    fn poll_output(&mut self, now: Instant) -> Option<Output> {
        self.outgoing.poll(false, now)
    }

    fn next_deadline(&self, now: Instant) -> Option<Instant> {
        self.outgoing.timeline.next_change(now)
    }

    fn is_playing(&self) -> bool {
        self.login == Some(Login::Accepted)
    }

    fn outgoing(&self) -> &Outgoing {
        &self.outgoing
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
