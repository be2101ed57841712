//! Two decoders for one stream, of which the first may turn out not to work on this device.

use crate::{AccessUnit, DecodeError, Decoder, Frame};

/// Decodes with `first`, unless the platform fails it before its first picture: then with `second`, from that access
/// unit on and for good.
///
/// Only [`DecodeError::Platform`] makes it change over. What is wrong with a stream is wrong for both, and what a
/// decoder that has shown a picture cannot decode is not cured by another one without its reference pictures.
#[derive(Debug)]
pub struct Fallback<A, B> {
    /// Absent once it has been given up.
    first: Option<A>,
    /// The first one has shown a picture.
    proven: bool,
    second: B,
}

impl<A: Decoder, B: Decoder> Fallback<A, B> {
    /// Prefers `first`; `second` sees nothing until it is needed.
    pub fn new(first: A, second: B) -> Self {
        Self { first: Some(first), proven: false, second }
    }
}

impl<A: Decoder, B: Decoder> Decoder for Fallback<A, B> {
    fn decode(&mut self, access_unit: &AccessUnit) -> Result<Option<Frame>, DecodeError> {
        let Some(first) = &mut self.first else {
            return self.second.decode(access_unit);
        };
        let result = first.decode(access_unit);
        match &result {
            Err(DecodeError::Platform { code }) if !self.proven => {
                tracing::info!(target: "printcam::decode", code, "no decoder of the platform, using the embedded one");
                self.first = None;
                return self.second.decode(access_unit);
            }
            Ok(Some(_)) => self.proven = true,
            _ => {}
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::time::Instant;

    use bytes::Bytes;

    use super::*;
    use crate::testing::{Clip, encode};
    use crate::{ColorRange, Plane};

    type Answer = Result<Option<u64>, DecodeError>;

    /// Gives what it was told to, `None` when asked too often; pictures are told apart by their timestamps.
    struct Scripted(VecDeque<Answer>);

    impl Scripted {
        fn new(answers: &[Answer]) -> Self {
            Self(answers.iter().cloned().collect())
        }
    }

    impl Decoder for Scripted {
        fn decode(&mut self, _access_unit: &AccessUnit) -> Result<Option<Frame>, DecodeError> {
            let answer = self.0.pop_front().unwrap_or(Ok(None))?;
            Ok(answer.map(|timestamp| {
                let planes = [4, 1, 1].map(|len| Plane { data: Bytes::from(vec![0; len]), stride: 2 });
                Frame::new((2, 2), planes, ColorRange::Full, None, timestamp, Instant::now()).expect("planes fit")
            }))
        }
    }

    const NO_DECODER: Answer = Err(DecodeError::Platform { code: -12906 });
    const DAMAGED: Answer = Err(DecodeError::Damaged);
    const NOT_YET: Answer = Ok(None);
    const FIRST: Answer = Ok(Some(1));
    const SECOND: Answer = Ok(Some(2));

    fn answers(clip: &Clip, first: &[Answer], second: &[Answer]) -> Vec<Answer> {
        let mut decoder = Fallback::new(Scripted::new(first), Scripted::new(second));
        let answer = |access_unit| decoder.decode(access_unit).map(|frame| frame.map(|frame| frame.timestamp()));
        clip.access_units.iter().take(4).map(answer).collect()
    }

    #[test]
    fn changes_over_before_the_first_picture_or_never() {
        let clip = encode("96x80", "-profile:v main");
        let rows: [(&str, &[Answer], [Answer; 4]); 4] = [
            ("at once", &[NO_DECODER, FIRST, FIRST, FIRST], [SECOND, SECOND, SECOND, SECOND]),
            ("after waiting", &[NOT_YET, DAMAGED, NO_DECODER, FIRST], [NOT_YET, DAMAGED, SECOND, SECOND]),
            ("never: it works", &[FIRST, NO_DECODER, DAMAGED, FIRST], [FIRST, NO_DECODER, DAMAGED, FIRST]),
            ("never: the stream is bad", &[DAMAGED, DAMAGED, DAMAGED, FIRST], [DAMAGED, DAMAGED, DAMAGED, FIRST]),
        ];
        for (row, first, want) in rows {
            assert_eq!(answers(&clip, first, &[SECOND, SECOND, SECOND, SECOND]), want, "{row}");
        }
    }

    #[test]
    fn errors_of_the_second_are_its_own() {
        let clip = encode("96x80", "-profile:v main");
        let second = [DAMAGED, NO_DECODER, SECOND, NOT_YET];
        assert_eq!(answers(&clip, &[NO_DECODER, FIRST, FIRST, FIRST], &second), second);
    }
}
