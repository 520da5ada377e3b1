"""What pipelines make of ids, beside what Python makes of the same."""

from typing import Any

from bson import Code, Decimal128, Int64, ObjectId

from gateway.insights.stored_values import id_text, id_values
from gateway.model import document_ids
from gateway.store.client import Database, aggregate
from tests.generators.odd_bson import ODD_VALUES

HEX = "6631f1c0a7b2c3d4e5f60718"
STORED = [*ODD_VALUES, ObjectId(HEX), HEX, [ObjectId(HEX)], Decimal128("7.0"), 2.0**63, Int64(2**63 - 1)]
TEXTS = [
    *("", "x", "0", "-0", "-1", "007", "1.0", " 7", str(2**63), str(2**63 - 1), str(-(2**63))),
    *(HEX, HEX.upper(), f"{HEX[:-1]}F", f" {HEX[1:]}", f"{HEX}0", HEX[1:], "1" * 24, "twelve bytes", "é" * 24),
]


async def made(database: Database, values: list[Any], expression: Any) -> list[Any]:
    await database["values"].insert_many([{"_id": number, "v": value} for number, value in enumerate(values)])
    stages = [{"$sort": {"_id": 1}}, {"$project": {"made": expression}}]
    return [row["made"] async for row in await aggregate(database["values"], stages)]


async def test_an_id_reads_as_it_does_in_python(database: Database) -> None:
    expected = [document_ids.id_text(value) for value in STORED]
    assert await made(database, STORED, id_text("$v")) == expected
    assert expected.count(HEX) == 2
    assert not any(isinstance(value, Code) and text for value, text in zip(STORED, expected, strict=True))


async def test_an_id_is_looked_for_under_the_values_that_python_looks_for(database: Database) -> None:
    expected = [list(document_ids.id_spellings([text])) for text in TEXTS]
    assert await made(database, TEXTS, id_values("$v")) == expected
    several = {text: values for text, values in zip(TEXTS, expected, strict=True) if len(values) > 1}
    assert several.keys() == {"0", "-1", str(2**63 - 1), str(-(2**63)), HEX, "1" * 24}
    assert several[HEX] == [HEX, ObjectId(HEX)]
