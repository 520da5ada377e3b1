"""Files whose names hold a hash of their content: read once, and kept by browsers for good."""

import asyncio
import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

# Not left to the machine's own table, which may lack them or have others.
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    # A worker has the policy of its own script, not the page's.
    "Content-Security-Policy": "default-src 'none'",
}


@dataclass(frozen=True)
class _Asset:
    media_type: str
    content: bytes

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.content, mtime=0)


class Assets:
    """The files directly in a folder; none where there is no folder."""

    def __init__(self, folder: Path | None) -> None:
        self._assets = {} if folder is None else _read(folder)

    async def response(self, request: Request) -> Response:
        """The file of the path's ``name``; raises a 404 where it is none of these."""
        asset = self._assets.get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404)
        headers, content = dict(_HEADERS), asset.content
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            content = await asyncio.to_thread(lambda: asset.compressed)
        return Response(content, media_type=asset.media_type, headers=headers)


@cache
def _read(folder: Path) -> Mapping[str, _Asset]:
    return {path.name: _Asset(_MEDIA_TYPES[path.suffix], path.read_bytes()) for path in folder.iterdir()}
