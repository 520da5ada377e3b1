//! What pages, edges and places in a tree's listing say of themselves.

use crate::leaves;
use crate::program::{Attribute, FlatAttribute};
use crate::reasons::Reason;
use crate::shaping::{Answer, Parent, Stored};
use crate::spelling;

impl<'a, 'p> Answer<'a, 'p> {
    pub(crate) fn attribute(
        &mut self,
        attribute: Attribute,
        parent: Parent<'a, 'p>,
        nullable: bool,
    ) -> Result<(), Reason> {
        match (attribute, parent) {
            (Attribute::HasNextPage, Parent::Page(page)) => spelling::boolean(&mut self.out, page.has_next_page),
            (Attribute::HasPreviousPage, Parent::Page(page)) => {
                spelling::boolean(&mut self.out, page.has_previous_page);
            }
            (Attribute::StartCursor | Attribute::EndCursor, Parent::Page(page)) if page.picked.count == 0 => {
                return self.null(nullable);
            }
            (Attribute::StartCursor, Parent::Page(page)) => page.cursor(&mut self.out, 0)?,
            (Attribute::EndCursor, Parent::Page(page)) => page.cursor(&mut self.out, page.picked.count - 1)?,
            (Attribute::Cursor, Parent::Edge(page, index)) => page.cursor(&mut self.out, index)?,
            _ => return Err(Reason::BadProgram),
        }
        Ok(())
    }

    pub(crate) fn total(&mut self, bound: usize, parent: Parent<'a, 'p>) -> Result<(), Reason> {
        let Parent::Page(page) = parent else {
            return Err(Reason::BadProgram);
        };
        let bound = *self.fetched.bounds.get(bound).ok_or(Reason::BadProgram)?;
        let total = page.total.ok_or(Reason::Null)?.min(bound);
        leaves::int(&mut self.out, total)
    }

    pub(crate) fn flat_attribute(&mut self, attribute: FlatAttribute, parent: Parent<'a, 'p>) -> Result<(), Reason> {
        let Parent::Stored(Stored { flat: Some(place), .. }) = parent else {
            return Err(Reason::BadProgram);
        };
        match attribute {
            FlatAttribute::Number => spelling::integer(&mut self.out, place.number as i64),
            FlatAttribute::Depth => spelling::integer(&mut self.out, place.depth as i64),
            FlatAttribute::Group => match place.group {
                Some(group) => spelling::integer(&mut self.out, group as i64),
                None => spelling::null(&mut self.out),
            },
            FlatAttribute::Branch => match place.branch {
                Some(branch) => spelling::text(&mut self.out, branch),
                None => spelling::null(&mut self.out),
            },
        }
        Ok(())
    }
}
