//! TCP servers too simple to need a program of their own. Their threads end with the tests.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// Takes connections and never says a word.
pub(crate) fn silent() -> u16 {
    serve(|mut stream| {
        let mut ignored = [0; 1024];
        while matches!(stream.read(&mut ignored), Ok(1..)) {}
    })
}

/// Speaks RTSP without TLS, and takes a ClientHello for a malformed request, as LIVE555 does.
pub(crate) fn plain_rtsp() -> u16 {
    serve(|mut stream| {
        let mut ignored = [0; 1024];
        if matches!(stream.read(&mut ignored), Ok(1..)) {
            stream.write_all(b"RTSP/1.0 400 Bad Request\r\nAllow: OPTIONS, DESCRIBE\r\n\r\n").ok();
        }
    })
}

/// A port nobody listens on.
pub(crate) fn closed() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn serve(answer: impl Fn(TcpStream) + Send + Copy + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    port
}
