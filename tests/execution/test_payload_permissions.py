"""What a mutation answers to whoever may not READ: nothing of it depends on what was stored before.

Every mutation is sent twice, the second time where other content is stored under the same ids, with each way through
its payload that the schema has.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest
import pytest_asyncio
from graphql import GraphQLObjectType, get_named_type, is_abstract_type, is_introspection_type, is_leaf_type

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.percolators import PERCOLATOR
from gateway.model.wire import validate_interaction
from gateway.schema.readings import Fetched, reading_of
from gateway.store.tenancy import NAMESPACES
from tests.harness.default_graph import EXECUTABLE
from tests.harness.gateway_client import Gateway, new_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

Way = tuple[str, ...]
AT = "2024-05-01T12:00:00.000Z"
INLINE = {"searchRequestId": "inline", "queries": [], "collections": ["given"]}
GIVEN = {"featureId": "given", "interactionType": "CLICK", "metadata": {"given": True}}
JSON_INLINE = {"queries": [], "collections": ["given"]}
JSON_GIVEN = {"feature_id": "given", "interaction_type": "click", "metadata": {"given": True}}
# Two sets of what was stored before: each name stands in all that is stored, and each time is another.
STORED = {"first": datetime(2023, 1, 1, tzinfo=UTC), "second": datetime(2022, 2, 2, tzinfo=UTC)}


def _with_known(number: int) -> dict[str, Any]:
    return {**GIVEN, "interactionId": f"known-{number}", "occurredAt": AT, "searchRequestId": "known"}


def _with_inline(number: int) -> dict[str, Any]:
    return {**GIVEN, "interactionId": f"inline-{number}", "occurredAt": AT, "searchRequest": INLINE}


def _again(number: int) -> dict[str, Any]:
    return {**GIVEN, "interactionId": "again", "searchRequestId": "known"}


@dataclass(frozen=True)
class Case:
    """A mutation of which something was stored before. ``input``: by a number that nobody has used yet."""

    field: str
    input: Callable[[int], Mapping[str, Any]]
    permission: Permission = Permission.WRITE


CASES = {
    "an interaction with the id of a search request": Case("recordInteraction", _with_known),
    "an interaction with a search request that is recorded": Case("recordInteraction", _with_inline),
    "an interaction that is recorded": Case("recordInteraction", _again),
    "a batch": Case(
        "recordInteractions",
        lambda number: {"interactions": [_with_known(number), _with_inline(number), _again(number)]},
    ),
    "a batch of JSON": Case(
        "recordJson",
        lambda number: {
            "searchRequests": [{"searchRequest": {"search_request_id": "inline", **JSON_INLINE}}],
            "interactions": [
                {**JSON_GIVEN, "interaction_id": f"json-{number}", "occurred_at": AT, "search_request_id": "known"},
                {**JSON_GIVEN, "interaction_id": "again", "search_request_id": "known"},
            ],
        },
    ),
    "a search request that is recorded": Case("recordSearchRequest", lambda number: {"searchRequest": INLINE}),
    "search requests that are recorded": Case(
        "recordSearchRequests", lambda number: {"searchRequests": [{"searchRequest": INLINE}]}
    ),
    "an interaction that is deleted": Case("deleteInteraction", lambda number: {"interactionId": f"deleted-{number}"}),
    "a percolator that is changed": Case(
        "updatePercolator", lambda number: {"percolatorId": "known", "enabled": bool(number % 2)}
    ),
    "a namespace that is there": Case("createNamespace", lambda number: {"name": "known"}, Permission.ADMIN),
}


def ways(type_: Any, met: frozenset[str] = frozenset()) -> Iterator[Way]:
    """The ways to all leaves below a type, through no type twice; three below a connection, which is fetched as a
    whole."""
    for concrete in EXECUTABLE.get_possible_types(type_) if is_abstract_type(type_) else [type_]:
        assert isinstance(concrete, GraphQLObjectType)
        if concrete.name in met:
            continue
        opening = (f"... on {concrete.name}",) if is_abstract_type(type_) else ()
        for name, field in concrete.fields.items():
            below = get_named_type(field.type)
            if is_leaf_type(below):
                yield (*opening, name)
            else:
                inner = ways(below, met | {concrete.name})
                for rest in islice(inner, 3 if below.name.endswith("Connection") else None):
                    yield (*opening, name, *rest)


def document(case: Case, *ways: Way) -> str:
    tree: dict[str, Any] = {}
    for way in ways:
        branch = tree
        for step in way:
            branch = branch.setdefault(step, {})
    [argument] = EXECUTABLE.mutation_type.fields[case.field].args.values()  # type: ignore[union-attr]
    return f"mutation ($input: {argument.type}) {{ {case.field}(input: $input) {selected(tree)} }}"


def selected(tree: Mapping[str, Any]) -> str:
    return "{ " + " ".join(f"{step} {selected(below) if below else ''}" for step, below in tree.items()) + " }"


WAYS = {
    name: list(ways(get_named_type(EXECUTABLE.mutation_type.fields[case.field].type)))  # type: ignore[union-attr]
    for name, case in CASES.items()
}


# The names of the fields that are read of more than their parents.
FETCHED = {
    name
    for type_ in EXECUTABLE.type_map.values()
    if isinstance(type_, GraphQLObjectType) and not is_introspection_type(type_)
    for name, field in type_.fields.items()
    if isinstance(reading_of(field), Fetched)
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


async def stored_before(shop: Gateway, name: str) -> None:
    """Has everything stored anew, with this name in it."""
    at = STORED[name]
    for collection in (INTERACTION.collection, SEARCH_REQUEST.collection):
        await shop.database[collection].delete_many({})
    await shop.database[NAMESPACES].delete_many({"name": "known"})
    await shop.tenancy.create_namespace(shop.organization, "known")
    request = {
        "search_request_id": "known",
        "session_id": name,
        "queries": [{"vector_index": "text", "type": "text", "value": name}],
        "collections": [name],
        "filters": {"AND": [{"key": name, "value": name}, {"OR": [{"key": "k", "operator": "gt", "value": name}]}]},
        "group_by": {"field": name, "max_features": at.year, "sort": {"field": name, "direction": "asc"}},
        "sort": {"field": name, "direction": "asc"},
        "select": [name],
    }
    given = {"feature_id": "given", "interaction_type": "click", "metadata": {"given": True}}
    inline = {"search_request_id": "inline", "queries": [], "collections": ["given"]}
    other = {"feature_id": name, "interaction_type": "view"}
    recordings = [
        {**other, "interaction_id": "stored", "search_request": request},
        {**other, "interaction_id": "stored too", "session_id": name, "search_request": inline},
        {**given, "interaction_id": "again", "search_request_id": "known"},
    ]
    recordings += [
        {**other, "interaction_id": f"deleted-{number}"}
        for number in range(len(WAYS["an interaction that is deleted"]))
    ]
    await shop.database[PERCOLATOR.collection].delete_many({})
    await shop.database[PERCOLATOR.collection].insert_one(
        {
            "percolator_id": "known",
            "name": name,
            "where": f'{{"featureId": {{"eq": "{name}"}}}}',
            "enabled": True,
            "has_equality": True,
            "revision": 1,
            "created_at": at,
            "namespace_id": shop.namespace.id,
        }
    )
    outcomes = await shop.writer.record(shop.namespace, [validate_interaction(wire) for wire in recordings], at)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]


async def answers(shop: Gateway, name: str, key: str) -> list[dict[str, Any]]:
    """The answers along each way through the payload of a case."""
    case = CASES[name]
    return [
        await shop.execute(document(case, way), {"input": case.input(number)}, key=key)
        for number, way in enumerate(WAYS[name])
    ]


@pytest.mark.parametrize("name", CASES)
async def test_what_was_stored_before_is_answered_to_those_who_may_read_it(name: str, shop: Gateway) -> None:
    permission = CASES[name].permission
    blind, seeing = await shop.make_key(permission), await shop.make_key(permission, Permission.READ)
    told = {}
    for stored in STORED:
        await stored_before(shop, stored)
        told[stored] = await answers(shop, name, blind)
    await stored_before(shop, "first")
    withheld = set()
    for way, one, other, all_of_it in zip(
        WAYS[name], told["first"], told["second"], await answers(shop, name, seeing), strict=True
    ):
        assert one == other, way
        assert "errors" not in all_of_it, (way, all_of_it)
        for error in one.get("errors", ()):
            withheld.add(way)
            assert error["extensions"]["code"] == "FORBIDDEN", (way, error)
            assert error["path"][0] == CASES[name].field
        if not one.get("errors") and name != "a namespace that is there":
            assert one == all_of_it, way
    assert bool(withheld) == (name != "an interaction that is deleted")


@pytest.mark.parametrize("field", ["recordInteraction", "recordSearchRequest"])
async def test_what_the_input_made_is_answered_in_full(field: str, shop: Gateway) -> None:
    """But for what is fetched beside it, along which others' interactions come."""
    blind, seeing = await shop.make_key(Permission.WRITE), await shop.make_key(Permission.WRITE, Permission.READ)
    made = {
        "searchRequestId": "made",
        "queries": [{"vectorIndex": "TEXT", "type": "TEXT", "value": "v"}],
        "collections": ["c"],
        "filters": {"and": [{"condition": {"key": "k", "value": 1}}]},
        "sessionId": "s",
    }
    interaction = {**GIVEN, "interactionId": "made", "occurredAt": AT, "searchRequest": made}
    input = interaction if field == "recordInteraction" else {"searchRequest": made, "occurredAt": AT}
    all_ways = ways(get_named_type(EXECUTABLE.mutation_type.fields[field].type))  # type: ignore[union-attr]
    query = document(Case(field, lambda _: input), *(way for way in all_ways if FETCHED.isdisjoint(way)))
    told = []
    for key in (blind, seeing):
        for collection in (INTERACTION.collection, SEARCH_REQUEST.collection):
            await shop.database[collection].delete_many({})
        told.append(await shop.data(query, {"input": input}, key=key))
    assert told[0] == told[1]
    assert told[0][field]["created"]


async def test_an_interaction_stands_without_the_search_request_that_others_recorded(shop: Gateway) -> None:
    await stored_before(shop, "first")
    query = """mutation ($input: RecordInteractionInput!) { recordInteraction(input: $input) {
      created interaction { interactionId sessionId json searchRequest { json } } } }"""
    answer = await shop.execute(query, {"input": _with_known(0)}, key=await shop.make_key(Permission.WRITE))
    recorded = answer["data"]["recordInteraction"]
    assert (recorded["created"], recorded["interaction"]["interactionId"]) == (True, "known-0")
    assert recorded["interaction"]["json"]["search_request_id"] == "known"
    assert recorded["interaction"]["searchRequest"] is None is recorded["interaction"]["sessionId"]
    assert [error["path"] for error in answer["errors"]] == [
        ["recordInteraction", "interaction", name] for name in ("sessionId", "searchRequest")
    ]
