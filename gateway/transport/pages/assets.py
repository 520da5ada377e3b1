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
    """The files directly in a folder; none where there is no folder."""

    def __init__(self, folder: Path | None) -> None:
        self._assets = {} if folder is None else _read(folder)

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


@cache
def _read(folder: Path) -> Mapping[str, _Asset]:
    return {path.name: _Asset(_MEDIA_TYPES[path.suffix], path.read_bytes()) for path in folder.iterdir()}
