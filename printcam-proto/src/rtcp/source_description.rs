//! Source description (RFC 3550 §6.5), of which only the CNAME is of use.

use super::compound::write_header;

/// Who the sources are (RFC 3550 §6.5): a list of chunks, read leniently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceDescription<'a> {
    count: u8,
    body: &'a [u8],
}

/// What is said of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// The source.
    pub ssrc: u32,
    /// Its canonical name (RFC 3550 §6.5.1), which should be UTF-8. Printers put their model code here.
    pub cname: Option<&'a [u8]>,
}

impl<'a> SourceDescription<'a> {
    /// Packet type on the wire.
    pub const PACKET_TYPE: u8 = 202;

    /// The chunks announced, as far as they are there.
    ///
    /// There is no error to be had: nothing is decided by a source description. A chunk that the end of the packet
    /// cuts off counts as ended there, and an item whose text is cut counts as absent.
    pub fn chunks(&self) -> impl Iterator<Item = Chunk<'a>> + use<'a> {
        let mut rest = self.body;
        (0..self.count).map_while(move |_| {
            let (chunk, after) = read_chunk(rest)?;
            rest = after;
            Some(chunk)
        })
    }

    /// Appends an RTCP packet that says the CNAME of one source (RFC 3550 §6.5.1).
    ///
    /// A name of more than 255 octets is cut between two characters.
    pub fn write_cname(out: &mut Vec<u8>, ssrc: u32, cname: &str) {
        let mut length = cname.len().min(usize::from(u8::MAX));
        while !cname.is_char_boundary(length) {
            length -= 1;
        }
        // SSRC, type, length, text, and one to four zeros that end the list on a word.
        let zeros = 4 - (2 + length) % 4;
        write_header(out, 1, Self::PACKET_TYPE, 4 + 2 + length + zeros);
        out.extend_from_slice(&ssrc.to_be_bytes());
        out.extend_from_slice(&[CNAME, length as u8]);
        out.extend_from_slice(&cname.as_bytes()[..length]);
        out.extend_from_slice(&[0; 4][..zeros]);
    }

    /// What follows the RTCP header that announces `count` chunks.
    pub(super) fn new(count: u8, body: &'a [u8]) -> Self {
        Self { count, body }
    }
}

/// Reads one chunk, and returns what follows it; None where not even an SSRC is left.
fn read_chunk(bytes: &[u8]) -> Option<(Chunk<'_>, &[u8])> {
    let (ssrc, mut rest) = bytes.split_first_chunk()?;
    let mut chunk = Chunk { ssrc: u32::from_be_bytes(*ssrc), cname: None };
    loop {
        match *rest {
            // The end of the list, whose zeros go on to the next word.
            [END, ..] => {
                let padding = (rest.len() - 1) % 4 + 1;
                return Some((chunk, &rest[padding..]));
            }
            [kind, length, ref after @ ..] => {
                let Some((text, after)) = after.split_at_checked(length.into()) else {
                    return Some((chunk, &[]));
                };
                if kind == CNAME {
                    chunk.cname.get_or_insert(text);
                }
                rest = after;
            }
            _ => return Some((chunk, &[])),
        }
    }
}

/// Item type that ends a chunk (RFC 3550 §6.5).
const END: u8 = 0;
/// Item type of the canonical name (RFC 3550 §6.5.1).
const CNAME: u8 = 1;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chunks(count: u8, body: &[u8]) -> Vec<(u32, Option<&[u8]>)> {
        let chunks = SourceDescription::new(count, body).chunks();
        chunks.map(|chunk| (chunk.ssrc, chunk.cname)).collect()
    }

    #[test]
    fn chunks_are_read_leniently() {
        let two = b"\0\0\0\x07\x01\x02ab\0\0\0\0\0\0\0\x08\x01\x01c\0";
        let want_two = [(7, Some(&b"ab"[..])), (8, Some(&b"c"[..]))];
        for (name, count, body, want) in [
            ("none announced", 0, &two[..], &[][..]),
            ("one announced", 1, &two[..], &want_two[..1]),
            ("two", 2, &two[..], &want_two[..]),
            ("more announced than there are", 31, &two[..], &want_two[..]),
            ("tool before the name", 1, b"\0\0\0\x07\x06\x01x\x01\x02ab\0\0", &want_two[..1]),
            ("two names: the first", 1, b"\0\0\0\x07\x01\x02ab\x01\x01x\0", &want_two[..1]),
            ("unterminated", 1, b"\0\0\0\x07\x01\x02ab", &want_two[..1]),
            ("unterminated, type only", 1, b"\0\0\0\x07\x01\x02ab\x06", &want_two[..1]),
            ("text past the end", 2, b"\0\0\0\x07\x01\x09ab", &[(7, None)]),
            ("empty name", 1, b"\0\0\0\x07\x01\0\0\0", &[(7, Some(b""))]),
            ("no items", 1, b"\0\0\0\x07\0\0\0\0", &[(7, None)]),
            ("no items, no end", 1, b"\0\0\0\x07", &[(7, None)]),
            ("SSRC cut", 1, b"\0\0\0", &[]),
            ("nothing", 1, b"", &[]),
        ] {
            assert_eq!(chunks(count, body), want, "{name}");
        }
    }

    #[test]
    fn name_is_written_on_words() {
        for (name, want) in [
            ("", &b"\x81\xca\0\x02\0\0\0\x09\x01\0\0\0"[..]),
            ("a", b"\x81\xca\0\x02\0\0\0\x09\x01\x01a\0"),
            ("ab", b"\x81\xca\0\x03\0\0\0\x09\x01\x02ab\0\0\0\0"),
            ("abc", b"\x81\xca\0\x03\0\0\0\x09\x01\x03abc\0\0\0"),
        ] {
            let mut out = Vec::new();
            SourceDescription::write_cname(&mut out, 9, name);
            assert_eq!(out, want, "{name:?}");
        }
    }

    #[test]
    fn long_name_is_cut_between_characters() {
        for (name, want) in [("x".repeat(300), 255), ("é".repeat(200), 254)] {
            let mut out = Vec::new();
            SourceDescription::write_cname(&mut out, 9, &name);
            assert_eq!(chunks(1, &out[4..]), [(9, Some(&name.as_bytes()[..want]))]);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_some_chunks(count in 0_u8..32, body in proptest::collection::vec(0_u8..8, 0..200)) {
            prop_assert!(chunks(count, &body).len() <= usize::from(count).min(body.len() / 4));
        }
    }
}
