//! Coded pictures and parameter sets as Core Media takes them.

use std::ffi::c_void;
use std::ptr::{self, NonNull};

use bytes::Bytes;
use objc2_core_foundation::CFRetained;
use objc2_core_media::{
    CMBlockBuffer, CMBlockBufferCustomBlockSource, CMFormatDescription, CMSampleBuffer,
    CMVideoFormatDescriptionCreateFromH264ParameterSets, kCMBlockBufferCustomBlockSourceVersion,
};
use printcam_proto::h264::ParameterSets;

use super::{check, created};
use crate::DecodeError;
use crate::annex_b::NalUnit;
use crate::avcc::{self, LENGTH_SIZE};
use crate::backend::gate::check_one_nal_unit;
use crate::backend::hardware::Failure;
use crate::pool::{Buffer, Pool};

/// Describes pictures of these parameter sets, whose NAL units come behind their lengths.
pub(super) fn format(sets: &ParameterSets) -> Result<CFRetained<CMFormatDescription>, Failure> {
    if sets.pps.is_empty() {
        return Err(DecodeError::MissingParameterSet.into());
    }
    sets.pps.iter().try_for_each(|pps| check_one_nal_unit(pps))?;
    let all = || std::iter::once(&sets.sps).chain(&sets.pps);
    let pointers: Vec<NonNull<u8>> = all().map(|set| NonNull::from(&set[..]).cast()).collect();
    let sizes: Vec<usize> = all().map(Bytes::len).collect();
    let mut format = ptr::null();
    // SAFETY: both arrays have as many elements as is said, and each pointer has its number of bytes behind it; all are
    // read during the call only.
    let status = unsafe {
        CMVideoFormatDescriptionCreateFromH264ParameterSets(
            None,
            pointers.len(),
            NonNull::from(&pointers[..]).cast(),
            NonNull::from(&sizes[..]).cast(),
            LENGTH_SIZE as i32,
            NonNull::from(&mut format),
        )
    };
    // SAFETY: the description is ours, by the rule for functions named "create".
    unsafe { created(check(status), format) }
}

/// A sample buffer of one picture. Its bytes are copied once, into a buffer of the pool.
pub(super) fn sample<'a, I: Iterator<Item = NalUnit<'a>>>(
    format: &CMFormatDescription,
    pool: &Pool,
    slices: impl Fn() -> I,
) -> Result<CFRetained<CMSampleBuffer>, Failure> {
    let mut bytes = pool.take(avcc::written_len(slices()));
    avcc::write(slices(), bytes.bytes_mut()).ok_or(DecodeError::Broken)?;
    let size = bytes.as_ref().len();
    let block = block_buffer(bytes)?;
    let mut sample = ptr::null_mut();
    // SAFETY: there is one size for the one sample, and no timing, for which null is right.
    let status = unsafe {
        CMSampleBuffer::create_ready(
            None,
            Some(&block),
            Some(format),
            1,
            0,
            ptr::null(),
            1,
            &size,
            NonNull::from(&mut sample),
        )
    };
    // SAFETY: the sample buffer is ours, by the rule for functions named "create".
    unsafe { created(check(status), sample) }
}

/// Lends a buffer to Core Media for as long as that wants it.
fn block_buffer(bytes: Buffer) -> Result<CFRetained<CMBlockBuffer>, Failure> {
    let mut bytes = Box::new(bytes);
    let len = bytes.bytes_mut().len();
    let memory = bytes.bytes_mut().as_mut_ptr();
    let owner = Box::into_raw(bytes);
    let source = CMBlockBufferCustomBlockSource {
        version: kCMBlockBufferCustomBlockSourceVersion,
        AllocateBlock: None,
        FreeBlock: Some(give_back),
        refCon: owner.cast(),
    };
    let mut block = ptr::null_mut();
    // SAFETY: `memory` has `len` bytes and is `owner`'s, which `give_back` frees when the block buffer is done with it.
    // Nothing is allocated, so there need not be a function for it.
    let status = unsafe {
        CMBlockBuffer::create_with_memory_block(
            None,
            memory.cast(),
            len,
            None,
            &source,
            0,
            len,
            0,
            NonNull::from(&mut block),
        )
    };
    if block.is_null() {
        // SAFETY: no block buffer was made that could have taken it over; it is still that of `Box::into_raw`.
        drop(unsafe { Box::from_raw(owner) });
    }
    // SAFETY: the block buffer is ours, by the rule for functions named "create".
    unsafe { created(check(status), block) }
}

/// `FreeBlock`: called once, when a block buffer is done with its memory.
unsafe extern "C-unwind" fn give_back(owner: *mut c_void, _memory: NonNull<c_void>, _len: usize) {
    // SAFETY: the pointer that `block_buffer` made of a box, for this call.
    drop(unsafe { Box::from_raw(owner.cast::<Buffer>()) });
}
