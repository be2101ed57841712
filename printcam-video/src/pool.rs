//! Memory for pictures, used again when the last one to hold it lets go of it.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;

/// Buffers of one size. Those still in use outlive it.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    free: Arc<Free>,
}

type Free = Mutex<Vec<Vec<u8>>>;

impl Pool {
    /// A buffer of `len` bytes, whatever they are.
    pub(crate) fn take(&self, len: usize) -> Buffer {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut bytes = free.unwrap_or_default();
        bytes.resize(len, 0);
        Buffer { bytes, pool: Arc::downgrade(&self.free) }
    }
}

/// A buffer of the pool; goes back to it when dropped.
#[derive(Debug)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    pool: Weak<Free>,
}

impl Buffer {
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// The same bytes to be shared, and no more to be changed.
    pub(crate) fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let Some(pool) = self.pool.upgrade() else { return };
        let mut free = pool.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < MAX_FREE {
            free.push(std::mem::take(&mut self.bytes));
        }
    }
}

/// One frame is shown, one is on its way to be, and one is decoded meanwhile; more are only free together when many
/// viewers have just let go.
const MAX_FREE: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_back_with_the_last_clone() {
        let pool = Pool::default();
        let first = pool.take(1000);
        let address = first.as_ref().as_ptr();
        let shared = first.freeze();
        let slice = shared.slice(10..20);
        drop(shared);
        assert_ne!(pool.take(1000).as_ref().as_ptr(), address, "still in use");
        drop(slice);
        assert_eq!(pool.take(1000).as_ref().as_ptr(), address);
    }

    #[test]
    fn keeps_a_few_and_survives_none() {
        let pool = Pool::default();
        let mut many: Vec<Buffer> = (0..2 * MAX_FREE).map(|_| pool.take(8)).collect();
        let last = many.pop();
        drop(many);
        assert_eq!(pool.free.lock().unwrap().len(), MAX_FREE);
        drop(pool);
        drop(last);
    }

    #[test]
    fn has_the_length_asked_for() {
        let pool = Pool::default();
        for len in [100, 10, 1000, 0] {
            assert_eq!(pool.take(len).bytes_mut().len(), len);
        }
    }
}
