"""Variables are coerced as graphql-core coerces them, which is asked where they are not plainly of their types."""

from math import inf, nan
from typing import Any

import pytest
from default_graph import EXECUTABLE
from graphql import OperationDefinitionNode, get_variable_values, parse
from hypothesis import given
from hypothesis import strategies as st

from gateway.compiler.coercion import Coercion

TYPES = ["Boolean", "ID", "Int", "String", "Float", "JSON", "DateTime", "SortDirection", "InteractionWhere"]
DEFAULTS = {"Boolean": "true", "ID": '"d"', "Int": "7", "String": '"d"', "SortDirection": "ASC"}
GIVEN = [
    *(None, True, False, 0, 1, -1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 10**30, 0.0, 1.0, 1.5, nan, inf),
    *("", "x", "1", "ASC", "2024-05-01T00:00:00Z", [], ["x"], [1, None], {}, {"userId": {"eq": "u"}}, {"no": 1}),
]


def coercion(definitions: str) -> tuple[Coercion, OperationDefinitionNode]:
    [operation] = parse(f"query ({definitions}) {{ viewer {{ keyName }} }}").definitions
    assert isinstance(operation, OperationDefinitionNode)
    return Coercion(EXECUTABLE, operation.variable_definitions or ()), operation


def told(found: Any) -> Any:
    """What was found; signatures are made anew each time, of the same nodes."""
    if isinstance(found, list):
        return [str(one) for one in found]
    sources = {
        name: (str(one.signature.type), one.signature.default and one.signature.default.literal, repr(one.value))
        for name, one in found.sources.items()
    }
    return repr(found.coerced), sources


def declarations() -> list[str]:
    found = [f"{name}{required}" for name in TYPES for required in ("", "!")]
    found += [f"[{name}!]" for name in TYPES]
    return found + [f"{name} = {default}" for name, default in DEFAULTS.items()] + ["Int! = 7", "String = null"]


@pytest.mark.parametrize("declared", declarations())
def test_each_value_of_each_type_becomes_what_graphql_core_makes_of_it(declared: str) -> None:
    found, operation = coercion(f"$v: {declared}")
    nodes = operation.variable_definitions or ()
    sent: list[dict[str, Any]] = [{}, {"other": 1}, *({"v": value} for value in GIVEN)]
    for variables in sent:
        anew = get_variable_values(EXECUTABLE, nodes, dict(variables), 10, hide_suggestions=False)
        assert told(found.values(variables, 10, hide_suggestions=False)) == told(anew)


@given(st.lists(st.sampled_from(declarations()), min_size=1, max_size=4), st.data())
def test_several_are_coerced_together(declared: list[str], data: st.DataObject) -> None:
    found, operation = coercion(", ".join(f"$v{number}: {one}" for number, one in enumerate(declared)))
    names = [f"v{number}" for number in range(len(declared))]
    variables = data.draw(st.dictionaries(st.sampled_from([*names, "other"]), st.sampled_from(GIVEN)))
    nodes = operation.variable_definitions or ()
    for hide_suggestions in (True, False):
        anew = get_variable_values(EXECUTABLE, nodes, dict(variables), 2, hide_suggestions)
        assert told(found.values(variables, 2, hide_suggestions=hide_suggestions)) == told(anew)
