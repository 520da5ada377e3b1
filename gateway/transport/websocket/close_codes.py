"""With which codes websockets are closed (RFC 6455, section 7.4; those from 4000 on are of graphql-transport-ws, or as
HTTP's status of the same error), and why."""

from gateway.errors import (
    BadRequest,
    BadUserInput,
    Forbidden,
    GatewayError,
    GoingAway,
    NamespaceNotFound,
    NamespaceRequired,
    RateLimited,
    SubscriberTooSlow,
    TooManyConnections,
    TooManySubscriptions,
    Unauthenticated,
    Unavailable,
)

GOING_AWAY = 1001
TOO_LONG = 1009
TRY_AGAIN_LATER = 1013
INVALID = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
NO_SUCH_SUBPROTOCOL = 4406
NOT_INITIALISED_IN_TIME = 4408
OPERATION_EXISTS = 4409
INITIALISED_TWICE = 4429
UNFORESEEN = 4500

_MAX_REASON_BYTES = 123


class Close(Exception):
    """The close of the socket, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")


def close_for(error: GatewayError) -> Close:
    match error:
        case GoingAway():
            return Close(GOING_AWAY, error.message)
        case Unavailable() | SubscriberTooSlow() | TooManySubscriptions() | TooManyConnections() | RateLimited():
            return Close(TRY_AGAIN_LATER, error.message)
        case Unauthenticated():
            return Close(UNAUTHORIZED, error.message)
        case Forbidden() | NamespaceNotFound() | NamespaceRequired():
            return Close(FORBIDDEN, error.message)
        case BadRequest() | BadUserInput():
            return Close(INVALID, error.message)
    return Close(UNFORESEEN, error.message)
