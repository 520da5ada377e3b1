"""Every example of docs/erasing.md, sent and run as it stands there."""

import asyncio
import re
import shlex
from pathlib import Path

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.jobs import JOB
from gateway.model.wire import validate_interaction
from tests.cli.test_key_commands import Shell
from tests.execution.test_erasing import NOON
from tests.harness.gateway_client import Gateway
from tests.harness.jobs import jobs_done

TEXT = (Path(__file__).parents[2] / "docs" / "erasing.md").read_text(encoding="utf-8")
OPERATIONS = re.findall(r"^```graphql\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
COMMANDS = [
    line for block in re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL) for line in block.splitlines()
]
INLINE = re.findall(r"`(gateway namespaces [^`]+)`", TEXT)


async def test_the_operations_are_answered(gateway: Gateway) -> None:
    archive, _ = await gateway.tenancy.create_namespace(gateway.organization, "archive")
    assert len(OPERATIONS) == 7
    for operation in OPERATIONS:
        variables = {"id": archive.id} if "$id" in operation else None
        data = await gateway.data(operation, variables)
        assert all(data.values())
        await jobs_done(gateway.database)
    assert await gateway.tenancy.find_namespace(gateway.organization.id, "archive") is None


async def test_the_commands_do_what_they_say(gateway: Gateway, mongod: EmbeddedServer) -> None:
    recorded = {"feature_id": "p1", "interaction_type": "click"}
    recordings = [
        validate_interaction({**recorded, "interaction_id": "i1", "user_id": "u1"}),
        validate_interaction({**recorded, "interaction_id": "i2", "session_id": "s1"}),
        validate_interaction({**recorded, "interaction_id": "i3"}),
    ]
    await gateway.writer.record(gateway.namespace, recordings, NOON)
    shell = Shell(mongod.uri, gateway.database.name)
    assert len(COMMANDS) == 5
    for command in COMMANDS:
        program, *arguments = shlex.split(command)
        assert program == "gateway"
        result = await asyncio.to_thread(shell.run, *arguments)
        assert result.exit_code == 0, result.output
    assert await gateway.database["interactions"].count_documents({}) == 0
    retain, delete = INLINE
    result = await asyncio.to_thread(shell.run, *shlex.split(retain)[1:])
    assert "for 90 days" in result.stdout
    # There is no such namespace: to wait for its end would take a minute.
    result = await asyncio.to_thread(shell.run, *shlex.split(delete)[1:])
    assert "Acme has no namespace 'archive'." in result.stderr
    assert await gateway.database[JOB.collection].count_documents({"is_open": True}) == 0
