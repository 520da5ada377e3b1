"""Judgments as they are exported, loaded by ranx, ir_measures and trec_eval: each makes the same of them."""

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.clients.node import FOLDER
from tests.clients.python_environment import installed
from tests.harness.gateway_process import serving
from tests.harness.waiting import PATIENCE

TOOLS = ("ranx==0.3.21", "ir-measures==0.4.3", "pytrec-eval-terrier==0.5.11")
# By query, the items and how often each was clicked of three views.
CLICKS = {
    "Red  Shoes": {"a": 3, "b 1": 0, "c%20": 1},
    "näh\tgarn": {"d": 0, "e/é": 2},
    'say "x", y': {"f": 1},
}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has the tools."""
    return installed(tmp_path_factory.mktemp("tools"), *TOOLS)


def recordings() -> list[dict[str, Any]]:
    interactions = []
    for text, clicked in CLICKS.items():
        request = {
            "searchRequestId": text,
            "queries": [{"vectorIndex": "TEXT", "type": "TEXT", "value": text}],
            "collections": ["c"],
        }
        for position, (item, clicks) in enumerate(clicked.items()):
            types = ["VIEW"] * 3 + ["CLICK"] * clicks
            interactions += [
                {"featureId": item, "interactionType": type_, "position": position, "searchRequest": request}
                for type_ in types
            ]
    return interactions


def test_they_load_what_is_exported(mongod: EmbeddedServer, python: Path, tmp_path: Path) -> None:
    with serving(mongod.uri) as gateway:
        gateway.record(*recordings())
        address = gateway.url.replace("/graphql", "/export")
        for format in ("qrels", "topics", "ranx"):
            answer = httpx.get(address, params={"format": format}, headers=gateway.headers, timeout=PATIENCE)
            assert answer.status_code == 200, answer.text
            (tmp_path / format).write_bytes(answer.content)
        query = "{ judgments { nodes { query feature { featureId } grade } } }"
        judged = gateway.data(query)["judgments"]["nodes"]
    files = [str(tmp_path / format) for format in ("qrels", "topics", "ranx")]
    done = subprocess.run(
        [str(python), str(FOLDER / "judgment_tools.py"), *files],
        capture_output=True,
        text=True,
        # ranx compiles what it loads by, which takes half a minute of a processor.
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert sorted(told["topics"].values()) == sorted({node["query"] for node in judged})
    grades = {
        (told["topics"][number], item): grade
        for number, items in told["grades"].items()
        for item, grade in items.items()
    }
    encoded = {"b 1": "b%201", "c%20": "c%2520"}
    assert grades == {
        (node["query"], encoded.get(node["feature"]["featureId"], node["feature"]["featureId"])): node["grade"]
        for node in judged
    }
    assert set(grades.values()) == {0, 1}
    # Each of them measures the same.
    by_query = told["trec_eval"].values()
    for measure, name in (("nDCG@10", "ndcg"), ("RR", "recip_rank")):
        mean = sum(values[name] for values in by_query) / len(by_query)
        assert told["ir_measures"][measure] == pytest.approx(mean)
    assert told["ranx"]["trec"] == told["grades"]
    decoded = {name: item for item, name in encoded.items()}
    assert told["ranx"]["json"] == {
        number: {decoded.get(item, item): grade for item, grade in items.items()}
        for number, items in told["grades"].items()
    }
