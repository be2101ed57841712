//! Textures as a host uses them, through the C interface, with simulated printers as cameras.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_void;
use std::ptr::{self, null_mut};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use printcam_ffi::*;
use printcam_sim::{Footage, Options, Simulator};

#[global_allocator]
static COUNTING: Counting = Counting;

/// Bytes in use by everything in this process.
static IN_USE: AtomicIsize = AtomicIsize::new(0);

struct Counting;

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// No test here waits longer for anything.
const LIMIT: Duration = Duration::from_secs(60);

unsafe extern "C" fn ignore(_user: *mut c_void, event: *const PrintcamEvent) {
    // SAFETY: an event is lent for the time of the call; its data is given back once.
    unsafe { printcam_buffer_free(ptr::read(&raw const (*event).data)) }
}

/// Sends the number of its texture.
unsafe extern "C" fn available(user: *mut c_void) {
    // SAFETY: `user` is an `Attached`, which outlives its texture.
    let attached = unsafe { &*user.cast::<Attached>() };
    attached.told.send(attached.index).expect("the test waits");
}

/// What a texture's callback is given.
struct Attached {
    index: usize,
    told: Sender<usize>,
}

/// A manager with its streams, each with one texture.
struct Host {
    manager: PrintcamManager,
    streams: Vec<PrintcamStream>,
    textures: Vec<PrintcamTexture>,
    told: Receiver<usize>,
    #[allow(clippy::vec_box, reason = "their addresses are in the textures")]
    _attached: Vec<Box<Attached>>,
}

fn ok(status: PrintcamStatus) {
    assert_eq!(status, PrintcamStatus::Ok);
}

impl Host {
    fn watching(cameras: &[Simulator]) -> Self {
        let (sender, told) = channel();
        let mut manager = 0;
        // SAFETY: the callback takes no user; pointers are to variables.
        ok(unsafe { printcam_manager_new(0, Some(ignore), null_mut(), &raw mut manager) });
        let mut host = Self { manager, streams: vec![], textures: vec![], told, _attached: vec![] };
        // Zeroed memory is the defaults; the keys are kept nowhere.
        // SAFETY: numbers and null pointers.
        let options = PrintcamOptions { trust: 3, ..unsafe { std::mem::zeroed() } };
        for (index, camera) in cameras.iter().enumerate() {
            let url = camera.url_with_credentials();
            let empty = PrintcamText::borrowed("");
            let (mut stream, mut texture) = (0, 0);
            let attached = Box::new(Attached { index, told: sender.clone() });
            let user: *const Attached = &raw const *attached;
            // SAFETY: texts and pointers are to variables; `attached` stays until the host goes.
            unsafe {
                let url = PrintcamText::borrowed(&url);
                ok(printcam_stream_start(manager, url, empty, empty, &raw const options, &raw mut stream));
                ok(printcam_texture_attach(stream, Some(available), user.cast_mut().cast(), &raw mut texture));
            }
            host.streams.push(stream);
            host.textures.push(texture);
            host._attached.push(attached);
        }
        host
    }

    /// Waits until some texture has a picture, and takes it: which, and its width, height and pixels.
    fn draw(&self) -> (usize, u32, u32, &[u8]) {
        let index = self.told.recv_timeout(LIMIT).expect("a picture");
        let mut pixels = PrintcamPixels { data: ptr::null(), width: 0, height: 0 };
        // SAFETY: what is lent stays until the next picture of this texture is taken.
        unsafe {
            ok(printcam_texture_pixels(self.textures[index], &raw mut pixels));
            let bytes = pixels.width as usize * pixels.height as usize * 4;
            (index, pixels.width, pixels.height, std::slice::from_raw_parts(pixels.data, bytes))
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for texture in &self.textures {
            printcam_texture_detach(*texture);
        }
        printcam_manager_free(self.manager);
        ok(printcam_dispose_all(10_000));
    }
}

fn camera(footage: Footage, fps: u32, serial: String) -> Simulator {
    Simulator::start(Options { footage, fps, serial, ..Options::default() }).expect("a free port")
}

fn statistics(stream: PrintcamStream) -> PrintcamStatistics {
    // SAFETY: numbers.
    let mut statistics = unsafe { std::mem::zeroed() };
    // SAFETY: a pointer to a variable.
    ok(unsafe { printcam_stream_statistics(stream, &raw mut statistics) });
    statistics
}

/// Tests of this file run one after the other: they count the memory of the whole process.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[test]
fn a_texture_shows_the_scene_and_is_told_once_until_it_looks() {
    let _alone = ALONE.lock();
    let cameras = [camera(Footage::Live, 30, "00M00A000000001".to_owned())];
    let host = Host::watching(&cameras);
    let (_, width, height, pixels) = host.draw();
    assert_eq!((width, height), (1168, 720));
    assert!(pixels.chunks_exact(4).all(|pixel| pixel[3] == 255), "opaque");
    let mut colours: Vec<u32> =
        pixels.chunks_exact(4).map(|pixel| u32::from_le_bytes(pixel.try_into().unwrap())).collect();
    colours.sort_unstable();
    colours.dedup();
    assert!(colours.len() > 1000, "a scene has more than {} colours", colours.len());

    // Told of the next picture, and then of none while this one is not taken: ten more are decoded meanwhile.
    host.told.recv_timeout(LIMIT).expect("another picture");
    let shown = statistics(host.streams[0]).pictures_shown;
    while statistics(host.streams[0]).pictures_shown < shown + 10 {
        std::thread::yield_now();
    }
    assert!(host.told.try_recv().is_err(), "told again of a picture that was not taken");
    let mut pixels = PrintcamPixels { data: ptr::null(), width: 0, height: 0 };
    // SAFETY: a pointer to a variable.
    ok(unsafe { printcam_texture_pixels(host.textures[0], &raw mut pixels) });
    assert_eq!(host.told.recv_timeout(LIMIT), Ok(0), "and again once it was");
}

#[test]
fn nothing_is_told_once_detached_or_stopped() {
    let _alone = ALONE.lock();
    let cameras = ["00M00A000000002", "00M00A000000003"].map(|serial| camera(Footage::Canned, 100, serial.to_owned()));
    let host = Host::watching(&cameras);
    let mut drawn = [0; 2];
    while drawn[0] < 5 || drawn[1] < 5 {
        drawn[host.draw().0] += 1;
    }
    ok(printcam_texture_detach(host.textures[0]));
    // SAFETY: no answer is wanted.
    ok(unsafe { printcam_stream_stop(host.streams[1], null_mut()) });
    while host.told.try_recv().is_ok() {}
    // Once more each, and nothing was lost in between: the first camera still plays.
    let before = statistics(host.streams[0]).packets;
    while statistics(host.streams[0]).packets < before + 100 {
        std::thread::yield_now();
    }
    assert!(host.told.try_recv().is_err());
    assert_eq!(printcam_texture_detach(host.textures[0]), PrintcamStatus::StaleHandle);
    let mut pixels = PrintcamPixels { data: ptr::null(), width: 0, height: 0 };
    // SAFETY: a pointer to a variable.
    unsafe {
        assert_eq!(printcam_texture_pixels(host.textures[0], &raw mut pixels), PrintcamStatus::StaleHandle);
        ok(printcam_texture_pixels(host.textures[1], &raw mut pixels));
    }
    assert_eq!((pixels.width, pixels.height), (64, 64), "the last picture of a stopped stream stays");
}

/// What a callback sees while its texture is detached.
#[derive(Default)]
struct Halt {
    inside: AtomicBool,
    detaching: AtomicBool,
}

unsafe extern "C" fn linger(user: *mut c_void) {
    // SAFETY: `user` is a `Halt`, which outlives its texture.
    let halt = unsafe { &*user.cast::<Halt>() };
    halt.inside.store(true, Ordering::SeqCst);
    while !halt.detaching.load(Ordering::SeqCst) {
        std::thread::yield_now();
    }
    for _ in 0..1000 {
        std::thread::yield_now();
    }
    halt.inside.store(false, Ordering::SeqCst);
}

#[test]
fn detaching_waits_for_the_callback() {
    let _alone = ALONE.lock();
    let cameras = [camera(Footage::Canned, 30, "00M00A000000004".to_owned())];
    let halt = Halt::default();
    let host = Host::watching(&cameras);
    let mut texture = 0;
    let user = (&raw const halt).cast_mut().cast();
    // SAFETY: `halt` outlives the host; a pointer to a variable.
    ok(unsafe { printcam_texture_attach(host.streams[0], Some(linger), user, &raw mut texture) });
    while !halt.inside.load(Ordering::SeqCst) {
        std::thread::yield_now();
    }
    halt.detaching.store(true, Ordering::SeqCst);
    ok(printcam_texture_detach(texture));
    assert!(!halt.inside.load(Ordering::SeqCst), "the callback runs after detaching");
}

/// Eight cameras into eight textures, until ten thousand pictures have been drawn.
#[test]
fn ten_thousand_pictures_in_eight_textures_leave_nothing_behind() {
    /// Far less than one in a hundred of the pictures would be; the simulators' own logs grow a little.
    const MOST: isize = 1 << 20;
    let _alone = ALONE.lock();
    let serials = (0..8).map(|index| format!("00M00A00000001{index}"));
    let cameras: Vec<Simulator> = serials.map(|serial| camera(Footage::Canned, 125, serial)).collect();
    let before = IN_USE.load(Ordering::Relaxed);
    {
        let host = Host::watching(&cameras);
        let mut drawn = [0_u32; 8];
        for _ in 0..1000 {
            drawn[host.draw().0] += 1;
        }
        let warm = IN_USE.load(Ordering::Relaxed);
        for _ in 0..9000 {
            drawn[host.draw().0] += 1;
        }
        let grown = IN_USE.load(Ordering::Relaxed) - warm;
        assert!(drawn.iter().all(|&drawn| drawn > 500), "each had its share: {drawn:?}");
        assert!(grown < MOST, "{grown} bytes more after 9,000 pictures");
    }
    let kept = IN_USE.load(Ordering::Relaxed) - before;
    assert!(kept < MOST, "{kept} bytes more after everything was given back");
}
