"""Files whose names hold a hash of their content: read once, and kept by browsers for good."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gateway.transport.exchange.compression import compressed
from gateway.transport.exchange.negotiation import preferred_coding
from gateway.transport.exchange.security_headers import with_security_headers

# Not left to the machine's own table, which may lack them or have others.
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


@dataclass(frozen=True, slots=True)
class _Asset:
    """A file; ``compressed``: its content in each content coding that was asked for."""

    media_type: str
    content: bytes
    compressed: dict[str, bytes] = field(default_factory=dict)


class Assets:
    """The files directly in a folder; none where there is no folder.

    ``loaded_by``: a page; of the files only those that it names, or another of them does.
    """

    def __init__(self, folder: Path | None, *, loaded_by: Path | None = None) -> None:
        assets = {} if folder is None else _read(folder)
        self._assets = assets if loaded_by is None else _named(loaded_by.read_bytes(), assets)

    async def response(self, request: Request) -> Response:
        """The file of the path's ``name``; raises a 404 where it is none of these."""
        asset = self._assets.get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404)
        coding = preferred_coding(request.headers.get("accept-encoding", ""))
        if coding is None:
            return with_security_headers(Response(asset.content, media_type=asset.media_type, headers=_HEADERS))
        if coding not in asset.compressed:
            asset.compressed[coding] = await compressed(asset.content, coding)
        headers = {**_HEADERS, "Content-Encoding": coding}
        return with_security_headers(Response(asset.compressed[coding], media_type=asset.media_type, headers=headers))


def _named(text: bytes, assets: Mapping[str, _Asset]) -> Mapping[str, _Asset]:
    """Those that the text names, or another of them does."""
    named: dict[str, _Asset] = {}
    texts = [text]
    while texts:
        text = texts.pop()
        found = {name: asset for name, asset in assets.items() if name not in named and name.encode() in text}
        named |= found
        texts += [asset.content for asset in found.values()]
    return named


@cache
def _read(folder: Path) -> Mapping[str, _Asset]:
    return {path.name: _Asset(_MEDIA_TYPES[path.suffix], path.read_bytes()) for path in folder.iterdir()}
