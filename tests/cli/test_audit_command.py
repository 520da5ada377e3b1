from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.cli.test_key_commands import Shell, moment


@pytest.fixture
def shell(mongod: EmbeddedServer, database_name: str) -> Shell:
    return Shell(mongod.uri, database_name)


def test_what_commands_did_is_listed(shell: Shell) -> None:
    namespace = shell.json("namespaces", "create", "shop", "--organization", "Acme")
    key = shell.json("keys", "create", "--organization", "Acme", "--name", "web", "--namespace", "shop")
    shell.json("keys", "revoke", key["keyId"])
    shell.json("namespaces", "create", "shop", "--organization", "Other [bold]")
    listed: list[dict[str, Any]] = shell.json("audit")
    assert [(row["action"], row["organization"]) for row in listed] == [
        ("namespace.create", "Other [bold]"),
        ("key.revoke", "Acme"),
        ("key.create", "Acme"),
        ("namespace.create", "Acme"),
    ]
    assert listed[1].keys() == {"at", "action", "key", "token", "organization", "namespaceId", "objectId"}
    assert abs(moment(listed[1]["at"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert (listed[1]["key"], listed[1]["namespaceId"], listed[1]["objectId"]) == (None, None, key["keyId"])
    assert listed[3]["objectId"] == namespace["namespaceId"]
    assert shell.json("audit", "--organization", "Acme", "--limit", "2") == listed[1:3]
    lines = shell.run("audit").stdout.splitlines()
    assert len(lines) == 5
    assert "command line" in lines[1]
    assert "Other [bold]" in lines[1]


def test_an_organization_that_is_not_there_is_one_line(shell: Shell) -> None:
    result = shell.run("audit", "--organization", "Nobody")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "Error: There is no organization 'Nobody'.\n")


@pytest.mark.parametrize("limit", ["0", "10001", "many"])
def test_the_limit_is_bounded(shell: Shell, limit: str) -> None:
    result = shell.run("audit", "--limit", limit)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--limit" in result.stderr
