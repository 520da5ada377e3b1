"""The GraphiQL page that `make graphiql` builds, in Chromium; its screenshots stay in build/screenshots."""

from pathlib import Path
from typing import Any

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.clients.node import run
from tests.harness.demo_process import running
from tests.harness.gateway_process import GatewayProcess, serving

QUIET: dict[str, list[str]] = {"complaints": [], "foreign": [], "failed": []}


def visit(chromium: str, gateway: GatewayProcess, scenario: str) -> dict[str, Any]:
    """What the script of that name tells, after the console was silent and nothing went elsewhere or failed."""
    told: dict[str, Any] = run("graphiql.mjs", gateway, chromium, scenario, seconds=300)
    assert {name: told[name] for name in QUIET} == QUIET
    return told


def test_the_demos_page_is_ready_to_use(tmp_path: Path, chromium: str) -> None:
    with running(tmp_path, "--interactions", "400") as demo:
        gateway = GatewayProcess(demo.facts["graphiqlUrl"], demo.facts["key"], demo.facts["namespace"])
        told = visit(chromium, gateway, "prefilled")
    assert told["address"] == demo.facts["url"]
    assert demo.facts["key"] not in told["stored"]
    assert told["title"] == "Search interactions · GraphiQL"
    shown = {
        "LatestClicks": '"totalCount":',
        "FilterTrees": '"text":',
        "NextPage": '"interactionType":',
        "NestedConnections": '"feature":',
        "RecordInteraction": '"created": true',
        "InteractionRecorded": '"interactionId": "graphiql-live-',
        "TopQueries": '"clickThroughRate":',
    }
    assert told["tabs"] == list(shown)
    for name, text in shown.items():
        assert text in told["answers"][name], name
    assert "What can be read, all of it within the one namespace" in told["docs"]
    # Fields of a federation's router are in the docs; the explorer, which is for people, doesn't begin with them.
    assert "_service" in told["docs"]
    assert [line.strip() for line in told["offered"]].index("collections") < 5
    assert not any("_service" in line or "_entities" in line for line in told["offered"])
    assert '"durationMs":' not in told["first"]
    assert '"durationMs":' in told["explored"]
    assert '"data":' in told["again"]


def test_without_a_key_the_page_asks_nothing(mongod: EmbeddedServer, chromium: str) -> None:
    with serving(mongod.uri) as gateway:
        told = visit(chromium, gateway, "template")
    assert told["asked"] == []
    assert "Put your key into the Headers tab below." in told["refused"]
    assert told["operations"] == ["IntrospectionQuery", "LatestClicks", "NextPage"]
    assert '"totalCount": 0' in told["answer"]
    assert '"hasNextPage": false' in told["next"]
    assert "NextPage" in told["stored"]
    assert gateway.key not in told["stored"]


def test_on_a_phone_the_query_and_the_answer_are_two_tabs(tmp_path: Path, chromium: str) -> None:
    with running(tmp_path, "--interactions", "400") as demo:
        gateway = GatewayProcess(demo.facts["graphiqlUrl"], demo.facts["key"], demo.facts["namespace"])
        told = visit(chromium, gateway, "phone")
    assert told["onDesktop"] == [0, 0, True]
    for phone in told["phones"]:
        assert not any(phone["margins"])
        assert not any(phone["sideways"])
        assert phone["hidden"]
        assert phone["keys"] == ["Query", "Answer", "Query", "Answer", "Query"]
        assert phone["stops"] == ["0", "-1"]


def test_a_link_fills_in_an_operation_and_nothing_else(mongod: EmbeddedServer, chromium: str) -> None:
    with serving(mongod.uri) as gateway:
        told = visit(chromium, gateway, "linked")
    assert told["asked"] == []
    for name in ("whole", "malformed", "giant"):
        assert told[name]["address"] == gateway.url
        assert "Bearer <your key>" in told[name]["headers"]
        assert "LatestClicks" in told[name]["tabs"]
    whole, malformed, giant = told["whole"], told["malformed"], told["giant"]
    assert whole["tabs"][0] == "HandedOver"
    assert whole["query"].splitlines()[0] == "query HandedOver($first: Int!) {"
    assert whole["variables"] == '{ "first": 2 }'
    assert malformed["variables"] == '{ "first": '
    assert malformed["tabs"].count("HandedOver") == 2
    assert "more than 100,000 characters" in giant["query"]


def test_the_page_that_opens_graphiql_hands_over_its_headers(mongod: EmbeddedServer, chromium: str) -> None:
    with serving(mongod.uri) as gateway:
        told = visit(chromium, gateway, "opened")
    ours, theirs = told["ours"], told["theirs"]
    assert ours["tabs"][0] == theirs["tabs"][0] == "HandedOver"
    assert gateway.key in ours["headers"].replace("\n", "")
    assert ours["answer"].strip() == ""
    assert set(told["asked"]) == {"IntrospectionQuery"}
    assert '"totalCount": 0' in told["answer"]
    assert "Bearer <your key>" in theirs["headers"]
    assert gateway.key not in theirs["headers"]
