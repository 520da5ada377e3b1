"""Documents as the database sent them, for whoever reads their bytes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, overload

Document = Mapping[str, Any]
Decode = Callable[[bytes], Iterator[Sequence[Document]]]


class UndecodedBatches:
    """All documents that one command gave: batches of BSON, one behind the other.

    ``count``: how many documents they have. ``decode``: gives those of a batch, piece by piece where it is long;
    ``decode_cut``: the same of documents that are cut out of these, None: as of these.
    """

    __slots__ = ("batches", "count", "decode", "decode_cut")

    def __init__(self, batches: Sequence[bytes], count: int, decode: Decode, decode_cut: Decode | None = None) -> None:
        self.batches = batches
        self.count = count
        self.decode = decode
        self.decode_cut = decode_cut or decode

    def decoding(self) -> Iterator[list[Document] | None]:
        """None while there is more to decode, after each piece, and then the documents; raises what ``decode`` does
        where anything isn't BSON in any of the batches."""
        decoded: list[Document] = []
        for batch in self.batches:
            for piece in self.decode(batch):
                decoded += piece
                yield None
        yield decoded

    def known_by(self, path: str, texts: Sequence[str]) -> "list[UndecodedDocument]":
        """Each of them with the text that it has at a path."""
        return [UndecodedDocument(self, number, path, text) for number, text in enumerate(texts)]

    def cut(self, batch: bytes, count: int) -> "UndecodedBatches":
        """Documents that are parts of these."""
        return UndecodedBatches((batch,), count, self.decode_cut)


class UndecodedDocuments(Sequence[Document]):
    """Those documents of batches that were ``picked``, by their numbers; a slice of them is of the same batches."""

    __slots__ = ("picked", "whole")

    def __init__(self, whole: UndecodedBatches, picked: range) -> None:
        self.whole = whole
        self.picked = picked

    def __len__(self) -> int:
        return len(self.picked)

    @overload
    def __getitem__(self, place: int) -> Document: ...

    @overload
    def __getitem__(self, place: slice) -> "UndecodedDocuments": ...

    def __getitem__(self, place: int | slice) -> "Document | UndecodedDocuments":
        if isinstance(place, slice):
            return UndecodedDocuments(self.whole, self.picked[place])
        return self.decoded()[place]

    def decoded(self) -> list[Document]:
        """These documents; raises as `UndecodedBatches.decoding`."""
        *_, documents = self.whole.decoding()
        assert documents is not None
        return self.of(documents)

    def of(self, documents: Sequence[Document]) -> list[Document]:
        """Those that these are of all, decoded."""
        return [documents[number] for number in self.picked]


class UndecodedDocument(Mapping[str, Any]):
    """The document of a ``number`` among those of batches, of which the ``text`` at ``path`` is known; all of them are
    decoded for whoever reads anything else of it.

    ``type_name``: where it was looked for among several types, the declared name of its own.
    """

    __slots__ = ("_path", "_text", "number", "type_name", "whole")

    def __init__(self, whole: UndecodedBatches, number: int, path: str, text: str, type_name: str = "") -> None:
        self.whole = whole
        self.number = number
        self.type_name = type_name
        self._path = path
        self._text = text

    def of_type(self, name: str) -> "UndecodedDocument":
        """The same as one of this type among several."""
        return UndecodedDocument(self.whole, self.number, self._path, self._text, name)

    @property
    def picked(self) -> range:
        """As of `UndecodedDocuments`."""
        return range(self.number, self.number + 1)

    def __getitem__(self, name: str) -> Any:
        return self._text if name == self._path else self.decoded()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.decoded())

    def __len__(self) -> int:
        return len(self.decoded())

    def decoded(self) -> Document:
        """This document; raises as `UndecodedBatches.decoding`."""
        return UndecodedDocuments(self.whole, self.picked).decoded()[0]


Undecoded: TypeAlias = UndecodedDocuments | UndecodedDocument
"""Documents of the same batches, which ``picked`` says of them, or one alone."""
