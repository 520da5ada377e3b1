"""Documents as the database sent them, for whoever reads their bytes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, overload

Document = Mapping[str, Any]


class UndecodedDocuments(Sequence[Document]):
    """Documents of batches of BSON, one behind the other; a slice of them has the same batches.

    ``picked``: the numbers of these among all of the batches. ``decode``: gives the documents of a batch, piece by
    piece where it is long.
    """

    __slots__ = ("_decode", "batches", "picked")

    def __init__(
        self, batches: Sequence[bytes], picked: range, decode: Callable[[bytes], Iterator[Sequence[Document]]]
    ) -> None:
        self.batches = batches
        self.picked = picked
        self._decode = decode

    def __len__(self) -> int:
        return len(self.picked)

    @overload
    def __getitem__(self, place: int) -> Document: ...

    @overload
    def __getitem__(self, place: slice) -> "UndecodedDocuments": ...

    def __getitem__(self, place: int | slice) -> "Document | UndecodedDocuments":
        if isinstance(place, slice):
            return UndecodedDocuments(self.batches, self.picked[place], self._decode)
        return self.decoded()[place]

    def decoded(self) -> list[Document]:
        """These documents; raises what ``decode`` does where anything isn't BSON in any of the batches."""
        *_, documents = self.decoding()
        assert documents is not None
        return documents

    def decoding(self) -> Iterator[list[Document] | None]:
        """None while there is more to decode, after each piece, and then these documents."""
        decoded: list[Document] = []
        for batch in self.batches:
            for piece in self._decode(batch):
                decoded += piece
                yield None
        yield [decoded[number] for number in self.picked]
