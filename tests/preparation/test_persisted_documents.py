"""Documents that are named instead of sent: automatically persisted ones and the operator's trusted ones."""

import json
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.errors import QueryNotPersisted
from gateway.preparation.persisted_documents import PersistedDocuments, PersistedDocumentsPolicy
from gateway.settings import SettingsError
from tests.harness import prepared
from tests.harness.gateway_client import Gateway, code, new_gateway, open_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUERY = "query Key { viewer { keyName } }"
ANSWER = {"data": {"viewer": {"keyName": "web"}}}
COUNT = "query Count { interactions { totalCount } } query Permissions { viewer { permissions } }"
DELETE = 'mutation { deleteInteraction(input: {interactionId: "none"}) { deletedId } }'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"key-1": QUERY, "count-1": COUNT, "delete-1": DELETE}))
    return path


def hashed(query: str) -> str:
    return sha256(query.encode()).hexdigest()


def extensions(hash_: str, version: Any = 1) -> dict[str, Any]:
    return {"persistedQuery": {"version": version, "sha256Hash": hash_}}


def by_hash(text: str, **more: Any) -> dict[str, Any]:
    return {"extensions": extensions(hashed(text)), **more}


async def get(gateway: Gateway, **parameters: str) -> httpx.Response:
    return await gateway.http.get("/graphql", params=parameters, headers={"Authorization": f"Bearer {gateway.key}"})


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, code(response)


NOT_FOUND = (200, "PERSISTED_QUERY_NOT_FOUND")
UNTRUSTED = (403, "DOCUMENT_NOT_TRUSTED")


# Automatically persisted


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_an_unknown_hash_is_answered_as_apollo_does_and_kept_by_nobody(gateway: Gateway, accept: str) -> None:
    query = "query Unknown { viewer { keyName } }"
    for response in (
        await gateway.post(by_hash(query), headers={"Accept": accept}),
        await get(gateway, extensions=json.dumps(extensions(hashed(query)))),
        await gateway.post({"documentId": f"sha256:{hashed(query)}"}),
        await gateway.post({"documentId": "unknown"}),
    ):
        assert refusal(response) == NOT_FOUND
        assert response.json()["errors"][0]["message"] == "PersistedQueryNotFound"
        assert response.headers["Cache-Control"] == "private, no-cache, must-revalidate"
        assert "ETag" not in response.headers


async def test_a_document_sent_with_its_hash_is_known_by_it_from_then_on(gateway: Gateway) -> None:
    assert (await gateway.post(by_hash(QUERY, query=QUERY))).json() == ANSWER
    for response in (
        await gateway.post(by_hash(QUERY)),
        await get(gateway, extensions=json.dumps(extensions(hashed(QUERY)))),
        await gateway.post({"documentId": f"sha256:{hashed(QUERY)}"}),
        # As .NET's clients spell it.
        await gateway.post(by_hash(QUERY) | {"extensions": extensions(hashed(QUERY).upper())}),
        await gateway.post({"documentId": hashed(QUERY).upper()}),
        await gateway.post({"query": QUERY, "extensions": extensions(hashed(QUERY).upper())}),
    ):
        assert response.json() == ANSWER


async def test_variables_and_operation_names_come_with_the_hash(gateway: Gateway) -> None:
    query = "query A($with: Boolean!) { viewer { keyName @include(if: $with) } } query B { __typename }"
    await gateway.post(by_hash(query, query=query, operationName="B"))
    response = await gateway.post(by_hash(query, operationName="A", variables={"with": False}))
    assert response.json() == {"data": {"viewer": {}}}


async def test_a_document_that_has_another_hash_is_refused_and_not_kept(gateway: Gateway) -> None:
    query = "query Mine { viewer { keyName } }"
    for wrong in (hashed("{ __typename }"), hashed(query)[1:], ""):
        response = await gateway.post({"query": query, "extensions": extensions(wrong)})
        assert refusal(response) == (400, "BAD_REQUEST")
        assert response.json()["errors"][0]["message"] == "provided sha does not match query"
        assert refusal(await gateway.post({"extensions": extensions(wrong)})) == NOT_FOUND
    assert refusal(await gateway.post(by_hash(query))) == NOT_FOUND


@pytest.mark.parametrize("version", [0, 2, "1", None, True, 1.5])
async def test_another_version_of_the_protocol_is_refused(gateway: Gateway, version: Any) -> None:
    response = await gateway.post({"query": QUERY, "extensions": extensions(hashed(QUERY), version)})
    assert refusal(response) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("query", ["{ nonsense }", "{", "{ viewer { } }"])
async def test_what_is_not_valid_is_never_kept(gateway: Gateway, query: str) -> None:
    assert "errors" in (await gateway.post(by_hash(query, query=query))).json()
    assert refusal(await gateway.post(by_hash(query))) == NOT_FOUND


async def test_what_the_sender_may_not_do_is_never_kept(gateway: Gateway) -> None:
    query = "query NotForWriters { viewer { keyName } }"
    writes = await gateway.make_key(Permission.WRITE)
    assert refusal(await gateway.post(by_hash(query, query=query), key=writes)) == (403, "FORBIDDEN")
    assert (await gateway.post(by_hash(query, query=query), key="sk_nobody")).status_code == 401
    assert refusal(await gateway.post(by_hash(query))) == NOT_FOUND


async def test_nobody_learns_what_another_organization_asks(gateway: Gateway) -> None:
    query = 'query Secret { interaction(interactionId: "a secret of ours") { id } }'
    await gateway.post(by_hash(query, query=query))
    assert "data" in (await gateway.post(by_hash(query))).json()
    assert refusal(await gateway.post(by_hash(query), key=gateway.other_key)) == NOT_FOUND


async def test_a_mutation_is_refused_by_get_however_it_is_named(gateway: Gateway) -> None:
    assert "data" in (await gateway.post(by_hash(DELETE, query=DELETE))).json()
    response = await get(gateway, extensions=json.dumps(extensions(hashed(DELETE))))
    assert refusal(response) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["Allow"] == "POST, OPTIONS"
    assert "data" in (await gateway.post(by_hash(DELETE))).json()


async def test_it_can_be_switched_off(gateway: Gateway, mongod: EmbeddedServer) -> None:
    async with open_gateway(gateway.database, mongod.uri, persisted_queries=False) as gateway:
        assert (await gateway.post(by_hash(QUERY, query=QUERY))).json() == ANSWER
        response = await gateway.post(by_hash(QUERY))
        assert refusal(response) == (200, "PERSISTED_QUERY_NOT_SUPPORTED")
        assert response.json()["errors"][0]["message"] == "PersistedQueryNotSupported"


def small(number: int) -> str:
    return f"{{ k{number}: viewer {{ keyName }} }}"


@pytest.mark.parametrize(("length", "kept"), [(0, 1_000), (40_000, 25)])
async def test_an_organization_has_its_latest_used_documents_and_no_other_ones_less(length: int, kept: int) -> None:
    documents = PersistedDocuments(prepared.new_table(), PersistedDocumentsPolicy())

    def known(text: str, organization: str) -> bool:
        try:
            return not documents.find(None, hashed(text), organization).prepared.errors
        except QueryNotPersisted:
            return False

    documents.remember(small(0), hashed(small(0)), "theirs")
    texts = [small(number).ljust(length) for number in range(kept + 10)]
    for text in texts:
        documents.remember(text, hashed(text), "ours")
    assert [known(text, "ours") for text in texts[:11]] == [*[False] * 10, True]
    assert known(texts[-1], "ours")
    assert known(small(0), "theirs")


async def test_a_document_longer_than_all_that_is_kept_is_answered(gateway: Gateway, mongod: EmbeddedServer) -> None:
    async with open_gateway(
        gateway.database, mongod.uri, source_limit_bytes=10_000_000, body_limit_bytes=10_000_000
    ) as gateway:
        for length in (1_000_001, 5_000_001):
            query = QUERY.ljust(length)
            assert (await gateway.post(by_hash(query, query=query))).json() == ANSWER
            assert refusal(await gateway.post(by_hash(query))) == NOT_FOUND


# Trusted


async def test_a_trusted_document_is_named_by_its_id_or_its_hash(
    gateway: Gateway, mongod: EmbeddedServer, manifest: Path
) -> None:
    async with open_gateway(gateway.database, mongod.uri, trusted_documents=manifest) as gateway:
        for response in (
            await gateway.post({"documentId": "key-1"}),
            await gateway.post({"documentId": f"sha256:{hashed(QUERY)}"}),
            await gateway.post({"extensions": extensions("key-1")}),
            await gateway.post(by_hash(QUERY)),
            await gateway.post(by_hash(QUERY), key=gateway.other_key),
            await get(gateway, documentId="key-1"),
            await get(gateway, extensions=json.dumps(extensions("key-1"))),
        ):
            assert response.json() == ANSWER
        response = await gateway.post({"documentId": "count-1", "operationName": "Permissions"})
        assert set(response.json()["data"]["viewer"]["permissions"]) == {"READ", "RECORD", "WRITE", "ADMIN"}
        assert refusal(await get(gateway, documentId="delete-1")) == (405, "METHOD_NOT_ALLOWED")
        # Everything else goes on as it did.
        assert refusal(await gateway.post({"documentId": "key-2"})) == NOT_FOUND
        assert (await gateway.post({"query": "{ __typename }"})).json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("digits", [32, 40, 64])
async def test_a_hash_in_a_manifest_is_the_same_in_either_case(
    digits: int, gateway: Gateway, mongod: EmbeddedServer, tmp_path: Path
) -> None:
    """Relay's compiler names documents by MD5, or by SHA-1 or SHA-256 where it is told to."""
    names = [hashed("a")[:digits], hashed("b")[:digits].upper()]
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(dict(zip(names, (QUERY, COUNT), strict=True)) | {"Key": QUERY}))
    async with open_gateway(gateway.database, mongod.uri, trusted_documents=path) as gateway:
        for id in (names[0], names[0].upper(), f"SHA256:{names[0]}"):
            assert (await gateway.post({"documentId": id})).json() == ANSWER
        for id in (names[1], names[1].lower()):
            asked = {"documentId": id, "operationName": "Count"}
            assert (await gateway.post(asked)).json() == {"data": {"interactions": {"totalCount": 0}}}
        assert refusal(await gateway.post({"documentId": "key"})) == NOT_FOUND


async def test_a_version_is_a_number_however_json_spells_it(gateway: Gateway) -> None:
    assert (await gateway.post({"query": QUERY, "extensions": extensions(hashed(QUERY), 1.0)})).json() == ANSWER


async def test_beside_trusted_documents_a_hash_is_not_asked_for_that_nobody_keeps(
    gateway: Gateway, mongod: EmbeddedServer, manifest: Path
) -> None:
    async with open_gateway(
        gateway.database, mongod.uri, trusted_documents=manifest, persisted_queries=False
    ) as gateway:
        other = "{ __typename }"
        assert "data" in (await gateway.post(by_hash(other, query=other))).json()
        assert refusal(await gateway.post(by_hash(other))) == (200, "PERSISTED_QUERY_NOT_SUPPORTED")
        assert (await gateway.post(by_hash(QUERY))).json() == ANSWER
        # As Apollo Client sends it from then on.
        assert (await gateway.post({"query": QUERY})).json() == ANSWER


async def test_a_trusted_document_may_be_beyond_the_limits_of_others(
    gateway: Gateway, mongod: EmbeddedServer, tmp_path: Path
) -> None:
    large = "{ " + " ".join(f"k{number}: viewer {{ keyName }}" for number in range(50)) + " }"
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"large": large}))
    async with open_gateway(gateway.database, mongod.uri, trusted_documents=path) as gateway:
        assert len((await gateway.post({"documentId": "large"})).json()["data"]) == 50
        assert refusal(await gateway.post({"query": large + " "})) == (200, "OPERATION_TOO_COMPLEX")


async def test_a_trusted_document_asks_for_the_same_permissions(
    gateway: Gateway, mongod: EmbeddedServer, manifest: Path
) -> None:
    async with open_gateway(gateway.database, mongod.uri, trusted_documents=manifest) as gateway:
        reads = await gateway.make_key(Permission.READ)
        assert refusal(await gateway.post({"documentId": "delete-1"}, key=reads)) == (403, "FORBIDDEN")


async def test_everything_else_can_be_refused(gateway: Gateway, mongod: EmbeddedServer, manifest: Path) -> None:
    async with open_gateway(
        gateway.database, mongod.uri, trusted_documents=manifest, only_trusted_documents=True
    ) as gateway:
        other = "query Other { viewer { keyName } }"
        for response in (
            await gateway.post({"query": other}),
            await gateway.post(by_hash(other)),
            await gateway.post(by_hash(other, query=other)),
            await gateway.post({"documentId": "key-2"}),
            await gateway.post({"query": "{ __schema { queryType { name } } }"}),
            await gateway.post({"query": "{"}),
            await get(gateway, query=other),
        ):
            assert refusal(response) == UNTRUSTED
        for response in (
            await gateway.post({"documentId": "key-1"}),
            await gateway.post(by_hash(QUERY)),
            # It is the document that is trusted, not the way it came.
            await gateway.post({"query": QUERY}),
            await gateway.post(by_hash(QUERY, query=QUERY)),
        ):
            assert response.json() == ANSWER


async def test_a_wrong_manifest_is_a_wrong_setting(gateway: Gateway, mongod: EmbeddedServer, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"wrong": "{ nonsense }"}))
    for settings, said in (
        ({"trusted_documents": path}, r"^GATEWAY_TRUSTED_DOCUMENTS: the document 'wrong' is not valid: Cannot query"),
        ({"only_trusted_documents": True}, r"^GATEWAY_ONLY_TRUSTED_DOCUMENTS: expected GATEWAY_TRUSTED_DOCUMENTS"),
    ):
        with pytest.raises(SettingsError, match=said):
            async with open_gateway(gateway.database, mongod.uri, **settings):
                pass
