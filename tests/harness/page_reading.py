"""Pages as tests serve and read them."""

import json
import re
from pathlib import Path

import httpx
from starlette.applications import Starlette

from gateway.transport.pages.page_routes import page_routes
from gateway.transport.pages.page_settings import PageSettings

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def served_pages(bundle: Path, **settings: object) -> httpx.AsyncClient:
    """The Insights and the start page built into ``bundle``; all pages are switched on but where settings differ."""
    shown = PageSettings(**{"graphiql": True, "insights": True, **settings})  # type: ignore[arg-type]
    app = Starlette(routes=page_routes(shown, bundle))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.example")


def script_settings(response: httpx.Response) -> dict[str, object]:
    """What the page's script reads."""
    [text] = re.findall(r'<script[^>]* id="settings"[^>]*>([^<]*)</script>', response.text)
    settings: dict[str, object] = json.loads(text)
    return settings


def policy(response: httpx.Response) -> dict[str, str]:
    """The sources that each directive of its content security policy allows."""
    directives = response.headers["Content-Security-Policy"].split("; ")
    return dict(directive.split(" ", 1) for directive in directives)
