"""Where an import's lines come from: files, folders and standard input, compressed or not, read more than once."""

import gzip
import shutil
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from io import BufferedReader, FileIO, RawIOBase
from pathlib import Path
from select import select
from tempfile import TemporaryFile
from typing import Any, Final, Protocol, cast

from gateway.errors import BadUserInput
from gateway.interchange.lines import LINE_LIMIT, Line

if sys.version_info >= (3, 14):
    from compression import zstd as zstd
else:
    from backports import zstd as zstd

STDIN: Final = "-"
SUFFIXES: Final = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")
"""Of the files that are taken from a folder, each also with one of `COMPRESSED`."""

COMPRESSED: Final = (".gz", ".zst")

_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_HEAD_LINES: Final = 100
_HEAD_BYTES: Final = 1_000_000
_BUFFER: Final = 1 << 18
# So many lines a file may have, for the places of the next to follow.
_PLACES: Final = 1 << 40


class Lines(Protocol):
    """What lines are read from, from the first each time."""

    def lines(self) -> Iterator[Line]: ...

    def make_rereadable(self) -> None: ...

    def may_wait(self) -> bool:
        """Whether the next line may be long in coming."""
        ...


class Source:
    """The lines of ``stream``, as they are or compressed with gzip or Zstandard, which its first bytes say.

    ``file``: what it is called; ``index``: which it is of an import's files.
    """

    def __init__(self, stream: BufferedReader, file: str = "", index: int = 0) -> None:
        self.file = file
        self.is_seekable = stream.seekable()
        self.size = stream.seek(0, 2) if self.is_seekable else 0
        self.index = index
        self._recorded = None if self.is_seekable else _Recorded(stream)
        self._stream = stream if self._recorded is None else BufferedReader(self._recorded)
        self._started = self.is_seekable

    def head(self) -> list[Line]:
        """The first lines, which stay to be read; raises BadUserInput where the stream breaks ahead of all."""
        head: list[Line] = []
        size = 0
        try:
            for line in self.lines():
                head.append(line)
                size += len(line.content)
                if len(head) >= _HEAD_LINES or size >= _HEAD_BYTES:
                    break
        except BadUserInput:
            # Else it is told to whoever reads on.
            if not head:
                raise
        if self._recorded is not None:
            # Or it would close what it reads from.
            self._stream.detach()
            self._stream, self._started = BufferedReader(self._recorded.rewound()), False
        return head

    def lines(self) -> Iterator[Line]:
        """Every line from the first; raises BadUserInput where a compressed stream breaks."""
        if self._started:
            self._stream.seek(0)
        self._started = True
        magic = self._stream.peek(4)[:4]
        if magic.startswith(_GZIP_MAGIC):
            return self._decompressed(gzip.GzipFile(fileobj=self._stream), "gzip")
        if magic == _ZSTD_MAGIC:
            return self._decompressed(zstd.ZstdFile(self._stream), "zstd")
        return self._lines(self._stream)

    def number_of(self, place: int) -> int:
        """The number in this file of the line at a place; 0 where that is ahead of it."""
        return max(0, place - self.index * _PLACES)

    def position(self) -> int:
        """How many bytes of the stream are read, whatever its lines take; 0 where none knows how many there are."""
        return self._stream.raw.tell() if self.size else 0

    def make_rereadable(self) -> None:
        """Copies a stream that can be read only once, such as standard input, to a temporary file."""
        if not self._stream.seekable():
            copy = cast(BufferedReader, TemporaryFile())  # noqa: SIM115 (closed, and so deleted, with the source)
            shutil.copyfileobj(self._stream, copy)
            self._stream, self._recorded, self._started = copy, None, True

    def may_wait(self) -> bool:
        return self._recorded is not None and not select([self._stream.fileno()], [], [], 0)[0]

    def close(self) -> None:
        self._stream.close()

    def _decompressed(self, reader: Any, coding: str) -> Iterator[Line]:
        number = 0
        try:
            for line in self._lines(reader):
                number = line.number
                yield line
        except (gzip.BadGzipFile, zlib.error, zstd.ZstdError, EOFError) as error:
            file = self.file or "the file"
            raise BadUserInput(
                f"after line {number} {file} is no longer readable as {coding}: is it complete?"
            ) from error

    def _lines(self, reader: Any) -> Iterator[Line]:
        read, file, place, number = reader.readline, self.file, self.index * _PLACES, 0
        while content := read(LINE_LIMIT + 1):
            number += 1
            if number == 1:
                content = content.removeprefix(_BYTE_ORDER_MARK)
            ended = content.endswith(b"\n")
            too_long = not ended and len(content) > LINE_LIMIT
            while too_long and not ended:
                rest = read(LINE_LIMIT)
                ended = not rest or rest.endswith(b"\n")
            bare = content.rstrip(b"\r\n")
            yield Line(number, bare, too_long, file, place + number, content[len(bare) :])


class Sources:
    """The lines of several sources, one after the other."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._streams = [source for source in sources if not source.is_seekable]

    def lines(self) -> Iterator[Line]:
        for source in self._sources:
            yield from source.lines()

    def make_rereadable(self) -> None:
        for source in self._sources:
            source.make_rereadable()

    def may_wait(self) -> bool:
        return any(source.may_wait() for source in self._streams)


class _Recorded(RawIOBase):
    """A stream that can be read once, whose beginning is kept until it is `rewound`."""

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream
        self._kept: list[bytes] | None = []
        self._again = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        size = len(buffer)
        if self._again:
            piece, self._again = self._again[:size], self._again[size:]
        else:
            piece = self._stream.read1(size)
            if self._kept is not None:
                self._kept.append(piece)
        buffer[: len(piece)] = piece
        return len(piece)

    def rewound(self) -> "_Recorded":
        """The same from its beginning, which is kept no longer."""
        self._again, self._kept = b"".join(self._kept or ()), None
        return self

    def fileno(self) -> int:
        return self._stream.fileno()

    def close(self) -> None:
        self._stream.close()
        super().close()


def paths(files: Iterable[str]) -> Iterator[str]:
    """The files that are named, and in the place of a folder those in it and below it that look like data, by name.

    Raises BadUserInput for a folder without any.
    """
    for file in files:
        if file == STDIN or not Path(file).is_dir():
            yield file
            continue
        inside = sorted(path for path in Path(file).rglob("*") if path.is_file() and _looks_like_data(path))
        if not inside:
            kinds = ", ".join(SUFFIXES)
            raise BadUserInput(f"{file} holds no file whose name ends in {kinds}, or in one of these with .gz or .zst.")
        yield from map(str, inside)


def opened(file: str, index: int = 0) -> Source:
    """The lines of a file, or of standard input; raises OSError where it can't be read."""
    is_stdin = file == STDIN
    raw = FileIO(sys.stdin.fileno() if is_stdin else file, closefd=not is_stdin)
    return Source(BufferedReader(raw, _BUFFER), "standard input" if is_stdin else file, index)


def _looks_like_data(path: Path) -> bool:
    name = path.name.lower()
    for coding in COMPRESSED:
        name = name.removesuffix(coding)
    return not name.startswith(".") and name.endswith(SUFFIXES)
