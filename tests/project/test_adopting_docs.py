"""The documents and the commands of docs/adopting.md: written and run as they stand there."""

import re
import shlex
from pathlib import Path

from bson import json_util
from typer.testing import CliRunner

from gateway.cli import app
from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.blocking_database import BlockingDatabase

TEXT = (Path(__file__).parents[2] / "docs" / "adopting.md").read_text(encoding="utf-8")
[DOCUMENTS] = re.findall(r"^```json\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
[COMMAND] = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
PRINTED, STOPPED = re.findall(r"^```text\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_the_example_is_adopted_as_it_says(mongod: EmbeddedServer, database_name: str) -> None:
    database, shop = BlockingDatabase(mongod.uri, database_name), BlockingDatabase(mongod.uri, f"{database_name}_shop")
    shop.insert("events", *[json_util.loads(line) for line in DOCUMENTS.splitlines()])
    program, *arguments = shlex.split(COMMAND.replace("\\\n", "").replace("--database shop", f"--database {shop.name}"))
    assert (program, arguments[0]) == ("gateway", "adopt")

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, arguments, env=database.environment)
        assert result.exit_code == 0, result.output
        return result.stdout

    try:
        assert run(*arguments) == PRINTED
        assert database.all("interactions") == []
        whole = [argument for argument in arguments if argument != "--dry-run"]
        for counts in ("2 interactions adopted, 0 there already", "0 interactions adopted, 2 there already"):
            assert counts in run(*whole)
        [last] = re.findall(r"--after '(.*?)'", STOPPED)
        assert run(*whole, "--after", last).startswith("1 documents: 0 interactions adopted, 1 there already")
        first, second = sorted(database.all("interactions"), key=lambda document: str(document["interaction_id"]))
        assert (first["feature_id"], first["interaction_type"], first["position"]) == ("p1", "click", 3)
        assert (first["user_id"], first["campaign"], first["query_text"]) == ("4711", "may", "red shoes")
        assert (second["feature_id"], second["metadata"]) == ("815", {"price": 9.9})
    finally:
        shop.drop()
        database.drop()
