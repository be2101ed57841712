//! Where a writer's bytes go.

use std::io::{self, Write};

/// An output that takes whole pieces: pictures, headers, fragments.
pub(super) trait Sink {
    /// Appends a picture or a header and hands it on.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Appends a fragment, whose `header` begins with the box header of a `moof`, behind `at` bytes and hands it on.
    fn append_fragment(&mut self, at: u64, header: &[u8], data: &[u8]) -> io::Result<()>;
}

/// An output that only grows.
#[derive(Debug)]
pub(super) struct Stream<W>(pub(super) W);

impl<W: Write> Sink for Stream<W> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)?;
        self.0.flush()
    }

    fn append_fragment(&mut self, _at: u64, header: &[u8], data: &[u8]) -> io::Result<()> {
        // The moof in one piece: pipes take up to 4 KiB whole or not at all.
        self.0.write_all(header)?;
        self.0.write_all(data)?;
        self.0.flush()
    }
}
