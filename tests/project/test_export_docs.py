"""Every example of docs/export.md, run by a shell as it stands there; and what the page says of formats."""

import asyncio
import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.interchange.export_formats import ExportFormat
from gateway.store.client import close, open_client
from tests.harness.gateway_process import GatewayProcess, address_of, inhabited, running
from tests.harness.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
COUNT = 150


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell in a folder of its own, in which ``gateway`` is this one."""

    folder: Path
    environment: dict[str, str]

    def run(self, command: str) -> None:
        script = f'set -eu\ngateway() {{ "{sys.executable}" -m gateway "$@"; }}\n{command}'
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"

    def lines(self, name: str) -> list[str]:
        return (self.folder / name).read_text().splitlines()


@pytest.fixture(scope="module")
def shell(mongod: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    database = f"test_{uuid4().hex}"
    with running(mongod.uri, database) as (process, log):
        key, namespace = asyncio.run(inhabited(mongod.uri, database))
        gateway = GatewayProcess(address_of(process, log), key, namespace.name)
        request = {"queries": [{"vectorIndex": "TEXT", "type": "TEXT", "value": "Shoes"}], "collections": ["products"]}
        gateway.record(
            *(
                {
                    "interactionId": f"i{number}",
                    "featureId": f"sku-{number % 3}",
                    "interactionType": "CLICK" if number % 3 == 1 else "VIEW",
                    "position": number % 3,
                    "searchRequest": request,
                    "occurredAt": f"2024-05-0{1 + number % 9}T12:00:00Z",
                }
                for number in range(COUNT)
            )
        )
        environment = os.environ | {
            "GATEWAY_MONGODB_URI": mongod.uri,
            "GATEWAY_MONGODB_DATABASE": database,
            "URL": gateway.url.removesuffix("/graphql"),
            "KEY": key,
            "PYTHONPATH": str(ROOT),
        }
        yield Shell(tmp_path_factory.mktemp("shell"), environment)

    async def drop() -> None:
        client = open_client(mongod.uri)
        await client.drop_database(database)
        await close(client)

    asyncio.run(drop())


def test_the_examples_do_what_the_page_says(shell: Shell) -> None:
    for command in COMMANDS:
        shell.run(command)
    assert shell.lines("shop.jsonl") == shell.lines("all.jsonl")
    assert len(shell.lines("shop.jsonl")) == COUNT + 1
    begun = shell.lines("begun.jsonl")
    token = next(number for number, line in enumerate(begun) if "export_token" in line)
    assert [line for line in begun if "export_token" not in line] == shell.lines("shop.jsonl")
    assert begun[:token] + shell.lines("rest.jsonl") == shell.lines("shop.jsonl")
    clicks = list(csv.DictReader(shell.lines("clicks.csv")))
    assert {row["interaction_type"] for row in clicks if row["interaction_id"]} == {"click"}
    assert len(shell.lines("pages.csv")) == COUNT + 2
    assert len(shell.lines("sku-1.ndjson")) == 2 * (COUNT // 3 + 1)
    [topic] = shell.lines("topics.tsv")
    number, text = topic.split("\t")
    assert text == "shoes"
    assert {line.split()[0] for line in shell.lines("judgments.qrels")} == {number}
    [judged] = json.loads((shell.folder / "judgments.json").read_text())["judgmentRatings"]
    assert {rating["docId"] for rating in judged["ratings"]} == {"sku-0", "sku-2"}


def test_every_format_is_named() -> None:
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", TEXT, re.MULTILINE)
    assert re.findall(r"`(\w+)`", " ".join(rows)) == [format.value for format in ExportFormat]
