"""The gateway composed with other schemas: by Apollo's gateway, which the example runs, and by graphql-tools."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.plan import global_ids
from tests.clients.node import run
from tests.harness.demo_process import running
from tests.harness.gateway_process import GatewayProcess, serving

NODE = shutil.which("node") or "node"
EXAMPLE = Path(__file__).parents[2] / "examples" / "federation"
AT = "2024-05-01T12:00:00.000Z"


def recording(number: int, feature: str) -> dict[str, Any]:
    return {
        "interactionId": f"i{number}",
        "featureId": feature,
        "interactionType": "CLICK",
        "position": number,
        "sessionId": f"s{number}",
        "occurredAt": AT,
        "searchRequest": {
            "searchRequestId": f"r{number}",
            "queries": [{"vectorIndex": "TEXT", "value": f"query {number}", "type": "TEXT"}],
            "collections": ["products", "a collection that is gone"],
            "sort": {"field": "price"},
        },
    }


def in_environment(gateway: GatewayProcess, **more: str) -> dict[str, str]:
    """The variables that the example reads; and one by which a library of Apollo's doesn't look for a cloud around the
    machine, and warn where something answers in its place."""
    given = {"GATEWAY_URL": gateway.url, "GATEWAY_KEY": gateway.key, "GATEWAY_NAMESPACE": gateway.namespace}
    return {**os.environ, "METADATA_SERVER_DETECTION": "none", **given, **more}


@contextmanager
def composed(gateway: GatewayProcess) -> Iterator[str]:
    """Where the example serves the composed graph beside this gateway."""
    process = subprocess.Popen(
        [NODE, EXAMPLE / "start.mjs"],
        env=in_environment(gateway, PORT="0"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("Serving http://127.0.0.1:"), line + process.communicate()[1]
        yield line.split()[1]
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=30)
    assert errors == ""


def ask(address: str, query: str, headers: Mapping[str, str]) -> Any:
    return httpx.post(address, json={"query": query}, headers=headers, timeout=30).json()


def test_the_example_walks_from_an_item_through_three_subgraphs_as_its_readme_shows(tmp_path: Path) -> None:
    [answer] = re.findall(r"^```json\n(.*?)^```$", (EXAMPLE / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    with running(tmp_path) as demo:
        gateway = GatewayProcess(demo.facts["url"], demo.facts["key"], demo.facts["namespace"])
        with composed(gateway) as address:
            walk = [NODE, str(EXAMPLE / "walk.mjs"), "sku-01559"]
            walked = subprocess.run(
                walk, env=in_environment(gateway, ROUTER_URL=address), capture_output=True, timeout=60, check=True
            )
    assert json.loads(walked.stdout) == json.loads(answer)


def test_the_example_tells_the_items_clicked_most_with_title_image_and_rate(mongod: EmbeddedServer) -> None:
    with serving(mongod.uri) as gateway:
        viewed = {**recording(2, "sku-00007"), "interactionType": "VIEW"}
        gateway.record(recording(1, "sku-00007"), viewed, {**recording(3, "sku-00008"), "interactionType": "VIEW"})
        with composed(gateway) as address:
            top = [NODE, str(EXAMPLE / "top.mjs"), "1"]
            answer = subprocess.run(
                top, env=in_environment(gateway, ROUTER_URL=address), capture_output=True, timeout=60, check=True
            )
    [item] = json.loads(answer.stdout)["data"]["interactionStats"]["nodes"]
    feature = item["key"]["feature"]
    assert (feature["featureId"], feature["title"], feature["image"]) == ("sku-00007", "Item 7", "/images/00007.jpg")
    assert (item["stats"]["clicks"], item["stats"]["clicksPerView"]) == (1, 1.0)


def test_the_example_answers_in_the_name_of_who_asks(mongod: EmbeddedServer) -> None:
    query = """{
      interaction(interactionId: "i1") { feature { title } searchRequest { searchedCollections { title } } }
    }"""
    with serving(mongod.uri) as gateway:
        gateway.record(recording(1, "sku-00007"), {**recording(2, "running shoes"), "interactionType": "ZERO_RESULTS"})
        with composed(gateway) as address:
            answer = ask(address, query, gateway.headers)
            no_item = ask(
                address, '{ interaction(interactionId: "i2") { position feature { title } } }', gateway.headers
            )
            no_key = ask(address, query, {})
            no_namespace = ask(address, query, gateway.headers | {"X-Namespace": "not this one"})
    assert answer == {
        "data": {
            "interaction": {
                "feature": {"title": "Item 7"},
                "searchRequest": {"searchedCollections": [{"title": "All products"}, None]},
            }
        }
    }
    assert no_item == {"data": {"interaction": {"position": 2, "feature": {"title": None}}}}
    assert no_key["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "NAMESPACE_NOT_FOUND" in json.dumps(no_namespace["errors"])


@pytest.mark.parametrize("prefix", ["", "Acme"])
def test_a_prefix_lets_it_compose_with_schemas_that_have_the_same_generic_names(
    prefix: str, mongod: EmbeddedServer
) -> None:
    with serving(mongod.uri, federation_prefix=prefix) as gateway:
        errors = run("composition.mjs", gateway)
    assert errors.keys() == {"apollo", "guild"}
    for found in errors.values():
        clashing = {name for name in ("Session", "SortDirection", "IDFilter") if f'"{name}' in "".join(found)}
        assert clashing == (set() if prefix else {"Session", "SortDirection", "IDFilter"}), found
        assert found == [] or not prefix


def test_other_subgraphs_refer_to_its_objects_by_each_of_their_keys(mongod: EmbeddedServer) -> None:
    with serving(mongod.uri, federation_prefix="Acme") as gateway:
        gateway.record(recording(1, "f1"))
        namespace = gateway.data("{ viewer { namespace { namespaceId } } }")["viewer"]["namespace"]["namespaceId"]
        ids = {
            "Interaction": global_ids.encode("Interaction", namespace, "i1"),
            "SearchRequest": global_ids.encode("SearchRequest", namespace, "r1"),
        }
        answer = run("references.mjs", gateway, json.dumps(ids))
    assert answer["seen"]["keys"] == []
    assert answer["seen"]["requests"]
    interaction = {"__typename": "Interaction", "position": 1}
    request = {
        "__typename": "SearchRequest",
        "collections": ["products", "a collection that is gone"],
        "sort": {"__typename": "AcmeSortOption", "direction": "ASC"},
    }
    feature = {
        "__typename": "Feature",
        "interactions": {"nodes": [{"session": {"interactions": {"totalCount": 1}}}]},
    }
    session = {"__typename": "AcmeSession", "startedAt": AT, "interactions": {"nodes": [{"interactionId": "i1"}]}}
    assert answer["data"]["byOwnKey"] == [interaction, request, feature, session]
    assert answer["data"]["byGlobalId"] == [interaction, request]
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"NOT_FOUND"}
    # What may be null is; an item is owned elsewhere, so any id of one is answered.
    nothing = {"__typename": "Interaction", "position": None}
    assert answer["data"]["gone"] == [nothing, None, {"__typename": "Feature"}, None]
    assert len(answer["errors"]) == 3
    assert {error["extensions"]["path"][0] for error in answer["errors"]} == {"representations"}


def test_stitched_schemas_merge_its_types_by_one_request_for_many_ids(mongod: EmbeddedServer) -> None:
    with serving(mongod.uri) as gateway:
        gateway.record(*(recording(number, f"f{number}") for number in (1, 2, 3)))
        found = run("stitching.mjs", gateway)
    items, pinned, listed = found["answers"]
    assert items == {
        "data": {
            "items": [
                {
                    "title": f"Item f{number}",
                    "interactions": {"nodes": [{"interactionId": f"i{number}", "position": number}]},
                }
                for number in (1, 2, 3)
            ]
        }
    }
    assert [one["position"] for one in pinned["data"]["pinned"]] == [3, None, 1]
    assert {one["feature"]["title"] for one in listed["data"]["interactions"]["nodes"]} == {
        "Item f1",
        "Item f2",
        "Item f3",
    }
    assert len(found["asked"]) == 3
    assert "features(" in found["asked"][0]
    assert "interactionsByIds(" in found["asked"][1]
