//! An answer's data as JSON, of a program and its pages.

use std::sync::Arc;

use crate::bson::{self, Document, Value};
use crate::leaves;
use crate::pages::{Everything, Found, Page};
use crate::program::{Entries, Entry, Expression, Operand, Root, Shape};
use crate::reasons::Reason;
use crate::spelling;

/// What an answer may have at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub values: u64,
    pub bytes: usize,
}

/// Where a node of a tree's listing stands.
#[derive(Clone, Copy, Debug)]
pub struct FlatPlace {
    pub number: usize,
    pub group: Option<usize>,
    pub depth: usize,
    pub branch: Option<&'static str>,
}

/// What entries are read of.
#[derive(Clone, Copy)]
pub enum Parent<'a, 'p> {
    Root,
    Page(&'p Page<'a>),
    Edge(&'p Page<'a>, usize),
    Stored(Stored<'a>),
}

/// A stored object, what is read of which is in the slots from `first` on. `depth`: its own within its document.
#[derive(Clone, Copy)]
pub struct Stored<'a> {
    pub document: Document<'a>,
    pub first: usize,
    pub depth: usize,
    pub flat: Option<FlatPlace>,
}

/// The writer of one answer.
pub struct Answer<'a, 'p> {
    pub(crate) out: Vec<u8>,
    pub(crate) slots: Vec<Value<'a>>,
    pub(crate) limits: Limits,
    pub(crate) fetched: &'p Everything<'a>,
    values: u64,
}

/// The data of an answer.
pub fn answer(root: &Root, inner: &[Arc<Shape>], fetched: &Everything<'_>, limits: Limits) -> Result<Vec<u8>, Reason> {
    let mut answer = Answer { out: Vec::with_capacity(4_096), slots: Vec::new(), limits, fetched, values: root.values };
    answer.entries(&root.entries, inner, Parent::Root)?;
    fetched.roots.iter().try_for_each(Found::judge)?;
    fetched.joins.iter().try_for_each(|join| join.fetched.judge())?;
    Ok(answer.out)
}

impl<'a, 'p> Answer<'a, 'p> {
    fn require_within(&self) -> Result<(), Reason> {
        let within = self.out.len() <= self.limits.bytes && self.values <= self.limits.values;
        if within { Ok(()) } else { Err(Reason::TooLarge) }
    }

    /// Counts the values of a list.
    pub(crate) fn count(&mut self, items: usize, width: u64) -> Result<(), Reason> {
        self.values = self.values.saturating_add((items as u64).saturating_mul(width));
        self.require_within()
    }

    pub(crate) fn entries(
        &mut self,
        entries: &[Entry],
        inner: &[Arc<Shape>],
        parent: Parent<'a, 'p>,
    ) -> Result<(), Reason> {
        self.out.push(b'{');
        for (number, Entry { opening, value }) in entries.iter().enumerate() {
            // No comma ahead of the first.
            self.out.extend_from_slice(if number == 0 { &opening[1..] } else { opening });
            self.expression(value, inner, parent, None)?;
        }
        self.out.push(b'}');
        self.require_within()
    }

    /// `item`: that of the list around.
    pub(crate) fn expression(
        &mut self,
        value: &Expression,
        inner: &[Arc<Shape>],
        parent: Parent<'a, 'p>,
        item: Option<Value<'a>>,
    ) -> Result<(), Reason> {
        match value {
            Expression::Constant(Some(text)) => self.out.extend_from_slice(&text.0),
            Expression::Constant(None) => spelling::null(&mut self.out),
            Expression::Leaf { operand: Operand::Attribute(attribute), nullable, .. } => {
                self.attribute(*attribute, parent, *nullable)?;
            }
            Expression::Leaf { operand: Operand::Total(bound), .. } => self.total(*bound, parent)?,
            Expression::Leaf { operand: Operand::FlatAttribute(attribute), .. }
            | Expression::EnumName { operand: Operand::FlatAttribute(attribute), .. } => {
                self.flat_attribute(*attribute, parent)?;
            }
            Expression::Leaf { operand: Operand::GlobalId(type_name, scope, key), .. } => {
                let (scope, key) = (self.slot(parent, *scope)?, self.slot(parent, *key)?);
                leaves::global_id(&mut self.out, type_name, scope, key)?;
            }
            Expression::Leaf { operand: Operand::TreeText, .. } => {
                let Parent::Stored(Stored { document, depth, .. }) = parent else {
                    return Err(Reason::BadProgram);
                };
                self.tree_text(document, depth)?;
            }
            Expression::Leaf { operand: Operand::TreeDepth, .. } => {
                let Parent::Stored(tree) = parent else {
                    return Err(Reason::BadProgram);
                };
                self.tree_depth(tree)?;
            }
            Expression::Leaf { operand: Operand::Recorded(recorded), .. } => self.recorded(recorded, parent)?,
            Expression::Leaf { operand, scalar, nullable } => {
                let depth = depth_of(parent) + 1;
                match self.value(operand, parent, item)? {
                    Value::Null => self.null(*nullable)?,
                    value => leaves::scalar(&mut self.out, *scalar, value, depth, self.limits.bytes)?,
                }
            }
            Expression::EnumName { operand, names, nullable } => {
                let stored = self.value(operand, parent, item)?;
                match leaves::name(operand, names, stored)? {
                    Some(name) => self.out.extend_from_slice(&name.0),
                    None => self.null(*nullable)?,
                }
            }
            Expression::View { presence, entries, nullable } => {
                let is_there = match presence {
                    None => true,
                    Some(slot) => match self.slot(parent, *slot)? {
                        Value::Null => false,
                        Value::Document(_) | Value::Array(_) => return Err(Reason::BadValue),
                        _ => true,
                    },
                };
                if is_there {
                    self.entries(entries, inner, parent)?;
                } else {
                    self.judge_slots(parent)?;
                    self.null(*nullable)?;
                }
            }
            Expression::Object { operand, shape, nullable } => {
                let shape = inner.get(*shape).ok_or(Reason::BadProgram)?;
                self.object_of(operand, shape, parent, item, *nullable)?;
            }
            Expression::ListOf { operand, item, nullable, width } => {
                self.list(operand, item, inner, parent, *nullable, *width)?;
            }
        }
        Ok(())
    }

    /// Reads what entries need of a stored object into slots of their own, of which the first is returned.
    pub(crate) fn read(&mut self, entries: &Entries, document: Document<'a>, depth: usize) -> Result<usize, Reason> {
        let first = self.slots.len();
        self.slots.resize(first + entries.paths.count, Value::Null);
        entries.paths.read(document, &mut self.slots[first..], depth, !entries.reads_all)?;
        Ok(first)
    }

    /// What an operand gives, where it is a stored value.
    pub(crate) fn value(
        &self,
        operand: &Operand,
        parent: Parent<'a, 'p>,
        item: Option<Value<'a>>,
    ) -> Result<Value<'a>, Reason> {
        match operand {
            Operand::Item => item.ok_or(Reason::BadProgram),
            Operand::Whole => match parent {
                Parent::Stored(stored) => Ok(Value::Document(stored.document)),
                _ => Err(Reason::BadProgram),
            },
            _ => leaves::read(operand, |slot| self.slot(parent, slot)),
        }
    }

    pub(crate) fn slot(&self, parent: Parent<'a, 'p>, slot: usize) -> Result<Value<'a>, Reason> {
        match parent {
            Parent::Stored(stored) => self.slots.get(stored.first + slot).copied().ok_or(Reason::BadProgram),
            _ => Err(Reason::BadProgram),
        }
    }

    /// Judges what is in slots, which entries that aren't written would have walked through.
    fn judge_slots(&self, parent: Parent<'a, 'p>) -> Result<(), Reason> {
        let Parent::Stored(stored) = parent else {
            return Ok(());
        };
        self.slots[stored.first..].iter().try_for_each(|&value| bson::validate(value, stored.depth + 1))
    }

    pub(crate) fn null(&mut self, nullable: bool) -> Result<(), Reason> {
        if !nullable {
            return Err(Reason::Null);
        }
        spelling::null(&mut self.out);
        Ok(())
    }
}

pub(crate) fn depth_of(parent: Parent<'_, '_>) -> usize {
    match parent {
        Parent::Stored(stored) => stored.depth,
        _ => 0,
    }
}
