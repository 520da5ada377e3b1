"""The names of what the hostile organization has stored, by which its dearest requests ask for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from gateway.plan import global_ids

LARGE = 100
"""Interactions that all name one search request of nearly the greatest size: a page of them is a hundred times that."""
RICH = 100
"""Interactions whose metadata and filter trees are near their bounds, each with a search request of its own; these are
the latest, so any page begins with them."""
LONG = 3_000
"""Interactions with a long text in their metadata, which a filter without an index reads."""
KEPT_PERCOLATOR = "kept"
"""The id of the one percolator that there always is."""
KEPT_JOB = "job_kept"
"""The id of a job that has ended."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What is stored in the namespace of this id."""

    namespace_id: str = "ns_000000000000000000000000"

    def ids(self, kind: str, count: int) -> Sequence[str]:
        """So many ids for an argument or a key of this name, the dearest first."""
        return list(islice(cycle(self._stored(kind)), count))

    def _stored(self, kind: str) -> Iterator[str]:
        match kind:
            case "sessionId" | "featureId" | "userId":
                yield from ("large", "rich", "long")
            case "percolatorId":
                yield KEPT_PERCOLATOR
            case "jobId":
                yield KEPT_JOB
            case "searchRequestId":
                yield from ("large", *(f"rich{number}" for number in range(RICH)))
            case "interactionId":
                yield from (
                    f"{group}{number}"
                    for group, count in (("large", LARGE), ("rich", RICH), ("long", LONG))
                    for number in range(count)
                )
            case "id":
                pairs = (
                    ("Interaction", "interactionId"),
                    ("SearchRequest", "searchRequestId"),
                    ("Session", "sessionId"),
                    ("User", "userId"),
                    ("Percolator", "percolatorId"),
                    ("Job", "jobId"),
                )
                for type_name, key in pairs:
                    yield from (global_ids.encode(type_name, self.namespace_id, each) for each in self._stored(key))
            case _:
                raise LookupError(f"nothing stored is known by {kind!r}: add it here")
