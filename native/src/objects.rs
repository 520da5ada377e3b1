//! Objects: of pages and edges, of what was found for a root or a parent, of what is stored.

use std::sync::Arc;

use crate::bson::{Document, Value};
use crate::pages::{Fetched, Found, Joined, Objects};
use crate::program::{Attribute, Body, Entries, Operand, Shape};
use crate::reasons::Reason;
use crate::shaping::{Answer, Parent, Stored, depth_of};

impl<'a, 'p> Answer<'a, 'p> {
    /// The object that a shape makes of what an operand gives.
    pub(crate) fn object_of(
        &mut self,
        operand: &Operand,
        shape: &Shape,
        parent: Parent<'a, 'p>,
        item: Option<Value<'a>>,
        nullable: bool,
    ) -> Result<(), Reason> {
        match (operand, parent) {
            (Operand::Root(number), _) => match self.fetched.roots.get(*number).ok_or(Reason::BadProgram)? {
                Found::Page(page) => self.object(shape, Parent::Page(page)),
                Found::Objects(objects) if objects.numbers.len() == 1 => self.root(shape, objects, 0, nullable),
                Found::Objects(_) => Err(Reason::BadProgram),
            },
            (Operand::Joined(number, slot), _) => {
                let join = self.fetched.joins.get(*number).ok_or(Reason::BadProgram)?;
                match join.of(self.slot(parent, *slot)?)? {
                    Joined::Page(page) => self.object(shape, Parent::Page(page)),
                    Joined::Document(document) => self.found(shape, &join.fetched, *document, nullable),
                }
            }
            (Operand::Attribute(Attribute::PageInfo), Parent::Page(_)) => self.object(shape, parent),
            (Operand::Attribute(Attribute::Document), Parent::Edge(page, index)) => {
                self.stored(shape, page.walked(index)?, 0)
            }
            _ => match self.value(operand, parent, item)? {
                Value::Document(document) => self.stored(shape, document, depth_of(parent) + 1),
                Value::Null => self.null(nullable),
                _ => Err(Reason::BadValue),
            },
        }
    }

    /// The object that a shape makes of what was found for a root.
    pub(crate) fn root(
        &mut self,
        shape: &Shape,
        objects: &Objects<'a>,
        index: usize,
        nullable: bool,
    ) -> Result<(), Reason> {
        let document = objects.numbers[index];
        let (Body::Named(types), Some(number)) = (&shape.body, document) else {
            return self.found(shape, &objects.fetched, document, nullable);
        };
        let type_name = objects.type_names.get(index).ok_or(Reason::BadProgram)?;
        let of_type = types.iter().find(|(name, _)| name == type_name);
        let (_, entries) = of_type.ok_or(Reason::BadProgram)?;
        self.made(entries, &shape.inner, objects.fetched.walked(number)?, 0)
    }

    /// The object that a shape makes of a document that was found, or of none.
    fn found(
        &mut self,
        shape: &Shape,
        fetched: &Fetched<'a>,
        document: Option<usize>,
        nullable: bool,
    ) -> Result<(), Reason> {
        match document {
            Some(document) => self.stored(shape, fetched.walked(document)?, 0),
            None => self.null(nullable),
        }
    }

    /// The object that a shape makes of a page or an edge.
    pub(crate) fn object(&mut self, shape: &Shape, parent: Parent<'a, 'p>) -> Result<(), Reason> {
        match &shape.body {
            Body::Object(of_page) => self.entries(&of_page.entries, &shape.inner, parent),
            _ => Err(Reason::BadProgram),
        }
    }

    /// The object that a shape makes of a stored one.
    pub(crate) fn stored(&mut self, shape: &Shape, document: Document<'a>, depth: usize) -> Result<(), Reason> {
        let entries = match &shape.body {
            Body::Object(entries) => entries,
            Body::Typed { any_of, none_of, matching, otherwise } => {
                let (mut any, mut none) = (false, true);
                let mut elements = document.elements();
                while let Some(key) = elements.next_name()? {
                    any |= any_of.iter().any(|name| name.as_bytes() == key);
                    none &= none_of.iter().all(|name| name.as_bytes() != key);
                }
                if any && none { matching } else { otherwise }
            }
            Body::Named(_) | Body::Flat { .. } => return Err(Reason::BadProgram),
        };
        self.made(entries, &shape.inner, document, depth)
    }

    /// The object that has these entries.
    fn made(
        &mut self,
        entries: &Entries,
        inner: &[Arc<Shape>],
        document: Document<'a>,
        depth: usize,
    ) -> Result<(), Reason> {
        let first = self.read(entries, document, depth)?;
        let parent = Parent::Stored(Stored { document, first, depth, flat: None });
        self.entries(&entries.entries, inner, parent)?;
        self.slots.truncate(first);
        Ok(())
    }
}
