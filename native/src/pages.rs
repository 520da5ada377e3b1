//! What was fetched: pages of undecoded documents, the cursors of their elements, and what parents are joined to.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::bson::{self, Document, Value};
use crate::reasons::Reason;
use crate::spelling;
use crate::times;

// As `gateway.plan.fetched_pages` has it.
const NO_KEY: &str = "";

/// An order by the key of the ordered value, and the tag that cursors have of it.
#[derive(Debug)]
pub struct Order<'a> {
    pub key: &'a str,
    pub tag: &'a str,
}

/// All documents that one command gave.
#[derive(Debug)]
pub struct Fetched<'a> {
    documents: Vec<(Document<'a>, Cell<bool>)>,
}

impl<'a> Fetched<'a> {
    /// The documents of these batches.
    pub fn of(batches: &[&'a [u8]]) -> Result<Self, Reason> {
        let mut documents = Vec::new();
        for &batch in batches {
            let mut rest = batch;
            while !rest.is_empty() {
                let (document, behind) = Document::first(rest)?;
                documents.push((document, Cell::new(false)));
                rest = behind;
            }
        }
        Ok(Fetched { documents })
    }

    pub fn count(&self) -> usize {
        self.documents.len()
    }

    /// A document, all of which whoever asks for it walks through.
    pub fn walked(&self, number: usize) -> Result<Document<'a>, Reason> {
        let (document, is_walked) = self.documents.get(number).ok_or(Reason::BadProgram)?;
        is_walked.set(true);
        Ok(*document)
    }

    /// A document, of which not all is looked at.
    pub fn document(&self, number: usize) -> Result<Document<'a>, Reason> {
        self.documents.get(number).map(|(document, _)| *document).ok_or(Reason::BadProgram)
    }

    /// Judges what nobody has walked through: the driver would refuse all of it for anything that isn't BSON.
    pub fn judge(&self) -> Result<(), Reason> {
        self.documents
            .iter()
            .filter(|(_, is_walked)| !is_walked.get())
            .try_for_each(|(document, _)| bson::validate_document(*document, 0))
    }
}

/// The numbers of documents, as Python's range has them.
#[derive(Clone, Copy, Debug)]
pub struct Picked {
    start: isize,
    step: isize,
    pub count: usize,
}

impl Picked {
    pub fn of(start: isize, stop: isize, step: isize) -> Self {
        let count = match step {
            0 => 0,
            1.. => stop.saturating_sub(start).max(0).unsigned_abs().div_ceil(step.unsigned_abs()),
            _ => start.saturating_sub(stop).max(0).unsigned_abs().div_ceil(step.unsigned_abs()),
        };
        Picked { start, step, count }
    }

    pub fn number(self, index: usize) -> Result<usize, Reason> {
        let number = isize::try_from(index)
            .ok()
            .filter(|_| index < self.count)
            .and_then(|index| index.checked_mul(self.step))
            .and_then(|offset| self.start.checked_add(offset));
        number.and_then(|number| usize::try_from(number).ok()).ok_or(Reason::BadProgram)
    }
}

/// A page of a connection. `total`: how many elements there are, if they were counted.
#[derive(Debug)]
pub struct Page<'a> {
    pub fetched: Rc<Fetched<'a>>,
    pub picked: Picked,
    pub has_next_page: bool,
    pub has_previous_page: bool,
    pub total: Option<i64>,
    pub order: Rc<Order<'a>>,
}

/// What was fetched for a root: a page, or objects.
#[derive(Debug)]
pub enum Found<'a> {
    Page(Page<'a>),
    Objects(Objects<'a>),
}

/// The numbers of documents, None for nothing; where they are of several types, the name of each one's.
#[derive(Debug)]
pub struct Objects<'a> {
    pub fetched: Rc<Fetched<'a>>,
    pub numbers: &'a [Option<usize>],
    pub type_names: &'a [String],
}

impl Found<'_> {
    /// As of what it is of.
    pub fn judge(&self) -> Result<(), Reason> {
        match self {
            Found::Page(page) => page.fetched.judge(),
            Found::Objects(objects) => objects.fetched.judge(),
        }
    }
}

/// What a parent is joined to.
#[derive(Debug)]
pub enum Joined<'a> {
    Page(Page<'a>),
    /// The document of this number; None for nothing.
    Document(Option<usize>),
}

/// What was fetched for the parents of one field, by what they are joined on.
#[derive(Debug)]
pub struct Join<'a> {
    pub fetched: Rc<Fetched<'a>>,
    pub by_key: HashMap<&'a str, Joined<'a>>,
}

impl<'a> Join<'a> {
    /// What a parent is joined to that has this at the path of the join.
    pub fn of(&self, key: Value<'a>) -> Result<&Joined<'a>, Reason> {
        match key {
            Value::Text(key) => self.by_key.get(key).ok_or(Reason::FetchedOtherwise),
            // Only what has something for no key may be missing.
            Value::Null if self.by_key.contains_key(NO_KEY) => Ok(&Joined::Document(None)),
            _ => Err(Reason::BadValue),
        }
    }
}

/// All that was fetched: for the roots, and what parents are joined to; and up to where totals are told.
#[derive(Debug)]
pub struct Everything<'a> {
    pub roots: Vec<Found<'a>>,
    pub joins: Vec<Join<'a>>,
    pub bounds: Vec<i64>,
}

impl<'a> Page<'a> {
    /// The document at this index, all of which whoever asks for it walks through.
    pub fn walked(&self, index: usize) -> Result<Document<'a>, Reason> {
        self.fetched.walked(self.picked.number(index)?)
    }

    /// The cursor of the document at this index, as `gateway.plan.cursors` spells it.
    pub fn cursor(&self, out: &mut Vec<u8>, index: usize) -> Result<(), Reason> {
        let document = self.fetched.document(self.picked.number(index)?)?;
        let (mut value, mut tie) = (None, None);
        let mut elements = document.elements();
        while let Some((key, read)) = elements.next()? {
            let place = match key {
                _ if key == self.order.key => &mut value,
                "_id" => &mut tie,
                _ => continue,
            };
            if place.replace(read).is_some() {
                return Err(Reason::DuplicateKey);
            }
        }
        let mut json = Vec::with_capacity(96);
        json.extend_from_slice(b"[1,");
        spelling::text(&mut json, self.order.tag);
        json.push(b',');
        match value.unwrap_or(Value::Null) {
            Value::Null => spelling::null(&mut json),
            Value::Integer(number) => spelling::integer(&mut json, number),
            Value::Time(milliseconds) => {
                json.push(b'"');
                times::time_of_cursor(&mut json, milliseconds)?;
                json.push(b'"');
            }
            Value::Text(text) => marked(&mut json, text),
            _ => return Err(Reason::OddType),
        }
        json.push(b',');
        match tie {
            Some(Value::Uuid(uuid)) => {
                json.push(b'"');
                spelling::uuid(&mut json, uuid);
                json.push(b'"');
            }
            Some(Value::Text(text)) => marked(&mut json, text),
            Some(Value::Integer(number)) => spelling::integer(&mut json, number),
            _ => return Err(Reason::OddType),
        }
        json.push(b']');
        spelling::opaque(out, &json);
        Ok(())
    }
}

/// A text, which would be read as a time, or as a UUID, without a mark.
fn marked(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(b"[\"s\",");
    spelling::text(out, text);
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(start: isize, stop: isize, step: isize) -> Vec<usize> {
        let picked = Picked::of(start, stop, step);
        (0..picked.count).map(|index| picked.number(index).unwrap()).collect()
    }

    #[test]
    fn documents_are_picked_as_of_pythons_range() {
        assert_eq!(numbers(0, 3, 1), [0, 1, 2]);
        assert_eq!(numbers(1, 6, 2), [1, 3, 5]);
        assert_eq!(numbers(4, -1, -1), [4, 3, 2, 1, 0]);
        assert_eq!(numbers(4, -1, -3), [4, 1]);
        for (start, stop, step) in [(0, 0, 1), (3, 1, 1), (1, 3, -1), (0, 3, 0)] {
            assert!(numbers(start, stop, step).is_empty());
        }
        assert_eq!(Picked::of(-1, 2, 1).number(0), Err(Reason::BadProgram));
        assert_eq!(Picked::of(0, 2, 1).number(2), Err(Reason::BadProgram));
        assert_eq!(Picked::of(isize::MIN, isize::MAX, 1).number(0), Err(Reason::BadProgram));
    }
}
