"""Programs: what they are for a few operations, and that they are data which alike selections share.

tests/compiler/shapes holds the operations beside their programs. After a change that is meant to change these, run with
GATEWAY_TESTS_REWRITE=1 and read the difference.
"""

import gc
import os
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import FunctionType
from typing import Any
from weakref import ref

import pytest

from gateway.compiler.program import Leaf, PageAt, Program, Scalar, Shape
from gateway.compiler.program_builder import ProgramBuilder
from gateway.schema.graph import build
from gateway.schema.readings import Discriminator
from gateway.schema.stored_readings import Computed
from tests.harness import prepared
from tests.harness.program_text import branches, inner_shapes, program_text

SHAPES = Path(__file__).parent / "shapes"
REWRITE = "GATEWAY_TESTS_REWRITE"
NAMES = sorted(path.stem for path in SHAPES.glob("*.graphql"))

_ONE = "query One { interactions { nodes { searchRequest { filters { keys flat { key } } } } } }"
_OTHER = "query Other { interaction(interactionId: 1) { a: searchRequest { b: filters { keys flat { key } } } } }"


def program(query: str, builder: ProgramBuilder | None = None) -> Program:
    return (builder or ProgramBuilder(build())).program(prepared.compiled(query, {}).plan)


def shapes(value: Program | Shape) -> Iterator[Shape]:
    entries = [value.entries] if isinstance(value, Program) else [entries for _, entries in branches(value)]
    for inner in (inner for one in entries for inner in inner_shapes(one)):
        yield inner
        yield from shapes(inner)


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_becomes_this_program(name: str) -> None:
    golden, text = SHAPES / f"{name}.program.txt", program_text(program((SHAPES / f"{name}.graphql").read_text()))
    if os.environ.get(REWRITE):
        assert "CI" not in os.environ, "golden files are rewritten by people, who read what has changed"
        golden.write_text(text)
    else:
        assert text == golden.read_text()


def test_what_is_selected_alike_has_one_shape_in_whichever_operation() -> None:
    builder = ProgramBuilder(build())
    one, other = program(_ONE, builder), program(_OTHER, builder)
    shared = set(shapes(one)) & set(shapes(other))
    assert {key for shape in shared for _, entries in branches(shape) for key, _ in entries} == {"keys", "flat", "key"}
    assert program(_ONE, builder) is one


def test_a_shape_lasts_as_long_as_a_program_in_use_has_it() -> None:
    builder = ProgramBuilder(build())
    one, other = program(_ONE, builder), program(_OTHER, builder)
    of_one, of_other = ({ref(shape) for shape in shapes(kept)} for kept in (one, other))
    del one
    gc.collect()
    assert {shape for shape in of_one | of_other if shape() is not None} == of_other
    del other
    gc.collect()
    assert {shape for shape in of_one | of_other if shape() is not None} == set()


def test_a_program_is_data_but_for_what_is_computed_of_a_whole_object() -> None:
    """Whoever reads it needs neither the schema nor the classes that it is declared with."""
    found = {type(part) for name in NAMES for part in _parts(program((SHAPES / f"{name}.graphql").read_text()))}
    plain = {str, int, bool, type(None), tuple, list, dict, frozenset, FunctionType}
    assert {kind for kind in found - plain if kind.__module__.split(".")[0] != "gateway"} == set()
    assert all(is_dataclass(kind) or issubclass(kind, Enum | tuple) for kind in found - plain)


def _parts(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, Computed | Discriminator | Enum):
        return
    if is_dataclass(value):
        for field in fields(value):
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (*_parts(key), *_parts(item))
    elif isinstance(value, tuple | list | frozenset):
        for item in value:
            yield from _parts(item)


def test_the_schemas_own_answer_is_looked_up_as_what_is_fetched() -> None:
    [entry] = program("{ a: __schema { queryType { name } } }").entries
    assert entry == ("a", Leaf(PageAt(("Query.a",), ""), Scalar.JSON, nullable=True))
