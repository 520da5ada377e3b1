//! What a selection becomes, as Python hands it over: `gateway/compiler/program.py` says what each part means.

use std::sync::Arc;

use serde::Deserialize;

use crate::scan::Paths;
use crate::spelling;

/// A JSON value that is written as it is.
#[derive(Debug, Deserialize)]
#[serde(from = "String")]
pub struct Spelled(pub Vec<u8>);

impl From<String> for Spelled {
    fn from(text: String) -> Self {
        let mut out = Vec::new();
        spelling::text(&mut out, &text);
        Spelled(out)
    }
}

/// A response key as it is written behind another entry, `,"key":`, and its value.
#[derive(Debug, Deserialize)]
#[serde(from = "(Spelled, Expression)")]
pub struct Entry {
    pub opening: Vec<u8>,
    pub value: Expression,
}

impl From<(Spelled, Expression)> for Entry {
    fn from((key, value): (Spelled, Expression)) -> Self {
        Entry { opening: [b",", &*key.0, b":"].concat(), value }
    }
}

/// The entries of an object, and what they read of their parent: slots of them are places in `paths`. A view of the
/// parent itself has its entries among these, so that the parent is walked through once. `reads_all`: an entry walks
/// through all of the parent by itself.
#[derive(Debug, Deserialize)]
pub struct Entries {
    pub paths: Paths,
    pub entries: Vec<Entry>,
    pub reads_all: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub enum Scalar {
    #[serde(rename = "ID")]
    Id,
    String,
    Int,
    Float,
    Boolean,
    DateTime,
    #[serde(rename = "JSON")]
    Json,
}

type Slot = usize;

/// Where a value comes from.
#[derive(Debug, Deserialize)]
pub enum Operand {
    /// What is stored at a path.
    Value(Slot),
    /// The same, or else a default.
    ValueOr(Slot, Default),
    ListOrEmpty(Slot),
    FirstPresent(Vec<Slot>),
    LowerCased(Slot),
    KnownOrOther(Slot),
    FirstKnownOrOther(Slot),
    EveryKnownOrOther(Slot),
    GlobalId(Spelled, Slot, Slot),
    /// A branch of a tree, and where the older spelling of it would be.
    TreeBranch(Slot, Option<Slot>),
    ConditionKey(Slot, Slot),
    ConditionOperator(Slot),
    Embedded(Slot),
    /// The parent itself, as far as it was recorded.
    Whole,
    Item,
    Flat,
    /// The text of the tree that the parent is, its conditions, their keys, and its levels of groups.
    TreeText,
    TreeConditions,
    TreeKeys,
    TreeDepth,
    /// What was recorded of the object that the parent is.
    Recorded(Recorded),
    FlatAttribute(FlatAttribute),
    Attribute(Attribute),
    /// What was found for the root of this number: a page, an object, or a list of these.
    Root(usize),
    /// What the parent is joined to, in the join of this number, by what it has in the slot.
    Joined(usize, Slot),
    /// The total of the page around, up to the bound of this number.
    Total(usize),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub enum Default {
    Boolean(bool),
    Integer(i64),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlatAttribute {
    Number,
    Group,
    Depth,
    Branch,
}

/// What was recorded; lines are those of an export. Of an interaction there are the names of what is the gateway's own.
#[derive(Debug, Deserialize)]
pub enum Recorded {
    Interaction(Vec<String>),
    InteractionLine(Vec<String>),
    SearchRequestLine,
}

/// An attribute of a page or an edge.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    Documents,
    Edges,
    PageInfo,
    HasNextPage,
    HasPreviousPage,
    StartCursor,
    EndCursor,
    Document,
    Cursor,
}

/// An enum's names by the values that are stored for them; `other`: the name for every value that isn't known.
#[derive(Debug, Deserialize)]
pub struct Names {
    pub names: Vec<(String, Spelled)>,
    pub other: Option<Spelled>,
}

impl Names {
    pub fn of(&self, stored: &str) -> Option<&Spelled> {
        self.names.iter().find(|(value, _)| value == stored).map(|(_, name)| name)
    }
}

#[derive(Debug, Deserialize)]
pub enum Expression {
    Constant(Option<Spelled>),
    Leaf {
        operand: Operand,
        scalar: Scalar,
        nullable: bool,
    },
    EnumName {
        operand: Operand,
        names: Names,
        nullable: bool,
    },
    Object {
        operand: Operand,
        shape: usize,
        nullable: bool,
    },
    /// Another view of the parent, which is there where anything is at a slot.
    View {
        presence: Option<Slot>,
        entries: Vec<Entry>,
        nullable: bool,
    },
    /// `width`: what each item counts for among the values of an answer.
    ListOf {
        operand: Operand,
        item: Box<Expression>,
        nullable: bool,
        width: u64,
    },
}

/// How an object is made, by its type.
#[derive(Debug, Deserialize)]
pub enum Body {
    Object(Entries),
    /// Of one of two types, as `gateway.schema.readings.Discriminator` says.
    Typed {
        any_of: Vec<String>,
        none_of: Vec<String>,
        matching: Entries,
        otherwise: Entries,
    },
    /// Of one of several types, by the name that it was looked for with.
    Named(Vec<(String, Entries)>),
    /// A node of a tree's listing. The first three slots of a group are its branches, the fourth the older one.
    Flat {
        of_condition: Entries,
        of_group: Entries,
    },
}

/// An object's shape; those of the objects in it are `inner`.
#[derive(Debug)]
pub struct Shape {
    pub body: Body,
    pub inner: Vec<Arc<Shape>>,
}

impl Shape {
    pub fn decoded(json: &[u8], inner: Vec<Arc<Shape>>) -> Result<Self, serde_json::Error> {
        Ok(Shape { body: serde_json::from_slice(json)?, inner })
    }
}

/// The root object; `values`: how many it has of an answer's values, but for those of lists.
#[derive(Debug, Deserialize)]
pub struct Root {
    pub entries: Vec<Entry>,
    pub values: u64,
}
