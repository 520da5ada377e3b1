"""What every answer tells browsers: take it for what it says it is, show it in no frame, send no address along."""

from starlette.types import Message, Send

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    # Bars embedding without CORS; what CORS allows is not subject to it.
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_NAMES = frozenset(name for name, _ in HEADERS)


def secured(send: Send) -> Send:
    """``send``, with those headers that an answer doesn't set itself."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message.get("headers", ())
            own = _NAMES.intersection([name for name, _ in headers])
            added = [one for one in HEADERS if one[0] not in own] if own else HEADERS
            message = {**message, "headers": [*headers, *added]}
        await send(message)

    return sending
