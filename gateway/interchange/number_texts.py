"""Numbers that stand where a text is expected, most often an id, as the texts that they read as."""

from decimal import Decimal
from math import isfinite
from typing import Final

# Between these powers of ten JavaScript, in which most producers are written, spells a number without an exponent.
_LEAST_POWER: Final = -6
_GREATEST_POWER: Final = 21


def number_text(value: object) -> str | None:
    """The text of a number: of an integer, which may have any size, all its digits, else as JavaScript spells it: 42.0
    is ``42``, 1e20 all its digits, and 1e-5 is ``0.00001``; None for what is no number.

    JavaScript's spelling is ECMAScript's Number::toString, which JSON.stringify uses too:
    https://tc39.es/ecma262/#sec-numeric-types-number-tostring
    """
    match value:
        case bool():
            return None
        case int():
            return str(value)
        case float() if isfinite(value):
            return _of_float(value)
    return None


def _of_float(value: float) -> str:
    if value == 0:
        return "0"
    # Python too spells the fewest digits that no other number is nearer to.
    is_negative, spelled, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)
    # The names are those of the specification: the number is 0.digits times ten to the power of n.
    n = len(spelled) + exponent
    digits = "".join(map(str, spelled)).rstrip("0")
    sign = "-" if is_negative else ""
    if not _LEAST_POWER < n <= _GREATEST_POWER:
        mantissa = f"{digits[0]}.{digits[1:]}".removesuffix(".")
        return f"{sign}{mantissa}e{n - 1:+}"
    if n <= 0:
        return f"{sign}0.{'0' * -n}{digits}"
    if len(digits) <= n:
        return f"{sign}{digits:0<{n}}"
    return f"{sign}{digits[:n]}.{digits[n:]}"
