"""What the types of a graph are called."""

import re
from typing import Any

from strawberry.schema.name_converter import NameConverter

# What GraphQL, Relay and federation give a meaning of its own, the item that another schema owns, and all names that
# say what this graph is about.
_OWN = re.compile(r"_.*|Query|Mutation|Subscription|Node|PageInfo|Feature|.*(Interaction|SearchRequest).*")


class Names(NameConverter):
    """Strawberry's names, where a generic one, which another schema may have as well, begins with ``prefix``.

    Scalars keep theirs: those of one name are one scalar wherever schemas are composed.
    """

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix

    def from_object(self, object_type: Any) -> str:
        return self._prefixed(super().from_object(object_type))

    def from_enum(self, enum: Any) -> str:
        return self._prefixed(super().from_enum(enum))

    def from_union(self, union: Any) -> str:
        return self._prefixed(super().from_union(union))

    def _prefixed(self, name: str) -> str:
        return name if _OWN.fullmatch(name) else f"{self._prefix}{name}"
