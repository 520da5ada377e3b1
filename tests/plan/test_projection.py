"""What is selected of documents, and how many bytes that has at most."""

import pytest
from bson import encode

from gateway.model.wire import validate_interaction
from gateway.model.wire.fields import MAX_COUNT, MAX_ID, MAX_NAME, MAX_TYPES
from gateway.plan.projection import most_bytes, projection

LONGEST = "\N{GRINNING FACE}" * MAX_ID


def test_ids_types_and_numbers_are_short_at_their_longest() -> None:
    ids = dict.fromkeys(("interaction_id", "feature_id", "session_id", "user_id", "search_request_id"), LONGEST)
    numbers = {"position": MAX_COUNT, "duration_ms": MAX_COUNT, "score": 1e300, "occurred_at": "2024-05-01T12:00:00Z"}
    types = ["\N{GRINNING FACE}" * (MAX_NAME - 2) + f"{number:02}" for number in range(MAX_TYPES)]
    raw = {**ids, **numbers, "interaction_type": types}
    interaction = validate_interaction(raw)
    stored = {"_id": b"x" * 16, "namespace_id": "n" * 27, **interaction.raw}
    assert len(encode(stored)) <= most_bytes(projection(frozenset(raw))) < 100_000


@pytest.mark.parametrize("path", ["", "metadata", "search_request.filters", "search_request", "queries"])
def test_what_holds_any_json_is_long(path: str) -> None:
    assert most_bytes(projection(frozenset({"interaction_id", path}))) > 1_000_000
