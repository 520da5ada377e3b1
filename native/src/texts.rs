//! Filter trees as readable text, as `gateway.model.filter_trees.spelling` writes them.

use crate::bson::{self, Document, Value, require_depth, require_no_reference};
use crate::canonical::canonical;
use crate::listing::{BRANCHES, is_condition};
use crate::reasons::Reason;
use crate::shaping::Answer;
use crate::spelling;

// What a term counts for among an answer's values.
const WRITTEN: u64 = 5;
const NO_KEYS: [&str; 6] = ["AND", "OR", "NOT", "TRUE", "FALSE", "CASE"];

#[derive(Clone, Copy)]
enum Branch {
    And,
    Or,
    Nor,
}

enum Term<'a> {
    Node(Document<'a>),
    Joined(Branch, Vec<Term<'a>>),
}

impl<'a> Answer<'a, '_> {
    /// The text of the tree that a stored object is; all of it is walked through.
    pub(crate) fn tree_text(&mut self, tree: Document<'a>, depth: usize) -> Result<(), Reason> {
        let mut written = Vec::new();
        self.written_node(&mut written, tree, depth, false)?;
        let text = std::str::from_utf8(&written).map_err(|_| Reason::NotUtf8)?;
        spelling::text(&mut self.out, text);
        Ok(())
    }

    /// `nested`: several terms need parentheses.
    fn written_node(
        &mut self,
        out: &mut Vec<u8>,
        node: Document<'a>,
        depth: usize,
        nested: bool,
    ) -> Result<(), Reason> {
        require_depth(depth)?;
        if is_condition(node)? {
            return condition(out, node, depth);
        }
        let (terms, case_sensitive) = group(node, depth)?;
        let Some(is_sensitive) = case_sensitive else {
            return self.joined(out, Branch::And, &terms, depth, nested);
        };
        out.extend_from_slice(if is_sensitive { b"CASE SENSITIVE (" } else { b"CASE INSENSITIVE (" });
        self.joined(out, Branch::And, &terms, depth, false)?;
        out.push(b')');
        Ok(())
    }

    /// `depth`: of the group around the terms.
    fn joined(
        &mut self,
        out: &mut Vec<u8>,
        branch: Branch,
        terms: &[Term<'a>],
        depth: usize,
        nested: bool,
    ) -> Result<(), Reason> {
        self.count(terms.len(), WRITTEN)?;
        let separator: &[u8] = match (branch, terms) {
            (Branch::Nor, _) => {
                out.extend_from_slice(b"NOT (");
                self.joined(out, Branch::Or, terms, depth, false)?;
                out.push(b')');
                return Ok(());
            }
            (Branch::And, []) => {
                out.extend_from_slice(b"TRUE");
                return Ok(());
            }
            (Branch::Or, []) => {
                out.extend_from_slice(b"FALSE");
                return Ok(());
            }
            (_, [term]) => return self.term(out, term, depth, nested),
            (Branch::And, _) => b" AND ",
            (Branch::Or, _) => b" OR ",
        };
        if nested {
            out.push(b'(');
        }
        for (index, term) in terms.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(separator);
            }
            self.term(out, term, depth, true)?;
        }
        if nested {
            out.push(b')');
        }
        if out.len() > self.limits.bytes { Err(Reason::TooLarge) } else { Ok(()) }
    }

    fn term(&mut self, out: &mut Vec<u8>, term: &Term<'a>, depth: usize, nested: bool) -> Result<(), Reason> {
        match term {
            // It is in a list, which is a level deeper than its group.
            Term::Node(node) => self.written_node(out, *node, depth + 2, nested),
            Term::Joined(branch, terms) => self.joined(out, *branch, terms, depth, nested),
        }
    }
}

/// The terms of a group, and what it says of letter case.
fn group(group: Document<'_>, depth: usize) -> Result<(Vec<Term<'_>>, Option<bool>), Reason> {
    let mut branches = [const { None }; BRANCHES.len()];
    let mut case_sensitive = None;
    let mut elements = group.elements();
    while let Some((key, value)) = elements.next()? {
        if let Some(branch) = BRANCHES.iter().position(|&name| name == key) {
            if branches[branch].replace(items(value, depth + 1)?).is_some() {
                return Err(Reason::DuplicateKey);
            }
        } else if key == "case_sensitive" {
            let stored = match value {
                Value::Null => None,
                Value::Boolean(flag) => Some(flag),
                _ => return Err(Reason::BadValue),
            };
            if case_sensitive.replace(stored).is_some() {
                return Err(Reason::DuplicateKey);
            }
        } else {
            require_no_reference(key)?;
            bson::validate(value, depth + 1)?;
        }
    }
    let [and, or, nor] = branches.map(Option::flatten);
    let mut terms = and.unwrap_or_default();
    terms.extend(or.map(|terms| Term::Joined(Branch::Or, terms)));
    terms.extend(nor.filter(|terms| !terms.is_empty()).map(|terms| Term::Joined(Branch::Nor, terms)));
    Ok((terms, case_sensitive.flatten()))
}

/// The nodes of a branch; None where there is null.
fn items(branch: Value<'_>, depth: usize) -> Result<Option<Vec<Term<'_>>>, Reason> {
    let array = match branch {
        Value::Null => return Ok(None),
        Value::Array(array) => array,
        _ => return Err(Reason::BadValue),
    };
    require_depth(depth)?;
    let (mut items, mut terms) = (array.elements(), Vec::new());
    while let Some(item) = items.next_item()? {
        match item {
            Value::Document(node) => terms.push(Term::Node(node)),
            _ => return Err(Reason::BadValue),
        }
    }
    Ok(Some(terms))
}

fn condition(out: &mut Vec<u8>, condition: Document<'_>, depth: usize) -> Result<(), Reason> {
    let (mut key, mut older, mut operator, mut value) = (None, None, None, None);
    let mut elements = condition.elements();
    while let Some((name, read)) = elements.next()? {
        let place = match name {
            "key" => &mut key,
            "field" => &mut older,
            "operator" => &mut operator,
            "value" => &mut value,
            _ => {
                require_no_reference(name)?;
                bson::validate(read, depth + 1)?;
                continue;
            }
        };
        if place.replace(read).is_some() {
            return Err(Reason::DuplicateKey);
        }
    }
    match (present(key), present(older)) {
        (Some(Value::Text(_)), Some(Value::Document(_) | Value::Array(_))) => return Err(Reason::BadValue),
        (Some(Value::Text(key)), _) | (None, Some(Value::Text(key))) => subject(out, key),
        _ => return Err(Reason::BadValue),
    }
    out.push(b' ');
    match present(operator) {
        None => out.push(b'='),
        // Other letters may become several.
        Some(Value::Text(name)) if name.is_ascii() => spelled_operator(out, &name.to_ascii_lowercase()),
        _ => return Err(Reason::BadValue),
    }
    if let Some(value) = value {
        out.push(b' ');
        canonical(out, value, depth + 1)?;
    }
    Ok(())
}

fn present(value: Option<Value<'_>>) -> Option<Value<'_>> {
    value.filter(|value| !matches!(value, Value::Null))
}

fn subject(out: &mut Vec<u8>, key: &str) {
    let is_plain = key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        && !NO_KEYS.iter().any(|name| name.eq_ignore_ascii_case(key));
    if is_plain { out.extend_from_slice(key.as_bytes()) } else { quoted(out, key) }
}

fn spelled_operator(out: &mut Vec<u8>, operator: &str) {
    let spelled: &[u8] = match operator {
        "eq" => b"=",
        "ne" => b"!=",
        "gt" => b">",
        "lt" => b"<",
        "gte" => b">=",
        "lte" => b"<=",
        "in" => b"IN",
        "nin" => b"NOT IN",
        "is_null" => b"IS NULL",
        "text" => b"TEXT",
        "exists" => b"EXISTS",
        "contains" => b"CONTAINS",
        "starts_with" => b"STARTS WITH",
        "ends_with" => b"ENDS WITH",
        "regex" => b"REGEX",
        _ => return quoted(out, operator),
    };
    out.extend_from_slice(spelled);
}

/// As JSON has it, between backticks.
fn quoted(out: &mut Vec<u8>, name: &str) {
    out.push(b'`');
    let mut escaped = Vec::with_capacity(name.len());
    spelling::escaped(&mut escaped, name);
    for byte in escaped {
        if byte == b'`' { out.extend_from_slice(b"\\u0060") } else { out.push(byte) }
    }
    out.push(b'`');
}
