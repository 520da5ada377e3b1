"""Which index each `where` and order walks, and the intervals of it: the exact filters."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from bson import Binary
from graphql import GraphQLInputObjectType, GraphQLNonNull, coerce_input_value, parse_value, value_from_ast_untyped

from gateway.compiler.where import compile_where
from gateway.context import Namespace, Reach
from gateway.errors import BadUserInput
from gateway.model.filter_trees import key_token, key_value_token, value_hash
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, Kind, Order, position_order, time_order
from gateway.model.undecoded_values import UNDEFINED, UndecodedValue, under
from gateway.plan.access_path import AccessPath, choose_access_path, intervals, sort
from gateway.plan.commands import Find, Scan
from gateway.plan.cursors import Place
from gateway.plan.joins import Join
from gateway.plan.paging import Window
from gateway.plan.predicate import Predicate
from tests.harness.default_graph import EXECUTABLE

NOW = datetime(2024, 5, 1, tzinfo=UTC)
NAMESPACE = Namespace("ns_1", "shop", "org_1", NOW)
TIE, OTHER_TIE = Binary.from_uuid(UUID(int=1)), Binary.from_uuid(UUID(int=2))
NOT_UTF_8 = UndecodedValue(2, b"\x02\0\0\0\xff\0")
LATEST = time_order(INTERACTION, descending=True)
EARLIEST = time_order(INTERACTION, descending=False)


def compiled(kind: Kind, where: str) -> Any:
    input_type = EXECUTABLE.type_map[f"{kind.type_name}Where"]
    assert isinstance(input_type, GraphQLInputObjectType)
    coerced = coerce_input_value(value_from_ast_untyped(parse_value(where)), GraphQLNonNull(input_type))
    return compile_where(coerced, input_type)


def scan(access_path: AccessPath, predicate: Predicate, window: Window | None) -> Scan:
    kind, times = access_path.index.kind, predicate.times
    return Scan(Reach(NAMESPACE), kind, access_path.lookup, intervals(kind, times, window), access_path.residual)


def find(where: str, order: Order = LATEST, kind: Kind = INTERACTION, **arguments: Any) -> Find:
    predicate = compiled(kind, where)
    access_path = choose_access_path(kind, order, predicate)
    window = Window(order, **{"first": 10, "last": None, "after": None, "before": None} | arguments)
    return Find(
        scan(access_path, predicate, window),
        {},
        sort(order, descending=window.descending),
        window.limit,
        access_path.index.name,
        access_path.unindexed,
    )


WALKED = [
    ("{}", "time", {}, []),
    ('{featureId: {eq: "p"}}', "feature", {"feature_id": {"$eq": "p"}}, []),
    ('{featureId: {in: ["p", "q", "p"]}}', "feature", {"feature_id": {"$in": ["p", "q"]}}, []),
    ('{sessionId: {eq: "s"}}', "session", {"effective_session_id": {"$eq": "s"}}, []),
    ('{userId: {eq: "u"}}', "user", {"user_id": {"$eq": "u"}}, []),
    ('{interactionId: {in: ["i"]}}', "id", {"interaction_id": {"$eq": "i"}}, []),
    ("{interactionType: {eq: VIEW}}", "type", {"interaction_type": {"$eq": "view"}}, []),
    ('{searchRequest: {searchRequestId: {eq: "r"}}}', "search_request", {"search_request_id": {"$eq": "r"}}, []),
    ('{searchRequest: {collections: {has: "c"}}}', "collection", {"search_request.collections": {"$eq": "c"}}, []),
    (
        '{searchRequest: {filters: {key: "brand"}}}',
        "condition",
        {"condition_tokens": {"$eq": key_token("brand")}},
        [],
    ),
    (
        '{searchRequest: {filters: {key: "brand", value: "Nike"}}}',
        "condition",
        {"condition_tokens": {"$eq": key_value_token("brand", value_hash("Nike"))}},
        [],
    ),
    # The most selective first, wherever it stands.
    (
        '{interactionType: {eq: VIEW}, and: [{userId: {eq: "u"}}, {featureId: {eq: "p"}}]}',
        "user",
        {"user_id": {"$eq": "u"}},
        ["featureId", "interactionType"],
    ),
    # What no index serves is filtered beside the walk.
    ("{position: {gt: 3}}", "time", {}, ["position"]),
    ("{interactionType: {eq: OTHER}}", "time", {}, ["interactionType"]),
    ('{featureId: {ne: "p"}}', "time", {}, ["featureId"]),
    ('{or: [{featureId: {eq: "p"}}, {userId: {eq: "u"}}]}', "time", {}, ["or"]),
    ('{metadata: [{path: "device.os", value: "ios"}]}', "time", {}, ["metadata.device.os"]),
]


@pytest.mark.parametrize(("where", "index", "looked_up", "unindexed"), WALKED, ids=[row[0] for row in WALKED])
def test_the_most_selective_index_is_walked(
    where: str, index: str, looked_up: dict[str, Any], unindexed: list[str]
) -> None:
    command = find(where)
    assert (command.hint, list(command.unindexed)) == (index, unindexed)
    [filter_] = command.filters
    walked = filter_["$and"][0] if unindexed else filter_
    assert walked == {"namespace_id": "ns_1", **looked_up}
    if unindexed:
        assert len(filter_["$and"]) == 1 + len(unindexed)
    assert command.sort == (("occurred_at", -1), ("_id", -1))


def test_up_to_a_hundred_values_are_looked_up() -> None:
    def values(count: int) -> str:
        return "{featureId: {in: [" + ",".join(f'"p{n}"' for n in range(count)) + "]}}"

    assert find(values(100)).hint == "feature"
    assert (find(values(101)).hint, find(values(101)).unindexed) == ("time", ("featureId",))


def test_times_bound_the_walk_and_are_no_filter() -> None:
    command = find('{occurredAt: {gte: "2024-05-01T00:00:00Z", gt: "2024-04-01T00:00:00Z"}, featureId: {eq: "p"}}')
    assert command.filters == [
        {
            "namespace_id": "ns_1",
            "feature_id": {"$eq": "p"},
            "occurred_at": {"$gte": NOW, "$gt": datetime(2024, 4, 1, tzinfo=UTC)},
        }
    ]
    assert command.unindexed == ()


@pytest.mark.parametrize(
    ("operator", "times", "bound"),
    [("gt", (1, 2), 2), ("gte", (2, 1), 2), ("lt", (1, 2), 1), ("lte", (2, 1), 1)],
)
def test_of_two_bounds_the_tighter_counts(operator: str, times: tuple[int, int], bound: int) -> None:
    each = ", ".join(f'{{occurredAt: {{{operator}: "2024-05-0{day}T00:00:00Z"}}}}' for day in times)
    [filter_] = find(f"{{and: [{each}]}}").filters
    assert filter_["occurred_at"] == {f"${operator}": datetime(2024, 5, bound, tzinfo=UTC)}


# Lists stand behind no cursor.
NO_LIST = {"$not": {"$type": "array"}}


def also(*conditions: dict[str, Any]) -> dict[str, Any]:
    """What is compared by types, as expressions don't compare."""
    return {"position": NO_LIST, "$and": [{"position": condition} for condition in conditions]}


NULL = {"$eq": None, "$not": {"$type": "undefined"}}
BELOW_NULL = {"$type": ["minKey", "undefined"]}


def compared(operator: str, value: Any, path: str = "occurred_at") -> dict[str, Any]:
    return {operator: [f"${path}", {"$literal": value}]}


EARLIER = datetime(2024, 4, 1, tzinfo=UTC)
POSITIONS = position_order(descending=True)
POSITIONS_UP = position_order(descending=False)

INTERVALS: list[tuple[str, Order, dict[str, Any], list[dict[str, Any]]]] = [
    (
        "descending, behind a cursor",
        LATEST,
        {"after": Place(NOW, TIE)},
        [
            {"occurred_at": {"$eq": NOW, **NO_LIST}, "$expr": compared("$lt", TIE, "_id")},
            {"occurred_at": NO_LIST, "$expr": compared("$lt", NOW)},
        ],
    ),
    (
        "ascending, behind a cursor",
        EARLIEST,
        {"after": Place(NOW, TIE)},
        [
            {"occurred_at": {"$eq": NOW, **NO_LIST}, "$expr": compared("$gt", TIE, "_id")},
            {"occurred_at": NO_LIST, "$expr": compared("$gt", NOW)},
        ],
    ),
    (
        "ahead of a cursor, from the start",
        LATEST,
        {"before": Place(NOW, TIE)},
        [
            {"occurred_at": NO_LIST, "$expr": compared("$gt", NOW)},
            {"occurred_at": {"$eq": NOW, **NO_LIST}, "$expr": compared("$gt", TIE, "_id")},
        ],
    ),
    (
        "ahead of a cursor, from the end",
        LATEST,
        {"first": None, "last": 10, "before": Place(NOW, TIE)},
        [
            {"occurred_at": {"$eq": NOW, **NO_LIST}, "$expr": compared("$gt", TIE, "_id")},
            {"occurred_at": NO_LIST, "$expr": compared("$gt", NOW)},
        ],
    ),
    (
        "between two cursors",
        LATEST,
        {"after": Place(NOW, TIE), "before": Place(EARLIER, OTHER_TIE)},
        [
            {
                "occurred_at": {"$eq": NOW, **NO_LIST},
                "$expr": {"$and": [compared("$lt", TIE, "_id"), compared("$gt", EARLIER)]},
            },
            {"occurred_at": NO_LIST, "$expr": {"$and": [compared("$lt", NOW), compared("$gt", EARLIER)]}},
            {
                "occurred_at": {"$eq": EARLIER, **NO_LIST},
                "$expr": {"$and": [compared("$gt", OTHER_TIE, "_id"), compared("$lt", NOW)]},
            },
        ],
    ),
    (
        "between two cursors of one millisecond",
        LATEST,
        {"after": Place(NOW, OTHER_TIE), "before": Place(NOW, TIE)},
        [
            {
                "occurred_at": {"$eq": NOW, **NO_LIST},
                "$expr": {"$and": [compared("$lt", OTHER_TIE, "_id"), compared("$gt", TIE, "_id")]},
            }
        ],
    ),
    (
        "among the nulls at the end",
        POSITIONS,
        {"after": Place(None, TIE)},
        [
            {**also(NULL), "$expr": compared("$lt", TIE, "_id")},
            also(BELOW_NULL),
        ],
    ),
    (
        "out of the nulls at the start",
        POSITIONS_UP,
        {"after": Place(None, TIE)},
        [
            {**also(NULL), "$expr": compared("$gt", TIE, "_id")},
            {"position": NO_LIST, "$expr": compared("$gt", None, "position")},
        ],
    ),
    (
        "up to a null at the start",
        POSITIONS_UP,
        {"before": Place(None, TIE)},
        [
            also(BELOW_NULL),
            {**also(NULL), "$expr": compared("$lt", TIE, "_id")},
        ],
    ),
    (
        "behind what is undefined, up to null",
        POSITIONS_UP,
        {"after": Place(UNDEFINED, OTHER_TIE), "before": Place(None, TIE)},
        [
            {
                **also({"$type": "undefined"}, BELOW_NULL),
                "$expr": compared("$gt", OTHER_TIE, "_id"),
            },
            also({"$not": BELOW_NULL}, BELOW_NULL),
            {
                **also(NULL, {"$not": BELOW_NULL}),
                "$expr": compared("$lt", TIE, "_id"),
            },
        ],
    ),
    (
        "behind what is undefined, downwards",
        POSITIONS,
        {"after": Place(UNDEFINED, TIE)},
        [
            {**also({"$type": "undefined"}), "$expr": compared("$lt", TIE, "_id")},
            also({"$type": "minKey"}),
        ],
    ),
    (
        "between values that MongoDB may sort alike",
        POSITIONS,
        {"after": Place(1, TIE), "before": Place(1.0, OTHER_TIE)},
        [
            {
                "position": {"$eq": 1, **NO_LIST},
                "$expr": {
                    "$and": [
                        {
                            "$or": [
                                compared("$gt", 1.0, "position"),
                                {"$and": [compared("$eq", 1.0, "position"), compared("$gt", OTHER_TIE, "_id")]},
                            ]
                        },
                        compared("$lt", TIE, "_id"),
                    ]
                },
            },
            {
                "position": NO_LIST,
                "$expr": {"$and": [compared("$lt", 1, "position"), compared("$gt", 1.0, "position")]},
            },
            {
                "position": {"$eq": 1.0, **NO_LIST},
                "$expr": {"$and": [compared("$gt", OTHER_TIE, "_id"), compared("$lt", 1, "position")]},
            },
        ],
    ),
    (
        "behind a text that isn't UTF-8",
        POSITIONS_UP,
        {"after": Place(NOT_UTF_8, NOT_UTF_8)},
        [
            {
                "position": NO_LIST,
                "$and": [{"position": under("$eq", NOT_UTF_8)}],
                "$expr": {"$gt": ["$_id", under("$literal", NOT_UTF_8)]},
            },
            {"position": NO_LIST, "$expr": {"$gt": ["$position", under("$literal", NOT_UTF_8)]}},
        ],
    ),
]


@pytest.mark.parametrize(
    ("order", "window", "intervals"), [row[1:] for row in INTERVALS], ids=[r[0] for r in INTERVALS]
)
def test_the_intervals_between_the_cursors(
    order: Order, window: dict[str, Any], intervals: list[dict[str, Any]]
) -> None:
    command = find('{featureId: {eq: "p"}}', order, **window)
    scoped = [{"namespace_id": "ns_1", "feature_id": {"$eq": "p"}, **interval} for interval in intervals]
    assert command.filters == [scoped[0] if len(scoped) == 1 else {"$or": scoped}]
    assert isinstance(command.scan, Scan)
    assert command.scan.parts == scoped


def test_several_values_behind_a_cursor_are_asked_interval_by_interval() -> None:
    command = find('{userId: {in: ["u", "v"]}, position: {gt: 1}}', after=Place(NOW, TIE))
    tied = {"occurred_at": {"$eq": NOW, **NO_LIST}, "$expr": compared("$lt", TIE, "_id")}
    beyond = {"occurred_at": NO_LIST, "$expr": compared("$lt", NOW)}
    assert command.filters == [
        {
            "$and": [
                {"$or": [{"namespace_id": "ns_1", "user_id": {"$eq": user}, **interval} for user in "uv"]},
                {"position": {"$gt": 1}},
            ]
        }
        for interval in (tied, beyond)
    ]


def test_a_residual_stands_beside_the_intervals() -> None:
    [filter_] = find("{position: {gt: 1}}", after=Place(NOW, TIE)).filters
    assert list(filter_) == ["$and"]
    assert filter_["$and"][1] == {"position": {"$gt": 1}}


@pytest.mark.parametrize(
    ("where", "index"),
    [
        ('{featureId: {eq: "p"}}', "feature_position"),
        ('{featureId: {in: ["p"]}}', "feature_position"),
        ('{sessionId: {eq: "s"}}', "session_position"),
        ('{searchRequest: {searchRequestId: {eq: "r"}}, featureId: {eq: "p"}}', "search_request_position"),
    ],
)
def test_positions_are_walked_within_one_feature_session_or_search_request(where: str, index: str) -> None:
    for descending, direction in ((True, -1), (False, 1)):
        command = find(where, position_order(descending=descending))
        assert command.hint == index
        assert command.sort == (("position", direction), ("_id", direction))


@pytest.mark.parametrize(
    "where",
    ["{}", '{featureId: {in: ["p", "q"]}}', '{userId: {eq: "u"}}', '{or: [{featureId: {eq: "p"}}]}'],
)
def test_positions_order_nothing_else(where: str) -> None:
    with pytest.raises(BadUserInput, match="POSITION orders only within") as caught:
        find(where, POSITIONS)
    assert caught.value.path == ("orderBy", "field")


SEARCH_REQUESTS = [
    ("{}", "time", {}),
    ('{searchRequestId: {eq: "r"}}', "id", {"search_request_id": {"$eq": "r"}}),
    ('{sessionId: {eq: "s"}}', "session", {"search_request.session_id": {"$eq": "s"}}),
    ('{collections: {hasAny: ["c", "d"]}}', "collection", {"search_request.collections": {"$in": ["c", "d"]}}),
    ('{filters: {key: "k"}}', "condition", {"condition_tokens": {"$eq": key_token("k")}}),
]


@pytest.mark.parametrize(("where", "index", "looked_up"), SEARCH_REQUESTS)
def test_search_requests_have_indexes_of_their_own(where: str, index: str, looked_up: dict[str, Any]) -> None:
    command = find(where, time_order(SEARCH_REQUEST, descending=True), SEARCH_REQUEST)
    assert (command.hint, command.filters) == (index, [{"namespace_id": "ns_1", **looked_up}])
    assert command.sort == (("first_seen_at", -1), ("_id", -1))


@pytest.mark.parametrize(
    ("path", "order", "index"),
    [
        ("feature_id", LATEST, "feature"),
        ("effective_session_id", LATEST, "session"),
        ("search_request_id", LATEST, "search_request"),
        ("feature_id", POSITIONS, "feature_position"),
        ("effective_session_id", POSITIONS, "session_position"),
        ("search_request_id", POSITIONS, "search_request_position"),
    ],
)
def test_a_nested_connection_walks_the_index_of_its_join(path: str, order: Order, index: str) -> None:
    predicate = compiled(INTERACTION, '{interactionId: {eq: "i"}, interactionType: {eq: VIEW}}')
    access_path = choose_access_path(INTERACTION, order, predicate, path)
    assert (access_path.index.name, access_path.lookup, access_path.unindexed) == (
        index,
        None,
        ("interactionId", "interactionType"),
    )


def test_a_nested_connection_looks_up_interval_by_interval() -> None:
    predicate = compiled(INTERACTION, "{}")
    access_path = choose_access_path(INTERACTION, LATEST, predicate, "feature_id")
    window = Window(LATEST, 3, None, Place(NOW, TIE), None)
    join = Join(
        scan(access_path, predicate, window),
        "feature_id",
        ["p", "q"],
        {"position": 1},
        sort(LATEST, descending=True),
        window.limit,
    )

    def part(number: int, interval: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"$documents": [{"key": {"$literal": "p"}, "part": number}, {"key": {"$literal": "q"}, "part": number}]},
            {
                "$lookup": {
                    "from": "interactions",
                    "localField": "key",
                    "foreignField": "feature_id",
                    "pipeline": [
                        {"$match": {"namespace_id": "ns_1", **interval}},
                        {"$sort": {"occurred_at": -1, "_id": -1}},
                        {"$limit": 4},
                        {"$project": {"position": 1}},
                    ],
                    "as": "document",
                }
            },
            {"$unwind": "$document"},
        ]

    tied = {"occurred_at": {"$eq": NOW, **NO_LIST}, "$expr": compared("$lt", TIE, "_id")}
    assert join.pipeline == [
        *part(0, tied),
        {"$unionWith": {"pipeline": part(1, {"occurred_at": NO_LIST, "$expr": compared("$lt", NOW)})}},
    ]


@pytest.mark.parametrize(
    ("parents", "where", "is_long"),
    [(100, "{}", False), (101, "{}", True), (1, "{position: {gt: 3}}", True)],
    ids=["as many as are found at once", "more", "one whose documents are examined"],
)
def test_a_join_may_be_long_where_it_gives_or_examines_much(parents: int, where: str, *, is_long: bool) -> None:
    predicate = compiled(INTERACTION, where)
    access_path = choose_access_path(INTERACTION, LATEST, predicate, "feature_id")
    keys, unindexed = [str(number) for number in range(parents)], access_path.unindexed
    join = Join(scan(access_path, predicate, None), "feature_id", keys, {}, (), 10, unindexed=unindexed)
    assert join.may_be_long is is_long
