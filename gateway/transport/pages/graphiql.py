"""The GraphiQL page: examples filled in, scripts from the gateway itself; what it serves holds no key.

``make graphiql`` builds the page into the folder ``bundles/graphiql``. Where that was not done there is no such folder,
and the page loads an older GraphiQL from a CDN, its files pinned with integrity hashes.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path
from string import Template

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gateway.transport.pages.assets import Assets

_HERE = Path(__file__).parent
_BUNDLE = _HERE / "bundles" / "graphiql"
# Beside the page's file as beside its address, so that the page names them relatively.
_ASSETS = "graphql/assets"

# Shown to whoever has no key yet; the page asks nothing while the angle brackets are there.
TEMPLATE_HEADERS = {"Authorization": "Bearer <your key>", "X-Namespace": "<a namespace's name or id>"}

_POLICY = "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
# Monaco writes style attributes; the style elements that it makes get the nonce.
_BUILT_POLICY = _POLICY + (
    "script-src 'self'; worker-src 'self'; style-src 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; "
    "font-src 'self' data:; img-src data:"
)
_CDN = "https://cdn.jsdelivr.net"
# Scripts by the nonce alone: whatever else lies at the CDN doesn't run, not even where the page's markup was changed.
_CDN_POLICY = _POLICY + (
    f"script-src 'nonce-{{nonce}}'; style-src 'unsafe-inline' {_CDN}; font-src data: {_CDN}; img-src data:"
)


class GraphiQLPage:
    """The page with a template of the headers in its editor, and a tab for each example.

    ``takes_key``: it puts the key and the namespace that its address holds behind ``#``, where no server is told of
    them, into the headers, and out of the address. Elsewhere a link could make a visitor use another's key.
    """

    def __init__(self, *, takes_key: bool = False, bundle: Path = _BUNDLE) -> None:
        built = bundle / "index.html"
        is_built = built.exists()
        page = built if is_built else _HERE / "graphiql-cdn.html"
        self._template = Template(page.read_text(encoding="utf-8"))
        self._policy = _BUILT_POLICY if is_built else _CDN_POLICY
        self._assets = Assets(bundle / _ASSETS if is_built else None)
        settings = orjson.dumps({"headers": TEMPLATE_HEADERS, "takesKey": takes_key, "tabs": list(_examples())})
        # What stands in a script element must not be able to end it.
        self._settings = settings.decode().replace("<", "\\u003c")

    def response(self) -> Response:
        """The page, with a fresh nonce each time."""
        nonce = secrets.token_urlsafe(16)
        policy = self._policy.format(nonce=nonce)
        headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store", "Vary": "Accept"}
        return HTMLResponse(self._template.substitute(nonce=nonce, settings=self._settings), headers=headers)

    async def asset(self, request: Request) -> Response:
        """One of the files that the page names; 404 for every other name."""
        return await self._assets.response(request)


def _examples() -> Iterator[dict[str, str | None]]:
    """Operations that run on the demo's data, each with its variables' JSON."""
    for path in sorted((_HERE / "examples").glob("*.graphql")):
        variables = path.with_suffix(".json")
        yield {
            "query": path.read_text(encoding="utf-8"),
            "variables": variables.read_text(encoding="utf-8") if variables.exists() else None,
        }
