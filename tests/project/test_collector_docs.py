"""The requests of docs/collectors.md, as they stand there; its pages are opened by `tests.clients.test_collectors`."""

import re
import shlex
from pathlib import Path

from gateway.interchange.algolia_events import TYPES
from tests.harness.gateway_client import Gateway

TEXT = (Path(__file__).parents[2] / "docs" / "collectors.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
RECORDED = """{ interactions(first: 9) { nodes { featureId interactionType position userId
  searchRequest { searchRequestId text collections resultCount } } } }"""


async def test_the_requests_are_recorded(gateway: Gateway) -> None:
    statuses = []
    for command in COMMANDS:
        words = command.replace("\\\n", "").replace("$URL", "http://gateway.example").replace("$KEY", gateway.key)
        program, *arguments = shlex.split(words)
        assert program == "curl"
        flags: dict[str, list[str]] = {"-H": [], "-d": [], "-X": [], "": []}
        flag = ""
        for word in arguments:
            if word in flags:
                flag = word
            else:
                flags[flag].append(word)
                flag = ""
        [address] = flags[""]
        method = flags["-X"][0] if flags["-X"] else "POST"
        headers = dict(text.split(": ", 1) for text in flags["-H"])
        content = flags["-d"][0] if flags["-d"] else None
        response = await gateway.http.request(method, address, headers=headers, content=content)
        statuses.append(response.status_code)
    assert statuses == [200, 204, 200, 200]
    nodes = (await gateway.data(RECORDED))["interactions"]["nodes"]
    assert sorted(nodes, key=lambda node: str(node["userId"])) == [
        {
            "featureId": "p1",
            "interactionType": "CLICK",
            "position": 0,
            "userId": "c1",
            "searchRequest": {
                "searchRequestId": "q2",
                "text": "red shoes",
                "collections": ["products"],
                "resultCount": 2,
            },
        },
        {
            "featureId": "p1",
            "interactionType": "CLICK",
            "position": 0,
            "userId": "u1",
            "searchRequest": {"searchRequestId": "q1", "text": "", "collections": ["products"], "resultCount": None},
        },
    ]


def test_every_type_is_named() -> None:
    assert all(f"`{type_.upper()}`" in TEXT for type_ in (*TYPES.values(), "filter_toggle"))
