"""Generated sessions, realistic in shape and invented in content: a person searches and acts on what is found.

Every interaction carries ``metadata.generated = true``, so that nobody takes it for a real one.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count as serials
from itertools import islice
from random import Random
from typing import Any, Literal

from gateway.demo.data.catalogue import MEDIA, SHOP, Catalogue
from gateway.demo.data.search_requests import search_request
from gateway.model.wire import format_instant

NamespaceKind = Literal["shop", "media"]

UNTIL = datetime(2025, 6, 30, 18, 0, tzinfo=UTC)
"""When the newest generated session begins, whatever the date of today: the data is the same every time."""

_CATALOGUES: dict[NamespaceKind, Catalogue] = {"shop": SHOP, "media": MEDIA}
_DEVICES = (
    {"os": "ios", "type": "phone", "screen": {"width": 390, "height": 844}},
    {"os": "android", "type": "phone", "screen": {"width": 412, "height": 915}},
    {"os": "macos", "type": "desktop", "screen": {"width": 1728, "height": 1117}},
    {"os": "windows", "type": "desktop", "screen": {"width": 1920, "height": 1080}},
    {"os": "linux", "type": "desktop"},
)
_TAGS = ("new-visitor", "returning", "experiment-a", "experiment-b", "logged-in")
_TIMED = frozenset({"view", "long_view", "click"})


def interactions(
    count: int, *, seed: int, namespace: NamespaceKind, until: datetime = UNTIL
) -> Iterator[dict[str, Any]]:
    """``count`` interactions in the REST wire shape, the same for the same arguments.

    Sessions come newest first, the first of them beginning at ``until``; a larger ``count`` goes further back
    and begins with exactly the interactions of a smaller one. Interactions of one search share its
    ``search_request`` object: copy before changing anything.
    """
    return islice(_interactions(Random(f"{namespace}:{seed}"), _CATALOGUES[namespace], until), count)


def _interactions(rng: Random, catalogue: Catalogue, until: datetime) -> Iterator[dict[str, Any]]:
    numbers, searches = serials(1), serials(1)
    began = until
    for serial in serials(1):
        for interaction in _session(rng, catalogue, f"{catalogue.name}-session-{serial:06d}", searches, began):
            yield {"interaction_id": f"{catalogue.name}-interaction-{next(numbers):07d}", **interaction}
        began -= timedelta(seconds=rng.randint(60, 900))


def _session(
    rng: Random, catalogue: Catalogue, session_id: str, searches: Iterator[int], began: datetime
) -> Iterator[dict[str, Any]]:
    person = int(catalogue.person_count * rng.random() ** 2)
    user_id = f"{catalogue.person}-{person:04d}" if rng.random() < 0.8 else None
    tags = rng.sample(_TAGS, rng.randint(0, 3))
    visit: dict[str, Any] = {"generated": True, "device": rng.choice(_DEVICES), "tags": tags}
    if rng.random() < 0.3:
        visit["campaign"] = {"name": rng.choice(catalogue.campaigns), "paid": rng.random() < 0.5, "term": None}
    now = began
    for _ in range(rng.choice((1, 1, 2, 2, 3, 5))):
        # A page opened from outside, such as a shared link: what follows came of no search.
        searched = rng.random() < 0.93
        request = search_request(rng, catalogue, next(searches), session_id=session_id) if searched else None
        for _ in range(rng.randint(1, 8)):
            now += timedelta(milliseconds=rng.randint(400, 45_000))
            interaction = _interaction(rng, catalogue, request, visit)
            # Its search request says the session already; some producers repeat it, some do not.
            if request is None or rng.random() < 0.7:
                interaction["session_id"] = session_id
            if user_id is not None or rng.random() < 0.2:
                interaction["user_id"] = user_id
            interaction["occurred_at"] = format_instant(now)
            yield interaction


def _interaction(
    rng: Random, catalogue: Catalogue, request: dict[str, Any] | None, visit: dict[str, Any]
) -> dict[str, Any]:
    if request is not None and rng.random() < 0.08:
        return _query_interaction(rng, catalogue, request, visit)
    (action,) = rng.choices(catalogue.item_actions.values, cum_weights=catalogue.item_actions.cumulative)
    # Cubed, so that the most popular item has about a twelfth of all interactions and most items a handful.
    item = int(catalogue.item_count * rng.random() ** 3)
    interaction: dict[str, Any] = {
        "feature_id": f"{catalogue.item_prefix}-{item:05d}",
        "interaction_type": ["view", action] if action == "long_view" and rng.random() < 0.3 else action,
        "metadata": visit if rng.random() < 0.8 else {**visit, "score": round(rng.random(), 4)},
    }
    if request is not None:
        interaction["search_request"] = request
        if rng.random() < 0.95:
            interaction["position"] = int(40 * rng.random() ** 2)
        elif rng.random() < 0.5:
            interaction["position"] = None
    if action in _TIMED and rng.random() < 0.8:
        interaction["duration_ms"] = rng.randint(20_000, 240_000) if action == "long_view" else rng.randint(200, 20_000)
    return interaction


def _query_interaction(
    rng: Random, catalogue: Catalogue, request: dict[str, Any], visit: dict[str, Any]
) -> dict[str, Any]:
    """An interaction with the list of results: its feature is the facet toggled, or else the query's text."""
    (action,) = rng.choices(catalogue.query_actions.values, cum_weights=catalogue.query_actions.cumulative)
    if action == "filter_toggle":
        feature_id = rng.choice(tuple(catalogue.facets))
    else:
        texts = [query["value"] for query in request["queries"] if query["type"] == "text"]
        feature_id = texts[0] if texts else rng.choice(catalogue.texts)
    return {"feature_id": feature_id, "interaction_type": action, "search_request": request, "metadata": visit}
