"""The GraphiQL page: examples filled in, scripts from the gateway itself; what it serves holds no key.

``make graphiql`` builds the page into the folder ``bundles/graphiql``. Where that was not done there is no such folder,
and the page loads an older GraphiQL from a CDN, its files pinned with integrity hashes.
"""

from collections.abc import Iterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from gateway.transport.pages.assets import Assets
from gateway.transport.pages.page_template import PageTemplate, script_json

_HERE = Path(__file__).parent
_BUNDLE = _HERE / "bundles" / "graphiql"
# Beside the page's file as beside its address, so that the page names them relatively.
_ASSETS = "graphql/assets"

# Shown to whoever has no key yet; the page asks nothing while the angle brackets are there.
TEMPLATE_HEADERS = {"Authorization": "Bearer <your key>", "X-Namespace": "<a namespace's name or id>"}

# Monaco writes style attributes; the style elements that it makes get the nonce.
_BUILT_POLICY = (
    "connect-src 'self'; script-src 'self'; worker-src 'self'; style-src 'self' 'nonce-{nonce}'; "
    "style-src-attr 'unsafe-inline'; font-src 'self' data:; img-src data:"
)
_CDN = "https://cdn.jsdelivr.net"
# Scripts by the nonce alone: whatever else lies at the CDN doesn't run, not even where the page's markup was changed.
_CDN_POLICY = (
    f"connect-src 'self'; script-src 'nonce-{{nonce}}'; style-src 'unsafe-inline' {_CDN}; font-src data: {_CDN}; "
    "img-src data:"
)


class GraphiQLPage:
    """The page with a template of the headers in its editor, and a tab for each example.

    ``takes_key``: it puts the key and the namespace that its address holds behind ``#``, where no server is told of
    them, into the headers, and out of the address. Elsewhere a link could make a visitor use another's key.
    """

    def __init__(self, *, takes_key: bool = False, bundle: Path = _BUNDLE) -> None:
        built = bundle / "index.html"
        is_built = built.exists()
        settings = {"headers": TEMPLATE_HEADERS, "takesKey": takes_key, "tabs": list(_examples())}
        self._template = PageTemplate(
            built if is_built else _HERE / "graphiql-cdn.html",
            _BUILT_POLICY if is_built else _CDN_POLICY,
            {"settings": script_json(settings)},
        )
        self._assets = Assets(bundle / _ASSETS if is_built else None)

    def response(self) -> Response:
        """The page; others get something else at its address."""
        response = self._template.response()
        response.headers["Vary"] = "Accept"
        return response

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
