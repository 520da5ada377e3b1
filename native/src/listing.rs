//! A tree's listing: each node in its place, in pre-order.

use crate::bson::{Document, Value};
use crate::program::{Body, Shape};
use crate::reasons::Reason;
use crate::shaping::{Answer, FlatPlace, Parent, Stored};

pub(crate) const BRANCHES: [&str; 3] = ["AND", "OR", "NOR"];
const CONDITION_KEYS: [&str; 2] = ["key", "field"];
const OLDER_BRANCH: &str = "NOT";

impl<'a, 'p> Answer<'a, 'p> {
    /// The nodes of the tree that a stored object is.
    pub(crate) fn listing(&mut self, shape: &Shape, stored: Stored<'a>, width: u64) -> Result<(), Reason> {
        let root = FlatPlace { number: 0, group: None, depth: 0, branch: None };
        let mut number = 0;
        self.out.push(b'[');
        self.node(shape, stored.document, stored.depth, root, &mut number, width)?;
        self.out.push(b']');
        Ok(())
    }

    /// A node and all below it. `next`: the number of the next node. Nothing is stored so deep that the stack would end.
    fn node(
        &mut self,
        shape: &Shape,
        document: Document<'a>,
        depth: usize,
        place: FlatPlace,
        next: &mut usize,
        width: u64,
    ) -> Result<(), Reason> {
        let Body::Flat { of_condition, of_group } = &shape.body else {
            return Err(Reason::BadProgram);
        };
        let is_condition = is_condition(document)?;
        let entries = if is_condition { of_condition } else { of_group };
        *next = place.number + 1;
        let first = self.read(entries, document, depth)?;
        let parent = Parent::Stored(Stored { document, first, depth, flat: Some(place) });
        self.entries(&entries.entries, &shape.inner, parent)?;
        if !is_condition {
            for (index, branch) in BRANCHES.into_iter().enumerate() {
                let items = match self.slot(parent, index)? {
                    Value::Null => continue,
                    Value::Array(items) => items,
                    _ => return Err(Reason::BadValue),
                };
                crate::bson::require_depth(depth + 1)?;
                let (mut items, mut count) = (items.elements(), 0);
                while let Some(item) = items.next_item()? {
                    let Value::Document(item) = item else {
                        return Err(Reason::BadValue);
                    };
                    count += 1;
                    self.out.push(b',');
                    let below = FlatPlace {
                        number: *next,
                        group: Some(place.number),
                        depth: place.depth + 1,
                        branch: Some(branch),
                    };
                    self.node(shape, item, depth + 2, below, next, width)?;
                }
                self.count(count, width)?;
            }
        }
        self.slots.truncate(first);
        Ok(())
    }
}

/// Whether a node is a condition, as `gateway.model.filter_trees` says.
pub(crate) fn is_condition(document: Document<'_>) -> Result<bool, Reason> {
    let (mut has_key, mut has_branch) = (false, false);
    let mut elements = document.elements();
    while let Some(name) = elements.next_name()? {
        if name == OLDER_BRANCH.as_bytes() {
            return Err(Reason::LegacyTree);
        }
        has_key |= CONDITION_KEYS.iter().any(|key| key.as_bytes() == name);
        has_branch |= BRANCHES.iter().any(|branch| branch.as_bytes() == name);
    }
    Ok(has_key && !has_branch)
}
