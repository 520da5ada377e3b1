"""The one place that knows the extension, `gateway_native` of the folder native/, which may not be there."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol, TypeAlias, cast

# How shapes and programs are encoded. One that was built of another revision may read them otherwise.
_ENCODING = 7

PickedRange: TypeAlias = tuple[int, int, int]
"""Start, stop and step of the range of documents that are meant."""

FetchedPage: TypeAlias = tuple[PickedRange, bool, bool, int | None]
"""The documents of a page; whether there are elements behind and ahead of them, and how many in all, if they were
counted."""

FetchedRoot: TypeAlias = (
    tuple[Sequence[bytes], str, str, FetchedPage] | tuple[Sequence[bytes], Sequence[int | None], Sequence[str]]
)
"""Batches, and a page behind key and tag of its order; or the numbers of documents, None for nothing, and where they
are of several types the name of each one's."""

FetchedJoin: TypeAlias = (
    tuple[Sequence[bytes], str, str, Sequence[tuple[str, FetchedPage]]]
    | tuple[Sequence[bytes], Sequence[tuple[str, int | None]]]
)
"""The same by what parents are joined on, of one type."""

CutLine: TypeAlias = tuple[bytes, str | None, str | None, bool]
"""The line of an export, the ids of an interaction and of a search request in it, and whether it has one of these."""


class NativeProgram(Protocol):
    """A program, as the extension keeps it."""

    def answer(
        self,
        roots: Sequence[FetchedRoot],
        joins: Sequence[FetchedJoin],
        bounds: Sequence[int],
        most_values: int,
        most_bytes: int,
    ) -> bytes | str:
        """The data as JSON, or the reason for which there is none. ``bounds``: up to where totals are told."""


class Extension(Protocol):
    """The extension; ``inner``: shapes that others refer to by their place among them. What gives no text otherwise
    gives a reason as one."""

    __version__: str

    def Shape(self, encoded: bytes, inner: Sequence[Any]) -> Any: ...  # noqa: N802

    def Program(self, encoded: bytes, inner: Sequence[Any]) -> NativeProgram: ...  # noqa: N802

    def joined(self, batches: Sequence[bytes], limit: int) -> tuple[bytes, Sequence[tuple[str, int]]] | str:
        """The documents in a join's rows, those of one key behind those of another, and how many each key has of
        them."""

    def ids_at(self, batches: Sequence[bytes], ranges: Sequence[PickedRange], path: str) -> Sequence[str] | str:
        """The ids that the documents of these ranges have at a path, each once."""

    def texts_at(self, batches: Sequence[bytes], path: str) -> Sequence[str] | str:
        """The text that each document has at a path."""

    def exported_rows(self, answer: bytes) -> tuple[Sequence[tuple[CutLine, CutLine | None]], bool, str | None] | None:
        """The lines of an export's page in an answer, each with that of its search request, whether there are more, and
        the cursor behind them; None where the answer has errors, or an id is no string."""


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
