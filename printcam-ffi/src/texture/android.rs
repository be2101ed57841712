//! Android's textures: the system's decoder draws onto a surface of the engine's, and no picture passes through here.
//!
//! Java calls these by the rules of JNI, as natives of `com.printcam.PrintcamNative`. Captures do not look at the surface:
//! they are decoded by the embedded decoder from the group of pictures that the hub keeps.

use std::sync::{Arc, Mutex};

use jni_sys::{JNIEnv, jclass, jint, jlong, jlongArray, jobject};
use printcam::{AccessUnit, DecodeError, MediaCodecSurface, NativeWindow, Presenter, Presenting};

use crate::boundary::{Checked, PrintcamStatus, guarded};
use crate::handle::TABLE;
use crate::lock;
use crate::runtime::runtime;
use crate::stream::Stream;

/// What a texture's handle stands for on Android.
struct SurfaceTexture {
    handle: u64,
    stream: Arc<Stream>,
    /// `None` while there is no surface: the app is in the background, or the texture detached.
    drawing: Mutex<Option<Drawing>>,
}

struct Drawing {
    surface: MediaCodecSurface,
    _presenting: Option<Presenting>,
}

impl SurfaceTexture {
    fn attach(stream: Arc<Stream>) -> Checked<Arc<Self>> {
        TABLE.insert_with(|handle| Arc::new(Self { handle, stream, drawing: Mutex::default() }))
    }

    /// Goes on with another surface, or without one. The former is not touched any more when this returns.
    fn set_surface(&self, window: Option<NativeWindow>) {
        let former = lock(&self.drawing).take();
        if let Some(former) = former {
            // Waits for a picture that is being drawn.
            former.surface.set_surface(None);
        }
        // A new presenter begins with the current group of pictures; the former one would wait for a key frame.
        let drawing = window.map(|window| {
            let surface = MediaCodecSurface::new(window);
            let counted = Counted { surface: surface.clone(), stream: Arc::clone(&self.stream) };
            let _entered = runtime().enter();
            let presenting = self.stream.camera().map(|camera| camera.present_with(counted));
            Drawing { surface, _presenting: presenting }
        });
        *lock(&self.drawing) = drawing;
    }
}

/// A surface whose pictures are counted, and told of where that was asked for.
struct Counted {
    surface: MediaCodecSurface,
    stream: Arc<Stream>,
}

impl Presenter for Counted {
    fn present(&mut self, access_unit: &AccessUnit, show: bool) -> Result<bool, DecodeError> {
        let decoded = self.surface.present(access_unit, show)?;
        if decoded && show {
            let (width, height) = access_unit.size();
            self.stream.frame_shown(width, height);
        }
        Ok(decoded)
    }
}

/// The window behind a Java `Surface`; `None` for null.
///
/// # Safety
/// `env` is this thread's, and `surface` null or a local reference to a `Surface`.
unsafe fn window(env: *mut JNIEnv, surface: jobject) -> Checked<Option<NativeWindow>> {
    if surface.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's.
    let window = unsafe { NativeWindow::from_surface(env, surface) };
    // A surface that the engine has released already has none.
    window.map(Some).ok_or(PrintcamStatus::InvalidArgument)
}

#[unsafe(no_mangle)]
unsafe extern "system" fn Java_com_printcam_PrintcamNative_attachSurface(
    env: *mut JNIEnv,
    _class: jclass,
    stream: jlong,
    surface: jobject,
    texture: jlongArray,
) -> jint {
    guarded(|| {
        // SAFETY: as Java calls natives.
        let window = unsafe { window(env, surface) }?.ok_or(PrintcamStatus::InvalidArgument)?;
        let attached = SurfaceTexture::attach(Stream::find(stream as u64)?)?;
        let handle = attached.handle as jlong;
        // SAFETY: as above; a table of functions that Java has filled. An array that is too short throws in Java.
        unsafe {
            let set = (**env).SetLongArrayRegion.ok_or(PrintcamStatus::Unsupported)?;
            set(env, texture, 0, 1, &raw const handle);
        }
        attached.set_surface(Some(window));
        Ok(())
    }) as jint
}

#[unsafe(no_mangle)]
unsafe extern "system" fn Java_com_printcam_PrintcamNative_setSurface(
    env: *mut JNIEnv,
    _class: jclass,
    texture: jlong,
    surface: jobject,
) -> jint {
    guarded(|| {
        let found = TABLE.find::<SurfaceTexture>(texture as u64)?;
        // SAFETY: as Java calls natives.
        found.set_surface(unsafe { window(env, surface) }?);
        Ok(())
    }) as jint
}

#[unsafe(no_mangle)]
extern "system" fn Java_com_printcam_PrintcamNative_detach(_env: *mut JNIEnv, _class: jclass, texture: jlong) -> jint {
    guarded(|| {
        TABLE.remove::<SurfaceTexture>(texture as u64)?.set_surface(None);
        Ok(())
    }) as jint
}
