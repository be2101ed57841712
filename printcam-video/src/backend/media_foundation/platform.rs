//! Media Foundation's own functions, looked up when they are first needed.
//!
//! Linked the usual way they would keep the whole program from starting on the "N" editions of Windows, which come
//! without Media Foundation.

use std::ffi::c_void;
use std::ptr;
use std::sync::OnceLock;

use windows::Win32::Foundation::E_POINTER;
use windows::Win32::Media::MediaFoundation::{
    CLSID_MSH264DecoderMFT, IMFMediaBuffer, IMFMediaType, IMFSample, IMFTransform, MF_VERSION, MFSTARTUP_LITE,
};
use windows::Win32::System::Com::{CLSCTX_INPROC_SERVER, CoCreateInstance, CoIncrementMTAUsage};
use windows::Win32::System::LibraryLoader::{GetProcAddress, LOAD_LIBRARY_SEARCH_SYSTEM32, LoadLibraryExW};
use windows::core::{Error, HRESULT, Interface, PCSTR, Result, s, w};

/// Media Foundation, started. It stays so until the process ends: to stop it while the library is unloaded is
/// forbidden, and nobody else knows when the last decoder has gone.
pub(super) struct Platform {
    create_media_type: Create,
    create_sample: Create,
    create_memory_buffer: CreateSized,
}

/// What `GetProcAddress` makes of every function.
type Found = unsafe extern "system" fn() -> isize;
type Create = unsafe extern "system" fn(*mut *mut c_void) -> HRESULT;
type CreateSized = unsafe extern "system" fn(u32, *mut *mut c_void) -> HRESULT;
type Startup = unsafe extern "system" fn(u32, u32) -> HRESULT;

impl Platform {
    /// The one of this process. What is missing once is missing for good.
    pub(super) fn started() -> Result<&'static Self> {
        static STARTED: OnceLock<Result<Platform>> = OnceLock::new();
        STARTED.get_or_init(Self::start).as_ref().map_err(Clone::clone)
    }

    fn start() -> Result<Self> {
        // SAFETY: the name is a literal; with this flag only the system's own directory is searched. The module is
        // never freed, so that its functions stay.
        let module = unsafe { LoadLibraryExW(w!("mfplat.dll"), None, LOAD_LIBRARY_SEARCH_SYSTEM32) }?;
        let find = |name: PCSTR| {
            // SAFETY: the module is loaded and the name ends with a zero.
            unsafe { GetProcAddress(module, name) }.ok_or_else(Error::from_thread)
        };
        let startup = find(s!("MFStartup"))?;
        let create_media_type = find(s!("MFCreateMediaType"))?;
        let create_sample = find(s!("MFCreateSample"))?;
        let create_memory_buffer = find(s!("MFCreateMemoryBuffer"))?;
        // SAFETY: these are their signatures in mfapi.h, and function pointers are of one size.
        let (startup, platform) = unsafe {
            use std::mem::transmute;
            let startup = transmute::<Found, Startup>(startup);
            let create_media_type = transmute::<Found, Create>(create_media_type);
            let create_sample = transmute::<Found, Create>(create_sample);
            let create_memory_buffer = transmute::<Found, CreateSized>(create_memory_buffer);
            (startup, Self { create_media_type, create_sample, create_memory_buffer })
        };
        // SAFETY: no arguments that could be wrong. From here on every thread that has not entered an apartment of
        // its own is in the multi-threaded one, so decoders may go from thread to thread and none of them has COM to
        // start or to end.
        unsafe { CoIncrementMTAUsage() }?;
        // SAFETY: two numbers; it may be called by anyone and any number of times.
        unsafe { startup(MF_VERSION, MFSTARTUP_LITE) }.ok()?;
        Ok(platform)
    }

    /// Windows's own H.264 decoder, which runs on the processor and in step with its caller.
    pub(super) fn decoder(&self) -> Result<IMFTransform> {
        // SAFETY: COM is there since `start`, on any thread.
        unsafe { CoCreateInstance(&CLSID_MSH264DecoderMFT, None, CLSCTX_INPROC_SERVER) }
    }

    /// An empty media type.
    pub(super) fn media_type(&self) -> Result<IMFMediaType> {
        // SAFETY: the function gives an IMFMediaType.
        unsafe { created(|object| (self.create_media_type)(object)) }
    }

    /// A sample with one buffer of `capacity` bytes.
    pub(super) fn sample(&self, capacity: u32) -> Result<(IMFSample, IMFMediaBuffer)> {
        // SAFETY: the functions give an IMFSample and an IMFMediaBuffer.
        let (sample, buffer): (IMFSample, IMFMediaBuffer) = unsafe {
            (
                created(|object| (self.create_sample)(object))?,
                created(|object| (self.create_memory_buffer)(capacity, object))?,
            )
        };
        // SAFETY: both are alive; the sample takes a reference of its own.
        unsafe { sample.AddBuffer(&buffer) }?;
        Ok((sample, buffer))
    }
}

/// What a function gives through its last argument.
///
/// # Safety
///
/// What it gives on success is a reference to an object with the interface `T`, which is the caller's.
unsafe fn created<T: Interface>(create: impl FnOnce(*mut *mut c_void) -> HRESULT) -> Result<T> {
    let mut object = ptr::null_mut();
    create(&mut object).ok()?;
    if object.is_null() {
        return Err(E_POINTER.into());
    }
    // SAFETY: by this function's contract.
    Ok(unsafe { T::from_raw(object) })
}
