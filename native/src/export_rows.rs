//! The rows of an export, cut out of an answer as they stand in it: its lines are written as they were made.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};
use serde_json::value::RawValue;

/// A page of an export.
pub struct Rows<'a> {
    pub rows: Vec<Row<'a>>,
    pub has_next_page: bool,
    pub end_cursor: Option<Cow<'a, str>>,
}

/// An interaction or a search request. `search`: the line of an interaction's search request, where there is one.
pub struct Row<'a> {
    pub line: Line<'a>,
    pub search: Option<Line<'a>>,
}

/// A line, and what it says of itself. `has_search_request`: it has such a key.
pub struct Line<'a> {
    pub encoded: &'a str,
    pub interaction_id: Option<Cow<'a, str>>,
    pub search_request_id: Option<Cow<'a, str>>,
    pub has_search_request: bool,
}

/// The rows of the first connection in an answer; nothing where it has errors, or is otherwise than exports ask for, or
/// where an id is no string.
pub fn rows(answer: &[u8]) -> Option<Rows<'_>> {
    let answer: Answer<'_> = serde_json::from_slice(answer).ok()?;
    let Connection { nodes, page_info } = answer.data.connection;
    let rows = nodes.into_iter().map(Row::of).collect::<Option<_>>()?;
    Some(Rows { rows, has_next_page: page_info.has_next_page, end_cursor: page_info.end_cursor.map(|Text(text)| text) })
}

impl<'a> Row<'a> {
    fn of(node: Node<'a>) -> Option<Self> {
        let search = match node.search_request {
            Some(search) => Some(Line::of(search.exported)?),
            None => None,
        };
        Some(Row { line: Line::of(node.exported)?, search })
    }
}

impl<'a> Line<'a> {
    fn of(encoded: &'a RawValue) -> Option<Self> {
        let said: Said<'_> = serde_json::from_str(encoded.get()).ok()?;
        Some(Line {
            encoded: encoded.get(),
            interaction_id: said.interaction_id.map(|Text(text)| text),
            search_request_id: said.search_request_id.map(|Text(text)| text),
            has_search_request: said.search_request,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Data<'a>,
    #[serde(rename = "extensions")]
    _extensions: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow, alias = "interactions", alias = "searchRequests")]
    connection: Connection<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connection<'a> {
    #[serde(borrow)]
    nodes: Vec<Node<'a>>,
    #[serde(borrow)]
    page_info: PageInfo<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo<'a> {
    has_next_page: bool,
    #[serde(borrow)]
    end_cursor: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node<'a> {
    #[serde(borrow)]
    exported: &'a RawValue,
    #[serde(borrow)]
    search_request: Option<Search<'a>>,
}

#[derive(Deserialize)]
struct Search<'a> {
    #[serde(borrow)]
    exported: &'a RawValue,
}

/// What a line says of itself.
#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    interaction_id: Option<Text<'a>>,
    #[serde(borrow)]
    search_request_id: Option<Text<'a>>,
    #[serde(default, deserialize_with = "any")]
    search_request: bool,
}

/// A text, which is copied only where it has escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_out_as_they_stand() {
        let answer = br#"{"data":{"interactions":{"nodes":[{"exported":{"interaction_id":"\u00e9\"","n":[1.0,"}"]},
            "searchRequest":{"exported":{"search_request_id":"r","search_request":null}}},{"exported":{"a":1},
            "searchRequest":null}],"pageInfo":{"hasNextPage":true,"endCursor":"c"}}},"extensions":{}}"#;
        let Rows { rows, has_next_page, end_cursor } = rows(answer).unwrap();
        assert!(has_next_page && end_cursor.as_deref() == Some("c"));
        assert_eq!(rows[0].line.encoded, r#"{"interaction_id":"\u00e9\"","n":[1.0,"}"]}"#);
        assert_eq!(rows[0].line.interaction_id.as_deref(), Some("é\""));
        let search = rows[0].search.as_ref().unwrap();
        assert!(search.has_search_request && search.search_request_id.as_deref() == Some("r"));
        assert!(rows[1].line.interaction_id.is_none() && rows[1].search.is_none());
    }

    #[test]
    fn what_is_otherwise_has_no_rows() {
        for answer in [
            &br#"{"errors":[],"data":{"interactions":{"nodes":[],"pageInfo":{"hasNextPage":false}}}}"#[..],
            br#"{"data":null}"#,
            br#"{"data":{"interactions":{"nodes":[null],"pageInfo":{"hasNextPage":false}}}}"#,
            br#"{"data":{"interactions":{"nodes":[{"exported":{"interaction_id":1}}],"pageInfo":{"hasNextPage":false}}}}"#,
            br#"{"data":{"interactions":{"nodes":[{"exported":1}],"pageInfo":{"hasNextPage":false}}}}"#,
            br#"{"data":{"judgments":{"nodes":[],"pageInfo":{"hasNextPage":false}}}}"#,
            b"",
        ] {
            assert!(rows(answer).is_none());
        }
    }
}
