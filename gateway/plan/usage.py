"""What one operation uses, in bytes: counted while it is run, up to its limits, and priced beside documents."""

from dataclasses import dataclass

from gateway.errors import ReadTooLarge

# So many bytes of each document are read for its point, and for each further point so many of all documents together.
BYTES_OF_DOCUMENT = 2_000
BYTES_READ = 4_000
# So many bytes of an answer are made for each point that it costs anyway, and as many for each further point. To read,
# shape, encode and compress 1 KB takes 2 µs of long texts, 15 of filter trees as JSON, 27 of those as text; a small
# document takes 15 to 20.
BYTES_ANSWERED = 2_000


@dataclass(frozen=True, slots=True)
class UsageLimits:
    """The bytes that each operation may use. ``read``: from the database."""

    read: int


class Usage:
    """The bytes that one operation has used so far."""

    __slots__ = ("_documents", "_limits", "_read")

    def __init__(self, limits: UsageLimits) -> None:
        self._limits = limits
        self._read = 0
        self._documents = 0

    def read(self, size: int) -> None:
        """Counts bytes that came from the database. Raises `ReadTooLarge` where they are more by then than may be read:
        they aren't decoded, and no more are asked for."""
        self._read += size
        if self._read > self._limits.read:
            raise ReadTooLarge(
                f"The operation read more than {self._limits.read:,} bytes: ask for fewer elements at a time, or for "
                "less of each."
            )

    def decoded(self, documents: int) -> None:
        """Counts the documents that were in bytes read."""
        self._documents += documents

    @property
    def points(self) -> int:
        """The points of the bytes, besides those of the documents."""
        return max(0, self._read - BYTES_OF_DOCUMENT * self._documents) // BYTES_READ


def answer_points(size: int, points: int) -> int:
    """The points of an answer's bytes, as they are before they are compressed, besides ``points`` that it costs
    anyway."""
    return max(0, size - BYTES_ANSWERED * points) // BYTES_ANSWERED
