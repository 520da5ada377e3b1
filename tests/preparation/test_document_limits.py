"""What one request may ask for: at each limit it is answered, one over it is refused, and at no great cost."""

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInputObjectType,
    GraphQLInputType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_introspection_query,
    parse,
    type_from_ast,
)
from hypothesis import given
from hypothesis import strategies as st

from bench.operations import FLAT, JOINED, NESTED
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.errors import BadUserInput, OperationTooComplex, ValidationFailed
from gateway.limits import DEFAULTS, Limits
from gateway.limits.validation_bounds import MAX_ERRORS, MAX_OVERLAP_STEPS
from gateway.model.wire import validate_interaction
from gateway.preparation.document_limits import check_document, parse_within
from gateway.preparation.prepared_documents import DocumentPreparation
from gateway.preparation.variable_limits import check_variables
from gateway.schema.graph import build
from gateway.settings import Settings, load
from gateway.store.client import Database
from tests.harness.default_graph import EXECUTABLE
from tests.harness.gateway_client import Gateway, open_gateway

GRAPH = build()


def tree(levels: int) -> str:
    """Selections of so many levels, with a fragment halfway."""
    inner = "f { " * (levels // 2 - 1) + "f" + " }" * (levels // 2 - 1)
    outer = "f { " * (levels - levels // 2) + "...F" + " }" * (levels - levels // 2)
    return f"{{ {outer} }} fragment F on T {{ {inner} }}"


# For each limit on the document: one that has so many, and what the message calls them.
DOCUMENTS: Mapping[str, tuple[Callable[[int], str], str]] = {
    "source_bytes": (lambda count: "{ a }".ljust(count), "bytes"),
    "tokens": (lambda count: f"{{ {'a ' * (count - 2)}}}", "lexical tokens"),
    "comments": (lambda count: "#\n" * count + "{ a }", "comments"),
    "operations": (lambda count: " ".join(f"query Q{number} {{ a }}" for number in range(count)), "operations"),
    "depth": (tree, "levels deep"),
    # Half of them in a fragment that is spread twice.
    "fields": (
        lambda count: (
            f"{{ a {{ {'a ' * (count % 2)} b {{ ...F }} ...F }} }} fragment F on T {{ {'a ' * (count // 2 - 1)} }}"
        ),
        "fields",
    ),
    "aliases": (
        lambda count: (
            f"{{ a {{ {'b: a ' * (count % 2)} b {{ ...F }} ...F }} }} fragment F on T {{ {'b: a ' * (count // 2)} }}"
        ),
        "aliases",
    ),
    "root_fields": (
        lambda count: f"{{ {'a ' * (count % 2)} ... {{ ...F }} ...F }} fragment F on Query {{ {'a ' * (count // 2)} }}",
        "root fields",
    ),
    "directives": (
        lambda count: f"query ($a: A @a) {'@a ' * (count - 4)} {{ a @a ... @a {{ ...F @a }} }} fragment F on T {{ a }}",
        "directives",
    ),
    "variables": (
        lambda count: f"query ({' '.join(f'$v{number}: Int' for number in range(count))}) {{ a }}",
        "variables",
    ),
    "list_items": (lambda count: f"{{ a(x: {{ y: [{'1 ' * count}] }}) }}", "values"),
    "json_depth": (lambda count: f"{{ a(x: {'[' * count}{']' * count}) }}", "levels deep"),
}
ENTRIES: Mapping[str, Callable[[int], Mapping[str, Any]]] = {
    "list_items": lambda count: {"ids": ["x"] * count},
    "input_fields": lambda count: filters_of(count),
    "json_nodes": lambda count: {
        "input": {"featureId": "f", "interactionType": "VIEW", "metadata": {"a": [1] * (count - 1)}}
    },
    "json_depth": lambda count: {"input": {"metadata": nested(count - 1)}},
}
# A document's own limits only make room where it is larger than the others allow.
ROOMY = Limits(tokens=100_000, source_bytes=1_000_000, root_fields=100_000, fields=100_000)
# Limits of which no single document tells.
OTHERS = {
    *("json_nodes", "page_size", "read_time_ms", "operation_time_ms", "batch_requests"),
    # In test_answer_limits.py, test_usage.py and test_writer.py.
    *("answer_values", "answer_bytes", "read_bytes", "written_bytes"),
}


def filters_of(count: int) -> Mapping[str, Any]:
    """Filters with so many entries and possible fields: each filter counts as one entry, and for all its fields."""
    filter_type = EXECUTABLE.type_map["InteractionWhere"]
    assert isinstance(filter_type, GraphQLInputObjectType)
    of_filter = 1 + len(filter_type.fields)
    lists, rest = divmod(count - of_filter, 1 + 1_000 * of_filter)
    filters, entries = divmod(rest, of_filter)
    return {"where": {"and": [{"and": [{}] * 999}] * lists + [{}] * filters}, "ids": ["x"] * entries}


def nested(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def roomy(name: str) -> Limits:
    return replace(ROOMY, **{name: getattr(DEFAULTS, name)})


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_at_a_limit_is_within_it_and_one_over_it_is_refused(name: str) -> None:
    document, unit = DOCUMENTS[name]
    limit = getattr(DEFAULTS, name)
    parse_within(document(limit), roomy(name))
    with pytest.raises(OperationTooComplex) as refused:
        parse_within(document(limit + 1), roomy(name))
    assert f"at most {limit:,} {unit}" in refused.value.message


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_trusted_document_may_be_beyond_every_limit(name: str) -> None:
    document = DOCUMENTS[name][0](getattr(DEFAULTS, name) + 1)
    with pytest.raises(OperationTooComplex):
        parse_within(document, roomy(name))
    assert parse_within(document, None).definitions


def test_the_schema_may_be_asked_for_twice_in_an_operation() -> None:
    asked = "{{ {} ...F }} fragment F on Query {{ b: __schema {{ description }} }}"
    parse_within(asked.format("a: __schema { description }"), DEFAULTS)
    with pytest.raises(OperationTooComplex, match="at most 2 fields `__schema` and `__type`"):
        parse_within(asked.format('a: __schema { description } c: __type(name: "ID") { kind }'), DEFAULTS)


def test_bytes_are_counted_not_characters() -> None:
    parse_within('{ a(x: "ä") }'.ljust(49_999), DEFAULTS)
    with pytest.raises(OperationTooComplex, match="50,000 bytes"):
        parse_within('{ a(x: "ä") }'.ljust(50_000), DEFAULTS)


def variables(document: str) -> Mapping[str, GraphQLInputType]:
    [operation] = parse(document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    return {
        one.variable.name.value: type_from_ast(GRAPH.executable, one.type)  # type: ignore[misc]
        for one in operation.variable_definitions or ()
    }


DECLARED = variables(
    "query ($ids: [ID!]!, $where: InteractionWhere,"
    " $input: RecordInteractionInput, $batch: RecordInteractionsInput) { a }"
)


@pytest.mark.parametrize("name", ENTRIES)
def test_variables_at_a_limit_are_within_it_and_one_over_it_are_refused(name: str) -> None:
    limit = getattr(DEFAULTS, name)
    check_variables(DECLARED, ENTRIES[name](limit), DEFAULTS)
    with pytest.raises(BadUserInput, match=f"at most {limit:,} ") as refused:
        check_variables(DECLARED, ENTRIES[name](limit + 1), DEFAULTS)
    assert refused.value.path


def test_every_limit_has_a_test() -> None:
    assert {one.name for one in fields(Limits)} == DOCUMENTS.keys() | ENTRIES.keys() | OTHERS


def test_what_is_too_long_is_pointed_at() -> None:
    batch = {"interactions": [{"featureId": "f"}, {"searchRequest": {"queries": [{}] * 1_001}}]}
    with pytest.raises(BadUserInput) as refused:
        check_variables(DECLARED, {"batch": batch}, DEFAULTS)
    assert refused.value.path == ("batch", "interactions", "1", "searchRequest", "queries")
    assert refused.value.message == "A list may have at most 1,000 entries, not 1,001."
    with pytest.raises(BadUserInput) as refused:
        check_variables(DECLARED, {"batch": {f"k{number}": 1 for number in range(1_001)}}, DEFAULTS)
    assert refused.value.path == ("batch",)
    with pytest.raises(BadUserInput) as refused:
        check_variables(DECLARED, {"input": {"k" * 9_000: nested(200)}}, DEFAULTS)
    assert refused.value.path[:2] == ("input", "k" * 100)


def test_json_counts_together_wherever_it_stands() -> None:
    batch = {"interactions": [{"metadata": {str(number): 1 for number in range(21)}}] * 1_000}
    with pytest.raises(BadUserInput, match="JSON values may have at most 20,000 entries"):
        check_variables(DECLARED, {"batch": batch}, DEFAULTS)
    # A scalar that is given a list, and an input object that is given one, are wrong; but they must be counted.
    for value in ({"input": {"featureId": [1] * 20_001}}, {"input": [1] * 20_001}, {"ids": [[1] * 20_001]}):
        with pytest.raises(BadUserInput, match="20,000"):
            check_variables(DECLARED, value, DEFAULTS)


def test_one_item_may_stand_for_a_list_and_unknown_variables_are_ignored() -> None:
    check_variables(DECLARED, {"batch": {"interactions": {"metadata": {"a": 1}}}, "other": [1] * 30_000}, DEFAULTS)


# What is expanded, against the expansion itself.


class Naive:
    """The sizes of a selection set, by writing out its fragments wherever they are spread."""

    def __init__(self, document: DocumentNode) -> None:
        self.fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }

    def fields(self, selections: SelectionSetNode, level: int = 1) -> Iterator[tuple[FieldNode, int]]:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                yield node, level
                if node.selection_set:
                    yield from self.fields(node.selection_set, level + 1)
            elif isinstance(node, InlineFragmentNode):
                yield from self.fields(node.selection_set, level)
            elif isinstance(node, FragmentSpreadNode) and node.name.value in self.fragments:
                yield from self.fields(self.fragments[node.name.value].selection_set, level)


def selection(spreads: list[str]) -> st.SearchStrategy[str]:
    leaf = st.sampled_from(["a", "x: a", *(f"...{name}" for name in spreads), "...Unknown"])
    inner = st.recursive(
        leaf,
        lambda below: st.lists(below, min_size=1, max_size=4).flatmap(
            lambda items: st.sampled_from(["a", "x: a", "...", "... on T"]).map(
                lambda head: f"{head} {{ {' '.join(items)} }}"
            )
        ),
        max_leaves=8,
    )
    return st.lists(inner, min_size=1, max_size=4).map(lambda items: f"{{ {' '.join(items)} }}")


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Documents whose fragments spread those after them, in any order, and some nobody spreads."""
    names = [f"F{number}" for number in range(draw(st.integers(0, 4)))]
    parts = [f"query {draw(selection(names))}"]
    parts += [f"fragment {name} on T {draw(selection(names[index + 1 :]))}" for index, name in enumerate(names)]
    return " ".join(draw(st.permutations(parts)))


def limit_of(document: DocumentNode, name: str) -> int:
    """The least value of a limit that lets the document pass."""
    low, high = 0, 100_000
    while low < high:
        middle = (low + high) // 2
        try:
            check_document(document, replace(EVERYTHING, **{name: middle}))
            high = middle
        except OperationTooComplex:
            low = middle + 1
    return low


EVERYTHING = Limits(**{one.name: 100_000 for one in fields(Limits)})


@given(documents())
def test_expanding_by_arithmetic_counts_what_expanding_does(text: str) -> None:
    document = parse(text)
    naive = Naive(document)
    found = [
        (definition, list(naive.fields(definition.selection_set)))
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    assert limit_of(document, "depth") == max((level for _, every in found for _, level in every), default=0)
    assert limit_of(document, "fields") == max(len(every) for _, every in found)
    assert limit_of(document, "aliases") == max(sum(node.alias is not None for node, _ in every) for _, every in found)
    assert limit_of(document, "root_fields") == max(
        sum(level == 1 for _, level in every)
        for definition, every in found
        if isinstance(definition, OperationDefinitionNode)
    )


# Hostile documents.


def fragments(count: int, body: Callable[[int], str], type_: str = "Viewer") -> str:
    return " ".join(f"fragment F{number} on {type_} {{ {body(number)} }}" for number in range(count))


def near(count: int, length: int) -> str:
    """Arguments or input fields with names as long as some that there are, or longer."""
    return " ".join(f"{'sessionIdentifier' * 9}"[:length] + f"{number}: 1" for number in range(count))


INTERACTIONS = "feature {{ interactions {{ nodes {{ {0} }} }} }}"
HOSTILE: Mapping[str, str] = {
    "28 levels of doubling": "{ viewer { ...F0 } } "
    + fragments(29, lambda number: f"...F{number + 1} ...F{number + 1}" if number < 28 else "keyName"),
    "doubling below fields": "{ interactions { nodes { ...F0 } } } "
    + fragments(29, lambda number: INTERACTIONS.format(f"...F{number + 1} ...F{number + 1}"), "Interaction"),
    "every fragment spreads all the others after it": "{ viewer { ...F0 } } "
    + fragments(40, lambda number: " ".join(f"...F{other}" for other in range(number + 1, 40)) + " keyName"),
    "a cycle": "{ viewer { ...F0 } } " + fragments(40, lambda number: f"...F{(number + 1) % 40} ...F{number}"),
    "cycles everywhere": "{ interactions { nodes { ...F0 } } } "
    + fragments(40, lambda n: INTERACTIONS.format(f"...F{(7 * n + 3) % 40} ...F{(5 * n + 1) % 40}"), "Interaction"),
    "unknown fragments": f"{{ viewer {{ {' '.join(f'...U{number}' for number in range(900))} }} }}",
    "undefined variables": f"{{ nodes(ids: [{' '.join(f'$v{number}' for number in range(900))}]) {{ id }} }}",
    "unused fragments": "{ viewer { keyName } } " + fragments(240, lambda _: "keyName"),
    "unused variables": f"query ({' '.join(f'$v{number}: Int' for number in range(400))}) {{ viewer {{ keyName }} }}",
    "one field again and again": f"{{ viewer {{ {'keyName ' * 1_990} }} }}",
    "one field with other arguments each time": "{ interactions { "
    + " ".join(f"totalCount(upTo: {number})" for number in range(330))
    + " } }",
    "a chain of fragments": "{ viewer { ...F0 } } "
    + fragments(180, lambda number: f"keyName ...F{number + 1}" if number < 179 else "keyName"),
    "unknown fields": f"{{ viewer {{ {' '.join(f'unknown{number}' for number in range(1_900))} }} }}",
    "a long name": f"{{ viewer {{ {'x' * 45_000} }} }}",
    "directives": f"{{ viewer {'@skip(if: true) ' * 300} {{ keyName }} }}",
    "unknown fields behind thousands of lines": "\n" * 48_000 + f"{{ viewer {{ {'unknown ' * 150} }} }}",
    "one argument again and again behind thousands of lines": "\n" * 40_000
    + f"{{ interactions({'first: 1 ' * 600}) {{ totalCount }} }}",
    "unknown types": "{ __typename } " + fragments(200, lambda _: "a", "SaerchRequsetConnecitonX"),
    "unknown input fields": f"{{ interactions(where: {{ {near(600, 60)} }}) {{ totalCount }} }}",
    "unknown input fields of many values": "{ feature(featureId: 1) { "
    + " ".join(f"interactions(where: {{ {near(15, 20)} }}) {{ totalCount }}" for _ in range(34))
    + " } }",
    "unknown arguments": f"{{ interactions({near(600, 60)}) {{ totalCount }} }}",
    "unknown values of an enum": "{ interactions(where: { interactionType: { in: ["
    + "POSITIVE_FEEDBACKS " * 900
    + "] } }) { totalCount } }",
    "900 levels of selections": "{ " + "a { " * 900 + "b" + " }" * 900 + " }",
    "900 levels of a type": f"query ($a: {'[' * 900}Int{']' * 900}) {{ viewer {{ keyName }} }}",
    "900 levels of a list": f"{{ nodes(ids: {'[' * 900}{']' * 900}) {{ id }} }}",
}


@contextmanager
def counted(limit_ms: float) -> Iterator[None]:
    """Fails where this thread takes more CPU time: twenty times what the worst takes elsewhere."""
    gc.collect()
    began = time.thread_time()
    yield
    assert (time.thread_time() - began) * 1_000 < limit_ms


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_document_is_refused_clearly(name: str, gateway: Gateway) -> None:
    # Between 1 and 50 ms where this was written; without the limits several take minutes, or never end.
    with counted(1_000):
        answer = await gateway.execute(HOSTILE[name])
    assert "data" not in answer
    assert 0 < len(answer["errors"]) <= MAX_ERRORS + 1
    codes = {error["extensions"]["code"] for error in answer["errors"]}
    assert codes in ({"OPERATION_TOO_COMPLEX"}, {"GRAPHQL_VALIDATION_FAILED"})


WHERE = "query ($where: InteractionWhere) { interactions(where: $where) { nodes { id } } }"
RECORD = "mutation ($input: RecordInteractionInput!) { recordInteraction(input: $input) { created } }"
HOSTILE_VARIABLES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "unknown fields": (WHERE, {"where": {f"sessionIdentifier{number}": 1 for number in range(1_000)}}),
    "unknown fields with long names": (WHERE, {"where": {"x" * 95_000 + str(number): 1 for number in range(20)}}),
    "an unknown field with a name as long as a body": (WHERE, {"where": {"x" * 1_900_000: 1}}),
    "a value of an enum as long as a body": (RECORD, {"input": {"featureId": "f", "interactionType": "x" * 1_900_000}}),
    "unknown values of an enum": (WHERE, {"where": {"interactionType": {"in": ["POSITIVE_FEEDBACKS"] * 1_000}}}),
    "filters without anything": (WHERE, {"where": {"and": [{"and": [{}] * 998}] * 49}}),
    "filters without anything, and one that is wrong": (WHERE, {"where": {"and": [{"and": [{}] * 998}] * 49 + [1]}}),
    "errors behind thousands of lines": ("\n" * 48_000 + WHERE, {"where": {"and": [1] * 1_000}}),
    "a time as long as a body": (WHERE, {"where": {"occurredAt": {"gte": "9" * 1_900_000}}}),
}


@pytest.mark.parametrize("name", HOSTILE_VARIABLES)
async def test_hostile_variables_are_refused_clearly(name: str, gateway: Gateway) -> None:
    with counted(1_000):
        answer = await gateway.execute(*HOSTILE_VARIABLES[name])
    assert "data" not in answer
    assert 0 < len(answer["errors"]) <= MAX_ERRORS + 1
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}


async def test_a_value_of_an_enum_has_a_bound_and_a_path(gateway: Gateway) -> None:
    answer = await gateway.execute(RECORD, {"input": {"featureId": "f", "interactionType": "x" * 201}})
    assert answer["errors"] == [
        {
            "message": "A value of an enum may have at most 200 characters.",
            "extensions": {"code": "BAD_USER_INPUT", "path": ["input", "interactionType"]},
        }
    ]


def test_comparing_overlapping_fields_stops_at_its_limit() -> None:
    preparation = DocumentPreparation(GRAPH, introspection=True)
    # Of n fields with one key, n (n - 1) / 2 pairs are compared, at two steps each.
    assert not preparation.document(f"{{ viewer {{ {'keyName ' * 120} }} }}").errors
    with pytest.raises(OperationTooComplex, match=f"{MAX_OVERLAP_STEPS:,} steps"):
        preparation.document(f"{{ viewer {{ {'keyName ' * 160} }} }}")


def test_a_cycle_is_told() -> None:
    with pytest.raises(ValidationFailed, match=r"as A → B → A do|as B → A → B do"):
        parse_within("{ ...A } fragment A on T { a ...B } fragment B on T { a { ...A } }", DEFAULTS)


# Friendly documents.


@pytest.mark.parametrize(
    "query",
    [
        FLAT,
        NESTED,
        JOINED,
        get_introspection_query(
            specified_by_url=True,
            directive_is_repeatable=True,
            schema_description=True,
            input_value_deprecation=True,
        ),
    ],
)
def test_what_clients_send_is_within_the_limits(query: str) -> None:
    assert not DocumentPreparation(GRAPH, introspection=True).document(query).errors


async def test_a_known_document_is_not_measured_again(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    query = "query ($ids: [ID!]!) { features(featureIds: $ids) { featureId } }"
    await gateway.data(query, {"ids": []})
    monkeypatch.setattr("gateway.preparation.prepared_documents.parse_within", None)
    await gateway.data(query, {"ids": ["a"]})
    # But its variables are.
    answer = await gateway.execute(query, {"ids": ["a"] * 1_001})
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "path": ["ids"]}


async def test_a_request_beyond_a_limit_is_refused_as_a_whole(gateway: Gateway) -> None:
    graphql = {"Accept": "application/graphql-response+json"}
    response = await gateway.post({"query": "{ a { " + "b { " * 20 + "c" + " }" * 22}, headers=graphql)
    assert response.status_code == 400
    assert response.json() == {
        "errors": [
            {
                "message": "Selections may be nested at most 20 levels deep, with fragments expanded.",
                "extensions": {"code": "OPERATION_TOO_COMPLEX"},
            }
        ]
    }


async def test_at_most_twenty_errors_are_told_of_variables(gateway: Gateway) -> None:
    query = "query ($ids: [ID!]!) { features(featureIds: $ids) { featureId } }"
    answer = await gateway.execute(query, {"ids": [{}] * 1_000})
    assert len(answer["errors"]) == MAX_ERRORS + 1
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}


async def test_each_limit_is_a_setting(database: Database, mongod: EmbeddedServer) -> None:
    assert load(Settings, mongodb_uri=mongod.uri).limits == DEFAULTS
    async with open_gateway(database, mongod.uri, depth_limit=2, list_limit=3) as gateway:
        assert await gateway.data("{ viewer { keyName } }")
        refused = await gateway.execute("{ viewer { organization { name } } }")
        assert "at most 2 levels" in refused["errors"][0]["message"]
        refused = await gateway.execute("query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }", {"ids": ["x"] * 4})
        assert "at most 3 entries" in refused["errors"][0]["message"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_an_operation_that_takes_too_long_is_given_up(database: Database, mongod: EmbeddedServer) -> None:
    async with open_gateway(database, mongod.uri, operation_time_limit_ms=1) as gateway:
        one = validate_interaction({"feature_id": "f", "interaction_type": "view"})
        await gateway.writer.record(gateway.namespace, [one], datetime.now(UTC))
        # Six commands, one after the other.
        levels = "feature { interactions(first: 1) { nodes { " * 5 + "id" + " } } }" * 5
        while True:
            response = await gateway.post({"query": f"{{ interactions(first: 1) {{ nodes {{ {levels} }} }} }}"})
            assert response.status_code == 503, response.text
            assert response.headers["content-type"].startswith("application/")
            [error] = response.json()["errors"]
            # Until it is known it takes as long to be validated.
            if "to be read and validated" not in error["message"]:
                break
        assert error["extensions"] == {"code": "UNAVAILABLE"}
        assert error["message"] == "The operation took longer than 1 ms; writes may be sent again."
        # The connection that was given up is not one that others get an old answer from.
        while "data" not in (answer := await gateway.execute("{ viewer { keyName } }")):
            [error] = answer["errors"]
            assert "to be read and validated" in error["message"]
        assert answer["data"] == {"viewer": {"keyName": "web"}}
    # PyMongo may leave the socket of a connection that was given up to the garbage collector; not to a later test.
    gc.collect()
