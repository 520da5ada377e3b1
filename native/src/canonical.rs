//! JSON values in their canonical spelling, as `gateway.model.filter_trees.canonical` has it.

use crate::bson::{Document, Value, require_depth, require_no_reference};
use crate::reasons::Reason;
use crate::spelling;
use crate::times;

// Whole numbers below it are spelled as integers; those beyond are left to Python, as is what it spells with exponents.
const WHOLE: f64 = (1_i64 << 53) as f64;
const PLAIN: std::ops::Range<f64> = 1e-4..1e16;

/// A value, the keys of objects in order, with spaces between.
pub fn canonical(out: &mut Vec<u8>, value: Value<'_>, depth: usize) -> Result<(), Reason> {
    match value {
        Value::Null => spelling::null(out),
        Value::Boolean(flag) => spelling::boolean(out, flag),
        Value::Integer(number) => spelling::integer(out, number),
        Value::Double(number) if number == number.trunc() && number.abs() < WHOLE => {
            spelling::integer(out, number as i64);
        }
        Value::Double(number) if number != number.trunc() && PLAIN.contains(&number.abs()) => {
            spelling::double(out, number)?;
        }
        Value::Double(_) => return Err(Reason::OddType),
        Value::Text(text) => spelling::text(out, text),
        Value::Time(milliseconds) => {
            out.push(b'"');
            times::time(out, milliseconds)?;
            out.push(b'"');
        }
        Value::Uuid(uuid) => {
            out.push(b'"');
            spelling::uuid(out, uuid);
            out.push(b'"');
        }
        Value::ObjectId(id) => {
            out.extend_from_slice(b"{\"$oid\": \"");
            spelling::hex(out, id);
            out.extend_from_slice(b"\"}");
        }
        Value::Array(array) => {
            require_depth(depth)?;
            let (mut items, mut separator) = (array.elements(), &b""[..]);
            out.push(b'[');
            while let Some(item) = items.next_item()? {
                out.extend_from_slice(separator);
                separator = b", ";
                canonical(out, item, depth + 1)?;
            }
            out.push(b']');
        }
        Value::Document(document) => members(out, document, depth)?,
        Value::Other => return Err(Reason::OddType),
    }
    Ok(())
}

fn members(out: &mut Vec<u8>, document: Document<'_>, depth: usize) -> Result<(), Reason> {
    require_depth(depth)?;
    let (mut elements, mut members) = (document.elements(), Vec::new());
    while let Some((key, value)) = elements.next()? {
        require_no_reference(key)?;
        members.push((key, value));
    }
    // By code points, as their UTF-8 is.
    members.sort_by_key(|(key, _)| *key);
    if members.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(Reason::DuplicateKey);
    }
    out.push(b'{');
    let mut separator = &b""[..];
    for (key, value) in members {
        out.extend_from_slice(separator);
        separator = b", ";
        spelling::text(out, key);
        out.extend_from_slice(b": ");
        canonical(out, value, depth + 1)?;
    }
    out.push(b'}');
    Ok(())
}
