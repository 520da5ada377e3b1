"""What statistics are grouped and ordered by; the value of each member is the name that `gateway.insights` has."""

from enum import Enum
from typing import Any

import strawberry

from gateway.insights.time_intervals import TimeInterval as Interval


def _value(name: str, description: str) -> Any:
    return strawberry.enum_value(name, description=description)


@strawberry.enum(description="What searches are grouped by. A search counts in the group of each of its values.")
class SearchDimension(Enum):
    QUERY = _value("query", "The text, normalised: trimmed, case-folded, inner spaces one, several joined by ` + `.")
    COLLECTION = _value("collection", "A collection that was searched.")
    VECTOR_INDEX = _value("vector_index", "A vector index that was searched.")
    FILTER_KEY = _value("filter_key", "The key of a condition anywhere in the filters.")
    SESSION = _value("session_id", "The session.")
    USER = _value("user_id", "The user: the one that the request names, else that of its earliest interaction.")


@strawberry.enum(description="What interactions are grouped by. One counts in the group of each of its values.")
class InteractionDimension(Enum):
    FEATURE = _value("feature_id", "The item.")
    QUERY = _value("query", "The normalised text of the search request that led there.")
    COLLECTION = _value("collection", "A collection that the search request searched.")
    POSITION = _value("position", "The item's position in the results, from 0.")
    INTERACTION_TYPE = _value("interaction_type", "What was done.")
    SESSION = _value("session_id", "The session: the interaction's own, else its search request's.")
    USER = _value("user_id", "The user.")
    VECTOR_INDEX = _value("vector_index", "A vector index that the search request searched.")


@strawberry.enum(
    description="The length of the parts of a series, on the clocks of a time zone: days may have 23 or 25 hours."
)
class TimeInterval(Enum):
    HOUR = _value(Interval.HOUR.value, "Sixty minutes.")
    DAY = _value(Interval.DAY.value, "From midnight to midnight.")
    WEEK = _value(Interval.WEEK.value, "From Monday to Sunday.")
    MONTH = _value(Interval.MONTH.value, "From the first of a month to its last.")


@strawberry.enum(description="A number of `SearchStats` that groups are ordered by.")
class SearchStatsOrderField(Enum):
    SEARCHES = _value("searches", "How many searches there are.")
    REQUESTS = _value("requests", "How many search requests there are.")
    SESSIONS = _value("sessions", "How many sessions there are.")
    USERS = _value("users", "How many users there are.")
    CLICK_THROUGH_RATE = _value("click_through_rate", "The click through rate.")
    CONVERSION_RATE = _value("conversion_rate", "The conversion rate.")
    ADD_TO_CART_RATE = _value("add_to_cart_rate", "The add to cart rate.")
    PURCHASE_RATE = _value("purchase_rate", "The purchase rate.")
    NO_CLICK_RATE = _value("no_click_rate", "The no click rate.")
    NO_RESULTS_RATE = _value("no_results_rate", "The no results rate.")
    ABANDONMENT_RATE = _value("abandonment_rate", "The abandonment rate.")
    REFORMULATION_RATE = _value("reformulation_rate", "The reformulation rate.")
    AVERAGE_CLICK_POSITION = _value("average_click_position", "The average click position.")
    MEAN_RECIPROCAL_RANK = _value("mean_reciprocal_rank", "The mean reciprocal rank.")
    AVERAGE_RESULT_COUNT = _value("average_result_count", "The average result count.")
    AVERAGE_MS_TO_FIRST_CLICK = _value("average_ms_to_first_click", "The average milliseconds to first click.")


@strawberry.enum(description="A number of `InteractionStats` that groups are ordered by.")
class InteractionStatsOrderField(Enum):
    INTERACTIONS = _value("interactions", "How many interactions there are.")
    VIEWS = _value("views", "How many views there are.")
    CLICKS = _value("clicks", "How many clicks there are.")
    SEARCHES = _value("searches", "How many searches there are.")
    SESSIONS = _value("sessions", "How many sessions there are.")
    USERS = _value("users", "How many users there are.")
    CLICKS_PER_VIEW = _value("clicks_per_view", "The clicks per view.")
    CLICKS_PER_VIEW_LOWER_BOUND = _value("clicks_per_view_lower_bound", "The clicks per view lower bound.")
    NEGATIVE_RATE = _value("negative_rate", "The negative rate.")
    AVERAGE_DURATION_MS = _value("average_duration_ms", "The average duration in milliseconds.")
    AVERAGE_CLICK_POSITION = _value("average_click_position", "The average click position.")
    EXPECTED_CLICKS = _value("expected_clicks", "The expected clicks.")
    COEC = _value("coec", "Clicks over expected clicks.")
