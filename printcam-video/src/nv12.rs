//! The layout hardware decoders give: luma, and one plane of Cb and Cr by turns.

use crate::Plane;
#[cfg(any(test, target_vendor = "apple"))]
use crate::Planes;
use crate::frame::plane_sizes;
use crate::pool::Pool;

/// Rows in memory that belongs to somebody else, `stride` bytes apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub(crate) data: &'a [u8],
    pub(crate) stride: usize,
}

/// The same to write to.
#[cfg(any(test, target_vendor = "apple"))]
#[derive(Debug)]
pub(crate) struct RowsMut<'a> {
    pub(crate) data: &'a mut [u8],
    pub(crate) stride: usize,
}

/// Copies an NV12 picture of this size, in luma samples, to planes Y, Cb and Cr without padding, in one buffer of the pool. `None` when it has no
/// samples or the memory does not hold it.
pub(crate) fn to_i420(size: (u32, u32), luma: Rows<'_>, chroma: Rows<'_>, pool: &Pool) -> Option<[Plane; 3]> {
    let sizes = plane_sizes(size);
    let [(width, height), (columns, rows), _] = sizes;
    if !holds(luma.data.len(), luma.stride, (width, height))
        || !holds(chroma.data.len(), chroma.stride, (2 * columns, rows))
    {
        return None;
    }
    let mut samples = pool.take(width * height + 2 * columns * rows);
    let (y, rest) = samples.bytes_mut().split_at_mut(width * height);
    let (u, v) = rest.split_at_mut(columns * rows);
    for (to, from) in y.chunks_exact_mut(width).zip(luma.data.chunks(luma.stride)) {
        to.copy_from_slice(&from[..width]);
    }
    for ((u, v), from) in
        u.chunks_exact_mut(columns).zip(v.chunks_exact_mut(columns)).zip(chroma.data.chunks(chroma.stride))
    {
        for ((u, v), pair) in u.iter_mut().zip(v).zip(from.as_chunks::<2>().0) {
            [*u, *v] = *pair;
        }
    }
    let mut samples = samples.freeze();
    Some(sizes.map(|(columns, rows)| Plane { data: samples.split_to(columns * rows), stride: columns }))
}

/// Copies planes to memory laid out as NV12. `None`, and nothing done, when that has no room for them.
#[cfg(any(test, target_vendor = "apple"))]
pub(crate) fn from_planes(planes: Planes<'_>, luma: RowsMut<'_>, chroma: RowsMut<'_>) -> Option<()> {
    let Planes { y, u, v } = planes;
    if !holds(luma.data.len(), luma.stride, (y.width, y.height))
        || !holds(chroma.data.len(), chroma.stride, (2 * u.width, u.height))
    {
        return None;
    }
    for (to, from) in luma.data.chunks_mut(luma.stride).zip(y.rows()) {
        to[..y.width].copy_from_slice(from);
    }
    for (to, (u, v)) in chroma.data.chunks_mut(chroma.stride).zip(u.rows().zip(v.rows())) {
        for (pair, (u, v)) in to.as_chunks_mut::<2>().0.iter_mut().zip(u.iter().zip(v)) {
            *pair = [*u, *v];
        }
    }
    Some(())
}

/// Whether memory of `len` bytes has this many rows of this many bytes.
fn holds(len: usize, stride: usize, (columns, rows): (usize, usize)) -> bool {
    let Some(last) = rows.checked_sub(1) else { return false };
    columns > 0
        && stride >= columns
        && last.checked_mul(stride).and_then(|start| start.checked_add(columns)).is_some_and(|needed| needed <= len)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use bytes::Bytes;

    use crate::testing::i420;
    use crate::{ColorRange, Frame};

    fn frame(size: (u32, u32), planes: [Plane; 3]) -> Frame {
        Frame::new(size, planes, ColorRange::Full, None, 0, Instant::now()).expect("planes fit")
    }

    /// 3x3 in rows of 5 and of 6 bytes; 99 is padding, and the last rows end with their last samples.
    const LUMA: [u8; 13] = [1, 2, 3, 99, 99, 4, 5, 6, 99, 99, 7, 8, 9];
    const CHROMA: [u8; 10] = [10, 20, 11, 21, 99, 99, 12, 22, 13, 23];
    const I420: [u8; 17] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 20, 21, 22, 23];

    #[test]
    fn to_planes_and_back() {
        let planes =
            to_i420((3, 3), Rows { data: &LUMA, stride: 5 }, Rows { data: &CHROMA, stride: 6 }, &Pool::default());
        let frame = frame((3, 3), planes.expect("it is all there"));
        assert_eq!(i420(&frame), I420);

        let (mut luma, mut chroma) = ([99; LUMA.len()], [99; CHROMA.len()]);
        let written = from_planes(
            frame.planes(),
            RowsMut { data: &mut luma, stride: 5 },
            RowsMut { data: &mut chroma, stride: 6 },
        );
        assert_eq!((written, luma, chroma), (Some(()), LUMA, CHROMA), "padding is left alone");
    }

    #[test]
    fn memory_too_small_is_refused() {
        let rows = [
            ("no columns", (0, 3), 13, 5, 10, 6),
            ("no rows", (3, 0), 13, 5, 10, 6),
            ("luma ends early", (3, 3), 12, 5, 10, 6),
            ("luma rows overlap", (3, 3), 13, 2, 10, 6),
            ("chroma ends early", (3, 3), 13, 5, 9, 6),
            ("chroma rows overlap", (3, 3), 13, 5, 10, 3),
            ("absurd stride", (3, 3), 13, usize::MAX, 10, 6),
            ("no stride", (3, 3), 13, 0, 10, 0),
        ];
        let planes = [(9, 3), (4, 2), (4, 2)].map(|(len, stride)| Plane { data: Bytes::from(vec![1; len]), stride });
        let good = frame((3, 3), planes);
        for (row, size, luma_len, luma_stride, chroma_len, chroma_stride) in rows {
            let luma = Rows { data: &LUMA[..luma_len], stride: luma_stride };
            let chroma = Rows { data: &CHROMA[..chroma_len], stride: chroma_stride };
            assert!(to_i420(size, luma, chroma, &Pool::default()).is_none(), "{row}");
            if size != (3, 3) {
                continue;
            }
            let (mut luma, mut chroma) = ([99; LUMA.len()], [99; CHROMA.len()]);
            let written = from_planes(
                good.planes(),
                RowsMut { data: &mut luma[..luma_len], stride: luma_stride },
                RowsMut { data: &mut chroma[..chroma_len], stride: chroma_stride },
            );
            assert!(written.is_none() && luma == [99; 13] && chroma == [99; 10], "{row}");
        }
    }
}
