//! Which pictures the camera has sent, so that whatever a client shows can be recognised.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use md5::{Digest as _, Md5};

use crate::picture::Picture;

/// MD5 of a picture's I420 planes without padding, as every correct decoder shows it; of a JPEG
/// camera's picture, which decoders show differently, of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PictureDigest(pub [u8; 16]);

impl PictureDigest {
    /// `size` is what is shown of it, from its upper left corner.
    pub(crate) fn of(picture: &Picture, [width, height]: [usize; 2]) -> PictureDigest {
        let [cb, cr] = &picture.chroma;
        let mut md5 = Md5::new();
        for (plane, part) in [(&picture.luma, 1), (cb, 2), (cr, 2)] {
            for row in plane.samples.chunks_exact(plane.width).take(height / part) {
                md5.update(&row[..width / part]);
            }
        }
        PictureDigest(md5.finalize().into())
    }
}

impl PictureDigest {
    pub(crate) fn of_file(file: &[u8]) -> PictureDigest {
        PictureDigest(Md5::digest(file).into())
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for PictureDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl FromStr for PictureDigest {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<PictureDigest, Self::Err> {
        u128::from_str_radix(text, 16).map(|digest| PictureDigest(digest.to_be_bytes()))
    }
}

/// The pictures that left the encoder while somebody watched: the last 20,000, or all of a canned loop.
///
/// Of a live stream they are known only with [`crate::Options::picture_digests`].
#[derive(Clone, Debug, Default)]
pub struct Pictures(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    numbers: HashMap<PictureDigest, u64>,
    oldest_first: VecDeque<PictureDigest>,
    count: u64,
}

impl Pictures {
    pub(crate) fn push(&self, digest: PictureDigest) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.count += 1;
        let number = state.count;
        if state.numbers.insert(digest, number).is_some() {
            return;
        }
        state.oldest_first.push_back(digest);
        if state.oldest_first.len() > KEPT
            && let Some(oldest) = state.oldest_first.pop_front()
        {
            state.numbers.remove(&oldest);
        }
    }

    /// The picture's number, counted from 1; of equal pictures the latest one's. `None` where it was never sent.
    pub fn number_of(&self, digest: PictureDigest) -> Option<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).numbers.get(&digest).copied()
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).count
    }
}

/// Over ten minutes of 30 pictures a second.
const KEPT: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_the_oldest_go() {
        let pictures = Pictures::default();
        let digest = |number: u64| PictureDigest(u128::from(number).to_be_bytes());
        for number in [7, 8, 7] {
            pictures.push(digest(number));
        }
        assert_eq!([7, 8, 9].map(|n| pictures.number_of(digest(n))), [Some(3), Some(2), None]);
        (100..100 + KEPT as u64).for_each(|number| pictures.push(digest(number)));
        assert_eq!(pictures.number_of(digest(8)), None);
        assert!(pictures.number_of(digest(100)).is_some());
        assert_eq!(digest(255).to_string().parse(), Ok(digest(255)));
    }
}
