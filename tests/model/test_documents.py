from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import bson
import pytest
from bson import DBRef
from bson.codec_options import CodecOptions
from hypothesis import given
from hypothesis import strategies as st

from gateway.context import Namespace
from gateway.model.document_ids import document_id, search_request_id_of
from gateway.model.documents import (
    copies_stub,
    derived_fields,
    interaction_document,
    recorded_interaction,
    same_interaction,
    same_search_request,
    search_request_document,
    without_references,
    without_search_request,
)
from gateway.model.filter_trees import canonical_json, key_token, key_value_token, value_hash
from gateway.model.wire import validate_interaction, validate_search_request

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
SHOP = Namespace("ns_shop", "shop", "org_1", NOW)
MEDIA = Namespace("ns_media", "media", "org_1", NOW)
VIEW: dict[str, Any] = {"feature_id": "p1", "interaction_type": "view", "interaction_id": "i1"}
SEARCH: dict[str, Any] = {
    "queries": [
        {"vector_index": "text", "value": "x", "type": "text", "filters": {"NOR": [{"key": "size", "value": 42}]}}
    ],
    "collections": ["shop"],
    "filters": {"AND": [{"key": "brand", "value": "Nike"}, {"OR": [{"field": "brand", "value": "Nike"}]}]},
}


def request_of(wire: dict[str, Any], namespace: Namespace = SHOP) -> dict[str, Any]:
    id = search_request_id_of(namespace.id, wire)
    return search_request_document(namespace, id, validate_search_request(wire), first_seen_at=NOW)


def document_of(
    wire: dict[str, Any], request: dict[str, Any] | None = None, at: datetime = NOW, namespace: Namespace = SHOP
) -> dict[str, Any]:
    return interaction_document(namespace, validate_interaction(wire), occurred_at=at, request=request)


def stored(document: dict[str, Any]) -> dict[str, Any]:
    """The document as the driver reads it."""
    options: CodecOptions[dict[str, Any]] = CodecOptions(
        tz_aware=True, uuid_representation=bson.binary.UuidRepresentation.STANDARD
    )
    return bson.decode(bson.encode(document, codec_options=options), options)


def test_an_id_is_one_document_per_namespace_and_kind() -> None:
    # Stored documents rely on these: with other values everything recorded again would be stored twice.
    assert document_id("ns_1", "interaction", "x") == UUID("9dc52524-df48-5fc5-957f-3021a0366940")
    assert document_id("ns_2", "interaction", "x") == UUID("241fbc43-8335-558c-b270-04b5d5348874")
    assert document_id("ns_1", "search_request", "x") == UUID("59999c1f-f2ab-5d10-981d-4b6d7bafc8d7")


def test_a_search_requests_id_is_the_clients_or_follows_from_namespace_session_and_content() -> None:
    assert search_request_id_of("ns_1", SEARCH | {"search_request_id": "r1"}) == "r1"
    derived_id = search_request_id_of("ns_1", SEARCH, "s1")
    assert derived_id.startswith("sr_")
    assert search_request_id_of("ns_1", dict(reversed(SEARCH.items())), "s1") == derived_id
    others = {
        search_request_id_of("ns_2", SEARCH, "s1"),
        search_request_id_of("ns_1", SEARCH, "s2"),
        search_request_id_of("ns_1", SEARCH, None),
        search_request_id_of("ns_1", SEARCH | {"select": None}, "s1"),
    }
    assert len(others | {derived_id}) == 5


def test_the_search_requests_own_session_decides_over_the_interactions() -> None:
    own = SEARCH | {"session_id": "s1"}
    assert search_request_id_of("ns_1", own, "s1") == search_request_id_of("ns_1", own, "s2")


def condition_row(key: str, value: Any, branch: str, depth: int) -> dict[str, Any]:
    spelling = canonical_json(value).decode()
    return {
        **{"key": key, "operator": "eq", "value_hash": value_hash(value)},
        **{"value": spelling, "depth": depth, "branch": branch},
    }


def test_a_stored_search_request() -> None:
    document = request_of(SEARCH | {"search_request_id": "r1", "session_id": "s1"})
    assert document == {
        "_id": document_id("ns_shop", "search_request", "r1"),
        "namespace_id": "ns_shop",
        "search_request_id": "r1",
        "first_seen_at": NOW,
        "effective_session_id": "s1",
        "search_request": SEARCH | {"search_request_id": "r1", "session_id": "s1"},
        "conditions": [
            condition_row("brand", "Nike", "AND", 1),
            condition_row("brand", "Nike", "OR", 2),
            condition_row("size", 42, "NOR", 1),
        ],
        "condition_tokens": [
            key_token("brand"),
            key_value_token("brand", value_hash("Nike")),
            key_token("size"),
            key_value_token("size", value_hash(42)),
        ],
        "query_text": "x",
        "text_tokens": ["t=x", "s=x", "v=x", "f=x"],
    }
    assert without_references(document["search_request"]) == SEARCH | {"search_request_id": "r1", "session_id": "s1"}


def test_a_stored_interaction() -> None:
    request = request_of(SEARCH | {"search_request_id": "r1", "session_id": "s1"})
    wire = VIEW | {"search_request": request["search_request"], "position": None, "tomorrow": {"a": 1}}
    document = document_of(wire, request, NOW + timedelta(microseconds=1999))
    assert document == {
        **wire,
        "_id": document_id("ns_shop", "interaction", "i1"),
        "namespace_id": "ns_shop",
        "occurred_at": NOW + timedelta(milliseconds=1),
        "effective_session_id": "s1",
        "search_request_id": "r1",
        "first_seen_at": NOW,
        "conditions": request["conditions"],
        "condition_tokens": request["condition_tokens"],
        "query_text": "x",
        "text_tokens": request["text_tokens"],
    }
    assert recorded_interaction(document) == wire


def test_an_interaction_with_a_search_request_of_an_older_gateway_has_all_that_is_derived() -> None:
    request = request_of(SEARCH)
    wire = VIEW | {"search_request": SEARCH}
    older = {name: value for name, value in request.items() if name not in ("query_text", "text_tokens")}
    assert document_of(wire, older) == document_of(wire, request)


def test_an_interactions_own_session_counts_first() -> None:
    request = request_of(SEARCH | {"session_id": "s1"})
    assert document_of(VIEW | {"session_id": "s2"}, request)["effective_session_id"] == "s2"
    assert "effective_session_id" not in document_of(VIEW)


def test_recorded_keys_with_owned_names_are_kept_beside() -> None:
    wire = VIEW | {"_id": 1, "conditions": [], "shadowed": None, "occurred_at": "2024-05-01T14:00:00+02:00"}
    document = document_of(wire, at=NOW + timedelta(days=1))
    assert document["occurred_at"] == NOW
    assert document["_id"] == document_id("ns_shop", "interaction", "i1")
    assert "conditions" not in document
    assert recorded_interaction(document) == wire


@pytest.mark.parametrize("stored", [None, "x", 5, [], [{"search_request_id": "r1"}], DBRef("c", 1)])
def test_what_others_stored_in_the_place_of_owned_names_is_not_recorded(stored: object) -> None:
    document = document_of(VIEW | {"search_request_id": "r1"}, request_of(SEARCH))
    document["shadowed"] = stored
    recorded = recorded_interaction(document)
    assert recorded == VIEW | {"search_request": document["search_request"]}
    assert not copies_stub(document)
    assert "search_request" in without_search_request(document, None)


def test_an_interaction_that_names_its_search_request_is_shown_as_recorded() -> None:
    request = request_of(SEARCH | {"search_request_id": "r1"})
    for wire in (VIEW | {"search_request_id": "r1"}, VIEW | {"search_request_id": "r1", "search_request": None}):
        document = document_of(wire, request)
        assert document["search_request"] == request["search_request"]
        assert recorded_interaction(document) == wire
    with_null = VIEW | {"search_request_id": None, "search_request": request["search_request"]}
    assert recorded_interaction(document_of(with_null, request)) == with_null


def test_an_interaction_keeps_its_own_spelling_of_its_search_request() -> None:
    request = request_of(SEARCH | {"search_request_id": "r1", "weight": 1})
    document = document_of(VIEW | {"search_request": request["search_request"] | {"weight": 1.0}}, request)
    assert isinstance(recorded_interaction(document)["search_request"]["weight"], float)


def test_an_id_that_was_made_is_part_of_what_was_recorded() -> None:
    document = document_of({"feature_id": "p1", "interaction_type": "view"})
    assert recorded_interaction(document)["interaction_id"] == document["interaction_id"]


def test_recording_the_same_again_is_not_a_conflict_and_other_content_is() -> None:
    first = stored(document_of(VIEW | {"position": 1, "metadata": {"a": 1, "b": {"$ref": "c", "$id": 1}}}))
    again = VIEW | {"metadata": {"b": {"$id": 1, "$ref": "c"}, "a": 1.0}, "position": 1}
    later = NOW + timedelta(days=1)
    assert same_interaction(first, document_of(again, at=later))
    assert same_interaction(first, document_of(again | {"occurred_at": NOW}))
    assert not same_interaction(first, document_of(again | {"occurred_at": later}))
    assert not same_interaction(first, document_of(again | {"position": None}))
    assert not same_interaction(first, document_of(again | {"user_id": None}))
    assert not same_interaction(first, document_of(again | {"metadata": {"a": True, "b": {"$ref": "c", "$id": 1}}}))


def test_deriving_takes_whatever_is_stored() -> None:
    assert derived_fields({}) == {}
    assert derived_fields({"session_id": "", "search_request": 1}) == {}
    malformed = {"queries": [1, {"filters": 2}], "filters": {"AND": 3, "OR": [4, {"key": 5}, {"field": "size"}]}}
    assert [row["key"] for row in derived_fields({"search_request": malformed})["conditions"]] in ([], ["size"])


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["$ref", "$id", "$where", "a.b", ""])
            | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3),
            inner,
            max_size=3,
        )
        | st.fixed_dictionaries({"$ref": st.text(), "$id": inner}, optional={"$db": st.text(), "more": inner})
    ),
    max_leaves=20,
)
UNKNOWN = st.dictionaries(
    st.sampled_from(["$ref", "$id", "_id", "shadowed", "conditions", "namespace_id", "first_seen_at", "a.b", "", "$x"]),
    JSON,
)


@given(UNKNOWN, JSON, JSON)
def test_whatever_is_recorded_reads_back_equal(unknown: dict[str, Any], free: Any, value: Any) -> None:
    search = SEARCH | {"filters": {"OR": [{"key": "k", "value": value}]}, "tomorrow": free}
    wire = VIEW | unknown | {"metadata": {"free": free}, "search_request": search}
    read = stored(document_of(wire, stored(request_of(search))))
    assert without_references(recorded_interaction(read)) == wire
    assert canonical_json(recorded_interaction(read)) == canonical_json(wire)
    assert without_references(read["search_request"]) == search
    assert same_interaction(read, document_of(wire, request_of(search)))
    assert same_search_request(read, validate_search_request(search))


def test_namespaces_share_no_document() -> None:
    assert document_of(VIEW, namespace=SHOP)["_id"] != document_of(VIEW, namespace=MEDIA)["_id"]
    assert request_of(SEARCH)["search_request_id"] != request_of(SEARCH, MEDIA)["search_request_id"]


def test_what_holds_no_reference_stays_as_it_is() -> None:
    value = {"a": [1, "x", None, {"$ref": 1}]}
    assert without_references(value) == value
