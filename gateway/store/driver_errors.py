"""Errors of the driver, as the gateway's own."""

from types import TracebackType
from typing import Any

from bson.errors import BSONError, InvalidBSON
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DocumentTooLarge,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)

from gateway.errors import BadUserInput, GatewayError, QueryTooBroad, Unavailable, UnreadableDocument

DUPLICATE_KEY = 11000
# The server's names for what BSON cannot hold: Overflow, BSONObjectTooLarge.
_DOCUMENT_ERRORS = frozenset({15, 10334})
# Its names for what passes: HostUnreachable, HostNotFound, CursorNotFound, MaxTimeMSExpired, NetworkTimeout,
# ShutdownInProgress, FailedToSatisfyReadPreference, ReadConcernMajorityNotAvailableYet, PrimarySteppedDown,
# NetworkInterfaceExceededTimeLimit, CursorKilled, ExceededTimeLimit, SocketException, NotWritablePrimary,
# InterruptedAtShutdown, InterruptedDueToReplStateChange, StaleConfig, NotPrimaryNoSecondaryOk, NotPrimaryOrSecondary.
_PASSING = frozenset(
    {6, 7, 43, 50, 89, 91, 133, 134, 189, 202, 237, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436}
)


class translated:  # noqa: N801  # read as a word of its `with` statement, around nearly every command
    """A context in which what the driver raises becomes an error of `gateway.errors`, with the original as its cause.

    No server, a lost connection, no connection to be had in time, a server that steps down or shuts down, a write not
    acknowledged in time: `Unavailable`. Past the time limit of a query: `QueryTooBroad`, to which the caller adds the
    predicates. A document that BSON cannot hold: `BadUserInput`. All else: a plain `GatewayError`. None of the driver's
    text is in a message.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if error is not None and isinstance(error, PyMongoError | BSONError | OverflowError | UnicodeEncodeError):
            raise _translation(error) from error


class translated_look_up(translated):  # noqa: N801  # as `translated`
    """A context as `translated`, around a look-up with a time limit on the server: past it `Unavailable`, for it takes
    a millisecond where nothing is wrong with the database."""

    __slots__ = ()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, ExecutionTimeout):
            raise Unavailable("The database takes too long; try again.") from error
        super().__exit__(kind, error, trace)


def duplicates(error: BulkWriteError) -> list[int]:
    """The positions that an unordered insert left out for their keys exist; raises ``error`` for any other cause."""
    failures: list[dict[str, Any]] = error.details.get("writeErrors", [])
    if error.details.get("writeConcernErrors") or any(failure["code"] != DUPLICATE_KEY for failure in failures):
        raise error
    return [failure["index"] for failure in failures]


def transient(error: PyMongoError) -> bool:
    """Whether the same may well succeed later: servers or connections failed, or were too slow."""
    if isinstance(error, OperationFailure):
        labelled = error.has_error_label("ResumableChangeStreamError") or error.has_error_label("RetryableWriteError")
        return error.code in _PASSING or labelled
    return isinstance(error, ConnectionFailure)


def _translation(error: Exception) -> GatewayError:
    match error:
        case ConnectionFailure():
            return _unreachable()
        case WriteConcernError():
            return _unacknowledged()
        case BulkWriteError() if error.details.get("writeConcernErrors"):
            return _unacknowledged()
        case ExecutionTimeout():
            return QueryTooBroad("The query took too long.")
        case InvalidBSON():
            return UnreadableDocument("What is stored here can't be read: it isn't BSON.")
        case DocumentTooLarge() | BSONError() | OverflowError() | UnicodeEncodeError():
            return BadUserInput("The document cannot be stored.")
        case BulkWriteError() if any(failure["code"] in _PASSING for failure in error.details.get("writeErrors", [])):
            return _unreachable()
        case OperationFailure() if transient(error):
            return _unreachable()
        case OperationFailure() if error.code in _DOCUMENT_ERRORS:
            return BadUserInput("The document cannot be stored.")
    return GatewayError("The database could not do this.")


def _unreachable() -> Unavailable:
    return Unavailable("The database cannot be reached; try again.")


def _unacknowledged() -> Unavailable:
    return Unavailable("The database did not acknowledge the write; try again.")
