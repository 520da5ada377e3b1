"""What is kept beside the recorded documents, derived from them alone: a document for each search request, and one for
each item and UTC day.

A **search outcome** has the ``_id`` of its search request; a stub (`gateway.model.documents`) has none yet:

    {"_id": UUID, "namespace_id": "ns_…", "search_request_id": "r1", "first_seen_at": datetime, "text": "running shoes",
     "collections": ["shoes"], "vector_indexes": ["text"], "condition_keys": ["brand"],
     "conditions": [{"k": "brand", "o": "eq", "v": '"Nike"', "b": "AND", "d": 1}], "session_id": "s1",
     "user_id": "u1", "visit": "s:s1", "result_count": 12, "counts": {"view": 9, "click": 2},
     "lowest_clicked_position": 0, "clicked_positions": {"sum": 3, "count": 2}, "first_click_at": datetime,
     "no_results": False, "clicked": True, "converted": False, "added_to_cart": False, "purchased": False,
     "merged": False, "abandoned": False, "reformulated": False,
     "searches": 1, "searches_clicked": 1, "searches_converted": 0, "searches_without_results": 0,
     "whole": {"added_to_cart": 1, "lowest_clicked_position": 0, "ms_to_first_click": 1200},
     "previous_id": "r0", "next_id": "r2"}

What is unknown is missing. ``conditions`` are those of all its filter trees: key, operator, value, branch and depth; of
a value that is too long the beginning, and its hash ("h"). ``visit`` says whose neighbours count: those of the session
("s:"), else of the user ("u:"), else none ("r:"). `VISIT_FIELDS` follow from all search requests of the visit:
``merged`` says that the search was merged into its successor. What statistics add up is of the search and of all that
was merged into it, nothing of one that was merged itself: ``searches`` and the others that an index holds, 0 or 1, and
the rest of it in ``whole``, where what doesn't hold is missing.

An **item's day** counts what was done with an item:

    {"_id": {"n": "ns_…", "f": "p1", "d": datetime}, "namespace_id": "ns_…", "feature_id": "p1", "day": datetime,
     "interactions": 12, "counts": {"view": 9, "click": 2}, "views": {"0": 5, "3": 4}, "clicks": {"0": 2},
     "clicked_positions": {"sum": 0, "count": 2}, "durations": {"sum": 5000, "count": 1}}

``views`` and ``clicks`` are by position, of the first `COUNTED_POSITIONS`. In ``counts`` an interaction with several
types counts in each once; `OTHER_TYPE` are all those that the contract doesn't know.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias

SEARCH_OUTCOMES: Final = "search_outcomes"
ITEM_DAYS: Final = "item_days"

DERIVATION_STATES: Final = "insights"
DERIVATION_ID: Final = "derivation"
"""The collection of the state of the derivation, and its only document: see `gateway.store.derivation_state`."""

DEFINITION: Final = 6
"""Which definition the derived documents follow. With another one, everything is made again."""

OTHER_TYPE: Final = "other"
CONVERSION_TYPES: Final = ("purchase", "add_to_cart", "conversion")

COUNTED_POSITIONS: Final = 100
"""How many positions, from 0, an item's day counts views and clicks of."""

MERGED_WITHIN_MS: Final = 30_000
REFORMULATED_WITHIN_MS: Final = 5 * 60_000

INDEXED_SUMS: Final = ("searches", "searches_clicked", "searches_converted", "searches_without_results")
"""What nearly all statistics add up."""

VISIT_FIELDS: Final = ("merged", "abandoned", "reformulated", *INDEXED_SUMS, "whole", "previous_id", "next_id")

FIRST_TIME: Final = datetime(1, 1, 1, tzinfo=UTC)
LAST_TIME: Final = datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC)
"""What is stored beyond the years that clients can be told of is no time, and neither is what is no date."""

IndexKeys: TypeAlias = Sequence[tuple[str, int]]

# None has a path that may be a list.
DERIVED_INDEXES: Mapping[str, Mapping[str, IndexKeys]] = {
    SEARCH_OUTCOMES: {
        # Statistics of what it holds don't read the documents. Its paths are short: those within objects, read of an
        # index, took twice as long.
        "summary": (
            ("namespace_id", 1),
            ("first_seen_at", -1),
            *((name, 1) for name in ("text", "session_id", "user_id", *INDEXED_SUMS)),
        ),
        "text": (("namespace_id", 1), ("text", 1), ("first_seen_at", -1)),
        "id": (("namespace_id", 1), ("search_request_id", 1)),
        "visit": (("namespace_id", 1), ("visit", 1), ("first_seen_at", 1)),
    },
    ITEM_DAYS: {
        "item": (("namespace_id", 1), ("feature_id", 1), ("day", 1)),
        "day": (("namespace_id", 1), ("day", 1)),
    },
}
"""The indexes of each collection, by their names."""
