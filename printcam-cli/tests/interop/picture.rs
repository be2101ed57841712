//! What a picture looks like, measured.

use crate::clips::Clip;
use crate::tools::pipe;

/// MD5 of the bytes, in lower-case hexadecimal.
pub(crate) fn md5(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&pipe("openssl", &["dgst", "-md5", "-r"], bytes)[..32]).into_owned()
}

/// Peak signal-to-noise ratio in dB for red, green and blue, of a JPEG against the closest key frame as it was drawn.
pub(crate) fn psnr_of_jpeg(jpeg: &[u8], clip: &Clip) -> [f64; 3] {
    // JFIF is BT.601 in full range by definition, whatever the video was.
    let to_rgb = "scale=in_color_matrix=bt601:in_range=pc:flags=accurate_rnd+full_chroma_int+full_chroma_inp+bicubic,format=rgb24";
    let decode = ["-v", "error", "-f", "mjpeg", "-i", "-", "-vf", to_rgb, "-f", "rawvideo", "-"];
    let rgb = pipe("ffmpeg", &decode, jpeg);
    assert_eq!(rgb.len(), clip.width * clip.height * 3, "the JPEG is not {}x{}", clip.width, clip.height);
    clip.rgb_key_frames()
        .iter()
        .map(|source| psnr(&rgb, source))
        .max_by(|a, b| a.iter().sum::<f64>().total_cmp(&b.iter().sum()))
        .unwrap()
}

fn psnr(ours: &[u8], source: &[u8]) -> [f64; 3] {
    let mut squares = [0u64; 3];
    for (ours, source) in ours.chunks_exact(3).zip(source.chunks_exact(3)) {
        for channel in 0..3 {
            squares[channel] += u64::from(ours[channel].abs_diff(source[channel])).pow(2);
        }
    }
    let samples = (source.len() / 3) as f64;
    squares.map(|squares| 10.0 * (255.0 * 255.0 * samples / squares as f64).log10())
}
