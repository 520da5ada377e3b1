"""The gateway as its clients see it: the ASGI application over a real database, spoken to in HTTP."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import orjson
from starlette.applications import Starlette

from gateway.app.application import create_app
from gateway.context import Namespace, Organization, Permission
from gateway.settings import Settings, load
from gateway.store.client import Database, close, open_client
from gateway.store.keys import Keys
from gateway.store.tenancy import Tenancy
from gateway.store.writer import Writer
from tests.harness import command_log  # noqa: F401  # before any client is made


@dataclass(frozen=True, slots=True)
class Gateway:
    """``key`` may do everything in ``namespace``, its default; ``other_key`` is another organization's. ``state``: what
    the application tells its server."""

    app: Starlette
    http: httpx.AsyncClient
    database: Database
    tenancy: Tenancy
    keys: Keys
    writer: Writer
    organization: Organization
    namespace: Namespace
    key: str
    other_organization: Organization
    other_namespace: Namespace
    other_key: str
    state: Mapping[str, Any]

    async def post(self, body: object, *, key: str | None = None, namespace: str | None = None, **http: Any) -> Any:
        """The response to any JSON body; ``http`` goes to httpx, its ``headers`` on top of those of key and
        namespace."""
        headers = {
            "Authorization": f"Bearer {key or self.key}",
            "Content-Type": "application/json",
            **({"X-Namespace": namespace} if namespace else {}),
            **http.pop("headers", {}),
        }
        return await self.http.post("/graphql", content=orjson.dumps(body), headers=headers, **http)

    async def execute(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        key: str | None = None,
        namespace: str | None = None,
        **http: Any,
    ) -> dict[str, Any]:
        """The answer's JSON, whatever its status."""
        body = {"query": query, "variables": variables}
        response = await self.post(body, key=key, namespace=namespace, **http)
        answer: dict[str, Any] = orjson.loads(response.content)
        return answer

    async def data(self, query: str, variables: Mapping[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = await self.execute(query, variables, **options)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def make_key(self, *permissions: Permission, organization: Organization | None = None) -> str:
        """A key of the first organization, or of this one, without a default namespace unless it is the first's."""
        owner = organization or self.organization
        default = self.namespace.id if owner == self.organization else None
        issued = await self.keys.create(
            owner, name="made in a test", permissions=frozenset(permissions), default_namespace_id=default
        )
        return issued.secret

    async def make_known(self, *queries: str, organization: Organization | None = None) -> None:
        """Has documents of the organization prepared, at the cost of a key that nobody else uses."""
        key = await self.make_key(Permission.READ, Permission.WRITE, organization=organization)
        for query in queries:
            await self.post({"query": query}, key=key, namespace=self.namespace.name)


@asynccontextmanager
async def open_gateway(database: Database, mongodb_uri: str, **settings: Any) -> AsyncIterator[Gateway]:
    """The gateway of two organizations in ``database``, which a client beside the gateway's own also reaches.

    Keys may spend without end unless ``settings`` say otherwise: answers don't tell what they cost then. Nor does it
    derive what statistics are read from (see `tests.harness.derivation`), work on jobs (see `tests.harness.jobs`), or
    ask MongoDB how slow commands are run.
    """
    settings = {"rate_limit_restore": 0, "insights": False, "jobs": False, "slow_operation_ms": 0, **settings}
    app = create_app(load(Settings, mongodb_uri=mongodb_uri, mongodb_database=database.name, **settings))
    tenancy, keys = Tenancy(database), Keys(database)
    async with app.router.lifespan_context(app) as state:
        organization = await tenancy.create_organization("Acme")
        other_organization = await tenancy.create_organization("Initech")
        namespace, _ = await tenancy.create_namespace(organization, "shop")
        other_namespace, _ = await tenancy.create_namespace(other_organization, "shop")
        key, other_key = [
            await keys.create(owner, name="web", permissions=frozenset(Permission), default_namespace_id=default.id)
            for owner, default in ((organization, namespace), (other_organization, other_namespace))
        ]
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.example") as http:
            yield Gateway(
                app,
                http,
                database,
                tenancy,
                keys,
                Writer(database),
                organization,
                namespace,
                key.secret,
                other_organization,
                other_namespace,
                other_key.secret,
                state or {},
            )


@asynccontextmanager
async def new_gateway(mongodb_uri: str, **settings: Any) -> AsyncIterator[Gateway]:
    """As `open_gateway`, in a database of its own that is dropped behind it: for what several tests share."""
    client = open_client(mongodb_uri)
    database = client[f"test_{uuid4().hex}"]
    async with open_gateway(database, mongodb_uri, **settings) as gateway:
        yield gateway
    await client.drop_database(database.name)
    await close(client)


def code(response: httpx.Response) -> str:
    """The one error's code; such an answer has no data."""
    body = response.json()
    assert body.keys() == {"errors"}
    [error] = body["errors"]
    assert "Traceback" not in response.text
    return str(error["extensions"]["code"])
