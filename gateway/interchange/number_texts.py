"""Numbers that stand where a text is expected, most often an id, as the texts that they read as."""

import json
from math import isfinite
from typing import Final

# From here on JavaScript, in which most producers are written, spells a number by its exponent.
_LEAST_EXPONENT: Final = 1e21


def number_text(value: object) -> str | None:
    """The text of a number as JSON spells it: 42 and 42.0 are both ``42``, and 1e20 is all its digits; None for what is
    no number."""
    match value:
        case bool():
            return None
        case int():
            return str(value)
        case float() if isfinite(value):
            return str(int(value)) if value.is_integer() and abs(value) < _LEAST_EXPONENT else json.dumps(value)
    return None
