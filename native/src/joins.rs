//! What joins and look-ups are made of, read of documents that stay undecoded.

use std::collections::{HashMap, HashSet};

use crate::bson::{Document, REFERENCE, Value};
use crate::pages::{Fetched, Picked};
use crate::reasons::Reason;

/// Documents, one key's behind the other, and how many there are of each key.
#[derive(Debug, Default)]
pub struct Cut<'a> {
    pub documents: Vec<u8>,
    pub counts: Vec<(&'a str, usize)>,
}

struct Row<'a> {
    key: &'a str,
    part: i64,
    document: Document<'a>,
}

/// The documents in the rows of a `gateway.plan.joins.Join`, up to `limit` of each key; those beyond are behind all
/// others, as they are to be judged too.
pub fn cut<'a>(batches: &[&'a [u8]], limit: usize) -> Result<Cut<'a>, Reason> {
    // The driver makes a reference of such a document within a row, which it doesn't of one by itself.
    if batches.iter().any(|batch| has_reference(batch)) {
        return Err(Reason::OddType);
    }
    let mut rows = Vec::new();
    let mut size = 0;
    for &batch in batches {
        size += batch.len();
        let mut rest = batch;
        while !rest.is_empty() {
            let (document, behind) = Document::first(rest)?;
            rows.push(row(document)?);
            rest = behind;
        }
    }
    // The rows of a part are in order, and those of a lower part come first.
    rows.sort_by_key(|row| row.part);
    let mut by_key: HashMap<&str, usize> = HashMap::new();
    let mut documents: Vec<(&str, Vec<Document<'_>>)> = Vec::new();
    let mut beyond = Vec::new();
    for row in rows {
        let place = *by_key.entry(row.key).or_insert_with(|| {
            documents.push((row.key, Vec::new()));
            documents.len() - 1
        });
        let of_key = &mut documents[place].1;
        if of_key.len() < limit { &mut *of_key } else { &mut beyond }.push(row.document);
    }
    let mut cut = Cut { documents: Vec::with_capacity(size), counts: Vec::with_capacity(documents.len()) };
    for (key, of_key) in documents {
        of_key.iter().for_each(|document| document.write(&mut cut.documents));
        cut.counts.push((key, of_key.len()));
    }
    beyond.iter().for_each(|document| document.write(&mut cut.documents));
    Ok(cut)
}

/// Whether there is the key of what may be a database reference, or what looks like it.
fn has_reference(batch: &[u8]) -> bool {
    let mut rest = batch;
    while let Some(place) = rest.iter().position(|&byte| byte == b'$') {
        rest = &rest[place..];
        if rest.starts_with(REFERENCE.as_bytes()) && rest.get(REFERENCE.len()) == Some(&0) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

fn row(document: Document<'_>) -> Result<Row<'_>, Reason> {
    let (mut key, mut part, mut joined) = (None, None, None);
    let mut elements = document.elements();
    while let Some((name, value)) = elements.next()? {
        let place = match name {
            "key" => &mut key,
            "part" => &mut part,
            "document" => &mut joined,
            _ => return Err(Reason::BadValue),
        };
        if place.replace(value).is_some() {
            return Err(Reason::DuplicateKey);
        }
    }
    let key = match key {
        // All spellings of an id, itself first.
        Some(Value::Array(spellings)) => spellings.elements().next_item()?,
        key => key,
    };
    match (key, part, joined) {
        (Some(Value::Text(key)), Some(Value::Integer(part)), Some(Value::Document(document))) => {
            Ok(Row { key, part, document })
        }
        _ => Err(Reason::BadValue),
    }
}

/// The texts at a dotted path of documents, each once, as first met; nothing for those that have none. A list on the way,
/// or what isn't a text, is left to `gateway.plan.fetched_pages.ids_at`, which knows what it reads as.
pub fn ids_at<'a>(fetched: &Fetched<'a>, picked: &[Picked], path: &str) -> Result<Vec<&'a str>, Reason> {
    let (mut ids, mut met) = (Vec::new(), HashSet::new());
    for picked in picked {
        for index in 0..picked.count {
            match value_at(fetched.document(picked.number(index)?)?, path)? {
                Value::Text(id) => {
                    if met.insert(id) {
                        ids.push(id);
                    }
                }
                Value::Null => {}
                _ => return Err(Reason::BadValue),
            }
        }
    }
    Ok(ids)
}

/// The text that each document has at a dotted path.
pub fn texts_at<'a>(fetched: &Fetched<'a>, path: &str) -> Result<Vec<&'a str>, Reason> {
    (0..fetched.count())
        .map(|number| match value_at(fetched.document(number)?, path)? {
            Value::Text(text) => Ok(text),
            _ => Err(Reason::BadValue),
        })
        .collect()
}

/// What a document has at a dotted path; Null where there is nothing.
fn value_at<'a>(document: Document<'a>, path: &str) -> Result<Value<'a>, Reason> {
    let (name, below) = path.split_once('.').map_or((path, None), |(name, below)| (name, Some(below)));
    let mut read = None;
    let mut elements = document.elements();
    while let Some((key, value)) = elements.next()? {
        // The driver keeps the last.
        if key == name && read.replace(value).is_some() {
            return Err(Reason::DuplicateKey);
        }
    }
    match (read, below) {
        (None, _) => Ok(Value::Null),
        (Some(value), None) => Ok(value),
        (Some(Value::Document(inner)), Some(below)) => value_at(inner, below),
        (Some(Value::Array(_)), Some(_)) => Err(Reason::BadValue),
        (Some(_), Some(_)) => Ok(Value::Null),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // {"key": key, "part": part, "document": {"n": number}}
    fn row(key: u8, part: u8, number: u8) -> Vec<u8> {
        let mut bytes = vec![0x35, 0, 0, 0];
        bytes.extend_from_slice(&[0x02, b'k', b'e', b'y', 0, 2, 0, 0, 0, key, 0]);
        bytes.extend_from_slice(&[0x10, b'p', b'a', b'r', b't', 0, part, 0, 0, 0]);
        bytes.extend_from_slice(b"\x03document\0");
        bytes.extend_from_slice(&document(number));
        bytes.push(0);
        bytes[0] = bytes.len() as u8;
        bytes
    }

    fn document(number: u8) -> Vec<u8> {
        vec![12, 0, 0, 0, 0x10, b'n', 0, number, 0, 0, 0, 0]
    }

    #[test]
    fn rows_are_cut_by_key_and_part() {
        let first = [row(b'a', 0, 1), row(b'b', 0, 2), row(b'a', 0, 3)].concat();
        let second = [row(b'a', 1, 5), row(b'b', 1, 4), row(b'c', 0, 6)].concat();
        let cut = cut(&[&first, &second], 2).unwrap();
        assert_eq!(cut.counts, [("a", 2), ("b", 2), ("c", 1)]);
        assert_eq!(cut.documents, [1, 3, 2, 4, 6, 5].map(document).concat());
    }

    #[test]
    fn what_is_no_row_is_not_cut() {
        let row = row(b'a', 0, 1);
        for end in 1..row.len() {
            assert_eq!(cut(&[&row[..end]], 2).unwrap_err(), Reason::NotBson);
        }
        assert_eq!(cut(&[&document(1)], 2).unwrap_err(), Reason::BadValue);
        let reference = [row.clone(), b"$$ref\0".to_vec()].concat();
        assert_eq!(cut(&[&row, &reference], 2).unwrap_err(), Reason::OddType);
    }

    #[test]
    fn ids_are_read_once_each() {
        let rows = [row(b'b', 0, 1), row(b'a', 0, 2), row(b'b', 0, 3)].concat();
        let fetched = Fetched::of(&[&rows]).unwrap();
        let all = [Picked::of(0, 3, 1)];
        assert_eq!(ids_at(&fetched, &all, "key"), Ok(vec!["b", "a"]));
        assert_eq!(ids_at(&fetched, &[Picked::of(2, 0, -1), Picked::of(0, 1, 1)], "key"), Ok(vec!["b", "a"]));
        assert_eq!(ids_at(&fetched, &all, "other.key"), Ok(vec![]));
        assert_eq!(ids_at(&fetched, &all, "key.other"), Ok(vec![]));
        assert_eq!(ids_at(&fetched, &all, "document.n"), Err(Reason::BadValue));
        assert_eq!(ids_at(&fetched, &[Picked::of(0, 4, 1)], "key"), Err(Reason::BadProgram));
        assert_eq!(texts_at(&fetched, "key"), Ok(vec!["b", "a", "b"]));
        assert_eq!(texts_at(&fetched, "other"), Err(Reason::BadValue));
    }
}
