"""Expressions of aggregation pipelines that read recorded values, whatever other programs have stored in their places:
none of them fails, and what isn't of the expected kind is null.
"""

from typing import Any, TypeAlias

from gateway.model.derived_documents import CONVERSION_TYPES, FIRST_TIME, LAST_TIME, OTHER_TYPE
from gateway.model.wire.fields import INTERACTION_TYPES, MAX_COUNT

Expression: TypeAlias = Any
Stage: TypeAlias = dict[str, Any]
Pipeline: TypeAlias = list[Stage]

_NUMBERS = ("int", "long", "double", "decimal")


def id_text(value: Expression) -> Expression:
    """The text that an id reads as, as `gateway.model.document_ids.id_text` has it; null for what is none."""
    number = {"$toString": {"$convert": {"input": value, "to": "long", "onError": None, "onNull": None}}}
    digits = {"$cond": [{"$eq": [{"$type": value}, "objectId"]}, {"$toString": value}, None]}
    return {"$cond": [is_string(value), value, {"$cond": [_is_whole(value), number, digits]}]}


def named(value: Expression) -> Expression:
    """The text of an id that isn't empty; null for any other."""
    return {"$let": {"vars": {"id": id_text(value)}, "in": {"$cond": [{"$eq": ["$$id", ""]}, None, "$$id"]}}}


def session_id(value: Expression) -> Expression:
    """A session's id, of what is derived of a document, which has the text of an id however that was stored: a string
    that is not empty; null for anything else."""
    return {"$cond": [{"$and": [is_string(value), {"$ne": [value, ""]}]}, value, None]}


def id_values(text: Expression) -> Expression:
    """The values that read as the id ``text``, as `gateway.model.document_ids.id_spellings` has them."""
    kinds = ("long", "objectId")
    read = {kind: {"$convert": {"input": text, "to": kind, "onError": None, "onNull": None}} for kind in kinds}
    # Either may have other spellings, such as with zeros ahead or in capitals.
    others = [{"$cond": [{"$eq": [{"$toString": f"$${kind}"}, text]}, [f"$${kind}"], []]} for kind in kinds]
    return {"$let": {"vars": read, "in": {"$concatArrays": [[text], *others]}}}


def in_namespace(namespace_id: str) -> dict[str, Any]:
    """The predicate on the namespace of a recorded document: a list that holds it is none."""
    return {"$eq": namespace_id, "$not": {"$type": "array"}}


def time(value: Expression) -> Expression:
    """A date that clients can be told of; null for anything else."""
    is_time = [{"$eq": [{"$type": value}, "date"]}, {"$gte": [value, FIRST_TIME]}, {"$lte": [value, LAST_TIME]}]
    return {"$cond": [{"$and": is_time}, value, None]}


def count(value: Expression) -> Expression:
    """A whole number from 0 to 2³¹ - 1, however it is stored; null for anything else, such as a number in a string."""
    converted = {"$convert": {"input": value, "to": "int", "onError": None, "onNull": None}}
    in_range = {"$and": [_is_whole(value), {"$gte": [value, 0]}, {"$lte": [value, MAX_COUNT]}]}
    # Nearly all are stored so, which takes a fraction of converting.
    is_int = {"$eq": [{"$type": value}, "int"]}
    return {"$cond": [is_int, {"$cond": [{"$gte": [value, 0]}, value, None]}, {"$cond": [in_range, converted, None]}]}


def string(value: Expression) -> Expression:
    """The string, or an empty one where something else is stored."""
    return {"$cond": [is_string(value), value, ""]}


def distinct_strings(values: Expression) -> Expression:
    """The distinct strings of a list, in their order; of a single string, that one; else none."""
    listed = {"$cond": [{"$isArray": [values]}, values, [values]]}
    strings = {"$filter": {"input": listed, "as": "value", "cond": is_string("$$value")}}
    return {"$sortArray": {"input": {"$setUnion": [strings]}, "sortBy": 1}}


def members(values: Expression, path: str) -> Expression:
    """What the objects of a list have at ``path``; an empty list of what is no list."""
    return {"$map": {"input": as_list(values), "as": "member", "in": f"$$member.{path}"}}


def as_list(values: Expression) -> Expression:
    return {"$cond": [{"$isArray": [values]}, values, []]}


TYPE_NAMES: tuple[str, ...] = (*INTERACTION_TYPES, OTHER_TYPE)
"""The names under which types are counted."""


def types(value: Expression) -> Expression:
    """The distinct types of an interaction: those that are counted by name, and `OTHER_TYPE` for any other. Null is
    none."""
    listed = {"$cond": [{"$isArray": [value]}, value, [{"$ifNull": [value, None]}]]}
    unknown = {"$setDifference": [listed, [*INTERACTION_TYPES, None]]}
    several = {
        "$concatArrays": [
            {"$setIntersection": [listed, list(INTERACTION_TYPES)]},
            {"$cond": [{"$eq": [unknown, []]}, [], [OTHER_TYPE]]},
        ]
    }
    # Nearly all have one, which takes MongoDB a fraction of comparing sets.
    one = [{"$cond": [{"$in": [value, list(INTERACTION_TYPES)]}, value, OTHER_TYPE]}]
    return {"$cond": [is_string(value), one, several]}


def type_counters(types: str) -> dict[str, Expression]:
    """An accumulator for each type, of what has it among the list at ``types``."""
    return {name: {"$sum": {"$cond": [{"$in": [name, types]}, 1, 0]}} for name in TYPE_NAMES}


def nonzero(counters: str) -> Expression:
    """The object of those counts at ``counters`` that aren't 0, in the order of the types."""
    pairs = [{"k": name, "v": {"$ifNull": [f"{counters}.{name}", 0]}} for name in TYPE_NAMES]
    return {"$arrayToObject": {"$filter": {"input": pairs, "as": "pair", "cond": {"$gt": ["$$pair.v", 0]}}}}


def has_conversion(counters: str) -> Expression:
    return {"$or": [{"$gt": [f"{counters}.{name}", 0]} for name in CONVERSION_TYPES]}


def is_string(value: Expression) -> Expression:
    return {"$eq": [{"$type": value}, "string"]}


def present(value: Expression) -> Expression:
    """The value of a field that is left out where it is null."""
    return {"$ifNull": [value, "$$REMOVE"]}


def _is_whole(value: Expression) -> Expression:
    is_number = {"$in": [{"$type": value}, list(_NUMBERS)]}
    return {"$and": [is_number, {"$eq": [value, {"$trunc": {"$cond": [is_number, value, None]}}]}]}
