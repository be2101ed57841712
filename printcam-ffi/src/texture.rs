//! Textures: the newest picture of a stream, handed to whoever draws it at the pace at which it is drawn.
//!
//! ```text
//!  decoder -> offer: newest picture kept, frame_available called once
//!                                              |
//!  host's drawing thread  <--------------------+
//!     -> printcam_texture_pixels (Linux, Windows: RGBA, one conversion)
//!     -> printcam_texture_copy_pixel_buffer (Apple: the decoder's own buffer, no copy)
//! ```
//!
//! A picture that is not taken is replaced by the next one without another call, so a display of 60 Hz is told 60 times
//! a second at most, and a hidden window once. Android's decoder draws by itself: see `android`.

#[cfg(target_os = "android")]
mod android;
mod api;
#[cfg(target_vendor = "apple")]
mod apple;

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use printcam::Frame;
use printcam_video::{rgba_len, write_rgba};
use tokio::task::AbortHandle;

use crate::boundary::{Checked, PrintcamStatus, guarded, output};
use crate::gate::Gate;
use crate::handle::TABLE;
use crate::lock;
use crate::runtime::runtime;
use crate::sink::{User, blocking};
use crate::stream::{PrintcamStream, Stream};
pub use api::{PrintcamTextureApi, printcam_texture_api};

/// The pictures of a stream, for one place where they are drawn.
pub type PrintcamTexture = u64;

/// Called when there is a new picture, from a thread of the library's; and not again before that one has been taken.
pub type PrintcamFrameAvailable = Option<unsafe extern "C" fn(user: *mut c_void)>;

/// A picture as RGBA, rows from the top without gaps.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct PrintcamPixels {
    /// The first byte: red of the top left corner.
    pub data: *const u8,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// What a texture's handle stands for.
#[derive(Debug)]
pub(crate) struct Texture {
    handle: PrintcamTexture,
    /// Within its stream's.
    gate: Arc<Gate>,
    frame_available: unsafe extern "C" fn(user: *mut c_void),
    user: User,
    /// The host has been told of a picture, and has not taken it.
    told: AtomicBool,
    newest: Mutex<Option<Frame>>,
    drawn: Mutex<Drawn>,
    pump: Mutex<Option<AbortHandle>>,
    /// For pictures of the embedded decoder.
    #[cfg(target_vendor = "apple")]
    pixel_buffers: Mutex<Option<printcam_video::PixelBufferPool>>,
}

/// The picture taken last, as it was handed out.
#[derive(Debug, Default)]
struct Drawn {
    /// Kept from picture to picture; its bytes are lent to the host until it asks again.
    rgba: Vec<u8>,
    size: (u32, u32),
}

impl Texture {
    fn new(
        stream: &Stream,
        frame_available: unsafe extern "C" fn(user: *mut c_void),
        user: User,
    ) -> Checked<Arc<Self>> {
        TABLE.insert_with(|handle| {
            Arc::new(Self {
                handle,
                gate: stream.gate().within(),
                frame_available,
                user,
                told: AtomicBool::new(false),
                newest: Mutex::default(),
                drawn: Mutex::default(),
                pump: Mutex::default(),
                #[cfg(target_vendor = "apple")]
                pixel_buffers: Mutex::default(),
            })
        })
    }

    /// Begins to hand it the stream's pictures. A stream that is over has none.
    fn follow(self: &Arc<Self>, stream: Arc<Stream>) {
        let _entered = runtime().enter();
        let Some(mut frames) = stream.camera().map(|camera| camera.frames()) else { return };
        let texture = Arc::clone(self);
        let pump = tokio::spawn(async move {
            while let Some(frame) = frames.next().await {
                stream.frame_shown(frame.width(), frame.height());
                texture.offer(frame);
            }
        });
        *lock(&self.pump) = Some(pump.abort_handle());
    }

    /// Keeps a picture for the host, and tells it unless it has one to take already.
    fn offer(&self, frame: Frame) {
        let replaced = lock(&self.newest).replace(frame);
        // Not under the lock: it may be the last to hold a large picture.
        drop(replaced);
        if self.told.swap(true, Ordering::AcqRel) {
            return;
        }
        let Some(_pass) = self.gate.enter() else { return };
        // SAFETY: whoever attached answers for it until the gate is closed, and this is inside.
        blocking(|| unsafe { (self.frame_available)(self.user.0) });
    }

    /// The newest picture if it has not been taken.
    fn take(&self) -> Option<Frame> {
        // First: a picture offered from here on is told of.
        self.told.store(false, Ordering::Release);
        lock(&self.newest).take()
    }

    /// The newest picture as RGBA: the one drawn last where there is none newer.
    fn pixels(&self) -> Checked<PrintcamPixels> {
        let mut drawn = lock(&self.drawn);
        if let Some(frame) = self.take() {
            drawn.rgba.resize(rgba_len(&frame), 0);
            write_rgba(&frame, &mut drawn.rgba);
            drawn.size = (frame.width(), frame.height());
        }
        let (width, height) = drawn.size;
        if width == 0 {
            return Err(PrintcamStatus::NoPicture);
        }
        Ok(PrintcamPixels { data: drawn.rgba.as_ptr(), width, height })
    }

    fn detach(&self) {
        self.gate.close();
        if let Some(pump) = lock(&self.pump).take() {
            pump.abort();
        }
    }
}

/// Attaches a texture to a stream: pictures are decoded from now on. `frame_available` is called with `user` when there
/// is one, until the texture is detached or the stream stopped.
///
/// `texture` is written before the first call, which may be before this returns.
///
/// # Safety
/// `frame_available` may be called from any thread with `user` until this texture is detached or its stream stopped.
/// `texture` is null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn printcam_texture_attach(
    stream: PrintcamStream,
    frame_available: PrintcamFrameAvailable,
    user: *mut c_void,
    texture: *mut PrintcamTexture,
) -> PrintcamStatus {
    guarded(|| {
        // SAFETY: the caller's.
        let mut attached = unsafe { output(texture) }?;
        let frame_available = frame_available.ok_or(PrintcamStatus::InvalidArgument)?;
        let stream = Stream::find(stream)?;
        let texture = Texture::new(&stream, frame_available, User(user))?;
        attached.set(texture.handle);
        texture.follow(stream);
        Ok(())
    })
}

/// Detaches a texture. No `frame_available` begins after, nor runs; what was handed out for it is over.
#[unsafe(no_mangle)]
pub extern "C" fn printcam_texture_detach(texture: PrintcamTexture) -> PrintcamStatus {
    guarded(|| {
        // First of all, and only then removed: whoever comes second may rely on it as well.
        let found = TABLE.find::<Texture>(texture)?;
        found.detach();
        TABLE.remove::<Texture>(texture)?;
        Ok(())
    })
}

/// The newest picture as RGBA; `NoPicture` before the first. The bytes stay until this is called again for the same
/// texture, or it is detached: one thread at a time draws a texture.
///
/// # Safety
/// `pixels` is null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn printcam_texture_pixels(
    texture: PrintcamTexture,
    pixels: *mut PrintcamPixels,
) -> PrintcamStatus {
    guarded(|| {
        // SAFETY: the caller's.
        let mut pixels = unsafe { output(pixels) }?;
        pixels.set(TABLE.find::<Texture>(texture)?.pixels()?);
        Ok(())
    })
}

/// On Apple's platforms the newest picture as a `CVPixelBufferRef`, which the caller releases; null if there is none that
/// was not taken yet, for a handle that is over, and on other platforms.
#[unsafe(no_mangle)]
pub extern "C" fn printcam_texture_copy_pixel_buffer(texture: PrintcamTexture) -> *mut c_void {
    let mut taken = std::ptr::null_mut();
    guarded(|| {
        taken = TABLE.find::<Texture>(texture)?.copy_pixel_buffer()?;
        Ok(())
    });
    taken
}

#[cfg(not(target_vendor = "apple"))]
impl Texture {
    fn copy_pixel_buffer(&self) -> Checked<*mut c_void> {
        Err(PrintcamStatus::Unsupported)
    }
}
