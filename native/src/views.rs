//! What follows from a whole tree: its conditions, their keys, and how many levels of groups it has.

use std::collections::HashSet;

use crate::bson::{self, Document, Value, require_depth, require_no_reference};
use crate::leaves;
use crate::listing::{BRANCHES, is_condition};
use crate::program::Shape;
use crate::reasons::Reason;
use crate::shaping::{Answer, Stored};
use crate::spelling;

// What a node counts for among an answer's values.
const WALKED: u64 = 2;

/// A tree's conditions in pre-order, each with its own depth within the document, and its levels of groups.
#[derive(Default)]
struct Walked<'a> {
    conditions: Vec<(Document<'a>, usize)>,
    levels: usize,
}

impl<'a> Answer<'a, '_> {
    /// The conditions of the tree that a stored object is.
    pub(crate) fn tree_conditions(&mut self, shape: &Shape, tree: Stored<'a>, width: u64) -> Result<(), Reason> {
        let conditions = self.walked(tree)?.conditions;
        self.count(conditions.len(), width)?;
        self.out.push(b'[');
        for (index, (condition, depth)) in conditions.into_iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.stored(shape, condition, depth)?;
        }
        self.out.push(b']');
        Ok(())
    }

    /// The distinct keys of these.
    pub(crate) fn tree_keys(&mut self, tree: Stored<'a>, width: u64) -> Result<(), Reason> {
        let (mut met, mut count) = (HashSet::new(), 0);
        self.out.push(b'[');
        for (condition, depth) in self.walked(tree)?.conditions {
            let key = key(condition, depth)?;
            if met.insert(key) {
                if count > 0 {
                    self.out.push(b',');
                }
                count += 1;
                spelling::text(&mut self.out, key);
            }
        }
        self.out.push(b']');
        self.count(count, width)
    }

    /// How many levels of groups there are.
    pub(crate) fn tree_depth(&mut self, tree: Stored<'a>) -> Result<(), Reason> {
        let walked = self.walked(tree)?;
        for (condition, depth) in walked.conditions {
            bson::validate_document(condition, depth)?;
        }
        // Nothing is stored that deep.
        leaves::int(&mut self.out, walked.levels as i64)
    }

    fn walked(&mut self, tree: Stored<'a>) -> Result<Walked<'a>, Reason> {
        let mut walked = Walked::default();
        self.walk(&mut walked, tree.document, tree.depth, 1)?;
        Ok(walked)
    }

    /// `level`: of a group here. What is in conditions is left to whoever reads them.
    fn walk(&mut self, walked: &mut Walked<'a>, node: Document<'a>, depth: usize, level: usize) -> Result<(), Reason> {
        require_depth(depth)?;
        if is_condition(node)? {
            walked.conditions.push((node, depth));
            return Ok(());
        }
        walked.levels = walked.levels.max(level);
        for branch in branches(node, depth)? {
            let array = match branch {
                Value::Null => continue,
                Value::Array(array) => array,
                _ => return Err(Reason::BadValue),
            };
            require_depth(depth + 1)?;
            let (mut items, mut count) = (array.elements(), 0);
            while let Some(item) = items.next_item()? {
                let Value::Document(item) = item else {
                    return Err(Reason::BadValue);
                };
                count += 1;
                self.walk(walked, item, depth + 2, level + 1)?;
            }
            self.count(count, WALKED)?;
        }
        Ok(())
    }
}

/// What a group has at its branches, in their order.
fn branches(group: Document<'_>, depth: usize) -> Result<[Value<'_>; BRANCHES.len()], Reason> {
    let mut branches = [const { None }; BRANCHES.len()];
    let mut elements = group.elements();
    while let Some((key, value)) = elements.next()? {
        match BRANCHES.iter().position(|&name| name == key) {
            Some(branch) if branches[branch].replace(value).is_some() => return Err(Reason::DuplicateKey),
            Some(_) => {}
            None => {
                require_no_reference(key)?;
                bson::validate(value, depth + 1)?;
            }
        }
    }
    Ok(branches.map(|branch| branch.unwrap_or(Value::Null)))
}

/// The key of a condition, all of which is walked through.
fn key(condition: Document<'_>, depth: usize) -> Result<&str, Reason> {
    let (mut key, mut older) = (None, None);
    let mut elements = condition.elements();
    while let Some((name, value)) = elements.next()? {
        let place = match name {
            "key" => &mut key,
            "field" => &mut older,
            _ => {
                require_no_reference(name)?;
                bson::validate(value, depth + 1)?;
                continue;
            }
        };
        if place.replace(value).is_some() {
            return Err(Reason::DuplicateKey);
        }
    }
    leaves::condition_key(key.unwrap_or(Value::Null), older.unwrap_or(Value::Null))
}
