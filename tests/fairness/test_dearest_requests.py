"""The dearest requests: there are some for every root field and every limit, and none is beyond a limit."""

from dataclasses import fields

import pytest
from graphql import GraphQLSchema

from gateway.limits import DEFAULTS, Limits, PointLimits, where_bounds
from tests.fairness.dearest import Admittance, DearRequest, dearest_requests, plain_page
from tests.fairness.families import Families
from tests.fairness.inputs import NUMBER
from tests.fairness.requests import Bisection, Root, roots
from tests.fairness.targets import Targets

# Limits that no request comes near to by itself, and why none has to.
NOT_PRESSED = {
    "batch_requests": "a transport of its own",
    "input_fields": "lists of 1,000 entries fill a body first",
    "read_time_ms": "what passes it is what costs most",
    "operation_time_ms": "as read_time_ms",
    "variables": "fifty of them take what one list takes",
    "MAX_FOLDED_VALUE": "the same as MAX_PATTERN_LENGTH",
    "MAX_PATTERN_LENGTH": "the patterns of MAX_PATTERNS_LENGTH are as long",
    "read_bytes": "what passes it ends, and costs most",
    "written_bytes": "as read_bytes",
    "answer_values": "as read_bytes",
    "answer_bytes": "as read_bytes",
    "MAX_ORDERED_LENGTH": "as MAX_PATTERN_LENGTH",
    "MAX_PATH_STEPS": "fifty paths of 500 characters take no time",
    "MAX_PATH_LENGTH": "as MAX_PATH_STEPS",
    "MAX_LOOKUP_VALUES": "MAX_VALUES is beyond it",
}


@pytest.fixture(scope="module")
def admittance() -> Admittance:
    return Admittance()


def schema(admittance: Admittance) -> GraphQLSchema:
    return admittance.graph.executable


def dearest(admittance: Admittance, name: str) -> DearRequest:
    [request] = dearest_requests(Targets(), admittance, wanted=lambda each: each == name)
    return request


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("interactions: page_size", DEFAULTS.page_size),
        ("interactions: MAX_COMPARISONS, where", where_bounds.MAX_COMPARISONS),
        ("interactions: MAX_PATTERNS, where", where_bounds.MAX_PATTERNS),
        ("interaction: aliases, leaves", DEFAULTS.aliases),
        ("deleteInteraction: root_fields", DEFAULTS.root_fields),
        ("__type: aliases, lists", DEFAULTS.aliases),
    ],
)
def test_a_request_is_as_great_as_its_limit(name: str, size: int, admittance: Admittance) -> None:
    assert dearest(admittance, name).size == size


def test_a_request_is_as_great_as_all_other_limits_let_it_be(admittance: Admittance) -> None:
    """Of pages in pages the points are the limit, long before each is of the greatest size."""
    limit = PointLimits().cost
    points = dearest(admittance, "interactions: cost, pages in pages").points
    assert points is not None
    assert limit - DEFAULTS.page_size <= points <= limit


@pytest.mark.parametrize("greatest", [0, 1, 2, 57, 999, 1_000])
def test_the_greatest_that_is_admitted_is_found_to_a_fiftieth(greatest: int) -> None:
    search, found = Bisection(1_000), 0
    while not search.is_over:
        tried, is_admitted = search.size, search.size <= greatest
        found = tried if is_admitted else found
        search.tell(admitted=is_admitted)
    assert greatest - greatest // 50 - 1 <= found <= greatest


def test_requests_of_documents_that_are_new_each_time_differ_by_a_number(admittance: Admittance) -> None:
    request = dearest(admittance, "viewer: source_bytes, new")
    assert request.is_new
    assert NUMBER in request.draft.query
    assert admittance.points(request.draft) == request.points


def test_a_plain_page_costs_what_it_has(admittance: Admittance) -> None:
    page = plain_page()
    assert admittance.points(page.draft) == page.points


def kinds(root: Root) -> set[str]:
    """The limits that a root field can be expected to come near to whatever its type is."""
    return {"tokens", "source_bytes", "directives", "body_bytes"} if root.operation != "subscription" else {"tokens"}


def test_requests_come_near_to_every_limit(admittance: Admittance) -> None:
    limits = {field.name for field in fields(Limits)} | {name for name in vars(where_bounds) if name.isupper()}
    pressed = {
        pressed.limit
        for root in roots(schema(admittance))
        for pressed in Families(schema(admittance), root, Targets()).all()
    }
    assert limits - pressed == NOT_PRESSED.keys(), "families.py needs one that comes near to each other limit"


@pytest.mark.slow
def test_every_root_field_has_dearest_requests_all_of_them_admitted(admittance: Admittance) -> None:
    requests = list(dearest_requests(Targets(), admittance))
    names = [request.name for request in requests]
    assert len(set(names)) == len(names)
    for root in roots(schema(admittance)):
        pressed = {request.pressed.limit for request in requests if request.root.name == root.name}
        assert kinds(root) <= pressed, root.name
    for request in requests:
        assert admittance.is_within(request.draft), request.name
        assert admittance.points(request.draft) == request.points, request.name
