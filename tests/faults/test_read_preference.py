"""Which members of a replica set answer what, where queries may be read of its secondaries."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import pytest_asyncio
from graphql import OperationDefinitionNode, OperationType, parse
from pymongo import monitoring

from gateway.model.wire import validate_interaction
from tests.execution.test_operation_runner import FOLDER as OPERATIONS
from tests.execution.test_operation_runner import NAMES, NOON, document, golden_gateway, permitted, store_data_set
from tests.faults.replica_set import ReplicaSet, eventually, replica_set
from tests.harness.gateway_client import Gateway, open_gateway
from tests.harness.live_client import served, stream

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

READS = ("find", "aggregate", "count", "getMore")


class Addresses(monitoring.CommandListener):
    """The ports that reads of the gateway's collections were sent to, while there is a list for them."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int | None]] | None = None

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if self.sent is not None and event.command_name in READS:
            self.sent.append((str(event.command)[:300], event.connection_id[1]))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


ADDRESSES = Addresses()
monitoring.register(ADDRESSES)


@contextmanager
def reads() -> Iterator[list[tuple[str, int | None]]]:
    sent: list[tuple[str, int | None]] = []
    ADDRESSES.sent = sent
    try:
        yield sent
    finally:
        ADDRESSES.sent = None


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def members(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ReplicaSet]:
    async with replica_set(tmp_path_factory.mktemp("replica-set")) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(members: ReplicaSet) -> AsyncIterator[Gateway]:
    async with golden_gateway(members.uri, read_preference="secondary", key_cache_seconds=5) as gateway:
        yield gateway


def operation_type(name: str) -> OperationType:
    [operation] = [node for node in parse(document(name)).definitions if isinstance(node, OperationDefinitionNode)]
    return operation.operation


def golden(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((OPERATIONS / f"{name}.json").read_bytes())
    return content


async def test_queries_are_read_of_secondaries_and_mutations_of_the_primary(
    members: ReplicaSet, gateway: Gateway
) -> None:
    primary = (await members.primary()).gate.port
    counted = dict.fromkeys(OperationType, 0)
    for name in NAMES:
        operation, content = operation_type(name), golden(name)
        if operation is OperationType.SUBSCRIPTION:
            continue
        await store_data_set(gateway.database, gateway.namespace, content)
        key = await gateway.make_key(*permitted(content))
        # Keys and namespaces are looked up of the primary, and then known for a while.
        await gateway.execute("{ __typename }", key=key)
        with reads() as sent:
            await gateway.execute(document(name), content["variables"], key=key)
        # What follows what is written, and who derives, reads of the primary beside.
        own = [
            (command, port) for command, port in sent if "$cmd.aggregate" not in command and "insights" not in command
        ]
        for command, port in own:
            assert (port == primary) == (operation is OperationType.MUTATION), (name, command)
        counted[operation] += len(sent)
    assert counted[OperationType.QUERY] > 50
    assert counted[OperationType.MUTATION] > 3


async def test_what_a_subscription_tells_is_read_of_the_primary(members: ReplicaSet, gateway: Gateway) -> None:
    primary = (await members.primary()).gate.port
    name = "interaction_recorded"
    content = golden(name)
    await store_data_set(gateway.database, gateway.namespace, content)
    async with (
        served(gateway.app) as address,
        stream(address, gateway.key, document(name), content["variables"]) as subscription,
    ):
        with reads() as sent:
            for wire in content["recorded"]:
                await gateway.writer.record(gateway.namespace, [validate_interaction(wire)], NOON)
                assert await subscription.event() is not None
    assert {port for _, port in sent} == {primary}


async def test_a_query_may_be_behind_what_a_mutation_answers(members: ReplicaSet, gateway: Gateway) -> None:
    primary = await members.primary()
    behind = next(member for member in members.members if member is not primary)
    async with members.client() as client:
        configuration = (await client.admin.command("replSetGetConfig"))["config"]
        for member in configuration["members"]:
            role = "behind" if member["host"].endswith(f":{behind.gate.port}") else "ahead"
            member["tags"] = {"role": role}
        configuration["version"] += 1
        await client.admin.command("replSetReconfig", configuration)
    count = "{ interactions { totalCount } }"
    record = """mutation { recordInteraction(input: {interactionId: "late", featureId: "f", interactionType: VIEW}) {
      interaction { interactionId } } }"""
    async with open_gateway(
        gateway.database, members.uri, read_preference="secondary", read_tags=({"role": "behind"},)
    ) as tagged:

        async def total() -> int:
            data = await tagged.data(count, key=gateway.key)
            found: int = data["interactions"]["totalCount"]
            return found

        before = await total()
        async with members.client(behind) as locked:
            await locked.admin.command("fsync", lock=True)
            try:
                answer = await tagged.data(record, key=gateway.key)
                assert answer == {"recordInteraction": {"interaction": {"interactionId": "late"}}}
                assert await total() == before
            finally:
                await locked.admin.command("fsyncUnlock")

        async def has_caught_up() -> bool:
            return await total() == before + 1

        await eventually(has_caught_up, "the secondary has what was recorded")
