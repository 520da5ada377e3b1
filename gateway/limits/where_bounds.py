"""How much one `where` may demand; no setting changes these."""

from typing import Final

MAX_LEVELS: Final = 5
"""Of filters within filters by `and`, `or` and `nor`."""

MAX_COMPARISONS: Final = 50

MAX_VALUES: Final = 1_000
"""Of one list that a value is compared with."""

MAX_PATTERN_LENGTH: Final = 200
"""Characters of a string that is looked for within others, or in any case."""

MAX_PATH_STEPS: Final = 20
"""Keys of a path within the metadata."""

MAX_PATH_LENGTH: Final = 500
"""Characters of a path within the metadata."""

MAX_LOOKUP_VALUES: Final = 100
"""Values for which an index is asked one by one; lists of more are compared document by document."""
