"""Documents are judged as graphql-core has its rules judge them, errors and their order included."""

import pytest
from graphql import GraphQLError, parse, specified_rules, validate
from hypothesis import given
from hypothesis import strategies as st

from gateway.limits.validation_bounds import MAX_ERRORS, MAX_SUGGESTING
from gateway.preparation.validation import Validation
from gateway.preparation.validation_rules import RULES
from tests.generators.operations import TARGETS, Operation, operations
from tests.harness.default_graph import EXECUTABLE

VALIDATION = Validation(EXECUTABLE, introspection=True, subgraph=True)

WRONG = [
    "type A { b: Int } { viewer { keyName } }",
    "query A { viewer { keyName } } query A { viewer { keyName } }",
    "{ viewer { keyName } } query A { viewer { keyName } }",
    "subscription { a: interactionRecorded { featureId } b: interactionRecorded { featureId } }",
    "query ($a: Unknown) { interactions(first: $a) { nodes { featureId } } }",
    "{ viewer { ... on Int { a } } }",
    "query ($a: Viewer) { interactions(first: $a) { nodes { featureId } } }",
    "{ viewer { keyName { length } } }",
    "{ viewer }",
    "{ viewer { unknown { deeper } keyName } unknown }",
    "{ ...A ...A } fragment A on Query { viewer { keyName } } fragment A on Query { viewer { keyName } }",
    "{ ...Unknown viewer { ...Other } }",
    "{ viewer { keyName } } fragment A on Query { viewer { keyName } }",
    "{ viewer { ... on Interaction { featureId } ...A } } fragment A on SearchQuery { value }",
    "{ ...A } fragment A on Query { viewer { keyName } ...B } fragment B on Query { ...A }",
    "query ($a: Int, $a: Int) { interactions(first: $a) { nodes { featureId } } }",
    "{ interactions(first: $a) { nodes { featureId } } }",
    "query ($a: Int) { viewer { keyName } }",
    "{ viewer @unknown { keyName @skip(if: true) @skip(if: false) } }",
    "query @skip(if: true) { viewer { keyName } }",
    "{ viewer(a: 1) { keyName @include(unless: true) } }",
    "{ interactions(first: 1, first: 2) { nodes { featureId } } }",
    '{ interactions(first: "1", where: {unknown: 1, interactionId: {eq: []}}) { nodes { featureId } } }',
    "{ feature { featureId } viewer { keyName @skip } }",
    "query ($a: String) { interactions(first: $a) { nodes { featureId } } }",
    "{ viewer { a: keyName a: permissions } viewer { a: rateLimit { limit } } }",
    '{ interactions(where: {featureId: {eq: "a", eq: "b"}}) { nodes { featureId } } }',
    "query ($a: Int! = null) { interactions(first: $a) { nodes { featureId } } }",
    "{ viewer { keyName @defer @stream } }",
    "{ __schema { types { " + "fields { type { " * 4 + "name" + " } }" * 4 + " } } }",
    "{ " + " ".join(f"unknown{number}" for number in range(MAX_ERRORS + 5)) + " }",
]


def messages(errors: list[GraphQLError]) -> list[tuple[str, object]]:
    return [(error.message, error.locations) for error in errors]


def one_by_one(query: str) -> list[GraphQLError]:
    """As graphql-core tells it, with suggestions in the first errors alone."""
    suggesting, unsuggesting = (
        validate(EXECUTABLE, parse(query), RULES, MAX_ERRORS, hide_suggestions=hide, allow_empty_selection_sets=False)
        for hide in (False, True)
    )
    return [*suggesting[:MAX_SUGGESTING], *unsuggesting[MAX_SUGGESTING:]]


@pytest.mark.parametrize("query", WRONG)
def test_what_is_wrong_is_told_as_graphql_core_tells_it(query: str) -> None:
    errors = VALIDATION.errors(parse(query))
    assert errors
    assert messages(errors) == messages(one_by_one(query))


def test_all_of_it_at_once_too() -> None:
    """Many rules have something to say of one document, each in its turn."""
    query = """
        query ($a: Int, $b: Unknown) {
          viewer(x: $c) @unknown { keyName { length } unknown ... on Interaction { featureId } ...Unknown }
          interactions(first: "1", first: 2) { nodes }
          ...A
        }
        fragment A on Query { ...B interactions(where: {unknown: $d}) { nodes { featureId } } }
        fragment B on Query { ...A }
        fragment C on Int { a }
    """
    errors = VALIDATION.errors(parse(query))
    assert len(errors) > 10
    assert messages(errors) == messages(one_by_one(query))


FINITE = "A number is larger than any that can be stored."


@pytest.mark.parametrize(
    "query",
    [
        'mutation { createPercolator(input: {name: "a", where: {score: {lt: %s}}}) { percolator { name } } }',
        "{ interactions(where: {and: [{score: {in: [0, %s]}}]}) { nodes { featureId } } }",
        "query ($score: Float = %s) { interactions(where: {score: {eq: $score}}) { nodes { featureId } } }",
        '{ rerank(lists: [["a"]], halfLifeDays: %s) { __typename } }',
    ],
)
def test_a_float_is_a_number_that_can_be_stored(query: str) -> None:
    for number in ("1e999", "-1e999", "9" * 400):
        finite = [error for error in VALIDATION.errors(parse(query % number)) if error.message == FINITE]
        assert len(finite) == 1, number
        assert messages(finite) == messages([error for error in one_by_one(query % number) if error.message == FINITE])
    for number in ("1e308", "-0.0", "9" * 300):
        assert FINITE not in [error.message for error in VALIDATION.errors(parse(query % number))]


def test_an_id_may_have_more_digits_than_any_number() -> None:
    query = "{ interaction(interactionId: %s) { featureId } }" % ("9" * 400)
    assert VALIDATION.errors(parse(query)) == []


# This schema has all kinds of operations, and not the directives of incremental delivery.
UNREACHED = {
    "KnownOperationTypes",
    "DeferStreamDirectiveLabel",
    "DeferStreamDirectiveOnRootField",
    "DeferStreamDirectiveOnValidOperations",
}


def test_every_rule_is_broken_here() -> None:
    unbroken = {
        rule.__name__.removesuffix("Rule")
        for rule in specified_rules
        if not any(validate(EXECUTABLE, parse(query), [rule]) for query in WRONG)
    }
    assert unbroken == UNREACHED


@given(st.sampled_from(TARGETS).flatmap(operations))
def test_what_is_right_is_found_right(operation: Operation) -> None:
    assert VALIDATION.errors(parse(operation.query)) == []
