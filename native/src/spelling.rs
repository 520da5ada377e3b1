//! JSON as the Python way spells it: orjson's texts and numbers, the gateway's times, ids and other BSON values.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::bson::{self, Document, Value, require_depth, require_no_reference};
use crate::reasons::Reason;
use crate::times;

// Of so many keys each is compared with each; of more a set is made.
const FEW_KEYS: usize = 12;
const HEX: &[u8; 16] = b"0123456789abcdef";

/// A text in quotes.
pub fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escaped(out, text);
    out.push(b'"');
}

/// A key in quotes; as bytes, because most are seen to be plain while it is seen that they are UTF-8.
pub fn key(out: &mut Vec<u8>, name: &[u8]) -> Result<(), Reason> {
    if name.is_ascii() && is_plain(name) {
        out.push(b'"');
        out.extend_from_slice(name);
        out.push(b'"');
    } else {
        text(out, bson::key(name)?);
    }
    Ok(())
}

/// A text without its quotes.
pub fn escaped(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    if is_plain(bytes) {
        out.extend_from_slice(bytes);
        return;
    }
    let mut begin = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[begin..index]);
        begin = index + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            _ => {
                out.extend_from_slice(b"\\u00");
                hex(out, &[byte]);
            }
        }
    }
    out.extend_from_slice(&bytes[begin..]);
}

/// Whether nothing has to be escaped: eight bytes at a time, as most texts are plain.
fn is_plain(bytes: &[u8]) -> bool {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    // The high bit of each byte that is 0; those of others may be set too, but only above one that is.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let (words, rest) = bytes.as_chunks::<8>();
    let odd = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        let below_space = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        below_space | zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')))
    };
    words.iter().fold(0, |met, word| met | odd(word)) == 0
        && rest.iter().all(|&byte| byte >= 0x20 && byte != b'"' && byte != b'\\')
}

pub fn integer(out: &mut Vec<u8>, number: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// A number that is finite: JSON has no other.
pub fn double(out: &mut Vec<u8>, number: f64) -> Result<(), Reason> {
    if !number.is_finite() {
        return Err(Reason::BadValue);
    }
    out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
    Ok(())
}

pub fn boolean(out: &mut Vec<u8>, flag: bool) {
    out.extend_from_slice(if flag { b"true" } else { b"false" });
}

pub fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(b"null");
}

/// Hexadecimal digits.
pub fn hex(out: &mut Vec<u8>, bytes: &[u8]) {
    for &byte in bytes {
        out.push(HEX[usize::from(byte >> 4)]);
        out.push(HEX[usize::from(byte & 15)]);
    }
}

/// A UUID's text, without quotes.
pub fn uuid(out: &mut Vec<u8>, uuid: &[u8; 16]) {
    for (number, part) in [&uuid[..4], &uuid[4..6], &uuid[6..8], &uuid[8..10], &uuid[10..]].into_iter().enumerate() {
        if number > 0 {
            out.push(b'-');
        }
        hex(out, part);
    }
}

/// JSON as an opaque text, in quotes.
pub fn opaque(out: &mut Vec<u8>, json: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(URL_SAFE_NO_PAD.encode(json).as_bytes());
    out.push(b'"');
}

/// Any value as it was recorded; `most`: the length that the answer may come to.
pub fn recorded(out: &mut Vec<u8>, value: Value<'_>, depth: usize, most: usize) -> Result<(), Reason> {
    match value {
        Value::Null => null(out),
        Value::Boolean(flag) => boolean(out, flag),
        Value::Integer(number) => integer(out, number),
        Value::Double(number) => double(out, number)?,
        Value::Text(content) => text(out, content),
        Value::Time(milliseconds) => {
            out.push(b'"');
            times::time(out, milliseconds)?;
            out.push(b'"');
        }
        Value::Uuid(content) => {
            out.push(b'"');
            uuid(out, content);
            out.push(b'"');
        }
        Value::ObjectId(id) => {
            out.extend_from_slice(b"{\"$oid\":\"");
            hex(out, id);
            out.extend_from_slice(b"\"}");
        }
        Value::Array(array) => {
            require_depth(depth)?;
            let mut items = array.elements();
            let mut opening = b'[';
            while let Some(item) = items.next_item()? {
                out.push(opening);
                opening = b',';
                recorded(out, item, depth + 1, most)?;
            }
            out.extend_from_slice(if opening == b'[' { b"[]" } else { b"]" });
        }
        Value::Document(document) => recorded_document(out, document, depth, most)?,
        Value::Other => return Err(Reason::OddType),
    }
    if out.len() > most { Err(Reason::TooLarge) } else { Ok(()) }
}

fn recorded_document(out: &mut Vec<u8>, document: Document<'_>, depth: usize, most: usize) -> Result<(), Reason> {
    require_depth(depth)?;
    let mut keys = Keys::default();
    let mut elements = document.elements();
    let mut opening = b'{';
    while let Some((name, value)) = elements.next_named()? {
        require_no_reference(name)?;
        keys.add(name)?;
        out.push(opening);
        opening = b',';
        key(out, name)?;
        out.push(b':');
        recorded(out, value, depth + 1, most)?;
    }
    out.extend_from_slice(if opening == b'{' { b"{}" } else { b"}" });
    Ok(())
}

/// The keys of one object so far, each of which may be there once: of two the driver keeps the last at the place of the
/// first.
#[derive(Default)]
pub struct Keys<'a> {
    few: [&'a [u8]; FEW_KEYS],
    count: usize,
    more: HashSet<&'a [u8]>,
}

impl<'a> Keys<'a> {
    pub fn add(&mut self, key: &'a [u8]) -> Result<(), Reason> {
        let few = &self.few[..self.count.min(FEW_KEYS)];
        if few.contains(&key) || (self.count >= FEW_KEYS && !self.more.insert(key)) {
            return Err(Reason::DuplicateKey);
        }
        if self.count < FEW_KEYS {
            self.few[self.count] = key;
        }
        self.count += 1;
        Ok(())
    }
}

#[cfg(test)]
pub fn spelled(write: impl Fn(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_as_orjson_does() {
        let spelling = spelled(|out| text(out, "é\u{2028}\"\\/\u{8}\t\n\u{c}\r\0\u{1f}\u{7f}"));
        assert_eq!(spelling, "\"é\u{2028}\\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u001f\u{7f}\"");
    }

    #[test]
    fn what_has_to_be_escaped_is_seen_at_every_place() {
        for length in 1..20 {
            for place in 0..length {
                for byte in 0..0x80 {
                    let mut bytes = vec![b'a'; length];
                    bytes[place] = byte;
                    let is_odd = byte < 0x20 || byte == b'"' || byte == b'\\';
                    assert_eq!(is_plain(&bytes), !is_odd, "{byte} at {place} of {length}");
                }
            }
        }
        assert!(is_plain("é\u{2028}\u{10ffff}\u{80}\u{7f}".as_bytes()));
    }

    #[test]
    fn a_key_is_there_once_among_many_too() {
        let names: Vec<String> = (0..40).map(|number| number.to_string()).collect();
        for twice in &names {
            let mut keys = Keys::default();
            assert!(names.iter().all(|name| keys.add(name.as_bytes()).is_ok()));
            assert_eq!(keys.add(twice.as_bytes()), Err(Reason::DuplicateKey));
        }
    }
}
