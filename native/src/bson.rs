//! BSON as borrowed slices. Every length is checked before it is followed, and every text that is passed is UTF-8.

use crate::reasons::Reason;

/// MongoDB nests up to 100 levels, a pipeline around a stored document a few more.
pub const DEEPEST: usize = 120;

/// What the driver would turn into a `DBRef`.
pub const REFERENCE: &str = "$ref";

/// The elements of a document or an array, between its length and its last byte.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a>(&'a [u8]);

/// A value of a type that answers have; any other well-formed one is `Other`.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    Double(f64),
    Text(&'a str),
    Time(i64),
    Uuid(&'a [u8; 16]),
    ObjectId(&'a [u8; 12]),
    Document(Document<'a>),
    Array(Document<'a>),
    Other,
}

impl<'a> Document<'a> {
    /// The document at the beginning of these bytes, and what is behind it.
    pub fn first(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Reason> {
        let (length, _) = split::<4>(bytes)?;
        let length = i32::from_le_bytes(*length);
        if length < 5 {
            return Err(Reason::NotBson);
        }
        let (framed, rest) = bytes.split_at_checked(length as usize).ok_or(Reason::NotBson)?;
        match framed[4..].split_last() {
            Some((0, elements)) => Ok((Document(elements), rest)),
            _ => Err(Reason::NotBson),
        }
    }

    /// Writes it as it was.
    pub fn write(self, out: &mut Vec<u8>) {
        // Its length was read as an i32.
        out.extend_from_slice(&(self.0.len() as i32 + 5).to_le_bytes());
        out.extend_from_slice(self.0);
        out.push(0);
    }

    /// The elements in their order.
    pub fn elements(self) -> Elements<'a> {
        Elements(self.0)
    }
}

/// The elements that are still to be read.
pub struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// The next element of a document with its key; None at the end.
    // An iterator's would give what failed as one more of them.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<(&'a str, Value<'a>)>, Reason> {
        match self.next_named()? {
            None => Ok(None),
            Some((name, value)) => Ok(Some((key(name)?, value))),
        }
    }

    /// The next element with the bytes of its key, which need not be UTF-8.
    #[inline(always)]
    pub fn next_named(&mut self) -> Result<Option<(&'a [u8], Value<'a>)>, Reason> {
        self.next_of(text)
    }

    /// The bytes of the next key. What it names is passed over, and its texts need not be UTF-8 either.
    #[inline(always)]
    pub fn next_name(&mut self) -> Result<Option<&'a [u8]>, Reason> {
        Ok(self.next_of(|_| Ok(Value::Other))?.map(|(name, _)| name))
    }

    /// The next item of an array, whatever its key.
    pub fn next_item(&mut self) -> Result<Option<Value<'a>>, Reason> {
        Ok(self.next_named()?.map(|(_, value)| value))
    }

    /// `text`: what is made of a text.
    #[inline(always)]
    fn next_of(
        &mut self,
        text: impl Fn(&'a [u8]) -> Result<Value<'a>, Reason>,
    ) -> Result<Option<(&'a [u8], Value<'a>)>, Reason> {
        let Some((&kind, rest)) = self.0.split_first() else {
            return Ok(None);
        };
        let end = rest.iter().position(|&byte| byte == 0).ok_or(Reason::NotBson)?;
        let (value, behind) = value(kind, &rest[end + 1..], text)?;
        self.0 = behind;
        Ok(Some((&rest[..end], value)))
    }
}

/// The key that is written so.
pub fn key(name: &[u8]) -> Result<&str, Reason> {
    std::str::from_utf8(name).map_err(|_| Reason::NotUtf8)
}

fn text(content: &[u8]) -> Result<Value<'_>, Reason> {
    std::str::from_utf8(content).map(Value::Text).map_err(|_| Reason::NotUtf8)
}

#[inline(always)]
fn value<'a>(
    kind: u8,
    bytes: &'a [u8],
    text: impl Fn(&'a [u8]) -> Result<Value<'a>, Reason>,
) -> Result<(Value<'a>, &'a [u8]), Reason> {
    Ok(match kind {
        0x01 => {
            let (number, rest) = split::<8>(bytes)?;
            (Value::Double(f64::from_le_bytes(*number)), rest)
        }
        0x02 => {
            let (length, rest) = split::<4>(bytes)?;
            let length = usize::try_from(i32::from_le_bytes(*length)).map_err(|_| Reason::NotBson)?;
            let (ended, rest) = rest.split_at_checked(length).ok_or(Reason::NotBson)?;
            let Some((0, content)) = ended.split_last() else {
                return Err(Reason::NotBson);
            };
            (text(content)?, rest)
        }
        0x03 => {
            let (document, rest) = Document::first(bytes)?;
            (Value::Document(document), rest)
        }
        0x04 => {
            let (array, rest) = Document::first(bytes)?;
            (Value::Array(array), rest)
        }
        0x05 => binary(bytes)?,
        0x07 => {
            let (id, rest) = split::<12>(bytes)?;
            (Value::ObjectId(id), rest)
        }
        0x08 => match bytes.split_first() {
            Some((&flag @ (0 | 1), rest)) => (Value::Boolean(flag == 1), rest),
            _ => return Err(Reason::NotBson),
        },
        0x09 => {
            let (time, rest) = split::<8>(bytes)?;
            (Value::Time(i64::from_le_bytes(*time)), rest)
        }
        0x0a => (Value::Null, bytes),
        0x10 => {
            let (number, rest) = split::<4>(bytes)?;
            (Value::Integer(i32::from_le_bytes(*number).into()), rest)
        }
        0x11 => (Value::Other, split::<8>(bytes)?.1),
        0x12 => {
            let (number, rest) = split::<8>(bytes)?;
            (Value::Integer(i64::from_le_bytes(*number)), rest)
        }
        0x13 => (Value::Other, split::<16>(bytes)?.1),
        // Regular expressions, code and what is out of use: the driver knows more of them than is needed here.
        _ => return Err(Reason::OddType),
    })
}

fn binary(bytes: &[u8]) -> Result<(Value<'_>, &[u8]), Reason> {
    let (length, rest) = split::<4>(bytes)?;
    let length = usize::try_from(i32::from_le_bytes(*length)).map_err(|_| Reason::NotBson)?;
    let (&subtype, rest) = rest.split_first().ok_or(Reason::NotBson)?;
    let (content, rest) = rest.split_at_checked(length).ok_or(Reason::NotBson)?;
    match (subtype, <&[u8; 16]>::try_from(content)) {
        (2, _) => Err(Reason::OddType),
        (4, Ok(uuid)) => Ok((Value::Uuid(uuid), rest)),
        _ => Ok((Value::Other, rest)),
    }
}

fn split<const N: usize>(bytes: &[u8]) -> Result<(&[u8; N], &[u8]), Reason> {
    bytes.split_first_chunk::<N>().ok_or(Reason::NotBson)
}

/// Walks through a value that no answer has: the driver would refuse a page for what isn't BSON anywhere in it.
pub fn validate(value: Value<'_>, depth: usize) -> Result<(), Reason> {
    match value {
        Value::Document(document) => validate_document(document, depth),
        Value::Array(array) => {
            require_depth(depth)?;
            let mut items = array.elements();
            while let Some(item) = items.next_item()? {
                validate(item, depth + 1)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// As `validate`, of a document.
pub fn validate_document(document: Document<'_>, depth: usize) -> Result<(), Reason> {
    require_depth(depth)?;
    let mut elements = document.elements();
    while let Some((name, value)) = elements.next_named()? {
        require_key(name)?;
        validate(value, depth + 1)?;
    }
    Ok(())
}

/// Refuses what is deeper than can be stored.
pub fn require_depth(depth: usize) -> Result<(), Reason> {
    if depth > DEEPEST { Err(Reason::TooDeep) } else { Ok(()) }
}

/// Refuses the key of what may be a database reference, and bytes that are none.
pub fn require_key(name: &[u8]) -> Result<(), Reason> {
    if !name.is_ascii() {
        key(name)?;
    }
    require_no_reference(name)
}

/// Refuses the key of what may be a database reference.
pub fn require_no_reference(key: impl AsRef<[u8]>) -> Result<(), Reason> {
    if key.as_ref() == REFERENCE.as_bytes() { Err(Reason::OddType) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(bytes: &[u8]) -> Result<Vec<(String, Value<'_>)>, Reason> {
        let (document, _) = Document::first(bytes)?;
        let (mut elements, mut read) = (document.elements(), Vec::new());
        while let Some((key, value)) = elements.next()? {
            read.push((key.to_owned(), value));
        }
        Ok(read)
    }

    #[test]
    fn a_document_is_read_in_its_order() {
        let bytes = b"\x15\0\0\0\x10a\0\x05\0\0\0\x02b\0\x02\0\0\0x\0\0";
        let read = elements(bytes).unwrap();
        assert!(matches!(read[0], (ref key, Value::Integer(5)) if key == "a"));
        assert!(matches!(read[1], (ref key, Value::Text("x")) if key == "b"));
    }

    #[test]
    fn no_length_is_followed_beyond_its_bytes() {
        for bytes in [
            &b""[..],
            b"\x05\0\0",
            b"\x04\0\0\0",
            b"\x06\0\0\0\0",
            b"\xff\xff\xff\xff\0",
            b"\x05\0\0\0\x01",
            b"\x07\0\0\0\x0aa\0",
            b"\x0d\0\0\0\x02a\0\xff\xff\xff\x7f\0\0",
            b"\x0c\0\0\0\x02a\0\0\0\0\0\0",
            b"\x0e\0\0\0\x03a\0\xf0\0\0\0\0\0",
            b"\x0d\0\0\0\x05a\0\x02\0\0\0\0\0",
            b"\x09\0\0\0\x08a\0\x02\0",
            b"\x06\0\0\0\0\0",
        ] {
            assert!(elements(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_text_is_utf8() {
        assert_eq!(elements(b"\x0e\0\0\0\x02a\0\x02\0\0\0\xff\0\0").unwrap_err(), Reason::NotUtf8);
        assert_eq!(elements(b"\x08\0\0\0\x0a\xff\0\0").unwrap_err(), Reason::NotUtf8);
    }
}
