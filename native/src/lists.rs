//! Lists: of a page's documents and edges, of what is stored, of a tree's nodes.

use std::sync::Arc;

use crate::bson::{Value, require_depth};
use crate::pages::Found;
use crate::program::{Attribute, Expression, Operand, Shape};
use crate::reasons::Reason;
use crate::shaping::{Answer, Parent, Stored, depth_of};

impl<'a, 'p> Answer<'a, 'p> {
    pub(crate) fn list(
        &mut self,
        operand: &Operand,
        item: &Expression,
        inner: &[Arc<Shape>],
        parent: Parent<'a, 'p>,
        nullable: bool,
        width: u64,
    ) -> Result<(), Reason> {
        match (operand, parent) {
            (Operand::Attribute(Attribute::Documents | Attribute::Edges), Parent::Page(page)) => {
                let (shape, _) = shape_of(item, inner)?;
                let has_edges = matches!(operand, Operand::Attribute(Attribute::Edges));
                self.count(page.picked.count, width)?;
                self.out.push(b'[');
                for index in 0..page.picked.count {
                    if index > 0 {
                        self.out.push(b',');
                    }
                    if has_edges {
                        self.object(shape, Parent::Edge(page, index))?;
                    } else {
                        self.stored(shape, page.walked(index)?, 0)?;
                    }
                }
                self.out.push(b']');
                return Ok(());
            }
            (Operand::Root(number), Parent::Root) => {
                let (shape, nullable) = shape_of(item, inner)?;
                let Some(Found::Objects(objects)) = self.fetched.roots.get(*number) else {
                    return Err(Reason::BadProgram);
                };
                self.count(objects.numbers.len(), width)?;
                self.out.push(b'[');
                for index in 0..objects.numbers.len() {
                    if index > 0 {
                        self.out.push(b',');
                    }
                    self.root(shape, objects, index, nullable)?;
                }
                self.out.push(b']');
                return Ok(());
            }
            (Operand::Flat, Parent::Stored(stored)) => {
                let (shape, _) = shape_of(item, inner)?;
                return self.listing(shape, stored, width);
            }
            (Operand::TreeConditions, Parent::Stored(tree)) => {
                let (shape, _) = shape_of(item, inner)?;
                return self.tree_conditions(shape, tree, width);
            }
            (Operand::TreeKeys, Parent::Stored(tree)) => return self.tree_keys(tree, width),
            _ => {}
        }
        let array = match (operand, self.value(operand, parent, None)?) {
            (_, Value::Array(array)) => array,
            (Operand::EveryKnownOrOther(_), value @ Value::Text(_)) => {
                self.count(1, width)?;
                self.out.push(b'[');
                self.expression(item, inner, parent, Some(value))?;
                self.out.push(b']');
                return Ok(());
            }
            (Operand::Embedded(_) | Operand::ListOrEmpty(_), Value::Null) => {
                self.out.extend_from_slice(b"[]");
                return Ok(());
            }
            (Operand::EveryKnownOrOther(_), _) => return Err(Reason::BadValue),
            (_, Value::Null) => return self.null(nullable),
            _ => return Err(Reason::BadValue),
        };
        require_depth(depth_of(parent) + 1)?;
        // Its items are a level deeper than it, and with it than their parent.
        let around = match parent {
            Parent::Stored(stored) => Parent::Stored(Stored { depth: stored.depth + 1, ..stored }),
            other => other,
        };
        let (mut items, mut count) = (array.elements(), 0);
        self.out.push(b'[');
        while let Some(value) = items.next_item()? {
            if count > 0 {
                self.out.push(b',');
            }
            count += 1;
            self.expression(item, inner, around, Some(value))?;
        }
        self.out.push(b']');
        self.count(count, width)
    }
}

/// The shape of the objects that a list has, and whether there may be none in the place of one.
fn shape_of<'p>(item: &Expression, inner: &'p [Arc<Shape>]) -> Result<(&'p Shape, bool), Reason> {
    match item {
        Expression::Object { shape, nullable, .. } => Ok((inner.get(*shape).ok_or(Reason::BadProgram)?, *nullable)),
        _ => Err(Reason::BadProgram),
    }
}
