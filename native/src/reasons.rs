//! Why the native way gives up: the caller counts it and answers otherwise.

/// A reason for which no answer is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Null, or nothing, where the schema promises a value.
    Null,
    /// A value of another kind than the field's.
    BadValue,
    /// A BSON type that is left to the other ways wherever it stands.
    OddType,
    /// A key that an object has twice.
    DuplicateKey,
    /// An older spelling of a filter tree.
    LegacyTree,
    /// Deeper than MongoDB itself nests.
    TooDeep,
    /// More values or bytes than an answer may have.
    TooLarge,
    /// A text that isn't UTF-8.
    NotUtf8,
    /// Bytes that aren't BSON.
    NotBson,
    /// Something else, such as an error, in the place of what was fetched.
    FetchedOtherwise,
    /// A program that its pages don't fit.
    BadProgram,
    /// A mistake of this program.
    Panicked,
}

impl Reason {
    /// The words by which it is counted.
    pub fn text(self) -> &'static str {
        match self {
            Reason::Null => "null",
            Reason::BadValue => "bad value",
            Reason::OddType => "odd type",
            Reason::DuplicateKey => "duplicate key",
            Reason::LegacyTree => "legacy tree",
            Reason::TooDeep => "too deep",
            Reason::TooLarge => "too large",
            Reason::NotUtf8 => "not UTF-8",
            Reason::NotBson => "not BSON",
            Reason::FetchedOtherwise => "fetched otherwise",
            Reason::BadProgram => "bad program",
            Reason::Panicked => "panicked",
        }
    }
}
