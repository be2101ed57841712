//! Parts the bytes of an RTSP connection into messages and interleaved packets (RFC 2326 §10.12).
//!
//! RFC 2326 lets an interleaved packet stand between two messages. H2-series printers also put them inside a message,
//! even in the middle of a header line; there `$` followed by a channel byte we negotiated (0 and 1 before that) begins
//! a packet, because neither byte occurs in RTSP's text.
//!
//! Bytes are received straight into this buffer and interleaved packets are handed out as slices of it, so the deframer
//! copies no media, except the beginning of a packet that meets the end of the buffer (once in about 50 KB).

use std::ops::Range;

use super::message::{self, Head, HeadError, Request, Response, StartLine};

/// Incremental parser of one connection. Fill [`spare`](Self::spare), [`commit`](Self::commit), then
/// [`next`](Self::next) until it has nothing more.
#[derive(Debug, Default)]
pub struct Deframer {
    buffer: Vec<u8>,
    /// The bytes received and not yet parted.
    unread: Range<usize>,
    state: State,
    /// The text of the message being read, without the interleaved packets inside it.
    text: Vec<u8>,
    /// Channels the server said it uses; 0 and 1 until then.
    channels: Option<(u8, u8)>,
    /// Bytes thrown away since the last good unit.
    garbage: usize,
    /// Whether a unit was ever read: before that, garbage means that the peer does not speak RTSP.
    synchronised: bool,
    /// All bytes ever thrown away.
    discarded: u64,
}

#[derive(Debug, Default)]
enum State {
    /// Between two units.
    #[default]
    Between,
    /// Inside the start line and header fields.
    Head {
        /// Length of the line being read, without its CR.
        line: usize,
    },
    /// Inside the body of `head`.
    Body(Head),
}

/// One thing the server sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Unit<'a> {
    /// An RTP or RTCP packet.
    Interleaved {
        /// The channel byte.
        channel: u8,
        /// The packet.
        payload: &'a [u8],
    },
    /// The answer to a request of ours.
    Response(Response),
    /// A request of the server.
    Request(Request),
}

/// Why the connection cannot be parted any further. It must be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FramingError {
    /// The first bytes are not RTSP.
    #[error("the peer does not speak RTSP")]
    NotRtsp,
    /// The first bytes are a TLS record: the peer wants TLS.
    #[error("the peer speaks TLS, and the address says rtsp://")]
    TlsOnPlainPort,
    /// Over [`Deframer::MAX_GARBAGE`] bytes without a recognisable unit.
    #[error("{} bytes without a recognisable RTSP message or packet", Deframer::MAX_GARBAGE)]
    LostSync,
    /// A head over [`Deframer::MAX_HEAD`] bytes.
    #[error("a message head of more than {} bytes", Deframer::MAX_HEAD)]
    HeadTooLong,
    /// A head beyond our bounds.
    #[error(transparent)]
    Head(#[from] HeadError),
}

impl Deframer {
    /// Capacity of the receive buffer: one largest interleaved packet (64 KiB + 4) and a TLS record (16 KiB) beyond it.
    pub const CAPACITY: usize = (64 << 10) + 4 + (16 << 10);
    /// A read should have at least this much room: one TLS record.
    const MIN_SPARE: usize = 16 << 10;
    /// Longest run of unrecognisable bytes: one interleaved packet whose length lied.
    pub const MAX_GARBAGE: usize = 64 << 10;
    /// Longest start line and header fields together.
    pub const MAX_HEAD: usize = 64 << 10;
    /// Longest start line; a longer one is garbage.
    const MAX_START_LINE: usize = 4 << 10;

    /// Room for received bytes; never empty once [`next`](Self::next) has returned `None`.
    pub fn spare(&mut self) -> &mut [u8] {
        if self.buffer.is_empty() {
            self.buffer.resize(Self::CAPACITY, 0);
        }
        if self.unread.is_empty() {
            self.unread = 0..0;
        } else if self.buffer.len() - self.unread.end < Self::MIN_SPARE {
            self.buffer.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
        }
        &mut self.buffer[self.unread.end..]
    }

    /// Says that the first `count` bytes of [`spare`](Self::spare) have been filled.
    ///
    /// # Panics
    /// If `count` is more than there was room for.
    pub fn commit(&mut self, count: usize) {
        assert!(count <= self.buffer.len() - self.unread.end, "committed more than there was room for");
        self.unread.end += count;
    }

    /// Tells which channels the server uses from now on.
    pub fn set_channels(&mut self, rtp: u8, rtcp: u8) {
        self.channels = Some((rtp, rtcp));
    }

    /// Bytes thrown away because they belonged to nothing.
    pub fn discarded(&self) -> u64 {
        self.discarded
    }

    /// The next unit; `None` when more bytes are needed.
    #[allow(clippy::should_implement_trait)] // lends from the buffer, as an Iterator cannot
    pub fn next(&mut self) -> Result<Option<Unit<'_>>, FramingError> {
        loop {
            let Some(&byte) = self.buffer[self.unread.clone()].first() else { return Ok(None) };
            match &mut self.state {
                State::Between => match byte {
                    b'\r' | b'\n' => self.unread.start += 1,
                    b'$' => match self.interleaved_at_boundary() {
                        Boundary::Packet { channel, payload } => {
                            self.good_unit();
                            return Ok(Some(Unit::Interleaved { channel, payload: &self.buffer[payload] }));
                        }
                        Boundary::NeedMore => return Ok(None),
                        Boundary::Garbage => self.throw_away(1)?,
                    },
                    b'A'..=b'Z' => self.state = State::Head { line: 0 },
                    _ => self.throw_away(1)?,
                },
                State::Head { .. } | State::Body(_) => {
                    let text = self.text_ahead();
                    if text.is_empty() {
                        match self.interleaved() {
                            Some((channel, payload)) => {
                                return Ok(Some(Unit::Interleaved { channel, payload: &self.buffer[payload] }));
                            }
                            None => return Ok(None),
                        }
                    }
                    if let Some(unit) = self.take_text(text)? {
                        return Ok(Some(unit));
                    }
                }
            }
        }
    }

    /// The unread bytes up to where an interleaved packet begins, or might begin with the last byte.
    fn text_ahead(&self) -> Range<usize> {
        let bytes = &self.buffer[self.unread.clone()];
        let mut from = 0;
        while let Some(at) = bytes[from..].iter().position(|&b| b == b'$') {
            match bytes.get(from + at + 1) {
                Some(&channel) if !self.channel_in_text(channel) => from += at + 1,
                _ => return self.unread.start..self.unread.start + from + at,
            }
        }
        self.unread.clone()
    }

    /// Whether `$` and this byte begin a packet in the middle of text. A channel that is printable could be text.
    fn channel_in_text(&self, channel: u8) -> bool {
        channel <= 1 || self.channels.is_some_and(|(a, b)| (channel == a || channel == b) && channel < b'\t')
    }

    /// The interleaved packet that begins the unread bytes, taken out of them; `None` when it is not all there.
    fn interleaved(&mut self) -> Option<(u8, Range<usize>)> {
        let &[b'$', channel, hi, lo, ..] = &self.buffer[self.unread.clone()] else { return None };
        let start = self.unread.start + 4;
        let end = start + usize::from(u16::from_be_bytes([hi, lo]));
        if end > self.unread.end {
            return None;
        }
        self.unread.start = end;
        Some((channel, start..end))
    }

    fn interleaved_at_boundary(&mut self) -> Boundary {
        if self.garbage > 0 {
            // Out of step: `$` alone proves nothing. A packet of a known channel and RTP's version 2 does.
            let (a, b) = self.channels.unwrap_or((0, 1));
            match self.buffer[self.unread.clone()] {
                [_, channel, ..] if channel != a && channel != b => return Boundary::Garbage,
                [_, _, _, _, first, ..] if first >> 6 != 2 => return Boundary::Garbage,
                [_, _, _, _, _, ..] => {}
                _ => return Boundary::NeedMore,
            }
        }
        match self.interleaved() {
            Some((channel, payload)) => Boundary::Packet { channel, payload },
            None => Boundary::NeedMore,
        }
    }

    /// Moves `text` to the message being read, up to where its head or body ends.
    fn take_text(&mut self, text: Range<usize>) -> Result<Option<Unit<'static>>, FramingError> {
        match &mut self.state {
            State::Between => unreachable!("text is taken only inside a message"),
            State::Head { line } => {
                let bytes = &self.buffer[text.clone()];
                let mut taken = 0;
                let mut complete = false;
                for &byte in bytes {
                    taken += 1;
                    match byte {
                        b'\n' if *line == 0 && !self.text.is_empty() => complete = true,
                        b'\n' => *line = 0,
                        b'\r' => {}
                        _ => *line += 1,
                    }
                    let first_line_ends = byte == b'\n' && !self.text.contains(&b'\n');
                    self.text.push(byte);
                    if complete || first_line_ends {
                        break;
                    }
                }
                self.unread.start += taken;
                if complete {
                    return self.finish_head();
                }
                self.check_start_line()?;
                if self.text.len() > Self::MAX_HEAD {
                    return Err(FramingError::HeadTooLong);
                }
                Ok(None)
            }
            State::Body(head) => {
                let taken = text.len().min(head.content_length - self.text.len());
                self.text.extend_from_slice(&self.buffer[text.start..text.start + taken]);
                self.unread.start += taken;
                if self.text.len() == head.content_length { Ok(Some(self.finish_message())) } else { Ok(None) }
            }
        }
    }

    /// Throws the text away as soon as its first line proves not to be RTSP.
    fn check_start_line(&mut self) -> Result<(), FramingError> {
        let is_rtsp = match self.text.iter().position(|&b| b == b'\n') {
            Some(end) if end + 1 == self.text.len() => {
                let line = &self.text[..end];
                message::parse_start_line(line.strip_suffix(b"\r").unwrap_or(line)).is_some()
            }
            Some(_) => true,
            None => self.text.len() <= Self::MAX_START_LINE,
        };
        if is_rtsp {
            return Ok(());
        }
        let count = self.text.len();
        self.text.clear();
        self.state = State::Between;
        self.count_garbage(count)
    }

    fn finish_head(&mut self) -> Result<Option<Unit<'static>>, FramingError> {
        let head = message::parse_head(&self.text)?;
        self.text.clear();
        self.state = State::Between;
        let Some(head) = head else { return Ok(None) };
        let complete = head.content_length == 0;
        self.state = State::Body(head);
        Ok(if complete { Some(self.finish_message()) } else { None })
    }

    fn finish_message(&mut self) -> Unit<'static> {
        self.good_unit();
        let body = std::mem::take(&mut self.text);
        let State::Body(Head { start, headers, .. }) = std::mem::take(&mut self.state) else {
            unreachable!("a message ends with its body")
        };
        match start {
            StartLine::Response { status, reason } => Unit::Response(Response { status, reason, headers, body }),
            StartLine::Request { method } => Unit::Request(Request { method, headers, body }),
        }
    }

    fn good_unit(&mut self) {
        self.garbage = 0;
        self.synchronised = true;
    }

    fn throw_away(&mut self, count: usize) -> Result<(), FramingError> {
        if !self.synchronised && self.buffer[self.unread.start] == TLS_RECORD_ALERT {
            return Err(FramingError::TlsOnPlainPort);
        }
        self.unread.start += count;
        self.count_garbage(count)
    }

    fn count_garbage(&mut self, count: usize) -> Result<(), FramingError> {
        self.garbage += count;
        self.discarded += count as u64;
        match self.synchronised {
            false => Err(FramingError::NotRtsp),
            true if self.garbage > Self::MAX_GARBAGE => Err(FramingError::LostSync),
            true => Ok(()),
        }
    }
}

/// `ContentType.alert` of TLS (RFC 5246 §6.2.1): how a TLS server answers a plain request.
const TLS_RECORD_ALERT: u8 = 21;

enum Boundary {
    Packet { channel: u8, payload: Range<usize> },
    NeedMore,
    Garbage,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A unit in a form that outlives the buffer.
    #[derive(Debug, Clone, PartialEq, Eq)]
    enum Seen {
        Packet(u8, Vec<u8>),
        Response(u16, Vec<u8>),
        Request(String),
    }

    fn feed(deframer: &mut Deframer, mut bytes: &[u8]) -> Result<Vec<Seen>, FramingError> {
        let mut seen = Vec::new();
        while !bytes.is_empty() {
            let spare = deframer.spare();
            let count = spare.len().min(bytes.len());
            spare[..count].copy_from_slice(&bytes[..count]);
            deframer.commit(count);
            bytes = &bytes[count..];
            while let Some(unit) = deframer.next()? {
                seen.push(match unit {
                    Unit::Interleaved { channel, payload } => Seen::Packet(channel, payload.to_vec()),
                    Unit::Response(r) => Seen::Response(r.status, r.body),
                    Unit::Request(r) => Seen::Request(r.method),
                });
            }
        }
        Ok(seen)
    }

    fn packet(channel: u8, payload: &[u8]) -> Vec<u8> {
        [&[b'$', channel], &(payload.len() as u16).to_be_bytes()[..], payload].concat()
    }

    const OK: &[u8] = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n";
    const RTP: &[u8] = &[0x80, 96, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4, 0x65];

    /// As an H2C sends it: packets before, in the middle of a header line, inside the body and behind.
    fn h2c_dialogue() -> (Vec<u8>, Vec<Seen>) {
        let sdp = b"v=0\r\ns=costs $5 or $\x09\r\n";
        let text = format!("RTSP/1.0 200 OK\r\nCSeq: 2\r\nServer: US$ only\r\nContent-Length: {}\r\n\r\n", sdp.len());
        let (head_a, head_b) = text.split_at(31);
        let bytes = [
            OK,
            &packet(1, RTP),
            head_a.as_bytes(),
            &packet(0, RTP),
            head_b.as_bytes(),
            &sdp[..7],
            &packet(1, b"$\x00\x00"),
            &sdp[7..],
            &packet(0, b""),
            b"\r\nOPTIONS * RTSP/1.0\r\n\r\n",
            &packet(0, RTP),
        ]
        .concat();
        let seen = vec![
            Seen::Response(200, vec![]),
            Seen::Packet(1, RTP.to_vec()),
            Seen::Packet(0, RTP.to_vec()),
            Seen::Packet(1, b"$\x00\x00".to_vec()),
            Seen::Response(200, sdp.to_vec()),
            Seen::Packet(0, vec![]),
            Seen::Request("OPTIONS".into()),
            Seen::Packet(0, RTP.to_vec()),
        ];
        (bytes, seen)
    }

    #[test]
    fn packets_anywhere_at_every_split() {
        let (bytes, want) = h2c_dialogue();
        for cut in 0..=bytes.len() {
            let mut deframer = Deframer::default();
            let mut seen = feed(&mut deframer, &bytes[..cut]).unwrap();
            seen.extend(feed(&mut deframer, &bytes[cut..]).unwrap());
            assert_eq!(seen, want, "cut at {cut}");
        }
        let mut deframer = Deframer::default();
        let seen: Vec<_> = bytes.iter().flat_map(|b| feed(&mut deframer, &[*b]).unwrap()).collect();
        assert_eq!(seen, want, "byte by byte");
        assert_eq!(deframer.discarded(), 0);
    }

    #[test]
    fn a_long_stream_of_packets_wraps_the_buffer() {
        let mut deframer = Deframer::default();
        let big = packet(0, &vec![0x80; 65_535]);
        let bytes = [OK.to_vec(), big.clone(), packet(1, RTP), big.clone(), big].concat();
        for step in [1000, 1447, 16_384, 60_000] {
            let seen: Vec<_> = bytes.chunks(step).flat_map(|chunk| feed(&mut deframer, chunk).unwrap()).collect();
            let sizes: Vec<_> = seen.iter().map(|s| if let Seen::Packet(_, p) = s { p.len() } else { 0 }).collect();
            assert_eq!(sizes, [0, 65_535, RTP.len(), 65_535, 65_535], "in steps of {step}");
        }
    }

    #[test]
    fn negotiated_channels_count_inside_text_too() {
        let mut deframer = Deframer::default();
        deframer.set_channels(2, 3);
        let bytes = [b"RTSP/1.0 200 ", &packet(2, RTP)[..], b"OK\r\n\r\n"].concat();
        let want = [Seen::Packet(2, RTP.to_vec()), Seen::Response(200, vec![])];
        assert_eq!(feed(&mut deframer, &bytes).unwrap(), want);
    }

    #[test]
    fn finds_its_step_again_after_a_length_that_lied() {
        for lie in
            [&b"\x00\x01garbage $\x07 \xff\xfe"[..], b"HELLO WORLD\r\n", b"$\x05\x00\x02xx", b"$\x00\x00\x02\x00\x00"]
        {
            let mut deframer = Deframer::default();
            let bytes = [OK, &[0xff], lie, &packet(0, RTP), OK].concat();
            let seen = feed(&mut deframer, &bytes).unwrap();
            let want = [Seen::Response(200, vec![]), Seen::Packet(0, RTP.to_vec()), Seen::Response(200, vec![])];
            assert_eq!(seen, want, "{lie:?}");
            assert_eq!(
                deframer.discarded(),
                1 + lie.iter().filter(|b| !b"\r\n".contains(b)).count() as u64
                    + if lie.starts_with(b"HELLO") { 2 } else { 0 },
                "{lie:?}"
            );
        }
    }

    #[test]
    fn gives_up_with_a_reason() {
        let endless = [OK, &vec![0xff; Deframer::MAX_GARBAGE + 1][..]].concat();
        let long_head = [&b"RTSP/1.0 200 OK\r\n"[..], &b"A: b\r\n".repeat(Deframer::MAX_HEAD / 6)].concat();
        let no_line = b"A".repeat(Deframer::MAX_START_LINE + 2);
        for (bytes, want) in [
            (&b"HTTP/1.1 400 Bad Request\r\n"[..], FramingError::NotRtsp),
            (b"\x00\x01", FramingError::NotRtsp),
            (b"\x15\x03\x03\x00\x02\x02\x0a", FramingError::TlsOnPlainPort),
            (&no_line, FramingError::NotRtsp),
            (&endless, FramingError::LostSync),
            (&long_head, FramingError::HeadTooLong),
            (
                b"RTSP/1.0 200 OK\r\nContent-Length: 10000000000\r\n\r\n",
                HeadError::BodyTooLong { declared: 10_000_000_000 }.into(),
            ),
        ] {
            assert_eq!(feed(&mut Deframer::default(), bytes), Err(want), "{:?}", &bytes[..bytes.len().min(40)]);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_in_any_steps_give_the_same(bytes in proptest::collection::vec(byte(), 0..600), step in 1usize..50) {
            let mut whole = Deframer::default();
            let at_once = feed(&mut whole, &bytes);
            let mut deframer = Deframer::default();
            let mut seen = Vec::new();
            let mut failed = None;
            for chunk in bytes.chunks(step) {
                match feed(&mut deframer, chunk) {
                    Ok(more) => seen.extend(more),
                    Err(error) => { failed = Some(error); break }
                }
            }
            match (at_once, failed) {
                (Ok(want), None) => proptest::prop_assert_eq!(seen, want),
                (Err(want), Some(got)) => proptest::prop_assert_eq!(got, want),
                (whole, steps) => proptest::prop_assert!(false, "{:?} against {:?}", whole, steps),
            }
        }
    }

    /// Bytes that often mean something to the deframer.
    fn byte() -> impl proptest::strategy::Strategy<Value = u8> {
        proptest::sample::select(b"$$$\x00\x00\x01\x02\r\n\n\nRTSP/1.0 200 OK: A\x80\xffContent-Length: 4".to_vec())
    }
}
