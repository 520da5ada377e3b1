"""What became of a search request, and how it is filtered by."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from gateway.plan.sources.nested_objects import NestedById
from gateway.schema.readings import fetched, stored
from gateway.schema.scalars import DateTime
from gateway.schema.stored_readings import ValueOr
from gateway.schema.where_declarations import OutcomeFlag, matches

if TYPE_CHECKING:
    from gateway.schema.objects import SearchRequest

_Neighbour = Annotated["SearchRequest", strawberry.lazy("gateway.schema.objects")]


@strawberry.type(
    description="""What became of a search request. It is derived of what is recorded, within about two seconds of it;
until then it is as if nothing had happened. Clicks and conversions are those of this request alone. What visitors type
letter by letter is recorded as several requests; `searchStats` counts them as the one search that they became."""
)
class SearchOutcome:
    clicked: bool = stored(ValueOr("clicked", False), description="Whether it led to a CLICK.")
    converted: bool = stored(
        ValueOr("converted", False), description="Whether it led to a PURCHASE, an ADD_TO_CART or a CONVERSION."
    )
    added_to_cart: bool = stored(ValueOr("added_to_cart", False), description="Whether it led to an ADD_TO_CART.")
    purchased: bool = stored(ValueOr("purchased", False), description="Whether it led to a PURCHASE.")
    no_results: bool = stored(
        ValueOr("no_results", False), description="Whether its `resultCount` is 0, or it led to a ZERO_RESULTS."
    )
    abandoned: bool = stored(
        ValueOr("abandoned", False),
        description="""Whether it is the last search of its session, and led to nothing but views. False for one without
a session, and for one that went on: its text, or its beginning, was searched for again within 30 seconds.""",
    )
    reformulated: bool = stored(
        ValueOr("reformulated", False),
        description="""Whether another text was searched for within 5 minutes, by the same session (else user), and
nothing was clicked in between. False for one that went on, as of `abandoned`.""",
    )
    first_click_at: DateTime | None = stored(
        "first_click_at", description="When it first led to a CLICK; null without one."
    )
    lowest_clicked_position: int | None = stored(
        "lowest_clicked_position", description="The best position that was clicked, 0-based; null without one."
    )
    views: int = stored(ValueOr("counts.view", 0), description="How many of its interactions are a VIEW.")
    clicks: int = stored(ValueOr("counts.click", 0), description="How many of its interactions are a CLICK.")
    next: _Neighbour | None = fetched(
        NestedById("next_id"),
        "The search request that followed in the same session, else of the same user; null for the last one.",
    )
    previous: _Neighbour | None = fetched(
        NestedById("previous_id"),
        "The search request ahead of it in the same session, else of the same user; null for the first one.",
    )


@strawberry.input(
    description="""What became of a search request, as `SearchRequest.outcome` says. All fields given must match; `{}`
matches everything. Of what nothing is known yet, and of interactions without a search request, all is false."""
)
class SearchOutcomeWhere:
    clicked: bool | None = matches(OutcomeFlag("clicked"), "Whether anything was clicked.")
    converted: bool | None = matches(OutcomeFlag("converted"), "Whether it led to a purchase, a cart or a conversion.")
    no_results: bool | None = matches(OutcomeFlag("no_results"), "Whether it found nothing.")
    abandoned: bool | None = matches(
        OutcomeFlag("abandoned"), "Whether it is the last of its session and led to nothing but views."
    )
    reformulated: bool | None = matches(
        OutcomeFlag("reformulated"), "Whether another search followed within five minutes, with no click between."
    )
