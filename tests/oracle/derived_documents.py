"""What is derived from recorded documents, said a second time: in plain Python, of documents as they are stored."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, TypeGuard

from bson import Code, Decimal128, ObjectId

Document = dict[str, Any]

TYPES = (
    *("view", "click", "positive_feedback", "negative_feedback", "purchase", "add_to_cart", "wishlist", "long_view"),
    *("share", "bookmark", "query_refinement", "zero_results", "filter_toggle", "skip", "return_to_results"),
    "conversion",
)
FAR = datetime.max.replace(tzinfo=UTC)
_NEVER = datetime.min.replace(tzinfo=UTC)


def search_outcomes(requests: Iterable[Mapping[str, Any]], interactions: Iterable[Mapping[str, Any]]) -> list[Document]:
    """In the order of their namespaces, visits and times."""
    by_request: dict[Any, list[Mapping[str, Any]]] = defaultdict(list)
    for interaction in interactions:
        id, namespace_id = id_text(interaction.get("search_request_id")), interaction.get("namespace_id")
        if id is not None and is_text(namespace_id):
            by_request[namespace_id, id].append(interaction)
    outcomes = []
    for request in requests:
        namespace_id, id = request.get("namespace_id"), id_text(request.get("search_request_id"))
        if is_text(namespace_id) and id is not None and request.get("stub") is not True:
            outcomes.append(_own(request, namespace_id, id, by_request[namespace_id, id]))
    outcomes.sort(
        key=lambda outcome: (
            *_visit(outcome),
            outcome.get("first_seen_at") or _NEVER,
            *_order(outcome, "search_request_id"),
        )
    )
    # What has no time comes first.
    for (_, visit), members in groupby(outcomes, key=_visit):
        _add_neighbours(visit, list(members))
    return outcomes


def item_days(interactions: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, datetime], Document]:
    """By namespace, item and day."""
    by_day: dict[tuple[str, str, datetime], list[Mapping[str, Any]]] = defaultdict(list)
    for interaction in interactions:
        at, feature_id = time(interaction.get("occurred_at")), id_text(interaction.get("feature_id"))
        namespace_id = interaction.get("namespace_id")
        if at is not None and feature_id is not None and is_text(namespace_id):
            midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
            by_day[namespace_id, feature_id, midnight].append(interaction)
    return {key: _item_day(*key, members) for key, members in by_day.items()}


def is_text(value: Any) -> TypeGuard[str]:
    """Whether this is a string, as MongoDB tells types: to the driver code is one, too."""
    return value.__class__ is str


def id_text(value: Any) -> str | None:
    match value:
        case bool() | Code():
            return None
        case str():
            return value
        case int():
            return str(value)
        case float() if value.is_integer() and abs(value) < 2**63:
            return str(int(value))
        case Decimal128():
            decimal = value.to_decimal()
            is_whole = decimal.is_finite() and -(2**63) <= decimal < 2**63 and decimal == int(decimal)
            return str(int(decimal)) if is_whole else None
        case ObjectId():
            return value.binary.hex()
    return None


def count(value: Any) -> int | None:
    if isinstance(value, Decimal128):
        value = float(value.to_decimal())
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**31 and value == int(value):
        return int(value)
    return None


def time(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) else None


def types(value: Any) -> set[str]:
    values = value if isinstance(value, list) else [value]
    return {type if is_text(type) and type in TYPES else "other" for type in values if type is not None}


def _visit(outcome: Mapping[str, Any]) -> tuple[str, str]:
    return outcome["namespace_id"], outcome["visit"]


def _order(document: Mapping[str, Any], name: str) -> tuple[str, bytes]:
    """Of what is of one time, by the id that it has under ``name``; one that has none comes first."""
    return id_text(document.get(name)) or "", document["_id"].bytes


def _strings(values: Any) -> list[str]:
    return sorted({value for value in (values if isinstance(values, list) else [values]) if is_text(value)})


def _members(values: Any, name: str) -> Iterator[Any]:
    for value in values if isinstance(values, list) else []:
        if isinstance(value, Mapping):
            yield value.get(name)


def _own(request: Mapping[str, Any], namespace_id: str, id: str, interactions: Sequence[Mapping[str, Any]]) -> Document:
    search = request.get("search_request")
    search = search if isinstance(search, Mapping) else {}
    session = request.get("effective_session_id")
    session = session if is_text(session) and session else None
    by_time = sorted(
        interactions,
        key=lambda interaction: (time(interaction.get("occurred_at")) or FAR, *_order(interaction, "interaction_id")),
    )
    users = [id_text(search.get("user_id")), *(id_text(interaction.get("user_id")) for interaction in by_time)]
    user = next(filter(None, users), None)
    counts: Counter[str] = Counter()
    for interaction in interactions:
        counts.update(types(interaction.get("interaction_type")))
    clicks = [interaction for interaction in interactions if "click" in types(interaction.get("interaction_type"))]
    positions = [position for click in clicks if (position := count(click.get("position"))) is not None]
    clicked_at = [at for click in clicks if (at := time(click.get("occurred_at")))]
    result_count = count(search.get("result_count"))
    text = request.get("query_text")
    visit = f"s:{session}" if session else f"u:{user}" if user else f"r:{id}"
    queries, conditions = search.get("queries"), request.get("conditions")
    return _without_none(
        {
            "_id": request["_id"],
            "namespace_id": namespace_id,
            "search_request_id": id,
            "first_seen_at": time(request.get("first_seen_at")),
            "text": text if is_text(text) else "",
            "collections": _strings(search.get("collections")),
            "vector_indexes": _strings(list(_members(queries, "vector_index"))),
            "condition_keys": _strings(list(_members(conditions, "key"))),
            "conditions": [condition for row in conditions if (condition := _condition(row))] or None
            if isinstance(conditions, list)
            else None,
            "session_id": session,
            "user_id": user,
            "visit": visit,
            "result_count": result_count,
            "counts": dict(counts),
            "lowest_clicked_position": min(positions, default=None),
            "clicked_positions": {"sum": sum(positions), "count": len(positions)},
            "first_click_at": min(clicked_at, default=None),
            "no_results": result_count == 0 or counts["zero_results"] > 0,
            "clicked": counts["click"] > 0,
            "converted": any(counts[name] for name in ("purchase", "add_to_cart", "conversion")),
            "added_to_cart": counts["add_to_cart"] > 0,
            "purchased": counts["purchase"] > 0,
        }
    )


def _add_neighbours(visit: str, members: list[Document]) -> None:
    alone = visit.startswith("r:")
    chains: list[list[Document]] = [[]]
    for position, outcome in enumerate(members):
        following = None if alone or position + 1 == len(members) else members[position + 1]
        if not alone and position:
            outcome["previous_id"] = members[position - 1]["search_request_id"]
        if following is not None:
            outcome["next_id"] = following["search_request_id"]
        outcome["merged"] = following is not None and _is_merged(outcome, following)
        chains[-1].append(outcome)
        outcome |= _sums(chains[-1])
        if not outcome["merged"]:
            chains.append([])
    chains.pop()
    for number, chain in enumerate(chains):
        for outcome in chain:
            outcome |= {"abandoned": False, "reformulated": False}
        if not alone:
            end = chain[-1]
            next_end = chains[number + 1][-1] if number + 1 < len(chains) else None
            acted = any(set(outcome["counts"]) - {"view"} for outcome in chain)
            end["abandoned"] = visit.startswith("s:") and next_end is None and not acted
            end["reformulated"] = next_end is not None and _is_reformulated(chain, end, next_end)


def _is_merged(outcome: Document, following: Document) -> bool:
    if _seconds(outcome, following) > 30:
        return False
    text, other = outcome["text"], following["text"]
    return bool(text.startswith(other) or other.startswith(text))


def _is_reformulated(chain: list[Document], end: Document, next_end: Document) -> bool:
    if end["text"] == next_end["text"] or _seconds(end, next_end) > 300:
        return False
    return all(outcome.get("first_click_at", FAR) >= next_end["first_seen_at"] for outcome in chain)


def _seconds(outcome: Document, following: Document) -> float:
    if "first_seen_at" not in outcome or "first_seen_at" not in following:
        return float("inf")
    seconds: float = (following["first_seen_at"] - outcome["first_seen_at"]).total_seconds()
    return seconds


def _sums(chain: list[Document]) -> Document:
    names = ("searches", "searches_clicked", "searches_converted", "searches_without_results")
    if chain[-1]["merged"]:
        return {**dict.fromkeys(names, 0), "whole": {}}
    whole = _whole(chain)
    flags = [True, *(whole.pop(name) for name in ("clicked", "converted", "no_results"))]
    counted = {name: value for name, value in whole.items() if value is not False}
    return {**dict(zip(names, map(int, flags), strict=True)), "whole": counted}


def _whole(chain: list[Document]) -> Document:
    positions = [outcome["lowest_clicked_position"] for outcome in chain if "lowest_clicked_position" in outcome]
    clicks = [
        (outcome["first_click_at"], outcome.get("first_seen_at")) for outcome in chain if "first_click_at" in outcome
    ]
    first = [
        -1 if seen is None else max(0, (at - seen) // timedelta(milliseconds=1))
        for at, seen in clicks
        if at == min(at for at, _ in clicks)
    ]
    return _without_none(
        {
            **{
                name: any(outcome[name] for outcome in chain)
                for name in ("clicked", "converted", "added_to_cart", "purchased")
            },
            "no_results": chain[-1].get("result_count") == 0
            or any("zero_results" in outcome["counts"] for outcome in chain),
            "lowest_clicked_position": min(positions, default=None),
            "ms_to_first_click": min(first) if first and min(first) >= 0 else None,
        }
    )


def _item_day(namespace_id: str, feature_id: str, day: datetime, interactions: Sequence[Mapping[str, Any]]) -> Document:
    counts: Counter[str] = Counter()
    views: Counter[str] = Counter()
    clicks: Counter[str] = Counter()
    clicked: list[int] = []
    durations = []
    for interaction in interactions:
        kinds, position = types(interaction.get("interaction_type")), count(interaction.get("position"))
        counts.update(kinds)
        if position is not None and "click" in kinds:
            clicked.append(position)
        if position is not None and position < 100:
            views[str(position)] += "view" in kinds
            clicks[str(position)] += "click" in kinds
        if (duration := count(interaction.get("duration_ms"))) is not None:
            durations.append(duration)
    return {
        "_id": {"n": namespace_id, "f": feature_id, "d": day},
        "namespace_id": namespace_id,
        "feature_id": feature_id,
        "day": day,
        "interactions": len(interactions),
        "counts": dict(counts),
        "views": dict(+views),
        "clicks": dict(+clicks),
        "clicked_positions": {"sum": sum(clicked), "count": len(clicked)},
        "durations": {"sum": sum(durations), "count": len(durations)},
    }


def _condition(row: Any) -> Document | None:
    if not isinstance(row, Mapping) or not all(is_text(row.get(name)) for name in ("key", "operator")):
        return None
    spelling, hash, branch = row.get("value"), row.get("value_hash"), row.get("branch")
    spelling = spelling if is_text(spelling) else None
    return _without_none(
        {
            "k": row["key"],
            "o": row["operator"],
            "v": spelling,
            "h": None if (spelling is not None and len(spelling) < 100) or not is_text(hash) else hash,
            "b": branch if branch in ("AND", "OR", "NOR") else None,
            "d": count(row.get("depth")),
        }
    )


def _without_none(document: Document) -> Document:
    return {name: value for name, value in document.items() if value is not None}
