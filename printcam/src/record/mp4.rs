//! Fragmented MP4 (ISO/IEC 14496-12 §8.8, 14496-15 §5): one video track whose samples come in fragments.

use std::time::SystemTime;

use mp4_atom::{
    Avc1, Avcc, AvccExt, Codec, Colr, Dinf, Dref, DrefEntry, Encode, FixedPoint, FourCC, Ftyp, Hdlr, Jpeg, Mdhd, Mdia,
    Mfhd, Minf, Moof, Moov, Mvex, Mvhd, Pasp, Stbl, Stco, Stsd, Tfdt, Tfhd, Tkhd, Traf, Trak, Trex, Trun, TrunEntry,
    TrunSamples, Url, Visual, Vmhd,
};
use printcam_proto::h264::{AccessUnit, Coding, ColorMatrix, NalUnitType, ParameterSets, Sps};

use super::RecordError;
use super::timeline::TICKS_PER_SECOND;

/// Longest time between the first and the last picture of a fragment, in ticks: what a kill costs.
const MAX_FRAGMENT: u64 = 2 * TICKS_PER_SECOND;

/// Most bytes of pictures in a fragment: twice what two seconds of 60 Mbit/s have. Beyond it the fragment ends early.
const MAX_FRAGMENT_LEN: usize = 32 << 20;

const TRACK_ID: u32 = 1;

/// The box header of `mdat`.
const MDAT_HEADER_LEN: usize = 8;

// Sample flags (§8.8.3.1): sample_depends_on 2 (no other), and 1 (others) with sample_is_non_sync_sample.
const KEY_FRAME: u32 = 0x0200_0000;
const OTHER_PICTURE: u32 = 0x0101_0000;

/// From 1904, the epoch of MP4, to 1970, in seconds.
const EPOCH_OFFSET: u64 = 2_082_844_800;

/// `ftyp` and `moov` for pictures of this coding.
pub(super) fn header(coding: &Coding, created: Option<SystemTime>) -> Result<Vec<u8>, RecordError> {
    let since_1970 = created.and_then(|created| created.duration_since(SystemTime::UNIX_EPOCH).ok());
    let created = since_1970.map_or(0, |since| since.as_secs() + EPOCH_OFFSET);
    let timescale = TICKS_PER_SECOND as u32;
    let (sample_entry, brands) = match coding {
        Coding::H264(sets) => (Codec::Avc1(avc1(sets)?), &[b"iso5", b"iso6", b"avc1", b"mp41"][..]),
        &Coding::Jpeg { width, height } => (Codec::Jpeg(jpeg(width, height)?), &[b"iso5", b"iso6", b"mp41"][..]),
    };
    let ftyp = Ftyp {
        // tfdt and default-base-is-moof are of iso6 and iso5.
        major_brand: FourCC::new(b"iso6"),
        minor_version: 0,
        compatible_brands: brands.iter().map(|brand| FourCC::new(brand)).collect(),
    };
    let moov = Moov {
        mvhd: Mvhd {
            creation_time: created,
            modification_time: created,
            timescale,
            rate: 1.into(),
            next_track_id: TRACK_ID + 1,
            ..Mvhd::default()
        },
        // Without an mehd: how long it will be is not known.
        mvex: Some(Mvex {
            mehd: None,
            trex: vec![Trex {
                track_id: TRACK_ID,
                default_sample_description_index: 1,
                default_sample_flags: OTHER_PICTURE,
                ..Trex::default()
            }],
        }),
        trak: vec![Trak {
            tkhd: track_header(coding, created)?,
            mdia: Mdia {
                mdhd: Mdhd {
                    creation_time: created,
                    modification_time: created,
                    timescale,
                    language: "und".into(),
                    ..Mdhd::default()
                },
                hdlr: Hdlr { handler: FourCC::new(b"vide"), name: "printcam".into() },
                minf: Minf {
                    vmhd: Some(Vmhd::default()),
                    dinf: Dinf { dref: Dref { entries: vec![DrefEntry::Url(Url::default())] } },
                    stbl: Stbl {
                        stsd: Stsd { codecs: vec![sample_entry] },
                        stco: Some(Stco::default()),
                        ..Stbl::default()
                    },
                    ..Minf::default()
                },
            },
            ..Trak::default()
        }],
        ..Moov::default()
    };
    let mut header = Vec::with_capacity(1024);
    ftyp.encode(&mut header).and_then(|()| moov.encode(&mut header)).map_err(refused)?;
    Ok(header)
}

/// `tkhd`, whose size is that of display: square samples.
fn track_header(coding: &Coding, created: u64) -> Result<Tkhd, RecordError> {
    let (width, height) = coding.size();
    let sample_aspect_ratio = match coding {
        Coding::H264(sets) => sets.info.sample_aspect_ratio,
        Coding::Jpeg { .. } => None,
    };
    let (across, down) = sample_aspect_ratio.map_or((1, 1), |(across, down)| (across, down.max(1)));
    // In units of 2^-16. What is too wide for them is no picture anybody shows.
    let width = (u64::from(width) << 16) * u64::from(across) / u64::from(down);
    let width = u32::try_from(width).unwrap_or(u32::MAX);
    Ok(Tkhd {
        creation_time: created,
        modification_time: created,
        track_id: TRACK_ID,
        enabled: true,
        in_movie: true,
        width: FixedPoint::new((width >> 16) as u16, (width & 0xffff) as u16),
        height: u16_of("picture height", height)?.into(),
        ..Tkhd::default()
    })
}

/// `avc1` with `avcC` (14496-15 §5.3.3.1), `colr` and `pasp`.
fn avc1(sets: &ParameterSets) -> Result<Avc1, RecordError> {
    let info = &sets.info;
    u8_of("number of picture parameter sets", sets.pps.len())?;
    for set in std::iter::once(&sets.sps).chain(&sets.pps) {
        u16_of("parameter set length", set.len())?;
    }
    let [profile, compatibility, level] = info.profile_level_id();
    // Baseline, Main and Extended are 4:2:0 with 8 bits and need not say so.
    let ext = (!matches!(profile, 66 | 77 | 88)).then(|| AvccExt {
        chroma_format: info.chroma_format_idc,
        bit_depth_luma: info.bit_depth_luma,
        bit_depth_chroma: info.bit_depth_chroma,
        sequence_parameter_sets_ext: Vec::new(),
    });
    Ok(Avc1 {
        visual: visual(info.width, info.height)?,
        avcc: Avcc {
            configuration_version: 1,
            avc_profile_indication: profile,
            profile_compatibility: compatibility,
            avc_level_indication: level,
            length_size: 4,
            sequence_parameter_sets: vec![sets.sps.to_vec()],
            picture_parameter_sets: sets.pps.iter().map(|pps| pps.to_vec()).collect(),
            ext,
        },
        colr: colour(info),
        pasp: info
            .sample_aspect_ratio
            .map(|(across, down)| Pasp { h_spacing: across.into(), v_spacing: down.max(1).into() }),
        ..Avc1::default()
    })
}

/// `jpeg`: QuickTime's, whose samples are whole files that say everything themselves.
fn jpeg(width: u32, height: u32) -> Result<Jpeg, RecordError> {
    Ok(Jpeg { visual: visual(width, height)?, ..Jpeg::default() })
}

fn visual(width: u32, height: u32) -> Result<Visual, RecordError> {
    Ok(Visual {
        data_reference_index: 1,
        width: u16_of("picture width", width)?,
        height: u16_of("picture height", height)?,
        ..Visual::default()
    })
}

/// `colr` with what the VUI says of range and matrix; `None` where it says neither, so that players decide as for the
/// stream. Primaries and transfer stay unspecified (2): guessing them from the matrix would be a claim.
fn colour(info: &Sps) -> Option<Colr> {
    if info.matrix.is_none() && !info.full_range {
        return None;
    }
    Some(Colr::Nclx {
        colour_primaries: 2,
        transfer_characteristics: 2,
        matrix_coefficients: match info.matrix {
            None => 2,
            Some(ColorMatrix::Bt709) => 1,
            Some(ColorMatrix::Bt601) => 6,
            Some(ColorMatrix::Bt2020) => 9,
        },
        full_range_flag: info.full_range,
    })
}

/// A fragment being filled. Its buffers are used again for the next one.
#[derive(Debug)]
pub(super) struct Fragment {
    sequence_number: u32,
    /// Time of its first picture and of its latest one, in ticks of the file.
    first: u64,
    last: u64,
    begins_with_key_frame: bool,
    /// Sizes, and the durations of all but the latest.
    samples: Vec<TrunEntry>,
    /// The samples: NAL units behind their lengths, or a JPEG. A coded byte is copied once, into here.
    data: Vec<u8>,
    /// `moof` and the header of `mdat`.
    header: Vec<u8>,
}

impl Fragment {
    /// The first fragment of a file.
    pub(super) fn new() -> Self {
        Self {
            sequence_number: 1,
            first: 0,
            last: 0,
            begins_with_key_frame: false,
            samples: Vec::new(),
            data: Vec::new(),
            header: Vec::new(),
        }
    }

    /// Whether another fragment has to begin with this access unit of `time`.
    pub(super) fn ends_before(&self, access_unit: &AccessUnit, time: u64) -> bool {
        access_unit.key_frame
            || time - self.first >= MAX_FRAGMENT
            || self.data.len() + access_unit.data.len() > MAX_FRAGMENT_LEN
    }

    /// Takes an access unit of `time`, in ticks of the file.
    pub(super) fn push(&mut self, access_unit: &AccessUnit, time: u64) {
        if self.samples.is_empty() {
            self.first = time;
            self.begins_with_key_frame = access_unit.key_frame;
        } else {
            self.end_sample(time);
        }
        self.last = time;
        let start = self.data.len();
        match access_unit.coding {
            Coding::H264(_) => {
                for nal_unit in access_unit.nal_units().filter(|nal_unit| belongs_into_sample(nal_unit)) {
                    self.data.extend_from_slice(&len_u32(nal_unit.len()).to_be_bytes());
                    self.data.extend_from_slice(nal_unit);
                }
            }
            Coding::Jpeg { .. } => self.data.extend_from_slice(&access_unit.data),
        }
        let size = Some(len_u32(self.data.len() - start));
        let flags = (self.samples.is_empty() && self.begins_with_key_frame).then_some(KEY_FRAME);
        self.samples.push(TrunEntry { size, flags, duration: None, cts: None });
    }

    /// The latest sample lasts until `time`, over any gap there is.
    fn end_sample(&mut self, time: u64) {
        let Some(sample) = self.samples.last_mut() else { return };
        // Beyond 13 hours the next tfdt alone tells.
        sample.duration = Some(u32::try_from(time - self.last).unwrap_or(u32::MAX));
    }

    /// The fragment in two parts: `moof` with the header of `mdat`, and what that holds. Its latest picture lasts
    /// until `end`.
    pub(super) fn close(&mut self, end: u64) -> Result<[&[u8]; 2], RecordError> {
        self.end_sample(end);
        let mdat_len = self.data.len() + MDAT_HEADER_LEN;
        let Ok(mdat_len) = u32::try_from(mdat_len) else {
            return Err(RecordError::OutOfRange {
                field: "fragment length",
                got: mdat_len as u64,
                max: u32::MAX.into(),
            });
        };
        let mut moof = Moof {
            mfhd: Mfhd { sequence_number: self.sequence_number },
            traf: vec![Traf {
                tfhd: Tfhd { track_id: TRACK_ID, default_base_is_moof: true, ..Tfhd::default() },
                tfdt: Some(Tfdt { base_media_decode_time: self.first }),
                trun: vec![Trun {
                    data_offset: Some(0),
                    samples: TrunSamples::Explicit(std::mem::take(&mut self.samples)),
                }],
                ..Traf::default()
            }],
        };
        // How long a moof is does not depend on the offset it states.
        let mut result = moof.encode(&mut self.header);
        let data_offset = i32::try_from(self.header.len() + MDAT_HEADER_LEN).unwrap_or(i32::MAX);
        self.header.clear();
        moof.traf[0].trun[0].data_offset = Some(data_offset);
        result = result.and_then(|()| moof.encode(&mut self.header));
        if let Some(TrunSamples::Explicit(samples)) =
            moof.traf.pop().and_then(|mut traf| traf.trun.pop()).map(|run| run.samples)
        {
            self.samples = samples;
        }
        result.map_err(refused)?;
        self.header.extend_from_slice(&mdat_len.to_be_bytes());
        self.header.extend_from_slice(b"mdat");
        Ok([&self.header, &self.data])
    }

    /// Begins the next one.
    pub(super) fn clear(&mut self) {
        self.sequence_number = self.sequence_number.wrapping_add(1);
        self.samples.clear();
        self.data.clear();
        self.header.clear();
    }
}

/// Parameter sets stand in `avcC`; delimiters, fillers and the end of the stream have no place in a file (14496-15
/// §5.2.2, §5.3.2).
fn belongs_into_sample(nal_unit: &[u8]) -> bool {
    !matches!(
        NalUnitType::of(nal_unit[0]),
        NalUnitType::SPS | NalUnitType::PPS | NalUnitType::AUD | NalUnitType::END_OF_STREAM | NalUnitType::FILLER
    )
}

/// A length whose excess `Fragment::close` refuses.
fn len_u32(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

fn u16_of(field: &'static str, got: impl TryInto<u64>) -> Result<u16, RecordError> {
    let got = got.try_into().unwrap_or(u64::MAX);
    u16::try_from(got).map_err(|_| RecordError::OutOfRange { field, got, max: u16::MAX.into() })
}

fn u8_of(field: &'static str, got: impl TryInto<u64>) -> Result<u8, RecordError> {
    let got = got.try_into().unwrap_or(u64::MAX);
    u8::try_from(got).map_err(|_| RecordError::OutOfRange { field, got, max: u8::MAX.into() })
}

/// What `mp4_atom` says of values that were checked: only sizes beyond a box's are left.
fn refused(_: mp4_atom::Error) -> RecordError {
    RecordError::OutOfRange { field: "box length", got: u64::MAX, max: u32::MAX.into() }
}

#[cfg(test)]
mod tests;
