//! Intra prediction from the samples left and above (H.264 §8.3.3, §8.3.4), without the plane mode.

use crate::picture::Plane;

/// How a macroblock is predicted; the numbers are `Intra16x16PredMode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Vertical = 0,
    Horizontal = 1,
    Dc = 2,
}

/// The luma prediction nearest to the source.
pub(super) fn best_luma(source: &Plane, around: &Plane, [x, y]: [usize; 2]) -> (Mode, [u8; 256]) {
    let above = (y > 0).then(|| around.row::<16>(x, y - 1));
    let left = (x > 0).then(|| core::array::from_fn::<u8, 16, _>(|row| around.at(x - 1, y + row)));
    let sum = |samples: &[u8; 16]| samples.iter().map(|&s| u32::from(s)).sum::<u32>();
    let dc = match (above, &left) {
        (Some(above), Some(left)) => (sum(above) + sum(left) + 16) >> 5,
        (Some(one), None) => (sum(one) + 8) >> 4,
        (None, Some(one)) => (sum(one) + 8) >> 4,
        (None, None) => 128,
    };
    let cost = |prediction: &[u8; 256]| -> u32 {
        let rows = prediction.chunks_exact(16).enumerate();
        rows.map(|(row, predicted)| difference(source.row::<16>(x, y + row), predicted)).sum()
    };

    let mut best = (Mode::Dc, [dc as u8; 256]);
    let mut lowest = cost(&best.1);
    let mut offer = |mode, prediction: [u8; 256]| {
        if lowest > 0 {
            let cost = cost(&prediction);
            if cost < lowest {
                (best, lowest) = ((mode, prediction), cost);
            }
        }
    };
    if let Some(above) = above {
        let mut prediction = [0; 256];
        for row in prediction.chunks_exact_mut(16) {
            row.copy_from_slice(above);
        }
        offer(Mode::Vertical, prediction);
    }
    if let Some(left) = left {
        let mut prediction = [0; 256];
        for (row, sample) in prediction.chunks_exact_mut(16).zip(left) {
            row.fill(sample);
        }
        offer(Mode::Horizontal, prediction);
    }
    best
}

/// The chroma prediction, one mode for both planes, nearest to the source.
pub(super) fn best_chroma(source: &[Plane; 2], around: &[Plane; 2], [x, y]: [usize; 2]) -> (Mode, [[u8; 64]; 2]) {
    let cost = |predictions: &[[u8; 64]; 2]| -> u32 {
        let planes = source.iter().zip(predictions);
        planes
            .flat_map(|(source, prediction)| {
                let rows = prediction.chunks_exact(8).enumerate();
                rows.map(|(row, predicted)| difference(source.row::<8>(x, y + row), predicted))
            })
            .sum()
    };
    let neighbours = [ChromaNeighbours::of(&around[0], [x, y]), ChromaNeighbours::of(&around[1], [x, y])];
    let mut best = (Mode::Dc, [neighbours[0].dc(), neighbours[1].dc()]);
    let mut lowest = cost(&best.1);
    let available = [(Mode::Vertical, y > 0), (Mode::Horizontal, x > 0)];
    for (mode, _) in available.into_iter().filter(|(_, available)| *available) {
        if lowest == 0 {
            break;
        }
        let predictions = [neighbours[0].straight(mode), neighbours[1].straight(mode)];
        let cost = cost(&predictions);
        if cost < lowest {
            (best, lowest) = ((mode, predictions), cost);
        }
    }
    best
}

struct ChromaNeighbours {
    above: Option<[u8; 8]>,
    left: Option<[u8; 8]>,
}

impl ChromaNeighbours {
    fn of(plane: &Plane, [x, y]: [usize; 2]) -> ChromaNeighbours {
        ChromaNeighbours {
            above: (y > 0).then(|| *plane.row::<8>(x, y - 1)),
            left: (x > 0).then(|| core::array::from_fn(|row| plane.at(x - 1, y + row))),
        }
    }

    /// Each 4x4 quarter has its own mean, and its own preference where both sides exist (§8.3.4.1-3).
    fn dc(&self) -> [u8; 64] {
        let half = |side: &Option<[u8; 8]>, second: bool| {
            let samples = side.as_ref()?;
            let half = &samples[4 * usize::from(second)..][..4];
            Some(half.iter().map(|&s| u32::from(s)).sum::<u32>())
        };
        let mut prediction = [0; 64];
        for (right, low) in [(false, false), (true, false), (false, true), (true, true)] {
            let (above, left) = (half(&self.above, right), half(&self.left, low));
            let mean = match (above, left, right == low) {
                (Some(above), Some(left), true) => (above + left + 4) >> 3,
                // The upper right quarter looks up, the lower left one looks left.
                (Some(above), Some(left), false) => ((if right { above } else { left }) + 2) >> 2,
                (Some(one), None, _) | (None, Some(one), _) => (one + 2) >> 2,
                (None, None, _) => 128,
            };
            for row in 0..4 {
                let at = 8 * (4 * usize::from(low) + row) + 4 * usize::from(right);
                prediction[at..at + 4].fill(mean as u8);
            }
        }
        prediction
    }

    /// Vertical or horizontal, where that side exists.
    fn straight(&self, mode: Mode) -> [u8; 64] {
        match (mode, self.above, self.left) {
            (Mode::Vertical, Some(above), _) => core::array::from_fn(|i| above[i % 8]),
            (Mode::Horizontal, _, Some(left)) => core::array::from_fn(|i| left[i / 8]),
            _ => self.dc(),
        }
    }
}

fn difference(source: &[u8], prediction: &[u8]) -> u32 {
    let pairs = source.iter().zip(prediction);
    pairs.map(|(&a, &b)| u32::from(a.abs_diff(b))).sum()
}
