"""The Insights page: what people searched for and what came of it, by the visitor's own key.

``make insights-page`` builds it, and the start page with it, into the folder ``bundles/insights``. Where that was not
done there is no such folder, and the page says so.
"""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from gateway.transport.pages.page_settings import PageSettings
from gateway.transport.pages.page_template import PageTemplate

_HERE = Path(__file__).parent
INSIGHTS_BUNDLE = _HERE / "bundles" / "insights"
# Beside the files of both pages as beside their addresses, so that the pages name them relatively.
INSIGHTS_ASSETS = "insights/assets"

# Of both. Charts write style attributes, and can be saved as pictures.
BUILT_POLICY = (
    "connect-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data: blob:"
)
PLAIN_POLICY = "style-src 'nonce-{nonce}'"


class InsightsPage:
    """The page as it was built, else one that says how to build it."""

    def __init__(self, settings: PageSettings, bundle: Path = INSIGHTS_BUNDLE) -> None:
        built = bundle / "index.html"
        self._template = (
            PageTemplate(built, BUILT_POLICY, {"settings": settings.for_scripts()})
            if built.exists()
            else PageTemplate(_HERE / "insights-unbuilt.html", PLAIN_POLICY, {})
        )

    async def visit(self, _request: Request) -> Response:
        """The page; it needs no key, and holds none."""
        return self._template.response()
