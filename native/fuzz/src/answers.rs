//! Inputs of libFuzzer, judged by `tests/native_fuzzing/judgement.py` within this process: the back end that is linked
//! here, and not one that is installed, answers them as Python does, or not at all.

#![no_main]

use std::sync::OnceLock;

use gateway_native as _;
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

unsafe extern "C" {
    // What Python calls when the extension is imported.
    fn PyInit_gateway_native() -> *mut ffi::PyObject;
}

struct Functions {
    judge: Py<PyAny>,
    mutated: Py<PyAny>,
}

fn functions() -> &'static Functions {
    static FUNCTIONS: OnceLock<Functions> = OnceLock::new();
    FUNCTIONS.get_or_init(|| {
        // SAFETY: there is no interpreter yet, and the name is a constant that ends with a zero.
        unsafe { ffi::PyImport_AppendInittab(c"gateway_native".as_ptr(), Some(PyInit_gateway_native)) };
        Python::initialize();
        Python::attach(|py| {
            let function = |module: &str, name: &str| py.import(module)?.getattr(name).map(Bound::unbind);
            let judge = function("tests.native_fuzzing.judgement", "judge").unwrap_or_else(|error| ended(py, &error));
            let mutated = function("tests.native_fuzzing.inputs", "mutated").unwrap_or_else(|error| ended(py, &error));
            Functions { judge, mutated }
        })
    })
}

/// The end, by which libFuzzer keeps the input.
fn ended(py: Python<'_>, error: &PyErr) -> ! {
    error.print(py);
    std::process::abort()
}

// Imported beforehand, so that the time of an input is its own.
fuzz_target!(init: functions(), |input: &[u8]| {
    let functions = functions();
    Python::attach(|py| {
        if let Err(error) = functions.judge.call1(py, (PyBytes::new(py, input),)) {
            ended(py, &error);
        }
    });
});

fuzz_mutator!(|buffer: &mut [u8], size: usize, max_size: usize, seed: u32| {
    // Half of the time bytes are changed as libFuzzer does it, else what they are as BSON.
    let changed: Vec<u8> = if seed % 2 == 0 {
        Vec::new()
    } else {
        Python::attach(|py| {
            let changed = functions().mutated.call1(py, (PyBytes::new(py, &buffer[..size]), seed));
            changed.and_then(|bytes| bytes.extract(py)).unwrap_or_else(|error| ended(py, &error))
        })
    };
    if changed.is_empty() || changed.len() > max_size {
        return fuzzer_mutate(buffer, size, max_size);
    }
    buffer[..changed.len()].copy_from_slice(&changed);
    changed.len()
});
