//! From MongoDB's bytes to an answer's: programs over batches of undecoded documents, without an object of Python for each
//! value. What isn't plainly what the schema promises is left to others, with a reason.

#![forbid(unsafe_code)]

mod attributes;
pub mod bson;
mod canonical;
mod export_rows;
pub mod joins;
mod leaves;
mod listing;
mod lists;
mod objects;
pub mod pages;
pub mod program;
mod python;
pub mod reasons;
mod recorded;
mod scan;
pub mod shaping;
mod spelling;
mod texts;
mod times;
mod views;
