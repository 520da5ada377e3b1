"""With which code a websocket is closed, and why."""

from gateway.errors import (
    BadRequest,
    BadUserInput,
    Forbidden,
    GatewayError,
    GoingAway,
    NamespaceNotFound,
    NamespaceRequired,
    SubscriberTooSlow,
    TooManySubscriptions,
    Unauthenticated,
    Unavailable,
)

GOING_AWAY = 1001

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
        case Unavailable() | SubscriberTooSlow() | TooManySubscriptions():
            return Close(1013, error.message)
        case Unauthenticated():
            return Close(4401, error.message)
        case Forbidden() | NamespaceNotFound() | NamespaceRequired():
            return Close(4403, error.message)
        case BadRequest() | BadUserInput():
            return Close(4400, error.message)
    return Close(4500, error.message)
