"""What names the caller of a websocket: headers of its handshake, or what comes with `connection_init`; of which page
it is, the handshake alone."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from starlette.datastructures import Headers

from gateway.errors import BadRequest
from gateway.transport.exchange.exchange import only_value

# The headers Authorization and X-Namespace, or what stands for them, and the header Origin.
Credentials: TypeAlias = tuple[str | None, str | None, str | None]

_AUTHORIZATION, _NAMESPACE, _ORIGIN = "authorization", "x-namespace", "origin"

_WHITE_SPACE = " \t\r\n"


class HeaderCredentials:
    """The credentials among the headers of a handshake: all that is kept of those."""

    def __init__(self, headers: Headers) -> None:
        self._values = {name: headers.getlist(name) for name in (_AUTHORIZATION, _NAMESPACE, _ORIGIN)}

    def joined(self, payload: Mapping[str, Any]) -> Credentials:
        """Those of the payload, or else these; raises `BadRequest` for what is no string, and what `only_value`
        does."""
        return (
            _credential(_AUTHORIZATION, self._values, payload),
            _credential(_NAMESPACE, self._values, payload),
            # Browsers write this one themselves; what comes with a message, a page could have written.
            only_value(_ORIGIN, self._values[_ORIGIN]),
        )


def _credential(name: str, headers: Mapping[str, Sequence[str]], payload: Mapping[str, Any]) -> str | None:
    """What a header of this name would say: the payload's field, or that of its ``headers``, or else the header; an
    empty namespace counts as absent."""
    for fields in (payload, payload.get("headers")):
        for key, value in fields.items() if isinstance(fields, dict) else ():
            if key.lower() == name and value is not None:
                if not isinstance(value, str):
                    raise BadRequest(f"`{key}` must be a string.")
                # As browsers write a header, and servers read it.
                if (text := value.strip(_WHITE_SPACE)) or name != _NAMESPACE:
                    return text
    return only_value(name, headers[name])
