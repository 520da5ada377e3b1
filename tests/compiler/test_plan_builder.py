"""What a plan may be made of, however a document spells it."""

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse

from gateway.compiler.collect import collect
from gateway.compiler.variable_roles import condition_variables, cursor_variables
from gateway.plan.operation_plan import Field
from tests.harness.default_graph import EXECUTABLE
from tests.harness.gateway_client import Gateway

DOUBLED = "fragment F{0} on Interaction {{ a: feature {{ ...G{0} }} b: feature {{ ...G{0} }} }}"
AGAIN = "fragment G{0} on Feature {{ interactions {{ nodes {{ ...F{1} }} }} }}"


def doubling(levels: int) -> str:
    """A document whose fragments spread each other twice on each of so many levels."""
    fragments = [DOUBLED.format(level) + AGAIN.format(level, level + 1) for level in range(levels)]
    return "{ interactions { nodes { ...F0 } } }" + "".join(fragments) + f"fragment F{levels} on Interaction {{ id }}"


async def test_fragments_that_are_spread_twice_are_answered(gateway: Gateway) -> None:
    assert await gateway.data(doubling(2)) == {"interactions": {"nodes": []}}


def root_fields(query: str, **conditions: bool) -> tuple[Field, ...]:
    document = parse(query)
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    [operation] = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    return collect(EXECUTABLE, operation, fragments, conditions)


def test_a_fragment_is_collected_once_for_a_type_wherever_it_is_all_that_is_selected() -> None:
    fields = root_fields("""
        { a: viewer { ...A } b: viewer { ...B } c: viewer { ...A } c: viewer { ...B } d: viewer { ...A keyName } }
        fragment A on Viewer { ...B }
        fragment B on Viewer { keyName permissions }
    """)
    selected = [one.selections["Viewer"] for one in fields]
    assert selected[0] is selected[1] is selected[2]
    assert [[one.key for one in those] for those in selected] == [["keyName", "permissions"]] * 4


def test_a_fragment_that_is_left_out_or_of_another_type_selects_nothing() -> None:
    [nodes] = root_fields(
        """
        query ($c: Boolean!) { nodes(ids: []) { ...A } }
        fragment A on Interaction { ...B @include(if: $c) }
        fragment B on Node { id }
        """,
        c=False,
    )
    assert set(nodes.selections.values()) == {()}


def test_only_boolean_variables_are_conditions() -> None:
    document = parse("""
        query ($a: Boolean!, $b: Boolean = true, $c: Int, $d: [Boolean!], $e: Boolean) {
          interactions(first: $c) @include(if: $b) { ...A }
        }
        fragment A on InteractionConnection { nodes @skip(if: $a) { id @skip(if: $other) } }
    """)
    operation, fragment = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert isinstance(fragment, FragmentDefinitionNode)
    assert condition_variables(operation, [fragment]) == ["a", "b"]


@pytest.mark.parametrize(
    ("variables", "selected", "cursors"),
    [
        ("$a: String, $b: String!", "interactions(after: $a, before: $b) { edges { cursor } }", ["a", "b"]),
        ("$a: String", "interactions { nodes { feature { interactions(after: $a) { nodes { id } } } } }", ["a"]),
        ("$a: String", "...F } fragment F on Query { interactions(after: $a) { nodes { id } }", ["a"]),
        ("$a: String", "... { interactions(after: $a) { nodes { id } } }", ["a"]),
        ('$a: String = "x"', "interactions(after: $a) { nodes { id } }", ["a"]),
        ("$a: String", "interactions(where: {userId: {eq: $a}}) { nodes { id } }", []),
        ("$a: String", "interactions(after: $a, where: {userId: {in: [$a]}}) { nodes { id } }", []),
        ("$a: String", "interactions(after: $a) { nodes { id } } feature(featureId: $a) { featureId }", []),
        ("$a: Int", "interactions(first: $a) { nodes { id } }", []),
        ("$a: [String]", "interactions { nodes { id } }", []),
    ],
)
def test_a_variable_that_is_nothing_but_a_cursor_is_known_as_one(
    variables: str, selected: str, cursors: list[str]
) -> None:
    operation, *fragments = parse(f"query ({variables}) {{ {selected} }}").definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert cursor_variables(operation, [one for one in fragments if isinstance(one, FragmentDefinitionNode)]) == cursors
