"""How much is told of what is wrong with a document, with variables or in an answer, and what finding it out may take.

No setting changes these.
"""

from typing import Final

MAX_ERRORS: Final = 20
"""Of a document, of variables or of an answer; more are of no use to anybody, and cost time."""

MAX_VALUE_ERRORS: Final = 3
"""Of one value in a document."""

MAX_SUGGESTING: Final = 3
"""Errors that suggest names for those that are unknown: whoever has more wrong has another schema in mind."""

MAX_OVERLAP_STEPS: Final = 20_000
"""In which the fields of one response key are compared: two for each pair. graphql-core's own bound is 25 times this,
which is half a second of work."""
