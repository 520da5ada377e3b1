"""The lines of a file, and the JSON objects on them: bounded, and exactly what they say."""

from json import JSONDecoder
from typing import Any, Final, NamedTuple, NoReturn

import orjson

from gateway.model.nesting import is_deeper
from gateway.model.wire.json_values import MAX_LEVELS

LINE_LIMIT: Final = 2_000_000
"""Bytes a line may have, as many as the body of a request."""

# Of such a line no size is near its limit, however its numbers and characters are spelled.
_SMALL: Final = 40_000
_DIGITS: Final = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
# In which an integer may have more than 64 bits.
_LONG_NUMBER: Final = b"0" * 19


class Line(NamedTuple):
    """A line of a file.

    ``number`` counts from 1 in its ``file``; ``content`` lacks its end and all that is past ``LINE_LIMIT``; ``place``
    counts over all files of an import. ``end``: a line feed, with the carriage returns ahead of it; none of a last
    line that isn't ended.
    """

    number: int
    content: bytes
    too_long: bool = False
    file: str = ""
    place: int = 0
    end: bytes = b"\n"

    @property
    def blank(self) -> bool:
        return not self.content or self.content.isspace()


class Unreadable(Exception):
    """A line that is no JSON object: ``reason`` is what a report counts it under."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def parsed(line: Line) -> dict[str, Any]:
    """The JSON object on ``line``; raises Unreadable where there is none.

    Integers keep all their digits and doubled keys their last value; NaN and Infinity are not JSON (RFC 8259).
    """
    return parsed_and_judged(line)[0]


def parsed_and_judged(line: Line) -> tuple[dict[str, Any], bool]:
    """As `parsed`, and whether all of it fits BSON and every limit on sizes, as the bytes alone tell: the line is short
    and flat, with no integer of many digits, and no key with a NUL or ``$``, escaped or not."""
    content = line.content
    is_plain = not line.too_long and _LONG_NUMBER not in content.translate(_DIGITS)
    value: Any = None
    if is_plain:
        try:
            # Several times as fast, but it rounds long integers, and says less of what is wrong.
            value = orjson.loads(content)
        except orjson.JSONDecodeError:
            is_plain = False
    if not is_plain:
        value = _exactly_parsed(line)
    # Each level opens a bracket, so most lines need no look at their levels.
    may_be_deep = content.count(b"{") + content.count(b"[") > MAX_LEVELS
    if may_be_deep and is_deeper(value, MAX_LEVELS):
        raise _too_deep()
    if not isinstance(value, dict):
        raise Unreadable("NOT_AN_OBJECT", "the line holds no JSON object")
    is_small = len(content) <= _SMALL and not may_be_deep
    return value, is_plain and is_small and b"$" not in content and b"\\u00" not in content


def _exactly_parsed(line: Line) -> Any:
    if line.too_long:
        raise Unreadable("LINE_TOO_LONG", f"the line has more than {LINE_LIMIT:,} bytes")
    try:
        return _DECODER.decode(line.content.decode())
    except UnicodeDecodeError as error:
        raise Unreadable("INVALID_UTF8", f"byte {error.start + 1} of the line is not UTF-8") from error
    except ValueError as error:
        raise Unreadable("INVALID_JSON", str(error)) from error
    except RecursionError as error:
        raise _too_deep() from error


def _too_deep() -> Unreadable:
    return Unreadable("TOO_DEEP", f"the line is nested more than {MAX_LEVELS} levels deep")


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_DECODER = JSONDecoder(parse_constant=_refuse_constant)
