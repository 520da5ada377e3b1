"""Everything that can go wrong and that a client may read of.

    GatewayError                 500  INTERNAL_SERVER_ERROR
    ├── Unauthenticated          401  UNAUTHENTICATED
    ├── Forbidden                403  FORBIDDEN
    │   └── UntrustedDocument    403  DOCUMENT_NOT_TRUSTED
    ├── NamespaceRequired        400  NAMESPACE_REQUIRED
    ├── NamespaceNotFound        403  NAMESPACE_NOT_FOUND
    ├── BadUserInput             400  BAD_USER_INPUT
    │   └── InvalidCursor        400  INVALID_CURSOR
    ├── NotFound                 404  NOT_FOUND
    ├── Conflict                 409  CONFLICT
    ├── QueryTooBroad            400  QUERY_TOO_BROAD
    │   └── ReadTooLarge         400  QUERY_TOO_BROAD
    ├── BadRequest               400  BAD_REQUEST
    │   ├── NestedTooDeeply      400  BAD_REQUEST
    │   ├── ParseFailed          400  GRAPHQL_PARSE_FAILED
    │   ├── ValidationFailed     400  GRAPHQL_VALIDATION_FAILED
    │   ├── OperationNotResolved 400  OPERATION_RESOLUTION_FAILURE
    │   ├── OperationTooComplex  400  OPERATION_TOO_COMPLEX
    │   │   ├── WriteTooLarge    400  OPERATION_TOO_COMPLEX
    │   │   └── AnswerTooLarge   400  OPERATION_TOO_COMPLEX
    │   ├── QueryNotPersisted    200  PERSISTED_QUERY_NOT_FOUND
    │   ├── PersistenceDisabled  200  PERSISTED_QUERY_NOT_SUPPORTED
    │   ├── MethodNotAllowed     405  METHOD_NOT_ALLOWED
    │   ├── RequestTimeout       408  REQUEST_TIMEOUT
    │   ├── PayloadTooLarge      413  PAYLOAD_TOO_LARGE
    │   ├── HeadersTooLarge      431  HEADERS_TOO_LARGE
    │   └── UnsupportedMediaType 415  UNSUPPORTED_MEDIA_TYPE
    │       └── UnknownCoding    415  UNSUPPORTED_MEDIA_TYPE
    ├── SubscriberTooSlow        429  SUBSCRIBER_TOO_SLOW
    ├── AnswersUnread            429  ANSWERS_UNREAD
    ├── TooManySubscriptions     429  TOO_MANY_SUBSCRIPTIONS
    ├── TooManyConnections       429  TOO_MANY_CONNECTIONS
    ├── RateLimited              429  RATE_LIMITED
    ├── Unavailable              503  UNAVAILABLE
    │   └── GoingAway            503  UNAVAILABLE
    ├── UnreadableDocument       500  INTERNAL_SERVER_ERROR
    └── Unforeseen               500  INTERNAL_SERVER_ERROR

``code`` is what a client reads in ``extensions.code``; ``status`` is the HTTP status where the whole
request fails. Messages of these classes are written for clients; anything outside this hierarchy is masked.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from gateway.context import Budget


class GatewayError(Exception):
    """The root of all errors that a client may see.

    ``path`` names the offending input, as in ``("input", "queries", "0")``; ``facts`` are for programs to read.
    """

    code: ClassVar[str] = "INTERNAL_SERVER_ERROR"
    status: ClassVar[int] = 500

    def __init__(self, message: str, *, path: Sequence[str | int] = (), facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts or {}
        self.path = tuple(str(step) for step in path)


class Unauthenticated(GatewayError):
    """A request without a key that is valid."""

    code = "UNAUTHENTICATED"
    status = 401


class Forbidden(GatewayError):
    """What a key, or a page of a foreign origin, may not do."""

    code = "FORBIDDEN"
    status = 403


class UntrustedDocument(Forbidden):
    """A document that is none of the trusted ones, where no other one may be asked."""

    code = "DOCUMENT_NOT_TRUSTED"


class NamespaceRequired(GatewayError):
    """A request that names no namespace, by a key without a default one."""

    code = "NAMESPACE_REQUIRED"
    status = 400


class NamespaceNotFound(GatewayError):
    """A namespace that the key's organization doesn't have."""

    code = "NAMESPACE_NOT_FOUND"
    status = 403


class BadUserInput(GatewayError):
    """An argument or a variable whose value is refused."""

    code = "BAD_USER_INPUT"
    status = 400


class InvalidCursor(BadUserInput):
    """A cursor that is none, or one of another order."""

    code = "INVALID_CURSOR"


class NotFound(GatewayError):
    """An object, or an address, that is named and not there."""

    code = "NOT_FOUND"
    status = 404


class Conflict(GatewayError):
    """Another content under an id that is recorded, or a change to a key that has ended."""

    code = "CONFLICT"
    status = 409


class QueryTooBroad(GatewayError):
    """An operation that took the database too long, or would."""

    code = "QUERY_TOO_BROAD"
    status = 400


class ReadTooLarge(QueryTooBroad):
    """An operation that reads more bytes from the database than it may."""


class BadRequest(GatewayError):
    """A request that is wrong as a whole, before anything of it runs."""

    code = "BAD_REQUEST"
    status = 400


class NestedTooDeeply(BadRequest):
    """JSON that nobody reads to its end, for its lists and objects are too many in each other."""


class ParseFailed(BadRequest):
    """An operation text that is no GraphQL."""

    code = "GRAPHQL_PARSE_FAILED"


class ValidationFailed(BadRequest):
    """A document that is not valid for this graph."""

    code = "GRAPHQL_VALIDATION_FAILED"


class OperationNotResolved(BadRequest):
    """A request that selects none of the operations of its document."""

    code = "OPERATION_RESOLUTION_FAILURE"


class OperationTooComplex(BadRequest):
    """A document beyond a limit of its size, depth or breadth."""

    code = "OPERATION_TOO_COMPLEX"


class WriteTooLarge(OperationTooComplex):
    """An operation that would have the database store more bytes than it may."""


class AnswerTooLarge(OperationTooComplex):
    """An answer beyond a limit, which is found out while it is made."""


class QueryNotPersisted(BadRequest):
    """A name of an unknown document; at this message and status clients of Apollo's protocol send that."""

    code = "PERSISTED_QUERY_NOT_FOUND"
    status = 200


class PersistenceDisabled(BadRequest):
    """A name where documents must be sent; clients of Apollo's protocol stop naming them at this message."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"
    status = 200


class MethodNotAllowed(BadRequest):
    """An HTTP method that the address, or the operation, cannot be asked with."""

    code = "METHOD_NOT_ALLOWED"
    status = 405


class RequestTimeout(BadRequest):
    """A request that did not arrive in time."""

    code = "REQUEST_TIMEOUT"
    status = 408


class PayloadTooLarge(BadRequest):
    """A body, or a message, of more bytes than may be sent."""

    code = "PAYLOAD_TOO_LARGE"
    status = 413


class HeadersTooLarge(BadRequest):
    """A head of more bytes or headers than may be sent."""

    code = "HEADERS_TOO_LARGE"
    status = 431


class UnsupportedMediaType(BadRequest):
    """A body of a Content-Type that is not taken."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415


class UnknownCoding(UnsupportedMediaType):
    """The Content-Encoding of a body; a header says which ones are taken."""


class SubscriberTooSlow(GatewayError):
    """A subscriber that left more unread than may wait for it."""

    code = "SUBSCRIBER_TOO_SLOW"
    status = 429


class AnswersUnread(GatewayError):
    """An answer that would wait to be read beside more than may wait for the clients of a key."""

    code = "ANSWERS_UNREAD"
    status = 429


class TooManySubscriptions(GatewayError):
    """A subscription more than a key may have."""

    code = "TOO_MANY_SUBSCRIPTIONS"
    status = 429


class TooManyConnections(GatewayError):
    """A connection more than an organization may use, or a websocket that gave way before it said who connects."""

    code = "TOO_MANY_CONNECTIONS"
    status = 429


class RateLimited(GatewayError):
    """A request whose key has spent its points, or has too many waiting. ``budget``: what the key has left;
    ``retry_after``: in how many seconds it has enough."""

    code = "RATE_LIMITED"
    status = 429

    def __init__(self, message: str, *, retry_after: int, budget: Budget | None = None) -> None:
        super().__init__(message, facts={"retryAfter": retry_after})
        self.budget = budget
        self.retry_after = retry_after


class Unavailable(GatewayError):
    """A failure that passes: of the database, or of a gateway that is full."""

    code = "UNAVAILABLE"
    status = 503


class GoingAway(Unavailable):
    """The end of this process; another one, or the same again, will serve."""

    def __init__(self) -> None:
        super().__init__("The gateway is going away; connect again.")


class UnreadableDocument(GatewayError):
    """A stored value that isn't what the contract promises; the field it stands in reads as null."""


class Unforeseen(GatewayError):
    """A stand-in for any error outside this hierarchy, which the log has under the same incident."""

    def __init__(self, incident: str) -> None:
        super().__init__(
            f"Something went wrong here; the log has it as incident {incident}.", facts={"incident": incident}
        )
