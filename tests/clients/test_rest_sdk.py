"""The original service's own SDK for Python, unchanged; and schemathesis, which sends all that /openapi.json allows."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.clients.node import FOLDER
from tests.clients.python_environment import installed
from tests.harness.gateway_process import serving

SDK = "mixpeek==0.14.0"
SCHEMATHESIS = "schemathesis==4.32.5"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has the SDK."""
    return installed(tmp_path_factory.mktemp("sdk"), SDK)


def test_it_creates_lists_reads_and_deletes(mongod: EmbeddedServer, python: Path) -> None:
    with serving(mongod.uri) as gateway:
        environment = {"SERVER_URL": gateway.url.removesuffix("/graphql"), "KEY": gateway.key}
        done = subprocess.run(
            [python, FOLDER / "rest_sdk.py"],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["health"] == "OK"
    created = told["created"]
    assert created == told["read"]
    # Its model of metadata has no fields: they are dropped ahead of being sent.
    assert created == told["sent"] | {"metadata": {}, "interaction_id": created["interaction_id"]}
    ids = told["ids"]
    assert told["pages"] == [ids[:4], ids[4:8], ids[8:12], []]
    assert told["first page"] == ids[:10]
    assert told["of feature"] == [ids[2]]
    assert told["of type"] == [created["interaction_id"]]
    assert told["of session"] == ids
    assert told["errors"] == {"deleted": 404, "key": 401, "namespace": 403, "type": 422}
    assert told["namespaces"] == ["reviews", "shop"]
    assert told["namespace"]["namespace_name"] == told["updated"]["namespace_name"] == "reviews"
    assert told["namespace"] == told["namespace by id"]
    assert told["elsewhere"] == 1
    assert "text" in told["indexes"]


def test_it_answers_as_it_is_described(mongod: EmbeddedServer, tmp_path: Path) -> None:
    python = installed(tmp_path, SCHEMATHESIS)
    # What a description can't say: that a page has only so many ahead of it, and that what is named is recorded.
    options = ["--exclude-checks", "positive_data_acceptance", "--phases", "coverage,fuzzing"]
    options += ["--max-examples", "10", "--seed", "1", "--no-color"]
    with serving(mongod.uri) as gateway:
        done = subprocess.run(
            [
                str(python.with_name("schemathesis")),
                "run",
                gateway.url.replace("/graphql", "/openapi.json"),
                *("--header", f"Authorization: Bearer {gateway.key}"),
                *options,
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
    assert done.returncode == 0, done.stdout
    assert "21 selected / 21 total" in done.stdout
