"""Documents that are looked up by several ids, each of which another program may have stored any number of times."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.plan.commands import Aggregation, Document, Scan


@dataclass(frozen=True, slots=True)
class FirstOfEach(Aggregation[Sequence[Document]]):
    """For each value that ``scan`` looks up the latest document that has it.

    ``key``: the path of these values, which are ids; ``hint``: the index of that path, by times. In the order of that
    index MongoDB passes over all but the first with a value. Gives the list of documents.
    """

    scan: Scan
    key: str
    projection: Document

    @property
    def most_rows(self) -> int:
        assert self.scan.lookup is not None, "it is looked up"
        return len(self.scan.lookup.values)

    @property
    def may_be_long(self) -> bool:
        return False

    @property
    def pipeline(self) -> list[Document]:
        return [
            {"$match": self.scan.filter},
            {"$sort": {self.key: 1, self.scan.kind.time_path: -1, "_id": -1}},
            {"$group": {"_id": f"${self.key}", "document": {"$first": "$$ROOT"}}},
            # A number ahead of a text and that ahead of an ObjectId, as the index has them.
            {"$sort": {"_id": 1}},
            {"$replaceWith": "$document"},
            {"$project": self.projection},
        ]

    def result(self, rows: Sequence[Document]) -> Sequence[Document]:
        return rows
