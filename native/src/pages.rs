//! Pages of undecoded documents, and the cursors of their elements.

use std::cell::Cell;

use crate::bson::{self, Document, Value};
use crate::reasons::Reason;
use crate::spelling;
use crate::times;

/// An order by the key of the ordered value, and the tag that cursors have of it.
#[derive(Debug)]
pub struct Order<'a> {
    pub key: &'a str,
    pub tag: &'a str,
}

/// A page of a connection. `total`: how many elements there are, if they were counted; `is_read`: whether all of each
/// document was walked through.
#[derive(Debug)]
pub struct Page<'a> {
    pub documents: Vec<Document<'a>>,
    pub has_next_page: bool,
    pub has_previous_page: bool,
    pub total: Option<i64>,
    pub order: Order<'a>,
    pub is_read: Cell<bool>,
}

/// All documents of the batches. Those beyond a page are judged here, as nobody else comes to them.
pub fn documents<'a>(batches: &[&'a [u8]], picked: impl Iterator<Item = usize>) -> Result<Vec<Document<'a>>, Reason> {
    let mut all = Vec::new();
    for &batch in batches {
        let mut rest = batch;
        while !rest.is_empty() {
            let (document, behind) = Document::first(rest)?;
            all.push((document, false));
            rest = behind;
        }
    }
    let mut documents = Vec::new();
    for index in picked {
        let (document, is_picked) = all.get_mut(index).ok_or(Reason::BadProgram)?;
        *is_picked = true;
        documents.push(*document);
    }
    for (document, is_picked) in all {
        if !is_picked {
            bson::validate_document(document, 0)?;
        }
    }
    Ok(documents)
}

impl Page<'_> {
    /// Judges what nobody has read: the driver would refuse a page of which anything isn't BSON.
    pub fn judge(&self) -> Result<(), Reason> {
        if self.is_read.get() {
            return Ok(());
        }
        self.documents.iter().try_for_each(|&document| bson::validate_document(document, 0))
    }

    /// The cursor of the document at this index, as `gateway.plan.cursors` spells it.
    pub fn cursor(&self, out: &mut Vec<u8>, index: usize) -> Result<(), Reason> {
        let document = self.documents.get(index).ok_or(Reason::BadProgram)?;
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
