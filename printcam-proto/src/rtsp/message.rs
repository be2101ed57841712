//! RTSP messages as text (RFC 2326 §4, §6, §7): requests written, responses and server requests read.

use std::fmt::{self, Write};

use super::Headers;

/// The request methods we send (RFC 2326 §10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Method {
    Options,
    Describe,
    Setup,
    Play,
    GetParameter,
    Teardown,
}

impl Method {
    /// As it stands in the request line.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Options => "OPTIONS",
            Method::Describe => "DESCRIBE",
            Method::Setup => "SETUP",
            Method::Play => "PLAY",
            Method::GetParameter => "GET_PARAMETER",
            Method::Teardown => "TEARDOWN",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A response of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Three-digit status code (RFC 2326 §7.1.1).
    pub status: u16,
    /// The words behind it, as sent.
    pub reason: String,
    /// Header fields.
    pub headers: Headers,
    /// `Content-Length` bytes.
    pub body: Vec<u8>,
}

/// A request of the server to us (RFC 2326 §10: OPTIONS, ANNOUNCE, REDIRECT, SET_PARAMETER).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method's name as sent.
    pub method: String,
    /// Header fields.
    pub headers: Headers,
    /// `Content-Length` bytes.
    pub body: Vec<u8>,
}

/// Writes a request without body.
pub fn write_request(out: &mut Vec<u8>, method: Method, uri: &str, cseq: u32, headers: &Headers) {
    let mut text = format!("{method} {uri} RTSP/1.0\r\nCSeq: {cseq}\r\n");
    write_headers(&mut text, headers);
    out.extend_from_slice(text.as_bytes());
}

/// Writes the answer to a request of the server.
pub fn write_response(out: &mut Vec<u8>, status: u16, reason: &str, cseq: Option<u32>, headers: &Headers) {
    let mut text = format!("RTSP/1.0 {status} {reason}\r\n");
    if let Some(cseq) = cseq {
        let _ = write!(text, "CSeq: {cseq}\r\n");
    }
    write_headers(&mut text, headers);
    out.extend_from_slice(text.as_bytes());
}

fn write_headers(text: &mut String, headers: &Headers) {
    for (name, value) in headers.iter() {
        debug_assert!(!value.contains(['\r', '\n']), "a header value must not end its line");
        let _ = write!(text, "{name}: {value}\r\n");
    }
    text.push_str("\r\n");
}

/// First line and header fields of a message, before its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) start: StartLine,
    pub(super) headers: Headers,
    pub(super) content_length: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StartLine {
    Response { status: u16, reason: String },
    Request { method: String },
}

/// Why a head is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// More header fields than [`MAX_HEADERS`].
    #[error("more than {MAX_HEADERS} header fields")]
    TooManyHeaders,
    /// A header name over [`MAX_NAME`] bytes.
    #[error("a header name of {got} bytes, at most {MAX_NAME} are accepted")]
    NameTooLong {
        /// Its length.
        got: usize,
    },
    /// A header value over [`MAX_VALUE`] bytes.
    #[error("a header value of {got} bytes, at most {MAX_VALUE} are accepted")]
    ValueTooLong {
        /// Its length.
        got: usize,
    },
    /// `Content-Length` is no number, or two of them differ.
    #[error("a Content-Length that is no number, or two that differ")]
    ContentLength,
    /// A body longer than [`MAX_BODY`].
    #[error("a body of {declared} bytes, at most {MAX_BODY} are accepted")]
    BodyTooLong {
        /// What `Content-Length` says.
        declared: u64,
    },
}

/// Most header fields in one message; real ones have under 20.
pub const MAX_HEADERS: usize = 255;
/// Longest header name; the longest defined has 20 bytes.
pub const MAX_NAME: usize = 99;
/// Longest header value; RTP-Info and challenges stay under 500 bytes.
pub const MAX_VALUE: usize = 2048;
/// Longest body; an SDP of a camera has under 2 kB, one of a many-track server under 64.
pub const MAX_BODY: usize = 128 << 10;

/// Reads a start line: `RTSP/1.0 200 OK` or `OPTIONS * RTSP/1.0`, any run of spaces between the words.
pub(super) fn parse_start_line(line: &[u8]) -> Option<StartLine> {
    let line = latin1(line);
    let mut words = line.split(' ').filter(|w| !w.is_empty());
    let first = words.next()?;
    if first.starts_with("RTSP/1.") {
        let code = words.next()?;
        if code.len() != 3 || !code.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        return Some(StartLine::Response { status: code.parse().ok()?, reason: words.collect::<Vec<_>>().join(" ") });
    }
    let version = words.nth(1)?;
    let is_method = first.len() <= 32 && first.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    (is_method && version.starts_with("RTSP/1.")).then(|| StartLine::Request { method: first.to_owned() })
}

/// Reads a head that ends with its empty line. `Ok(None)` where the start line is not RTSP.
///
/// Lines end with CRLF or a bare LF; a bare CR is part of its line. A line that begins with a space or tab continues the
/// value before it (RFC 2326 §4.2). A line without a colon is skipped. Bytes are Latin-1; NUL is kept.
pub(super) fn parse_head(text: &[u8]) -> Result<Option<Head>, HeadError> {
    let mut lines = text.split(|&b| b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let Some(start) = lines.next().and_then(parse_start_line) else { return Ok(None) };
    let mut headers = Headers::default();
    for line in lines.take_while(|line| !line.is_empty()) {
        if line[0] == b' ' || line[0] == b'\t' {
            if let Some(value) = headers.last_value_mut() {
                let more = latin1(line);
                check_value(value.len() + more.len())?;
                value.push(' ');
                value.push_str(more.trim());
            }
            continue;
        }
        let Some(colon) = line.iter().position(|&b| b == b':') else { continue };
        if colon > MAX_NAME {
            return Err(HeadError::NameTooLong { got: colon });
        }
        check_value(line.len() - colon - 1)?;
        if headers.len() == MAX_HEADERS {
            return Err(HeadError::TooManyHeaders);
        }
        headers.push(latin1(&line[..colon]).trim(), latin1(&line[colon + 1..]).trim());
    }
    let content_length = content_length(&headers)?;
    Ok(Some(Head { start, headers, content_length }))
}

fn check_value(got: usize) -> Result<(), HeadError> {
    if got > MAX_VALUE { Err(HeadError::ValueTooLong { got }) } else { Ok(()) }
}

fn content_length(headers: &Headers) -> Result<usize, HeadError> {
    let mut found = None;
    for value in headers.all("Content-Length") {
        // Digits only: "-1", "+5" and "0x10" are lies that some parsers believe.
        if value.is_empty() || !value.bytes().all(|b| b.is_ascii_digit()) {
            return Err(HeadError::ContentLength);
        }
        let declared = value.parse::<u64>().unwrap_or(u64::MAX);
        if found.is_some_and(|f| f != declared) {
            return Err(HeadError::ContentLength);
        }
        found = Some(declared);
    }
    let declared = found.unwrap_or(0);
    if declared > MAX_BODY as u64 { Err(HeadError::BodyTooLong { declared }) } else { Ok(declared as usize) }
}

/// Bytes as ISO 8859-1, which every byte string is: printers put names of networks and models into their headers.
pub(crate) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&b| b as char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Option<Head>, HeadError> {
        parse_head(text.as_bytes())
    }

    #[test]
    fn start_lines() {
        let response = |status, reason: &str| Some(StartLine::Response { status, reason: reason.into() });
        let request = |method: &str| Some(StartLine::Request { method: method.into() });
        for (line, want) in [
            ("RTSP/1.0 200 OK", response(200, "OK")),
            ("RTSP/1.0  404  Stream  Not Found", response(404, "Stream Not Found")),
            ("RTSP/1.1 200", response(200, "")),
            ("RTSP/1.0 20 OK", None),
            ("RTSP/1.0 2000 OK", None),
            ("RTSP/1.0 +20 OK", None),
            ("RTSP/2.0 200 OK", None),
            ("HTTP/1.1 400 Bad Request", None),
            ("OPTIONS * RTSP/1.0", request("OPTIONS")),
            ("SET_PARAMETER rtsp://h/ RTSP/1.0", request("SET_PARAMETER")),
            ("OPTIONS * HTTP/1.1", None),
            ("options * RTSP/1.0", None),
            ("", None),
        ] {
            assert_eq!(parse_start_line(line.as_bytes()), want, "{line:?}");
        }
    }

    #[test]
    fn heads_that_are_refused() {
        let value = "v".repeat(MAX_VALUE + 1);
        let many = "A: b\r\n".repeat(MAX_HEADERS + 1);
        for (fields, want) in [
            ("Content-Length: -1\r\n", HeadError::ContentLength),
            ("Content-Length: +1\r\n", HeadError::ContentLength),
            ("Content-Length:\r\n", HeadError::ContentLength),
            ("Content-Length: 1\r\ncontent-length: 2\r\n", HeadError::ContentLength),
            ("Content-Length: 131073\r\n", HeadError::BodyTooLong { declared: 131_073 }),
            ("Content-Length: 2147483648\r\n", HeadError::BodyTooLong { declared: 1 << 31 }),
            ("Content-Length: 9223372036854775808\r\n", HeadError::BodyTooLong { declared: 1 << 63 }),
            ("Content-Length: 18446744073709551616\r\n", HeadError::BodyTooLong { declared: u64::MAX }),
            (&format!("{}: x\r\n", "n".repeat(100)), HeadError::NameTooLong { got: 100 }),
            (&format!("A:{value}\r\n"), HeadError::ValueTooLong { got: MAX_VALUE + 1 }),
            (&format!("A: x\r\n {value}\r\n"), HeadError::ValueTooLong { got: MAX_VALUE + 3 }),
            (&many, HeadError::TooManyHeaders),
        ] {
            assert_eq!(parse(&format!("RTSP/1.0 200 OK\r\n{fields}\r\n")), Err(want), "{:.60}", fields);
        }
    }

    #[test]
    fn sloppy_heads_have_one_answer() {
        let head = parse(
            "RTSP/1.0 200 OK\nCSeq : 7\nno colon here\nServer:caf\u{e9}\n  continued\nContent-Length: 3\nContent-Length: 3\n\n",
        );
        let head = head.unwrap().unwrap();
        assert_eq!(head.headers.cseq(), Some(7), "a space before the colon");
        assert_eq!(head.headers.first("server"), Some("caf\u{c3}\u{a9} continued"), "Latin-1, folded");
        assert_eq!(head.content_length, 3, "twice the same is once");
        assert_eq!(parse("GARBAGE\r\n\r\n"), Ok(None));
    }

    #[test]
    fn a_request_as_written() {
        let mut headers = Headers::default();
        headers.push("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1");
        let mut out = Vec::new();
        write_request(&mut out, Method::Setup, "rtsp://cam:554/track1", 4, &headers);
        let want =
            "SETUP rtsp://cam:554/track1 RTSP/1.0\r\nCSeq: 4\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), want);
    }
}
