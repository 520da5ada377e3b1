"""What nobody foresaw is logged once for each kind and answer, however many fields it fails."""

import logging

import pytest
from graphql import GraphQLError

from gateway.errors.formatting import Phase, formatted_errors


def failing(message: str) -> GraphQLError:
    """A field that failed with an error that no code raises on purpose."""
    try:
        raise AttributeError(message)
    except AttributeError as error:
        return GraphQLError(str(error), cause=error)


def test_errors_that_are_alike_are_one_incident(caplog: pytest.LogCaptureFixture) -> None:
    told = formatted_errors([failing("a") for _ in range(1_000)] + [failing("b")], Phase.EXECUTION, 1_001)
    incidents = [error["extensions"]["incident"] for error in told]
    assert len(set(incidents)) == 2
    assert incidents[:1_000] == incidents[:1] * 1_000
    assert len(caplog.records) == 2
    first, other = (record.getMessage() for record in caplog.records)
    assert f"incident {incidents[0]} (and 999 more in this answer)" in first
    assert "AttributeError: a" in first
    assert f"incident {incidents[-1]}: " in other


def test_what_an_answer_logs_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        told = formatted_errors([failing(f"{number} {'x' * 5_000}") for number in range(100)], Phase.EXECUTION, 100)
    logged = [record.getMessage() for record in caplog.records]
    assert len(logged) == 5
    assert sum(map(len, logged)) < 12_000
    assert "(and 95 more in this answer)" in logged[-1]
    numbers = {error["extensions"]["incident"] for error in told}
    assert all(any(number in text for text in logged) for number in numbers)
