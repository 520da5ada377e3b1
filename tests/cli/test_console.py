"""What commands print of clients' text, of files and of the command line: nothing that a terminal obeys, or doesn't
show."""

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from gateway.cli.console import Commands
from gateway.demo.embedded_mongod import EmbeddedServer
from tests.cli.test_key_commands import Shell
from tests.harness.gateway_client import Gateway
from tests.harness.waiting import PATIENCE

# Erases the line above, sets the window's title, turns the order round, and begins a row.
HOSTILE = "\x1b[1A\x1b[2K\x1b]0;mine\x07\x9b2J\x7f\r\n\t\u202e\u2066\u2028\u200b\ufeff\u3164 forged row"
ESCAPED = (
    "\\u001b[1A\\u001b[2K\\u001b]0;mine\\u0007\\u009b2J\\u007f\\u000d\\u000a\\u0009\\u202e\\u2066\\u2028\\u200b"
    "\\ufeff\\u3164 forged row"
)
# What the command line gives for bytes that aren't UTF-8.
SURROGATE = "\udcff"
DELETE = "mutation ($id: ID!) { deleteInteraction(input: {interactionId: $id}) { deletedId } }"


@pytest.fixture
def shell(mongod: EmbeddedServer, database_name: str) -> Shell:
    return Shell(mongod.uri, database_name)


@pytest.fixture
async def hostile(gateway: Gateway) -> None:
    """An entry of the audit log as a client may leave one, and names as nobody could give them here."""
    await gateway.execute(DELETE, {"id": HOSTILE})
    organization = await gateway.tenancy.create_organization("renamed")
    await gateway.tenancy.create_namespace(organization, "shop")
    await gateway.keys.create(organization, name="renamed", permissions=frozenset(), default_namespace_id=None)
    for collection in await gateway.database.list_collection_names():
        await gateway.database[collection].update_many({"name": "renamed"}, {"$set": {"name": HOSTILE}})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Lines that are rejected for what they hold."""
    path = tmp_path / "interactions.jsonl"
    line = {"interaction_id": "i", "feature_id": "p", "interaction_type": "click", "occurred_at": HOSTILE}
    path.write_text(json.dumps(line) + "\n" + HOSTILE.replace("\n", "") + "\n")
    return path


COMMANDS = {
    "audit": ["audit"],
    "audit of": ["audit", "--organization", HOSTILE],
    "audit of nobody": ["audit", "--organization", f"nobody {HOSTILE}"],
    "keys list": ["keys", "list"],
    "keys list of nobody": ["keys", "list", "--organization", f"nobody {HOSTILE}"],
    "keys create": ["keys", "create", "--organization", HOSTILE, "--name", HOSTILE],
    "keys revoke": ["keys", "revoke", HOSTILE],
    "keys rotate": ["keys", "rotate", HOSTILE],
    "keys rotate after": ["keys", "rotate", "key_x", "--grace", HOSTILE],
    "namespaces list": ["namespaces", "list"],
    "namespaces create": ["namespaces", "create", HOSTILE, "--organization", HOSTILE],
    "namespaces create of": ["namespaces", "create", "other", "--organization", HOSTILE],
    "namespaces retain": ["namespaces", "retain", HOSTILE, "--organization", HOSTILE, "--days", "1"],
    "namespaces delete": ["namespaces", "delete", HOSTILE, "--organization", HOSTILE, "--confirm", HOSTILE],
    "erase user": ["erase", "user", HOSTILE, "--organization", "nobody", "--namespace", HOSTILE],
    "erase interactions": ["erase", "interactions", "--where", HOSTILE, "--organization", "o", "--namespace", HOSTILE],
    "jobs list": ["jobs", "list"],
    "jobs list of nobody": ["jobs", "list", "--organization", HOSTILE],
    "jobs show": ["jobs", "show", HOSTILE],
    "conditions check": ["conditions", "check"],
    "conditions rebuild": ["conditions", "rebuild"],
    "insights check": ["insights", "check"],
    "insights rebuild": ["insights", "rebuild"],
    "import": ["import", "FILE", "--namespace", "new", "--organization", "importer", "--create"],
    "import into": ["import", "FILE", "--namespace", HOSTILE, "--organization", HOSTILE, "--create"],
    "import of nothing": ["import", HOSTILE, "--namespace", "shop", "--organization", "o"],
    "schema": ["schema", "--check", "FILE"],
    "schema of nothing": ["schema", "--check", HOSTILE],
    "no command": [HOSTILE],
    "no option": ["audit", f"--{HOSTILE}"],
    "no such option of all": [f"--{HOSTILE}", "audit"],
}


def is_obeyed(printed: str) -> bool:
    """Whether a terminal obeys any of it, or doesn't show it, but for the ends of lines."""
    return not printed.replace("\n", "").isprintable() or "\u3164" in printed or "\n forged row" in printed


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_no_command_prints_what_a_terminal_obeys(hostile: None, shell: Shell, file: Path, as_json: bool) -> None:
    results = {}
    for name, command in COMMANDS.items():
        arguments = [str(file) if argument == "FILE" else argument for argument in command]
        results[name] = shell.run(*arguments, *(["--json"] if as_json else []))
    assert [name for name, result in results.items() if is_obeyed(result.output)] == []
    for name in ("audit", "audit of", "keys list", "namespaces list"):
        assert results[name].exit_code == 0
        assert name == "audit of" or (ESCAPED[:24] if as_json else ESCAPED) in results[name].stdout
    if as_json:
        assert [json.loads(result.stdout) for result in results.values() if result.exit_code == 0]


def test_json_holds_what_was_recorded(hostile: None, shell: Shell, file: Path) -> None:
    assert HOSTILE in [entry["objectId"] for entry in shell.json("audit")]
    assert (HOSTILE, HOSTILE) in [(key["name"], key["organization"]) for key in shell.json("keys", "list")]


def test_a_file_of_rejects_may_be_looked_at(shell: Shell, file: Path, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects"
    shell.run("import", str(file), "--namespace", "shop", "--organization", "o", "--create", "--rejects", str(rejects))
    assert not is_obeyed(rejects.read_text())
    assert [json.loads(line)["line"] for line in rejects.read_text().splitlines()] == [1, 2]


@pytest.mark.parametrize("as_json", [False, True])
def test_bytes_that_are_no_text_are_printed(shell: Shell, as_json: bool) -> None:
    """As Python has them of the command line; as an id they can't be asked of MongoDB."""
    result = shell.run("keys", "revoke", f"key_{SURROGATE}", *(["--json"] if as_json else []))
    assert result.exit_code == 1
    assert not is_obeyed(result.output)


@pytest.mark.parametrize(
    "raised",
    [RuntimeError(f"{HOSTILE} at mongodb://ops:hunter2@db.example"), KeyError(f"mongodb://ops:hunter2@h{HOSTILE}")],
)
def test_what_nobody_foresaw_is_printed_without_secrets(raised: Exception) -> None:
    failing = Typer(cls=Commands, rich_markup_mode=None)

    @failing.command()
    def fail() -> None:
        raise raised

    @failing.command()
    def other() -> None: ...

    result = CliRunner().invoke(failing, ["fail"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Traceback" in result.stderr
    assert "hunter2" not in result.stderr
    assert not is_obeyed(result.stderr)


def on_a_terminal(shell: Shell, *arguments: str) -> str:
    """What a terminal gets; of what shows how far a command is, nothing."""
    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "gateway", *arguments]
    environment = os.environ | shell.environment | {"TERM": "xterm-256color"}
    process = subprocess.Popen(command, env=environment, stdin=end, stdout=end, stderr=subprocess.PIPE)
    os.close(end)
    shown = b""
    with suppress(OSError):  # That of Linux for a terminal whose other end is closed.
        while part := os.read(terminal, 65_536):
            shown += part
    os.close(terminal)
    _, errors = process.communicate(timeout=PATIENCE)
    return (shown + errors).decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("command", "escaped"),
    [("audit", "\\u001b[1A"), ("keys list", "\\u001b[1A"), ("keys revoke", "\\x1b[1A"), ("import", "2 lines skipped")],
)
def test_a_terminal_gets_nothing_that_it_obeys(
    hostile: None, shell: Shell, file: Path, command: str, escaped: str
) -> None:
    arguments = [str(file) if argument == "FILE" else argument for argument in COMMANDS[command]]
    shown = on_a_terminal(shell, *arguments)
    assert not is_obeyed(shown)
    assert escaped in shown
