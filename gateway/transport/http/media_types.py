"""Which media type an answer has: by the request's Accept header (RFC 9110, section 12.5.1)."""

from functools import lru_cache

from gateway.transport.http.quality_values import qualities

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"
EVENTS = "text/event-stream"


@lru_cache(maxsize=256)
def preferred(accept: str, offered: tuple[str, ...]) -> str | None:
    """The best of ``offered`` (the first where several are as good) for an Accept header, empty where there was none;
    None where it takes none of them."""
    if not accept.strip():
        return offered[0]
    ranges = list(qualities(accept))
    best = max(offered, key=lambda media: _quality(ranges, media))
    return best if _quality(ranges, best) > 0 else None


@lru_cache(maxsize=256)
def names(accept: str, media: str) -> bool:
    """Whether an Accept header names a media type itself: one that it takes only among all others isn't meant."""
    return any(type_ == media and quality > 0 for type_, quality in qualities(accept))


def _quality(ranges: list[tuple[str, float]], media: str) -> float:
    """The quality of the most specific range that covers the media type."""
    for covering in (media, media.split("/")[0] + "/*", "*/*"):
        found = [quality for type_, quality in ranges if type_ == covering]
        if found:
            return max(found)
    return 0.0
