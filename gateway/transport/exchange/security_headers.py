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


def with_security_headers(response: Response) -> Response:
    """The response, with those headers that it doesn't set itself."""
    for name, value in HEADERS:
        response.headers.setdefault(name.decode(), value.decode())
    return response
