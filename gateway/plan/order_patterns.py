"""Regular expressions for strings that stand in an order to an ASCII text where letter case doesn't count.

MongoDB orders strings by their bytes. So "greater than `ab`" is spelled out: it begins with a character greater than
`a`, or with `a` and one greater than `b`, or with `ab` and goes on.
"""

from typing import Final

from gateway.plan.comparisons import Operator

# The only characters beyond ASCII that simple case folding takes into ASCII.
_FOLDED_TO_ASCII: Final = {"k": "\u212a", "s": "\u017f"}
_OTHERS: Final = ((0x80, 0x17E), (0x180, 0x2129), (0x212B, 0x10FFFF))


def order_pattern(operator: Operator, text: str) -> str:
    """The pattern of strings that are GT, GTE, LT or LTE than ``text``: of ASCII characters, folded."""
    alternatives = [
        "".join(map(_same_character, text[:length])) + _greater_character(text[length]) for length in range(len(text))
    ]
    beginning = "".join(map(_same_character, text))
    if operator in (Operator.GT, Operator.LTE):
        beginning += r"(?s:.)"
    greater = "|".join([*alternatives, beginning])
    return rf"\A(?:{greater})" if operator in (Operator.GT, Operator.GTE) else rf"\A(?!{greater})"


def _same_character(character: str) -> str:
    return f"[{_codes([(ord(spelling), ord(spelling)) for spelling in _spellings(character)])}]"


def _greater_character(character: str) -> str:
    """Any character that is greater than this one once both are folded."""
    greater = [chr(code) for code in range(0x80) if chr(code).lower() > character]
    greater += [other for letter, other in _FOLDED_TO_ASCII.items() if letter > character]
    return f"[{_codes([*((ord(one), ord(one)) for one in greater), *_OTHERS])}]"


def _spellings(character: str) -> set[str]:
    return {character, character.upper(), _FOLDED_TO_ASCII.get(character, character)}


def _codes(ranges: list[tuple[int, int]]) -> str:
    """A class of these characters by their codes, in as few ranges as they make."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first == merged[-1][1] + 1:
            merged[-1] = merged[-1][0], last
        else:
            merged.append((first, last))
    return "".join(rf"\x{{{first:x}}}" + (rf"-\x{{{last:x}}}" if last > first else "") for first, last in merged)
