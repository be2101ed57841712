//! Session descriptions (RFC 8866), read tolerantly: a line that makes no sense is passed over, since printers put
//! blank lines, bare newlines and worse in them. [`Sdp::h264_track`] then says whether there is video to be had.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

use crate::h264::NalUnitType;
use crate::h264::parameter_sets::MAX_PARAMETER_SET_LEN;

/// Longest description read, in bytes; what follows is ignored. A printer's has 600.
pub const MAX_SDP_LEN: usize = 128 << 10;
/// Most `m=` sections read. A camera with sound, metadata and back channel has four.
pub const MAX_MEDIA: usize = 32;
/// Most payload formats, `rtpmap` and `fmtp` lines kept of one section; there are 128 payload types.
const MAX_FORMATS: usize = 128;
/// Most parameter sets taken from `sprop-parameter-sets`; real ones have two.
const MAX_PARAMETER_SETS: usize = 32;

/// A session description, as far as a client that receives media needs it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Sdp {
    /// `a=control` of the session: the URL, or `*`, that PLAY addresses.
    pub control: Option<String>,
    /// The `m=` sections in order.
    pub media: Vec<Media>,
}

/// One `m=` section.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Media {
    /// `video`, `audio`, `application`, …, as sent.
    pub kind: String,
    /// Port; 0 with RTSP, and where it is unreadable.
    pub port: u16,
    /// `RTP/AVP` and the like.
    pub protocol: String,
    /// The formats offered, in order of preference; those that are no numbers are left out. RTP allows 0..=127.
    pub payload_types: Vec<u32>,
    /// `a=rtpmap` lines.
    pub rtpmaps: Vec<RtpMap>,
    /// `a=fmtp` lines.
    pub fmtps: Vec<Fmtp>,
    /// `a=control`: what SETUP addresses, absolute or relative to the base.
    pub control: Option<String>,
    /// Direction, as seen from the server.
    pub direction: Direction,
}

/// `a=rtpmap`: what a payload type stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RtpMap {
    /// The payload type.
    pub payload_type: u32,
    /// `H264` and the like, as sent; compare without regard to case.
    pub encoding: String,
    /// Ticks per second; `None` where it is missing or unreadable.
    pub clock_rate: Option<u32>,
}

/// `a=fmtp`: the parameters of a payload type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fmtp {
    /// The payload type.
    pub payload_type: u32,
    /// Name and value in order; the value is empty where there is no `=`.
    pub parameters: Vec<(String, String)>,
}

/// Which way media flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Both ways, which is what no attribute means.
    #[default]
    SendReceive,
    /// `a=sendonly`.
    SendOnly,
    /// `a=recvonly`.
    ReceiveOnly,
    /// `a=inactive`.
    Inactive,
}

/// An H.264 track that can be set up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VideoTrack {
    /// Its place in [`Sdp::media`].
    pub index: usize,
    /// RTP payload type, 0..=127.
    pub payload_type: u8,
    /// RTP ticks per second as announced. RFC 6184 §8.2.1 knows 90,000 only, which is also assumed where none is said.
    pub clock_rate: u32,
    /// What SETUP addresses; `None` means the base URL itself.
    pub control: Option<String>,
    /// `packetization-mode`: 0 or 1.
    pub packetization_mode: u8,
    /// `profile-level-id`: `profile_idc`, constraint flags, `level_idc`.
    pub profile_level_id: Option<[u8; 3]>,
    /// The SPS and PPS of `sprop-parameter-sets`, NAL units without start code. What is not well-formed base64, too long
    /// or another NAL unit is left out: those in band serve then.
    pub parameter_sets: Vec<Bytes>,
}

/// Why a description offers no video that can be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoVideo {
    /// No `m=video` section.
    #[error("the camera offers no video")]
    NoVideoSection,
    /// Video, but none in H.264.
    #[error("the camera offers video in {} only", codecs.join(", "))]
    OnlyOtherCodecs {
        /// Encoding names as sent, without repetitions; `PT<number>` where a payload type has none.
        codecs: Vec<String>,
    },
    /// H.264 with a clock rate of 0.
    #[error("the camera's H.264 has clock rate 0")]
    ClockRateZero,
    /// H.264 under a number RTP has no room for.
    #[error("the camera's H.264 has payload type {got}, over 127")]
    PayloadTypeOutOfRange {
        /// The payload type.
        got: u32,
    },
    /// H.264 in interleaved mode, or a mode that does not exist.
    #[error("the camera's H.264 has packetization-mode {got}, over 1")]
    PacketizationMode {
        /// `packetization-mode`.
        got: u32,
    },
}

impl Sdp {
    /// Reads a description. Lines end with LF or CRLF; one that is not UTF-8 is taken for Latin-1. Nothing is an error
    /// here: what cannot be understood is not in the result.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let mut sdp = Self::default();
        let mut direction = Direction::default();
        // Attributes of sections beyond the bound belong to none.
        let mut beyond = false;
        for line in bytes[..bytes.len().min(MAX_SDP_LEN)].split(|&byte| byte == b'\n') {
            let [kind, b'=', value @ ..] = trim(line) else { continue };
            let value = text(trim(value));
            match kind {
                b'm' => {
                    beyond = sdp.media.len() == MAX_MEDIA;
                    if !beyond {
                        sdp.media.push(Media::parse(&value, direction));
                    }
                }
                b'a' if !beyond => {
                    let (name, value) = value.split_once(':').unwrap_or((&value, ""));
                    let (name, value) = (name.trim(), value.trim());
                    match sdp.media.last_mut() {
                        Some(media) => media.attribute(name, value),
                        None if name.eq_ignore_ascii_case("control") => sdp.control = non_empty(value),
                        None => direction = Direction::parse(name).unwrap_or(direction),
                    }
                }
                _ => {}
            }
        }
        sdp
    }

    /// The first H.264 track that can be set up, whatever other tracks there are.
    ///
    /// # Errors
    /// [`NoVideo`] where there is none; with several H.264 tracks, why the first cannot be used.
    pub fn h264_track(&self) -> Result<VideoTrack, NoVideo> {
        let mut refusal = None;
        let mut codecs: Option<Vec<String>> = None;
        for (index, media) in self.media.iter().enumerate() {
            if !media.kind.eq_ignore_ascii_case("video") {
                continue;
            }
            let codecs = codecs.get_or_insert_default();
            for &payload_type in &media.payload_types {
                let rtpmap = media.rtpmaps.iter().find(|rtpmap| rtpmap.payload_type == payload_type);
                if let Some(rtpmap) = rtpmap.filter(|rtpmap| rtpmap.encoding.eq_ignore_ascii_case("H264")) {
                    match media.h264_track(index, rtpmap) {
                        Ok(track) => return Ok(track),
                        Err(reason) => refusal = refusal.or(Some(reason)),
                    }
                    continue;
                }
                let codec = rtpmap.map_or_else(|| format!("PT{payload_type}"), |rtpmap| rtpmap.encoding.clone());
                if !codecs.contains(&codec) && codecs.len() < MAX_CODECS_NAMED {
                    codecs.push(codec);
                }
            }
        }
        Err(match (refusal, codecs) {
            (Some(reason), _) => reason,
            (None, Some(codecs)) if !codecs.is_empty() => NoVideo::OnlyOtherCodecs { codecs },
            (None, _) => NoVideo::NoVideoSection,
        })
    }
}

impl Media {
    /// The value of an `m=` line: kind, port, protocol, formats.
    fn parse(value: &str, direction: Direction) -> Self {
        let mut words = value.split_ascii_whitespace();
        let mut word = || words.next().unwrap_or_default();
        let (kind, port, protocol) = (word().to_owned(), word(), word().to_owned());
        Self {
            kind,
            // "49170/2" announces two ports from there on.
            port: port.split('/').next().and_then(|port| port.parse().ok()).unwrap_or(0),
            protocol,
            payload_types: words.filter_map(|word| word.parse().ok()).take(MAX_FORMATS).collect(),
            rtpmaps: Vec::new(),
            fmtps: Vec::new(),
            control: None,
            direction,
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        match name.to_ascii_lowercase().as_str() {
            "rtpmap" if self.rtpmaps.len() < MAX_FORMATS => self.rtpmaps.extend(RtpMap::parse(value)),
            "fmtp" if self.fmtps.len() < MAX_FORMATS => self.fmtps.extend(Fmtp::parse(value)),
            "control" => self.control = non_empty(value),
            name => self.direction = Direction::parse(name).unwrap_or(self.direction),
        }
    }

    /// The track that `rtpmap` of this section describes.
    fn h264_track(&self, index: usize, rtpmap: &RtpMap) -> Result<VideoTrack, NoVideo> {
        let payload_type = u8::try_from(rtpmap.payload_type).ok().filter(|payload_type| *payload_type <= 127);
        let Some(payload_type) = payload_type else {
            return Err(NoVideo::PayloadTypeOutOfRange { got: rtpmap.payload_type });
        };
        let clock_rate = rtpmap.clock_rate.unwrap_or(crate::h264::presentation_time::CLOCK_RATE);
        if clock_rate == 0 {
            return Err(NoVideo::ClockRateZero);
        }
        let parameter = |name: &str| {
            let fmtps = self.fmtps.iter().filter(|fmtp| fmtp.payload_type == rtpmap.payload_type);
            fmtps.flat_map(|fmtp| &fmtp.parameters).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| &v[..])
        };
        let packetization_mode = match parameter("packetization-mode").map(str::parse::<u32>) {
            Some(Ok(0)) | None | Some(Err(_)) => 0,
            Some(Ok(1)) => 1,
            Some(Ok(got)) => return Err(NoVideo::PacketizationMode { got }),
        };
        Ok(VideoTrack {
            index,
            payload_type,
            clock_rate,
            control: self.control.clone(),
            packetization_mode,
            profile_level_id: parameter("profile-level-id").and_then(profile_level_id),
            parameter_sets: parameter("sprop-parameter-sets").map(parameter_sets).unwrap_or_default(),
        })
    }
}

impl RtpMap {
    /// `96 H264/90000`
    fn parse(value: &str) -> Option<Self> {
        let (payload_type, encoding) = value.split_once(|c: char| c.is_ascii_whitespace())?;
        let mut parts = encoding.trim().split('/');
        Some(Self {
            payload_type: payload_type.parse().ok()?,
            encoding: parts.next()?.trim().chars().take(MAX_NAME_LEN).collect(),
            clock_rate: parts.next().and_then(|rate| rate.trim().parse().ok()),
        })
    }
}

impl Fmtp {
    /// `96 packetization-mode=1;profile-level-id=42C01F`
    fn parse(value: &str) -> Option<Self> {
        let (payload_type, parameters) = value.split_once(|c: char| c.is_ascii_whitespace())?;
        let parameters = parameters.split(';').map(str::trim).filter(|parameter| !parameter.is_empty());
        let parameters = parameters.map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            (name.trim_end().to_owned(), value.trim_start().to_owned())
        });
        Some(Self { payload_type: payload_type.parse().ok()?, parameters: parameters.collect() })
    }
}

impl Direction {
    fn parse(attribute: &str) -> Option<Self> {
        match attribute {
            "sendrecv" => Some(Self::SendReceive),
            "sendonly" => Some(Self::SendOnly),
            "recvonly" => Some(Self::ReceiveOnly),
            "inactive" => Some(Self::Inactive),
            _ => None,
        }
    }
}

/// Six hexadecimal digits.
fn profile_level_id(value: &str) -> Option<[u8; 3]> {
    if value.len() != 6 || !value.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let [_, bytes @ ..] = u32::from_str_radix(value, 16).ok()?.to_be_bytes();
    Some(bytes)
}

/// The usable ones of a comma-separated list of parameter sets in base64.
fn parameter_sets(value: &str) -> Vec<Bytes> {
    let sets = value.split(',').filter_map(|set| BASE64.decode(set.trim()).ok());
    let known = sets.filter(|nal_unit| {
        let kind = nal_unit.first().map(|&header| NalUnitType::of(header));
        matches!(kind, Some(NalUnitType::SPS | NalUnitType::PPS)) && nal_unit.len() <= MAX_PARAMETER_SET_LEN
    });
    known.take(MAX_PARAMETER_SETS).map(Bytes::from).collect()
}

/// Without spaces, carriage returns and NULs on either side.
fn trim(mut bytes: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | 0);
    while let [first, rest @ ..] = bytes
        && blank(first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && blank(last)
    {
        bytes = rest;
    }
    bytes
}

/// UTF-8, or else Latin-1, in which every byte is some character.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

fn non_empty(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

/// Longest encoding name kept; the longest registered ones have about 20 characters.
const MAX_NAME_LEN: usize = 32;
/// Most codecs an error names.
const MAX_CODECS_NAMED: usize = 8;
/// Some encoders leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests;
