//! Bytes on their way out, in steps that can be left off.

use std::io;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};

/// What is being written.
#[derive(Debug, Default)]
pub(super) struct Writing {
    bytes: Vec<u8>,
    written: usize,
    byte_by_byte: bool,
    /// Something was written and not flushed.
    unflushed: bool,
}

impl Writing {
    pub(super) fn is_pending(&self) -> bool {
        self.unflushed || self.written < self.bytes.len()
    }

    pub(super) fn begin(&mut self, bytes: Vec<u8>, byte_by_byte: bool) {
        *self = Writing { bytes, written: 0, byte_by_byte, unflushed: self.unflushed };
    }

    /// One step, which may be left off at any await.
    pub(super) async fn step(&mut self, writer: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let rest = &self.bytes[self.written..];
        if rest.is_empty() || self.byte_by_byte && self.unflushed {
            writer.flush().await?;
            self.unflushed = false;
        } else {
            let piece = if self.byte_by_byte { &rest[..1] } else { rest };
            self.written += writer.write(piece).await?;
            self.unflushed = true;
        }
        Ok(())
    }
}
