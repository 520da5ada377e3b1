"""What joins are made of, read of documents that stay undecoded; None where that is left to Python."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import attrgetter

from gateway.compiler.native_backend.extension import EXTENSION
from gateway.model.undecoded_documents import Undecoded, UndecodedBatches, UndecodedDocument, UndecodedDocuments


def joined(rows: UndecodedBatches, limit: int) -> Mapping[str, UndecodedDocuments] | None:
    """What `gateway.plan.joins.Join` makes of its rows, up to ``limit`` documents of each key."""
    cut = EXTENSION.joined(rows.batches, limit) if EXTENSION is not None else ""
    if isinstance(cut, str):
        return None
    batch, counts = cut
    documents = rows.cut(batch, rows.count)
    by_key, start = {}, 0
    for key, count in counts:
        by_key[key] = UndecodedDocuments(documents, range(start, start + count))
        start += count
    return by_key


def ids_at(documents: Iterable[Undecoded], path: str) -> list[str] | None:
    """What `gateway.plan.fetched_pages.ids_at` reads at a path of all of these, where each has a string there, or
    nothing."""
    ids = dict[str, None]()
    # Those of one command stand side by side.
    for whole, of_it in groupby(documents, attrgetter("whole")):
        ranges = [(picked.start, picked.stop, picked.step) for picked in map(attrgetter("picked"), of_it)]
        read = EXTENSION.ids_at(whole.batches, ranges, path) if EXTENSION is not None else ""
        if isinstance(read, str):
            return None
        ids |= dict.fromkeys(read)
    return list(ids)


def looked_up(documents: UndecodedBatches, path: str) -> list[UndecodedDocument] | None:
    """Documents with the id that each has at a path, where that is a string."""
    texts = EXTENSION.texts_at(documents.batches, path) if EXTENSION is not None else ""
    return None if isinstance(texts, str) else documents.known_by(path, texts)
