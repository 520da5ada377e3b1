import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from typer.testing import CliRunner, Result

from gateway.auth.authenticator import Authenticator
from gateway.cli import app
from gateway.context import Context
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.errors import Unauthenticated
from gateway.store.client import close, open_client
from gateway.store.keys import Keys
from gateway.store.tenancy import Tenancy

T = TypeVar("T")


class Shell:
    """Runs ``gateway`` with the settings of one database."""

    def __init__(self, uri: str, database: str) -> None:
        self.environment = {"GATEWAY_MONGODB_URI": uri, "GATEWAY_MONGODB_DATABASE": database}

    def run(self, *arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(app, arguments, env={**self.environment, **environment})

    def json(self, *arguments: str) -> Any:
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def context(self, key: str, namespace: str | None = None) -> Context:
        """What a request with this key gets."""
        return self.access(lambda access: access.context(f"Bearer {key}", namespace))

    def access(self, work: Callable[[Authenticator], Awaitable[T]]) -> T:
        async def run() -> T:
            client = open_client(self.environment["GATEWAY_MONGODB_URI"])
            try:
                database = client[self.environment["GATEWAY_MONGODB_DATABASE"]]
                return await work(Authenticator(Keys(database), Tenancy(database), cache_seconds=0))
            finally:
                await close(client)

        return asyncio.run(run())


@pytest.fixture
def shell(mongod: EmbeddedServer, database_name: str) -> Shell:
    return Shell(mongod.uri, database_name)


def moment(text: str) -> datetime:
    assert len(text) == len("2024-05-01T12:00:00.000Z")
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def test_a_key_is_made_for_a_new_organization_and_works(shell: Shell) -> None:
    namespace = shell.json("namespaces", "create", "shop", "--organization", "Acme")
    assert namespace.keys() == {"namespaceId", "name", "organization"}
    created = shell.json("keys", "create", "--organization", "Acme", "--name", "web", "--namespace", "shop")
    assert created.keys() == {"key", "keyId", "organization", "permissions", "expiresAt"}
    assert (created["organization"], created["permissions"], created["expiresAt"]) == ("Acme", ["read", "write"], None)
    context = shell.context(created["key"])
    assert context.namespace.id == namespace["namespaceId"]
    assert (context.caller.id, context.caller.name) == (created["keyId"], "web")


def test_the_namespace_of_a_key_is_made_where_there_is_none(shell: Shell) -> None:
    result = shell.run("keys", "create", "--organization", "Acme", "--name", "web", "--namespace", "shop", "--json")
    assert result.stderr.startswith("Made the namespace shop (ns_")
    assert shell.context(json.loads(result.stdout)["key"]).namespace.name == "shop"


def test_permissions_and_expiry_are_as_asked(shell: Shell) -> None:
    created = shell.json(
        *("keys", "create", "--organization", "Acme", "--name", "ops"),
        *("--permission", "admin", "--permission", "read", "--expires-in", "30d"),
    )
    assert created["permissions"] == ["read", "admin"]
    assert abs(moment(created["expiresAt"]) - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=1)


def test_the_secret_is_shown_once(shell: Shell) -> None:
    created = shell.run("keys", "create", "--organization", "Acme", "--name", "web")
    secret = created.stdout.splitlines()[0]
    assert shell.context(secret, shell.json("namespaces", "create", "n", "--organization", "Acme")["name"])
    assert secret[15:] not in shell.run("keys", "list").output + shell.run("keys", "list", "--json").output


@pytest.mark.parametrize("duration", ["30", "d", "-1d", "1y", "1.5h", "0s", "99999999w", "٣d", "1d ", ""])
def test_a_duration_that_makes_no_sense_is_wrong_usage(shell: Shell, duration: str) -> None:
    result = shell.run("keys", "create", "--organization", "A", "--name", "n", "--expires-in", duration)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith("Error: Invalid value for '--expires-in': expected ")


def test_keys_are_listed(shell: Shell) -> None:
    web = shell.json("keys", "create", "--organization", "Acme", "--name", "web", "--namespace", "shop")
    shell.context(web["key"])
    ops = shell.json("keys", "create", "--organization", "Other [bold]", "--name", "ops", "--expires-in", "1w")
    shell.json("keys", "revoke", ops["keyId"])
    listed = shell.json("keys", "list")
    assert [(key["keyId"], key["organization"], key["state"]) for key in listed] == [
        (web["keyId"], "Acme", "active"),
        (ops["keyId"], "Other [bold]", "revoked"),
    ]
    assert listed[0]["defaultNamespaceId"] == shell.json("namespaces", "list")[0]["namespaceId"]
    assert moment(listed[0]["lastUsedAt"]) >= moment(listed[0]["createdAt"])
    assert listed[1]["lastUsedAt"] is None
    assert [key["keyId"] for key in shell.json("keys", "list", "--organization", "Acme")] == [web["keyId"]]
    lines = shell.run("keys", "list").stdout.splitlines()
    assert len(lines) == 3
    assert web["keyId"] in lines[1]
    assert "Other [bold]" in lines[2]


def test_a_revoked_key_stops_working(shell: Shell) -> None:
    created = shell.json("keys", "create", "--organization", "Acme", "--name", "web", "--namespace", "shop")
    revoked = shell.json("keys", "revoke", created["keyId"])
    assert revoked["keyId"] == created["keyId"]
    assert moment(revoked["revokedAt"])
    assert shell.json("keys", "revoke", created["keyId"]) == revoked
    with pytest.raises(Unauthenticated):
        shell.context(created["key"])


def test_a_rotated_key_works_beside_its_successor_until_the_grace_is_over(shell: Shell) -> None:
    created = shell.json("keys", "create", "--organization", "Acme", "--name", "web", "--namespace", "shop")
    rotated = shell.json("keys", "rotate", created["keyId"])
    assert rotated.keys() == created.keys() | {"replaces"}
    assert rotated["replaces"]["keyId"] == created["keyId"]
    until = moment(rotated["replaces"]["expiresAt"])
    assert abs(until - datetime.now(UTC) - timedelta(hours=24)) < timedelta(minutes=1)
    old, new = shell.context(created["key"]), shell.context(rotated["key"])
    assert (old.namespace, old.caller.permissions) == (new.namespace, new.caller.permissions)
    again = shell.json("keys", "rotate", rotated["keyId"], "--grace", "0s")
    with pytest.raises(Unauthenticated):
        shell.context(rotated["key"])
    assert shell.context(again["key"])
    assert shell.run("keys", "rotate", rotated["keyId"]).exit_code == 1


def test_a_key_for_pages_keeps_its_bounds_when_it_is_rotated(shell: Shell) -> None:
    made = shell.json(
        *("keys", "create", "--organization", "Acme", "--name", "pages", "--namespace", "shop", "--confined"),
        *("--origin", "https://Shop.example:443/", "--origin", "http://localhost:3000"),
        *("--rate-limit", "500", "--restore-rate", "20"),
    )
    assert made["permissions"] == ["record"]
    rotated = shell.json("keys", "rotate", made["keyId"])
    bounds = {
        "confined": True,
        "origins": ["http://localhost:3000", "https://shop.example"],
        "rateLimit": {"limit": 500, "restoreRate": 20},
    }
    for listed in shell.json("keys", "list"):
        assert listed == {**listed, **bounds, "permissions": ["record"]}
    assert "http://localhost:3000, https://shop.example" in shell.run("keys", "list").stdout
    for rate, options in (({"limit": 60, "restoreRate": 6}, ("--rate-limit", "60", "--restore-rate", "6")), (None, ())):
        assert shell.json("keys", "limit", rotated["keyId"], *options)["rateLimit"] == rate
        assert shell.json("keys", "list")[1]["rateLimit"] == rate


def test_a_rate_limit_that_does_nothing_is_warned_of(shell: Shell) -> None:
    create = (
        "keys",
        "create",
        "--organization",
        "Acme",
        "--name",
        "pages",
        "--rate-limit",
        "500",
        "--restore-rate",
        "20",
    )
    assert shell.run(*create).stderr == ""
    assert "limits no key" in shell.run(*create, GATEWAY_RATE_LIMIT_RESTORE="0").stderr
    assert "10 come back each second" in shell.run(*create, GATEWAY_RATE_LIMIT_RESTORE="10").stderr


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        (("--origin", "shop.example"), 1, "'shop.example' is no origin such as https://shop.example"),
        (("--origin", "https://shop.example/page"), 1, "is no origin"),
        (("--confined",), 2, "--namespace"),
        (("--rate-limit", "5"), 2, "--restore-rate"),
        (("--rate-limit", "0", "--restore-rate", "1"), 2, "--rate-limit"),
    ],
)
def test_bounds_that_a_key_cannot_have_make_none(
    options: tuple[str, ...], status: int, told: str, shell: Shell
) -> None:
    result = shell.run("keys", "create", "--organization", "Acme", "--name", "pages", *options)
    assert (result.exit_code, result.stdout) == (status, "")
    assert told in result.stderr
    assert shell.json("keys", "list") == []


@pytest.mark.parametrize("command", ["revoke", "rotate", "limit"])
def test_a_key_that_is_not_there_is_one_line(shell: Shell, command: str) -> None:
    result = shell.run("keys", command, "key_missing", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: There is no key 'key_missing'.\n"


def test_namespaces_are_made_once_and_listed(shell: Shell) -> None:
    made = [shell.json("namespaces", "create", "shop", "--organization", name) for name in ("Acme", "Acme", "Other")]
    assert made[0] == made[1]
    assert made[0]["namespaceId"] != made[2]["namespaceId"]
    listed = shell.json("namespaces", "list")
    assert [(row["namespaceId"], row["organization"]) for row in listed] == [
        (made[0]["namespaceId"], "Acme"),
        (made[2]["namespaceId"], "Other"),
    ]
    assert shell.json("namespaces", "list", "--organization", "Acme") == listed[:1]
    assert made[2]["namespaceId"] in shell.run("namespaces", "list").stdout
    missing = shell.run("namespaces", "list", "--organization", "Nobody")
    assert (missing.exit_code, missing.stderr) == (1, "Error: There is no organization 'Nobody'.\n")


def test_a_name_that_looks_like_an_id_is_refused(shell: Shell) -> None:
    result = shell.run("namespaces", "create", "ns_shop", "--organization", "Acme")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: A namespace's name can't begin with ns_: its id does.\n"


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("GATEWAY_MONGODB_URI", "", "Error: GATEWAY_MONGODB_URI is not set: expected a connection string"),
        ("GATEWAY_MONGODB_URI", "mongodb://u:hunter2@", "Error: GATEWAY_MONGODB_URI: not a MongoDB URI"),
        ("GATEWAY_MONGODB_URI", "mongodb://u:hunt@er2@h/?w=0", "Error: GATEWAY_MONGODB_URI: not a MongoDB URI"),
        ("GATEWAY_DRIVER", "odbc", "Error: GATEWAY_DRIVER: expected one of pymongo, motor"),
    ],
)
def test_a_wrong_setting_is_one_line(shell: Shell, variable: str, value: str, line: str) -> None:
    result = shell.run("keys", "list", **{variable: value})
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(line)
    assert result.stderr.count("\n") == 1
    assert "hunt" not in result.stderr


def test_motor_serves_the_commands_too(shell: Shell) -> None:
    assert shell.run("keys", "create", "--organization", "A", "--name", "n", GATEWAY_DRIVER="motor").exit_code == 0
    assert len(shell.json("keys", "list")) == 1


def test_the_installed_module_runs(shell: Shell) -> None:
    command = [sys.executable, "-m", "gateway", "keys", "create", "--organization", "Acmé", "--name", "web", "--json"]
    done = subprocess.run(command, env={**os.environ, **shell.environment}, capture_output=True, check=True)
    assert json.loads(done.stdout)["organization"] == "Acmé"
    assert done.stderr == b""
