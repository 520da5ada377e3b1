"""Anything at all, sent from outside: it gets a well-formed answer with a code, and nothing is unforeseen.

``make fuzz EXAMPLES=10000`` goes on for longer, and elsewhere each time.
"""

import asyncio
import base64
import json
import os
import re
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.errors import BadUserInput, GatewayError, InvalidCursor
from gateway.interchange import jsonl, ubi
from gateway.interchange.entries import Auxiliary, Candidate, SearchCandidate, Skipped
from gateway.interchange.sources import Source
from gateway.interchange.temporary_database import temporary_database
from gateway.model.kinds import INTERACTION, position_order, time_order
from gateway.model.wire import validate_interaction, validate_search_request
from gateway.plan import global_ids
from gateway.plan.cursors import decode_cursor, encode_cursor
from tests.harness.gateway_client import Gateway, new_gateway

EXAMPLES = int(os.environ.get("EXAMPLES") or 0)
FUZZ = settings(max_examples=EXAMPLES or 40, derandomize=not EXAMPLES)

OPERATIONS = [
    path.read_text() for path in sorted((Path(__file__).parents[1] / "execution" / "operations").glob("*.graphql"))
]
TOKENS = sorted({token for text in OPERATIONS for token in re.findall(r'\w+|"[^"\n]*"|\.\.\.|[^\w\s]', text)})

texts = st.text(max_size=20)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.sampled_from(["$where", "a\0b", "-0", ""])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=20
)
documents = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from(TOKENS), max_size=60).map(" ".join),
    st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 2_000), st.integers(0, 40), st.sampled_from(TOKENS)).map(
        lambda cut: cut[0][: cut[1]] + cut[3] + cut[0][cut[1] + cut[2] :]
    ),
)
requests = st.fixed_dictionaries(
    {},
    optional={
        "query": documents | values,
        "variables": values,
        "operationName": values,
        "extensions": values,
        "documentId": values,
    },
)


def json_of(value: Any) -> bytes:
    """As a careless client spells it: with NaN, Infinity and lone surrogates."""
    return json.dumps(value).encode()


class Fuzzed:
    """A gateway in an event loop of its own."""

    def __init__(self, runner: asyncio.Runner, gateway: Gateway) -> None:
        self._runner = runner
        self._gateway = gateway

    def send(
        self, method: str = "POST", *, query: str = "", headers: dict[str, Any] | None = None, content: bytes = b""
    ) -> httpx.Response:
        given = {
            "Authorization": f"Bearer {self._gateway.key}",
            "Content-Type": "application/json",
            "Accept": "application/graphql-response+json",
        }
        url = httpx.URL("http://gateway.example/graphql", query=query.encode())
        sent = httpx.Request(method, url, headers=given | (headers or {}), content=content)
        return self._run(self._gateway.http.send(sent))

    def ask(self, query: str, variables: dict[str, Any]) -> httpx.Response:
        return self.send(content=json_of({"query": query, "variables": variables}))

    def _run(self, sending: Coroutine[Any, Any, httpx.Response]) -> httpx.Response:
        return self._runner.run(sending)


@pytest.fixture(scope="module")
def fuzzed(mongod: EmbeddedServer) -> Iterator[Fuzzed]:
    with asyncio.Runner() as runner:
        context = new_gateway(mongod.uri)
        yield Fuzzed(runner, runner.run(context.__aenter__()))
        runner.run(context.__aexit__(None, None, None))


def codes(kind: type[GatewayError] = GatewayError) -> set[str]:
    return {kind.code}.union(*map(codes, kind.__subclasses__()))


FORESEEN = codes() - {"INTERNAL_SERVER_ERROR"}


def assert_well_formed(response: httpx.Response) -> None:
    assert response.headers["content-type"] == "application/graphql-response+json; charset=utf-8"
    assert response.status_code < 500
    answer = json.loads(response.content, parse_constant=pytest.fail)
    for one in answer if isinstance(answer, list) else [answer]:
        assert {"data", "errors"} & one.keys()
        assert one.keys() <= {"data", "errors", "extensions"}
        # Relay and Apollo look for this one in an answer of status 200.
        unknown = [error["extensions"]["code"] for error in one.get("errors", [])] == ["PERSISTED_QUERY_NOT_FOUND"]
        assert "data" in one or response.status_code >= 400 or isinstance(answer, list) or unknown
        for error in one.get("errors", []):
            assert error["extensions"]["code"] in FORESEEN
            assert len(error["message"]) <= 600


@FUZZ
@given(st.binary(max_size=200))
def test_any_bytes(fuzzed: Fuzzed, body: bytes) -> None:
    assert_well_formed(fuzzed.send(content=body))


@FUZZ
@given(values | requests | st.lists(requests, max_size=3))
def test_any_json(fuzzed: Fuzzed, body: Any) -> None:
    assert_well_formed(fuzzed.send(content=json_of(body)))


@FUZZ
@given(documents, values)
def test_any_document(fuzzed: Fuzzed, document: str, variables: Any) -> None:
    assert_well_formed(fuzzed.send(content=json_of({"query": document, "variables": variables})))


printable = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40)


@FUZZ
@given(
    st.dictionaries(
        st.sampled_from(["Authorization", "X-Namespace", "Content-Type", "Content-Encoding", "Accept-Encoding"]),
        printable,
    )
)
def test_any_headers(fuzzed: Fuzzed, headers: dict[str, str]) -> None:
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    response = fuzzed.send(headers=encoded, content=b'{"query": "{ __typename }"}')
    assert response.headers.get("content-encoding") is None
    assert_well_formed(response)


addresses = st.one_of(
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"), max_size=60),
    documents.map(lambda document: urlencode({"query": document.encode("utf-8", "replace")})),
    st.sampled_from(["query=", "query=%ff", "query={__typename}&query=a", "query={__typename}&variables={", "&&"]),
)


@FUZZ
@given(addresses)
def test_any_address(fuzzed: Fuzzed, query: str) -> None:
    assert_well_formed(fuzzed.send("GET", query=query))


TIMES, POSITIONS = time_order(INTERACTION, descending=True), position_order(descending=True)

forged = st.one_of(
    texts,
    st.builds(
        lambda *parts: base64.urlsafe_b64encode(json_of(list(parts))).decode().rstrip("="),
        st.sampled_from([1, 1, 1, 2, None]),
        st.sampled_from([TIMES.tag, TIMES.tag, POSITIONS.tag, "other"]) | values,
        st.sampled_from(["2024-05-01T12:00:00Z", "0001-01-01T00:00:00+23:59", ["f", "nan"], ["t", -(2**63)]]) | values,
        st.sampled_from(["3f0c2b1e-0000-4000-8000-00000000abcd", ["o", "0" * 24], ["s", "a"], 7]) | values,
    ),
)


@FUZZ
@given(forged, st.sampled_from(["after", "before"]), st.sampled_from(["OCCURRED_AT", "POSITION"]))
def test_any_cursor(fuzzed: Fuzzed, cursor: str, argument: str, order: str) -> None:
    query = f"query ($c: String) {{ interactions({argument}: $c, orderBy: {{ field: {order} }}) {{ nodes {{ id }} }} }}"
    assert_well_formed(fuzzed.ask(query, {"c": cursor}))


@FUZZ
@given(forged)
def test_a_cursor_that_is_taken_leads_back_to_itself(cursor: str) -> None:
    for order in (TIMES, POSITIONS):
        try:
            place = decode_cursor(order, cursor, "after")
        except InvalidCursor:
            continue
        again = encode_cursor(order, place.value, place.tie)
        assert decode_cursor(order, again, "after") == place or place.value != place.value


@FUZZ
@given(forged)
def test_any_id(fuzzed: Fuzzed, id: str) -> None:
    assert_well_formed(fuzzed.ask("query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }", {"id": id}))
    try:
        global_ids.decode(id)
    except BadUserInput:
        return
    raise AssertionError("none of these was given out")


@FUZZ
@given(
    st.dictionaries(st.sampled_from(["interactionId", "metadata", "and", "searchRequest", "userId"]) | texts, values)
)
def test_any_filter(fuzzed: Fuzzed, where: dict[str, Any]) -> None:
    query = "query ($w: InteractionWhere) { interactions(where: $w) { totalCount nodes { id } } }"
    assert_well_formed(fuzzed.ask(query, {"w": where}))


@FUZZ
@given(st.sampled_from(["EQ", "IN", "REGEX", "CONTAINS", "EXISTS", "GT", "TEXT"]), values, texts)
def test_any_value_of_a_filter(fuzzed: Fuzzed, operator: str, value: Any, path: str) -> None:
    query = "query ($w: InteractionWhere) { interactions(where: $w) { totalCount nodes { id } } }"
    item = {"path": path or "a", "operator": operator, "value": value}
    conditions = {"filters": {"key": path, "operator": [operator], "value": value}}
    for where in ({"metadata": [item]}, {"searchRequest": conditions}):
        assert_well_formed(fuzzed.ask(query, {"w": where}))


@FUZZ
@given(values, values, values)
def test_any_recording(fuzzed: Fuzzed, metadata: Any, filters: Any, id: Any) -> None:
    query = """mutation ($i: RecordInteractionInput!) {
      recordInteraction(input: $i) { created interaction { metadata json searchRequest { filters { text json } } } }
    }"""
    request = {"queries": [], "collections": [], "filters": filters}
    sent = {"interactionId": id, "featureId": "f", "interactionType": "VIEW", "metadata": metadata}
    assert_well_formed(fuzzed.ask(query, {"i": {**sent, "searchRequest": request}}))


lines = st.one_of(
    st.binary(max_size=60),
    values.map(json_of),
    st.fixed_dictionaries(
        {"feature_id": values, "interaction_type": st.just("view") | values},
        optional={
            **dict.fromkeys(["interaction_id", "search_request", "metadata", "session_id", "position"], values),
            **dict.fromkeys(["occurred_at", "timestamp", "created_at"], st.just("2024-05-01T12:00:00Z") | values),
        },
    ).map(json_of),
    st.sampled_from(["ubi_queries", "ubi_events"]).map(lambda index: json_of({"index": {"_index": index, "_id": "x"}})),
    st.fixed_dictionaries(
        {"action_name": st.just("click") | values},
        optional=dict.fromkeys(["query_id", "client_id", "timestamp", "event_attributes", "user_query"], values),
    ).map(json_of),
)


@pytest.mark.parametrize("entries", [jsonl.entries, ubi.entries])
@FUZZ
@given(content=st.lists(lines, max_size=8).map(b"\n".join))
def test_any_file(entries: Callable[..., Any], content: bytes) -> None:
    """Each line is imported, or skipped for a reason that can be told."""
    source = Source(BufferedReader(cast(Any, BytesIO(content))))
    # What looks compressed and isn't is refused as a whole.
    with temporary_database() as database, suppress(BadUserInput):
        for entry in entries(source, database):
            with suppress(BadUserInput):
                match entry:
                    case Candidate():
                        validate_interaction(entry.wire)
                    case SearchCandidate():
                        validate_search_request(entry.wire)
                    case Skipped():
                        json_of(entry.as_json())
                    case _:
                        assert isinstance(entry, Auxiliary)
