"""``gateway demo``: a database of its own, generated data, a key, and the gateway on top."""

import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.app.application import create_app, settle
from gateway.cli import store_connection
from gateway.cli.console import AsJson, print_json, print_line, progress
from gateway.cli.serve_command import address, end_on_signals, listening
from gateway.context import Namespace, Organization, Permission
from gateway.demo.data import NamespaceKind
from gateway.demo.data import interactions as generated_interactions
from gateway.demo.embedded_mongod import start
from gateway.interchange.imports import record_all
from gateway.model import secret_keys
from gateway.settings import EmbeddedSettings, Settings, load
from gateway.store.client import Database
from gateway.store.demo_progress import DemoProgress
from gateway.store.index_creation import create_indexes
from gateway.store.keys import Keys
from gateway.store.tenancy import Tenancy
from gateway.store.writer import Writer
from gateway.transport.server.process import run

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
    end_on_signals()
    configured = load(EmbeddedSettings).mongod
    with (
        suppress(KeyboardInterrupt),
        listening(host, port) as listener,
        start(data_dir, configured=configured) as mongod,
    ):
        bound = listener.getsockname()[1]
        settings = load(Settings, mongodb_uri=mongod.uri, mongodb_database=DATABASE, host=host, port=bound, workers=1)
        prepared = _prepare(settings, data_dir, interactions)
        _serve(listener, settings, prepared, as_json=as_json)


def _serve(listener: socket.socket, settings: Settings, prepared: _Demo, *, as_json: bool) -> None:
    url = address(settings.host, listener)
    headers = {"Authorization": f"Bearer {prepared.key}", "X-Namespace": prepared.namespace.name}
    app = create_app(settings, page_headers=headers)
    settle()

    def ready() -> None:
        facts = {
            "url": url,
            "wsUrl": f"ws{url.removeprefix('http')}",
            "graphiqlUrl": url,
            "key": prepared.key,
            "namespace": prepared.namespace.name,
            "namespaceId": prepared.namespace.id,
            "mongodbUri": settings.mongodb_uri.get_secret_value(),
            "database": settings.mongodb_database,
            "pid": os.getpid(),
        }
        if as_json:
            print_json(facts)
        else:
            print_line(_welcome(facts))

    run(app, listener, limits=settings.connection_limits, log_level="warning", ready=ready)


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


def _prepare(settings: Settings, data_dir: Path, count: int) -> _Demo:
    key_file = data_dir / _KEY_FILE
    kept = key_file.read_text().strip() if key_file.exists() else ""
    prepared = store_connection.run(lambda database: _fill(database, kept, count), settings)
    if prepared.key != kept:
        key_file.touch(mode=0o600)
        key_file.write_text(prepared.key + "\n")
    return prepared


async def _fill(database: Database, kept: str, count: int) -> _Demo:
    tenancy = Tenancy(database)
    await create_indexes(database)
    organization = await tenancy.create_organization(ORGANIZATION)
    shop, media = [(await tenancy.create_namespace(organization, kind))[0] for kind in NAMESPACES]
    await _generate(database, "shop", shop, count - count // 4)
    await _generate(database, "media", media, count // 4)
    return _Demo(await _key(Keys(database), kept, organization, shop), shop)


async def _key(keys: Keys, kept: str, organization: Organization, namespace: Namespace) -> str:
    """The secret that was kept, or a new one where that doesn't work or works no longer."""
    presented = secret_keys.parse(kept)
    key = None if presented is None else await keys.find(presented.key_id)
    if key is not None and key.is_valid(datetime.now(UTC)):
        return kept
    issued = await keys.create(
        organization, name="demo", permissions=frozenset(Permission), default_namespace_id=namespace.id
    )
    return issued.secret


async def _generate(database: Database, kind: NamespaceKind, namespace: Namespace, count: int) -> None:
    """Generates interactions unless there were as many before: what a visitor deleted stays deleted.

    They are the same each time, so that those of an interrupted or smaller run are found existing.
    """
    generated = DemoProgress(database)
    if await generated.reached(kind, count):
        return
    with progress(stays=True) as bars:
        task = bars.add_task(f"Generating {kind}", total=count)
        tracked = bars.track(generated_interactions(count, seed=_SEED, namespace=kind), task_id=task, total=count)
        await record_all(tracked, Writer(database), namespace)
    await generated.note(kind, count)
