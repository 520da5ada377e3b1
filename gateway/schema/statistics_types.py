"""What statistics tell of searches and of interactions: each number with its formula, and when it is null."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import strawberry

from gateway.errors import BadUserInput
from gateway.insights.interaction_metrics import MAX_RANK
from gateway.schema.enums import InteractionType
from gateway.schema.readings import Parameterized, embedded, field, stored
from gateway.schema.scalars import DateTime

MAX_EDGES = 1_000

_OF_SEARCHES = "Null where there are no searches."


@strawberry.type(
    description="""Numbers of searches. What was typed letter by letter counts as one search: a request is merged into
its successor where both are of one session (else user), at most 30 seconds apart, and one's text is a prefix of the
other's. What merged requests led to counts for the search that they became."""
)
class SearchStats:
    searches: int = stored("searches", "Distinct searches, after merging what was typed letter by letter.")
    requests: int = stored("requests", "Distinct search requests, ahead of merging.")
    sessions: int = stored("sessions", "Distinct sessions that searched.")
    users: int = stored("users", "Distinct users who searched.")
    click_through_rate: float | None = stored(
        "click_through_rate", f"Searches with at least one click ÷ searches (Algolia). {_OF_SEARCHES}"
    )
    conversion_rate: float | None = stored(
        "conversion_rate",
        f"Searches with at least one PURCHASE, ADD_TO_CART or CONVERSION ÷ searches (Algolia). {_OF_SEARCHES}",
    )
    add_to_cart_rate: float | None = stored(
        "add_to_cart_rate", f"Searches with at least one ADD_TO_CART ÷ searches (Algolia). {_OF_SEARCHES}"
    )
    purchase_rate: float | None = stored(
        "purchase_rate", f"Searches with at least one PURCHASE ÷ searches (Algolia). {_OF_SEARCHES}"
    )
    no_click_rate: float | None = stored("no_click_rate", f"1 - `clickThroughRate`. {_OF_SEARCHES}")
    no_results_rate: float | None = stored(
        "no_results_rate",
        f"Searches whose `resultCount` is 0 or that have a ZERO_RESULTS interaction ÷ searches. {_OF_SEARCHES}",
    )
    abandonment_rate: float | None = stored(
        "abandonment_rate",
        f"Searches that are the last of their session and led to nothing but views ÷ searches. {_OF_SEARCHES}",
    )
    reformulation_rate: float | None = stored(
        "reformulation_rate",
        f"""Searches followed in their session by a search with another text within 5 minutes, with no click between ÷
searches. {_OF_SEARCHES}""",
    )
    average_click_position: float | None = stored(
        "average_click_position",
        "Mean position of the clicks that have one, counted from 0. Null where there is no such click.",
    )
    mean_reciprocal_rank: float | None = stored(
        "mean_reciprocal_rank",
        f"""Mean over searches of 1 ÷ (1 + lowest clicked position), 0 for a search without one (Craswell 2009).
{_OF_SEARCHES}""",
    )
    average_result_count: float | None = stored(
        "average_result_count", "Mean `resultCount` of the searches that have one. Null where none has."
    )
    average_ms_to_first_click: float | None = stored(
        "average_ms_to_first_click",
        "Mean milliseconds from a search to its first click, of the searches that have one. Null where none has.",
    )


@strawberry.type(description="Views and clicks at some positions.")
class PositionBucket:
    from_: int = stored("from", "The first of the positions.", name="from")
    to: int | None = stored("to", "The first position behind them; null for the last, open bucket.")
    views: int = stored("views", "Views at these positions.")
    clicks: int = stored("clicks", "Clicks at these positions.")


@strawberry.type(description="What was sold in one currency.")
class Revenue:
    currency: str | None = stored("currency", "`metadata.currency`; null where none is named.")
    amount: float = stored(
        "amount",
        """Sum of price × quantity over PURCHASE; a quantity that is missing is 1. A purchase whose price is no number,
or of which either is beyond 1e100, doesn't count.""",
    )


MaxRank = Annotated[
    int,
    strawberry.argument(description=f"Expected clicks are of the positions below this one, from 0: 1 to {MAX_RANK}."),
]


def max_rank(max_rank: MaxRank = 20) -> None:
    """The arguments of the statistics of a connection."""


def _type(
    type: Annotated[InteractionType, strawberry.argument(description="Of this type.")],
) -> None: ...


def _edges(
    edges: Annotated[
        list[int],
        strawberry.argument(
            description="The first position of each bucket, ascending from 0 or higher; the last one is open."
        ),
    ] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20],  # noqa: B006
) -> None: ...


def _count(counts: Mapping[str, int], *, type: InteractionType) -> int:
    return counts.get(str(type.value).lower(), 0)


def _buckets(positions: Sequence[Mapping[str, int]], *, edges: Sequence[int]) -> list[Mapping[str, Any]]:
    """The views and clicks at positions, summed up by buckets."""
    if not 1 <= len(edges) <= MAX_EDGES:
        raise BadUserInput(f"`edges` must be 1 to {MAX_EDGES:,} positions, not {len(edges)}.", path=("edges",))
    for index, edge in enumerate(edges):
        if edge < 0 or (index and edge <= edges[index - 1]):
            raise BadUserInput("`edges` must be positions from 0, in ascending order.", path=("edges", index))
    ends: list[int | None] = [*edges[1:], None]
    return [
        {
            "from": begin,
            "to": end,
            **{
                name: sum(
                    position[name]
                    for position in positions
                    if position["position"] >= begin and (end is None or position["position"] < end)
                )
                for name in ("views", "clicks")
            },
        }
        for begin, end in zip(edges, ends, strict=True)
    ]


@strawberry.type(description="Numbers of interactions.")
class InteractionStats:
    interactions: int = stored("interactions", "How many there are.")
    count: int = field(
        Parameterized(("counts",), _count),
        "How many are of this type; one with several types is of each.",
        signature=_type,
    )
    views: int = stored("views", "How many are a VIEW.")
    clicks: int = stored("clicks", "How many are a CLICK.")
    searches: int = stored("searches", "Distinct search requests that they name, not merged.")
    sessions: int = stored("sessions", "Distinct sessions in which they happened.")
    users: int = stored("users", "Distinct users who interacted.")
    clicks_per_view: float | None = stored(
        "clicks_per_view", "Clicks ÷ views; may exceed 1. Null where there are no views."
    )
    clicks_per_view_lower_bound: float | None = stored(
        "clicks_per_view_lower_bound",
        """Lower bound of the clicks per view at 95 %: of min(clicks, views) among the views (Wilson 1927). To order by
it puts what few have seen behind what many have clicked. Null where there are no views.""",
    )
    negative_rate: float | None = stored(
        "negative_rate", "NEGATIVE_FEEDBACK ÷ all interactions. Null where there are none."
    )
    average_duration_ms: float | None = stored(
        "average_duration_ms", "Mean `durationMs` of those that have one. Null where none has."
    )
    average_click_position: float | None = stored(
        "average_click_position",
        "Mean position of the clicks that have one, counted from 0. Null where there is no such click.",
    )
    positions: list[PositionBucket] = field(
        Parameterized(("positions",), _buckets),
        "Views and clicks by position; those without a position are in none.",
        signature=_edges,
    )
    expected_clicks: float | None = stored(
        "expected_clicks",
        """The clicks that the positions of its views make one expect: for positions below `maxRank`, the sum of views ×
clicks per view of all in scope at that position (Zhang and Jones 2007).""",
    )
    coec: float | None = stored(
        "coec",
        """Clicks over expected clicks: 1 is what the positions make one expect. Clicks count at positions below
`maxRank` that have views. Null where no clicks are expected.""",
    )
    revenue: list[Revenue] = embedded(
        "revenue", many=True, description="Sum of price × quantity over PURCHASE, by `metadata.currency`."
    )


@strawberry.type(description="Searches of one part of a series.")
class SearchStatsBucket:
    from_: DateTime = stored("from", "When it begins.", name="from")
    to: DateTime = stored("to", "When the next begins.")
    stats: SearchStats = embedded("stats", description="Numbers of its searches.")


@strawberry.type(description="Interactions of one part of a series.")
class InteractionStatsBucket:
    from_: DateTime = stored("from", "When it begins.", name="from")
    to: DateTime = stored("to", "When the next begins.")
    stats: InteractionStats = embedded("stats", description="Numbers of its interactions.")
