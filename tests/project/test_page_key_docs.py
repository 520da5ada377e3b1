"""The commands and the mutation of docs/keys-for-pages.md, run as they stand there; its page is opened by
`tests.clients.test_page_keys`."""

import asyncio
import re
import shlex
from pathlib import Path

from typer.testing import CliRunner

from gateway.cli import app
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.store.client import Database
from tests.harness.gateway_client import open_gateway

TEXT = (Path(__file__).parents[2] / "docs" / "keys-for-pages.md").read_text(encoding="utf-8")
COMMANDS = [
    words
    for block in re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    for words in block.replace("\\\n", "").splitlines()
]
[MUTATION] = re.findall(r"^```graphql\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
RECORD = """mutation { recordInteraction(input: { featureId: "p1", interactionType: CLICK }) { created } }"""
ORIGIN = {"Origin": "https://www.shop.example"}


def run(command: str, key_id: str, environment: dict[str, str]) -> str:
    program, *arguments = shlex.split(command.replace("$KEY_ID", key_id))
    assert program == "gateway"
    result = CliRunner().invoke(app, arguments, env=environment)
    assert result.exit_code == 0, result.output
    return result.stdout


async def test_a_key_is_made_used_rotated_limited_and_revoked(mongod: EmbeddedServer, database: Database) -> None:
    environment = {"GATEWAY_MONGODB_URI": mongod.uri, "GATEWAY_MONGODB_DATABASE": database.name}
    async with open_gateway(database, mongod.uri, key_cache_seconds=0, rate_limit_restore=25_000) as gateway:
        create, *others = COMMANDS
        made = await in_a_thread(create, "", environment)
        over_the_graph = (await gateway.data(MUTATION))["createKey"]
        for secret in (made.split()[0], over_the_graph["secret"]):
            response = await gateway.post({"query": RECORD}, key=secret, headers=ORIGIN)
            assert response.json()["data"] == {"recordInteraction": {"created": True}}
            assert response.headers["ratelimit-limit"] == "5000"
            assert (await gateway.post({"query": RECORD}, key=secret)).status_code == 403
            elsewhere = await gateway.post({"query": RECORD}, key=secret, namespace="other", headers=ORIGIN)
            assert elsewhere.json()["errors"][0]["extensions"]["code"] == "NAMESPACE_NOT_FOUND"
        told = over_the_graph["key"]
        assert (told["permissions"], told["confined"], len(told["origins"])) == (["RECORD"], True, 2)
        for command in others:
            await in_a_thread(command, told["keyId"], environment)
        assert [shlex.split(command)[2] for command in COMMANDS] == ["create", "rotate", "limit", "revoke"]
        revoked = await gateway.post({"query": RECORD}, key=over_the_graph["secret"], headers=ORIGIN)
        assert revoked.status_code == 401
        successor = (await gateway.keys.oldest_first())[-1]
        assert sorted(successor.caller.origins or ()) == told["origins"]


async def in_a_thread(command: str, key_id: str, environment: dict[str, str]) -> str:
    return await asyncio.to_thread(run, command, key_id, environment)
