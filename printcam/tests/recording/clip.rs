//! Clips by x264 as a camera would send them, and FFmpeg as the judge of what became of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use printcam_proto::h264::{AccessUnit, Coding, NalUnitType, ParameterSetTracker};

/// Ticks from one picture to the next, at 30 a second.
pub(crate) const STEP: u64 = 3000;

/// A clip of `pictures` of moving test pattern, without B-frames. `x264` are options for FFmpeg, split at spaces.
pub(crate) fn clip(pictures: usize, x264: &str) -> Vec<AccessUnit> {
    let arguments = format!(
        "-f lavfi -i testsrc2=s=160x120:r=30 -frames:v {pictures} -pix_fmt yuv420p -c:v libx264 -preset ultrafast -bf 0 \
         -sc_threshold 0 {x264} -bsf:v h264_metadata=aud=insert -f h264 -"
    );
    access_units(&ffmpeg(&arguments).stdout)
}

/// Pictures of a camera that sends JPEG, of these times in ticks and this size, in files that FFmpeg makes.
pub(crate) fn jpegs(times: &[u64], (width, height): (u32, u32)) -> Vec<AccessUnit> {
    let scratch = Scratch::new("jpegs");
    let files = scratch.file("%d.jpg");
    ffmpeg(&format!("-f lavfi -i testsrc2=s={width}x{height}:r=1 -frames:v {} {}", times.len(), files.display()));
    let began = Instant::now();
    let unit = |(index, &timestamp): (usize, &u64)| AccessUnit {
        timestamp,
        received_at: began + Duration::from_micros(timestamp * 100 / 9),
        key_frame: true,
        discontinuity: false,
        coding: Coding::Jpeg { width, height },
        data: fs::read(scratch.file(&format!("{}.jpg", index + 1))).unwrap().into(),
    };
    times.iter().enumerate().map(unit).collect()
}

/// The files that FFmpeg takes out of a recording of JPEGs, as they are.
pub(crate) fn extracted(path: &Path) -> Vec<Vec<u8>> {
    let scratch = Scratch::new("extracted");
    ffmpeg(&format!("-i {} -c copy -f image2 {}", path.display(), scratch.file("%d.jpg").display()));
    (1..).map_while(|number| fs::read(scratch.file(&format!("{number}.jpg"))).ok()).collect()
}

/// Cuts a byte stream at its access unit delimiters.
fn access_units(stream: &[u8]) -> Vec<AccessUnit> {
    let began = Instant::now();
    let mut sets = ParameterSetTracker::new();
    let mut units: Vec<(bool, Vec<u8>, _)> = Vec::new();
    let starts: Vec<usize> =
        stream.windows(3).enumerate().filter(|(_, code)| code == &[0, 0, 1]).map(|(at, _)| at + 3).collect();
    for (index, &start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).map_or(stream.len(), |next| next - 3);
        let mut nal_unit = &stream[start..end];
        while let [rest @ .., 0] = nal_unit {
            nal_unit = rest;
        }
        let kind = NalUnitType::of(nal_unit[0]);
        if kind == NalUnitType::AUD {
            units.push((false, Vec::new(), None));
        }
        if matches!(kind, NalUnitType::SPS | NalUnitType::PPS) {
            sets.push(nal_unit).unwrap();
        }
        let (key_frame, data, in_force) = units.last_mut().expect("a delimiter comes first");
        *key_frame |= kind == NalUnitType::IDR;
        data.extend_from_slice(&[0, 0, 0, 1]);
        data.extend_from_slice(nal_unit);
        *in_force = sets.current().map(Arc::clone);
    }
    units
        .into_iter()
        .enumerate()
        .map(|(index, (key_frame, data, sets))| AccessUnit {
            timestamp: index as u64 * STEP,
            received_at: began + Duration::from_millis(index as u64 * 100 / 3),
            key_frame,
            discontinuity: false,
            coding: Coding::H264(sets.expect("sets come before slices")),
            data: data.into(),
        })
        .collect()
}

/// The NAL units of all access units, as a file.
pub(crate) fn stream_of(units: &[AccessUnit]) -> Vec<u8> {
    let mut stream = Vec::new();
    units.iter().for_each(|unit| unit.write_annex_b(&mut stream));
    stream
}

/// Runs FFmpeg with `arguments`, split at spaces.
pub(crate) fn ffmpeg(arguments: &str) -> Output {
    run("ffmpeg", &format!("-hide_banner -nostdin -v error -threads 1 {arguments}"))
}

fn run(program: &str, arguments: &str) -> Output {
    let output = Command::new(program)
        .args(arguments.split_whitespace())
        .stdin(Stdio::null())
        .output()
        .expect("ffmpeg is installed (scripts/test does it)");
    assert!(output.status.success(), "{program} {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The MD5 of every picture in a file, and what FFmpeg complains about.
pub(crate) fn pictures(path: &Path) -> (Vec<String>, String) {
    let output = ffmpeg(&format!("-i {} -map 0:v -fps_mode passthrough -f framemd5 -", path.display()));
    let digests = String::from_utf8(output.stdout).unwrap();
    let digests = digests.lines().filter(|line| !line.starts_with('#'));
    let digests = digests.map(|line| line.rsplit(", ").next().unwrap().to_owned()).collect();
    (digests, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The MD5 of every picture of a byte stream.
pub(crate) fn pictures_of(stream: &[u8]) -> Vec<String> {
    let scratch = Scratch::new("stream");
    let path = scratch.file("stream.h264");
    fs::write(&path, stream).unwrap();
    let (digests, complaints) = pictures(&path);
    assert_eq!(complaints, "");
    digests
}

/// One packet, as ffprobe sees it. Times are in ticks of 90 kHz. (Its durations are the announced frame rate's.)
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) pts: u64,
    pub(crate) dts: u64,
    pub(crate) key: bool,
}

/// The packets of a file.
pub(crate) fn packets(path: &Path) -> Vec<Packet> {
    let output = run("ffprobe", &format!("-v error -show_entries packet=pts,dts,flags -of csv=p=0 {}", path.display()));
    let text = String::from_utf8(output.stdout).unwrap();
    let number = |field: &str| field.parse().unwrap_or_else(|_| panic!("{field} in {text}"));
    text.lines()
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            Packet { pts: number(fields[0]), dts: number(fields[1]), key: fields[2].starts_with('K') }
        })
        .collect()
}

/// What ffprobe says of the stream and the container, `key=value` line by line.
pub(crate) fn probe(path: &Path, entries: &str) -> String {
    let output = run("ffprobe", &format!("-v error -show_entries {entries} -of default=nw=1 {}", path.display()));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// A folder of its own, gone with the value.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("printcam-{name}-{}-{count}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The names in it, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
