"""Documents in the payloads of mutations, as far as their callers may read them.

Whoever may not READ is answered what this input made. What was stored before is withheld but for the id that the input
named, also where its content is the same: its times and its spelling are somebody else's.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from gateway.context import Caller, Permission
from gateway.errors import Forbidden
from gateway.model.documents import without_search_request
from gateway.plan.commands import Document
from gateway.plan.write_commands import Recorded

# An interaction has the id of its search request too, which the input need not have named.
_NAMED = ("interaction_id", "search_request_id", "percolator_id")


class PartialPayload(dict[str, Any]):
    """A payload in which an error stands for whatever is withheld.

    It is none of the dicts that compiled functions take for objects: so the executor answers, which tells of the errors
    where they stand.
    """


def readable_payload(payload: Mapping[str, Any], caller: Caller) -> Document:
    """A payload in which each `Recorded`, in lists too, is replaced by its document, or by the error that the field
    meets."""
    reader = _PayloadReader(may_read=Permission.READ in caller.permissions)
    readable: Document = reader.readable(payload)
    return PartialPayload(readable) if reader.withholds else readable


class _PayloadReader:
    """The reading of one payload; ``withholds``: whether anything of it was withheld so far."""

    def __init__(self, *, may_read: bool) -> None:
        self.withholds = False
        self._may_read = may_read

    def readable(self, value: Any) -> Any:
        if isinstance(value, Recorded):
            return value.document if self._may_read else self._given(value)
        if isinstance(value, Mapping):
            return {name: self.readable(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.readable(item) for item in value]
        return value

    def _given(self, recorded: Recorded) -> Mapping[str, Any] | Forbidden:
        """What of a document this input made."""
        if recorded.created and not recorded.search_request_known:
            return recorded.document
        self.withholds = True
        # A permission's name and no more: what the error is about isn't told either.
        error = Forbidden(f"This key lacks the permission {Permission.READ.name}.")
        if recorded.created:
            return without_search_request(recorded.document, error)
        named = next((name for name in _NAMED if name in recorded.document), None)
        return error if named is None else _IdAlone(recorded.document, named, error)


class _IdAlone(Mapping[str, Any]):
    """A stored document of which nothing is told but the id at ``named``; an error stands for the rest."""

    def __init__(self, document: Mapping[str, Any], named: str, error: Forbidden) -> None:
        self._told = {name: document[name] for name in ("namespace_id", named)}
        self._error = error

    def get(self, name: str, default: Any = None) -> Any:
        return self._told.get(name, self._error)

    def __getitem__(self, name: str) -> Any:
        if name not in self._told:
            raise self._error
        return self._told[name]

    def __iter__(self) -> Iterator[str]:
        self._withhold()

    def __len__(self) -> int:
        return len(self._told)

    def _withhold(self) -> NoReturn:
        """As a whole it isn't there."""
        raise self._error
