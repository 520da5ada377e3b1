"""Documents in the payloads of mutations, as far as their callers may read them.

Whoever may not READ is answered what this input made. What was stored before is withheld, also where its content is
the same: its times and its spelling are somebody else's.
"""

from collections.abc import Mapping
from typing import Any

from gateway.context import Caller, Permission
from gateway.errors import Forbidden
from gateway.model.documents import without_search_request
from gateway.plan.commands import Document
from gateway.plan.write_commands import Recorded


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
        return without_search_request(recorded.document, error) if recorded.created else error
