"""What a client prefers, as its Accept headers say (RFC 9110, section 12.5): the media type and the content coding."""

from collections.abc import Iterator
from functools import lru_cache

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"
EVENTS = "text/event-stream"

# The best first, by bytes and CPU.
CODINGS = ("zstd", "br", "gzip")
_MOST_VALUES = 32
_SYNONYMS = {"x-gzip": "gzip"}


@lru_cache(maxsize=256)
def preferred_type(accept: str, offered: tuple[str, ...]) -> str | None:
    """The best of ``offered`` (the first where several are as good) for an Accept header, empty where there was none;
    None where it takes none of them."""
    if not accept.strip():
        return offered[0]
    ranges = list(_qualities(accept))
    best = max(offered, key=lambda media: _quality(ranges, media))
    return best if _quality(ranges, best) > 0 else None


def prefers_page(accept: str) -> bool:
    """Whether HTML is wanted before JSON, as browsers do where somebody visits an address."""
    return preferred_type(accept, (JSON, GRAPHQL, HTML)) == HTML


@lru_cache(maxsize=256)
def names_type(accept: str, media: str) -> bool:
    """Whether an Accept header names a media type itself: one that it takes only among all others isn't meant."""
    return any(type_ == media and quality > 0 for type_, quality in _qualities(accept))


@lru_cache(maxsize=256)
def preferred_coding(accept_encoding: str) -> str | None:
    """The best coding for an Accept-Encoding header, empty where there was none; None for the plain bytes."""
    by_coding = {_SYNONYMS.get(coding, coding): quality for coding, quality in _qualities(accept_encoding)}
    # Whoever takes anything gets what everything reads.
    by_coding.setdefault("gzip", by_coding.get("*", 0.0))
    best = max(CODINGS, key=lambda coding: by_coding.get(coding, 0.0))
    quality = by_coding.get(best, 0.0)
    return best if quality > 0 and quality >= by_coding.get("identity", 0.0) else None


def _quality(ranges: list[tuple[str, float]], media: str) -> float:
    """The quality of the most specific range that covers the media type."""
    for covering in (media, media.split("/")[0] + "/*", "*/*"):
        qualities = [quality for type_, quality in ranges if type_ == covering]
        if qualities:
            return max(qualities)
    return 0.0


def _qualities(header: str) -> Iterator[tuple[str, float]]:
    """Each value of an Accept header, in lower case without its parameters, and its quality; 0 is a refusal."""
    # Nobody takes more kinds than that; each costs 2 µs, whoever asks.
    for part in header.split(",", _MOST_VALUES)[:_MOST_VALUES]:
        value, *parameters = (piece.strip() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, number = parameter.partition("=")
            if name.strip().lower() == "q":
                try:
                    quality = float(number)
                except ValueError:
                    quality = 0.0
        yield value.lower(), quality
