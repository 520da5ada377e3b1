"""The servers that are compared, each in a process of its own: ``python -m bench.servers VARIANT``, set up by the
gateway's own environment variables and served by the gateway's own way of running uvicorn.

With ``BENCH_PROFILE=FILE`` the process runs under cProfile and leaves its figures there when it ends.
"""

import cProfile
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from bench import handwritten, usual
from bench.dataset import DATABASE
from gateway.app.application import application, create_app
from gateway.app.services import Services
from gateway.app.serving import end_on_signals, open_listener, run
from gateway.app.worker import prepare_interpreter
from gateway.execution.operation_runner import OperationRunner
from gateway.execution.response_builder import ResponseBuilder
from gateway.limits import ConnectionLimits
from gateway.limits.worker_limits import held_bytes_at_once
from gateway.scheduling.held_bytes import HeldBytes
from gateway.settings import Settings, load
from gateway.transport.exchange.security_headers import HEADERS

_STOP_SECONDS = 30.0
# Connections of one variant are idle while the others are measured.
_LIMITS = ConnectionLimits(keep_alive_seconds=600)


class ExecutedResponses(ResponseBuilder):
    """Responses without the compiled functions: graphql-core answers every request, over the same pages."""

    def shaped(self, *_: Any) -> tuple[None, str]:
        return None, "executed"


@dataclass(frozen=True, slots=True)
class Variant:
    """``application``: None of another program, which ``command`` runs. ``by_hand``: it takes an operation's name and
    variables, no document. ``only``: the operations that it has, where it hasn't all. ``spaced``: it writes the same
    JSON with white space, or escapes other characters of it."""

    application: Callable[[Settings], ASGIApp] | None
    by_hand: bool = False
    only: Collection[str] | None = None
    spaced: bool = False
    command: Sequence[str] = ()

    def answers(self, operation: str) -> bool:
        return self.only is None or operation in self.only


def executed(settings: Settings) -> ASGIApp:
    """The gateway with graphql-core's executor in the place of its compiled functions, and of its native back end."""
    settings = _without_native(settings)
    services = Services(settings)
    services.operations = OperationRunner(
        services.admission,
        services.fetcher,
        ExecutedResponses(services.graph),
        services.concurrency,
        services.cpu_gate,
        services.rate_limiter,
        services.observer,
        time_limit_ms=settings.limits.operation_time_ms,
        usage_limits=settings.limits.usage,
        held_bytes=HeldBytes(*held_bytes_at_once(settings.worker_limits.key_held_bytes)),
    )
    return application(settings, services)


def by_python(settings: Settings) -> ASGIApp:
    """The gateway without its native back end."""
    return create_app(_without_native(settings))


def _without_native(settings: Settings) -> Settings:
    return settings.model_copy(update={"native": False})


# The gateway stands between those that it is compared with: neighbours are measured next to each other.
VARIANTS: Mapping[str, Variant] = {
    "handwritten": Variant(handwritten.Application, by_hand=True),
    "gateway": Variant(create_app),
    "python": Variant(by_python),
    "ordinary": Variant(partial(handwritten.Application, lean=False), by_hand=True),
    "executor": Variant(executed),
    "usual": Variant(usual.Application, only=usual.OPERATIONS, spaced=True),
    "mercurius": Variant(
        None,
        only=("flat", "deep", "paging", "own", "nested", "json"),
        spaced=True,
        command=("node", str(Path(__file__).parent / "mercurius/server.js")),
    ),
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running variant: its process and the loopback port it serves."""

    variant: str
    pid: int
    port: int


@contextmanager
def serving(
    variant: str, uri: str, *, database: str = DATABASE, profile: Path | None = None, **settings: str
) -> Iterator[Server]:
    """Runs a variant on a database at ``uri`` and ends it on leaving; with a file, under cProfile. ``settings``: other
    variables of its environment."""
    environment = {
        **os.environ,
        "GATEWAY_MONGODB_URI": uri,
        "GATEWAY_MONGODB_DATABASE": database,
        # The others neither count what a key spends nor tell it.
        "GATEWAY_RATE_LIMIT_RESTORE": "0",
        # What is done beside the answers would be measured with them.
        "GATEWAY_INSIGHTS": "false",
        "GATEWAY_JOBS": "false",
        **_for_other_programs(uri),
        **settings,
        **({"BENCH_PROFILE": str(profile)} if profile else {}),
    }
    command = VARIANTS[variant].command or [sys.executable, "-m", "bench.servers", variant]
    if shutil.which(command[0]) is None:
        raise SystemExit(f"the server {variant!r} needs {command[0]}")
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None, "it is a pipe"
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"the server {variant!r} did not start")
        yield Server(variant, process.pid, json.loads(line)["port"])
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _for_other_programs(uri: str) -> dict[str, str]:
    """What other programs have to do as the gateway does by its defaults."""
    settings = load(Settings, mongodb_uri=uri)
    return {
        "BENCH_HEADERS": json.dumps({name.decode(): value.decode() for name, value in HEADERS}),
        "BENCH_KEY_CACHE_SECONDS": str(settings.key_cache_seconds),
        "BENCH_READ_TIME_MS": str(settings.limits.read_time_ms),
    }


def main(variant: str) -> None:
    """Serves a variant on a free port, which the first line on standard output tells, until a signal ends it."""
    end_on_signals()
    profile = cProfile.Profile() if os.environ.get("BENCH_PROFILE") else None
    with suppress(KeyboardInterrupt), open_listener("127.0.0.1", 0) as listener:
        build = VARIANTS[variant].application
        assert build is not None, "it is another program"
        app = build(load(Settings, log_level="warning"))
        prepare_interpreter()

        def ready() -> None:
            print(json.dumps({"port": listener.getsockname()[1]}), flush=True)

        if profile is not None:
            profile.enable()
        with suppress(KeyboardInterrupt):
            run(app, listener, limits=_LIMITS, log_level="warning", ready=ready)
    if profile is not None:
        profile.disable()
        profile.dump_stats(os.environ["BENCH_PROFILE"])


if __name__ == "__main__":
    main(sys.argv[1])
