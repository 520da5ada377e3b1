"""``gateway demo``: a database of its own, generated data, a key, and the gateway on top."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.app import serving
from gateway.app.application import create_app
from gateway.app.database import database_warnings
from gateway.app.worker import prepare_interpreter
from gateway.cli.console import AsJson, print_json, print_text, progress, timestamp, warn
from gateway.cli.insights_commands import catch_up
from gateway.cli.store_connection import run
from gateway.compiler.native_backend.extension import BACK_END
from gateway.demo.data import NamespaceKind
from gateway.demo.demo_contents import DEFAULT_INTERACTIONS, NAMESPACES, DemoAccess, Interactions, prepare, this_hour
from gateway.demo.embedded_mongod import start
from gateway.demo.reset import reset_directory
from gateway.model.wire import parse_instant
from gateway.settings import EmbeddedSettings, Settings, load, misspelt_variables

DATABASE = "gateway"

# A page whose name leads here, but isn't one of these, is another's.
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_HERE = Path(".gateway-demo")


def _instant(text: str) -> datetime:
    """An RFC 3339 date-time with its offset; typer.BadParameter for anything else."""
    try:
        return parse_instant(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from None


def demo(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on; 0 takes a free one.", min=0, max=65_535)] = 8000,
    data_dir: Annotated[Path, typer.Option(help="Where the demo's database and key are kept between runs.")] = _HERE,
    interactions: Annotated[
        int, typer.Option(help="How many interactions to generate, over both namespaces.", min=0, max=10_000_000)
    ] = DEFAULT_INTERACTIONS,
    until: Annotated[
        datetime | None,
        typer.Option(
            parser=_instant,
            metavar="TIME",
            help="When the sixty days of generated data end, where there are none yet. Default: the present hour.",
        ),
    ] = None,
    reset: Annotated[
        bool, typer.Option("--reset", help="Delete what the data directory holds, and begin anew.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Serve a demo: an embedded MongoDB with generated interactions, and a key to explore them."""
    serving.end_on_signals()
    warn(*misspelt_variables())
    configured = load(EmbeddedSettings).mongod
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        listener = stack.enter_context(serving.open_listener(host, port))
        if reset:
            reset_directory(data_dir)
        mongod = stack.enter_context(start(data_dir, configured=configured, cache_gigabytes=_cache_gigabytes()))
        bound = listener.getsockname()[1]
        settings = load(Settings, mongodb_uri=mongod.uri, mongodb_database=DATABASE, host=host, port=bound, workers=1)
        if not settings.hosts:
            settings = settings.model_copy(update={"hosts": (*_LOCAL, host)})
        if "log_level" not in settings.model_fields_set:
            settings = settings.model_copy(update={"log_level": "warning"})
        warn(*asyncio.run(database_warnings(settings)))
        access = run(
            lambda database: prepare(database, data_dir, interactions, until or this_hour(), _tracked), settings
        )
        run(catch_up, settings)
        _serve(listener, settings, access, as_json=as_json)


def _cache_gigabytes() -> float:
    """An eighth of the memory, within what MongoDB wants and a demo needs. In the least of it, what is imported no
    longer fits after ten thousand nested interactions: MongoDB takes several times as long to write the next."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(1.0, max(0.25, memory / 8 / 2**30))


def _serve(listener: socket.socket, settings: Settings, access: DemoAccess, *, as_json: bool) -> None:
    url = serving.graph_url(settings.host, listener)
    app = create_app(settings, pages_take_key=True)
    prepare_interpreter()
    # Browsers send it to nobody: who asks for a page gets no key.
    fragment = f"#key={access.secret}&namespace={access.namespace.name}"

    def ready() -> None:
        facts = {
            "url": url,
            "wsUrl": f"ws{url.removeprefix('http')}",
            "insightsUrl": f"{url.removesuffix('graphql')}insights{fragment}" if settings.insights_page else None,
            "graphiqlUrl": f"{url}{fragment}" if settings.graphiql else None,
            "key": access.secret,
            "namespace": access.namespace.name,
            "namespaceId": access.namespace.id,
            "mongodbUri": settings.mongodb_uri.get_secret_value(),
            "database": settings.mongodb_database,
            "pid": os.getpid(),
            "dataUntil": timestamp(access.until),
        }
        if as_json:
            print_json(facts)
        else:
            print_text(_welcome(facts, is_outdated=access.is_outdated(datetime.now(UTC))))

    serving.run(
        app,
        listener,
        limits=settings.connection_limits,
        log_level=settings.log_level,
        log_format=settings.log_format,
        ready=ready,
    )


def _welcome(facts: dict[str, Any], *, is_outdated: bool) -> str:
    query = "{ interactions(first: 3) { nodes { interactionType featureId searchRequest { filters { text } } } } }"
    curl = (
        f"curl {facts['url']} -H 'Content-Type: application/json' -H 'Authorization: Bearer {facts['key']}' "
        f"-H 'X-Namespace: {facts['namespace']}' -d '{{\"query\": \"{query}\"}}'"
    )
    data = f"generated, of the sixty days up to {facts['dataUntil']}"
    if is_outdated:
        data = f"{data if facts['dataUntil'] else 'generated by another version'}; gateway demo --reset makes new ones"
    pages = {"Insights": facts["insightsUrl"], "GraphiQL": facts["graphiqlUrl"]}
    addresses = [
        f"  {name}   {address}\n             (open it in a browser, as it is: it holds the key)\n"
        for name, address in pages.items()
        if address is not None
    ]
    return f"""The demo is ready, with generated data.

{"".join(addresses)}  GraphQL    {facts["url"]}
  Key        {facts["key"]}
  Namespace  {facts["namespace"]}  ({facts["namespaceId"]}); another one: {NAMESPACES[1]}
  MongoDB    {facts["mongodbUri"]}  (database {facts["database"]})
  Data       {data}
  Back end   {BACK_END}

Try:
  {curl}

Ctrl-C ends it; the data stay."""


@contextmanager
def _tracked(kind: NamespaceKind, generated: Interactions, count: int) -> Iterator[Interactions]:
    """The interactions, with a bar that shows how many of them are generated."""
    with progress(stays=True) as bars:
        task = bars.add_task(f"Generating {kind}", total=count)
        yield bars.track(generated, task_id=task, total=count)
