//! Windows's H.264 decoder as a thing of Rust: byte stream in, NV12 out.
//!
//! The protocol is that of synchronous Media Foundation transforms: input until it wants no more, output until it
//! needs input, and between the two, before the first picture at the latest, a change of the output's format.

use std::mem::ManuallyDrop;
use std::{ptr, slice};

use windows::Win32::Foundation::{E_INVALIDARG, E_POINTER, E_UNEXPECTED};
use windows::Win32::Media::MediaFoundation::{
    IMFMediaBuffer, IMFMediaType, IMFSample, IMFTransform, MF_E_INVALIDMEDIATYPE, MF_E_NOTACCEPTING,
    MF_E_TRANSFORM_NEED_MORE_INPUT, MF_E_TRANSFORM_STREAM_CHANGE, MF_LOW_LATENCY, MF_MT_DEFAULT_STRIDE,
    MF_MT_FRAME_SIZE, MF_MT_INTERLACE_MODE, MF_MT_MAJOR_TYPE, MF_MT_SUBTYPE, MFMediaType_Video,
    MFSampleExtension_FrameCorruption, MFT_MESSAGE_NOTIFY_BEGIN_STREAMING, MFT_MESSAGE_NOTIFY_START_OF_STREAM,
    MFT_OUTPUT_DATA_BUFFER, MFT_OUTPUT_DATA_BUFFER_NO_SAMPLE, MFT_OUTPUT_STREAM_PROVIDES_SAMPLES, MFVideoFormat_H264,
    MFVideoFormat_NV12, MFVideoInterlace_MixedInterlaceOrProgressive,
};
use windows::core::{Error, Result};

use super::platform::Platform;
use crate::backend::gate::{MAX_HEIGHT, MAX_WIDTH};
use crate::nv12::Rows;

/// A decoder, told that its pictures come in order and are wanted at once.
pub(super) struct Transform {
    mft: IMFTransform,
    platform: &'static Platform,
    output: Output,
}

// SAFETY: Windows's decoders and all of Media Foundation's objects are free-threaded, as its own work queues need
// them; they are made in the multi-threaded apartment or bound to none, and here only one thread at a time has them.
unsafe impl Send for Transform {}

/// Where the decoder puts its pictures, one after the other, and their form.
struct Output {
    sample: IMFSample,
    buffer: IMFMediaBuffer,
    height: usize,
    stride: usize,
}

/// A decoded picture in the decoder's memory.
pub(super) struct Decoded<'a> {
    /// That of its access unit.
    pub(super) number: i64,
    /// The decoder knows that this is not the true picture.
    pub(super) corrupt: bool,
    pub(super) luma: Rows<'a>,
    /// Cb and Cr in turns.
    pub(super) chroma: Rows<'a>,
}

impl Transform {
    /// A decoder for coded pictures of this size in luma samples.
    pub(super) fn new(platform: &'static Platform, (width, height): (u32, u32)) -> Result<Self> {
        let mft = platform.decoder()?;
        let input = platform.media_type()?;
        // SAFETY: the objects are alive, and these calls take copies of what they are given.
        unsafe {
            // Where there is no such attribute, pictures come later and nothing else changes.
            if let Ok(attributes) = mft.GetAttributes() {
                let _ = attributes.SetUINT32(&MF_LOW_LATENCY, 1);
            }
            input.SetGUID(&MF_MT_MAJOR_TYPE, &MFMediaType_Video)?;
            input.SetGUID(&MF_MT_SUBTYPE, &MFVideoFormat_H264)?;
            input.SetUINT64(&MF_MT_FRAME_SIZE, u64::from(width) << 32 | u64::from(height))?;
            input.SetUINT32(&MF_MT_INTERLACE_MODE, MFVideoInterlace_MixedInterlaceOrProgressive.0 as u32)?;
            mft.SetInputType(STREAM, &input, 0)?;
        }
        let output = Output::choose(platform, &mft)?;
        // SAFETY: the decoder is alive; these messages have no argument.
        unsafe {
            mft.ProcessMessage(MFT_MESSAGE_NOTIFY_BEGIN_STREAMING, 0)?;
            mft.ProcessMessage(MFT_MESSAGE_NOTIFY_START_OF_STREAM, 0)?;
        }
        Ok(Self { mft, platform, output })
    }

    /// Gives the decoder one access unit in pieces of a byte stream. `false` if it has a picture to give first.
    pub(super) fn push(&mut self, number: i64, pieces: &[&[u8]]) -> Result<bool> {
        let len = pieces.iter().map(|piece| piece.len()).sum::<usize>();
        let len = u32::try_from(len).map_err(|_| Error::from(E_INVALIDARG))?;
        // The decoder may keep it, so each access unit has its own.
        let (sample, buffer) = self.platform.sample(len)?;
        let mut locked = Locked::new(&buffer)?;
        let mut rest = locked.whole();
        for piece in pieces {
            let (to, behind) = rest.split_at_mut_checked(piece.len()).ok_or(E_UNEXPECTED)?;
            to.copy_from_slice(piece);
            rest = behind;
        }
        drop(locked);
        // SAFETY: the objects are alive, the buffer is not locked and holds so many bytes.
        unsafe {
            buffer.SetCurrentLength(len)?;
            sample.SetSampleTime(number * PICTURE_TIME)?;
            sample.SetSampleDuration(PICTURE_TIME)?;
            match self.mft.ProcessInput(STREAM, &sample, 0) {
                Err(error) if error.code() == MF_E_NOTACCEPTING => Ok(false),
                result => result.map(|()| true),
            }
        }
    }

    /// Lets `read` have the next picture, if there is one.
    pub(super) fn next<T>(&mut self, read: impl FnOnce(Decoded<'_>) -> T) -> Result<Option<T>> {
        for _ in 0..MAX_FORMAT_CHANGES {
            match self.process_output() {
                Ok(true) => return self.output.read(read).map(Some),
                Ok(false) => return Ok(None),
                Err(error) if error.code() == MF_E_TRANSFORM_NEED_MORE_INPUT => return Ok(None),
                Err(error) if error.code() == MF_E_TRANSFORM_STREAM_CHANGE => {
                    self.output = Output::choose(self.platform, &self.mft)?;
                }
                Err(error) => return Err(error),
            }
        }
        Err(MF_E_TRANSFORM_STREAM_CHANGE.into())
    }

    /// Whether there is a picture in the output's buffer now.
    fn process_output(&mut self) -> Result<bool> {
        let sample = &self.output.sample;
        // SAFETY: the sample is alive. It may still have the attributes of the last picture, and is to have none.
        unsafe { sample.DeleteAllItems() }?;
        let mut outputs = [MFT_OUTPUT_DATA_BUFFER {
            dwStreamID: STREAM,
            pSample: ManuallyDrop::new(Some(sample.clone())),
            ..Default::default()
        }];
        let mut status = 0;
        // SAFETY: the decoder has one output stream, so one entry is what it takes; the sample is as large as it asked
        // for, and nobody else uses it.
        let result = unsafe { self.mft.ProcessOutput(0, &mut outputs, &mut status) };
        let [output] = outputs;
        drop(ManuallyDrop::into_inner(output.pSample));
        drop(ManuallyDrop::into_inner(output.pEvents));
        let none = MFT_OUTPUT_DATA_BUFFER_NO_SAMPLE.0 as u32;
        result.map(|()| output.dwStatus & none != none)
    }
}

impl Output {
    /// Takes the decoder's offer of NV12 and makes room for a picture in it.
    fn choose(platform: &Platform, mft: &IMFTransform) -> Result<Self> {
        let offer = (0..MAX_OFFERS).find_map(|index| {
            // SAFETY: the decoder is alive; behind its last offer it answers with an error.
            let offer = unsafe { mft.GetOutputAvailableType(STREAM, index) };
            match offer {
                // SAFETY: the media type is alive.
                Ok(offer) => (unsafe { offer.GetGUID(&MF_MT_SUBTYPE) } == Ok(MFVideoFormat_NV12)).then_some(Ok(offer)),
                Err(error) => Some(Err(error)),
            }
        });
        let offer: IMFMediaType = offer.ok_or(MF_E_INVALIDMEDIATYPE)??;
        // SAFETY: the objects are alive; the decoder takes a copy of the type.
        let (size, stride, info) = unsafe {
            mft.SetOutputType(STREAM, &offer, 0)?;
            (
                offer.GetUINT64(&MF_MT_FRAME_SIZE)?,
                offer.GetUINT32(&MF_MT_DEFAULT_STRIDE),
                mft.GetOutputStreamInfo(STREAM)?,
            )
        };
        let (width, height) = ((size >> 32) as u32, size as u32);
        // Rows without padding where nothing is said. A picture upside down (a negative stride) takes too much memory.
        let stride = stride.unwrap_or(width);
        let len = (u64::from(stride) * u64::from(height)).saturating_mul(3) / 2;
        let capacity = len.max(info.cbSize.into());
        // Without a graphics device it has no samples of its own to give.
        let provides = info.dwFlags & MFT_OUTPUT_STREAM_PROVIDES_SAMPLES.0 as u32 != 0;
        if stride == 0 || capacity > MAX_PICTURE || provides {
            return Err(MF_E_INVALIDMEDIATYPE.into());
        }
        let (sample, buffer) = platform.sample(capacity as u32)?;
        Ok(Self { sample, buffer, height: height as usize, stride: stride as usize })
    }

    fn read<T>(&self, read: impl FnOnce(Decoded<'_>) -> T) -> Result<T> {
        // SAFETY: the sample is alive.
        let (time, corrupt) = unsafe {
            let corrupt = self.sample.GetUINT32(&MFSampleExtension_FrameCorruption);
            (self.sample.GetSampleTime()?, corrupt.is_ok_and(|corrupt| corrupt != 0))
        };
        let locked = Locked::new(&self.buffer)?;
        let (luma, chroma) = locked.filled().split_at_checked(self.stride * self.height).ok_or(E_UNEXPECTED)?;
        // Times may have been counted in other units on their way.
        let number = time.saturating_add(PICTURE_TIME / 2).div_euclid(PICTURE_TIME);
        let rows = |data| Rows { data, stride: self.stride };
        Ok(read(Decoded { number, corrupt, luma: rows(luma), chroma: rows(chroma) }))
    }
}

/// A buffer's memory.
struct Locked<'a> {
    buffer: &'a IMFMediaBuffer,
    start: ptr::NonNull<u8>,
    capacity: usize,
    filled: usize,
}

impl<'a> Locked<'a> {
    fn new(buffer: &'a IMFMediaBuffer) -> Result<Self> {
        let (mut start, mut capacity, mut filled) = (ptr::null_mut(), 0, 0);
        // SAFETY: the buffer is alive, and the three places are.
        unsafe { buffer.Lock(&mut start, Some(&mut capacity), Some(&mut filled)) }?;
        let start = ptr::NonNull::new(start).ok_or(E_POINTER)?;
        Ok(Self { buffer, start, capacity: capacity as usize, filled: filled.min(capacity) as usize })
    }

    fn whole(&mut self) -> &mut [u8] {
        // SAFETY: while it is locked so many bytes from there on are the buffer's, and it is only ours: the decoder
        // has not been given it yet, or is not at work.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.capacity) }
    }

    fn filled(&self) -> &[u8] {
        // SAFETY: as above, and the decoder has written so many of them.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.filled) }
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // SAFETY: it was locked once, and nothing borrows its memory any more. There is nobody to tell of an error.
        let _ = unsafe { self.buffer.Unlock() };
    }
}

/// The only stream of a decoder, on either side.
const STREAM: u32 = 0;

/// What lies between two pictures, in units of 100 ns: 40 ms. It is for telling them apart, not for showing them.
const PICTURE_TIME: i64 = 400_000;

/// The format changes once, at the first picture; a decoder that cannot make up its mind is broken.
const MAX_FORMAT_CHANGES: usize = 4;

/// Windows's decoder offers five formats, NV12 first.
const MAX_OFFERS: u32 = 32;

/// Twice the largest picture: room for whatever the decoder aligns to.
const MAX_PICTURE: u64 = MAX_WIDTH * MAX_HEIGHT * 3;
