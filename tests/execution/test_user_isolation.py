"""A token that is restricted to a user: what others do changes nothing in what it is answered, whatever it asks.

Every root is asked for all that is below it, with others' documents there and without: the answers are the same. So is
every case of `tests.execution.test_isolation`. What nobody restricted is refused.
"""

import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
)

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.jobs import JOB
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.percolators import PERCOLATOR, PERCOLATOR_MATCH
from gateway.model.wire import validate_interaction, validate_search_request
from gateway.plan import global_ids
from tests.execution.test_isolation import CASES, FILTERS, PAGE, Where, begin_job, percolate
from tests.harness.default_graph import EXECUTABLE
from tests.harness.derivation import derived
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.issuer import AUDIENCE, ISSUER, RSA, key_set, token
from tests.harness.jobs import jobs_done
from tests.harness.live_client import served, socket

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT, LATER = "2024-05-01T12:00:00.000Z", "2024-05-01T12:00:01.000Z"
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
# Whose token it is; ``others``: what somebody else has, in the words of `CASES`.
USER, OTHER = "own-s", "secret-s"
OWN_NAMES = {
    "interaction": "own-i",
    "request": "own-r",
    "session": USER,
    "feature": "own-f",
    "percolator": "own-p",
    "job": "own-j",
}
OTHERS_NAMES = {name: own.replace("own", "secret") for name, own in OWN_NAMES.items()}
MARK = "told by somebody else"


def interaction(id: str, user: str | None, feature: str, request: Mapping[str, Any] | str, **others: Any) -> Any:
    wire = {
        "interaction_id": id,
        "feature_id": feature,
        "interaction_type": "click",
        "position": 1,
        "session_id": "own-s",
        "occurred_at": AT,
        "metadata": {"mark": MARK} if user != USER else {"mark": "own"},
        **({} if user is None else {"user_id": user}),
        **({"search_request_id": request} if isinstance(request, str) else {"search_request": request}),
        **others,
    }
    return validate_interaction(wire)


def request(id: str, user: str | None) -> dict[str, Any]:
    mark = "own" if user == USER else MARK
    return {
        "search_request_id": id,
        **({} if user is None else {"user_id": user}),
        "session_id": "own-s",
        "queries": [{"vector_index": "text", "type": "text", "value": "shoes"}],
        "collections": [mark],
        "filters": {"AND": [{"key": "owner", "value": mark}]},
        "result_count": 3,
    }


OWN = [
    interaction("own-i", USER, "own-f", request("own-r", USER)),
    interaction("own-j", USER, "own-f", request("own-r", USER), interaction_type="view", occurred_at=LATER),
]
# In the same namespace, and as near to the user's as can be: in his session, with his items, on his search requests.
OTHERS = [
    interaction("secret-i", OTHER, "secret-f", request("secret-r", OTHER), session_id="secret-s"),
    interaction("secret-1", OTHER, "own-f", request("secret-q", OTHER)),
    interaction("secret-2", OTHER, "own-f", "own-r", interaction_type="purchase", occurred_at=LATER),
    interaction("secret-3", None, "own-f", request("nobody-r", None)),
    interaction("secret-4", f"{USER}2", "own-f", "own-r"),
    # The user's own by its id, but with a copy of what somebody else searched for.
    interaction("secret-5", USER, "own-f", "secret-r", metadata={"mark": MARK}),
]


@asynccontextmanager
async def gateway_with_tokens(mongod: EmbeddedServer, directory: Path, **settings: Any) -> AsyncIterator[Gateway]:
    keys = directory / "keys.json"
    keys.write_bytes(key_set(RSA))
    tokens = {
        "jwt_issuer": ISSUER,
        "jwt_audience": AUDIENCE,
        "jwt_jwks": str(keys),
        "jwt_organization": "Acme",
        "jwt_namespaces_claim": "namespaces",
        "jwt_permissions_claim": "scope",
        "jwt_user_claim": "sub",
    }
    async with new_gateway(mongod.uri, **tokens, **settings) as gateway:
        yield gateway


@cache
def token_of(user: str, scope: str = "read write admin") -> str:
    """The same each time: the viewer tells when it expires."""
    return token(sub=user, namespaces=["shop"], scope=scope, exp=int(time.time()) + 3_600)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(mongod: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    limits = {"cost_limit": 1_000_000_000, "field_limit": 100_000, "token_limit": 100_000}
    async with gateway_with_tokens(mongod, tmp_path_factory.mktemp("issuer"), **limits) as gateway:
        await gateway.writer.record(gateway.namespace, OWN, NOON)
        await derived(gateway.database)
        yield gateway


async def ask(house: Gateway, document: str, variables: Mapping[str, Any] | None = None, **http: Any) -> Any:
    return await house.execute(document, variables, key=token_of(USER), **http)


DEPTH = 4
# The last letter of the ids of what arguments name, where that isn't an item.
_KINDS = {
    "interaction": "i",
    "searchRequest": "r",
    "session": "s",
    "user": "s",
    "ids": "s",
    "percolator": "p",
    "job": "j",
}
# Cursors hold when their page was read.
_UNSTEADY = {"cursor", "startCursor", "endCursor"}


def argument(type_: GraphQLInputType, name: str) -> str:
    """A literal for a required argument, such as may name what others have."""
    if isinstance(type_, GraphQLNonNull):
        return argument(type_.of_type, name)
    if isinstance(type_, GraphQLList):
        return f"[{argument(type_.of_type, name)}]"
    if isinstance(type_, GraphQLEnumType):
        return str(next(iter(type_.values)))
    assert get_named_type(type_).name in ("ID", "String"), f"{name}: a case for {type_}"
    named = name.removesuffix("s").removesuffix("Id") if name != "ids" else name
    return f'"own-{_KINDS.get(named, "f")}"'


def selected(name: str, field: GraphQLField, depth: int) -> str:
    """A field with all that is below it, down to a depth; "" where it would have nothing selected."""
    required = {arg: declared.type for arg, declared in field.args.items() if is_required_argument(declared)}
    arguments = [f"{arg}: {argument(type_, arg)}" for arg, type_ in required.items()]
    if "asOf" in field.args:
        arguments.append(f'asOf: "{LATER}"')
    call = f"{name}({', '.join(arguments)})" if arguments else name
    type_ = get_named_type(field.type)
    if is_leaf_type(type_):
        return call
    below = " ".join(selections(type_, depth - 1))
    return f"{call} {{ {below} }}" if below else ""


def selections(type_: Any, depth: int) -> Iterator[str]:
    yield "__typename"
    if depth and is_abstract_type(type_):
        for possible in EXECUTABLE.get_possible_types(type_):
            # Of one name, fields of several types may be of several types themselves.
            yield f"... on {possible.name} {{ {' '.join(aliased(possible, depth))} }}"
    elif depth and isinstance(type_, GraphQLObjectType):
        for name, field in type_.fields.items():
            if name not in _UNSTEADY and (below := selected(name, field, depth)):
                yield below


def aliased(type_: GraphQLObjectType, depth: int) -> Iterator[str]:
    for name, field in type_.fields.items():
        if is_leaf_type(get_named_type(field.type)) and (below := selected(name, field, 1)):
            yield f"{type_.name}_{name}: {below}"


# Those need more than a name: a case each, of `CASES` or below.
BY_HAND = {"_entities", "_service", "node", "nodes"}
QUERIES = [name for name in EXECUTABLE.query_type.fields if name not in BY_HAND]  # type: ignore[union-attr]


def everything_below(root: str) -> str:
    assert EXECUTABLE.query_type is not None
    return f"{{ {selected(root, EXECUTABLE.query_type.fields[root], DEPTH)} }}"


async def changed_by_others(house: Gateway) -> None:
    await house.writer.record(house.namespace, OTHERS, NOON)
    await house.writer.record_search_request(house.namespace, validate_search_request(request("secret-t", OTHER)), NOON)
    await derived(house.database)
    # Behind what is derived, which wants more of a percolator than reading does.
    await percolate(house, OTHERS_NAMES, house.namespace)
    await begin_job(house, OTHERS_NAMES, house.namespace)


async def without_others(house: Gateway) -> None:
    for kind in (INTERACTION, SEARCH_REQUEST, PERCOLATOR, PERCOLATOR_MATCH, JOB):
        await house.database[kind.collection].delete_many({kind.id_path: {"$regex": "^(secret|nobody)"}})
    await derived(house.database)


def case_documents() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every read that some way of naming what is another's is tried by, for what is the user's and what isn't."""
    for root, cases in CASES.items():
        if EXECUTABLE.query_type is not None and root in EXECUTABLE.query_type.fields:
            for document, variables in cases:
                for names in (OWN_NAMES, OTHERS_NAMES):
                    yield root, document, variables(names)


def node_documents(namespace_id: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for type_name, kind in (
        *(("Interaction", "interaction"), ("SearchRequest", "request"), ("Session", "session"), ("User", "session")),
        ("Percolator", "percolator"),
        ("Job", "job"),
    ):
        for names in (OWN_NAMES, OTHERS_NAMES):
            id = global_ids.encode(type_name, namespace_id, names[kind])
            below = " ".join(aliased(EXECUTABLE.type_map[type_name], 1))  # type: ignore[arg-type]
            node = f"{{ id ... on {type_name} {{ {below} }} }}"
            yield "node", f"query ($id: ID!) {{ node(id: $id) {node} }}", {"id": id}
            yield "nodes", f"query ($id: ID!) {{ nodes(ids: [$id]) {node} }}", {"id": id}


def all_documents(house: Gateway) -> list[tuple[str, str, Mapping[str, Any]]]:
    return [
        *((root, everything_below(root), {}) for root in QUERIES),
        *case_documents(),
        *node_documents(house.namespace.id),
        *(("interactions", document, {"where": where(OTHERS_NAMES)}) for document, where in filters()),
    ]


def filters() -> Iterator[tuple[str, Where]]:
    for parameters in FILTERS:
        root, type_name, _, where = parameters.values
        yield f"query ($where: {type_name}) {{ {root}(where: $where) {PAGE} }}", where  # type: ignore[misc]


async def answers(house: Gateway) -> list[Any]:
    return [await ask(house, document, variables) for _, document, variables in all_documents(house)]


# Roots that are of all users, or of the organization: whoever reads what one did alone is refused them.
REFUSED = {
    "keys",
    "searchStats",
    "filterUsage",
    "collections",
    "vectorIndexes",
    "rerank",
    "percolator",
    "percolators",
} | {
    "job",
    "jobs",
}


async def test_what_others_do_changes_no_answer(house: Gateway) -> None:
    alone = await answers(house)
    await changed_by_others(house)
    beside = await answers(house)
    await without_others(house)
    documents = all_documents(house)
    for (_, document, variables), before, after in zip(documents, alone, beside, strict=True):
        assert before == after, (document, variables)
        assert MARK not in json.dumps(after)
    codes = {
        (root, error["extensions"]["code"])
        for (root, *_), answer in zip(documents, beside, strict=True)
        for error in answer.get("errors", ())
    }
    assert {code for _, code in codes} <= {"FORBIDDEN", "NOT_FOUND"}
    # Neither a root that nobody decided on, nor one that is refused for another reason.
    assert {root for root, answer in zip(QUERIES, beside, strict=False) if is_refused(root, answer)} == REFUSED


def is_refused(root: str, answer: Any) -> bool:
    return any(error["path"] == [root] for error in answer.get("errors", ()))


# What others do has no part in them.
_OF_NOBODY = {"viewer", "namespaces", "keys", "interaction", "percolator", "job"}


async def test_what_others_do_is_there_for_whom_nothing_restricts(house: Gateway) -> None:
    """Else the same answers would prove nothing."""
    unrestricted = [name for name in QUERIES if name not in _OF_NOBODY]
    alone = [await house.execute(everything_below(root)) for root in unrestricted]
    await changed_by_others(house)
    beside = [await house.execute(everything_below(root)) for root in unrestricted]
    await without_others(house)
    for root, before, after in zip(unrestricted, alone, beside, strict=True):
        assert before != after, root


async def test_the_users_own_is_there(house: Gateway) -> None:
    data = (
        await ask(
            house,
            """{
              interactions { totalCount nodes { interactionId json searchRequest { text } } stats { clicks views } }
              searchRequests { totalCount nodes { searchRequestId interactions { totalCount } } }
              session(sessionId: "own-s") { startedAt endedAt interactions { totalCount } }
              sessions { totalCount nodes { sessionId } }
              user(userId: "own-s") { interactions { totalCount } sessions { totalCount } }
              interaction(interactionId: "own-i") { userId user { userId } session { sessionId } }
              interactionStats(groupBy: [{ by: FEATURE }]) { nodes { stats { clicks } } }
              judgments(minViews: 0) { nodes { query } }
            }""",
        )
    )["data"]
    assert data["interactions"]["totalCount"] == 2
    assert data["interactions"]["stats"] == {"clicks": 1, "views": 1}
    assert data["searchRequests"] == {
        "totalCount": 1,
        "nodes": [{"searchRequestId": "own-r", "interactions": {"totalCount": 2}}],
    }
    assert data["session"] == {"startedAt": AT, "endedAt": LATER, "interactions": {"totalCount": 2}}
    assert data["sessions"] == {"totalCount": 1, "nodes": [{"sessionId": "own-s"}]}
    assert data["user"] == {"interactions": {"totalCount": 2}, "sessions": {"totalCount": 1}}
    assert data["interactionStats"]["nodes"] == [{"stats": {"clicks": 1}}]
    assert data["judgments"]["nodes"] == [{"query": "shoes"}]


# Every mutation, with what it is answered where it names what is somebody else's.
RECORD = (
    "mutation ($input: RecordInteractionInput!) { recordInteraction(input: $input) { created interaction { json } } }"
)
RECORD_REQUEST = """mutation ($input: RecordSearchRequestInput!) {
  recordSearchRequest(input: $input) { created searchRequest { json } }
}"""
RECORD_ALL = """mutation ($input: RecordInteractionsInput!) {
  recordInteractions(input: $input) { results { created error { code path } interaction { json } } }
}"""


def own_input(id: str, **others: Any) -> dict[str, Any]:
    return {"interactionId": id, "featureId": "f", "interactionType": "CLICK", "occurredAt": AT, **others}


def request_input(**others: Any) -> dict[str, Any]:
    return {"queries": [], "collections": ["c"], **others}


def code_of(answer: Any) -> tuple[str, list[str] | None]:
    [error] = answer["errors"]
    assert not [value for value in (answer["data"] or {}).values() if value]
    return error["extensions"]["code"], error["extensions"].get("path")


async def test_what_is_recorded_gets_the_user(house: Gateway) -> None:
    spelled: list[dict[str, Any]] = [{}, {"userId": None}, {"userId": USER}]
    for number, user in enumerate(spelled):
        given = own_input(f"new-{number}", **user, searchRequest=request_input(searchRequestId=f"new-{number}", **user))
        recorded = (await ask(house, RECORD, {"input": given}))["data"]["recordInteraction"]
        assert recorded["interaction"]["json"]["user_id"] == USER
        assert recorded["interaction"]["json"]["search_request"]["user_id"] == USER
        again = (await ask(house, RECORD, {"input": given}))["data"]["recordInteraction"]
        assert again == {**recorded, "created": False}
        alone = request_input(searchRequestId=f"alone-{number}", **user)
        recorded = (await ask(house, RECORD_REQUEST, {"input": {"searchRequest": alone}}))["data"]
        assert recorded["recordSearchRequest"]["searchRequest"]["json"]["user_id"] == USER
    for kind in (INTERACTION, SEARCH_REQUEST):
        await house.database[kind.collection].delete_many({kind.id_path: {"$regex": "^(new|alone)"}})


async def test_another_user_cannot_be_recorded(house: Gateway) -> None:
    before = await everything_stored(house)
    others = {"userId": OTHER}
    assert code_of(await ask(house, RECORD, {"input": own_input("x", **others)})) == ("FORBIDDEN", ["input", "userId"])
    given = own_input("x", searchRequest=request_input(**others))
    assert code_of(await ask(house, RECORD, {"input": given})) == ("FORBIDDEN", ["input", "searchRequest", "userId"])
    given = {"searchRequest": request_input(**others)}
    assert code_of(await ask(house, RECORD_REQUEST, {"input": given}))[0] == "FORBIDDEN"
    answer = await ask(house, RECORD_ALL, {"input": {"interactions": [own_input("x", **others), own_input("ok")]}})
    first, second = answer["data"]["recordInteractions"]["results"]
    assert first["error"] == {"code": "FORBIDDEN", "path": ["userId"]}
    assert second["created"]
    await house.database[INTERACTION.collection].delete_many({"interaction_id": "ok"})
    assert await everything_stored(house) == before


async def everything_stored(house: Gateway) -> list[Any]:
    return [
        document
        for kind in (INTERACTION, SEARCH_REQUEST, PERCOLATOR, PERCOLATOR_MATCH)
        async for document in house.database[kind.collection].find().sort("_id", 1)
    ]


async def test_nothing_of_others_is_read_back_changed_or_deleted(house: Gateway) -> None:
    await changed_by_others(house)
    before = await everything_stored(house)
    for root, cases in CASES.items():
        if EXECUTABLE.mutation_type is None or root not in EXECUTABLE.mutation_type.fields:
            continue
        for document, variables in cases:
            answer = await ask(house, document, variables(OTHERS_NAMES))
            assert MARK not in json.dumps(answer), root
            assert OTHER not in json.dumps(answer.get("data")), root
    await jobs_done(house.database)
    # A search request of somebody else's by its id alone, and in one batch with a recording that gives its id as well.
    theirs = own_input("taking", searchRequestId="secret-r")
    alone = await ask(house, RECORD, {"input": theirs})
    missing = await ask(house, RECORD, {"input": {**theirs, "searchRequestId": "missing"}})
    assert alone == missing
    assert code_of(alone)[0] == "BAD_USER_INPUT"
    giving = own_input("giving", searchRequest=request_input(searchRequestId="secret-r"))
    answer = await ask(house, RECORD_ALL, {"input": {"interactions": [giving, theirs]}})
    results = answer["data"]["recordInteractions"]["results"]
    assert [result["error"]["code"] for result in results] == ["CONFLICT", "BAD_USER_INPUT"]
    # Also where one that isn't recorded may follow.
    following = {"searchRequestsMayFollow": True, "interactions": [theirs]}
    [result] = (await ask(house, RECORD_ALL, {"input": following}))["data"]["recordInteractions"]["results"]
    assert result["error"]["code"] == "BAD_USER_INPUT"
    # What those cases recorded is the user's own.
    recorded = [document for document in await everything_stored(house) if document not in before]
    assert all(document.get("user_id", USER) == USER for document in recorded)
    await house.database[INTERACTION.collection].delete_many({"_id": {"$in": [one["_id"] for one in recorded]}})
    await house.database[SEARCH_REQUEST.collection].delete_many({"_id": {"$in": [one["_id"] for one in recorded]}})
    assert await everything_stored(house) == before
    await without_others(house)


# Those that keep to a user; every other mutation is refused, however it is asked.
OF_USER = {"recordInteraction", "recordInteractions", "recordSearchRequest", "recordJson", "deleteInteraction"} | {
    "recordSearchRequests",
    "deleteUserData",
    "deleteSession",
    "deleteSearchRequest",
    "deleteInteractions",
}


async def test_a_mutation_that_is_no_users_is_forbidden(house: Gateway) -> None:
    inputs = {
        "createPercolator": ("CreatePercolatorInput", {"name": "p", "where": {"featureId": {"eq": "f"}}}),
        "updatePercolator": ("UpdatePercolatorInput", {"percolatorId": "own-p", "name": "q"}),
        "deletePercolator": ("DeletePercolatorInput", {"percolatorId": "own-p"}),
        "createNamespace": ("CreateNamespaceInput", {"name": "mine"}),
        "setRetention": ("SetRetentionInput", {"retentionDays": 1}),
        "deleteNamespace": ("DeleteNamespaceInput", {"namespaceId": "ns_x", "name": "shop"}),
        "createKey": ("CreateKeyInput", {"name": "mine", "permissions": ["READ"]}),
        "revokeKey": ("RevokeKeyInput", {"keyId": "key_x"}),
        "limitKey": ("LimitKeyInput", {"keyId": "key_x"}),
    }
    assert EXECUTABLE.mutation_type is not None
    assert inputs.keys() | OF_USER == EXECUTABLE.mutation_type.fields.keys()
    for root, (type_name, given) in inputs.items():
        document = f"mutation ($input: {type_name}!) {{ {root}(input: $input) {{ __typename }} }}"
        assert code_of(await ask(house, document, {"input": given}))[0] == "FORBIDDEN"


async def test_the_users_own_can_be_deleted(house: Gateway) -> None:
    document = "mutation ($id: ID!) { deleteInteraction(input: { interactionId: $id }) { deletedId } }"
    await ask(house, RECORD, {"input": own_input("short-lived")})
    assert (await ask(house, document, {"id": "short-lived"}))["data"]["deleteInteraction"]["deletedId"]
    assert not (await ask(house, document, {"id": "short-lived"}))["data"]["deleteInteraction"]["deletedId"]


async def test_the_user_erases_what_is_its_own_and_nothing_else(house: Gateway) -> None:
    await changed_by_others(house)
    others = [document for document in await everything_stored(house) if not is_own(document)]
    erasing = {
        "deleteUserData": {"userId": USER},
        "deleteSession": {"sessionId": "own-s"},
        "deleteSearchRequest": {"searchRequestId": "own-r", "withInteractions": True},
        "deleteInteractions": {"where": {}},
    }
    for root, given in erasing.items():
        type_name = f"{root[0].upper()}{root[1:]}Input"
        document = f"mutation ($input: {type_name}!) {{ {root}(input: $input) {{ job {{ kind }} }} }}"
        await house.writer.record(house.namespace, OWN, NOON)
        assert "errors" not in await ask(house, document, {"input": given})
        await jobs_done(house.database)
        left = await everything_stored(house)
        assert [document for document in left if not is_own(document)] == others
        assert not [document for document in left if is_own(document) and document.get("interaction_id")]
        assert (root == "deleteInteractions") == bool([document for document in left if is_own(document)])
    answer = await ask(house, 'mutation { deleteUserData(input: { userId: "secret-s" }) { job { kind } } }')
    assert code_of(answer)[0] == "FORBIDDEN"
    await without_others(house)
    await house.writer.record(house.namespace, OWN, NOON)
    await derived(house.database)


def is_own(document: Mapping[str, Any]) -> bool:
    """Whether it is the user's, and has nothing that is somebody else's."""
    request_user = document.get("search_request", {}).get("user_id")
    return (
        USER in (document.get("user_id"), request_user)
        and request_user in (None, USER)
        and (document.get("user_id") in (None, USER))
    )


@pytest.mark.parametrize(
    "selection", ["searchRequests { nodes { outcome { views } } }", 'feature(featureId: "own-f") { signals { score } }']
)
async def test_what_is_nested_and_no_users_is_forbidden_where_it_stands(selection: str, house: Gateway) -> None:
    [error] = (await ask(house, f"{{ viewer {{ kind }} {selection} }}"))["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert len(error["path"]) > 1


async def test_what_became_of_a_search_is_no_filter(house: Gateway) -> None:
    where = "where: { outcome: { clicked: true } }"
    answer = await ask(house, f"{{ searchRequests({where}) {{ totalCount }} }}")
    assert code_of(answer)[0] == "FORBIDDEN"


async def test_a_subscription_tells_of_the_user_alone(house: Gateway) -> None:
    recorded = "subscription { interactionRecorded { interactionId userId } }"
    matched = "subscription { percolatorMatched { matched } }"
    async with served(house.app) as address, socket(address) as listener:
        await listener.init(token_of(USER), **{"X-Namespace": "shop"})
        await listener.subscribe("2", matched)
        refused = await listener.hear()
        assert (refused["type"], refused["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")
        await listener.subscribe("1", recorded)
        await listener.begun()
        for id, user in (("told-1", OTHER), ("told-2", None), ("told-3", USER)):
            told = interaction(id, user, "f", request(id, user))
            await house.writer.record(house.namespace, [told], NOON)
        event = await listener.event()
    assert event == {"data": {"interactionRecorded": {"interactionId": "told-3", "userId": USER}}}
    for kind in (INTERACTION, SEARCH_REQUEST):
        await house.database[kind.collection].delete_many({kind.id_path: {"$regex": "^told"}})


async def test_two_users_share_nothing_that_is_kept(house: Gateway) -> None:
    """Plans, bound operations and their commands are kept whoever asks, and asked by turns."""
    document = "{ interactions { totalCount nodes { interactionId } } }"
    expected = {USER: 2, OTHER: 0, "third": 0}
    for _ in range(2):
        for user, count in expected.items():
            answer = await house.execute(document, key=token_of(user))
            assert answer["data"]["interactions"]["totalCount"] == count
        assert (await house.data(document))["interactions"]["totalCount"] == 2
