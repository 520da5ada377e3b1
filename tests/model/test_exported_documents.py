"""What a line of an export says beside what was recorded."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.context import Namespace
from gateway.errors import Forbidden
from gateway.model.documents import interaction_document, search_request_document, without_search_request
from gateway.model.exported_documents import exported_interaction, exported_search_request
from gateway.model.wire import validate_interaction, validate_search_request

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
NAMESPACE = Namespace("ns_1", "shop", "org_1", NOON)
REQUEST: dict[str, Any] = {"queries": [], "collections": ["c"]}


def interaction(request_id: str | None = None, **fields: Any) -> dict[str, Any]:
    recorded = validate_interaction({"interaction_id": "i", "feature_id": "p", "interaction_type": "view", **fields})
    request = None
    if request_id is not None:
        raw = recorded.search_request or validate_search_request(REQUEST)
        request = search_request_document(NAMESPACE, request_id, raw, first_seen_at=NOON)
    return interaction_document(NAMESPACE, recorded, occurred_at=NOON, request=request)


def test_what_was_recorded_is_told_as_it_was() -> None:
    at = "2024-05-01T14:00:00.123456+02:00"
    fields: dict[str, Any] = {
        "position": None,
        "own": {"a": [1]},
        "occurred_at": at,
        "namespace_id": "mine",
        "conditions": 1,
    }
    line = exported_interaction(interaction(**fields))
    assert line == {"interaction_id": "i", "feature_id": "p", "interaction_type": "view", **fields}


@pytest.mark.parametrize("recorded", [{}, {"occurred_at": None}])
def test_a_time_that_was_not_recorded_is_the_gateways(recorded: dict[str, Any]) -> None:
    assert exported_interaction(interaction(**recorded))["occurred_at"] == NOON


def test_the_id_of_a_whole_search_request_without_one_stands_beside_it() -> None:
    line = exported_interaction(interaction("sr_1", search_request=REQUEST))
    assert (line["search_request"], line["search_request_id"]) == (REQUEST, "sr_1")
    own = {**REQUEST, "search_request_id": "mine"}
    line = exported_interaction(interaction("mine", search_request=own))
    assert line["search_request"] == own
    assert "search_request_id" not in line


def test_of_a_search_request_that_is_named_the_id_alone_is_told() -> None:
    line = exported_interaction(interaction("r", search_request_id="r"))
    assert line["search_request_id"] == "r"
    assert "search_request" not in line


def test_a_search_request_has_its_id_its_time_and_the_session_that_counts() -> None:
    recorded = validate_search_request(REQUEST)
    document = search_request_document(NAMESPACE, "sr_1", recorded, first_seen_at=NOON, session_id="s")
    line = {"search_request_id": "sr_1", "first_seen_at": NOON, "session_id": "s", "search_request": REQUEST}
    assert exported_search_request(document) == line
    assert list(exported_search_request(document)) == list(line)
    # An interaction that brought it was in that session; one that named it may have been in another.
    assert exported_search_request(interaction("sr_1", search_request=REQUEST, session_id="s")) == line
    named = exported_search_request(interaction("sr_1", search_request_id="sr_1", session_id="other"))
    assert "session_id" not in named


def test_what_is_withheld_is_told_of_nobody() -> None:
    withheld = without_search_request(interaction("sr_1", search_request_id="sr_1"), Forbidden("no"))
    withheld.pop("shadowed")
    with pytest.raises(Forbidden):
        exported_interaction(withheld)
