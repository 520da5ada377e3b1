"""What joins are made of, read of undecoded documents: what Python reads of the same, decoded, or nothing."""

import random
import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from bson import Binary, Decimal128, Int64, ObjectId
from bson.errors import BSONError

from gateway.compiler.native_backend.extension import EXTENSION
from gateway.compiler.native_backend.undecoded_joins import ids_at, joined
from gateway.context import Namespace, Reach
from gateway.model.kinds import INTERACTION
from gateway.plan import fetched_pages
from gateway.plan.commands import Scan
from gateway.plan.joins import Join
from tests.harness.decoded import stored
from tests.harness.undecoded import undecoded_documents

pytestmark = pytest.mark.skipif(EXTENSION is None, reason="the native extension isn't installed")

_SCAN = Scan(Reach(Namespace("ns", "own", "org", datetime(2024, 5, 1, tzinfo=UTC))), INTERACTION, intervals=({}, {}))
_ODD: Sequence[Any] = (
    None,
    True,
    5,
    Int64(-5),
    5.0,
    5.5,
    "",
    "a",
    "é\x00",
    [],
    ["a", 5],
    [5],
    [["b"], {"id": "c"}],
    {},
    {"id": "a"},
    {"id": {"id": "a"}},
    ObjectId(bytes(12)),
    Binary.from_uuid(UUID(int=1)),
    Decimal128("5"),
    datetime(2024, 5, 1, tzinfo=UTC),
)


def _row(key: Any, number: int, part: Any = 0) -> dict[str, Any]:
    return {"key": key, "part": part, "document": {"n": number}}


def _joined(rows: Sequence[bytes], limit: int = 3) -> Mapping[str, list[Any]] | None:
    """What is cut of rows in two batches, decoded: what Python makes of them; or None."""
    half = len(rows) // 2
    documents = undecoded_documents(b"".join(rows[:half]), b"".join(rows[half:]))
    cut = joined(documents.whole, limit)
    if cut is None:
        return None
    by_key = {key: of_key.decoded() for key, of_key in cut.items()}
    assert by_key == Join(_SCAN, "path", (), {}, (), limit).result(documents.decoded())
    assert list(by_key) == list(cut)
    return by_key


def test_rows_of_several_parts_are_cut_by_key_in_the_order_of_the_parts() -> None:
    rows = [_row("b", 1), _row("a", 2), _row("b", 3, 1), _row(["5", 5], 4), _row("a", 5, 1), _row("a", 6, 1)]
    by_key = _joined([stored(row) for row in rows], limit=2)
    assert by_key == {"b": [{"n": 1}, {"n": 3}], "a": [{"n": 2}, {"n": 5}], "5": [{"n": 4}]}
    assert _joined([]) == {}


@pytest.mark.parametrize("odd", _ODD, ids=repr)
def test_odd_rows_are_left_to_python(odd: Any) -> None:
    plain = stored(_row("a", 1))
    assert (_joined([plain, stored(_row(odd, 2))]) is not None) is (
        isinstance(odd, str) or (isinstance(odd, list) and odd[:1] == ["a"])
    )
    assert (_joined([plain, stored(_row("a", 2, odd))]) is not None) is (type(odd) in (int, Int64))
    assert (_joined([plain, stored({**_row("a", 2), "document": odd})]) is not None) is isinstance(odd, dict)
    assert _joined([plain, stored({**_row("a", 2), "other": odd})]) is None


@pytest.mark.parametrize("name", ["key", "part", "document"])
def test_rows_without_a_part_of_theirs_or_with_two_are_left_to_python(name: str) -> None:
    row = _row("a", 1)
    raw, again = stored(row), stored({name: row[name]})[4:-1]
    twice = struct.pack("<i", len(raw) + len(again)) + raw[4:-1] + again + b"\0"
    assert _joined([raw, twice]) is None
    del row[name]
    assert _joined([raw, stored(row)]) is None


def test_rows_with_what_may_be_references_are_left_to_python() -> None:
    # The driver makes another object of such a document within a row than of one by itself.
    for document in ({"$ref": "c", "$id": 1}, {"n": [{"$ref": 5}]}, {"n": "$ref"}):
        assert _joined([stored(_row("a", 1)), stored({**_row("a", 2), "document": document})]) is None
    assert _joined([stored({**_row("a", 2), "document": {"n": "$refs", "$re": "ref"}})]) is not None


def test_rows_that_are_no_bson_are_left_to_python() -> None:
    raw = stored(_row("a", 1))
    assert all(_joined([raw, raw[:end]]) is None for end in range(1, len(raw)))
    chance, cut = random.Random(0), 0
    for _ in range(3_000):
        changed = bytearray(raw)
        changed[chance.randrange(len(raw))] = chance.randrange(256)
        try:
            cut += _joined([raw, bytes(changed)]) is not None
        except BSONError:
            # As it fails where it is decoded: it is cut without a look at what is within documents.
            cut += 1
    assert cut > 100


@pytest.mark.parametrize("path", ["id", "id.id", "id.id.id", "other"])
def test_ids_are_read_as_python_reads_them_or_not_at_all(path: str) -> None:
    read = 0
    for odd in _ODD:
        for other in _ODD:
            raw = [stored({"id": value, "x": 1}) for value in (odd, other, odd)]
            documents = undecoded_documents(raw[0] + raw[1], raw[2])
            ids = ids_at([documents[2:], documents[:2][::-1], documents[:0]], path)
            if ids is not None:
                read += 1
                decoded = documents.decoded()
                assert ids == fetched_pages.ids_at([decoded[2], decoded[1], decoded[0]], path)
    assert read > 10


def test_ids_of_what_no_page_has_are_not_read() -> None:
    documents = undecoded_documents(stored({"id": "a"}) + stored({"id": "b"}), stored({"id": 5}))
    assert ids_at([documents[1:2], documents[:1]], "id") == ["b", "a"]
    other = undecoded_documents(stored({"id": "a"}) + stored({"id": "c"}))
    assert ids_at([documents[:2], other], "id") == ["a", "b", "c"]


def test_ids_under_a_key_that_is_there_twice_are_left_to_the_driver() -> None:
    raw, again = stored({"id": "a"}), stored({"id": "b"})[4:-1]
    twice = struct.pack("<i", len(raw) + len(again)) + raw[4:-1] + again + b"\0"
    assert ids_at([undecoded_documents(twice)], "id") is None
    assert ids_at([undecoded_documents(twice)], "other") == []
