"""The start page, which names the others, and how a browser gets there."""

from html import escape
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from gateway.transport.exchange.negotiation import prefers_page
from gateway.transport.exchange.security_headers import with_security_headers
from gateway.transport.pages.insights import BUILT_POLICY, INSIGHTS_BUNDLE, PLAIN_POLICY
from gateway.transport.pages.page_settings import PageSettings
from gateway.transport.pages.page_template import PageTemplate

START_FILE = "start.html"


class StartPage:
    """The page as it was built, else a plain one with the same links."""

    def __init__(self, settings: PageSettings, bundle: Path = INSIGHTS_BUNDLE) -> None:
        built = bundle / START_FILE
        self._template = (
            PageTemplate(built, BUILT_POLICY, {"settings": settings.for_scripts()})
            if built.exists()
            else PageTemplate(Path(__file__).with_name("start-unbuilt.html"), PLAIN_POLICY, {"links": _links(settings)})
        )

    async def visit(self, _request: Request) -> Response:
        """The page; it needs no key, and holds none."""
        return self._template.response()


class StartRedirect:
    """The address above all others, an ASGI application: a browser is sent to the start page; nobody else finds
    anything there."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if request.method not in ("GET", "HEAD") or not prefers_page(", ".join(request.headers.getlist("accept"))):
            raise HTTPException(404)
        # Relative, as the gateway may be behind a path that it isn't told of.
        response = RedirectResponse("start", 302, {"Cache-Control": "no-store", "Vary": "Accept"})
        await with_security_headers(response)(scope, receive, send)


def _links(settings: PageSettings) -> str:
    """A list's items, each with a link and what is there."""
    links = []
    if settings.insights:
        links.append(("insights", "Insights", "what people searched for, and what came of it"))
    if settings.graphiql:
        links.append(("graphql", "GraphiQL", "the graph: its schema, and operations to try"))
    links.append(("openapi.json", "OpenAPI", "the REST endpoints, described for tools"))
    if settings.documentation is not None:
        links.append((settings.documentation, "Documentation", "how to connect, and all that can be asked"))
    return "\n".join(f'<li><a href="{escape(address)}">{name}</a>: {text}</li>' for address, name, text in links)
