//! One walk through a document, which finds what is read of it and judges all the rest.

use serde::Deserialize;

use crate::bson::{self, Document, Value};
use crate::reasons::Reason;

// As many keys of one object may be read: one bit each.
const MOST_KEYS: usize = 128;

/// Dotted paths as a tree of keys; the slot of a path is its place among them.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Paths {
    keys: Vec<Key>,
    pub count: usize,
}

#[derive(Debug)]
struct Key {
    name: String,
    slot: Option<usize>,
    below: Vec<Key>,
}

impl TryFrom<Vec<String>> for Paths {
    type Error = String;

    fn try_from(paths: Vec<String>) -> Result<Self, String> {
        let mut keys = Vec::new();
        for (slot, path) in paths.iter().enumerate() {
            add(&mut keys, path, slot)?;
        }
        Ok(Paths { keys, count: paths.len() })
    }
}

fn add(keys: &mut Vec<Key>, path: &str, slot: usize) -> Result<(), String> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let index = keys.iter().position(|key| key.name == name).unwrap_or_else(|| {
        keys.push(Key { name: name.to_owned(), slot: None, below: Vec::new() });
        keys.len() - 1
    });
    if keys.len() > MOST_KEYS {
        return Err("too many keys of one object".to_owned());
    }
    let key = &mut keys[index];
    match rest {
        Some(rest) => add(&mut key.below, rest, slot),
        None if key.slot.is_none() => {
            key.slot = Some(slot);
            Ok(())
        }
        None => Err(format!("a path that is there twice: {path}")),
    }
}

impl Paths {
    /// Puts what a document has at the paths into their slots, which hold null before. Documents and arrays in slots are
    /// left for whoever reads them to walk through; `judges`: what is in none is judged here.
    pub fn read<'a>(
        &self,
        document: Document<'a>,
        slots: &mut [Value<'a>],
        depth: usize,
        judges: bool,
    ) -> Result<(), Reason> {
        read(&self.keys, document, slots, depth, judges)
    }
}

fn read<'a>(
    keys: &[Key],
    document: Document<'a>,
    slots: &mut [Value<'a>],
    depth: usize,
    judges: bool,
) -> Result<(), Reason> {
    bson::require_depth(depth)?;
    let mut met = 0u128;
    // Documents have their keys in the same order, mostly: the next is looked for behind the last.
    let mut expected = 0;
    let mut elements = document.elements();
    while let Some((name, value)) = elements.next_named()? {
        let (behind, ahead) = (keys[expected..].iter(), keys[..expected].iter());
        let Some(place) = behind.chain(ahead).position(|key| key.name.as_bytes() == name) else {
            if judges {
                bson::require_key(name)?;
                bson::validate(value, depth + 1)?;
            }
            continue;
        };
        let index = if place < keys.len() - expected { place + expected } else { place + expected - keys.len() };
        let key = &keys[index];
        expected = index + 1;
        if met & 1 << index != 0 {
            return Err(Reason::DuplicateKey);
        }
        met |= 1 << index;
        if let Some(slot) = key.slot {
            *slots.get_mut(slot).ok_or(Reason::BadProgram)? = value;
        }
        match value {
            _ if key.below.is_empty() => {}
            Value::Document(inner) => read(&key.below, inner, slots, depth + 1, judges)?,
            _ => bson::validate(value, depth + 1)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Paths {
        Paths::try_from(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn paths_find_their_values_in_any_order() {
        // {"b": {"c": true}, "x": 1, "a": false}
        let bytes = b"\x1c\0\0\0\x03b\0\x09\0\0\0\x08c\0\x01\0\x10x\0\x01\0\0\0\x08a\0\0\0";
        let (document, _) = Document::first(bytes).unwrap();
        let mut slots = [Value::Null; 3];
        paths(&["a", "b.c", "b.d"]).read(document, &mut slots, 0, true).unwrap();
        assert!(matches!(slots, [Value::Boolean(false), Value::Boolean(true), Value::Null]));
    }

    #[test]
    fn a_key_that_is_read_is_there_once() {
        let (document, _) = Document::first(b"\x0d\0\0\0\x08a\0\0\x08a\0\x01\0").unwrap();
        let read = paths(&["a"]).read(document, &mut [Value::Null], 0, true);
        assert_eq!(read, Err(Reason::DuplicateKey));
        assert_eq!(paths(&["b"]).read(document, &mut [Value::Null], 0, true), Ok(()));
    }
}
