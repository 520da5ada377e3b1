//! What Python sees.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::pages::{self, Order, Page};
use crate::program::{Root, Shape};
use crate::reasons::Reason;
use crate::shaping::{self, Limits};

/// How shapes and programs are encoded: `gateway/compiler/native_backend/extension.py` expects the same number.
const ENCODING: u32 = 1;

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

/// A program; its pages are in the order in which its operands number them.
#[pyclass(frozen, module = "gateway_native")]
struct Program {
    root: Root,
    inner: Vec<Arc<Shape>>,
}

/// Batches; start, stop and step of a range of their documents; whether there are elements behind and ahead of these,
/// and how many in all; the key and the tag of the order.
type Fetched<'py> = (Vec<Bound<'py, PyBytes>>, isize, isize, isize, bool, bool, Option<i64>, String, String);

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
        fetched: Vec<Fetched<'py>>,
        bounds: Vec<i64>,
        most_values: u64,
        most_bytes: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let limits = Limits { values: most_values, bytes: most_bytes };
        let shape = || {
            let pages = pages_of(&fetched)?;
            shaping::answer(&self.root, &self.inner, &pages, &bounds, limits)
        };
        // Nothing outlives it that it may leave half-done, and the same bytes are answered otherwise.
        match catch_unwind(AssertUnwindSafe(shape)).unwrap_or(Err(Reason::Panicked)) {
            Ok(json) => Ok(PyBytes::new(py, &json).into_any()),
            Err(reason) => Ok(reason.text().into_pyobject(py)?.into_any()),
        }
    }
}

fn pages_of<'a>(fetched: &'a [Fetched<'_>]) -> Result<Vec<Page<'a>>, Reason> {
    fetched
        .iter()
        .map(|(batches, start, stop, step, has_next_page, has_previous_page, total, key, tag)| {
            let batches: Vec<&[u8]> = batches.iter().map(|batch| batch.as_bytes()).collect();
            Ok(Page {
                documents: pages::documents(&batches, picked(*start, *stop, *step))?,
                has_next_page: *has_next_page,
                has_previous_page: *has_previous_page,
                total: *total,
                order: Order { key, tag },
                is_read: Cell::new(false),
            })
        })
        .collect()
}

/// The numbers of Python's range; none that is below 0.
fn picked(start: isize, stop: isize, step: isize) -> impl Iterator<Item = usize> {
    let mut next = start;
    std::iter::from_fn(move || {
        let ends = step == 0 || (step > 0 && next >= stop) || (step < 0 && next <= stop);
        let number = usize::try_from(next).ok().filter(|_| !ends)?;
        next = next.saturating_add(step);
        Some(number)
    })
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
    module.add_class::<SharedShape>()?;
    module.add_class::<Program>()
}
