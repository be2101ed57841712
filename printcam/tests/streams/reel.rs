//! The pictures that cameras of tiny pictures send over and over, so that what a viewer is given can be recognised.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use md5::{Digest as _, Md5};
use printcam::{AccessUnit, Decoder as _, Frame, RustyH264};
use printcam_sim::PictureDigest;

use crate::stage::Stage;

/// Two groups of pictures in turn, by the bytes of their slices.
#[derive(Debug)]
pub(crate) struct Reel {
    gop: u32,
    /// The same change of two pictures is coded the same.
    places: HashMap<Vec<u8>, Vec<Place>>,
    digests: HashMap<PictureDigest, Place>,
    /// SPS and PPS.
    parameter_sets: Vec<Vec<u8>>,
}

/// Which picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) group: usize,
    pub(crate) index: u32,
}

impl Reel {
    /// Of cameras whose groups have so many pictures. Learnt once: each picture as it comes from a healthy camera, and
    /// decoded, so that its bytes stand for the picture that the camera says it has sent.
    pub(crate) fn with_gop(gop: u32) -> Arc<Reel> {
        static KNOWN: Mutex<Option<HashMap<u32, Arc<Reel>>>> = Mutex::new(None);
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let learn = || {
            // A runtime of its own: the time of whoever asks stands still meanwhile.
            let learning = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
                runtime.expect("a runtime").block_on(Reel::learn(gop))
            });
            Arc::new(learning.join().expect("a healthy camera"))
        };
        Arc::clone(known.get_or_insert_default().entry(gop).or_insert_with(learn))
    }

    async fn learn(gop: u32) -> Reel {
        let stage = Stage::with("", |options| options.gop = gop);
        let stream = stage.open();
        let mut pictures = stream.subscribe();
        let mut decoder = RustyH264::new();
        let mut reel = Reel { gop, places: HashMap::new(), digests: HashMap::new(), parameter_sets: Vec::new() };
        for number in 0..2 * gop {
            let unit = pictures.next().await.expect("a picture");
            let place = Place { group: (number / gop) as usize, index: number % gop };
            assert_eq!(unit.key_frame, place.index == 0, "{place:?}");
            let frame = decoder.decode(&unit).expect("a whole picture").expect("a picture at once");
            let sent = stage.camera.pictures().number_of(digest(&frame));
            assert_eq!(sent, Some(u64::from(number) + 1), "{place:?}");
            let (slice, sets) = split(&unit);
            if place.index == 0 {
                reel.parameter_sets = sets;
            }
            reel.digests.insert(digest(&frame), place);
            reel.places.entry(slice).or_default().push(place);
        }
        stream.close().await;
        reel
    }

    /// Which pictures this can be, to the last byte; none where the camera never sent one so.
    fn places_of(&self, unit: &AccessUnit) -> &[Place] {
        let (slice, sets) = split(unit);
        let known = sets.iter().all(|set| self.parameter_sets.contains(set));
        let places = self.places.get(&slice).filter(|_| known).map_or(&[][..], Vec::as_slice);
        if places.iter().all(|place| unit.key_frame == (place.index == 0)) { places } else { &[] }
    }

    /// Which picture this is, to the last sample.
    pub(crate) fn place_of_frame(&self, frame: &Frame) -> Option<Place> {
        self.digests.get(&digest(frame)).copied()
    }
}

/// Its slice, and what stands before it.
fn split(unit: &AccessUnit) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut nal_units: Vec<Vec<u8>> = unit.nal_units().map(<[u8]>::to_vec).collect();
    (nal_units.pop().unwrap_or_default(), nal_units)
}

/// MD5 of the planes without padding, as the camera counts its pictures.
fn digest(frame: &Frame) -> PictureDigest {
    let mut planes = Vec::with_capacity(frame.i420_len());
    frame.write_i420(&mut planes).expect("a Vec takes it");
    PictureDigest(Md5::digest(&planes).into())
}

/// Follows what one viewer is given, and says what is wrong with it.
#[derive(Debug)]
pub(crate) struct Follower {
    reel: Arc<Reel>,
    /// Where the last picture may have been, and its timestamp.
    last: Option<(Vec<Place>, u64)>,
    pub(crate) pictures: u64,
    /// Pictures that said that something was missing before them.
    pub(crate) discontinuities: u64,
    /// Key frames that came before their time, as at the beginning of a session.
    pub(crate) early_key_frames: u64,
}

impl Follower {
    pub(crate) fn new(reel: &Arc<Reel>) -> Follower {
        Follower { reel: Arc::clone(reel), last: None, pictures: 0, discontinuities: 0, early_key_frames: 0 }
    }

    /// Takes the next picture. It has to be one that was sent, to the last byte; it follows the one before it unless it
    /// says otherwise or decoding can start at it; and time does not run backwards.
    ///
    /// # Errors
    /// What is wrong.
    pub(crate) fn take(&mut self, unit: &AccessUnit) -> Result<(), String> {
        let number = self.pictures;
        self.pictures += 1;
        self.discontinuities += u64::from(unit.discontinuity);
        let places = self.reel.places_of(unit);
        if places.is_empty() {
            return Err(format!("picture {number} was never sent so: {} bytes", unit.data.len()));
        }
        let Some((before, timestamp)) = self.last.take() else {
            self.last = Some((places.to_vec(), unit.timestamp));
            return unit.key_frame.then_some(()).ok_or_else(|| format!("begins with {places:?}"));
        };
        if unit.timestamp < timestamp {
            return Err(format!("picture {number}: time runs backwards from {timestamp} to {}", unit.timestamp));
        }
        let follows =
            |place: &Place| before.iter().any(|before| before.group == place.group && before.index + 1 == place.index);
        let mut now: Vec<Place> = places.iter().copied().filter(follows).collect();
        if unit.key_frame {
            now = places.to_vec();
            let ended = |before: &Place| before.index + 1 == self.reel.gop && before.group != places[0].group;
            self.early_key_frames += u64::from(!before.iter().any(ended));
        } else if unit.discontinuity {
            now = places.to_vec();
        }
        if now.is_empty() {
            return Err(format!("picture {number}: {places:?} follow {before:?}"));
        }
        self.last = Some((now, unit.timestamp));
        Ok(())
    }
}
