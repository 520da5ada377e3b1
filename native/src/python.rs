//! What Python sees.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use crate::export_rows::{self, Line, Rows};
use crate::joins;
use crate::pages::{Everything, Fetched, Found, Join, Joined, Objects, Order, Page, Picked};
use crate::program::{Root, Shape};
use crate::reasons::Reason;
use crate::shaping::{self, Limits};

/// How shapes and programs are encoded: `gateway/compiler/native_backend/extension.py` expects the same number.
const ENCODING: u32 = 7;

/// The shape of an object, which programs share.
#[pyclass(name = "Shape", frozen, module = "gateway_native")]
struct SharedShape(Arc<Shape>);

#[pymethods]
impl SharedShape {
    #[new]
    fn new(encoded: &[u8], inner: Vec<PyRef<'_, SharedShape>>) -> PyResult<Self> {
        let shape = Shape::decoded(encoded, shared(&inner)).map_err(invalid)?;
        Ok(SharedShape(Arc::new(shape)))
    }
}

/// A program; its pages and joins are in the order in which its operands number them.
#[pyclass(frozen, module = "gateway_native")]
struct Program {
    root: Root,
    inner: Vec<Arc<Shape>>,
}

/// From so many bytes on, what was fetched is shaped while Python's other threads run. Less is done before one of them
/// would have its turn.
const LONG_BYTES: usize = 200_000;

type Batches = Vec<PyBackedBytes>;

/// Start, stop and step of a range.
type Range = (isize, isize, isize);

/// The range of a page's documents; whether there are elements behind and ahead of these, and how many in all.
type FetchedPage = (Range, bool, bool, Option<i64>);

/// What was fetched for a root: of batches a page in the order by a key, with its tag; or the numbers of documents, None
/// for nothing, and where they are of several types the name of each one's.
#[derive(FromPyObject)]
enum FetchedRoot {
    Page(Batches, String, String, FetchedPage),
    Objects(Batches, Vec<Option<usize>>, Vec<String>),
}

/// What parents are joined to, by what they are joined on: of batches pages in an order by a key, with its tag; or the
/// numbers of documents, None for nothing.
#[derive(FromPyObject)]
enum FetchedJoin {
    Pages(Batches, String, String, Vec<(String, FetchedPage)>),
    Documents(Batches, Vec<(String, Option<usize>)>),
}

#[pymethods]
impl Program {
    #[new]
    fn new(encoded: &[u8], inner: Vec<PyRef<'_, SharedShape>>) -> PyResult<Self> {
        let root = serde_json::from_slice(encoded).map_err(invalid)?;
        Ok(Program { root, inner: shared(&inner) })
    }

    /// The data as JSON, or the reason for which there is none.
    fn answer<'py>(
        &self,
        py: Python<'py>,
        roots: Vec<FetchedRoot>,
        joins: Vec<FetchedJoin>,
        bounds: Vec<i64>,
        most_values: u64,
        most_bytes: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let limits = Limits { values: most_values, bytes: most_bytes };
        let size: usize = roots.iter().map(root_size).chain(joins.iter().map(join_size)).sum();
        let shape = || {
            let roots = roots.iter().map(root).collect::<Result<_, _>>()?;
            let joins = joins.iter().map(join).collect::<Result<_, _>>()?;
            shaping::answer(&self.root, &self.inner, &Everything { roots, joins, bounds }, limits)
        };
        let made = if size < LONG_BYTES { guarded(shape) } else { py.detach(|| guarded(shape)) };
        match made {
            Ok(json) => Ok(PyBytes::new(py, &json).into_any()),
            Err(reason) => Ok(reason.text().into_pyobject(py)?.into_any()),
        }
    }
}

/// The documents in the rows of a join, one key's behind the other, and how many there are of each key, up to a limit; or
/// the reason for which they aren't cut.
#[pyfunction]
fn joined<'py>(py: Python<'py>, batches: Batches, limit: usize) -> PyResult<Bound<'py, PyAny>> {
    match guarded(|| joins::cut(&bytes(&batches), limit)) {
        Ok(cut) => Ok((PyBytes::new(py, &cut.documents), cut.counts).into_pyobject(py)?.into_any()),
        Err(reason) => Ok(reason.text().into_pyobject(py)?.into_any()),
    }
}

/// The ids that documents of these ranges have at a path, each once; or the reason for which they aren't read.
#[pyfunction]
fn ids_at<'py>(py: Python<'py>, batches: Batches, ranges: Vec<Range>, path: &str) -> PyResult<Bound<'py, PyAny>> {
    let picked: Vec<Picked> = ranges.into_iter().map(picked).collect();
    match guarded(|| joins::ids_at(&Fetched::of(&bytes(&batches))?, &picked, path)) {
        Ok(ids) => Ok(ids.into_pyobject(py)?.into_any()),
        Err(reason) => Ok(reason.text().into_pyobject(py)?.into_any()),
    }
}

/// The text that each document has at a path; or the reason for which they aren't read.
#[pyfunction]
fn texts_at<'py>(py: Python<'py>, batches: Batches, path: &str) -> PyResult<Bound<'py, PyAny>> {
    match guarded(|| joins::texts_at(&Fetched::of(&bytes(&batches))?, path)) {
        Ok(texts) => Ok(texts.into_pyobject(py)?.into_any()),
        Err(reason) => Ok(reason.text().into_pyobject(py)?.into_any()),
    }
}

/// A line of an export with its interaction's id, its search request's id, and whether it has a search request.
type ExportedLine<'a, 'py> = (Bound<'py, PyBytes>, Option<Cow<'a, str>>, Option<Cow<'a, str>>, bool);

/// The rows of an export that an answer has, each with the line of its search request, whether there are more, and where
/// it goes on; None where it is read otherwise.
#[pyfunction]
fn exported_rows<'py>(py: Python<'py>, answer: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let line = |line| {
        let Line { encoded, interaction_id, search_request_id, has_search_request } = line;
        (PyBytes::new(py, encoded.as_bytes()), interaction_id, search_request_id, has_search_request)
    };
    let cut = guarded(|| export_rows::rows(answer).ok_or(Reason::BadValue)).ok();
    let made = cut.map(|Rows { rows, has_next_page, end_cursor }| {
        let rows: Vec<(ExportedLine<'_, 'py>, Option<ExportedLine<'_, 'py>>)> =
            rows.into_iter().map(|row| (line(row.line), row.search.map(line))).collect();
        (rows, has_next_page, end_cursor)
    });
    Ok(made.into_pyobject(py)?.into_any())
}

/// What is made of bytes. Nothing outlives it that it may leave half-done, and they are read otherwise where it fails.
fn guarded<T>(make: impl FnOnce() -> Result<T, Reason>) -> Result<T, Reason> {
    catch_unwind(AssertUnwindSafe(make)).unwrap_or(Err(Reason::Panicked))
}

fn root<'a>(fetched: &'a FetchedRoot) -> Result<Found<'a>, Reason> {
    Ok(match fetched {
        FetchedRoot::Page(batches, key, tag, page) => {
            let fetched = Rc::new(Fetched::of(&bytes(batches))?);
            Found::Page(page_of(page, &fetched, &Rc::new(Order { key, tag })))
        }
        FetchedRoot::Objects(batches, numbers, type_names) => {
            Found::Objects(Objects { fetched: Rc::new(Fetched::of(&bytes(batches))?), numbers, type_names })
        }
    })
}

fn join<'a>(fetched: &'a FetchedJoin) -> Result<Join<'a>, Reason> {
    match fetched {
        FetchedJoin::Pages(batches, key, tag, pages) => {
            let (fetched, order) = (Rc::new(Fetched::of(&bytes(batches))?), Rc::new(Order { key, tag }));
            let page = |(key, page): &'a (String, _)| (key.as_str(), Joined::Page(page_of(page, &fetched, &order)));
            let by_key = pages.iter().map(page).collect();
            Ok(Join { fetched, by_key })
        }
        FetchedJoin::Documents(batches, numbers) => {
            let document = |(key, number): &'a (String, _)| (key.as_str(), Joined::Document(*number));
            let fetched = Rc::new(Fetched::of(&bytes(batches))?);
            Ok(Join { fetched, by_key: numbers.iter().map(document).collect() })
        }
    }
}

fn root_size(fetched: &FetchedRoot) -> usize {
    match fetched {
        FetchedRoot::Page(batches, ..) | FetchedRoot::Objects(batches, ..) => size(batches),
    }
}

fn join_size(fetched: &FetchedJoin) -> usize {
    match fetched {
        FetchedJoin::Pages(batches, ..) | FetchedJoin::Documents(batches, _) => size(batches),
    }
}

fn size(batches: &Batches) -> usize {
    batches.iter().map(|batch| batch.len()).sum()
}

fn page_of<'a>(page: &FetchedPage, fetched: &Rc<Fetched<'a>>, order: &Rc<Order<'a>>) -> Page<'a> {
    let (range, has_next_page, has_previous_page, total) = *page;
    Page {
        fetched: Rc::clone(fetched),
        picked: picked(range),
        has_next_page,
        has_previous_page,
        total,
        order: Rc::clone(order),
    }
}

fn picked((start, stop, step): Range) -> Picked {
    Picked::of(start, stop, step)
}

fn bytes(batches: &Batches) -> Vec<&[u8]> {
    batches.iter().map(|batch| &**batch).collect()
}

fn shared(inner: &[PyRef<'_, SharedShape>]) -> Vec<Arc<Shape>> {
    inner.iter().map(|shape| Arc::clone(&shape.0)).collect()
}

fn invalid(error: serde_json::Error) -> PyErr {
    PyValueError::new_err(error.to_string())
}

#[pymodule]
fn gateway_native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("ENCODING", ENCODING)?;
    module.add_function(wrap_pyfunction!(joined, module)?)?;
    module.add_function(wrap_pyfunction!(ids_at, module)?)?;
    module.add_function(wrap_pyfunction!(texts_at, module)?)?;
    module.add_function(wrap_pyfunction!(exported_rows, module)?)?;
    module.add_class::<SharedShape>()?;
    module.add_class::<Program>()
}
