"""What a plan may be made of, however a document spells it."""

import time

import pytest
from gateway_client import Gateway

DOUBLED = "fragment F{0} on Interaction {{ a: feature {{ ...G{0} }} b: feature {{ ...G{0} }} }}"
AGAIN = "fragment G{0} on Feature {{ interactions {{ nodes {{ ...F{1} }} }} }}"


def doubling(levels: int) -> str:
    """A document whose fragments spread each other twice on each of so many levels."""
    fragments = [DOUBLED.format(level) + AGAIN.format(level, level + 1) for level in range(levels)]
    return "{ interactions { nodes { ...F0 } } }" + "".join(fragments) + f"fragment F{levels} on Interaction {{ id }}"


async def test_fragments_that_double_are_refused_at_once(gateway: Gateway) -> None:
    began = time.process_time()
    answer = await gateway.execute(doubling(12))
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["OPERATION_TOO_COMPLEX"]
    assert "10,000 fields" in answer["errors"][0]["message"]
    # Expanded, the document would select more than 30,000 fields; planning all of them takes minutes.
    assert time.process_time() - began < 5


async def test_fragments_that_are_spread_twice_are_answered(gateway: Gateway) -> None:
    assert await gateway.data(doubling(2)) == {"interactions": {"nodes": []}}


@pytest.mark.parametrize(("levels", "refused"), [(30, False), (60, True)])
async def test_selections_are_nested_40_levels_deep_at_most(gateway: Gateway, levels: int, refused: bool) -> None:
    tree = "and { ... on FilterGroup { " * levels + "text" + " } }" * levels
    answer = await gateway.execute(f"{{ interactions {{ nodes {{ searchRequest {{ filters {{ {tree} }} }} }} }} }}")
    codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
    assert codes == (["OPERATION_TOO_COMPLEX"] if refused else [])
