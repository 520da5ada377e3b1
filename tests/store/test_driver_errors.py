from typing import Any

import pytest
from bson.errors import InvalidBSON, InvalidDocument
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    CursorNotFound,
    ExecutionTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    WaitQueueTimeoutError,
    WTimeoutError,
)

from gateway.errors import BadUserInput, GatewayError, Unavailable, UnreadableDocument
from gateway.store.driver_errors import transient, translated

SECRET = "secret of db.example:27017"


def bulk(**details: Any) -> BulkWriteError:
    return BulkWriteError({"writeErrors": [], "writeConcernErrors": [], "errmsg": SECRET, **details})


PASSING: list[PyMongoError] = [
    AutoReconnect(SECRET),
    NotPrimaryError(SECRET),
    WaitQueueTimeoutError(SECRET),
    WTimeoutError(SECRET, 64),
    CursorNotFound(SECRET, 43),
    OperationFailure(SECRET, 91),
    OperationFailure(SECRET, 11602),
    # Of servers and routers that don't reach others.
    OperationFailure(SECRET, 6),
    OperationFailure(SECRET, 7),
    OperationFailure(SECRET, 89),
    OperationFailure(SECRET, 202),
    OperationFailure(SECRET, 1, {"errorLabels": ["RetryableWriteError"]}),
    bulk(writeErrors=[{"code": 11602, "errmsg": SECRET}]),
    bulk(writeConcernErrors=[{"code": 64, "errmsg": SECRET}]),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_what_passes_is_unavailable(error: PyMongoError) -> None:
    with pytest.raises(Unavailable) as raised, translated():
        raise error
    assert SECRET not in raised.value.message


@pytest.mark.parametrize("error", [*PASSING, ExecutionTimeout(SECRET, 50)], ids=lambda error: type(error).__name__)
def test_a_change_stream_goes_on_behind_what_passes(error: PyMongoError) -> None:
    # All but answers to writes.
    assert transient(error) is not isinstance(error, BulkWriteError | WTimeoutError)


@pytest.mark.parametrize(
    ("error", "translation"), [(InvalidBSON(SECRET), UnreadableDocument), (InvalidDocument(SECRET), BadUserInput)]
)
def test_what_cant_be_read_is_no_fault_of_who_asks(error: Exception, translation: type[GatewayError]) -> None:
    with pytest.raises(translation) as raised, translated():
        raise error
    assert SECRET not in raised.value.message


def test_what_does_not_pass_is_not() -> None:
    for error in (OperationFailure(SECRET, 13), bulk(writeErrors=[{"code": 121, "errmsg": SECRET}])):
        with pytest.raises(GatewayError) as raised, translated():
            raise error
        assert type(raised.value) is GatewayError
        assert not transient(error)
        assert SECRET not in raised.value.message
