"""How much one `where` may demand; no setting changes these.

How long the texts are that its patterns are tried on is a part of what a comparison means:
`gateway.model.bson_comparison.MAX_SEARCHED`.
"""

from typing import Final

from gateway.model.query_texts import MAX_FOLDED_VALUE

MAX_LEVELS: Final = 5
"""Of filters within filters by `and`, `or` and `nor`."""

MAX_COMPARISONS: Final = 50

MAX_VALUES: Final = 1_000
"""Of one list that a value is compared with."""

MAX_PATTERN_LENGTH: Final = MAX_FOLDED_VALUE
"""Characters of a string that is looked for within others, or compared ignoring case."""

MAX_ORDERED_LENGTH: Final = 50
"""Characters of a string that others are greater or less than, ignoring case."""

MAX_PATTERNS: Final = 10
"""Comparisons whose strings are looked for within others, or compared ignoring case."""

MAX_PATTERNS_LENGTH: Final = 1_000
"""Characters of all strings that are looked for within others, or compared ignoring case."""

MAX_PARTS_LENGTH: Final = 200
"""Characters of all strings that others may contain. A document of 1 MB in texts that are searched takes MongoDB half a
second for each hundred of them, where all repeat one letter, and on the way it ends nothing."""

MAX_PATH_STEPS: Final = 20
"""Keys of a path within the metadata."""

MAX_PATH_LENGTH: Final = 500
"""Characters of a path within the metadata."""

MAX_LOOKUP_VALUES: Final = 100
"""Values for which an index is asked one by one; lists of more are compared document by document."""
