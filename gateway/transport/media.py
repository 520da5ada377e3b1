"""Which media type an answer has: by the request's Accept header (RFC 9110, section 12.5.1)."""

from dataclasses import dataclass
from functools import lru_cache

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"


@dataclass(frozen=True, slots=True)
class _Range:
    type: str
    quality: float


@lru_cache(maxsize=256)
def preferred(accept: str, offered: tuple[str, ...]) -> str | None:
    """The best of ``offered`` (the first where several are as good) for an Accept header, empty where there was none;
    None where it takes none of them."""
    if not accept.strip():
        return offered[0]
    ranges = [_parsed(part) for part in accept.split(",")]
    best = max(offered, key=lambda media: _quality(ranges, media))
    return best if _quality(ranges, best) > 0 else None


def _parsed(part: str) -> _Range:
    type_, *parameters = (piece.strip() for piece in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                quality = float(value)
            except ValueError:
                quality = 0.0
    return _Range(type_.lower(), quality)


def _quality(ranges: list[_Range], media: str) -> float:
    """The quality of the most specific range that covers the media type."""
    for covering in (media, media.split("/")[0] + "/*", "*/*"):
        found = [one.quality for one in ranges if one.type == covering]
        if found:
            return max(found)
    return 0.0
