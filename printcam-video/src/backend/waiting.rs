//! Whose picture is whose, for decoders that do not carry what belongs to one.

use std::collections::VecDeque;
use std::time::Instant;

use crate::AccessUnit;

/// The pictures on their way through a decoder, by number.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pictures: VecDeque<Picture>,
    next: i64,
}

/// What a decoder does not carry, or not without loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Picture {
    number: i64,
    /// [`AccessUnit::timestamp`].
    pub(super) timestamp: u64,
    /// [`AccessUnit::received_at`].
    pub(super) received_at: Instant,
}

impl Waiting {
    /// Remembers an access unit that the decoder is about to get, and gives its number: 0 for the first, then 1.
    pub(super) fn push(&mut self, access_unit: &AccessUnit) -> i64 {
        let number = self.next;
        self.next += 1;
        let (timestamp, received_at) = (access_unit.timestamp, access_unit.received_at);
        self.pictures.push_back(Picture { number, timestamp, received_at });
        if self.pictures.len() > MAX_WAITING {
            self.pictures.pop_front();
        }
        number
    }

    /// The picture of that number, which the decoder has given.
    pub(super) fn take(&mut self, number: i64) -> Option<Picture> {
        let at = self.pictures.iter().position(|picture| picture.number == number)?;
        self.pictures.remove(at)
    }

    /// Whether the picture of that number has not come yet.
    #[cfg(any(windows, test))]
    pub(super) fn contains(&self, number: i64) -> bool {
        self.pictures.iter().any(|picture| picture.number == number)
    }

    /// Forgets them; numbers go on.
    #[cfg(feature = "libavcodec")]
    pub(super) fn clear(&mut self) {
        self.pictures.clear();
    }
}

/// Over the 16 pictures that any stream may have waiting for display (H.264 §A.3.1), with one to spare. Of pictures
/// that never come out, this many are remembered.
pub(super) const MAX_WAITING: usize = 17;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::encode;

    #[test]
    fn pictures_are_found_by_number_and_forgotten_in_the_end() {
        let clip = encode("96x80", "-profile:v main");
        let mut waiting = Waiting::default();
        for (index, access_unit) in clip.access_units.iter().enumerate() {
            assert_eq!(waiting.push(access_unit), index as i64);
        }
        let timestamp = |picture: Option<Picture>| picture.map(|picture| picture.timestamp);
        let of = |index: usize| Some(clip.access_units[index].timestamp);
        assert_eq!(timestamp(waiting.take(3)), of(3));
        assert_eq!(timestamp(waiting.take(3)), None);
        assert!(waiting.contains(2) && !waiting.contains(3));
        for access_unit in clip.access_units.iter().cycle().take(MAX_WAITING) {
            waiting.push(access_unit);
        }
        assert_eq!((waiting.pictures.len(), waiting.contains(7)), (MAX_WAITING, false));
    }
}
