"""setuptools' build backend, which makes no wheel or source distribution without the built GraphiQL page.

An editable install needs none. ``pages=cdn``, a configuration setting of the build, leaves the page out on purpose.
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

_PAGE = Path("gateway/transport/pages/bundles/graphiql/index.html")

Settings = Mapping[str, str | list[str] | None]


def build_wheel(
    wheel_directory: str, config_settings: Settings | None = None, metadata_directory: str | None = None
) -> str:
    _require_page(config_settings)
    wheel: str = build_meta.build_wheel(wheel_directory, _without_ours(config_settings), metadata_directory)
    return wheel


def build_sdist(sdist_directory: str, config_settings: Settings | None = None) -> str:
    _require_page(config_settings)
    source: str = build_meta.build_sdist(sdist_directory, _without_ours(config_settings))
    return source


def _require_page(settings: Settings | None) -> None:
    if (settings or {}).get("pages") != "cdn" and not _PAGE.exists():
        # Not an exception, whose traceback would hide the one line that helps.
        raise SystemExit(
            f"{_PAGE} is missing: `make graphiql` builds it, with Node 20.19 or later and npm. To go without, "
            "build with --config-setting pages=cdn: browsers then load GraphiQL from a CDN."
        )


def _without_ours(settings: Settings | None) -> dict[str, str | list[str] | None]:
    return {name: value for name, value in (settings or {}).items() if name != "pages"}
