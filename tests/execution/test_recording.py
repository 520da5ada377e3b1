"""What mutations tell of errors that are not their input's."""

from datetime import UTC, datetime

import pytest

from gateway.context import Caller, Context, Namespace, Organization, Permission
from gateway.errors import Unavailable
from gateway.execution.fetching import Fetcher
from gateway.store.client import close, open_client
from gateway.store.reader import Reader
from gateway.store.writer import Writer
from tests.harness import prepared

RECORD = {
    "recordInteraction": 'featureId: "f", interactionType: VIEW',
    "recordSearchRequest": 'searchRequest: { queries: [], collections: ["c"] }',
}


@pytest.mark.parametrize("mutation", RECORD)
async def test_an_outage_is_not_the_inputs_fault(mutation: str) -> None:
    client = open_client("mongodb://127.0.0.1:9/", server_selection_timeout_ms=50)
    try:
        database = client["gateway"]
        fetcher = Fetcher(Reader(database, time_limit_ms=1_000), Writer(database))
        document = f"mutation {{ {mutation}(input: {{ {RECORD[mutation]} }}) {{ created }} }}"
        bound = prepared.bound(prepared.new_table(), document, {})
        organization = Organization("org_1", "Acme")
        namespace = Namespace("ns_1", "shop", organization.id, datetime.now(UTC))
        pages = await fetcher.fetch(
            bound, Context(Caller("key", "web", frozenset(Permission), organization, namespace.id), namespace)
        )
    finally:
        await close(client)
    with pytest.raises(Unavailable) as raised:
        pages.at((f"Mutation.{mutation}",))
    assert raised.value.path == ()
