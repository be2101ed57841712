//! NV12, which decoders of systems and devices give, to the planes of a frame.

use bytes::Bytes;

use crate::Plane;
use crate::pool::Pool;

/// A coded picture: a plane of luma, and one of Cb and Cr samples in turns, with rows of the same stride.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nv12<'a> {
    pub(crate) luma: &'a [u8],
    pub(crate) chroma: &'a [u8],
    /// Bytes from the start of one row to the start of the next.
    pub(crate) stride: usize,
}

/// The visible part of a coded picture, in luma samples; all four are even, as 4:2:0 crops by twos.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visible {
    pub(crate) left: usize,
    pub(crate) top: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Nv12<'_> {
    /// Copies the visible part into one buffer of the pool, rows without padding. `None` if it is not within the
    /// picture.
    pub(crate) fn planes(self, visible: Visible, pool: &Pool) -> Option<[Plane; 3]> {
        let Visible { left, top, width, height } = visible;
        let (columns, rows) = (width / 2, height / 2);
        let luma = Rows::of(self.luma, self.stride, (left, top), (width, height))?;
        // A pair of samples is as wide as two of luma: same offset and same width in bytes.
        let chroma = Rows::of(self.chroma, self.stride, (left, top / 2), (width, rows))?;

        let mut buffer = pool.take(width * height + 2 * columns * rows);
        let (y, uv) = buffer.bytes_mut().split_at_mut(width * height);
        for (to, from) in y.chunks_exact_mut(width).zip(luma.rows()) {
            to.copy_from_slice(from);
        }
        let (u, v) = uv.split_at_mut(columns * rows);
        for ((u, v), from) in u.chunks_exact_mut(columns).zip(v.chunks_exact_mut(columns)).zip(chroma.rows()) {
            for ((u, v), pair) in u.iter_mut().zip(v).zip(from.chunks_exact(2)) {
                (*u, *v) = (pair[0], pair[1]);
            }
        }

        let mut rest: Bytes = buffer.freeze();
        let mut plane = |len: usize, stride: usize| Plane { data: rest.split_to(len), stride };
        Some([plane(width * height, width), plane(columns * rows, columns), plane(columns * rows, columns)])
    }
}

/// Part of each of some rows.
#[derive(Debug, Clone, Copy)]
struct Rows<'a> {
    /// From the first byte wanted.
    data: &'a [u8],
    stride: usize,
    width: usize,
}

impl<'a> Rows<'a> {
    /// `None` where they are not all there, or not there at all.
    fn of(
        plane: &'a [u8],
        stride: usize,
        (left, top): (usize, usize),
        (width, height): (usize, usize),
    ) -> Option<Self> {
        if width == 0 || height == 0 || left.checked_add(width)? > stride {
            return None;
        }
        let data = plane.get(top.checked_mul(stride)?.checked_add(left)?..)?;
        let needed = stride.checked_mul(height - 1)?.checked_add(width)?;
        (data.len() >= needed).then_some(Self { data, stride, width })
    }

    fn rows(self) -> impl Iterator<Item = &'a [u8]> {
        // The last row may end with its last sample.
        self.data.chunks(self.stride).filter_map(move |row| row.get(..self.width))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three rows of a picture of 8x6 with a stride of 10; each sample tells where it stands.
    fn picture() -> (Vec<u8>, Vec<u8>) {
        let luma = (0..60).map(|at| (at / 10 * 16 + at % 10) as u8).collect();
        let chroma = (0..30).map(|at| (128 + at / 10 * 16 + at % 10) as u8).collect();
        (luma, chroma)
    }

    #[test]
    fn cuts_the_visible_part_out_and_takes_pairs_apart() {
        let (luma, chroma) = picture();
        let visible = Visible { left: 2, top: 2, width: 4, height: 4 };
        let planes = Nv12 { luma: &luma, chroma: &chroma, stride: 10 }.planes(visible, &Pool::default());
        let [y, u, v] = planes.expect("within the picture");
        assert_eq!(y.data[..], [2, 3, 4, 5].map(|column| [2, 3, 4, 5].map(|x| column * 16 + x)).concat());
        assert_eq!((&u.data[..], &v.data[..]), (&[0x92, 0x94, 0xa2, 0xa4][..], &[0x93, 0x95, 0xa3, 0xa5][..]));
        assert_eq!([y.stride, u.stride, v.stride], [4, 2, 2]);
    }

    #[test]
    fn what_is_not_there_is_refused() {
        let (luma, chroma) = picture();
        let rows = [
            ((0, 0, 8, 6), 0, true),
            ((0, 0, 10, 6), 0, true), // padding is not ours to judge
            ((2, 0, 10, 6), 0, false),
            ((0, 2, 8, 6), 0, false),
            ((0, 0, 8, 6), 2, true), // of the last row, padding
            ((0, 0, 8, 6), 3, false),
            ((0, 0, 0, 6), 0, false),
            ((0, 0, 8, 0), 0, false),
            ((usize::MAX - 1, 0, 8, 6), 0, false),
            ((0, usize::MAX - 1, 8, 6), 0, false),
        ];
        for (row, ((left, top, width, height), missing, want)) in rows.into_iter().enumerate() {
            let visible = Visible { left, top, width, height };
            for (short_luma, short_chroma) in [(missing, 0), (0, missing)] {
                let luma = &luma[..60 - short_luma];
                let chroma = &chroma[..30 - short_chroma];
                let planes = Nv12 { luma, chroma, stride: 10 }.planes(visible, &Pool::default());
                assert_eq!(planes.is_some(), want, "row {row}: {visible:?}");
            }
        }
    }
}
