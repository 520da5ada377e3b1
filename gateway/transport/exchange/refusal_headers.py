"""What headers tell of a refusal, and of what a key may still spend."""

from gateway.context import Budget
from gateway.errors import (
    GatewayError,
    MethodNotAllowed,
    RateLimited,
    RequestTimeout,
    Unauthenticated,
    UnknownCoding,
)
from gateway.transport.exchange.exchange import Headers

CLOSE = (b"connection", b"close")


def rate_limit_headers(budget: Budget | None) -> Headers:
    """What a key has left; none where that isn't limited or isn't known."""
    if budget is None:
        return ()
    return (
        (b"ratelimit-limit", b"%d" % budget.rate.burst),
        (b"ratelimit-remaining", b"%d" % budget.remaining),
        (b"ratelimit-reset", b"%d" % budget.reset_seconds),
    )


def refusal_headers(error: GatewayError, allowed: bytes) -> Headers:
    """What a client may do about an error; ``allowed``: the methods to use when this one isn't."""
    match error:
        case RequestTimeout():
            return (CLOSE,)
        case MethodNotAllowed():
            return ((b"allow", allowed),)
        case Unauthenticated():
            return ((b"www-authenticate", b"Bearer"),)
        case UnknownCoding():
            # RFC 9110, section 15.5.16: which codings are taken.
            return ((b"accept-encoding", b"identity"),)
        case RateLimited():
            return ((b"retry-after", b"%d" % error.retry_after), *rate_limit_headers(error.budget))
    return ()
