"""Text of clients, of files and of the database as a terminal may show it."""

import re

# Characters that count as printable to Python, and show nothing: fillers, variation selectors, a blank of Braille.
_HIDDEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def printable(text: str) -> str:
    r"""``text`` with every character escaped that controls a terminal, changes the order of what is shown, or doesn't
    show: ``\u001b`` for ESC, a pair of such escapes beyond U+FFFF.

    They are JSON's escapes, and neither quotes nor backslashes are touched, so JSON stays JSON of the same value.
    """
    if text.isprintable() and (text.isascii() or not _HIDDEN.search(text)):
        return text
    return "".join(
        character if character.isprintable() and not _HIDDEN.match(character) else _escaped(character)
        for character in text
    )


def printable_lines(text: str) -> str:
    """``text`` of several lines; those below the first are indented, so that what a line quotes never looks like one
    that stands by itself."""
    return "\n    ".join(printable(line) for line in text.split("\n"))


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
