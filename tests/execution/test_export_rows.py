"""Exports whose lines stay as they stand in answers: the same bytes as where all is read."""

import asyncio
from collections.abc import Mapping
from itertools import islice, product
from typing import Any

import orjson
import pytest
from bson import Code, DatetimeMS, DBRef, Decimal128, Int64, ObjectId

from gateway.compiler.native_backend.extension import EXTENSION
from gateway.execution.asked_operations import AskedOperations
from gateway.execution.export_documents import export_documents
from gateway.execution.export_pages import ExportPages, ExportPlace, ExportQuestion
from gateway.execution.export_rows import encoded_rows
from gateway.interchange.json_lines_writer import JsonLinesWriter
from gateway.model.exported_documents import EncodedLine, Part
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.observability.records import OperationRecord
from gateway.store.client import Database
from gateway.store.index_creation import create_indexes
from tests.generators.odd_bson import RECORDED_REQUEST
from tests.harness import prepared
from tests.harness.default_graph import EXECUTABLE
from tests.harness.exported_rows import FIELDS, same_rows
from tests.harness.two_back_ends import CONTEXT, Gateways, interaction, search_request

pytestmark = pytest.mark.skipif(EXTENSION is None, reason="the native extension isn't installed")

_WHERES: tuple[Any, ...] = (
    None,
    {"searchRequest": {"searchRequestId": {"in": ["r1", "r2", "stub"]}}},
    {"position": {"gte": 0}},
)
# Beside what is as it should be: what other programs may have stored.
_ODD: tuple[Mapping[str, Any], ...] = (
    {"interaction_id": 5},
    {"interaction_id": None},
    {"interaction_id": 'é"\\\n\u2028'},
    {"search_request_id": 7},
    {"search_request_id": None, "search_request": None},
    {"occurred_at": None},
    {"occurred_at": DatetimeMS(2**60)},
    {"metadata": {"n": float("nan"), "of": [float("inf")]}},
    {"metadata": {"n": Decimal128("1.50"), "code": Code("x"), "ref": DBRef("c", 1), "id": ObjectId()}},
    {"metadata": {"n": [Int64(2**62), 1e300, -0.0, 5e-324, 1.0], "text": "}]\\u0000\x00\x1f\x7f"}},
    {"shadowed": {"search_request_id": "stub", "occurred_at": "2024-05-01T14:00:00+02:00"}, "search_request": {}},
    {"shadowed": {"search_request_id": "r1", "search_request": None}, "session_id": "s"},
    {"shadowed": [1]},
    {"shadowed": {f"k{number}": number for number in range(40)}},
    {"search_request": {"search_request_id": 'own"', "session_id": "s"}, "session_id": "t"},
    {"search_request": [1], "search_request_id": 'own"'},
)


class _Asking:
    """Who neither leaves nor is observed."""

    def operation(self) -> OperationRecord:
        return prepared.new_record()

    async def left(self) -> None:
        await asyncio.Event().wait()

    async def wait(self, seconds: float) -> None:
        raise AssertionError("nothing has to be waited for")


async def _exported(
    operations: AskedOperations, question: ExportQuestion, size: int, *, native: bool = True
) -> tuple[bytes, int]:
    """The JSON lines of an export in pages of so many, and how many of the rows stayed encoded."""
    pages, place = ExportPages(operations, size, native=native), ExportPlace(question.first_part)
    writer, written, encoded = JsonLinesWriter(brings_searches=not question.tells_searches), b"", 0
    async for page in pages.pages(question, place, _Asking(), CONTEXT):
        written += writer.page(page.rows) + orjson.dumps([page.unreadable, page.place and page.place.token]) + b"\n"
        encoded += sum(isinstance(row, EncodedLine) for row in page.rows)
    return written, encoded


@pytest.mark.parametrize("where", _WHERES, ids=["everything", "search requests", "interactions"])
@pytest.mark.parametrize("is_odd", [False, True], ids=["plain", "odd"])
async def test_an_export_has_the_same_bytes_either_way(database: Database, where: Any, is_odd: bool) -> None:
    await create_indexes(database)
    position: dict[str, Any] = {"position": 1, "search_request": RECORDED_REQUEST}
    documents = [interaction(number, **position) for number in range(60)]
    searches = [search_request(number, search_request=RECORDED_REQUEST, session_id="s") for number in range(4)]
    searches += [search_request(9, search_request_id="stub", search_request={"search_request_id": "stub"}, stub=True)]
    if is_odd:
        documents += [interaction(100 + number, **{**position, **fields}) for number, fields in enumerate(_ODD)]
        searches += [search_request(50, search_request=None, session_id=5), search_request(51, search_request_id=5)]
    await database[INTERACTION.collection].insert_many(documents)
    await database[SEARCH_REQUEST.collection].insert_many(searches)
    gateways, texts = Gateways(database), export_documents(EXECUTABLE)
    by_size = {}
    for size in (1, 7, 100):
        exports = [
            await _exported(AskedOperations(runner, texts), ExportQuestion(where, encoded=encoded), size)
            for runner, encoded in product((gateways.native, gateways.other), (True, False))
        ]
        (first, encoded), *others = exports
        assert all(written == first for written, _ in others)
        assert encoded == others[1][1]
        assert others[0][1] == others[2][1] == 0
        by_size[size] = encoded
        switched_off = AskedOperations(gateways.other, texts), ExportQuestion(where, encoded=True), size
        assert await _exported(*switched_off, native=False) == (first, 0)
    # A page of one is read as an object only where it has to be.
    assert by_size[1] > 30
    assert is_odd or by_size[100] == by_size[1]
    assert "native" in gateways.responses.natively
    assert is_odd or len(gateways.responses.natively) == 1


_LINES: tuple[Any, ...] = (
    {},
    {"interaction_id": "i"},
    {"interaction_id": None, "search_request": None},
    {"interaction_id": 'é\u2028"\\', "search_request_id": "\x00\ud7ff", "n": [1.0, -0.0, 1e300, 2**63 - 1, True, None]},
    {"search_request_id": "r", "search_request": {"search_request_id": 5, "interaction_id": []}},
    {"a": {"interaction_id": "no"}, "b": '"interaction_id":"no"', "search_request_id": "r"},
)


def _answer(part: Part, nodes: Any, **page_info: Any) -> bytes:
    page = {"nodes": nodes, "pageInfo": {"hasNextPage": False, "endCursor": None, **page_info}}
    return orjson.dumps({"data": {FIELDS[part]: page}, "extensions": {"cost": {"actual": 1}}})


def test_rows_are_cut_out_of_answers_as_they_stand_there() -> None:
    searches: list[dict[str, Any]] = [
        *({"searchRequest": {"exported": line}} for line in _LINES),
        {"searchRequest": None},
        {},
    ]
    nodes = [{"exported": line} | search for line, search in product(_LINES, searches)]
    assert same_rows(Part.INTERACTIONS, _answer(Part.INTERACTIONS, nodes, hasNextPage=True, endCursor='c"é'))
    assert same_rows(Part.SEARCHES, _answer(Part.SEARCHES, [{"exported": line} for line in _LINES]))
    assert same_rows(Part.SEARCHES, _answer(Part.SEARCHES, []))


def test_what_is_otherwise_is_read_as_a_whole() -> None:
    whole = orjson.loads(_answer(Part.INTERACTIONS, [{"exported": _LINES[1]}]))
    for odd in (
        {**whole, "errors": []},
        {"data": None},
        {"data": {"interactions": None}},
        orjson.loads(_answer(Part.INTERACTIONS, [{"exported": _LINES[1]}, None])),
        orjson.loads(_answer(Part.INTERACTIONS, [{"exported": {"interaction_id": 5}}])),
        orjson.loads(_answer(Part.INTERACTIONS, [{"exported": {"search_request_id": {"$oid": "1"}}}])),
        orjson.loads(_answer(Part.INTERACTIONS, [{"exported": {}, "searchRequest": {"exported": [1]}}])),
    ):
        assert encoded_rows(Part.INTERACTIONS, orjson.dumps(odd)) is None
    whole_bytes = orjson.dumps(whole)
    assert encoded_rows(Part.INTERACTIONS, whole_bytes) is not None
    assert not any(encoded_rows(Part.INTERACTIONS, whole_bytes[:end]) for end in islice(range(len(whole_bytes)), 500))
