"""What another program wrote into MongoDB, adopted: a copy of each document that can be, once, and the others named."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from bson import Decimal128, Int64, ObjectId
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.interchange.adoption import Adoption
from gateway.interchange.document_shapes import DocumentShape
from gateway.interchange.field_mapping import assignments
from gateway.interchange.imports import Import
from gateway.interchange.jsonl import WireLines
from gateway.interchange.temporary_database import temporary_database
from gateway.store.client import Database
from gateway.store.foreign_documents import ForeignDocuments
from gateway.store.tenancy import Tenancy
from gateway.store.writer import Writer
from tests.harness.blocking_database import BlockingDatabase
from tests.harness.waiting import PATIENCE, eventually

AT = datetime(2024, 5, 1, 12, tzinfo=UTC)
WHERE = ("--organization", "Acme", "--namespace", "shop")
MANY = 2_500
SEARCH = {"queries": [], "collections": ["c"]}


@pytest.fixture
def database(mongod: EmbeddedServer, database_name: str) -> Iterator[BlockingDatabase]:
    database = BlockingDatabase(mongod.uri, database_name)
    yield database
    database.drop()


def adopt(database: BlockingDatabase, *options: str, collection: str = "events") -> Result:
    arguments = ["adopt", "--collection", collection, *WHERE, "--create", *options]
    return CliRunner().invoke(app, arguments, env=database.environment)


def adopted(database: BlockingDatabase, *options: str) -> Any:
    result = adopt(database, "--json", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def event(id: Any, **others: Any) -> dict[str, Any]:
    return {"_id": id, "feature_id": "p1", "interaction_type": "view", "occurred_at": AT, **others}


def test_documents_in_either_shape_are_copied_and_left_as_they_are(database: BlockingDatabase) -> None:
    written = [
        event("wire", position=2, session_id="s", own={"free": [1, Decimal128("2.5")]}),
        {"_id": "graph", "featureId": "p2", "interactionType": "CLICK", "occurredAt": AT, "durationMs": 3},
        event("its own id", interaction_id="i", search_request_id="r"),
        {
            "_id": "searched",
            "occurred_at": AT,
            "search_request_id": "r",
            "search_request": {"queries": [], "collections": ["c"]},
        },
    ]
    database.insert("events", *written)
    before = database.all("events")
    report = adopted(database)
    assert (report["lines"], report["imported"], report["queryRows"], report["skipped"]) == (4, 3, 1, {})
    assert database.all("events") == before
    stored = {document["interaction_id"]: document for document in database.all("interactions")}
    assert stored.keys() == {"wire", "graph", "i"}
    assert stored["wire"]["own"] == {"free": [1, 2.5]}
    assert stored["graph"]["duration_ms"] == 3
    assert stored["i"]["search_request"] == SEARCH
    assert {document["occurred_at"].replace(tzinfo=UTC) for document in stored.values()} == {AT}
    # Whatever the gateway needs is there.
    check = CliRunner().invoke(app, ["conditions", "check"], env=database.environment)
    assert (check.exit_code, check.stdout) == (0, "4 documents checked, 0 wrong.\n")


def test_fields_are_mapped_from_any_depth_and_type(database: BlockingDatabase) -> None:
    day = datetime(2024, 5, 2, tzinfo=UTC)
    written = {
        "_id": ObjectId.from_datetime(day),
        "what": "bought",
        "item": {"ids": [Int64(7), 8]},
        "place": "3",
        "who": UUID(int=1),
        "a.b": "dotted",
        "search": {"text": "red shoes", "found": 12},
    }
    database.insert("events", written)
    report = adopted(
        database,
        *("--type", "purchase", "--map", "item.ids.0=feature_id", "--map", "place=position", "--map", "who=userId"),
        *("--map", "search.text=searchRequest.queries.0.value", "--map", "search.found=search_request.result_count"),
        *("--map", "what=metadata.kind", "--map", "a.b=metadata.dotted"),
    )
    assert (report["imported"], report["timesOfIds"]) == (1, 1)
    [stored] = database.all("interactions")
    assert (stored["feature_id"], stored["interaction_type"], stored["position"]) == ("7", "purchase", 3)
    assert (stored["user_id"], stored["interaction_id"]) == (str(UUID(int=1)), str(written["_id"]))
    assert stored["metadata"] == {"kind": "bought", "dotted": "dotted"}
    assert (stored["query_text"], stored["search_request"]["result_count"]) == ("red shoes", 12)
    assert stored["occurred_at"].replace(tzinfo=UTC) == day
    # What isn't mapped as a whole is kept.
    assert stored["item"] == {"ids": [7, 8]}


def test_what_cannot_be_adopted_is_named_with_why(database: BlockingDatabase, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.jsonl"
    database.insert(
        "events",
        event(1),
        event("a\nb", position="first"),
        {"_id": {"x": 1}, "feature_id": "p1"},
        event(5, interaction_id="1", feature_id="other"),
    )
    result = adopt(database, "--rejects", str(rejects))
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "4 documents: 1 interactions adopted, 0 there already, 3 skipped; 0 search requests."
    assert {"  2 × BAD_USER_INPUT", "  1 × CONFLICT"} <= set(lines)
    told = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert {document["document"]: document["path"] for document in told} == {
        '"a\\nb"': ["position"],
        '{"x": 1}': ["interaction_type"],
        "5": ["interaction_id"],
    }
    assert all(json.loads(document["content"])["feature_id"] for document in told)
    assert any(line.startswith('  document {"x": 1}: interaction_type: ') for line in lines)


def test_ids_of_any_type_are_adopted_once_however_often_it_runs(database: BlockingDatabase) -> None:
    ids = [None, 1.5, *range(MANY), "text", UUID(int=1), ObjectId(), AT, True]
    database.insert("events", *map(event, ids))
    report = adopted(database, "--map", "_id=metadata.id")
    assert (report["lines"], report["imported"], report["skipped"]) == (len(ids), len(ids), {})
    assert len({document["interaction_id"] for document in database.all("interactions")}) == len(ids)
    again = adopted(database, "--map", "_id=metadata.id")
    assert (again["imported"], again["existing"]) == (0, len(ids))
    database.insert("events", event("one more"))
    assert adopted(database, "--map", "_id=metadata.id")["imported"] == 1


def test_a_dry_run_records_and_makes_nothing(database: BlockingDatabase) -> None:
    database.insert("events", event(1), {"_id": 2})
    report = adopted(database, "--dry-run")
    assert (report["dryRun"], report["imported"], len(report["skippedDocuments"])) == (True, 1, 1)
    for collection in ("interactions", "namespaces", "organizations"):
        assert database.all(collection) == []


@pytest.mark.parametrize(
    ("options", "collection", "status", "told"),
    [
        ((), "evnts", 1, "has no collection 'evnts'; did you mean 'events'?"),
        ((), "interactions", 1, "the gateway's own"),
        ((), "keys", 1, "the gateway's own"),
        (("--map", "sku"), "events", 2, "--map"),
        (("--map", "sku=featureID"), "events", 2, "feature"),
        (("--after", "abc"), "events", 2, "--after"),
        (("--database", "nowhere"), "events", 1, "has no collection"),
        (("--map", "x=feature_id", "--type", "view"), "wrong", 1, "nothing of wrong"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(
    options: tuple[str, ...], collection: str, status: int, told: str, database: BlockingDatabase
) -> None:
    database.insert("events", event(1))
    database.insert("wrong", {"_id": 1, "y": 1})
    result = adopt(database, *options, collection=collection)
    assert (result.exit_code, told in result.stderr) == (status, True), result.output
    assert database.all("interactions") == []


def test_a_namespace_that_is_not_there_is_made_only_on_demand(database: BlockingDatabase) -> None:
    database.insert("events", event(1))
    arguments = ["adopt", "--collection", "events", *WHERE]
    result = CliRunner().invoke(app, arguments, env=database.environment)
    assert (result.exit_code, "--create" in result.stderr) == (1, True)


def test_what_was_stopped_goes_on_from_the_last_document(database: BlockingDatabase) -> None:
    database.insert("events", *map(event, range(MANY)))

    async def adopt_a_page(gateways: Database) -> Any:
        with temporary_database() as memory:
            adoption = Adoption(
                ForeignDocuments(gateways, "events"), DocumentShape(assignments([])), moved=lambda _: adoption.stop()
            )
            await adoption.run(Import(Writer(gateways), namespace, memory), WireLines(memory))
            return adoption.last

    CliRunner().invoke(app, ["namespaces", "create", "shop", "--organization", "Acme"], env=database.environment)
    namespace = database.run(_namespace)
    last = database.run(adopt_a_page)
    assert 0 < len(database.all("interactions")) < MANY
    report = adopted(database, "--after", str(last))
    assert (report["existing"], report["imported"] + 1 + last) == (1, MANY)
    assert len(database.all("interactions")) == MANY


async def _namespace(gateways: Database) -> Any:
    tenancy = Tenancy(gateways)
    owner = await tenancy.organization("Acme")
    return await tenancy.find_namespace(owner.id, "shop")


def test_ctrl_c_says_how_far_it_came_and_how_it_goes_on(database: BlockingDatabase) -> None:
    database.insert("events", *map(event, range(20 * MANY)))
    command = [sys.executable, "-m", "gateway", "adopt", "--collection", "events", *WHERE, "--create"]
    process = subprocess.Popen(
        command, env=os.environ | database.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    eventually(lambda: database.run(_count))
    process.send_signal(signal.SIGINT)
    printed, noted = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, noted
    assert "Traceback" not in noted
    last = noted.rsplit("--after '", 1)[1].split("'")[0]
    recorded = {int(document["interaction_id"]) for document in database.all("interactions")}
    assert recorded == set(range(int(last) + 1))
    assert printed.startswith(f"{len(recorded):,} documents: {len(recorded):,} interactions adopted")


async def _count(gateways: Database) -> int:
    return await gateways["interactions"].estimated_document_count()
