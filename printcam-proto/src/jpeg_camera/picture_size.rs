//! How large a JPEG is, by its frame header (ITU-T T.81 §B.2.2).

/// Width and height in pixels. `None` where the file is damaged before its frame header, or has none, or says 0.
pub(super) fn picture_size(jpeg: &[u8]) -> Option<(u32, u32)> {
    let mut rest = jpeg.strip_prefix(&[0xff, 0xd8])?;
    loop {
        // Any number of fill bytes may stand before a marker.
        let [0xff, marker, after @ ..] = rest else { return None };
        rest = match marker {
            0xff => &rest[1..],
            0x01 | 0xd0..=0xd7 => after,
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let &[_, _, _precision, h1, h0, w1, w0, ..] = after else { return None };
                let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
                return (width > 0 && height > 0).then_some((width.into(), height.into()));
            }
            0x00 | 0xc8 | 0xd8..=0xda => return None,
            _ => {
                let &[l1, l0, ..] = after else { return None };
                after.get(usize::from(u16::from_be_bytes([l1, l0])).max(2)..)?
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOI: &[u8] = &[0xff, 0xd8];
    const APP0: &[u8] = &[0xff, 0xe0, 0, 4, 0xff, 0xc0];
    const SOF0: &[u8] = &[0xff, 0xc0, 0, 11, 8, 2, 208, 5, 0, 1, 1, 0x11, 0];
    const SOF2: &[u8] = &[0xff, 0xc2, 0, 11, 8, 4, 56, 6, 0, 1, 1, 0x11, 0];
    const DHT: &[u8] = &[0xff, 0xc4, 0, 2];
    const SOS: &[u8] = &[0xff, 0xda, 0, 2];

    #[test]
    fn the_frame_header_says_it() {
        for (what, parts, want) in [
            ("first", &[SOI, SOF0][..], Some((1280, 720))),
            ("behind a segment that looks like one", &[SOI, APP0, SOF0], Some((1280, 720))),
            ("progressive, behind tables and fill bytes", &[SOI, DHT, &[0xff, 0xff], SOF2], Some((1536, 1080))),
            ("behind the scan", &[SOI, SOS, SOF0], None),
            ("none", &[SOI, APP0], None),
            ("cut short", &[SOI, &SOF0[..8]], None),
            ("no lines", &[SOI, &[0xff, 0xc0, 0, 11, 8, 0, 0, 5, 0, 1]], None),
            ("a segment past the end", &[SOI, &[0xff, 0xe0, 0xff, 0xff], SOF0], None),
            ("a segment of no length", &[SOI, &[0xff, 0xe0, 0, 0], SOF0], Some((1280, 720))),
            ("not one", &[SOF0], None),
            ("two beginnings", &[SOI, SOI, SOF0], None),
        ] {
            assert_eq!(picture_size(&parts.concat()), want, "{what}");
        }
    }
}
