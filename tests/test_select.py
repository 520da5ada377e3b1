"""What a plan may be made of, however a document spells it."""

from gateway_client import Gateway

DOUBLED = "fragment F{0} on Interaction {{ a: feature {{ ...G{0} }} b: feature {{ ...G{0} }} }}"
AGAIN = "fragment G{0} on Feature {{ interactions {{ nodes {{ ...F{1} }} }} }}"


def doubling(levels: int) -> str:
    """A document whose fragments spread each other twice on each of so many levels."""
    fragments = [DOUBLED.format(level) + AGAIN.format(level, level + 1) for level in range(levels)]
    return "{ interactions { nodes { ...F0 } } }" + "".join(fragments) + f"fragment F{levels} on Interaction {{ id }}"


async def test_fragments_that_are_spread_twice_are_answered(gateway: Gateway) -> None:
    assert await gateway.data(doubling(2)) == {"interactions": {"nodes": []}}
