"""Attacks by name, each with the one answer that it must get, while a light request beside it is answered as ever.

What is aimed at other namespaces is in execution/test_isolation.py, at the HTTP parser in
transport/server/test_http_protocol.py, at messages in errors/test_formatting.py; anything at all is in test_fuzz.py.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model import secret_keys
from gateway.model.wire import validate_interaction
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.waiting import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Nothing of this is in any answer.
INTERNAL = (
    "Traceback",
    ".py",
    "pymongo",
    "Mongo",
    "mongo",
    "strawberry",
    "site-packages",
    "orjson",
    "NoneType",
    "0x7f",
)
# Seconds of its thread's time for which the event loop may do one thing: other processes of the machine don't count.
LONGEST_GAP = 0.5

NAMED = {
    "interaction_id": "there",
    "feature_id": "f",
    "interaction_type": "view",
    "metadata": {"a": "x", "n": {"b": 1}},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        now = datetime.now(UTC)
        await gateway.writer.record(gateway.namespace, [validate_interaction({**NAMED, "search_request": None})], now)
        yield gateway


@dataclass(frozen=True)
class Attack:
    """One request. ``body`` is sent as it is where it is bytes, else as JSON; ``headers`` win over a good client's."""

    status: int
    code: str | None
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    path: str = "/graphql"
    data: Any = None


class Beside:
    """A light client beside an attack, and a clock that notices when the event loop doesn't turn."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._ended = False
        self.longest_gap = 0.0
        self.answered = 0

    async def __aenter__(self) -> "Beside":
        self._tasks = [asyncio.create_task(self._tick()), asyncio.create_task(self._ask())]
        await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ended = True
        await asyncio.gather(*self._tasks)

    async def _tick(self) -> None:
        last = time.thread_time()
        while not self._ended:
            await asyncio.sleep(0.002)
            now = time.thread_time()
            self.longest_gap = max(self.longest_gap, now - last)
            last = now

    async def _ask(self) -> None:
        while not self._ended:
            response = await self._gateway.post({"query": "{ __typename }"})
            assert response.json() == {"data": {"__typename": "Query"}}
            self.answered += 1
            await asyncio.sleep(0.005)


async def suffer(attack: Attack, gateway: Gateway) -> httpx.Response:
    content = attack.body if isinstance(attack.body, bytes) else json.dumps(attack.body).encode()
    headers = {
        "Authorization": f"Bearer {gateway.key}",
        "Content-Type": "application/json",
        "Accept": "application/graphql-response+json",
        **attack.headers,
    }
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    async with Beside(gateway) as beside:
        response = await gateway.http.request(attack.method, attack.path, content=content, headers=encoded)
        before = beside.answered
        async with asyncio.timeout(PATIENCE):
            while beside.answered <= before:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
    assert beside.longest_gap < LONGEST_GAP
    return response


async def assert_repelled(attack: Attack, gateway: Gateway) -> None:
    response = await suffer(attack, gateway)
    for internal in INTERNAL:
        assert internal not in response.text
    assert response.status_code == attack.status, response.text
    if attack.code is not None:
        assert {error["extensions"]["code"] for error in response.json()["errors"]} == {attack.code}
        assert len(response.content) < 20_000
    if attack.data is not None:
        assert response.json() == {"data": attack.data}


def asks(query: str, variables: Any = None, **more: Any) -> dict[str, Any]:
    return {"query": query, "variables": variables, **more}


GOOD = asks("{ viewer { keyName } }")
MADE_UP = secret_keys.generate()[0]

# Authentication: whatever is wrong with a key, the answer is the same.

KEYS: dict[str, str | None] = {
    "no key": None,
    "an empty header": "",
    "the scheme alone": "Bearer",
    "no scheme": MADE_UP,
    "a made-up key": f"Bearer {MADE_UP}",
    "another scheme": f"Basic {MADE_UP}",
    "a truncated key": f"Bearer {MADE_UP[:-1]}",
    "a key with a tail": f"Bearer {MADE_UP}x",
    "two spaces": f"Bearer  {MADE_UP}",
    "null": "Bearer null",
    "undefined": "Bearer undefined",
    "a token without a signature": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
    "an operator": 'Bearer {"$ne": null}',
    "a pattern": "Bearer sk_.*",
    "a wildcard": "Bearer *",
    "other letters": f"Bearer {MADE_UP.upper()}",
    "letters beyond ASCII": "Bearer sk_ключ",
    "a long key": "Bearer sk_" + "a" * 10_000,
    "a list of keys": f"Bearer {MADE_UP}, Bearer {MADE_UP}",
    "a path": "Bearer ../../etc/passwd",
}


@pytest.mark.parametrize("attack", KEYS)
async def test_authentication(attack: str, gateway: Gateway) -> None:
    authorization = KEYS[attack]
    given = [] if authorization is None else [(b"Authorization", authorization.encode())]
    async with Beside(gateway):
        headers = [*given, (b"Content-Type", b"application/json")]
        response = await gateway.http.post("/graphql", content=json.dumps(GOOD), headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    [error] = response.json()["errors"]
    assert error == {
        "message": "A valid key is required, as in: Authorization: Bearer sk_…",
        "extensions": {"code": "UNAUTHENTICATED"},
    }


async def test_authentication_by_keys_that_were_good(gateway: Gateway) -> None:
    issued = await gateway.keys.create(
        gateway.organization, name="old", permissions=frozenset(Permission), lifetime=timedelta(seconds=-1)
    )
    revoked = await gateway.keys.create(gateway.organization, name="bad", permissions=frozenset(Permission))
    await gateway.keys.revoke(revoked.key.caller.id)
    other_secret = gateway.key[:-4] + ("aaaa" if not gateway.key.endswith("aaaa") else "bbbb")
    for key in (issued.secret, revoked.secret, other_secret):
        response = await gateway.post(GOOD, key=key)
        assert (response.status_code, response.json()["errors"][0]["extensions"]) == (401, {"code": "UNAUTHENTICATED"})


async def test_a_key_elsewhere_than_in_its_header_is_none(gateway: Gateway) -> None:
    for path, headers in (
        (f"/graphql?query={{__typename}}&key={gateway.key}", {}),
        (f"/graphql?query={{__typename}}&access_token={gateway.key}", {}),
        ("/graphql?query={__typename}", {"Cookie": f"key={gateway.key}"}),
        ("/graphql?query={__typename}", {"X-Api-Key": gateway.key}),
        ("/graphql?query={__typename}", {"Proxy-Authorization": f"Bearer {gateway.key}"}),
    ):
        response = await gateway.http.get(path, headers=headers)
        assert response.status_code in (400, 401)
        assert gateway.key not in response.text


# Namespaces: none but the caller's organization's.

NAMESPACES = {
    "an operator": '{"$ne": null}',
    "a pattern": ".*",
    "a path": "../shop",
    "a made-up id": "ns_000000000000000000000000",
    "a list": "shop, shop",
    "a wildcard": "*",
    "letters beyond ASCII": "магазин",
    "a long name": "a" * 10_000,
}


@pytest.mark.parametrize("attack", NAMESPACES)
async def test_namespaces(attack: str, gateway: Gateway) -> None:
    headers = {"X-Namespace": NAMESPACES[attack]}
    await assert_repelled(Attack(403, "NAMESPACE_NOT_FOUND", GOOD, headers), gateway)


# Denial of service by shape.


def doubling(levels: int) -> str:
    fragments = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels)]
    return "{ ...F0 } " + " ".join(fragments) + f" fragment F{levels} on Query {{ viewer {{ keyName }} }}"


def nested(open_: str, levels: int, middle: str, close: str) -> str:
    return open_ * levels + middle + close * levels


def deep(levels: int, last: Any = 1, key: str | None = None) -> Any:
    for _ in range(levels):
        last = [last] if key is None else {key: last}
    return last


WHERE = "query ($w: InteractionWhere) { interactions(where: $w) { nodes { id } } }"
IDS = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
RECORD = "mutation ($i: RecordInteractionInput!) { recordInteraction(input: $i) { created } }"
NEW = {"interactionId": "new", "featureId": "f", "interactionType": "VIEW"}
TREE = "interactions { nodes { searchRequest { filters { %s } } } }"

SHAPES: dict[str, Attack] = {
    "fragments that double 28 times": Attack(400, "OPERATION_TOO_COMPLEX", asks(doubling(28))),
    "fragments that double 300 times": Attack(400, "OPERATION_TOO_COMPLEX", asks(doubling(300))),
    "a fragment of itself": Attack(400, "GRAPHQL_VALIDATION_FAILED", asks("{ ...A } fragment A on Query { ...A }")),
    "fragments in a circle": Attack(
        400,
        "GRAPHQL_VALIDATION_FAILED",
        asks("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A viewer { keyName } }"),
    ),
    "a thousand levels of selections": Attack(400, "OPERATION_TOO_COMPLEX", asks(nested("{ a ", 900, "", "}"))),
    "thirty levels of relations": Attack(
        400,
        "OPERATION_TOO_COMPLEX",
        asks("{ interactions { nodes { " + nested("feature { interactions { nodes { ", 10, "id", "} } }") + "} } }"),
    ),
    "sixty levels of a tree": Attack(
        400,
        "OPERATION_TOO_COMPLEX",
        asks("{ " + TREE % nested("and { ... on FilterGroup { ", 30, "depth", "} }") + " }"),
    ),
    "a thousand lists in a literal": Attack(
        400, "OPERATION_TOO_COMPLEX", asks(f"{{ nodes(ids: {nested('[', 900, '1', ']')}) {{ id }} }}")
    ),
    "a thousand objects in a literal": Attack(
        400,
        "OPERATION_TOO_COMPLEX",
        asks(f"{{ interactions(where: {nested('{nor: [', 400, '', ']}')}) {{ nodes {{ id }} }} }}"),
    ),
    "a type of a thousand lists": Attack(
        400, "OPERATION_TOO_COMPLEX", asks(f"query ($a: {nested('[', 900, 'ID', ']')}) {{ nodes(ids: $a) {{ id }} }}")
    ),
    "a thousand aliases": Attack(
        400, "OPERATION_TOO_COMPLEX", asks("{" + " ".join(f"a{n}: __typename" for n in range(600)) + "}")
    ),
    "aliases of one connection": Attack(
        400,
        "OPERATION_TOO_COMPLEX",
        asks("{" + " ".join(f"a{n}: interactions {{ totalCount }}" for n in range(31)) + "}"),
    ),
    "a thousand fields that merge": Attack(400, "OPERATION_TOO_COMPLEX", asks("{ " + "__typename " * 1_500 + "}")),
    "nested fields that merge": Attack(
        400, "OPERATION_TOO_COMPLEX", asks("{ " + "viewer { organization { name } } " * 200 + "}")
    ),
    "a thousand directives": Attack(
        400, "OPERATION_TOO_COMPLEX", asks("{ __typename " + "@include(if: true) " * 300 + "}")
    ),
    "unknown directives": Attack(400, "OPERATION_TOO_COMPLEX", asks("{ __typename " + "@a " * 500 + "}")),
    "a hundred operations": Attack(
        400,
        "OPERATION_TOO_COMPLEX",
        asks(" ".join(f"query Q{n} {{ __typename }}" for n in range(100)), operationName="Q1"),
    ),
    "a hundred variables": Attack(
        400, "OPERATION_TOO_COMPLEX", asks("query (" + " ".join(f"$v{n}: Int" for n in range(100)) + ") { __typename }")
    ),
    "two thousand tokens": Attack(400, "OPERATION_TOO_COMPLEX", asks("{ " + "a " * 2_100 + "}")),
    "a thousand comments": Attack(400, "OPERATION_TOO_COMPLEX", asks("#\n" * 1_000 + "{ __typename }")),
    "a long document": Attack(400, "OPERATION_TOO_COMPLEX", asks("{ __typename } #" + "x" * 60_000)),
    "a long string": Attack(400, "OPERATION_TOO_COMPLEX", asks('{ node(id: "' + "x" * 60_000 + '") { id } }')),
    "a million commas": Attack(400, "OPERATION_TOO_COMPLEX", asks("{ __typename " + "," * 1_000_000 + "}")),
    "a long name of an operation": Attack(
        400, "OPERATION_RESOLUTION_FAILURE", asks("{ __typename }", operationName="x" * 1_000_000)
    ),
    "a type within itself, by introspection": Attack(
        400,
        "OPERATION_TOO_COMPLEX",
        asks("{ __schema { types { " + nested("fields { type { ", 15, "name", "} }") + " } } }"),
    ),
    "a hundred thousand ids": Attack(400, "BAD_USER_INPUT", asks(IDS, {"ids": ["a"] * 100_000})),
    "a list too long by one": Attack(400, "BAD_USER_INPUT", asks(IDS, {"ids": ["a"] * 1_001})),
    "a thousand bad ids": Attack(400, "BAD_USER_INPUT", asks(IDS, {"ids": [{}] * 1_000})),
    "three hundred lists in a variable": Attack(400, "BAD_USER_INPUT", asks(WHERE, {"w": deep(300)})),
    "a hundred thousand lists in a variable": Attack(
        400, "BAD_REQUEST", b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}"
    ),
    "filters two hundred deep": Attack(400, "BAD_USER_INPUT", asks(WHERE, {"w": deep(200, {}, "nor")})),
    "filters of a thousand alternatives": Attack(
        200,
        "BAD_USER_INPUT",
        asks(WHERE, {"w": {"or": [{"or": [{"userId": {"eq": str(n)}} for n in range(40)]}] * 40}}),
    ),
    "a hundred thousand values in metadata": Attack(
        400, "BAD_USER_INPUT", asks(RECORD, {"i": {**NEW, "metadata": {"a": [0] * 100_000}}})
    ),
    "metadata three hundred deep": Attack(
        400, "BAD_USER_INPUT", asks(RECORD, {"i": {**NEW, "metadata": {"a": deep(300)}}})
    ),
    "metadata 101 deep": Attack(400, "BAD_USER_INPUT", asks(RECORD, {"i": {**NEW, "metadata": {"a": deep(101)}}})),
    "a value of two megabytes": Attack(
        413, "PAYLOAD_TOO_LARGE", asks(RECORD, {"i": {**NEW, "userId": "x" * 2_000_000}})
    ),
    "a page of a million": Attack(200, "BAD_USER_INPUT", asks("{ interactions(first: 1000000) { nodes { id } } }")),
    "a page beyond 32 bits": Attack(
        400, "GRAPHQL_VALIDATION_FAILED", asks("{ interactions(first: 99999999999) { nodes { id } } }")
    ),
    "a count of everything": Attack(200, "BAD_USER_INPUT", asks("{ interactions { totalCount(upTo: 2000000000) } }")),
    "a pattern that backtracks": Attack(
        400, "BAD_USER_INPUT", asks(WHERE, {"w": {"metadata": [{"path": "a", "operator": "REGEX", "value": "(a+)+$"}]}})
    ),
    "a path of a thousand steps": Attack(
        200,
        "BAD_USER_INPUT",
        asks(WHERE, {"w": {"metadata": [{"path": ".".join("a" * 1_000), "operator": "EQ", "value": 1}]}}),
    ),
    "a million lists": Attack(
        400, "BAD_USER_INPUT", b'{"query": "{ __typename }", "variables": {"a": [' + b"[]," * 600_000 + b"0]}}"
    ),
    "a million numbers, one of them long": Attack(
        400, "BAD_USER_INPUT", b'{"query": "{ a }", "variables": {"a": [' + b"0," * 900_000 + b"9" * 19 + b"]}}"
    ),
    "a million lists beside the request": Attack(
        400, "BAD_USER_INPUT", b'{"query": "{ __typename }", "other": [' + b"[]," * 600_000 + b"0]}"
    ),
    "numbers of twenty digits": Attack(
        200,
        None,
        b'{"query": "{ __typename }", "variables": {"a": [' + b"12345678901234567890," * 80_000 + b"0]}}",
        data={"__typename": "Query"},
    ),
    "a batch of a thousand": Attack(400, "BAD_REQUEST", [GOOD] * 1_000),
}


@pytest.mark.parametrize("attack", SHAPES)
async def test_denial_of_service_by_shape(attack: str, gateway: Gateway) -> None:
    await assert_repelled(SHAPES[attack], gateway)


# NoSQL injection: whatever stands where a client may write JSON, text or a path is a value, and never an operator.

OPERATORS: list[Any] = [
    {"$ne": None},
    {"$gt": ""},
    {"$regex": ".*"},
    {"$where": "sleep(2000) || true"},
    {"$expr": {"$eq": [1, 1]}},
    {"$in": ["x"]},
    {"$or": [{}, {"a": "x"}]},
    {"$function": {"body": "function() { return true }", "args": [], "lang": "js"}},
    {"$eq": "x"},
    {"$exists": True},
    "$a",
    "$$ROOT",
    "'; return true; //",
    ".*",
    "x' || '1'=='1",
    "\u202ex",
    ["$ne", None],
]
COUNT = "query ($w: InteractionWhere) { interactions(where: $w) { totalCount } }"
NONE: dict[str, Any] = {"interactions": {"totalCount": 0}}


def by_metadata(operator: str, value: Any, path: str = "a") -> dict[str, Any]:
    return asks(COUNT, {"w": {"metadata": [{"path": path, "operator": operator, "value": value}]}})


INJECTIONS: dict[str, Attack] = {
    **{
        f"{json.dumps(value)} as a value of metadata": Attack(200, None, by_metadata("EQ", value), data=NONE)
        for value in OPERATORS
    },
    **{
        f"{json.dumps(value)} in a list": Attack(200, None, by_metadata("IN", [value]), data=NONE)
        for value in OPERATORS
    },
    **{
        f"{json.dumps(value)} as a condition's value": Attack(
            200, None, asks(COUNT, {"w": {"searchRequest": {"filters": {"key": "a", "value": value}}}}), data=NONE
        )
        for value in OPERATORS
    },
    **{
        f"{json.dumps(value)} as an id": Attack(
            200 if isinstance(value, str) else 400,
            None if isinstance(value, str) else "BAD_USER_INPUT",
            asks("query ($id: ID!) { interaction(interactionId: $id) { id } }", {"id": value}),
            data={"interaction": None} if isinstance(value, str) else None,
        )
        for value in OPERATORS
    },
    **{
        f"{json.dumps(value)} for a filter": Attack(400, "BAD_USER_INPUT", asks(COUNT, {"w": {"userId": value}}))
        for value in OPERATORS
        if isinstance(value, dict)
    },
    **{
        f"{path!r} as a path": Attack(200, None, by_metadata("EQ", "x", path), data=NONE)
        for path in (
            "$where",
            "a.$ne",
            "n.$expr",
            "$a",
            "__proto__",
            "constructor.prototype",
            "a.0",
            "A",
            "a ",
            "n.b.c",
        )
    },
    **{
        f"{path!r} as a malformed path": Attack(200, "BAD_USER_INPUT", by_metadata("EQ", "x", path))
        for path in ("", ".", "a.", ".a", "a..b", "a\0", "\0")
    },
    **{
        f"{value!r} as a text to contain": Attack(200, None, by_metadata("CONTAINS", value), data=NONE)
        for value in (".", ".*", "^", "x|.", "(?s).", "[x]", "\\", "(a+)+$", "x\\E.*")
    },
    "a pattern to compare with": Attack(400, "BAD_USER_INPUT", by_metadata("REGEX", "(a+)+$")),
    "an operator that isn't one": Attack(400, "BAD_USER_INPUT", by_metadata("$where", "1")),
    "every interaction, to be deleted": Attack(
        400,
        "BAD_USER_INPUT",
        asks(
            "mutation ($i: DeleteInteractionInput!) { deleteInteraction(input: $i) { deletedId } }",
            {"i": {"interactionId": {"$ne": ""}}},
        ),
    ),
    "a pattern, to be deleted": Attack(
        200,
        None,
        asks(
            "mutation ($i: DeleteInteractionInput!) { deleteInteraction(input: $i) { deletedId } }",
            {"i": {"interactionId": ".*"}},
        ),
        data={"deleteInteraction": {"deletedId": None}},
    ),
    "an order by something else": Attack(
        400,
        "GRAPHQL_VALIDATION_FAILED",
        asks('{ interactions(orderBy: { field: "$where" }) { nodes { id } } }'),
    ),
    "a namespace in what is recorded": Attack(
        400, "BAD_USER_INPUT", asks(RECORD, {"i": {**NEW, "namespace_id": "ns_other", "namespaceId": "ns_other"}})
    ),
    "an _id in what is recorded": Attack(400, "BAD_USER_INPUT", asks(RECORD, {"i": {**NEW, "_id": "there"}})),
    "NUL in a key": Attack(400, "BAD_USER_INPUT", asks(RECORD, {"i": {**NEW, "metadata": {"a\0b": 1}}})),
    "an integer past 64 bits": Attack(
        400,
        "BAD_USER_INPUT",
        b'{"query": "%b", "variables": {"i": {"interactionId": "n", "featureId": "f", '
        b'"interactionType": "VIEW", "metadata": {"a": 9223372036854775808}}}}' % RECORD.encode(),
    ),
}


@pytest.mark.parametrize("attack", INJECTIONS)
async def test_injection(attack: str, gateway: Gateway) -> None:
    await assert_repelled(INJECTIONS[attack], gateway)
    assert await gateway.data(COUNT) == {"interactions": {"totalCount": 1}}


@pytest.mark.parametrize("id", ["$x", "$ne", "$where", "$", "$$x", "$$ROOT.key", "$$REMOVE", "$literal"])
async def test_an_id_is_no_expression(id: str, gateway: Gateway) -> None:
    recorded = await gateway.data(
        """mutation ($id: ID!) { recordInteraction(input: { featureId: $id, interactionType: VIEW, sessionId: $id,
        searchRequest: { searchRequestId: $id, queries: [], collections: [] } }) { interaction { featureId } } }""",
        {"id": id},
        key=gateway.other_key,
    )
    assert recorded == {"recordInteraction": {"interaction": {"featureId": id}}}
    found = await gateway.data(
        """query ($id: ID!) {
          features(featureIds: ["f", $id]) { interactions { totalCount } }
          session(sessionId: $id) { sessionId interactions { totalCount } }
          searchRequest(searchRequestId: $id) {
            interactions { totalCount nodes { feature { interactions { totalCount } } } }
          }
          _entities(representations: [{ __typename: "Session", sessionId: $id }]) { ... on Session { sessionId } }
          missing: session(sessionId: "$$nobody") { sessionId }
        }""",
        {"id": id},
        key=gateway.other_key,
    )
    one = {"totalCount": 1}
    assert found == {
        "features": [{"interactions": {"totalCount": 0}}, {"interactions": one}],
        "session": {"sessionId": id, "interactions": one},
        "searchRequest": {"interactions": {**one, "nodes": [{"feature": {"interactions": one}}]}},
        "_entities": [{"sessionId": id}],
        "missing": None,
    }


async def test_headers_have_no_blanks_around_them(gateway: Gateway) -> None:
    headers = {"Authorization": f"Bearer {gateway.key} ", "X-Namespace": f"\t{gateway.namespace.name}  "}
    response = await gateway.post({"query": "{ viewer { keyName } }"}, headers=headers)
    assert response.json() == {"data": {"viewer": {"keyName": "web"}}}


async def test_what_looks_like_an_operator_is_kept_as_it_is(gateway: Gateway) -> None:
    metadata = {
        "$set": {"namespace_id": "ns_other"},
        "a.b": 1,
        "$where": "1",
        "__proto__": {},
        "": [{"$ref": "x", "$id": 1}],
    }
    document = "mutation ($i: RecordInteractionInput!) { recordInteraction(input: $i) { interaction { metadata } } }"
    data = await gateway.data(document, {"i": {**NEW, "interactionId": "odd", "metadata": metadata}})
    assert data == {"recordInteraction": {"interaction": {"metadata": metadata}}}
    deleted = 'mutation { deleteInteraction(input: { interactionId: "odd" }) { deletedId } }'
    assert (await gateway.data(deleted))["deleteInteraction"]["deletedId"]


# Malformed input, and ways past the front door.

MALFORMED: dict[str, Attack] = {
    **{
        f"the body {body[:20]!r}": Attack(400, "BAD_REQUEST", body)
        for body in (
            b"",
            b"\0",
            b"null",
            b"1",
            b'"query"',
            b"[]",
            b"{}",
            b"{",
            b'{"query": 1}',
            b'{"query": null}',
            b'{"query": ["{ __typename }"]}',
            b'{"query": {"$ne": null}}',
            b'{"query": "{ __typename }", "variables": []}',
            b'{"query": "{ __typename }", "variables": "{}"}',
            b'{"query": "{ __typename }", "variables": {"a": NaN}}',
            b'{"query": "{ __typename }", "variables": {"a": -Infinity}}',
            b'{"query": "{ __typename }", "variables": {"a": 1e999}}',
            b'{"query": "{ __typename }", "variables": {"a": 01}}',
            b'{"query": "{ __typename }", "operationName": 1}',
            b'{"query": "{ __typename }", "extensions": "x"}',
            b'{"query": "{ __typename }"} {"query": "{ __typename }"}',
            b'{"query": "{ __typename }",}',
            b"{'query': '{ __typename }'}",
            b'{"query": "\xff"}',
            '{"query": "{ __typename }"}'.encode("utf-16"),
            b"query={__typename}",
            b"9" * 5_000,
        )
    },
    **{
        f"the type {type_!r}": Attack(415, "UNSUPPORTED_MEDIA_TYPE", GOOD, {"Content-Type": type_})
        for type_ in (
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json2",
            "text/plain; application/json",
            "application/json; charset=utf-7",
            "application/json; charset=utf-16",
        )
    },
    **{
        f"the coding {coding!r}": Attack(415, "UNSUPPORTED_MEDIA_TYPE", GOOD, {"Content-Encoding": coding})
        for coding in ("gzip", "br", "zstd", "compress", "gzip, gzip", "identity, identity", "gzip;q=1", "x")
    },
    **{
        f"the method {method}": Attack(405, "METHOD_NOT_ALLOWED", GOOD, method=method)
        for method in ("PUT", "PATCH", "DELETE", "TRACE")
    },
    "a mutation by GET": Attack(
        405,
        "METHOD_NOT_ALLOWED",
        method="GET",
        path='/graphql?query=mutation{deleteInteraction(input:{interactionId:"there"}){deletedId}}',
    ),
    "a mutation hidden behind a query, by GET": Attack(
        405,
        "METHOD_NOT_ALLOWED",
        method="GET",
        path="/graphql?query=query+A{__typename}mutation+B{deleteInteraction(input:{interactionId:%22there%22})"
        "{deletedId}}&operationName=B",
    ),
    "a parameter twice": Attack(400, "BAD_REQUEST", method="GET", path="/graphql?query={__typename}&query={a}"),
    "an empty selection": Attack(400, "GRAPHQL_PARSE_FAILED", asks("{ viewer { } }")),
    "a lone surrogate in a literal": Attack(400, "GRAPHQL_PARSE_FAILED", asks('{ node(id: "\\uD800") { id } }')),
    "a definition of a type": Attack(400, "GRAPHQL_VALIDATION_FAILED", asks("type Query { a: Int }")),
    "an extension of a type": Attack(
        400, "GRAPHQL_VALIDATION_FAILED", asks("extend type Query { a: Int } { __typename }")
    ),
}


@pytest.mark.parametrize("attack", MALFORMED)
async def test_malformed_input(attack: str, gateway: Gateway) -> None:
    await assert_repelled(MALFORMED[attack], gateway)


# Leaks: nothing tells what is inside.


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/",
            "/graphql/",
            "/GraphQL",
            "/graphql/..",
            "//graphql",
            "/graphql%00",
            "/graphql;x",
            "/docs",
            "/openapi.yaml",
        ),
        *(
            "/.env",
            "/.git/config",
            "/static/../../etc/passwd",
            "/%2e%2e/%2e%2e/etc/passwd",
            "/debug",
            "/admin",
            "/server-status",
        ),
        *("/readyz/..", "/healthcheck/%2e%2e/graphql", "/graphiql/../app.py", "/graphiql/%2e%2e/%2e%2e/app.py"),
    ],
)
async def test_other_addresses_tell_nothing(path: str, gateway: Gateway) -> None:
    response = await gateway.http.get(path)
    assert response.status_code in (400, 401, 404)
    assert len(response.content) < 500
    for internal in (*INTERNAL, gateway.organization.id, gateway.namespace.id):
        assert internal not in response.text
    assert "server" not in response.headers


async def test_every_answer_has_the_headers_that_browsers_heed(gateway: Gateway) -> None:
    for response in (
        await gateway.post(GOOD),
        await gateway.post({}),
        await gateway.http.get("/graphql", headers={"Accept": "text/html"}),
        await gateway.http.get("/missing"),
        await gateway.http.get("/readyz"),
    ):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert response.headers["cross-origin-resource-policy"] == "same-origin"


async def test_permissions(gateway: Gateway) -> None:
    reads, records, writes, administers = [await gateway.make_key(one) for one in Permission]
    delete = 'mutation { deleteInteraction(input: { interactionId: "there" }) { deletedId } }'
    for key, document in (
        (reads, delete),
        (records, delete),
        (administers, delete),
        (administers, GOOD["query"]),
        (records, GOOD["query"]),
        (writes, GOOD["query"]),
        (writes, "{ __schema { types { name } } }"),
    ):
        response = await gateway.post(asks(document), key=key)
        assert response.status_code == 403
        assert response.json()["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
    assert await gateway.data(COUNT) == {"interactions": {"totalCount": 1}}
