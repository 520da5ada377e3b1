"""Generated sessions, believable in shape and invented in content: people search and act on what is found.

Every interaction carries ``metadata.generated = true``, so that nobody takes it for a real one.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from itertools import count as serials
from random import Random
from typing import Any, Final, Literal

from gateway.demo.data.catalogue import Catalogue
from gateway.demo.data.generated_sessions import GeneratedSession, Setting, Visitor
from gateway.demo.data.media import MEDIA
from gateway.demo.data.result_lists import ResultLists
from gateway.demo.data.search_requests import SearchRequests
from gateway.demo.data.shop import SHOP
from gateway.demo.data.timeline import Timeline
from gateway.model.wire import format_instant

NamespaceKind = Literal["shop", "media"]

UNTIL: Final = datetime(2025, 6, 30, 18, 0, tzinfo=UTC)
"""When the data end unless it is said otherwise: for what needs the same instants on any day."""

CATALOGUES: Final[dict[NamespaceKind, Catalogue]] = {"shop": SHOP, "media": MEDIA}

_DEVICES = (
    {"os": "ios", "type": "phone", "screen": {"width": 390, "height": 844}},
    {"os": "android", "type": "phone", "screen": {"width": 412, "height": 915}},
    {"os": "macos", "type": "desktop", "screen": {"width": 1728, "height": 1117}},
    {"os": "windows", "type": "desktop", "screen": {"width": 1920, "height": 1080}},
    {"os": "linux", "type": "desktop"},
)
_TAGS = ("new-visitor", "returning", "app", "wide-screen", "logged-in")
_COUNTRIES = (("DE", "EUR"), ("FR", "EUR"), ("US", "USD"), ("GB", "GBP"), ("IT", "EUR"), ("DE", "EUR"))


def interactions(
    count: int, *, seed: int, namespace: NamespaceKind, until: datetime = UNTIL
) -> Iterator[dict[str, Any]]:
    """``count`` interactions of the sixty days up to ``until``, in the REST wire shape.

    They are the same for the same arguments; with another ``until`` they differ in nothing but ``occurred_at``. They
    come session by session, and the sessions in no order of time; a larger ``count`` begins with exactly the
    interactions of a smaller one. Interactions of one search share its ``search_request`` object: copy before changing
    anything.
    """
    return islice(_interactions(f"{namespace}:{seed}", CATALOGUES[namespace], until), count)


def _interactions(seed: str, catalogue: Catalogue, until: datetime) -> Iterator[dict[str, Any]]:
    timeline = Timeline(catalogue, until)
    # Zipf's law: the n-th need is as frequent as the first divided by n.
    popularity = list(accumulate(1 / rank for rank in range(1, len(catalogue.needs) + 1)))
    setting = Setting(catalogue, popularity, ResultLists(catalogue), SearchRequests(catalogue))
    numbers = serials(1)
    for serial in serials(1):
        rng = Random(f"{seed}:{serial}")
        session = GeneratedSession(rng, setting, _visitor(rng, catalogue, serial))
        session.run()
        begun = timeline.begin(rng, serial, timedelta(milliseconds=session.elapsed))
        for elapsed, interaction in session.steps:
            interaction["occurred_at"] = format_instant(begun + timedelta(milliseconds=elapsed))
            yield {"interaction_id": f"{catalogue.name}-interaction-{next(numbers):07d}", **interaction}


def _visitor(rng: Random, catalogue: Catalogue, serial: int) -> Visitor:
    # Squared, so that some come often.
    person = int(catalogue.person_count * rng.random() ** 2)
    is_known = rng.random() < 0.8
    # A person is in the same arm, and lives in the same place, whenever they come.
    arm = catalogue.arms[(person if is_known else serial) % len(catalogue.arms)]
    country, currency = _COUNTRIES[person * 7 % len(_COUNTRIES)]
    metadata: dict[str, Any] = {
        "generated": True,
        "experiment": arm.name,
        "country": country,
        "device": rng.choice(_DEVICES),
        "tags": rng.sample(_TAGS, rng.randint(0, 3)),
    }
    if rng.random() < 0.3:
        metadata["campaign"] = {"name": rng.choice(catalogue.campaigns), "paid": rng.random() < 0.5, "term": None}
    return Visitor(
        session_id=f"{catalogue.name}-session-{serial:06d}",
        user_id=f"{catalogue.person}-{person:04d}" if is_known else None,
        arm=arm,
        currency=currency,
        metadata=metadata,
    )
