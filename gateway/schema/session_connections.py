"""Sessions as connections: what they are filtered and ordered by, and their pages."""

from typing import Annotated, Any

import strawberry

from gateway.plan.comparisons import Operator
from gateway.plan.session_scans import USERS
from gateway.plan.sources.source import Source
from gateway.schema.connections import After, Before, First, Last, PageInfo, connection_total, edge_cursor
from gateway.schema.enums import SessionOrderField, SortDirection
from gateway.schema.objects import Session
from gateway.schema.readings import Attribute, fetched, field
from gateway.schema.value_filters import DateTimeFilter, IDFilter, IntFilter
from gateway.schema.where_declarations import OwnTime, StoredValue, matches


@strawberry.input(description="Filters sessions. All fields given must match; `{}` matches everything.")
class SessionWhere:
    started_at: DateTimeFilter | None = matches(
        OwnTime("started_at"),
        "When its first search or interaction was. A start of this range spares looking at all that is older.",
    )
    ended_at: DateTimeFilter | None = matches(
        StoredValue("ended_at"), "When its last search or interaction was, so far."
    )
    user_id: IDFilter | None = matches(
        StoredValue(USERS),
        """Who searched or did anything in it: one of them matches; `ne` and `nin` match when none does. Those of one or
several users are found by an index.""",
    )
    searches: IntFilter | None = matches(
        StoredValue("searches"), "How many searches it has: what was typed letter by letter is one."
    )
    clicked: bool | None = matches(StoredValue("clicked", Operator.EQ), "Whether one of its searches led to a CLICK.")
    converted: bool | None = matches(
        StoredValue("converted", Operator.EQ), "Whether one led to a PURCHASE, an ADD_TO_CART or a CONVERSION."
    )
    abandoned: bool | None = matches(
        StoredValue("abandoned", Operator.EQ), "Whether its last search led to nothing but views."
    )


@strawberry.input(description="The order of sessions.")
class SessionOrder:
    field: SessionOrderField = strawberry.field(
        default=SessionOrderField.STARTED_AT, description="What they are ordered by."
    )
    direction: SortDirection = strawberry.field(
        default=SortDirection.DESC, description="Which way; by default the latest, or the most, first."
    )


@strawberry.type(description="A session and its place in the connection.")
class SessionEdge:
    cursor: str = edge_cursor()
    node: Session | None = field(
        Attribute("document"), "The session; null, with an error, where what is stored can't be read."
    )


@strawberry.type(description="A page of sessions.")
class SessionConnection:
    edges: list[SessionEdge] = field(Attribute("edges"), "The page's sessions with their cursors.")
    nodes: list[Session | None] = field(
        Attribute("documents"), "The page's sessions; null, with an error, for one that can't be read."
    )
    page_info: PageInfo = field(Attribute("page_info"), "Where the page stands in the connection.")
    total_count: int | None = connection_total()


def _sessions_of(
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
    where: Annotated[
        SessionWhere | None, strawberry.argument(description="Only sessions that match all of this.")
    ] = strawberry.UNSET,
    order_by: Annotated[
        SessionOrder | None, strawberry.argument(description="The order; the latest first where none is given.")
    ] = strawberry.UNSET,
) -> None: ...


def session_connection(source: Source, description: str) -> Any:
    return fetched(source, description, signature=_sessions_of)
