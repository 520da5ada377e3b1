from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from urllib.parse import urlencode

import orjson
import pytest

from gateway.errors import BadRequest, BadUserInput, UnsupportedMediaType
from gateway.limits import DEFAULTS
from gateway.preparation.graphql_request import GraphQLRequest
from gateway.transport.exchange.paid_reading import require_json
from gateway.transport.http import request_reader

DOCUMENT_ID_ALONE = "`documentId` stands for the document: send neither `query` nor `persistedQuery` with it."
PERSISTED_QUERY = "`extensions.persistedQuery` must be an object with a `version` and a `sha256Hash`."


from_body = partial(request_reader.from_body, batch_limit=0, entry_limit=DEFAULTS.entries)
from_query = partial(request_reader.from_query, entry_limit=DEFAULTS.entries)


def sent(body: bytes) -> GraphQLRequest:
    """The one request of a body."""
    request = from_body(body)
    assert isinstance(request, GraphQLRequest)
    return request


def asked(request: object) -> dict[str, object]:
    """All that a request says, but for its size and its bytes."""
    assert isinstance(request, GraphQLRequest)
    return asdict(replace(request, size=0, body=None))


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON; charset=UTF-8",
        'application/json;charset="utf-8"',
        "application/json; x=1",
    ],
)
def test_json_in_utf_8_is_taken(content_type: str) -> None:
    require_json(content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/jsonp",
        "text/plain; application/json",
        "application/x-www-form-urlencoded",
        "application/graphql",
        "application/json; charset=latin-1",
    ],
)
def test_any_other_body_is_refused(content_type: str | None) -> None:
    with pytest.raises(UnsupportedMediaType):
        require_json(content_type)


def test_a_body_gives_its_request() -> None:
    body = {"query": "{a}", "variables": {"v": [1, None]}, "operationName": "a", "extensions": {}, "other": 1}
    assert asked(from_body(orjson.dumps(body))) == asked(GraphQLRequest("{a}", {"v": [1, None]}, "a"))
    nulls = {"query": "{a}", "variables": None, "operationName": None, "extensions": None}
    assert asked(from_body(orjson.dumps(nulls))) == asked(GraphQLRequest("{a}"))
    empty = b'\xef\xbb\xbf{"query": "{a}", "operationName": ""}'
    assert asked(from_body(empty)) == asked(GraphQLRequest("{a}"))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The body is not valid JSON."),
        (b"{", "The body is not valid JSON."),
        (b"\xff", "The body is not valid JSON."),
        (b'{"query": "\xff"}', "The body is not valid JSON."),
        (b'{"query": "\\ud800", "variables": NaN}', "The body is not valid JSON."),
        (b'{"query": "{a}", "variables": {"n": NaN}}', "The body is not valid JSON."),
        (b'{"query": "{a}", "variables": {"n": Infinity}}', "The body is not valid JSON."),
        (b'{"query": "{a}"} x', "The body is not valid JSON."),
        (b"[" * 100_000, "The body may be nested at most 1,024 levels deep."),
        (b'{"query": "{a}", "variables": {"n": 1e999, "m": 01}}', "The body is not valid JSON."),
        (b"null", "The body must be a JSON object."),
        (b"9" * 5_000, "The body must be a JSON object."),
        (b'"\\ud800"', "The body must be a JSON object."),
        (b"1", "The body must be a JSON object."),
        (b'[{"query": "{a}"}]', "Batches are not served here: the body must be a JSON object."),
        (b'{"documentId": 1}', "`documentId` must be a string."),
        (b'{"documentId": ""}', "The request has no `query`."),
        (b'{"documentId": "a", "query": "{a}"}', DOCUMENT_ID_ALONE),
        (
            b'{"documentId": "a", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "b"}}}',
            DOCUMENT_ID_ALONE,
        ),
        (b'{"extensions": {"persistedQuery": "a"}}', PERSISTED_QUERY),
        (b'{"extensions": {"persistedQuery": {"version": 1}}}', PERSISTED_QUERY),
        (b'{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": 1}}}', PERSISTED_QUERY),
        (
            b'{"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "a"}}}',
            "Unsupported persisted query version",
        ),
        (b'{"extensions": {"persistedQuery": {"sha256Hash": "a"}}}', "Unsupported persisted query version"),
        (b"{}", "The request has no `query`."),
        (b'{"query": ""}', "The request has no `query`."),
        (b'{"query": null}', "The request has no `query`."),
        (b'{"query": ["{a}"]}', "`query` must be a string."),
        (b'{"query": "{a}", "variables": "{}"}', "`variables` must be an object."),
        ('{"query": "{a}"} \ud83d\\ud800'.encode("utf-16", "surrogatepass"), "The body is not valid JSON."),
        (b'{"query": "{a}", "variables": []}', "`variables` must be an object."),
        (b'{"query": "{a}", "operationName": 1}', "`operationName` must be a string."),
        (b'{"query": "{a}", "extensions": []}', "`extensions` must be an object."),
    ],
)
def test_what_is_no_request_is_refused_in_plain_words(body: bytes, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        from_body(body)
    assert refused.value.message == message


@pytest.mark.parametrize(
    ("variables", "path", "part"),
    [
        ('{"a": ["\\ud800"]}', ("a", "0"), "half of a pair"),
        ('{"a": {"\\uDFFF": 1}}', ("a",), "half of a pair"),
        ('{"\\udc00\\ud800": 1}', (), "half of a pair"),
        ('{"a": 1, "b": 1e400}', ("b",), "larger than any"),
        ('{"a": [-1.8E+308]}', ("a", "0"), "larger than any"),
        ('{"a": ' + "9" * 300 + "e99}", ("a",), "larger than any"),
        ('{"a": -' + "9" * 5_000 + "}", ("a",), "larger than any"),
    ],
)
def test_what_json_spells_and_nothing_can_hold_is_told_with_its_path(
    variables: str, path: tuple[str, ...], part: str
) -> None:
    body = b'{"query": "{a}", "variables": ' + variables.encode() + b"}"
    with pytest.raises(BadUserInput, match=part) as in_body:
        from_body(body)
    with pytest.raises(BadUserInput, match=part) as in_address:
        from_query(urlencode({"query": "{a}", "variables": variables}).encode())
    assert in_body.value.path == in_address.value.path == ("variables", *path)
    good, bad = from_body(b'[{"query": "{a}"}, ' + body + b"]", batch_limit=2)  # type: ignore[misc]
    assert asked(good) == asked(GraphQLRequest("{a}"))
    assert isinstance(bad, BadUserInput)
    assert bad.path == ("variables", *path)


@pytest.mark.parametrize("name", ["variables", "extensions", "operationName", "documentId"])
def test_what_is_empty_counts_as_not_there(name: str) -> None:
    assert asked(from_body(orjson.dumps({"query": "{a}", name: ""}))) == asked(GraphQLRequest("{a}"))


def test_a_persisted_document_is_named_by_its_id_or_its_hash() -> None:
    named = {"documentId": "a", "operationName": "A", "variables": {"v": 1}}
    assert asked(from_body(orjson.dumps(named))) == asked(GraphQLRequest(None, {"v": 1}, "A", document_id="a"))
    assert asked(from_query(b"documentId=sha256:ab")) == asked(
        GraphQLRequest(None, reads_only=True, document_id="sha256:ab")
    )
    hashed = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "ab", "miss": True}}}
    assert asked(from_body(orjson.dumps(hashed))) == asked(GraphQLRequest(None, document_id="ab"))
    assert asked(from_body(orjson.dumps({**hashed, "query": "{a}"}))) == asked(GraphQLRequest("{a}", document_id="ab"))
    parameters = urlencode({"extensions": orjson.dumps(hashed["extensions"]).decode()})
    assert asked(from_query(parameters.encode())) == asked(GraphQLRequest(None, reads_only=True, document_id="ab"))


def test_a_batch_is_parsed_one_by_one_up_to_its_limit() -> None:
    batch = from_body(b'[{"query": "{a}"}, {"query": 1}]', batch_limit=2)
    assert isinstance(batch, tuple)
    assert asked(batch[0]) == asked(GraphQLRequest("{a}"))
    assert isinstance(batch[1], BadRequest)


@pytest.mark.parametrize(
    ("body", "limit", "message"),
    [
        (b"[{}]", 0, "Batches are not served here: the body must be a JSON object."),
        (b"[{}]", 1, "Batches are not served here: the body must be a JSON object."),
        (b"[]", 2, "A batch must hold 1 to 2 requests."),
        (b"[{}, {}, {}]", 2, "A batch must hold 1 to 2 requests."),
        (b"[{}, 1]", 2, "Each request of a batch must be a JSON object."),
    ],
)
def test_what_is_no_batch_is_refused_as_a_whole(body: bytes, limit: int, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        from_body(body, batch_limit=limit)
    assert refused.value.message == message


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**30, 10**400 + 1])
def test_integers_of_any_size_arrive_exactly(number: int) -> None:
    assert sent(b'{"query": "{a}", "variables": {"n": %d}}' % number).variables["n"] == number
    assert from_query(b'query={a}&variables={"n":%d}' % number).variables["n"] == number


@pytest.mark.parametrize("ahead", range(12))
def test_an_integer_arrives_exactly_wherever_in_the_body_it_stands(ahead: int) -> None:
    for number in (2**63, 2**64, 10**30):
        body = b'%s{"query": "{a}", "variables": {"n": %d}}' % (b" " * ahead, number)
        assert sent(body).variables["n"] == number


def listed(count: int, entry: bytes = b"0", text: bytes = b"") -> bytes:
    """A body with so many entries of lists and objects: two besides those of one list."""
    return b'{"query": "%b", "variables": {"a": [%b]}}' % (text, b",".join([entry] * (count - 3)))


@pytest.mark.parametrize("text", [b"{a}", b"," * 200_000, rb"\"[{," * 70_000, rb"\\," * 150_000], ids=len)
def test_more_entries_than_variables_may_have_are_refused_before_they_are_read(text: bytes) -> None:
    # What stands in strings is no entry, also behind what looks like their end.
    request = from_body(listed(1_000, text=text), entry_limit=1_000)
    assert isinstance(request, GraphQLRequest)
    assert len(request.variables["a"]) == 997
    with pytest.raises(BadUserInput, match=r"at most 1,000 entries in all\.$"):
        from_body(listed(1_001, text=text), entry_limit=1_000)


def test_lists_objects_and_strings_are_entries_too() -> None:
    for entry in (b"[]", b"{}", b'"x"', b'{"k":[0]}', b"[[[]]]"):
        with pytest.raises(BadUserInput):
            from_body(listed(1_100, entry), entry_limit=1_000)
    # Each request of a batch may have as many.
    two = b"[%b,%b]" % (listed(700, text=b"{a}"), listed(700, text=b"{a}"))
    assert isinstance(from_body(two, entry_limit=1_000, batch_limit=2), tuple)


def test_parameters_have_as_many_entries_as_bodies() -> None:
    for name in ("variables", "extensions"):
        query = b'query={a}&%b={"a":[%b]}' % (name.encode(), b",".join([b"0"] * 10))
        assert isinstance(from_query(query, entry_limit=11), GraphQLRequest)
        with pytest.raises(BadUserInput, match="at most 10 entries"):
            from_query(query, entry_limit=10)


def test_digits_in_strings_are_no_numbers() -> None:
    variables = {"n": 0.1, "text": "12345678901234567890"}
    assert sent(orjson.dumps({"query": "{a}", "variables": variables})).variables == variables


def test_parameters_give_a_request_that_only_reads() -> None:
    parameters = {"query": '{a(x: "é&+ ")}', "variables": '{"v": 1}', "operationName": "a", "extensions": "{}"}
    assert asked(from_query(urlencode(parameters).encode())) == asked(
        GraphQLRequest('{a(x: "é&+ ")}', {"v": 1}, "a", reads_only=True)
    )
    assert asked(from_query(b"query={a}&variables=&operationName=&extensions=")) == asked(
        GraphQLRequest("{a}", reads_only=True)
    )
    assert asked(from_query(b"query={a}&variables=null&other=1")) == asked(GraphQLRequest("{a}", reads_only=True))


@pytest.mark.parametrize(
    ("query_string", "message"),
    [
        (b"", "The request has no `query`."),
        (b"query=", "The request has no `query`."),
        (b"variables={}", "The request has no `query`."),
        (b"query={a}&variables={", "The parameter `variables` is not valid JSON."),
        (b"query={a}&extensions=x", "The parameter `extensions` is not valid JSON."),
        (b"query={a}&variables=[]", "`variables` must be an object."),
        (b"query={a}&query={b}", "A parameter of the address may be given only once."),
        (b"query=%ff", "The parameters of the address are not percent-encoded UTF-8."),
        (b"query=\xff", "The parameters of the address are not percent-encoded UTF-8."),
    ],
)
def test_parameters_that_are_no_request_are_refused(query_string: bytes, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        from_query(query_string)
    assert refused.value.message == message


def test_variables_of_any_depth_are_a_request_or_refused() -> None:
    for depth in (1_000, 1_024, 5_000):
        with suppress(BadRequest):
            from_body(nested(depth))
    assert sent(nested(500)).variables["n"]


def nested(depth: int) -> bytes:
    return b'{"query": "{a}", "variables": {"n": %s12345678901234567890%s}}' % (b"[" * depth, b"]" * depth)
