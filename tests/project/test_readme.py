"""Every example in README.md, run as it stands there."""

import json
import re
import shlex
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.demo_process import running
from tests.harness.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
LINES = [
    line.replace("\\\n", "") for kind, text in BLOCKS if kind == "sh" for line in re.findall(r"(?:.*\\\n)*.+", text)
]


def test_it_begins_with_the_two_commands() -> None:
    assert [text.strip() for kind, text in BLOCKS if kind == "sh"][:2] == ["make demo", "make test"]


def test_what_it_tells_to_make_can_be_made() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = [
        re.split(r" [A-Z]+=", command)[0].split()
        for command in re.findall(r"(?:`|^)(make \w[^`\n]*)", README, re.MULTILINE)
    ]
    assert len(commands) >= 4
    assert {name for _, *names in commands for name in names if "=" not in name} <= targets


@pytest.mark.parametrize(
    "day",
    [
        pytest.param((), id="today"),
        pytest.param(("--until", "2027-03-01T05:00:00Z"), id="on another day, in the morning"),
    ],
)
def test_the_examples_give_the_answers_shown_on_any_day_and_again(tmp_path: Path, day: tuple[str, ...]) -> None:
    following = [*BLOCKS[1:], ("", "")]
    examples = [
        (text, answer if language == "json" else None)
        for (kind, text), (language, answer) in zip(BLOCKS, following, strict=True)
        if kind == "graphql"
    ]
    assert len(examples) >= 5
    assert any(query.startswith("mutation") for query, _ in examples)
    with running(tmp_path, *day) as demo:
        # The second time after all that the first has written.
        for query, answer in examples * 2:
            if query.startswith("subscription"):
                assert demo.begins(query)
                continue
            response = demo.post(query)
            # What it cost is not shown.
            assert response.pop("extensions").keys() == {"cost"}
            if answer is None:
                assert response.keys() == {"data"}, response
            else:
                assert response == json.loads(answer)
        page = demo.post(paged := next(query for query, _ in examples if "$after" in query))["data"]["interactions"]
        rest = demo.post(paged, {"after": page["pageInfo"]["endCursor"]})["data"]["interactions"]
        assert len({node["interactionId"] for node in (*page["nodes"], *rest["nodes"])}) == 40
        [curl] = [line for line in LINES if line.startswith("curl ")]
        _, url, *options = shlex.split(curl.replace("$KEY", demo.facts["key"]))
        assert set(options[::2]) == {"-H", "-d"}
        headers = dict(
            text.split(": ", 1) for flag, text in zip(options[::2], options[1::2], strict=True) if flag == "-H"
        )
        address = url.replace("http://127.0.0.1:8000/graphql", demo.facts["url"])
        response = httpx.post(address, content=options[options.index("-d") + 1], headers=headers, timeout=PATIENCE)
        assert response.json()["data"]["viewer"]["organization"] == {"name": "demo"}


def test_the_commands_run_in_their_order(
    mongod: EmbeddedServer, database_name: str, client: object, tmp_path: Path
) -> None:
    [lines] = [text for kind, text in BLOCKS if kind == "jsonl"]
    file = tmp_path / "interactions.jsonl"
    file.write_text(lines, encoding="utf-8")
    environment = {"GATEWAY_MONGODB_URI": mongod.uri, "GATEWAY_MONGODB_DATABASE": database_name}
    commands = [line.replace(file.name, str(file)) for line in LINES if line.startswith("gateway ")]
    assert len(commands) >= 4
    results = [CliRunner().invoke(app, shlex.split(command)[1:], env=environment) for command in commands]
    assert [result.exit_code for result in results] == [0] * len(commands)
    printed = [result.stdout for result in results]
    assert printed[-2].startswith("2 lines: 2 interactions imported")
    assert printed[-1] == "3 documents checked, 0 wrong.\n"


def test_no_line_of_a_shell_goes_untested() -> None:
    assert {line.split()[0] for line in LINES} == {"make", "curl", "gateway"}
    assert {kind for kind, _ in BLOCKS} == {"sh", "graphql", "json", "jsonl"}


def test_every_command_is_named() -> None:
    named = set(re.findall(r"^\| `gateway (\w+)", README, re.MULTILINE))
    there = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    assert named == there | {str(group.name) for group in app.registered_groups}


@pytest.mark.parametrize(
    "file",
    [
        str(file.relative_to(ROOT))
        for pattern in ("README.md", "docs/*.md", "examples/README.md", "examples/*/README.md")
        for file in sorted(ROOT.glob(pattern))
    ],
)
def test_links_lead_somewhere(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert target.startswith("https://") or (ROOT / file).parent.joinpath(target).exists(), target


def test_what_the_log_of_reports_names_is_tested_there() -> None:
    log = ROOT / "tests" / "reports" / "README.md"
    rows = re.findall(r"^\| \d+ \|.*", log.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) >= 74
    for row in rows:
        named = re.findall(r"`(test_\w+)` in \[[^\]]+\]\(([^)]+)\)", row)
        assert named, row
        for name, file in named:
            assert f"def {name}(" in (log.parent / file).read_text(encoding="utf-8"), name
