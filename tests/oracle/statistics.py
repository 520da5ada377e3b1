"""Statistics as `docs/insights.md` defines them, computed from recorded interactions by plain loops.

Nothing of the gateway is used but the ids of documents, which decide between search requests of one instant.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import sqrt
from typing import Any

Wire = Mapping[str, Any]
CONVERSIONS = {"purchase", "add_to_cart", "conversion"}


def text_of(request: Wire) -> str:
    return " + ".join(" ".join(query["value"].lower().split()) for query in request["queries"])


def types_of(wire: Wire) -> set[str]:
    types = wire["interaction_type"]
    return set(types) if isinstance(types, list) else {types}


@dataclass
class Search:
    """A search request with what it led to; ``chain``: itself and all that was merged into it."""

    request: Wire
    at: datetime
    id: str
    interactions: list[Wire] = field(default_factory=list)
    chain: "list[Search]" = field(default_factory=list)
    merged: bool = False
    abandoned: bool = False
    reformulated: bool = False

    @property
    def text(self) -> str:
        return text_of(self.request)

    @property
    def session(self) -> str | None:
        return self.request.get("session_id")

    @property
    def user(self) -> str | None:
        if self.request.get("user_id"):
            return str(self.request["user_id"])
        users = [wire["user_id"] for wire in by_time(self.interactions) if wire.get("user_id")]
        return users[0] if users else None

    @property
    def visit(self) -> tuple[str, str]:
        if self.session:
            return ("session", self.session)
        return ("user", self.user) if self.user else ("request", self.request["search_request_id"])

    def led_to(self, types: set[str]) -> bool:
        return any(types & types_of(wire) for search in self.chain for wire in search.interactions)

    @property
    def types(self) -> set[str]:
        return {type_ for search in self.chain for wire in search.interactions for type_ in types_of(wire)}

    @property
    def clicks(self) -> "list[tuple[datetime, Search, Wire]]":
        """The clicks of the whole chain, the earliest first."""
        clicks = [(time_of(wire), search, wire) for search in self.chain for wire in search.interactions]
        return sorted((click for click in clicks if "click" in types_of(click[2])), key=lambda click: click[0])


def time_of(wire: Wire) -> datetime:
    return datetime.fromisoformat(wire["occurred_at"])


def by_time(wires: Iterable[Wire]) -> list[Wire]:
    return sorted(wires, key=time_of)


def searches_of(wires: Sequence[Wire]) -> list[Search]:
    """All search requests, with what they have of each other."""
    searches: dict[str, Search] = {}
    for wire in wires:
        if (request := wire.get("search_request")) is None:
            continue
        id = request["search_request_id"]
        if id not in searches:
            searches[id] = Search(request, time_of(wire), id)
        searches[id].interactions.append(wire)
    visits: dict[Any, list[Search]] = defaultdict(list)
    for search in searches.values():
        visits[search.visit].append(search)
    for (kind, _), visit in visits.items():
        _judge(sorted(visit, key=lambda search: (search.at, search.id)), in_session=kind == "session")
    return list(searches.values())


def _judge(visit: list[Search], *, in_session: bool) -> None:
    chain: list[Search] = []
    ends: list[Search] = []
    for search, following in zip(visit, [*visit[1:], None], strict=True):
        chain.append(search)
        near = following is not None and following.at - search.at <= timedelta(seconds=30)
        if near and following is not None:
            first, second = sorted((search.text, following.text), key=len)
            near = second.startswith(first)
        search.merged = near
        search.chain = [search]
        if not near:
            search.chain = chain
            ends.append(search)
            chain = []
    for search, following in zip(ends, [*ends[1:], None], strict=True):
        search.abandoned = in_session and following is None and search.types <= {"view"}
        if following is not None and following.text != search.text:
            soon = following.at - search.at <= timedelta(minutes=5)
            clicked_before = any(at < following.at for at, _, _ in search.clicks)
            search.reformulated = soon and not clicked_before


def share(count: int, of: int) -> float | None:
    return count / of if of else None


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def search_stats(requests: Sequence[Search]) -> dict[str, Any]:
    """The `SearchStats` of these search requests."""
    searches = [search for search in requests if not search.merged]
    count = len(searches)
    clicked = [search for search in searches if search.led_to({"click"})]
    positions = [
        wire["position"]
        for search in requests
        for wire in search.interactions
        if "click" in types_of(wire) and wire.get("position") is not None
    ]
    lowest = [
        min(places) if places else None
        for places in (
            [wire["position"] for _, _, wire in search.clicks if wire.get("position") is not None]
            for search in searches
        )
    ]
    counts = [search.request["result_count"] for search in searches if search.request.get("result_count") is not None]
    empty = [
        search for search in searches if search.request.get("result_count") == 0 or search.led_to({"zero_results"})
    ]
    waits = [max(0.0, (search.clicks[0][0] - search.clicks[0][1].at) / timedelta(milliseconds=1)) for search in clicked]
    return {
        "searches": count,
        "requests": len(requests),
        "sessions": len({search.session for search in requests} - {None}),
        "users": len({search.user for search in requests} - {None}),
        "clickThroughRate": share(len(clicked), count),
        "conversionRate": share(sum(search.led_to(CONVERSIONS) for search in searches), count),
        "addToCartRate": share(sum(search.led_to({"add_to_cart"}) for search in searches), count),
        "purchaseRate": share(sum(search.led_to({"purchase"}) for search in searches), count),
        "noClickRate": share(count - len(clicked), count),
        "noResultsRate": share(len(empty), count),
        "abandonmentRate": share(sum(search.abandoned for search in searches), count),
        "reformulationRate": share(sum(search.reformulated for search in searches), count),
        "averageClickPosition": mean(positions),
        "meanReciprocalRank": mean([0.0 if place is None else 1 / (1 + place) for place in lowest]),
        "averageResultCount": mean(counts),
        "averageMsToFirstClick": mean(waits),
    }


def click_rates(wires: Sequence[Wire], max_rank: int) -> dict[int, float]:
    """The clicks per view at each position that has views."""
    views, clicks = positions_of(wires)
    return {place: clicks.get(place, 0) / count for place, count in views.items() if place < max_rank}


def positions_of(wires: Sequence[Wire]) -> tuple[dict[int, int], dict[int, int]]:
    found: tuple[dict[int, int], dict[int, int]] = (defaultdict(int), defaultdict(int))
    for wire in wires:
        for type_, counts in zip(("view", "click"), found, strict=True):
            if type_ in types_of(wire) and wire.get("position") is not None:
                counts[wire["position"]] += 1
    return found


def interaction_stats(wires: Sequence[Wire], rates: Mapping[int, float]) -> dict[str, Any]:
    """The `InteractionStats` of these interactions; ``rates``: the clicks per view of all in scope, by position."""
    count = {type_: sum(type_ in types_of(wire) for wire in wires) for type_ in ("view", "click", "negative_feedback")}
    views, clicks = positions_of(wires)
    expected = sum(number * rates.get(place, 0.0) for place, number in views.items())
    comparable = sum(number for place, number in clicks.items() if place in rates)
    request_ids = {(wire.get("search_request") or {}).get("search_request_id") for wire in wires}
    sessions = {wire.get("session_id") or (wire.get("search_request") or {}).get("session_id") for wire in wires}
    revenue: dict[str | None, float] = defaultdict(float)
    for wire in wires:
        metadata = wire.get("metadata") or {}
        if "purchase" in types_of(wire) and "price" in metadata:
            revenue[metadata.get("currency")] += metadata["price"] * metadata.get("quantity", 1)
    return {
        "interactions": len(wires),
        "views": count["view"],
        "clicks": count["click"],
        "searches": len(request_ids - {None}),
        "sessions": len(sessions - {None}),
        "users": len({wire.get("user_id") for wire in wires} - {None}),
        "clicksPerView": share(count["click"], count["view"]),
        "clicksPerViewLowerBound": wilson(min(count["click"], count["view"]), count["view"]),
        "negativeRate": share(count["negative_feedback"], len(wires)),
        "averageDurationMs": mean([wire["duration_ms"] for wire in wires if wire.get("duration_ms") is not None]),
        "averageClickPosition": mean(
            [wire["position"] for wire in wires if "click" in types_of(wire) and wire.get("position") is not None]
        ),
        "expectedClicks": expected,
        "coec": comparable / expected if expected else None,
        "revenue": dict(revenue),
    }


def wilson(successes: int, trials: int) -> float | None:
    if not trials:
        return None
    z = 1.959963984540054
    p = successes / trials
    centre = p + z * z / (2 * trials)
    spread = z * sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    return max(0.0, (centre - spread) / (1 + z * z / trials))


def grouped(items: Iterable[Any], keys: Callable[[Any], Iterable[Hashable]]) -> dict[Hashable, list[Any]]:
    """The items by each of their keys; null is the key of what has none."""
    groups: dict[Hashable, list[Any]] = defaultdict(list)
    for item in items:
        for key in list(dict.fromkeys(keys(item))) or [None]:
            groups[key].append(item)
    return groups
