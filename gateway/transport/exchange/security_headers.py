"""The headers of every answer that restrict browsers: no other media type, no frame, no address sent along."""

from starlette.responses import Response

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    # Bars embedding without CORS; what CORS allows is not subject to it.
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)

EMBEDDABLE: tuple[tuple[bytes, bytes], ...] = tuple(
    (name, b"cross-origin" if name == b"cross-origin-resource-policy" else value) for name, value in HEADERS
)
"""Those of answers to what pages of other origins send without reading the answer, as beacons do: a browser would tell
their visitors that it failed."""


def with_security_headers(response: Response) -> Response:
    """The response, with those headers that it doesn't set itself."""
    for name, value in HEADERS:
        response.headers.setdefault(name.decode(), value.decode())
    return response
