"""What was sent before costs nothing but a look-up, and whatever clients send, memory stays bounded."""

import gc
import linecache
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import FrozenInstanceError
from datetime import datetime
from itertools import product
from typing import Any

import pytest
from bson import ObjectId
from graphql import DocumentNode, GraphQLSyntaxError

from gateway.app.worker import freeze_garbage_collector
from gateway.errors import OperationNotResolved, OperationTooComplex
from gateway.limits import DEFAULTS, Limits
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, time_order
from gateway.plan.cursors import encode_cursor
from gateway.preparation import prepared_documents as prepared_module
from gateway.preparation.bound_operations import BoundOperation, CompiledOperation
from gateway.preparation.document_limits import parse_within
from gateway.preparation.graphql_request import GraphQLRequest
from gateway.preparation.known_operations import KnownDocument, KnownOperations
from gateway.preparation.prepared_documents import DocumentPreparation
from gateway.schema.graph import build

OURS = "organization-1"
PAGE = "query ($n: Int, $c: String) { interactions(first: $n, after: $c) { nodes { position } } }"
WHERE = 'where: {metadata: [{path: "a", operator: EQ, value: $j}]}'


@pytest.fixture
def known() -> KnownOperations:
    limits = Limits(aliases=100, root_fields=30)
    return KnownOperations(DocumentPreparation(build(), introspection=True, limits=limits))


def document_of(known: KnownOperations, text: str) -> KnownDocument:
    return known.document(text, OURS)


def knows(known: KnownOperations, text: str) -> bool:
    return known.knows(text, OURS)


def request_of(known: KnownOperations, body: bytes) -> GraphQLRequest | None:
    return known.request(body, OURS)


def small(number: int) -> str:
    return f"{{ k{number}: viewer {{ keyName }} }}"


def large(number: int) -> str:
    """A different document each time, with some 350 tokens and as many fields as that allows."""
    fields = " ".join(f"f{number}x{place}: position" for place in range(90))
    return f"query ($first: Int) {{ interactions(first: $first) {{ nodes {{ {fields} }} }} }}"


def compiled(known: KnownOperations, document: KnownDocument, **variables: object) -> CompiledOperation:
    return known.compiled(document, document.prepared.operation(None), variables)


def bound(known: KnownOperations, document: KnownDocument, **variables: object) -> BoundOperation:
    operation = known.bound(document, document.prepared.operation(None), variables)
    assert isinstance(operation, BoundOperation)
    return operation


def kept(known: KnownOperations, document: KnownDocument, **variables: object) -> BoundOperation:
    """What is bound to these variables from the second time on that they are sent."""
    bound(known, document, **variables)
    bound(known, document, **variables)
    return bound(known, document, **variables)


def latest_kept(known: KnownOperations, documents: dict[str, KnownDocument]) -> int:
    """How many of these, from the one prepared last, are known still."""
    count = 0
    for text, document in reversed(documents.items()):
        if document_of(known, text) is not document:
            break
        count += 1
    return count


def generated_sources() -> int:
    gc.collect()
    return sum(name.startswith("<shape ") for name in linecache.cache)


def garbage(work: Callable[[], None]) -> int:
    """How many objects this leaves to the garbage collector when it isn't done for the first time."""
    work()
    gc.collect()
    gc.disable()
    try:
        work()
        return gc.collect()
    finally:
        gc.enable()


@pytest.fixture
def sources_before() -> int:
    return generated_sources()


def test_a_known_document_is_neither_parsed_nor_validated_nor_planned_again(known: KnownOperations) -> None:
    query = "query ($n: Int) { interactions(first: $n) { nodes { id } } }"
    first = document_of(known, query)
    assert document_of(known, query) is first
    assert first.prepared is document_of(known, query).prepared
    assert compiled(known, first, n=1) is compiled(known, document_of(known, query), n=2)


def test_a_document_that_validation_refused_is_known_too(known: KnownOperations) -> None:
    refused = document_of(known, "{ nothing }")
    assert [error.message for error in refused.prepared.errors] == ["Cannot query field 'nothing' on type 'Query'."]
    assert document_of(known, "{ nothing }") is refused


def test_what_cannot_be_parsed_is_refused_each_time(known: KnownOperations) -> None:
    for _ in range(2):
        with pytest.raises(GraphQLSyntaxError):
            document_of(known, "{")
        with pytest.raises(OperationTooComplex):
            document_of(known, "{ viewer { keyName } }".ljust(DEFAULTS.source_bytes + 1))


def test_the_values_of_skip_and_include_choose_the_plan_and_no_other_variable_does(
    known: KnownOperations,
) -> None:
    document = document_of(
        known, "query ($a: Boolean!, $id: ID!) { feature(featureId: $id) { featureId @skip(if: $a) } }"
    )
    with_it, without = compiled(known, document, a=False, id="x"), compiled(known, document, a=True, id="x")
    assert with_it is not without
    assert compiled(known, document, a=False, id="y") is with_it
    assert compiled(known, document, a=True, id="y") is without


def test_a_condition_that_is_null_is_the_executors(known: KnownOperations) -> None:
    document = document_of(known, "query ($a: Boolean = true) { viewer { keyName @skip(if: $a) } }")
    assert compiled(known, document, a=None).shape is None
    assert compiled(known, document, a=None).fallback == "null condition"


def test_variables_that_were_sent_twice_are_bound_still(known: KnownOperations) -> None:
    document = document_of(
        known, f"query ($n: Int, $j: JSON) {{ interactions(first: $n, {WHERE}) {{ nodes {{ position }} }} }}"
    )
    once = bound(known, document, n=1, j=1)
    first = kept(known, document, n=1, j=1)
    assert once is not first
    assert once.bindings == first.bindings
    assert bound(known, document, n=1, j=1) is first
    others: list[dict[str, Any]] = [{"n": 2, "j": 1}, {"j": 1}, {"n": None, "j": 1}]
    others += [{"n": 1, "j": value} for value in (1.0, True, "1", None, [1], {"1": 1})]
    found = [kept(known, document, **variables) for variables in others]
    assert len({id(one) for one in [first, *found]}) == 1 + len(others)


def test_of_the_variables_that_were_bound_the_latest_are_kept(known: KnownOperations) -> None:
    document = document_of(known, PAGE)
    first = kept(known, document, n=0)
    latest = [kept(known, document, n=number) for number in range(1, 17)][-1]
    assert bound(known, document, n=16) is latest
    assert bound(known, document, n=0) is not first


def test_variables_that_are_sent_often_stay_bound_among_many_others(known: KnownOperations) -> None:
    document = document_of(known, PAGE)
    often = kept(known, document, n=0)
    for number in range(1, 100):
        kept(known, document, n=number)
        if number % 10 == 0:
            assert bound(known, document, n=0) is often


def test_variables_of_which_each_are_sent_once_leave_nothing_behind(known: KnownOperations) -> None:
    document = document_of(known, "query ($n: Int) { interactions(first: $n) { nodes { position } } }")
    often, weight = kept(known, document, n=0), document.weight
    for number in range(1, 900):
        bound(known, document, n=number)
    assert bound(known, document, n=0) is often
    assert document.weight == weight


PLACES = [
    encode_cursor(order, value, ObjectId())
    for order in (time_order(INTERACTION, descending=True), time_order(SEARCH_REQUEST, descending=True))
    for value in (None, datetime(2024, 5, 1), datetime(2024, 5, 2))
]
PAGED = {
    "root": 'interactions(first: $n, after: $a, before: $b, where: {userId: {eq: "u"}}) { totalCount nodes { id } }',
    "two": "x: interactions(last: 2, before: $b) { nodes { id } } y: interactions(after: $a) { nodes { id } }",
    "nested": "searchRequests(first: 3) { nodes { interactions(first: $n, after: $a) { edges { cursor } } } }",
    "none": "interactions(first: $n) { nodes { id } }",
}


def told(found: BoundOperation) -> dict[object, object]:
    """What was bound, with errors as what they say."""
    return {path: str(one) if isinstance(one, Exception) else one for path, one in found.bindings.items()}


@pytest.mark.parametrize("selected", PAGED.values(), ids=PAGED)
def test_pages_are_bound_alike_behind_whatever_cursor(selected: str, known: KnownOperations) -> None:
    declared = [f"${name}: {type_}" for name, type_ in (("n", "Int"), ("a", "String"), ("b", "String"))]
    document = document_of(
        known, f"query ({', '.join(one for one in declared if one[:2] in selected)}) {{ {selected} }}"
    )
    assert document.prepared.errors == []
    places = [None, "x", *PLACES]
    sent = [{}, *({"a": one} for one in places), *({"b": one} for one in places)]
    sent += [{"a": one, "b": other} for one in places for other in places]
    for number, cursors in enumerate([{"n": size, **one} for size in (1, 2) for one in sent * 2]):
        found = bound(known, document, **cursors)
        # A variable that there isn't makes no difference, but is another one each time.
        anew = bound(known, document, **cursors, unknown=number)
        assert (told(found), found.cost) == (told(anew), anew.cost)


def test_paging_on_binds_cursors_alone(known: KnownOperations, monkeypatch: pytest.MonkeyPatch) -> None:
    document = document_of(known, PAGE)
    pages = [bound(known, document, n=1, c=PLACES[0]), bound(known, document, n=1, c=PLACES[1])]
    monkeypatch.setattr(prepared_module, "bind", None)
    pages += [bound(known, document, n=1, c=place) for place in PLACES[:3]]
    assert len({id(one.compiled) for one in pages}) == 1
    assert [one.bindings for one in pages[2:4]] == [one.bindings for one in pages[:2]]
    assert pages[4].bindings not in [one.bindings for one in pages[:4]]
    for unlike in ({"n": 2, "c": PLACES[1]}, {"n": 1}, {"n": 1, "c": None}):
        with pytest.raises(TypeError):
            bound(known, document, **unlike)


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        (f"query ($j: JSON) {{ interactions({WHERE}) {{ nodes {{ position }} }} }}", {"j": "x" * 500}),
        ("query ($n: Int) { interactions(first: $n) { nodes { position } } }", {"n": -1}),
        ("mutation ($id: ID!) { deleteInteraction(input: {interactionId: $id}) { __typename } }", {"id": "x"}),
    ],
    ids=["long", "bad", "of a mutation"],
)
def test_such_variables_are_bound_each_time(query: str, variables: dict[str, object], known: KnownOperations) -> None:
    document = document_of(known, query)
    assert document.prepared.errors == []
    assert len({id(one) for one in [bound(known, document, **variables) for _ in range(4)]}) == 4


def test_variables_of_another_type_are_refused_each_time(known: KnownOperations) -> None:
    document = document_of(known, "query ($n: Int) { interactions(first: $n) { nodes { position } } }")
    for _ in range(2):
        [error] = known.bound(document, document.prepared.operation(None), {"n": "1"})  # type: ignore[misc]
        assert error.message.startswith("Variable '$n' has invalid value")


def test_an_operation_is_found_by_its_name(known: KnownOperations) -> None:
    prepared = document_of(known, "query A { viewer { keyName } } query B { viewer { permissions } }").prepared
    assert prepared.operation("A") is not prepared.operation("B")
    for name in (None, "C", ""):
        with pytest.raises(OperationNotResolved):
            prepared.operation(name)


def test_a_thousand_documents_are_kept_the_latest_used(known: KnownOperations) -> None:
    oldest = document_of(known, small(5000))
    documents = {small(number): document_of(known, small(number)) for number in range(999)}
    assert document_of(known, small(5000)) is oldest
    documents |= {small(number): document_of(known, small(number)) for number in range(999, 1998)}
    assert document_of(known, small(5000)) is oldest
    assert latest_kept(known, documents) == 999


def test_trusted_documents_are_beside_what_is_kept(known: KnownOperations) -> None:
    documents = {small(number): document_of(known, small(number)) for number in range(900)}
    trusted = [known.document(large(number), OURS, known.trusted(large(number))) for number in range(50)]
    assert all(kept(known, one, first=1) is bound(known, one, first=1) for one in trusted)
    assert latest_kept(known, documents) == 900


def test_of_large_documents_fewer_are_kept(known: KnownOperations) -> None:
    documents = {large(number): document_of(known, large(number)) for number in range(250)}
    assert 150 < latest_kept(known, documents) < 250


def test_what_is_bound_later_counts_for_the_document(known: KnownOperations) -> None:
    def still_known() -> int:
        return sum(knows(known, small(number)) for number in range(900))

    for number in range(900):
        document_of(known, small(number))
    fields = " ".join(f"k{number}: interactions(first: $n) {{ nodes {{ position }} }}" for number in range(30))
    heavy = [f"query Q{number}($n: Int) {{ {fields} }}" for number in range(20)]
    for text in heavy:
        bound(known, document_of(known, text), n=0)
    assert still_known() == 900
    for text in heavy:
        for size in range(16):
            kept(known, document_of(known, text), n=size)
    assert still_known() < 900


def send(known: KnownOperations, text: str, body: bytes, owner: str = OURS, **variables: object) -> None:
    """As a valid request in this body is admitted."""
    document = known.document(text, owner)
    operation = document.prepared.operation(None)
    request = GraphQLRequest(text, variables, body=body)
    known.keep(request, document, operation, bound(known, document, **variables))


def test_a_body_that_was_sent_twice_is_known_with_what_it_asks(known: KnownOperations) -> None:
    document = document_of(known, large(0))
    for _ in range(2):
        assert request_of(known, b"a") is None
        send(known, large(0), b"a", first=1)
    request = request_of(known, b"a")
    assert request is not None
    assert request.prepared is not None
    assert (request.query, request.variables, request.prepared.document) == (
        large(0),
        {"first": 1},
        document.prepared.node,
    )
    assert request.prepared.bound == bound(known, document, first=1)
    with pytest.raises(FrozenInstanceError):
        request.prepared = None  # type: ignore[misc]


def test_of_the_bodies_that_were_sent_twice_the_latest_used_are_known(known: KnownOperations) -> None:
    bodies = [b"%d" % number for number in range(33)]
    for body in bodies:
        send(known, small(0), body)
        send(known, small(0), body)
        assert request_of(known, bodies[0]) is not None
    assert [body for body in bodies if request_of(known, body) is None] == [bodies[1]]


def test_what_a_body_asks_goes_with_its_document_which_it_keeps_in_use(known: KnownOperations) -> None:
    weight = document_of(known, small(0)).weight
    for number in range(2):
        for _ in range(2):
            send(known, small(number), small(number).encode())
    assert document_of(known, small(0)).weight > weight + 2 * len(small(0))
    for number in range(2, 1_002):
        document_of(known, small(number))
        assert request_of(known, small(0).encode()) is not None
    assert knows(known, small(0))
    assert not knows(known, small(1))
    assert request_of(known, small(1).encode()) is None


def test_what_is_known_is_no_other_owners(known: KnownOperations, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        send(known, small(0), b"a")
    assert request_of(known, b"a") is not None
    assert known.request(b"a", "theirs") is None
    assert not known.knows(small(0), "theirs")
    parsed = []

    def parse(text: str, limits: Limits | None) -> DocumentNode:
        parsed.append(text)
        return parse_within(text, limits)

    monkeypatch.setattr(prepared_module, "parse_within", parse)
    theirs = known.document(small(0), "theirs")
    assert parsed == [small(0)]
    assert theirs.prepared is not document_of(known, small(0)).prepared
    assert compiled(known, theirs) is not compiled(known, document_of(known, small(0)))


def test_of_a_trusted_document_each_owner_has_its_own_plans_and_requests(known: KnownOperations) -> None:
    trusted = known.trusted(PAGE)
    ours, theirs = (known.document(PAGE, owner, trusted) for owner in (OURS, "theirs"))
    assert ours.prepared is theirs.prepared is trusted
    assert kept(known, ours, n=1) is bound(known, ours, n=1)
    assert compiled(known, theirs) is not compiled(known, ours)
    assert bound(known, theirs, n=1) is not bound(known, theirs, n=1)


def test_whose_documents_weigh_most_has_its_own_go(known: KnownOperations) -> None:
    few = {owner: [small(number) for number in range(5)] for owner in ("a", "b")}
    for owner, texts in few.items():
        for text in texts:
            known.document(text, owner)
    for number in range(400):
        known.document(large(number), OURS)
    assert all(known.knows(text, owner) for owner, texts in few.items() for text in texts)
    assert not known.knows(large(0), OURS)
    # Two of the same appetite have about the same.
    for number in range(400):
        known.document(large(number), "theirs")
    ours, theirs = (sum(known.knows(large(number), owner) for number in range(400)) for owner in (OURS, "theirs"))
    assert abs(ours - theirs) <= 2
    assert all(known.knows(text, owner) for owner, texts in few.items() for text in texts)


def test_what_one_owner_sends_often_is_known_among_what_many_others_do(known: KnownOperations) -> None:
    for _ in range(2):
        send(known, small(0), b"a")
    for number in range(200):
        for _ in range(2):
            send(known, small(number), b"%d" % number, owner="theirs")
    assert request_of(known, b"a") is not None


def spread(number: int) -> str:
    """A short document that fetches 2,046 connections, as its fragments are spread again and again."""
    page = "interactions(first: 0) {{ {0} }}"
    both = f"feature {{{{ {page} }}}} searchRequest {{{{ {page} }}}}"
    fragments = [
        f"fragment F{level} on Interaction {{ {both.format(f'...C{level}')} }} "
        f"fragment C{level} on InteractionConnection {{ nodes {{ {inner} }} edges {{ node {{ {inner} }} }} }}"
        for level in range(3)
        for inner in [f"...F{level + 1}"]
    ]
    nodes = "nodes { ...F0 } edges { node { ...F0 } }"
    roots = " ".join(f"r{root}: {page.format(nodes)}" for root in range(6))
    last = f"fragment F3 on Interaction {{ {both.format('nodes { id }')} }}"
    return f"query Q{number} {{ {roots} }} {' '.join(fragments)} {last}"


def test_what_is_fetched_at_many_places_weighs_as_much(known: KnownOperations) -> None:
    documents = {spread(number): document_of(known, spread(number)) for number in range(12)}
    for one in documents.values():
        assert len(bound(known, one).bindings) > 2_000
        assert one.weight > 3_000_000
    assert latest_kept(known, documents) < 11


def test_the_source_of_a_plan_is_forgotten_with_its_document(sources_before: int) -> None:
    known: KnownOperations | None = KnownOperations(DocumentPreparation(build(), introspection=True))
    for number in range(1100):
        assert known is not None
        assert compiled(known, document_of(known, small(number))).shape is not None
    # Each has a function of its own, and all of them one for the same viewer.
    assert generated_sources() - sources_before == 1001
    known = None
    assert generated_sources() == sources_before


@pytest.mark.parametrize(
    "query",
    [
        large(0),
        "{ ...A } fragment A on Query { viewer { keyName ...B } ...A } fragment B on Viewer { permissions }",
        "query ($n: Int) { interactions(first: $n) { nodes { ...A } } } fragment A on Interaction { position }",
        "{ " + " ".join(f"unknown{number}" for number in range(50)) + " }",
    ],
    ids=["large", "fragments", "variables", "wrong"],
)
def test_a_document_ends_with_its_place_among_those_that_are_kept(query: str, known: KnownOperations) -> None:
    """In a cycle it would wait for the collector, which then has ten thousands of objects to look at, all at once."""

    def prepare_and_forget() -> None:
        document = known.document(query, OURS, known.trusted(query))
        if not document.prepared.errors:
            bound(known, document, n=1, first=1)

    assert garbage(prepare_and_forget) == 0


def test_a_document_that_is_beyond_a_limit_ends_at_once(known: KnownOperations) -> None:
    def be_refused() -> None:
        with suppress(OperationTooComplex):
            document_of(known, "{ " + " ".join(f"a{number}: viewer {{ keyName }}" for number in range(50)) + " }")

    assert garbage(be_refused) == 0


def test_many_conditions_do_not_make_endless_plans(known: KnownOperations, sources_before: int) -> None:
    names = "abcdefg"
    declared = " ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"{name}: featureId @include(if: ${name})" for name in names)
    document = document_of(known, f'query ({declared}) {{ feature(featureId: "x") {{ {fields} }} }}')
    every = [dict(zip(names, values, strict=True)) for values in product((False, True), repeat=len(names))]
    plans = [compiled(known, document, **values) for values in every]
    assert len(set(map(id, plans))) == 128
    assert compiled(known, document, **every[-1]) is plans[-1]
    assert compiled(known, document, **every[0]) is not plans[0]
    del plans
    # One function for the root, one for the feature.
    assert generated_sources() - sources_before <= 2 * 64


@pytest.fixture
def settled() -> Iterator[None]:
    """The garbage collector as it is in a worker."""
    before = gc.get_threshold()
    freeze_garbage_collector()
    yield
    gc.set_threshold(*before)


@pytest.mark.slow
@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("text", [small, large])
def test_a_thousand_different_documents_do_not_grow_memory(known: KnownOperations, text: Callable[[int], str]) -> None:
    """With what the collector hasn't come to yet."""

    def send(numbers: range) -> int:
        for number in numbers:
            assert compiled(known, document_of(known, text(number))).shape is not None
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        assert send(range(500)) < 45_000_000
        assert send(range(500, 1000)) < 45_000_000
    finally:
        tracemalloc.stop()
