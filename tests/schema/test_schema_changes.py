from pathlib import Path

import pytest

from gateway.schema.graph import build
from gateway.schema.schema_changes import NotASchema, compared

ROOT = Path(__file__).parents[2]

OLD = """
enum Kind { A B }
input Where { a: Int }
type Query { kind: Kind  items(first: Int, where: Where): [Int!]!  gone: Int }
"""
NEW = """
enum Kind { A B C }
input Where { a: Int  b: Int! }
type Query { kind: Kind!  items(first: Int!, where: Where, after: String): [Int]!  more: Int }
"""


def test_nothing_breaks_clients_of_the_released_schema_but_what_was_accepted() -> None:
    released, accepted = (ROOT / name for name in ("schema.released.graphql", "schema.accepted-changes.txt"))
    comparison = compared(released.read_text(), build().sdl, accepted.read_text().splitlines())
    assert comparison.refused == (), "see docs/upgrades.md for how to accept it, where it has to be"
    assert comparison.unknown == ()


def test_changes_are_told_apart_by_what_they_are_to_clients() -> None:
    comparison = compared(OLD, NEW)
    assert comparison.breaking == comparison.refused
    assert sorted(line.partition(":")[0] for line in comparison.breaking) == [
        "ARG_CHANGED_KIND",
        "FIELD_CHANGED_KIND",
        "FIELD_REMOVED",
        "REQUIRED_INPUT_FIELD_ADDED",
    ]
    assert sorted(line.partition(":")[0] for line in comparison.dangerous) == [
        "OPTIONAL_ARG_ADDED",
        "VALUE_ADDED_TO_ENUM",
    ]
    assert comparison.safe >= 2


def test_a_change_is_accepted_by_its_line_alone() -> None:
    first, *others = compared(OLD, NEW).breaking
    comparison = compared(OLD, NEW, ["# needed", "", f" {first} ", "FIELD_REMOVED: Query.other was removed."])
    assert comparison.refused == tuple(others)
    assert comparison.unknown == ("FIELD_REMOVED: Query.other was removed.",)


@pytest.mark.parametrize("sdl", ["", "type Query {", "type Query { a: Missing }"])
def test_what_is_no_schema_is_told_in_a_line(sdl: str) -> None:
    with pytest.raises(NotASchema, match=r"^[^\n]+$"):
        compared(sdl, NEW)
