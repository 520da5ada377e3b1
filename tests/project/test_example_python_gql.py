"""examples/python-gql, run as its README says, against a running gateway."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_process import serving
from tests.harness.waiting import PATIENCE

EXAMPLE = Path(__file__).parents[2] / "examples" / "python-gql"
LATEST = "{ interactions(first: 100) { nodes { interactionId } } }"


@pytest.mark.slow
def test_it_pages_records_and_hears_of_it(mongod: EmbeddedServer) -> None:
    with serving(mongod.uri) as gateway:
        gateway.record(
            *(
                {
                    "interactionId": f"i{number}",
                    "featureId": "f",
                    "interactionType": "VIEW",
                    "occurredAt": f"2025-05-01T12:{number // 2:02}:00Z",
                }
                for number in range(18)
            )
        )
        before = [node["interactionId"] for node in gateway.data(LATEST)["interactions"]["nodes"]]
        variables = {"GATEWAY_URL": gateway.url, "GATEWAY_KEY": gateway.key, "GATEWAY_NAMESPACE": gateway.namespace}
        done = subprocess.run(
            [sys.executable, "-W", "error", EXAMPLE / "interactions.py"],
            env=os.environ | variables,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        after = [node["interactionId"] for node in gateway.data(LATEST)["interactions"]["nodes"]]
    assert (done.returncode, done.stderr) == (0, "")
    summary = json.loads(done.stdout)
    assert summary["first"] == before[:5]
    assert summary["list"] == before[:15]
    assert after == [summary["recorded"], *before]
    assert summary["created"] == [True, False]
    assert summary["received"] == [summary["recorded"]]


def test_the_version_that_it_asks_for_is_the_one_tested() -> None:
    constraints = (EXAMPLE.parent.parent / "constraints.txt").read_text().splitlines()
    [required] = (EXAMPLE / "requirements.txt").read_text().split()
    assert required.replace("[httpx,websockets]", "") in constraints
