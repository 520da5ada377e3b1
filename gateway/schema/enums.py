"""The contract's enums; the Python value of each member is what is stored.

OTHER stands for every stored string the contract doesn't know. Its own value is spelled in upper case, which no
write stores, so it is never mistaken for a known one.
"""

from enum import Enum
from typing import Any

import strawberry

from gateway import context
from gateway.insights import click_models
from gateway.insights.type_weights import NEGATIVE, POSITIVE, described
from gateway.limits.where_bounds import MAX_PATTERN_LENGTH, MAX_VALUES
from gateway.model.bson_comparison import MAX_SEARCHED
from gateway.plan.comparisons import Operator
from gateway.schema.stored_readings import OTHER


# Strawberry replaces the definition by its value, so a member's type is the value's.
def _value(stored: Any, description: str) -> Any:
    return strawberry.enum_value(stored, description=description)


@strawberry.enum(description="What a caller proves to be one by.")
class CallerKind(Enum):
    KEY = _value(context.CallerKind.KEY, "A key of this gateway.")
    TOKEN = _value(context.CallerKind.TOKEN, "A token (JWT) that another system signed.")


@strawberry.enum(description="What a caller may do.")
class Permission(Enum):
    READ = _value(context.Permission.READ, "Read interactions, search requests and what is derived from them.")
    RECORD = _value(
        context.Permission.RECORD, "Record interactions and search requests, and be told what became of them."
    )
    WRITE = _value(context.Permission.WRITE, "Record and delete interactions, and record search requests.")
    ADMIN = _value(
        context.Permission.ADMIN,
        "Administer the organization: create and delete namespaces, say how long they keep what is recorded; make, "
        "list and end keys.",
    )


@strawberry.enum(description="What a user did with a search result, or with the search itself.")
class InteractionType(Enum):
    VIEW = _value("view", "The item was viewed.")
    CLICK = _value("click", "The item was clicked in the results.")
    POSITIVE_FEEDBACK = _value("positive_feedback", "The user said that the item suits, such as a thumbs up.")
    NEGATIVE_FEEDBACK = _value("negative_feedback", "The user said that the item doesn't suit, such as a thumbs down.")
    PURCHASE = _value("purchase", "The item was bought.")
    ADD_TO_CART = _value("add_to_cart", "The item was put into the shopping cart.")
    WISHLIST = _value("wishlist", "The item was put on a wish list.")
    LONG_VIEW = _value("long_view", "The item was viewed for long; `durationMs` says how long.")
    SHARE = _value("share", "The item was shared with somebody.")
    BOOKMARK = _value("bookmark", "The item was bookmarked.")
    QUERY_REFINEMENT = _value("query_refinement", "The user changed the query; `featureId` is the query's text.")
    ZERO_RESULTS = _value("zero_results", "The search found nothing; `featureId` is the query's text.")
    FILTER_TOGGLE = _value("filter_toggle", "A filter was switched on or off; `featureId` is the facet's name.")
    SKIP = _value("skip", "The item was passed over for one further down.")
    RETURN_TO_RESULTS = _value("return_to_results", "The user came back from the item to the results.")
    CONVERSION = _value(
        "conversion", "The user did what the search was for, where that is no purchase: booked, subscribed, applied."
    )
    OTHER = _value(OTHER, "A stored type that this contract doesn't know; writes refuse it.")


@strawberry.enum(description="The vector index that a query searches.")
class VectorIndex(Enum):
    IMAGE = _value("image", "Embeddings of images.")
    MULTIMODAL = _value("multimodal", "Embeddings that texts, images and videos share.")
    TEXT = _value("text", "Embeddings of texts.")
    VIDEO = _value("video", "Embeddings of videos.")
    KEYWORD = _value("keyword", "Words as they are written, without embeddings.")
    OTHER = _value(OTHER, "A stored index that this contract doesn't know; writes refuse it.")


@strawberry.enum(description="What the value of a query holds.")
class QueryInputType(Enum):
    TEXT = _value("text", "The text to look for.")
    URL = _value("url", "The address of the image, video or document to look for.")
    BASE64 = _value("base64", "The content to look for, base64-encoded.")
    OTHER = _value(OTHER, "A stored type that this contract doesn't know; writes refuse it.")


@strawberry.enum(description="Which way a list is sorted.")
class SortDirection(Enum):
    ASC = _value("asc", "Ascending: the smallest or earliest first.")
    DESC = _value("desc", "Descending: the largest or latest first.")


@strawberry.enum(
    description="How a condition of a filter tree compares a field of the item with the condition's value."
)
class ComparisonOperator(Enum):
    EQ = _value("eq", "The field equals the value.")
    NE = _value("ne", "The field doesn't equal the value.")
    GT = _value("gt", "The field is greater than the value.")
    LT = _value("lt", "The field is less than the value.")
    GTE = _value("gte", "The field is greater than or equal to the value.")
    LTE = _value("lte", "The field is less than or equal to the value.")
    IN = _value("in", "The field equals one of the values in a list.")
    NIN = _value("nin", "The field equals none of the values in a list.")
    IS_NULL = _value("is_null", "The field is null.")
    TEXT = _value("text", "The field matches the value by full-text search.")
    EXISTS = _value("exists", "The field exists, or doesn't where the value is false.")
    CONTAINS = _value("contains", "The field contains the value.")
    STARTS_WITH = _value("starts_with", "The field starts with the value.")
    ENDS_WITH = _value("ends_with", "The field ends with the value.")
    REGEX = _value("regex", "The field matches the value, a regular expression.")
    OTHER = _value(OTHER, "A stored operator that this contract doesn't know; writes refuse it.")


@strawberry.enum(description="The branch of a filter group that holds a condition or another group.")
class FilterBranch(Enum):
    AND = _value("AND", "All of the branch must hold.")
    OR = _value("OR", "At least one of the branch must hold.")
    NOR = _value("NOR", "None of the branch may hold.")


@strawberry.enum(
    description="""How a value within an interaction's metadata is compared. Where the path leads to a list, or through
one, it is enough that one of its elements compares so; NE and NIN are the opposites of EQ and IN."""
)
class PathOperator(Enum):
    EQ = _value(
        Operator.EQ, "Equals the value; null equals what is missing too. Objects are equal with the same key order."
    )
    NE = _value(Operator.NE, "Doesn't equal the value, or is missing (unless the value is null).")
    GT = _value(Operator.GT, "Is greater than the value, a number or a string; only like is compared with like.")
    GTE = _value(Operator.GTE, "Is greater than or equal to the value, a number or a string.")
    LT = _value(Operator.LT, "Is less than the value, a number or a string; only like is compared with like.")
    LTE = _value(Operator.LTE, "Is less than or equal to the value, a number or a string.")
    IN = _value(
        Operator.IN, f"Equals one of the values in a list of at most {MAX_VALUES:,}; an empty list matches nothing."
    )
    NIN = _value(Operator.NIN, f"Equals none of the values in a list of at most {MAX_VALUES:,}, or is missing.")
    EXISTS = _value(Operator.EXISTS, "With true: is there and is not null. With false: is null or missing.")
    STARTS_WITH = _value(
        Operator.STARTS_WITH,
        f"Is a string of at most {MAX_SEARCHED:,} characters that starts with the value, of at most "
        f"{MAX_PATTERN_LENGTH}.",
    )
    CONTAINS = _value(
        Operator.CONTAINS,
        f"Is a string of at most {MAX_SEARCHED:,} characters that contains the value, of at most {MAX_PATTERN_LENGTH}.",
    )


@strawberry.enum(description="What interactions are ordered by. Ties are ordered too, so that pages never overlap.")
class InteractionOrderField(Enum):
    OCCURRED_AT = _value("occurred_at", "When the interaction occurred.")
    POSITION = _value(
        "position",
        """The position in search results; interactions without one count as the lowest. Only within one feature,
session or search request.""",
    )


@strawberry.enum(description="What search requests are ordered by. Ties are ordered too, so that pages never overlap.")
class SearchRequestOrderField(Enum):
    FIRST_SEEN_AT = _value("first_seen_at", "When the search request was first recorded.")


@strawberry.enum(description="How an item is judged for a query, by what people did. Positions count from 0.")
class JudgmentModel(Enum):
    COEC = _value(
        click_models.JudgmentModel.COEC,
        """Clicks over expected clicks (Zhang and Jones, WWW 2007), exact by position: clicks / Σₚ views(p) · ctr(p),
where ctr(p) is clicks / views of position p over all that is in scope. Clicks count at positions at which anything was
viewed. 0 where nothing is expected.""",
    )
    COEC_WORKBENCH = _value(
        click_models.JudgmentModel.COEC_WORKBENCH,
        """As OpenSearch's Search Relevance Workbench computes it: all views count as if they were of the lowest
position r at which the item was seen for the query: clicks / (ctr(r) · views), with three decimals, halves rounded up;
0 where that divides by 0. Like there, position `maxRank` itself still counts, with a ctr of 0.""",
    )
    SDBN = _value(
        click_models.JudgmentModel.SDBN,
        """The simplified dynamic Bayesian network (Chapelle and Zhang, WWW 2009, in PyClick's closed form): attraction
(1 + clicked) / (2 + shown) times satisfaction (1 + last) / (2 + clicked). Over searches with clicks: `shown`, how often
the item stood at or above the last click; `clicked`, how often it was clicked; `last`, how often that was the last.""",
    )
    FEEDBACK = _value(
        click_models.JudgmentModel.FEEDBACK,
        f"""(P - N) / (P + N + 2) as of `FeatureSignals.feedback`, of the interactions for the query, at any position or
none, and not decayed. P: {described(POSITIVE)}. N: {described(NEGATIVE)}.""",
    )


@strawberry.enum(description="What sessions are ordered by. Ties are ordered by the sessions' ids.")
class SessionOrderField(Enum):
    STARTED_AT = _value("started_at", "When the first search or interaction was.")
    ENDED_AT = _value("ended_at", "When the last search or interaction was, so far.")
    SEARCHES = _value("searches", "How many searches there are: what was typed letter by letter is one.")
    INTERACTIONS = _value("interactions", "How many interactions there are.")


def known_values(kind: type[Enum]) -> tuple[str, ...]:
    """The stored values that the contract knows of an enum that has OTHER."""
    return tuple(member.value for member in kind if member.value != OTHER)
