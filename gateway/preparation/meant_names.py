"""Names that were meant where another one was written: a part of them, as `interactionType` for `type`, or what other
APIs call the same, as `featureId` for `itemId` and `first` for `limit`.

graphql-core suggests what is spelled nearly alike, and compares whole names.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from graphql import GraphQLError, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

# The texts are graphql-core's, which tests/preparation/test_validation_bounds.py meets.
_UNKNOWN: Final = re.compile(
    r"Expected value of type '(?P<input>\w+)!?' not to include unknown field '(?P<input_field>\w+)'"
    r"|Cannot query field '(?P<field>\w+)' on type '(?P<type>\w+)'\."
    r"|Unknown argument '(?P<argument>\w+)' on field '(?P<owner>\w+)\.(?P<owned>\w+)'\."
)
_SUGGESTION: Final = re.compile(r" Did you mean [^?]*\?")
_WORDS: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_MOST_NAMES: Final = 3

# What is meant, and what others call it: Hasura, Prisma, PostGraphile, Elasticsearch, Algolia, UBI and SQL.
_OTHERS_CALL_IT: Final[Mapping[str, str]] = {
    "featureId": "item itemId product productId document documentId doc docId object objectId sku asset assetId",
    "feature": "item product document doc object asset sku",
    "interactionType": "types action actionName event eventType eventName kind",
    "occurredAt": "time timestamp date dateTime createdAt created at",
    "firstSeenAt": "time timestamp date dateTime createdAt created at",
    "startedAt": "time timestamp date createdAt created",
    "query": "queries",
    "queries": "query",
    "filters": "filter conditions",
    "text": "query queries q term terms keyword searchText queryText userQuery value",
    "searchRequests": "searches queries",
    "searchRequest": "query queries filter filters collection collections",
    "interactionId": "id eventId",
    "searchRequestId": "id queryId searchId",
    "durationMs": "dwell dwellTime time duration",
    "position": "rank index ordinal",
    "resultCount": "results hits numResults totalResults total totalHits",
    "interactions": "events clicks",
    "interactionRecorded": "interactions events clicks",
    "features": "items products documents objects assets",
    "eq": "equals equal equalTo is",
    "has": "contains includes eq equals in",
    "ne": "not neq notEqual notEquals notEqualTo isNot",
    "nor": "not none noneOf",
    "in": "anyOf oneOf",
    "nin": "notIn noneOf ne",
    "gt": "greaterThan after above moreThan",
    "gte": "since from ge min greaterThanOrEqual greaterThanOrEquals greaterThanOrEqualTo atLeast between range eq",
    "lt": "lessThan before below until to",
    "lte": "le max lessThanOrEqual lessThanOrEquals lessThanOrEqualTo atMost between range eq",
    "contains": "like ilike includes regex matches search icontains endsWith",
    "startsWith": "prefix beginsWith",
    "exists": "isNull isNotNull isEmpty exist null",
    "operator": "op comparison",
    "path": "key field name",
    "key": "field attribute facet",
    "first": "limit pageSize perPage size take count n top num",
    "after": "offset skip page cursor start",
    "where": "filter filters query search condition",
    "orderBy": "sort sortBy order sorting",
    "field": "by sort sortBy column",
    "nodes": "items results data records rows list entries hits content",
    "totalCount": "total count size length totalHits",
    "clickThroughRate": "ctr",
    "clicksPerView": "ctr",
    "viewer": "me whoami currentUser self",
}


def _by_other_name() -> Mapping[str, tuple[str, ...]]:
    meant: dict[str, tuple[str, ...]] = {}
    for name, others in _OTHERS_CALL_IT.items():
        for other in map(_plain, others.split()):
            meant[other] = (*meant.get(other, ()), name)
    return meant


def with_meant_names(error: GraphQLError, schema: GraphQLSchema) -> GraphQLError:
    """The error of an unknown field or argument with the names that may have been meant, if any; every other as it
    is. What others call so comes before what is spelled alike, and that before what holds all its words."""
    unknown = _UNKNOWN.search(error.message)
    if unknown is None:
        return error
    name = unknown["input_field"] or unknown["field"] or unknown["argument"]
    there = _names(unknown, schema)
    names = [meant for meant in MEANT.get(_plain(name), ()) if meant in there]
    if not names:
        if "Did you mean" in error.message:
            return error
        words = _words(name)
        names = [field for field in there if words and words <= _words(field)]
    if not names:
        return error
    *listed, last = [f"'{meant}'" for meant in names[:_MOST_NAMES]]
    alternatives = f"{', '.join(listed)} or {last}" if listed else last
    message = _SUGGESTION.sub("", error.message)
    return GraphQLError(f"{message} Did you mean {alternatives}?", error.nodes, path=error.path)


def _names(unknown: re.Match[str], schema: GraphQLSchema) -> Iterable[str]:
    """The names that there are in the place of the unknown one."""
    type_ = schema.get_type(unknown["input"] or unknown["type"] or unknown["owner"])
    if not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        return ()
    if unknown["argument"] is None:
        return tuple(type_.fields)
    field = None if isinstance(type_, GraphQLInputObjectType) else type_.fields.get(unknown["owned"])
    return () if field is None else tuple(field.args)


def _plain(name: str) -> str:
    """Without letter case and what joins words, as others write them."""
    return name.replace("_", "").lower()


def _words(name: str) -> set[str]:
    return {word.lower() for word in _WORDS.findall(name)}


MEANT: Final = _by_other_name()
"""The names that are meant, by what others call them, in small letters."""
