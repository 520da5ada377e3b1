"""Connections: their arguments, and what their pages say beside the elements that they hold."""

from typing import Annotated, Any

import strawberry

from gateway.limits import DEFAULTS
from gateway.model.kinds import INTERACTION, Kind
from gateway.plan.paging import DEFAULT_PAGE_SIZE
from gateway.plan.sources.listings import Listing, NestedListing
from gateway.schema.federation_keys import composed
from gateway.schema.readings import Attribute, Total, fetched, field
from gateway.schema.where_inputs import InteractionOrder, InteractionWhere, SearchRequestOrder, SearchRequestWhere

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"""How many elements to take from the start: at most {DEFAULTS.page_size}, unless the gateway
is set to allow another number; {DEFAULT_PAGE_SIZE} where neither `first` nor `last` is given."""
    ),
]
After = Annotated[str | None, strawberry.argument(description="Only elements behind the one with this cursor.")]
Last = Annotated[
    int | None,
    strawberry.argument(
        description=f"""How many elements to take from the end: at most {DEFAULTS.page_size}, unless the gateway
is set to allow another number."""
    ),
]
Before = Annotated[str | None, strawberry.argument(description="Only elements ahead of the one with this cursor.")]
UpTo = Annotated[
    int, strawberry.argument(description="Where counting stops: a `totalCount` equal to this means this many or more.")
]


def _interactions_of(
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
    where: Annotated[
        InteractionWhere | None, strawberry.argument(description="Only interactions that match all of this.")
    ] = strawberry.UNSET,
    order_by: Annotated[
        InteractionOrder | None, strawberry.argument(description="The order; the latest first where none is given.")
    ] = strawberry.UNSET,
) -> None: ...


def _search_requests_of(
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
    where: Annotated[
        SearchRequestWhere | None, strawberry.argument(description="Only search requests that match all of this.")
    ] = strawberry.UNSET,
    order_by: Annotated[
        SearchRequestOrder | None, strawberry.argument(description="The order; the latest first where none is given.")
    ] = strawberry.UNSET,
) -> None: ...


def _bound(up_to: UpTo = 10_000) -> None: ...


def connection(kind: Kind, description: str, *, foreign: str = "", local: str = "") -> Any:
    """A connection over all documents of ``kind``, or those whose ``foreign`` path equals the parent's ``local``."""
    signature = _interactions_of if kind is INTERACTION else _search_requests_of
    source = NestedListing(kind, foreign, local) if local else Listing(kind)
    return fetched(source, description, signature=signature)


@composed(shareable=True)
@strawberry.type(description="Where a page stands in its connection.")
class PageInfo:
    has_next_page: bool = field(Attribute("has_next_page"), "Whether there are elements behind this page.")
    has_previous_page: bool = field(Attribute("has_previous_page"), "Whether there are elements ahead of this page.")
    start_cursor: str | None = field(
        Attribute("start_cursor", is_cursor=True), "The cursor of the page's first element, if any."
    )
    end_cursor: str | None = field(
        Attribute("end_cursor", is_cursor=True), "The cursor of the page's last element, if any."
    )


def edge_cursor() -> Any:
    return field(
        Attribute("cursor", is_cursor=True), "The element's place in this connection's order, for `after` and `before`."
    )


def connection_total() -> Any:
    return field(
        Total(),
        """How many elements there are on all pages. Counted only when selected, and only up to `upTo`: that value means
at least so many. Where counting takes longer than one read may, it is null, and an error QUERY_TOO_BROAD stands beside
the page.""",
        signature=_bound,
    )
