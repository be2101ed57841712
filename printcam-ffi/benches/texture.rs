//! What textures cost, from the picture's last packet to its pixels: times, allocations, CPU and memory.
//!
//! The cameras run in a process of their own, so that everything counted here is the library's or the host's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_void;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::ptr::{self, null_mut};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use printcam::{LiveFrames, Stream, Trust};
use printcam_ffi::*;
use printcam_sim::{Footage, Options, Simulator};
use printcam_video::{ColorMatrix, ColorRange, Frame, Plane, rgba_len, write_rgba};

#[global_allocator]
static COUNTING: Counting = Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static ALLOCATED: AtomicU64 = AtomicU64::new(0);

struct Counting;

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        ALLOCATED.fetch_add(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// How long cameras are watched.
const TIME: Duration = Duration::from_secs(20);

/// One picture of a display.
const REFRESH: Duration = Duration::from_nanos(1_000_000_000 / 60);

/// What the program is called with to be the cameras: their number and footage come after.
const CAMERAS: &str = "--cameras";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, first, count, footage] = &arguments[..]
        && first == CAMERAS
    {
        return be_cameras(count.parse().expect("a number"), footage == "canned");
    }
    // `cargo test` runs it, too.
    if arguments.iter().any(|argument| argument == "--bench") {
        conversion();
        hand_over();
        println!("\nX1C at 30 pictures a second, drawn at 60 Hz for {} s", TIME.as_secs());
        println!("cameras  shown/s  drawn/s  library CPU  drawing CPU  allocations  bytes  memory at 5 s, at the end");
        for count in [1, 2, 8] {
            end_to_end(count);
        }
    }
}

fn be_cameras(count: usize, canned: bool) {
    let footage = if canned { Footage::Canned } else { Footage::Live };
    let cameras: Vec<_> = (0..count)
        .map(|index| Options { footage, serial: format!("00M00A00000001{index}"), ..Options::default() })
        .map(|options| Simulator::start(options).expect("a free port"))
        .collect();
    cameras.iter().for_each(|camera| println!("{}", camera.url_with_credentials()));
    // Until the other process goes.
    let _ = std::io::stdin().read(&mut [0]);
}

/// Cameras in a process of their own.
struct Cameras {
    process: Child,
    urls: Vec<String>,
}

impl Cameras {
    fn new(count: usize, footage: &str) -> Self {
        let mut this = Command::new(std::env::current_exe().expect("this program"));
        let command = this.args([CAMERAS, &count.to_string(), footage]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("a process");
        let said = BufReader::new(process.stdout.take().expect("a pipe"));
        let urls = said.lines().take(count).map(|line| line.expect("an address")).collect();
        Self { process, urls }
    }
}

impl Drop for Cameras {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn conversion() {
    const ROUNDS: usize = 300;
    println!("conversion to RGBA          median       p99");
    for (width, height) in [(1168, 720), (1920, 1080)] {
        let frame = picture(width, height);
        let mut rgba = vec![0; rgba_len(&frame)];
        let times = (0..ROUNDS).map(|_| {
            let began = Instant::now();
            write_rgba(&frame, &mut rgba);
            began.elapsed()
        });
        let [median, p99] = quantiles(times.collect());
        let (planes, rgba) = (width as f64 * height as f64 * 1.5, rgba.len() as f64);
        println!(
            "{width}x{height:<20} {median:>10.2?} {p99:>9.2?}  writes {:.2} times the planes' bytes",
            rgba / planes
        );
    }
}

/// Grey noise: no two samples in a row are the same.
fn picture(width: u32, height: u32) -> Frame {
    let plane = |width: u32, height: u32| {
        let noise = (0..width * height).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8);
        Plane { data: noise.collect::<Vec<_>>().into(), stride: width as usize }
    };
    let planes = [plane(width, height), plane(width / 2, height / 2), plane(width / 2, height / 2)];
    let (range, matrix) = (ColorRange::Limited, Some(ColorMatrix::Bt709));
    Frame::new((width, height), planes, range, matrix, 0, Instant::now()).expect("a picture")
}

fn quantiles(mut times: Vec<Duration>) -> [Duration; 2] {
    times.sort_unstable();
    [times[times.len() / 2], times[times.len() * 99 / 100]]
}

/// What the callback is given: whether there is a picture, and what is measured.
#[derive(Default)]
struct Seen {
    available: AtomicBool,
    /// The same pictures by the library's own interface, which says when they were received.
    frames: OnceLock<LiveFrames>,
    ages: Mutex<Vec<Duration>>,
}

unsafe extern "C" fn available(user: *mut c_void) {
    // SAFETY: `user` is a `Seen`, which outlives its texture.
    let seen = unsafe { &*user.cast::<Seen>() };
    if let Some(frame) = seen.frames.get().and_then(LiveFrames::latest) {
        let age = frame.age(Instant::now());
        seen.ages.lock().expect("whole").push(age);
    }
    seen.available.store(true, Ordering::Release);
}

unsafe extern "C" fn ignore(_user: *mut c_void, event: *const PrintcamEvent) {
    // SAFETY: an event is lent for the time of the call; its data is given back once.
    unsafe { printcam_buffer_free(ptr::read(&raw const (*event).data)) }
}

fn ok(status: PrintcamStatus) {
    assert_eq!(status, PrintcamStatus::Ok);
}

/// Textures as a host has them.
struct Host {
    manager: PrintcamManager,
    streams: Vec<PrintcamStream>,
    textures: Vec<(PrintcamTexture, Box<Seen>)>,
}

impl Host {
    fn new(cameras: &Cameras, latency_ms: u32) -> Self {
        let mut host = Self { manager: 0, streams: vec![], textures: vec![] };
        // SAFETY: the callback takes no user; a pointer to a variable.
        ok(unsafe { printcam_manager_new(0, Some(ignore), null_mut(), &raw mut host.manager) });
        // SAFETY: numbers and null pointers. The keys are kept nowhere.
        let options = PrintcamOptions { trust: 3, latency_ms, ..unsafe { std::mem::zeroed() } };
        for url in &cameras.urls {
            let (url, empty) = (PrintcamText::borrowed(url), PrintcamText::borrowed(""));
            let (mut stream, mut texture) = (0, 0);
            let seen: Box<Seen> = Box::default();
            let user = (&raw const *seen).cast_mut().cast();
            // SAFETY: texts and pointers are to variables; `seen` stays until the host goes.
            unsafe {
                ok(printcam_stream_start(host.manager, url, empty, empty, &raw const options, &raw mut stream));
                ok(printcam_texture_attach(stream, Some(available), user, &raw mut texture));
            }
            host.streams.push(stream);
            host.textures.push((texture, seen));
        }
        host
    }

    /// Takes what is new; how many pictures that were.
    fn draw(&self) -> u64 {
        let new = self.textures.iter().filter(|(_, seen)| seen.available.swap(false, Ordering::AcqRel));
        new.map(|(texture, _)| {
            let mut pixels = PrintcamPixels { data: ptr::null(), width: 0, height: 0 };
            // SAFETY: a pointer to a variable.
            ok(unsafe { printcam_texture_pixels(*texture, &raw mut pixels) });
        })
        .count() as u64
    }

    /// As a display does, for so long; how many pictures were drawn.
    fn draw_for(&self, time: Duration) -> u64 {
        let (began, mut drawn) = (Instant::now(), 0);
        while began.elapsed() < time {
            let next = Instant::now() + REFRESH;
            drawn += self.draw();
            sleep(next.saturating_duration_since(Instant::now()));
        }
        drawn
    }

    fn shown(&self) -> u64 {
        self.statistics().map(|statistics| statistics.pictures_shown).sum()
    }

    fn statistics(&self) -> impl Iterator<Item = PrintcamStatistics> {
        self.streams.iter().map(|stream| {
            let mut statistics = PrintcamStatistics::default();
            // SAFETY: a pointer to a variable.
            ok(unsafe { printcam_stream_statistics(*stream, &raw mut statistics) });
            statistics
        })
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        printcam_manager_free(self.manager);
        printcam_dispose_all(10_000);
    }
}

/// From a picture's last packet to `frame_available`, with pictures so small that decoding them hardly counts.
fn hand_over() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("threads");
    let _entered = runtime.enter();
    let cameras = Cameras::new(1, "canned");
    let host = Host::new(&cameras, u32::MAX);
    while host.shown() == 0 {
        sleep(REFRESH);
    }
    let source = cameras.urls[0].parse().expect("an address");
    let stream = Stream::open(&source, printcam::Options::new(Trust::AcceptAny)).expect("the same stream");
    let seen = &host.textures[0].1;
    let _ = seen.frames.set(stream.frames());
    let began = Instant::now();
    while began.elapsed() < TIME {
        host.draw();
        sleep(Duration::from_millis(1));
    }
    let decode = host.statistics().map(|statistics| statistics.decode_ms).sum::<f64>();
    let ages = std::mem::take(&mut *seen.ages.lock().expect("whole"));
    let (count, [median, p99]) = (ages.len(), quantiles(ages));
    println!("\nlast packet to frame_available, 64x64, {count} pictures: median {median:.2?}, p99 {p99:.2?};");
    println!("decoding is {decode:.3} ms of that");
}

fn end_to_end(count: usize) {
    let cameras = Cameras::new(count, "live");
    let host = Host::new(&cameras, 0);
    while host.statistics().any(|statistics| statistics.pictures_shown == 0) {
        host.draw();
        sleep(REFRESH);
    }
    host.draw_for(Duration::from_secs(5));
    let (memory, [host_cpu, library_cpu], shown) = (resident_mb(), cpu_seconds(), host.shown());
    let (allocations, allocated) = (ALLOCATIONS.load(Ordering::Relaxed), ALLOCATED.load(Ordering::Relaxed));
    let began = Instant::now();
    let drawn = host.draw_for(TIME);
    let seconds = began.elapsed().as_secs_f64();
    let (shown, [host_after, library_after]) = (host.shown() - shown, cpu_seconds());
    let of_a_picture = |after: u64, before: u64| (after - before) as f64 / shown as f64;
    let allocations = of_a_picture(ALLOCATIONS.load(Ordering::Relaxed), allocations);
    let allocated = of_a_picture(ALLOCATED.load(Ordering::Relaxed), allocated);
    println!(
        "{count:>7} {:>8.1} {:>8.1} {:>10.1} % {:>10.1} % {allocations:>12.1} {:>4.0} kB {memory:>8.1} MB, {:.1} MB",
        shown as f64 / seconds,
        drawn as f64 / seconds,
        (library_after - library_cpu) / seconds * 100.0,
        (host_after - host_cpu) / seconds * 100.0,
        allocated / 1000.0,
        resident_mb(),
    );
}

/// What this thread, which draws, and the others have used.
fn cpu_seconds() -> [f64; 2] {
    /// `sysconf(_SC_CLK_TCK)` wherever Linux runs.
    const TICKS: f64 = 100.0;
    let this = std::process::id().to_string();
    let mut seconds = [0.0; 2];
    for task in fs::read_dir("/proc/self/task").expect("Linux").flatten() {
        // One that has just ended counts no more.
        let Ok(stat) = fs::read_to_string(task.path().join("stat")) else { continue };
        let fields: Vec<f64> =
            stat.rsplit(')').next().unwrap_or("").split_whitespace().skip(11).take(2).flat_map(str::parse).collect();
        seconds[usize::from(task.file_name() != *this)] += fields.iter().sum::<f64>() / TICKS;
    }
    seconds
}

fn resident_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("it is there");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).expect("a number") / 1000.0
}
