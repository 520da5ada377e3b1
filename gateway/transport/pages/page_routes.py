"""The addresses of the Insights and the start page, and of the assets that both load."""

from collections.abc import Sequence
from pathlib import Path

from starlette.routing import BaseRoute

from gateway.transport.exchange.exact_routes import ExactRoute
from gateway.transport.pages.assets import Assets
from gateway.transport.pages.insights import INSIGHTS_ASSETS, INSIGHTS_BUNDLE, InsightsPage
from gateway.transport.pages.page_settings import PageSettings
from gateway.transport.pages.start import START_FILE, StartPage, StartRedirect


def page_routes(settings: PageSettings, bundle: Path = INSIGHTS_BUNDLE) -> Sequence[BaseRoute]:
    """The routes of what is switched on; the start page is where it has something to lead to. ``bundle``: the folder in
    which both were built."""
    if not (settings.insights or settings.graphiql):
        return ()
    start = bundle / START_FILE
    is_built = start.exists()
    assets = Assets(
        bundle / INSIGHTS_ASSETS if is_built else None, loaded_by=None if settings.insights or not is_built else start
    )
    return [
        *([ExactRoute("/insights", InsightsPage(settings, bundle).visit)] if settings.insights else []),
        ExactRoute("/insights/assets/{name}", assets.response),
        ExactRoute("/start", StartPage(settings, bundle).visit),
        ExactRoute("/", StartRedirect()),
    ]
