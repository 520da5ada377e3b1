"""The one place that knows the extension, `gateway_native` of the folder native/, which may not be there."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol, TypeAlias, cast

# How shapes and programs are encoded. One that was built of another revision may read them otherwise.
_ENCODING = 1

FetchedPage: TypeAlias = tuple[Sequence[bytes], int, int, int, bool, bool, int | None, str, str]
"""Batches; start, stop and step of the range of their documents that a page has; whether there are elements behind and
ahead of them, and how many in all, if they were counted; key and tag of the order."""


class NativeProgram(Protocol):
    """A program, as the extension keeps it."""

    def answer(
        self, pages: Sequence[FetchedPage], bounds: Sequence[int], most_values: int, most_bytes: int
    ) -> bytes | str:
        """The data as JSON, or the reason for which there is none. ``bounds``: up to where totals are told."""


class Extension(Protocol):
    """The extension; ``inner``: shapes that others refer to by their place among them."""

    __version__: str

    def Shape(self, encoded: bytes, inner: Sequence[Any]) -> Any: ...  # noqa: N802

    def Program(self, encoded: bytes, inner: Sequence[Any]) -> NativeProgram: ...  # noqa: N802


def _installed() -> tuple[Extension | None, str]:
    try:
        extension = import_module("gateway_native")
    except ImportError:
        return None, "Python: the native extension isn't installed"
    if getattr(extension, "ENCODING", None) != _ENCODING:
        return None, "Python: the native extension is of another version, make native builds this one's"
    return cast(Extension, extension), f"native {extension.__version__}, and Python"


EXTENSION, BACK_END = _installed()
"""The extension, None where it isn't there or is of another revision; and which back ends there are, in words."""
