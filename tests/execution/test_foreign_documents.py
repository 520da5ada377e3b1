"""Documents that the gateway didn't write: what peers and earlier generations stored is read, never refused."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from bson import (
    Binary,
    Code,
    DatetimeMS,
    DBRef,
    Decimal128,
    Int64,
    MinKey,
    ObjectId,
    Regex,
    Timestamp,
    encode,
)
from bson.raw_bson import RawBSONDocument

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.store.derived_fields import check
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.jobs import jobs_done

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def gateway(house: Gateway) -> Gateway:
    """The gateway over empty collections."""
    for kind in (INTERACTION, SEARCH_REQUEST):
        await house.database[kind.collection].delete_many({})
    return house


async def insert(gateway: Gateway, id: object = "peer", **fields: Any) -> None:
    """A peer's interaction, well-formed but for ``fields``; a field that is `...` is missing."""
    document = {
        "_id": ObjectId(),
        "namespace_id": gateway.namespace.id,
        "interaction_id": id,
        "feature_id": "p1",
        "interaction_type": "click",
        "occurred_at": NOON,
        **fields,
    }
    await gateway.database[INTERACTION.collection].insert_one(
        {name: value for name, value in document.items() if value is not ...}
    )


async def insert_request(gateway: Gateway, search_request: Any, **fields: Any) -> None:
    """A peer's interaction with this search request."""
    await insert(gateway, search_request=search_request, **{"search_request_id": "r", "first_seen_at": NOON, **fields})


async def read(gateway: Gateway, selection: str, id: str = "peer") -> Any:
    data = await gateway.data(f'{{ interaction(interactionId: "{id}") {{ {selection} }} }}')
    return data["interaction"]


async def read_request(gateway: Gateway, selection: str) -> Any:
    return (await read(gateway, f"searchRequest {{ {selection} }}"))["searchRequest"]


# ------------------------------------------------------------------ legacy spellings


async def test_trees_of_later_generations_read_like_the_contracts(gateway: Gateway) -> None:
    tree = {
        "AND": [{"field": "brand", "operator": "EQ", "value": "Nike", "boost": 2}, {"key": "size"}],
        "NOT": {"field": "price", "operator": "starts_with", "value": "1"},
        "note": None,
    }
    await insert_request(gateway, {"queries": [], "collections": [], "filters": tree})
    selection = "filters { and { ...C } nor { ...C } json keys flat { branch key operator value } text }"
    fragment = "fragment C on FilterCondition { key operator value }"
    document = f'{{ interaction(interactionId: "peer") {{ searchRequest {{ {selection} }} }} }} {fragment}'
    fields = (await gateway.data(document))["interaction"]["searchRequest"]["filters"]
    assert fields["and"] == [
        {"key": "brand", "operator": "EQ", "value": "Nike"},
        {"key": "size", "operator": "EQ", "value": None},
    ]
    assert fields["nor"] == [{"key": "price", "operator": "STARTS_WITH", "value": "1"}]
    assert fields["keys"] == ["brand", "size", "price"]
    assert [node["branch"] for node in fields["flat"]] == [None, "AND", "AND", "NOR"]
    # Unknown keys and nulls too, in their order.
    assert fields["json"] == tree
    assert list(fields["json"]) == list(tree)


async def test_a_list_of_negated_nodes_reads_like_nor(gateway: Gateway) -> None:
    tree = {"NOR": [{"key": "a"}], "NOT": [{"key": "b"}, {"OR": [{"field": "c"}]}]}
    await insert_request(gateway, {"queries": [], "collections": [], "filters": tree})
    fields = await read_request(gateway, "filters { nor { __typename } keys depth }")
    assert fields["filters"] == {
        "nor": [{"__typename": "FilterCondition"}, {"__typename": "FilterCondition"}, {"__typename": "FilterGroup"}],
        "keys": ["a", "b", "c"],
        "depth": 2,
    }


@pytest.mark.parametrize(
    ("stored", "first", "every"),
    [
        # As filters see it: only the contract's own spelling is known.
        ("CLICK", "OTHER", ["OTHER"]),
        ("teleport", "OTHER", ["OTHER"]),
        (["purchase", "teleport", "share"], "PURCHASE", ["PURCHASE", "OTHER", "SHARE"]),
        (["teleport"], "OTHER", ["OTHER"]),
        (7, "OTHER", ["OTHER"]),
    ],
)
async def test_types_of_interactions(stored: Any, first: str, every: list[str], gateway: Gateway) -> None:
    await insert(gateway, interaction_type=stored)
    assert await read(gateway, "interactionType interactionTypes json") == {
        "interactionType": first,
        "interactionTypes": every,
        "json": {"interaction_id": "peer", "feature_id": "p1", "interaction_type": stored},
    }


async def test_unknown_operators_types_and_indexes_are_other(gateway: Gateway) -> None:
    query = {"vector_index": "audio", "value": "x", "type": "vector"}
    filters = {"AND": [{"key": "place", "operator": "near", "value": [1, 2]}]}
    await insert_request(gateway, {"queries": [query], "collections": [], "filters": filters})
    fields = await read_request(
        gateway, "queries { vectorIndex type } filters { conditions { operator value } flat { operator } json }"
    )
    assert fields == {
        "queries": [{"vectorIndex": "OTHER", "type": "OTHER"}],
        "filters": {
            "conditions": [{"operator": "OTHER", "value": [1, 2]}],
            "flat": [{"operator": None}, {"operator": "OTHER"}],
            "json": filters,
        },
    }


async def test_letter_case_does_not_matter_for_operators_and_directions(gateway: Gateway) -> None:
    """Both are accepted in any case, and have no OTHER or are written so by earlier generations."""
    filters = {"AND": [{"key": "k", "operator": "Starts_With", "value": "x"}]}
    sort = {"field": "f", "direction": "DESC"}
    await insert_request(gateway, {"queries": [], "collections": [], "sort": sort, "filters": filters})
    assert await read_request(gateway, "filters { conditions { operator } } sort { direction }") == {
        "filters": {"conditions": [{"operator": "STARTS_WITH"}]},
        "sort": {"direction": "DESC"},
    }


async def test_reranking_options_read_as_ranking_options(gateway: Gateway) -> None:
    options: dict[str, Any] = {"weights": {"feedback": 1}, "model": "v2"}
    await insert_request(gateway, {"queries": [], "collections": [], "reranking_options": options})
    fields = await read_request(gateway, "rankingOptions { weights { feedback popularity } enableReranking } json")
    assert fields["rankingOptions"] == {"weights": {"feedback": 1.0, "popularity": None}, "enableReranking": False}
    assert fields["json"]["reranking_options"] == options


@pytest.mark.parametrize("search_request", [{}, {"queries": None, "collections": None, "filters": None, "sort": None}])
async def test_missing_lists_are_empty_and_missing_objects_null(search_request: Any, gateway: Gateway) -> None:
    await insert_request(gateway, search_request)
    fields = await read_request(
        gateway,
        """queries { value } collections filters { text } groupBy { field } sort { field } select
        rankingOptions { enableReranking } sessionId returnUrl""",
    )
    assert fields == {
        "queries": [],
        "collections": [],
        **dict.fromkeys(("filters", "groupBy", "sort", "select", "rankingOptions", "sessionId", "returnUrl")),
    }
    assert await read_request(gateway, "json") == {"json": search_request}


async def test_null_and_missing_are_kept_apart(gateway: Gateway) -> None:
    await insert(gateway, id="null", position=None, user_id=None, campaign=None)
    await insert(gateway, id="missing")
    assert await read(gateway, "position userId", "null") == await read(gateway, "position userId", "missing")
    recorded = {"feature_id": "p1", "interaction_type": "click"}
    assert await read(gateway, "json", "null") == {
        "json": {"interaction_id": "null", **recorded, "position": None, "user_id": None, "campaign": None}
    }
    assert await read(gateway, "json", "missing") == {"json": {"interaction_id": "missing", **recorded}}


# ------------------------------------------------------------------ identity and order


IDS = [Binary(uuid4().bytes, 3), Decimal128("1.5"), {"part": 1}, True, Timestamp(1, 2), Binary(b"x"), 7, "id", 2.5]
# Longer, or later, than any that somebody chose.
FAR_IDS = [Binary(b"x" * 20_000), "x" * 20_000, DatetimeMS(2**60), {"at": DatetimeMS(-(2**60))}, {"a": "x" * 20_000}]


@pytest.mark.parametrize(
    "make_id",
    [
        ObjectId,
        lambda: f"peer-{uuid4()}",
        uuid4,
        lambda: Binary(uuid4().bytes, 3),
        iter(IDS).__next__,
        iter(FAR_IDS).__next__,
    ],
)
async def test_documents_may_have_ids_of_their_own_kind(make_id: Any, gateway: Gateway) -> None:
    for number in range(5):
        await insert(gateway, id=f"i{number}", _id=make_id())
    seen, cursor = [], None
    while True:
        page = await gateway.data(
            "query ($after: String) { interactions(first: 1, after: $after) { edges { cursor } nodes { interactionId } "
            "pageInfo { endCursor hasNextPage } } }",
            {"after": cursor},
        )
        seen += [node["interactionId"] for node in page["interactions"]["nodes"]]
        if not page["interactions"]["pageInfo"]["hasNextPage"]:
            break
        cursor = page["interactions"]["pageInfo"]["endCursor"]
    assert sorted(seen) == [f"i{number}" for number in range(5)]


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("first", ["first", "last"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("field", ["OCCURRED_AT", "POSITION"])
async def test_lists_where_a_time_or_a_position_belongs_take_no_place_from_others(
    field: str, direction: str, first: str, size: int, gateway: Gateway
) -> None:
    def times(*minutes: int) -> list[datetime]:
        return [NOON + timedelta(minutes=minute) for minute in minutes]

    values: list[Any] = [NOON, *times(1, 1, 3), times(0, 2), times(1, 4), [*times(2), None], times(2), ["x"]]
    values += [Timestamp(1, 2), 2.5]
    if field == "POSITION":
        values = [0, 1, 1, 3, [0, 2], [1, 4], [2], [2.5, None], None, ..., float("nan")]
    for number, value in enumerate(values):
        await insert(gateway, id=f"i{number:02}", **{field.lower(): value})
    order, at, more = f"orderBy: {{field: {field}, direction: {direction}}}", "after", "hasNextPage"
    if first == "last":
        at, more = "before", "hasPreviousPage"
    query = f"""query ($size: Int, $at: String) {{ feature(featureId: "p1") {{
      interactions({first}: $size, {at}: $at, {order}) {{
        edges {{ cursor node {{ interactionId }} }} pageInfo {{ hasNextPage hasPreviousPage }} totalCount
    }} }} }}"""
    seen: list[str] = []
    cursor = None
    for _ in values:
        page = (await gateway.data(query, {"size": size, "at": cursor}))["feature"]["interactions"]
        edges = page["edges"] if first == "first" else page["edges"][::-1]
        seen += [edge["node"]["interactionId"] for edge in edges]
        assert page["totalCount"] == len(values)
        if not page["pageInfo"][more]:
            break
        cursor = edges[-1]["cursor"]
    # They have a cursor, and paging goes on behind it; whether a page behind another holds them isn't promised.
    others = [f"i{number:02}" for number, value in enumerate(values) if not isinstance(value, list)]
    assert sorted(id for id in seen if id in others) == others, seen


async def test_an_id_that_is_stored_twice_takes_nobodys_place_and_is_deleted_as_one(gateway: Gateway) -> None:
    await insert(gateway, id="a", feature_id="latest", occurred_at=NOON + timedelta(hours=1))
    await insert(gateway, id="a", feature_id="earlier")
    await insert(gateway, id="b")
    by_ids = await gateway.data('{ interactionsByIds(interactionIds: ["a", "b", "a"]) { id featureId } }')
    first, other, again = by_ids["interactionsByIds"]
    assert (first["featureId"], other["featureId"], again) == ("latest", "p1", first)
    nodes = await gateway.data(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Interaction { id featureId } } }",
        {"ids": [first["id"], other["id"]]},
    )
    assert nodes["nodes"] == [first, other]
    assert await read(gateway, "id featureId", "a") == first
    deleted = await gateway.data('mutation { deleteInteraction(input: { interactionId: "a" }) { deletedId } }')
    assert deleted["deleteInteraction"]["deletedId"] == first["id"]
    assert await read(gateway, "id", "a") is None
    assert await read(gateway, "interactionId", "b") == {"interactionId": "b"}


@pytest.mark.parametrize("number", [60, 3_000])
async def test_an_id_that_is_stored_many_times_takes_nobodys_place_in_a_batch(number: int, gateway: Gateway) -> None:
    """Of each id one document is read, however many there are, and however large."""
    note = "x" * (18_000_000 // number)
    collections = gateway.database[INTERACTION.collection], gateway.database[SEARCH_REQUEST.collection]
    for later in range(0, number, 30):
        some = range(later, min(number, later + 30))
        at = [NOON + timedelta(seconds=second) for second in some]
        here = {"namespace_id": gateway.namespace.id}
        one = {**here, "interaction_id": "a", "feature_id": "p1", "metadata": {"n": note}}
        await collections[0].insert_many(
            [{**one, "occurred_at": time, "position": n} for n, time in zip(some, at, strict=True)]
        )
        one = {**here, "search_request_id": "a", "search_request": {"note": note}}
        await collections[1].insert_many([{**one, "first_seen_at": time} for time in at])
    await insert(gateway, id="b", position=-1)
    ids = await gateway.data('{ interactionsByIds(interactionIds: ["a", "b"]) { id position metadata } }')
    assert [found["position"] for found in ids["interactionsByIds"]] == [number - 1, -1]
    request = await gateway.data('{ searchRequest(searchRequestId: "a") { id } }')
    nodes = await gateway.data(
        """query ($ids: [ID!]!) { nodes(ids: $ids) {
          ... on Interaction { position json } ... on SearchRequest { firstSeenAt json } } }""",
        {"ids": [*(found["id"] for found in ids["interactionsByIds"]), request["searchRequest"]["id"]]},
    )
    assert [node.get("position") for node in nodes["nodes"]] == [number - 1, -1, None]
    assert nodes["nodes"][2]["firstSeenAt"] == f"{at[-1]:%Y-%m-%dT%H:%M:%S}.000Z"


async def test_an_id_that_is_stored_as_a_number_is_found_by_the_text_that_it_reads_as(gateway: Gateway) -> None:
    await insert(gateway, id=42, user_id=7, session_id=-1, effective_session_id="-1", feature_id=3.0, position=1)
    earlier = {"position": 0, "occurred_at": NOON - timedelta(hours=1)}
    await insert(gateway, id=Decimal128("43"), user_id="7", feature_id="3", **earlier)
    await insert(gateway, id="44", user_id="07", feature_id="x")
    assert await read(gateway, "interactionId userId featureId", "42") == {
        "interactionId": "42",
        "userId": "7",
        "featureId": "3",
    }
    query = """query ($where: InteractionWhere, $order: InteractionOrder, $after: String) {
      interactions(first: 1, where: $where, orderBy: $order, after: $after) {
        totalCount nodes { interactionId } pageInfo { endCursor }
      }
    }"""

    async def ids(where: dict[str, Any], **order: Any) -> list[str]:
        found, after = list[str](), None
        while True:
            page = (await gateway.data(query, {"where": where, "after": after, **order}))["interactions"]
            if not page["nodes"]:
                assert page["totalCount"] == len(found)
                return found
            found += [node["interactionId"] for node in page["nodes"]]
            after = page["pageInfo"]["endCursor"]

    assert await ids({"userId": {"eq": "7"}}) == ["42", "43"]
    assert await ids({"userId": {"in": ["7", "none"]}}) == ["42", "43"]
    assert await ids({"userId": {"ne": "7"}}) == ["44"]
    assert await ids({"userId": {"nin": ["7", "07"]}}) == []
    position = {"order": {"field": "POSITION", "direction": "ASC"}}
    assert await ids({"featureId": {"eq": "3"}}, **position) == ["43", "42"]
    assert await ids({"interactionId": {"in": ["42", "44"]}}) == ["44", "42"]


async def test_a_number_leads_across_connections_as_the_text_that_it_reads_as(gateway: Gateway) -> None:
    stored: list[Any] = [42, "42", 42.0, Decimal128("42"), "042", 42.5]
    for number, value in enumerate(stored):
        at = NOON + timedelta(minutes=number)
        same = {"feature_id": value, "session_id": value, "effective_session_id": value, "search_request_id": value}
        request: dict[str, Any] = {"queries": [], "collections": []}
        await insert(gateway, id=number, occurred_at=at, **same, search_request=request, first_seen_at=at)
    await gateway.database[SEARCH_REQUEST.collection].insert_one(
        {**same, "search_request_id": 42, "effective_session_id": 42, "first_seen_at": NOON, "search_request": request}
        | {"_id": ObjectId(), "namespace_id": gateway.namespace.id}
    )
    connection = "interactions(first: 3, orderBy: {direction: ASC}) { totalCount nodes { interactionId } }"
    expected = {"totalCount": 4, "nodes": [{"interactionId": str(number)} for number in range(3)]}
    for id in range(4):
        assert await read(
            gateway, f"feature {{ featureId {connection} }} searchRequest {{ searchRequestId {connection} }}", str(id)
        ) == {
            "feature": {"featureId": "42", "interactions": expected},
            "searchRequest": {"searchRequestId": "42", "interactions": expected},
        }
    assert await read(gateway, f"feature {{ {connection} }}", "4") == {
        "feature": {"interactions": {"totalCount": 1, "nodes": [{"interactionId": "4"}]}}
    }
    session = await gateway.data(
        f'{{ session(sessionId: "42") {{ sessionId startedAt endedAt {connection} searchRequests {{ totalCount }} }} }}'
    )
    assert session["session"] == {
        "sessionId": "42",
        "startedAt": "2024-05-01T12:00:00.000Z",
        "endedAt": "2024-05-01T12:03:00.000Z",
        "interactions": expected,
        "searchRequests": {"totalCount": 1},
    }
    behind = "query ($after: String) { searchRequest(searchRequestId: 42) { interactions(first: 3, after: $after) {"
    page = (await gateway.data(behind + " nodes { interactionId } pageInfo { endCursor } } } }"))["searchRequest"]
    after = {"after": page["interactions"]["pageInfo"]["endCursor"]}
    last = await gateway.data(behind + " nodes { interactionId } } } }", after)
    assert last["searchRequest"]["interactions"]["nodes"] == [{"interactionId": "0"}]


@pytest.mark.parametrize("broken", ["", "durationMs"])
async def test_decimals_read_as_the_numbers_that_they_are(broken: str, gateway: Gateway) -> None:
    """With an error beside them, and without one: those answers are made in two ways."""
    whole, numbers = Decimal128("42.0"), {"position": Decimal128("3.0"), "score": Decimal128("2.50")}
    await insert(gateway, id=whole, feature_id=whole, user_id=whole, **numbers, duration_ms="x")
    selection = f"interactionId userId feature {{ featureId interactions {{ totalCount }} }} position score {broken}"
    answer = await gateway.execute(f'{{ interaction(interactionId: "42") {{ {selection} }} }}')
    assert len(answer.get("errors", ())) == bool(broken)
    assert answer["data"]["interaction"] == {
        "interactionId": "42",
        "userId": "42",
        "feature": {"featureId": "42", "interactions": {"totalCount": 1}},
        "position": 3,
        "score": 2.5,
        **({"durationMs": None} if broken else {}),
    }


@pytest.mark.parametrize("stored", ["NaN", "sNaN", "-sNaN", "Infinity", "1E+6144"])
async def test_decimals_beyond_numbers_spoil_their_own_fields(stored: str, gateway: Gateway) -> None:
    """Python refuses to make a float of one that signals."""
    fields = ("position", "score", "duration_ms")
    await insert(gateway, **dict.fromkeys(fields, Decimal128(stored)))
    told = {"$numberDecimal": "NaN" if "NaN" in stored else str(Decimal128(stored))}
    answer = await gateway.execute('{ interaction(interactionId: "peer") { position score durationMs json } }')
    assert {error["path"][-1]: error["message"] for error in answer["errors"]} == dict.fromkeys(
        ("position", "score", "durationMs"), "The stored value is not what this field promises."
    )
    assert {name: answer["data"]["interaction"]["json"][name] for name in fields} == dict.fromkeys(fields, told)


@pytest.mark.parametrize(("stored", "told"), [(42, 42), (42.0, 42.0), (Decimal128("42"), {"$numberDecimal": "42"})])
async def test_a_number_is_in_global_ids_and_deleted_as_the_text_that_it_reads_as(
    stored: Any, told: Any, gateway: Gateway
) -> None:
    await insert(gateway, id=42)
    await insert(gateway, id="42", occurred_at=NOON - timedelta(hours=1))
    await insert(gateway, id=stored, occurred_at=NOON + timedelta(hours=1))
    ids = {"interactionId": "42"}
    both = """{ interaction(interactionId: "42") { interactionId }
      interactionsByIds(interactionIds: ["42", "7"]) { interactionId } }"""
    assert await gateway.data(both) == {"interaction": ids, "interactionsByIds": [ids, None]}
    id = (await read(gateway, "id", "42"))["id"]
    node = await gateway.data("query ($id: ID!) { node(id: $id) { id ... on Interaction { json } } }", {"id": id})
    recorded = {"interaction_id": told, "feature_id": "p1", "interaction_type": "click"}
    assert node["node"] == {"id": id, "json": recorded}
    deleted = await gateway.data("mutation { deleteInteraction(input: { interactionId: 42 }) { deletedId } }")
    assert deleted["deleteInteraction"] == {"deletedId": id}
    assert await read(gateway, "id", "42") is None


async def test_json_is_the_same_for_a_node_and_has_a_recorded_typename(gateway: Gateway) -> None:
    await insert(gateway, __typename="Click")
    recorded = await read(gateway, "id json")
    assert recorded["json"]["__typename"] == "Click"
    query = """query ($id: ID!, $things: [_Any!]!) {
      node(id: $id) { ... on Interaction { json } } nodes(ids: [$id]) { ... on Interaction { json } }
      _entities(representations: $things) { ... on Interaction { json } }
    }"""
    variables = {"id": recorded["id"], "things": [{"__typename": "Interaction", "interactionId": "peer"}]}
    data = await gateway.data(query, variables)
    same = {"json": recorded["json"]}
    assert data == {"node": same, "nodes": [same], "_entities": [same]}


async def test_keys_of_the_gateways_own_are_not_part_of_what_was_recorded(gateway: Gateway) -> None:
    await insert_request(
        gateway,
        {"queries": [], "collections": []},
        conditions=[{"key": "k"}],
        condition_tokens=["t"],
        effective_session_id="s",
        shadowed={"first_seen_at": "long ago", "conditions": 3},
    )
    assert await read(gateway, "json sessionId") == {
        "json": {
            "interaction_id": "peer",
            "feature_id": "p1",
            "interaction_type": "click",
            "search_request": {"queries": [], "collections": []},
            "first_seen_at": "long ago",
            "conditions": 3,
        },
        "sessionId": "s",
    }


# ------------------------------------------------------------------ free-form data


@pytest.mark.parametrize(
    "metadata",
    [
        {"ref": {"$ref": "users", "$id": 7}, "list": [{"$ref": "c", "$id": "x", "$db": "d", "more": [None]}]},
        {"$ref": "users", "$id": {"$ref": "inner", "$id": None}},
        {"$where": "1", "a.b": {"": 0}, "$oid": "x", "$date": {"$numberLong": "1"}},
        {"n": [2**63 - 1, -(2**63), 0.1, -0.0, 1e300]},
        [],
        "text",
        0,
        False,
    ],
)
async def test_metadata_comes_back_equal(metadata: Any, gateway: Gateway) -> None:
    await insert(gateway, metadata=metadata)
    fields = await read(gateway, "metadata json")
    assert fields["metadata"] == metadata
    assert fields["json"]["metadata"] == metadata
    assert (await read(gateway, "metadata"))["metadata"] == metadata


async def test_references_in_trees_come_back_equal(gateway: Gateway) -> None:
    value = {"$ref": "users", "$id": 7}
    filters = {"AND": [{"key": "owner", "operator": "in", "value": [value]}, {"key": "owner", "value": value}]}
    await insert_request(gateway, {"queries": [], "collections": [], "filters": filters})
    fields = await read_request(
        gateway,
        "json filters { json and { ... on FilterCondition { value } } flat { value } conditions { value } text }",
    )
    assert fields["json"]["filters"] == fields["filters"]["json"] == filters
    for view in ("and", "conditions"):
        assert [condition["value"] for condition in fields["filters"][view]] == [[value], value]
    assert [condition["value"] for condition in fields["filters"]["flat"]] == [None, [value], value]
    assert '"$ref"' in fields["filters"]["text"]


async def test_what_json_has_no_kind_for_is_told_in_extended_json(gateway: Gateway) -> None:
    some = UUID(int=7)
    metadata = {
        "decimal": Decimal128(Decimal("1.10")),
        "time": NOON,
        "object": ObjectId("0" * 24),
        "uuid": some,
        "bytes": Binary(b"x", 128),
        "pattern": Regex("a", "i"),
        "long": Int64(2**60),
        "infinite": float("inf"),
        "code": Code("f()", {"a": float("nan")}),
    }
    await insert(gateway, metadata=metadata)
    for selection in ("metadata", "json"):
        fields = (await read(gateway, selection))[selection]
        fields = fields["metadata"] if selection == "json" else fields
        assert fields["decimal"] == {"$numberDecimal": "1.10"}
        assert fields["time"] == "2024-05-01T12:00:00.000Z"
        assert fields["object"] == {"$oid": "0" * 24}
        assert fields["bytes"] == {"$binary": {"base64": "eA==", "subType": "80"}}
        assert fields["pattern"] == {"$regularExpression": {"pattern": "a", "options": "i"}}
        assert fields["uuid"] == str(some)
        assert fields["long"] == 2**60
        assert fields["infinite"] == {"$numberDouble": "Infinity"}
        assert fields["code"] == {"$code": "f()", "$scope": {"a": {"$numberDouble": "NaN"}}}


async def test_a_text_that_is_no_utf_8_spoils_nothing(gateway: Gateway) -> None:
    """MongoDB stores whatever bytes a driver calls a text."""
    await insert(gateway, id="good")
    await insert(gateway, id="peer", feature_id="p?!", metadata={"k?!": "v?!"})
    collection = gateway.database[INTERACTION.collection]
    stored = encode(await collection.find_one_and_delete({"interaction_id": "peer"}) or {})
    await collection.insert_one(cast(Any, RawBSONDocument(stored.replace(b"?!", b"\xff\xfe"))))
    document = "featureId metadata"
    told = {"featureId": "p\ufffd\ufffd", "metadata": {"k\ufffd\ufffd": "v\ufffd\ufffd"}}
    assert await read(gateway, document) == told
    good = {"featureId": "p1", "metadata": None}
    data = await gateway.data(
        f"""{{ interactions(orderBy: {{ direction: ASC }}) {{ edges {{ cursor node {{ {document} }} }} }}
        interactionsByIds(interactionIds: ["good", "peer"]) {{ {document} }} }}"""
    )
    assert [edge["node"] for edge in data["interactions"]["edges"]] == [good, told]
    assert data["interactionsByIds"] == [good, told]
    headers = {"Authorization": f"Bearer {gateway.key}"}
    for address, lines in (("/features/search/interactions", 1), ("/export?format=jsonl", 2)):
        response = await gateway.http.get(address, headers=headers)
        assert (response.status_code, response.text.count("p\ufffd\ufffd")) == (200, 1)
        assert len(response.text.splitlines()) == lines


@pytest.mark.parametrize("place", ["_id", "session_id", "effective_session_id", "metadata", "search_request"])
async def test_what_is_called_a_uuid_and_is_none_keeps_nothing_from_being_erased(place: str, gateway: Gateway) -> None:
    """MongoDB doesn't look whether it has 16 bytes, and the driver refuses whatever comes with it."""
    odd = Binary(b"abc", 4)
    await insert(gateway, id="good", user_id="u")
    condition = {"AND": [{"key": "k", "operator": "eq", "value": odd}]}
    nested = {"search_request": {"queries": [], "collections": [], "filters": condition}, "metadata": {"v": odd}}
    await insert(gateway, user_id="u", **{place: nested.get(place, odd)})
    await check(gateway.database)
    answer = await gateway.data('mutation { deleteUserData(input: { userId: "u" }) { job { state } } }')
    assert answer["deleteUserData"]["job"]["state"] == "PENDING"
    await jobs_done(gateway.database)
    assert await gateway.database[INTERACTION.collection].count_documents({}) == 0


async def test_a_condition_has_the_same_form_in_json_value_and_text(gateway: Gateway) -> None:
    values = [NOON, ObjectId("0" * 24), Decimal128("1.5"), UUID(int=7), Binary(b"x", 128), [Decimal128("1.5")]]
    values += [float("nan"), [float("-inf"), {"a": Code("f()")}], Code("f()", {"b": 1}), 0.5]
    conditions = [{"key": "k", "operator": "eq", "value": value} for value in values]
    await insert_request(gateway, {"queries": [], "collections": [], "filters": {"AND": conditions}})
    selection = "filters { json text and { ... on FilterCondition { value } } conditions { value } }"
    filters = (await read_request(gateway, selection))["filters"]
    told = [condition["value"] for condition in filters["json"]["AND"]]
    assert told[:2] == ["2024-05-01T12:00:00.000Z", {"$oid": "0" * 24}]
    assert [condition["value"] for condition in filters["and"]] == told
    assert [condition["value"] for condition in filters["conditions"]] == told
    assert filters["text"] == " AND ".join(f"k = {json.dumps(value)}" for value in told)


ODD_SCALARS = [
    (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    (NOON, "2024-05-01T12:00:00.000Z"),
    (ObjectId("0" * 24), "0" * 24),
    (Decimal128("1.50"), "1.50"),
    (Code("f()", {"a": 1}), '{"$code":"f()","$scope":{"a":1}}'),
    (DBRef("c", UUID(int=7)), '{"$ref":"c","$id":"00000000-0000-0000-0000-000000000007"}'),
    (Binary(b"x", 128), '{"$binary":{"base64":"eA==","subType":"80"}}'),
    (Timestamp(1, 2), '{"$timestamp":{"t":1,"i":2}}'),
    (Regex("a"), '{"$regularExpression":{"pattern":"a","options":""}}'),
    (MinKey(), '{"$minKey":1}'),
]


@pytest.mark.parametrize("broken", ["", "position"])
@pytest.mark.parametrize(("stored", "text"), ODD_SCALARS)
async def test_what_is_no_string_is_told_as_text_where_one_is_promised(
    stored: Any, text: str, broken: str, gateway: Gateway
) -> None:
    """With an error beside it, and without one: those answers are made in two ways."""
    request = {"collections": ["c", stored], "queries": [{"value": stored}], "sort": {"field": stored}}
    await insert_request(gateway, request, user_id=stored, interaction_type=["click", stored], position="x")
    selection = f"userId interactionTypes {broken} searchRequest {{ collections queries {{ value }} sort {{ field }} }}"
    answer = await gateway.execute(f'{{ interaction(interactionId: "peer") {{ {selection} }} }}')
    assert len(answer.get("errors", ())) == bool(broken)
    assert answer["data"]["interaction"] == {
        "userId": text,
        "interactionTypes": ["CLICK", "OTHER"],
        **({"position": None} if broken else {}),
        "searchRequest": {
            "collections": ["c", text],
            "queries": [{"value": text}],
            "sort": {"field": text},
        },
    }


async def test_ids_and_times_within_trees_are_told_in_every_view(gateway: Gateway) -> None:
    filters = {"AND": [{"key": "owner", "operator": "in", "value": [UUID(int=7), NOON]}]}
    await insert_request(gateway, {"queries": [], "collections": [], "filters": filters})
    views = "json text flat { value } conditions { value } and { ... on FilterCondition { value } }"
    fields = (await read_request(gateway, f"filters {{ {views} }}"))["filters"]
    value = ["00000000-0000-0000-0000-000000000007", "2024-05-01T12:00:00.000Z"]
    assert fields == {
        "json": {"AND": [{"key": "owner", "operator": "in", "value": value}]},
        "text": 'owner IN ["00000000-0000-0000-0000-000000000007", "2024-05-01T12:00:00.000Z"]',
        "flat": [{"value": None}, {"value": value}],
        "conditions": [{"value": value}],
        "and": [{"value": value}],
    }


async def test_an_id_where_a_tree_has_a_key_is_named_as_what_it_is(gateway: Gateway) -> None:
    await insert_request(gateway, {"queries": [], "collections": [], "filters": {"AND": [{"key": UUID(int=7)}]}})
    answer = await gateway.execute("{ interactions { nodes { searchRequest { filters { flat { key } } } } } }")
    [error] = answer["errors"]
    assert error["message"] == "Stored filter tree: key is of type UUID, not a string."


async def test_a_session_spans_its_times(gateway: Gateway) -> None:
    for number in range(3):
        at = NOON + timedelta(milliseconds=number)
        await insert(gateway, id=f"i{number}", effective_session_id="s", occurred_at=at)
    data = await gateway.data('{ session(sessionId: "s") { startedAt endedAt } }')
    assert data["session"] == {"startedAt": "2024-05-01T12:00:00.000Z", "endedAt": "2024-05-01T12:00:00.002Z"}
    # What is earlier or later than all of Python's times spoils an end, but not the other.
    await insert(gateway, id="far", effective_session_id="s", occurred_at=DatetimeMS(2**55))
    data = await gateway.data('{ session(sessionId: "s") { startedAt } }')
    assert data["session"] == {"startedAt": "2024-05-01T12:00:00.000Z"}


async def test_bytes_are_told_in_base64_with_their_subtype(gateway: Gateway) -> None:
    await insert(gateway, metadata={"bytes": b"\x00\xff", "marked": Binary(b"\x01", 128)})
    assert (await read(gateway, "metadata"))["metadata"] == {
        "bytes": {"$binary": {"base64": "AP8=", "subType": "00"}},
        "marked": {"$binary": {"base64": "AQ==", "subType": "80"}},
    }


@pytest.mark.parametrize("selection", ["metadata", "json", "metadata json"])
async def test_deep_metadata_does_not_spoil_the_answer(selection: str, gateway: Gateway) -> None:
    metadata: Any = {"leaf": True}
    # The server stores up to 180 levels.
    for _ in range(175):
        metadata = {"a": metadata}
    await insert(gateway, metadata=metadata)
    await insert(gateway, id="other")
    data = await gateway.data(f"{{ interactions {{ edges {{ node {{ interactionId {selection} }} }} }} }}")
    fields = {edge["node"]["interactionId"]: edge["node"] for edge in data["interactions"]["edges"]}
    assert set(fields) == {"peer", "other"}
    if "metadata" in selection.split():
        assert fields["peer"]["metadata"] == metadata


# ------------------------------------------------------------------ what can't be read

UNREADABLE: list[tuple[dict[str, Any], str, tuple[str, ...]]] = [
    ({"occurred_at": ...}, "occurredAt", ("occurredAt",)),
    ({"occurred_at": "yesterday"}, "occurredAt", ("occurredAt",)),
    ({"feature_id": ...}, "featureId", ("featureId",)),
    ({"feature_id": ...}, "feature { featureId }", ("feature",)),
    ({"feature_id": {"id": 1}}, "featureId", ("featureId",)),
    ({"feature_id": ["p1", "p2"]}, "feature { interactions { totalCount } }", ("feature", "interactions")),
    ({"interaction_type": ...}, "interactionType", ("interactionType",)),
    ({"interaction_type": []}, "interactionType", ("interactionType",)),
    ({"interaction_type": [None]}, "interactionTypes", ("interactionTypes", "0")),
]


@pytest.mark.parametrize(("fields", "selection", "place"), UNREADABLE)
@pytest.mark.parametrize("shape", ["edges { node { %s } }", "nodes { %s }"])
async def test_one_unreadable_document_nulls_its_node_and_the_page_stays(
    fields: dict[str, Any], selection: str, place: tuple[str, ...], shape: str, gateway: Gateway
) -> None:
    await insert(gateway, id="good")
    await insert(gateway, id="bad", **fields)
    answer = await gateway.execute(f"{{ interactions {{ {shape % f'interactionId {selection}'} }} }}")
    page = answer["data"]["interactions"]
    nodes = page["nodes"] if "nodes" in page else [edge["node"] for edge in page["edges"]]
    assert sorted(node["interactionId"] if node else "" for node in nodes) == ["", "good"]
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    head = ["interactions", "nodes"] if "nodes" in page else ["interactions", "edges"]
    assert error["path"][:2] == head
    assert [str(step) for step in error["path"][-len(place) :]] == list(place)
    # What is stored is not quoted.
    for secret in ("yesterday", "p2", "'id'", "Mapping", "Traceback"):
        assert secret not in error["message"]


NULLED: list[tuple[dict[str, Any], str]] = [
    ({"position": {"at": 1}}, "position"),
    ({"position": "third"}, "position"),
    ({"position": 1.5}, "position"),
    ({"position": 2**40}, "position"),
    ({"duration_ms": [1]}, "durationMs"),
    ({"user_id": {"id": 1}}, "userId"),
]


@pytest.mark.parametrize(("fields", "name"), NULLED)
async def test_an_unreadable_value_of_a_nullable_field_nulls_that_field(
    fields: dict[str, Any], name: str, gateway: Gateway
) -> None:
    await insert(gateway, **fields)
    answer = await gateway.execute(f'{{ interaction(interactionId: "peer") {{ featureId {name} }} }}')
    assert answer["data"]["interaction"] == {"featureId": "p1", name: None}
    [error] = answer["errors"]
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
    assert error["path"] == ["interaction", name]
    assert "third" not in error["message"]


UNREADABLE_REQUESTS: list[tuple[dict[str, Any], str]] = [
    ({"queries": "shoes"}, "queries { value }"),
    ({"queries": "shoes"}, "queries { __typename }"),
    ({"queries": [{"value": "x"}, "shoes"]}, "queries { value }"),
    ({"queries": [None]}, "queries { value }"),
    ({"queries": [{}]}, "queries { value }"),
    ({"queries": {"value": "x"}}, "queries { value }"),
    ({"collections": "shoes"}, "collections"),
    ({"collections": ["shoes", None]}, "collections"),
]


@pytest.mark.parametrize(("search_request", "selection"), UNREADABLE_REQUESTS)
async def test_an_unreadable_search_request_is_null_with_an_error(
    search_request: dict[str, Any], selection: str, gateway: Gateway
) -> None:
    await insert_request(gateway, search_request)
    answer = await gateway.execute(f"{{ interactions {{ nodes {{ featureId searchRequest {{ {selection} }} }} }} }}")
    assert answer["data"]["interactions"]["nodes"] == [{"featureId": "p1", "searchRequest": None}]
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert error["path"][:4] == ["interactions", "nodes", 0, "searchRequest"]
    # What was recorded can be had all the same.
    assert await read_request(gateway, "json") == {"json": search_request}


UNREADABLE_TREES: list[tuple[Any, str]] = [
    ("brand = x", "text"),
    (["x"], "json"),
    ({"AND": ["x"]}, "and { __typename }"),
    ({"AND": [None, {"key": "k"}]}, "flat { key }"),
    ({"AND": [7]}, "text"),
    ({"OR": {"key": "k"}}, "conditions { key }"),
    ({"AND": [{"key": 7}]}, "keys"),
    ({"AND": [{"key": "k", "operator": 7}]}, "conditions { operator }"),
    ({"AND": [{"OR": "x"}]}, "depth"),
]


@pytest.mark.parametrize(("tree", "selection"), UNREADABLE_TREES)
async def test_an_unreadable_tree_is_null_with_an_error(tree: Any, selection: str, gateway: Gateway) -> None:
    await insert_request(gateway, {"queries": [], "collections": ["c"], "filters": tree})
    answer = await gateway.execute(
        f"{{ interactions {{ nodes {{ searchRequest {{ collections filters {{ {selection} }} }} }} }} }}"
    )
    request = answer["data"]["interactions"]["nodes"][0]["searchRequest"]
    assert request["collections"] == ["c"]
    assert request["filters"] is None or list(request["filters"].values()) == [None]
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert error["path"][:5] == ["interactions", "nodes", 0, "searchRequest", "filters"]
    assert await read_request(gateway, "json") == {
        "json": {"queries": [], "collections": ["c"], "filters": tree},
    }


async def test_what_cannot_be_read_of_a_flat_node_is_null_with_an_error(gateway: Gateway) -> None:
    tree = {"AND": [{"field": 7, "operator": ["eq"], "value": 1}], "case_sensitive": "no"}
    await insert_request(gateway, {"queries": [], "collections": [], "filters": tree})
    selection = "flat { branch key operator value caseSensitive }"
    answer = await gateway.execute(
        f"{{ interactions {{ nodes {{ searchRequest {{ filters {{ {selection} }} }} }} }} }}"
    )
    nothing = dict.fromkeys(("branch", "key", "operator", "value", "caseSensitive"))
    [node] = answer["data"]["interactions"]["nodes"]
    assert node["searchRequest"]["filters"]["flat"] == [nothing, {**nothing, "branch": "AND", "value": 1}]
    assert {(*error["path"][-2:], error["message"]) for error in answer["errors"]} == {
        (0, "caseSensitive", "Stored filter tree: case_sensitive is a string, not a boolean."),
        (1, "key", "Stored filter tree: key is a number, not a string."),
        (1, "operator", "Stored filter tree: operator is a list, not a string."),
    }


async def test_a_value_where_an_object_should_be_reads_as_null_whatever_else_is_selected(gateway: Gateway) -> None:
    """Only the parts selected of an object are asked for, and MongoDB has none of these to give."""
    search_request = {"queries": [], "collections": [], "sort": "price", "group_by": 7}
    await insert_request(gateway, search_request)
    parts = "sort { field } groupBy { __typename sort { field } }"
    assert await read_request(gateway, parts) == {"sort": None, "groupBy": None}
    assert await read_request(gateway, f"{parts} json") == {"sort": None, "groupBy": None, "json": search_request}


async def test_an_unreadable_search_request_document_nulls_its_node(gateway: Gateway) -> None:
    for id, fields in (("good", {"first_seen_at": NOON}), ("bad", {"first_seen_at": NOON, "search_request_id": ...})):
        document = {"_id": ObjectId(), "namespace_id": gateway.namespace.id, "search_request_id": id, **fields}
        await gateway.database[SEARCH_REQUEST.collection].insert_one(
            {name: value for name, value in document.items() if value is not ...}
        )
    for selection in ("searchRequestId", "interactions { totalCount }"):
        answer = await gateway.execute(f"{{ searchRequests {{ nodes {{ {selection} }} totalCount }} }}")
        assert answer["data"]["searchRequests"]["totalCount"] == 2
        assert [node is None for node in answer["data"]["searchRequests"]["nodes"]].count(True) == 1
        [error] = answer["errors"]
        assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
        assert "incident" not in error["message"]


async def test_a_time_beyond_the_calendar_nulls_its_node_alone(gateway: Gateway) -> None:
    await insert(gateway, id="good")
    await gateway.database.command(
        "insert",
        INTERACTION.collection,
        documents=[
            {
                "_id": ObjectId(),
                "namespace_id": gateway.namespace.id,
                "interaction_id": "bad",
                "feature_id": "p1",
                "interaction_type": "click",
                "occurred_at": DatetimeMS(2**55),
            }
        ],
    )
    answer = await gateway.execute("{ interactions { nodes { interactionId occurredAt } } }")
    assert [node and node["interactionId"] for node in answer["data"]["interactions"]["nodes"]] == [None, "good"]
    assert answer["errors"][0]["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
