"""A worker process: its application, made from the environment, and its garbage collector."""

import gc

from starlette.applications import Starlette

from gateway.app.application import create_app
from gateway.settings import Settings, load

# A nested page of 50 interactions has some 10,000.
_YOUNG_OBJECTS = 20_000


def from_environment() -> Starlette:
    """The application of a worker process; raises `SettingsError`."""
    app = create_app(load(Settings))
    freeze_garbage_collector()
    return app


def freeze_garbage_collector() -> None:
    """Takes what there is by now out of the garbage collector's sight: it stays for good.

    A new document makes so many objects that each of them had the collector walk the schema, for longer than it took to
    plan the document. From then on it is also woken less often: a page has thousands of objects, and what requests
    leave behind is hardly ever a cycle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)
