"""A worker process: its application, made from the environment, and the interpreter that runs it."""

import gc
import sys

from starlette.applications import Starlette

from gateway.app.application import create_app
from gateway.settings import Settings, load

# A nested page of 50 interactions has some 10,000.
_YOUNG_OBJECTS = 20_000
# For how long a thread that makes a long answer may keep the event loop waiting, each time that something is to be done
# there; Python's own 5 ms, some ten times for a request, would be as much as its answer may take.
_SWITCH_SECONDS = 0.0005


def from_environment() -> Starlette:
    """The application of a worker process; raises `SettingsError`."""
    app = create_app(load(Settings))
    prepare_interpreter()
    return app


def prepare_interpreter() -> None:
    """Has the interpreter serve what there is by now, for good."""
    freeze_garbage_collector()
    sys.setswitchinterval(_SWITCH_SECONDS)


def freeze_garbage_collector() -> None:
    """Takes what there is by now out of the garbage collector's sight: it stays for good.

    A new document makes so many objects that each of them had the collector walk the schema, for longer than it took to
    plan the document. From then on it is also woken less often: a page has thousands of objects, and what requests
    leave behind is hardly ever a cycle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)
