//! What a client sends: RTSP requests and interleaved packets, cut out of the byte stream.

/// One thing received.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Inbound {
    Request(Request),
    /// A `$` unit.
    Interleaved {
        channel: u8,
        payload: Vec<u8>,
    },
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) uri: String,
    headers: Vec<(String, String)>,
}

impl Request {
    /// A header's value by its name in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn cseq(&self) -> Option<u32> {
        self.header("CSeq")?.parse().ok()
    }

    #[cfg(test)]
    pub(crate) fn for_test(text: &str) -> Request {
        let mut inbox = Inbox::default();
        inbox.push(text.replace('\n', "\r\n").as_bytes());
        match inbox.next() {
            Ok(Some(Inbound::Request(request))) => request,
            other => panic!("{other:?}"),
        }
    }
}

/// Not RTSP, or beyond a bound.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Collects bytes and gives whole units.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
}

impl Inbox {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole unit; `None` while it is not complete.
    pub(crate) fn next(&mut self) -> Result<Option<Inbound>, Malformed> {
        if let [b'$', rest @ ..] = self.bytes.as_slice() {
            let &[channel, high, low, ref rest @ ..] = rest else {
                return Ok(None);
            };
            let length = usize::from(u16::from_be_bytes([high, low]));
            let Some(payload) = rest.get(..length).map(<[u8]>::to_vec) else {
                return Ok(None);
            };
            self.bytes.drain(..4 + length);
            return Ok(Some(Inbound::Interleaved { channel, payload }));
        }
        let Some(end) = self.bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            return if self.bytes.len() > MAX_HEAD { Err(Malformed) } else { Ok(None) };
        };
        let head = core::str::from_utf8(&self.bytes[..end]).map_err(|_| Malformed)?;
        let request = parse_head(head).ok_or(Malformed)?;
        let body = match request.header("Content-Length") {
            None => 0,
            Some(length) => length.parse().ok().filter(|&l| l <= MAX_BODY).ok_or(Malformed)?,
        };
        let whole = end + 4 + body;
        if self.bytes.len() < whole {
            return Ok(None);
        }
        self.bytes.drain(..whole);
        Ok(Some(Inbound::Request(request)))
    }
}

fn parse_head(head: &str) -> Option<Request> {
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let request = Request {
        method: words.next()?.to_owned(),
        uri: words.next()?.to_owned(),
        headers: lines
            .map(|line| {
                let (name, value) = line.split_once(':')?;
                Some((name.to_owned(), value.trim().to_owned()))
            })
            .collect::<Option<_>>()?,
    };
    (words.next() == Some("RTSP/1.0") && words.next().is_none()).then_some(request)
}

/// No request of a sane client comes near it.
const MAX_HEAD: usize = 16 << 10;
/// Only GET_PARAMETER and SET_PARAMETER have bodies, of a few lines.
const MAX_BODY: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] = b"OPTIONS rtsp://h/ RTSP/1.0\r\nCSeq: 1\r\n\r\n\
        $\x01\x00\x03abc\
        GET_PARAMETER * RTSP/1.0\r\ncseq: 2\r\nContent-Length: 4\r\n\r\nbody\
        $\x00\x00\x00";

    #[test]
    fn any_cut_gives_the_same_units() {
        let mut whole = Inbox::default();
        whole.push(STREAM);
        let want = drain(&mut whole);
        assert_eq!(want.len(), 4);
        for cut in 0..=STREAM.len() {
            let mut inbox = Inbox::default();
            inbox.push(&STREAM[..cut]);
            let mut units = drain(&mut inbox);
            inbox.push(&STREAM[cut..]);
            units.extend(drain(&mut inbox));
            assert_eq!(units, want, "cut at {cut}");
        }
    }

    fn drain(inbox: &mut Inbox) -> Vec<Inbound> {
        core::iter::from_fn(|| inbox.next().expect("well-formed")).collect()
    }

    #[test]
    fn refuses_what_is_no_request() {
        for bytes in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            b"OPTIONS * RTSP/1.0\r\nno colon\r\n\r\n",
            b"OPTIONS * RTSP/1.0\r\nContent-Length: -1\r\n\r\n",
            b"OPTIONS * RTSP/1.0\r\nContent-Length: 99999999999999999999\r\n\r\n",
            b"\xff\xfe\r\n\r\n",
            &[b'A'; MAX_HEAD + 1],
        ] {
            let mut inbox = Inbox::default();
            inbox.push(bytes);
            assert_eq!(inbox.next(), Err(Malformed), "{}", bytes.escape_ascii());
        }
    }
}
