"""schema.graphql by the rules of graphql-eslint: Relay's specification of connections, and descriptions."""

from collections.abc import Sequence
from pathlib import Path

from tests.clients.node import run

SCHEMA = Path(__file__).parent.parent.parent / "schema.graphql"

# What to break, how, and the rule that says so.
BREACHES = [
    ("  hasNextPage: Boolean!\n", "  hasNextPage: Boolean\n", "relay-page-info"),
    ("  cursor: String!\n", "  cursor: PageInfo!\n", "relay-edge-types"),
    ("  edges: [InteractionEdge!]!\n", "  edges: InteractionEdge!\n", "relay-connection-types"),
    ("    after: String\n", "    behind: String\n", "relay-arguments"),
    ('  """Whether there are elements behind this page."""\n', "", "require-description"),
]

# Groups, matches and keys are no nodes that can be fetched again, and groups page forwards only: by design.
NO_NODES = {"Collection", "FilterUsage", "InteractionStats", "Judgment", "Key", "PercolatorMatch", "SearchStats"}
FORWARD_ONLY = {"collections", "filterUsage", "interactionStats", "judgments", "searchStats"}


def by_design(message: str, lines: Sequence[str]) -> bool:
    """Whether a breach is one that is meant."""
    place = lines[int(message.partition(":")[0]) - 1].strip()
    if message.endswith("(@graphql-eslint/relay-edge-types)"):
        return place in {f"type {name}Edge {{" for name in NO_NODES}
    return message.endswith("(@graphql-eslint/relay-arguments)") and place.rstrip("(") in FORWARD_ONLY


def test_the_schema_keeps_them_and_one_that_does_not_is_found_out(tmp_path: Path) -> None:
    text = SCHEMA.read_text(encoding="utf-8")
    broken = []
    for right, wrong, rule in BREACHES:
        assert right in text
        (folder := tmp_path / rule).mkdir()
        (file := folder / SCHEMA.name).write_text(text.replace(right, wrong, 1), encoding="utf-8")
        broken.append(file)
    kept, *breaches = run("schema_rules.mjs", None, SCHEMA, *broken)
    assert [message for message in kept if not by_design(message, text.splitlines())] == []
    for found, (_, _, rule) in zip(breaches, BREACHES, strict=True):
        assert any(message.endswith(f"(@graphql-eslint/{rule})") for message in found), (rule, found)
