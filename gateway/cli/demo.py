"""``gateway demo``: a database of its own, generated data, a key, and the gateway on top."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway import secretkey
from gateway.app import create_app
from gateway.cli.console import AsJson, print_json, print_line
from gateway.cli.serve import UVICORN
from gateway.context import Namespace, Permission
from gateway.demodata import NamespaceKind
from gateway.demodata import interactions as generated_interactions
from gateway.embedded import EmbeddedServer, start
from gateway.errors import Unavailable
from gateway.interchange.imports import load
from gateway.kinds import INTERACTION
from gateway.settings import EmbeddedSettings, Settings
from gateway.settings import load as load_settings
from gateway.store.client import Database, close, open_client
from gateway.store.indexes import create_indexes
from gateway.store.tenancy import Tenancy
from gateway.store.write import Writer

ORGANIZATION = "demo"
DATABASE = "gateway"
NAMESPACES: tuple[NamespaceKind, ...] = ("shop", "media")
DEFAULT_INTERACTIONS = 5_000

_HERE = Path(".gateway-demo")
_KEY_FILE = "key"
_SEED = 1


@dataclass(frozen=True, slots=True)
class _Demo:
    """What a visitor needs; the key's secret is kept in the data directory, for this user's eyes only."""

    key: str
    namespace: Namespace


class _Server(uvicorn.Server):
    """Calls ``ready`` once connections are accepted."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def demo(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on; 0 takes a free one.", min=0, max=65_535)] = 8000,
    data_dir: Annotated[Path, typer.Option(help="Where the demo's database and key are kept between runs.")] = _HERE,
    interactions: Annotated[
        int, typer.Option(help="How many interactions to generate, over both namespaces.", min=0, max=10_000_000)
    ] = DEFAULT_INTERACTIONS,
    as_json: AsJson = False,
) -> None:
    """Serve a demo: an embedded MongoDB with generated interactions, and a key to explore them."""
    # Ending by a signal leaves through the database's own end.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    configured = load_settings(EmbeddedSettings).mongod
    with (
        suppress(KeyboardInterrupt),
        _listening(host, port) as listener,
        start(data_dir, configured=configured) as mongod,
    ):
        prepared = asyncio.run(_prepare(mongod, data_dir, interactions))
        _serve(listener, host, mongod, prepared, as_json=as_json)


def _listening(host: str, port: int) -> socket.socket:
    """The listening socket, bound first: a port that is taken shows before anything is set up."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise Unavailable(f"can't listen on {host}:{port}: {error.strerror}") from None


def _serve(listener: socket.socket, host: str, mongod: EmbeddedServer, prepared: _Demo, *, as_json: bool) -> None:
    authority = f"[{host}]" if ":" in host else host
    address = f"{authority}:{listener.getsockname()[1]}"
    headers = {"Authorization": f"Bearer {prepared.key}", "X-Namespace": prepared.namespace.name}
    settings = load_settings(Settings, mongodb_uri=mongod.uri, mongodb_database=DATABASE)
    config = uvicorn.Config(create_app(settings, page_headers=headers), log_level="warning", **UVICORN)

    def ready() -> None:
        facts = {
            "url": f"http://{address}/graphql",
            "wsUrl": f"ws://{address}/graphql",
            "graphiqlUrl": f"http://{address}/graphql",
            "key": prepared.key,
            "namespace": prepared.namespace.name,
            "namespaceId": prepared.namespace.id,
            "mongodbUri": mongod.uri,
            "database": DATABASE,
            "pid": os.getpid(),
        }
        if as_json:
            print_json(facts)
        else:
            print_line(_welcome(facts))

    _Server(config, ready).run(sockets=[listener])


def _welcome(facts: dict[str, Any]) -> str:
    query = "{ interactions(first: 3) { nodes { interactionType featureId searchRequest { filters { text } } } } }"
    curl = (
        f"curl {facts['url']} -H 'Content-Type: application/json' -H 'Authorization: Bearer {facts['key']}' "
        f"-H 'X-Namespace: {facts['namespace']}' -d '{{\"query\": \"{query}\"}}'"
    )
    return f"""The demo is ready, with generated data.

  GraphQL    {facts["url"]}
  GraphiQL   {facts["graphiqlUrl"]}  (open it in a browser)
  Key        {facts["key"]}
  Namespace  {facts["namespace"]}  ({facts["namespaceId"]}); another one: {NAMESPACES[1]}
  MongoDB    {facts["mongodbUri"]}  (database {facts["database"]})

Try:
  {curl}

Ctrl-C ends it; the data stay."""


async def _prepare(mongod: EmbeddedServer, data_dir: Path, count: int) -> _Demo:
    client = open_client(mongod.uri)
    try:
        return await _fill(client[DATABASE], data_dir, count)
    finally:
        await close(client)


async def _fill(database: Database, data_dir: Path, count: int) -> _Demo:
    tenancy = Tenancy(database)
    await create_indexes(database)
    organization = await tenancy.create_organization(ORGANIZATION)
    namespaces = {kind: (await tenancy.create_namespace(organization, kind))[0] for kind in NAMESPACES}
    wanted = {NAMESPACES[0]: count - count // 4, NAMESPACES[1]: count // 4}
    for kind, namespace in namespaces.items():
        stored = await database[INTERACTION.collection].count_documents({"namespace_id": namespace.id})
        if stored < wanted[kind]:
            await _generate(database, kind, namespace, wanted[kind])
    first = namespaces[NAMESPACES[0]]
    key_file = data_dir / _KEY_FILE
    secret = key_file.read_text().strip() if key_file.exists() else ""
    parsed = secretkey.parse(secret)
    known = None if parsed is None else await tenancy.find_key(parsed.key_id)
    if known is None:
        issued = await tenancy.create_key(
            organization, name="demo", permissions=frozenset(Permission), default_namespace_id=first.id
        )
        secret = issued.secret
        key_file.touch(mode=0o600)
        key_file.write_text(secret + "\n")
    return _Demo(secret, first)


async def _generate(database: Database, kind: NamespaceKind, namespace: Namespace, count: int) -> None:
    """Generated interactions are the same each time, so that those of an interrupted run are found existing."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(f"Generating {kind}", total=count)
        generated = progress.track(generated_interactions(count, seed=_SEED, namespace=kind), task_id=task, total=count)
        await load(generated, Writer(database), namespace)
