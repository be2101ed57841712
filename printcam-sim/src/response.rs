//! RTSP responses, headers in the order in which LIVE555 writes them.

use crate::calendar::date_header;

/// One response; `CSeq` and `Date` come first, then these headers, then the body's length.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Response {
    pub(crate) fn new(status: u16) -> Response {
        Response { status, headers: Vec::new(), body: String::new() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Response {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<String>) -> Response {
        self.body = body.into();
        self
    }

    /// `cseq` is repeated as the client wrote it; `date` in seconds since 1970.
    pub(crate) fn bytes(&self, cseq: Option<&str>, date: u64) -> Vec<u8> {
        let mut text = format!("RTSP/1.0 {} {}\r\n", self.status, reason(self.status));
        let mut line = |name: &str, value: &str| {
            text.extend([name, ": ", value, "\r\n"]);
        };
        if let Some(cseq) = cseq {
            line("CSeq", cseq);
        }
        line("Date", &date_header(date));
        for (name, value) in &self.headers {
            line(name, value);
        }
        if !self.body.is_empty() {
            line("Content-Length", &self.body.len().to_string());
        }
        text.push_str("\r\n");
        text.push_str(&self.body);
        text.into_bytes()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Stream Not Found",
        405 => "Method Not Allowed",
        453 => "Not Enough Bandwidth",
        454 => "Session Not Found",
        461 => "Unsupported Transport",
        501 => "Not Implemented",
        _ => "Error",
    }
}
