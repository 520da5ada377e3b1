"""setuptools' build backend, which makes no wheel or source distribution without the pages that Node builds.

An editable install needs none. ``pages=unbuilt``, a configuration setting of the build, leaves them out on purpose.
"""

from collections.abc import Mapping
from pathlib import Path

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

# By the target of the Makefile that builds it.
_PAGES = {
    "graphiql": Path("gateway/transport/pages/bundles/graphiql/index.html"),
    "insights-page": Path("gateway/transport/pages/bundles/insights/index.html"),
}
# "cdn" is the same, of a time when GraphiQL was the only page.
_UNBUILT = ("unbuilt", "cdn")

Settings = Mapping[str, str | list[str] | None]


def build_wheel(
    wheel_directory: str, config_settings: Settings | None = None, metadata_directory: str | None = None
) -> str:
    _require_pages(config_settings)
    wheel: str = build_meta.build_wheel(wheel_directory, _without_ours(config_settings), metadata_directory)
    return wheel


def build_sdist(sdist_directory: str, config_settings: Settings | None = None) -> str:
    _require_pages(config_settings)
    source: str = build_meta.build_sdist(sdist_directory, _without_ours(config_settings))
    return source


def _require_pages(settings: Settings | None) -> None:
    missing = {target: page for target, page in _PAGES.items() if not page.exists()}
    if missing and (settings or {}).get("pages") not in _UNBUILT:
        # Not an exception, whose traceback would hide the one line that helps.
        raise SystemExit(
            f"Missing: {', '.join(map(str, missing.values()))}. `make {' '.join(missing)}` builds that, with "
            "Node 20.19 or later and npm. To go without, build with --config-setting pages=unbuilt: browsers then load "
            "GraphiQL from a CDN, and get no Insights page."
        )


def _without_ours(settings: Settings | None) -> dict[str, str | list[str] | None]:
    return {name: value for name, value in (settings or {}).items() if name != "pages"}
