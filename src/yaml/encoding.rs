//! The text of a file: UTF-8, or UTF-16 behind a byte order mark, as Windows editors and shells write it.
//!
//! YAML allows both (1.2.2, section 5.2), and kubectl decodes both in files (`unicode.BOMOverride` in
//! `FileVisitor.Visit` of `k8s.io/cli-runtime/pkg/resource/visitor.go`).

use super::At;
use crate::pki::pem::advice;
use zeroize::Zeroizing;

/// Bytes that are not a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecodable {
    /// What is wrong.
    pub what: String,
    /// Where, in characters of what can be decoded.
    pub at: At,
    /// What to do.
    pub help: &'static str,
    /// What can be decoded, with U+FFFD for the rest.
    pub text: Zeroizing<String>,
}

const MARK: char = '\u{feff}';

/// Decodes a text and takes away the byte order mark. Of UTF-8 the bytes themselves become the text.
///
/// # Errors
/// The first byte that is not UTF-8, and behind a byte order mark of UTF-16 the first that is not UTF-16.
pub fn decode(bytes: &mut Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, Undecodable> {
    let word = match &bytes[..] {
        // UTF-32, which nobody who applies manifests reads.
        [0xff, 0xfe, 0, 0, ..] => None,
        [0xff, 0xfe, ..] => Some(u16::from_le_bytes as fn([u8; 2]) -> u16),
        [0xfe, 0xff, ..] => Some(u16::from_be_bytes as fn([u8; 2]) -> u16),
        _ => None,
    };
    if let Some(word) = word {
        return of_words(&bytes[2..], word);
    }
    if let Err(error) = std::str::from_utf8(bytes) {
        let end = error.valid_up_to();
        let before = String::from_utf8_lossy(&bytes[..end]);
        return Err(Undecodable {
            what: format!("the text is not UTF-8 (byte {})", end + 1),
            at: end_of(&before),
            help: advice(bytes),
            text: Zeroizing::new(String::from_utf8_lossy(bytes).into_owned()),
        });
    }
    // Windows editors put one in front.
    if bytes.starts_with(MARK.to_string().as_bytes()) {
        bytes.drain(..MARK.len_utf8());
    }
    let text = String::from_utf8(std::mem::take(&mut **bytes)).expect("it was just seen to be");
    Ok(Zeroizing::new(text))
}

/// Decodes what is behind the byte order mark of UTF-16.
fn of_words(bytes: &[u8], word: fn([u8; 2]) -> u16) -> Result<Zeroizing<String>, Undecodable> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    // Where memory is taken once, nothing of a key is left behind.
    let mut text = Zeroizing::new(String::with_capacity(pairs.len() * 3));
    let mut broken = None;
    let mut read = 2;
    for found in char::decode_utf16(pairs.iter().map(|pair| word(*pair))) {
        let found = found.unwrap_or_else(|_| {
            broken.get_or_insert((read, text.len()));
            char::REPLACEMENT_CHARACTER
        });
        text.push(found);
        read += 2 * found.len_utf16();
    }
    if !rest.is_empty() {
        broken.get_or_insert((read, text.len()));
    }
    let Some((byte, end)) = broken else {
        return Ok(text);
    };
    Err(Undecodable {
        what: format!("the text is not UTF-16 (byte {})", byte + 1),
        at: end_of(&text[..end]),
        help: "write it again as UTF-8: this one is cut off or damaged",
        text,
    })
}

/// Returns the place behind a text.
fn end_of(before: &str) -> At {
    let line = before.rsplit('\n').next().unwrap_or_default();
    At::new(before.matches('\n').count() + 1, line.chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    fn decoded(bytes: &[u8]) -> Result<String, (String, At)> {
        match decode(&mut Zeroizing::new(bytes.to_vec())) {
            Ok(text) => Ok(text.to_string()),
            Err(error) => Err((error.what, error.at)),
        }
    }

    #[test]
    fn the_same_text_comes_of_each_encoding_that_kubectl_reads() {
        let text = "a: \u{e9}\n---\nb: \u{1f511}\n";
        let marked = format!("\u{feff}{text}");
        for bytes in [
            text.as_bytes().to_vec(),
            marked.as_bytes().to_vec(),
            words(&marked, u16::to_le_bytes),
            words(&marked, u16::to_be_bytes),
        ] {
            assert_eq!(decoded(&bytes).as_deref(), Ok(text), "{bytes:x?}");
        }
    }

    #[test]
    fn bytes_that_are_not_a_text_are_refused_with_their_place() {
        let at = |line, column| At::new(line, column);
        let mut lone = words("\u{feff}a\nb", u16::to_le_bytes);
        lone.extend([0x00, 0xd8, b'c', 0]);
        let mut half = words("\u{feff}a", u16::to_be_bytes);
        half.push(0);
        let mut wide = vec![0xff, 0xfe, 0, 0];
        wide.extend([b'a', 0, 0, 0]);
        for (bytes, what, place) in [
            (
                b"a: 1\nb: \xe9".to_vec(),
                "the text is not UTF-8 (byte 9)",
                at(2, 4),
            ),
            (lone, "the text is not UTF-16 (byte 9)", at(2, 2)),
            (half, "the text is not UTF-16 (byte 5)", at(1, 2)),
            (wide, "the text is not UTF-8 (byte 1)", at(1, 1)),
        ] {
            assert_eq!(decoded(&bytes), Err((what.to_owned(), place)));
        }
    }
}
