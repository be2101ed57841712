//! An uncompressed picture, 4:2:0: what the scene draws and the encoders read.

/// One colour as the three planes hold it (BT.601, full range).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour {
    pub(crate) y: u8,
    pub(crate) cb: u8,
    pub(crate) cr: u8,
}

impl Colour {
    /// From 0xRRGGBB.
    pub(crate) const fn rgb(rgb: u32) -> Colour {
        let (r, g, b) = ((rgb >> 16 & 0xff) as i32, (rgb >> 8 & 0xff) as i32, (rgb & 0xff) as i32);
        // The factors of BT.601 times 2^16.
        Colour {
            y: ((19595 * r + 38470 * g + 7471 * b + 32768) >> 16) as u8,
            cb: clamp(((-11059 * r - 21709 * g + 32768 * b + 32768) >> 16) + 128),
            cr: clamp(((32768 * r - 27439 * g - 5329 * b + 32768) >> 16) + 128),
        }
    }

    /// The same colour in limited range: luma from 16 to 235, chroma from 16 to 240.
    pub(crate) const fn limited(self) -> Colour {
        const fn narrowed(value: u8, length: u32) -> u8 {
            16 + ((value as u32 * length + 127) / 255) as u8
        }
        Colour { y: narrowed(self.y, 219), cb: narrowed(self.cb, 224), cr: narrowed(self.cr, 224) }
    }

    /// The same hue, brighter or darker: `percent` of its luma.
    pub(crate) const fn shade(self, percent: u32) -> Colour {
        let y = self.y as u32 * percent / 100;
        Colour { y: if y > 255 { 255 } else { y as u8 }, ..self }
    }
}

const fn clamp(value: i32) -> u8 {
    if value < 0 {
        0
    } else if value > 255 {
        255
    } else {
        value as u8
    }
}

/// One plane of samples, row after row without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) samples: Vec<u8>,
}

impl Plane {
    fn new(width: usize, height: usize, value: u8) -> Plane {
        Plane { width, height, samples: vec![value; width * height] }
    }

    /// The `N` samples from (x, y) to the right.
    #[inline]
    pub(crate) fn row<const N: usize>(&self, x: usize, y: usize) -> &[u8; N] {
        let at = y * self.width + x;
        self.samples[at..].first_chunk().expect("inside the plane by the caller's block grid")
    }

    #[inline]
    pub(crate) fn row_mut<const N: usize>(&mut self, x: usize, y: usize) -> &mut [u8; N] {
        let at = y * self.width + x;
        self.samples[at..].first_chunk_mut().expect("inside the plane by the caller's block grid")
    }

    #[inline]
    pub(crate) fn at(&self, x: usize, y: usize) -> u8 {
        self.samples[y * self.width + x]
    }

    /// Fills columns `x0..x1` of rows `y0..y1`, cut to the plane.
    fn fill(&mut self, [x0, x1]: [i32; 2], [y0, y1]: [i32; 2], value: u8) {
        let cut = |v: i32, end: usize| v.clamp(0, end as i32) as usize;
        let (x0, x1) = (cut(x0, self.width), cut(x1, self.width));
        for y in cut(y0, self.height)..cut(y1, self.height) {
            if x0 < x1 {
                self.samples[y * self.width + x0..y * self.width + x1].fill(value);
            }
        }
    }
}

/// Luma and both chroma planes; width and height are multiples of 16.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) luma: Plane,
    pub(crate) chroma: [Plane; 2],
    range: Range,
}

/// Which values colours take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    Full,
    Limited,
}

impl Range {
    fn of(self, colour: Colour) -> Colour {
        match self {
            Range::Full => colour,
            Range::Limited => colour.limited(),
        }
    }
}

impl Picture {
    /// A picture of one colour, full range; it has whole macroblocks, so both lengths are rounded up to multiples of 16.
    pub(crate) fn new(size: [usize; 2], colour: Colour) -> Picture {
        Picture::in_range(size, colour, Range::Full)
    }

    pub(crate) fn in_range(size: [usize; 2], colour: Colour, range: Range) -> Picture {
        let [width, height] = size.map(|length| length.next_multiple_of(16));
        let colour = range.of(colour);
        Picture {
            range,
            luma: Plane::new(width, height, colour.y),
            chroma: [Plane::new(width / 2, height / 2, colour.cb), Plane::new(width / 2, height / 2, colour.cr)],
        }
    }

    pub(crate) fn copy_from(&mut self, other: &Picture) {
        self.luma.samples.copy_from_slice(&other.luma.samples);
        for (to, from) in self.chroma.iter_mut().zip(&other.chroma) {
            to.samples.copy_from_slice(&from.samples);
        }
    }

    /// A filled rectangle, cut to the picture; chroma is rounded to whole pairs of samples.
    pub(crate) fn fill(&mut self, x: [i32; 2], y: [i32; 2], colour: Colour) {
        let colour = self.range.of(colour);
        self.luma.fill(x, y, colour.y);
        let halves = |[from, to]: [i32; 2]| [from.div_euclid(2), (to + 1).div_euclid(2)];
        self.chroma[0].fill(halves(x), halves(y), colour.cb);
        self.chroma[1].fill(halves(x), halves(y), colour.cr);
    }

    /// A filled circle.
    pub(crate) fn disc(&mut self, [cx, cy]: [i32; 2], radius: i32, colour: Colour) {
        for dy in -radius..radius {
            let half = f64::from(radius * radius - dy * dy).sqrt() as i32;
            self.fill([cx - half, cx + half], [cy + dy, cy + dy + 1], colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_bt601_full_range() {
        for (rgb, want) in [
            (0x000000, [0, 128, 128]),
            (0xffffff, [255, 128, 128]),
            (0xff0000, [76, 85, 255]),
            (0x00ff00, [150, 44, 21]),
            (0x0000ff, [29, 255, 107]),
        ] {
            let Colour { y, cb, cr } = Colour::rgb(rgb);
            assert_eq!([y, cb, cr], want, "{rgb:#08x}");
        }
        for (rgb, want) in [(0x000000, [16, 128, 128]), (0xffffff, [235, 128, 128]), (0x0000ff, [41, 240, 110])] {
            let Colour { y, cb, cr } = Colour::rgb(rgb).limited();
            assert_eq!([y, cb, cr], want, "{rgb:#08x}, limited");
        }
    }

    #[test]
    fn drawing_outside_is_cut() {
        let mut picture = Picture::new([32, 16], Colour::rgb(0));
        picture.fill([-5, 3], [-5, 2], Colour::rgb(0xffffff));
        picture.fill([30, 90], [15, 90], Colour::rgb(0xffffff));
        picture.fill([20, 10], [0, 16], Colour::rgb(0xffffff));
        let white = picture.luma.samples.iter().filter(|&&y| y == 255).count();
        assert_eq!(white, 3 * 2 + 2);
    }
}
