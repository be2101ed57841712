//! Parts the bytes of a JPEG camera's connection into headers and pictures.
//!
//! A picture that does not begin and end as a JPEG does is left out. Its header may have lied about the length, so the
//! next header is looked for inside of it: a camera that cut a picture short goes on behind the cut.

use std::ops::Range;

use bytes::Bytes;

use super::Error;
use super::picture_size::picture_size;

/// Smallest picture accepted, in bytes: what is below is no picture of a camera.
pub const MIN_PICTURE: usize = 1 << 10;

/// Largest picture accepted, in bytes: a hundred times what printers send.
pub const MAX_PICTURE: usize = 8 << 20;

/// What stands before each picture: length, 0, 1, 0, each 32 bits with the lowest byte first.
const HEADER: usize = 16;

/// Bytes behind the header of an answer that is no picture.
const NOTICE: usize = 8;

/// A read should have at least this much room: one TLS record.
const MIN_SPARE: usize = 16 << 10;

/// Bytes past the announced end of a spoilt picture that may be skipped on the way to the next header.
const MAX_GARBAGE: usize = 64 << 10;

/// Incremental parser of one connection. Fill [`spare`](Self::spare), [`commit`](Self::commit), then
/// [`next`](Self::next) until it has nothing more.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// Grows with what arrives, not with what is announced: up to one picture and a read beyond it.
    buffer: Vec<u8>,
    /// The bytes received and not yet taken.
    unread: Range<usize>,
    state: State,
    /// There has been a good header: before that, anything else means that the peer is no JPEG camera.
    synchronised: bool,
    /// Anything was ever received.
    has_received: bool,
    spoilt: u64,
    discarded: u64,
}

#[derive(Debug, Default)]
enum State {
    /// Before a header.
    #[default]
    Between,
    /// Behind the header of a picture of so many bytes.
    Inside { length: usize },
    /// Behind a spoilt picture, looking for a header; so many bytes have been skipped of so many that may be.
    Lost { skipped: usize, limit: usize },
}

/// One thing the camera sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// A good header; its picture follows.
    Header,
    /// A picture.
    Picture(Picture),
}

/// A whole JPEG.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) data: Bytes,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Reader {
    /// Room for received bytes; never empty once [`next`](Self::next) has returned `None`.
    pub(super) fn spare(&mut self) -> &mut [u8] {
        if self.unread.is_empty() {
            self.unread = 0..0;
        }
        if self.buffer.len() - self.unread.end < MIN_SPARE {
            self.buffer.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
            let largest = HEADER + MAX_PICTURE + MIN_SPARE;
            let wanted = self.unread.end + MIN_SPARE;
            if self.buffer.len() < wanted {
                self.buffer.resize((2 * wanted).min(largest), 0);
            }
        }
        &mut self.buffer[self.unread.end..]
    }

    /// Says that the first `count` bytes of [`spare`](Self::spare) have been filled.
    ///
    /// # Panics
    /// If `count` is more than there was room for.
    pub(super) fn commit(&mut self, count: usize) {
        assert!(count <= self.buffer.len() - self.unread.end, "committed more than there was room for");
        self.unread.end += count;
        self.has_received |= count > 0;
    }

    /// The next unit; `None` when more bytes are needed.
    pub(super) fn next(&mut self) -> Result<Option<Unit>, Error> {
        loop {
            let bytes = &self.buffer[self.unread.clone()];
            match self.state {
                State::Between => {
                    let Some((words, after)) = split_header(bytes) else { return Ok(None) };
                    if words[0] as usize == NOTICE {
                        let Some(notice) = after.first_chunk::<NOTICE>() else { return Ok(None) };
                        return Err(if is_denial(notice) { Error::Denied } else { Error::NoCamera });
                    }
                    if let Some(length) = picture_length(words) {
                        self.unread.start += HEADER;
                        self.state = State::Inside { length };
                        self.synchronised = true;
                        return Ok(Some(Unit::Header));
                    }
                    if !self.synchronised {
                        return Err(Error::NotJpegCamera);
                    }
                    self.spoilt += 1;
                    self.state = State::Lost { skipped: 0, limit: MAX_GARBAGE };
                }
                State::Inside { length } => {
                    if !bytes.starts_with(&SOI) && bytes.first_chunk::<NOTICE>().is_some_and(is_denial) {
                        return Err(Error::Denied);
                    }
                    let Some(jpeg) = bytes.get(..length) else { return Ok(None) };
                    let size = picture_size(jpeg).filter(|_| jpeg.ends_with(&[0xff, 0xd9]));
                    if let Some((width, height)) = size {
                        let data = Bytes::copy_from_slice(jpeg);
                        self.unread.start += length;
                        self.state = State::Between;
                        return Ok(Some(Unit::Picture(Picture { data, width, height })));
                    }
                    self.spoilt += 1;
                    self.state = State::Lost { skipped: 0, limit: length + MAX_GARBAGE };
                }
                State::Lost { skipped, limit } => {
                    let found = bytes.windows(HEADER + SOI.len()).position(is_beginning);
                    // What is left may be the beginning of one.
                    let skip = found.unwrap_or(bytes.len().saturating_sub(HEADER + SOI.len() - 1));
                    self.unread.start += skip;
                    self.discarded += skip as u64;
                    let skipped = skipped + skip;
                    if found.is_some() {
                        self.state = State::Between;
                    } else if skipped > limit {
                        return Err(Error::LostSync { bytes: skipped });
                    } else {
                        self.state = State::Lost { skipped, limit };
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Whether something has begun that is not whole.
    pub(super) fn is_inside(&self) -> bool {
        !matches!(self.state, State::Between) || !self.unread.is_empty()
    }

    /// Whether anything was ever received.
    pub(super) fn has_received(&self) -> bool {
        self.has_received
    }

    /// Pictures left out because they, or their headers, were no whole ones.
    pub(super) fn spoilt(&self) -> u64 {
        self.spoilt
    }

    /// Bytes thrown away because they belonged to nothing.
    pub(super) fn discarded(&self) -> u64 {
        self.discarded
    }
}

/// How a JPEG begins (ITU-T T.81 §B.1.1.3).
const SOI: [u8; 2] = [0xff, 0xd8];

fn split_header(bytes: &[u8]) -> Option<([u32; 4], &[u8])> {
    let (header, after) = bytes.split_first_chunk::<HEADER>()?;
    let word = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    Some(([word(0), word(4), word(8), word(12)], after))
}

/// The length of the picture that a header announces; `None` if it is no header of a picture.
fn picture_length([length, second, third, fourth]: [u32; 4]) -> Option<usize> {
    let length = length as usize;
    ((MIN_PICTURE..=MAX_PICTURE).contains(&length) && (second, third, fourth) == (0, 1, 0)).then_some(length)
}

/// Whether a header and a JPEG begin here.
fn is_beginning(bytes: &[u8]) -> bool {
    split_header(bytes).is_some_and(|(words, after)| after.starts_with(&SOI) && picture_length(words).is_some())
}

/// Whether these bytes behind a header say no: they hold 0xFFFFFFFF.
fn is_denial(notice: &[u8; NOTICE]) -> bool {
    notice.chunks_exact(4).any(|word| word == [0xff; 4])
}
