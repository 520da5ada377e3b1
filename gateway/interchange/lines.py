"""Reading a file line by line: bounded, more than once where needed, compressed or not."""

import gzip
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from json import JSONDecoder
from tempfile import TemporaryFile
from typing import Any, NoReturn, cast

from gateway.errors import BadUserInput
from gateway.model.wire.json_values import MAX_LEVELS

LINE_LIMIT = 2_000_000
"""Bytes a line may have, as many as the body of a request."""

_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file. ``number`` counts from 1; ``content`` lacks its end and all that is past ``LINE_LIMIT``."""

    number: int
    content: bytes
    too_long: bool = False

    @property
    def blank(self) -> bool:
        return not self.content.strip()


class Unreadable(Exception):
    """A line that is no JSON object: ``reason`` is what a report counts it under."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Source:
    """The lines of ``stream``, as they are or compressed with gzip, which its first two bytes say."""

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream
        self._compressed = stream.peek(2)[:2] == _GZIP_MAGIC
        self._started = False

    def lines(self) -> Iterator[Line]:
        """Every line from the first; raises BadUserInput where a compressed stream breaks."""
        if self._started:
            self._stream.seek(0)
        self._started = True
        reader = gzip.GzipFile(fileobj=self._stream) if self._compressed else self._stream
        number = 0
        try:
            for line in _lines(reader):
                number = line.number
                yield line
        except (gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise BadUserInput(
                f"after line {number} the file is no longer readable as gzip: is it complete?"
            ) from error

    def make_rereadable(self) -> None:
        """Copies a stream that can be read only once, such as standard input, to a temporary file."""
        if not self._stream.seekable():
            copy = cast(BufferedReader, TemporaryFile())  # noqa: SIM115 (closed, and so deleted, with the source)
            shutil.copyfileobj(self._stream, copy)
            copy.seek(0)
            self._stream = copy

    def close(self) -> None:
        self._stream.close()


def parsed(line: Line) -> dict[str, Any]:
    """The JSON object on ``line``; raises Unreadable where there is none.

    Integers keep all their digits and doubled keys their last value; NaN and Infinity are not JSON (RFC 8259).
    """
    if line.too_long:
        raise Unreadable("LINE_TOO_LONG", f"the line has more than {LINE_LIMIT:,} bytes")
    try:
        content = _DECODER.decode(line.content.decode())
    except UnicodeDecodeError as error:
        raise Unreadable("INVALID_UTF8", f"byte {error.start + 1} of the line is not UTF-8") from error
    except ValueError as error:
        raise Unreadable("INVALID_JSON", str(error)) from error
    except RecursionError as error:
        raise _too_deep() from error
    # Each level opens a bracket, so most lines need no look at their levels.
    if line.content.count(b"{") + line.content.count(b"[") > MAX_LEVELS and _levels(content) > MAX_LEVELS:
        raise _too_deep()
    if not isinstance(content, dict):
        raise Unreadable("NOT_AN_OBJECT", "the line holds no JSON object")
    return content


def _lines(reader: gzip.GzipFile | BufferedReader) -> Iterator[Line]:
    number = 0
    while content := reader.readline(LINE_LIMIT + 1):
        number += 1
        ended = content.endswith(b"\n")
        if number == 1:
            content = content.removeprefix(_BYTE_ORDER_MARK)
        too_long = not ended and len(content) > LINE_LIMIT
        while too_long and not ended:
            rest = reader.readline(LINE_LIMIT)
            ended = not rest or rest.endswith(b"\n")
        yield Line(number, content.rstrip(b"\r\n"), too_long)


def _levels(content: Any) -> int:
    """How deep objects and lists stand in each other, level by level: no depth is too much for it."""
    levels, containers = 0, [content]
    while containers := [item for item in containers if isinstance(item, dict | list)]:
        levels += 1
        containers = [
            item
            for container in containers
            for item in (container.values() if isinstance(container, dict) else container)
        ]
    return levels


def _too_deep() -> Unreadable:
    return Unreadable("TOO_DEEP", f"the line is nested more than {MAX_LEVELS} levels deep")


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_DECODER = JSONDecoder(parse_constant=_refuse_constant)
