"""Every example of docs/rest.md, sent as it stands there."""

import re
import shlex
from pathlib import Path

from tests.harness.gateway_client import Gateway

TEXT = (Path(__file__).parents[2] / "docs" / "rest.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


async def test_the_examples_are_answered(gateway: Gateway) -> None:
    answers = []
    for command in COMMANDS:
        words = command.replace("\\\n", "").replace("$URL", "http://gateway.example").replace("$KEY", gateway.key)
        program, address, *options = shlex.split(words)
        flags = list(zip(options[::2], options[1::2], strict=True))
        assert program == "curl"
        assert {flag for flag, _ in flags} <= {"-H", "-d"}
        headers = dict(text.split(": ", 1) for flag, text in flags if flag == "-H")
        body = next((text for flag, text in flags if flag == "-d"), None)
        response = await gateway.http.request("GET" if body is None else "POST", address, headers=headers, content=body)
        assert response.status_code == 200, response.text
        answers.append(response.json())
    recorded, listed, namespace, of_namespace = answers
    assert listed == [recorded]
    assert recorded["search_request"]["filters"]["AND"][0]["value"] == "navy"
    assert (namespace["namespace_name"], of_namespace) == ("reviews", [])
