"""What representations name: how a federated gateway refers to objects, each judged by itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLError, GraphQLID, GraphQLObjectType, GraphQLUnionType, get_named_type

from gateway.errors import BadUserInput, GatewayError
from gateway.plan.global_ids import decode
from gateway.plan.operation_plan import Fetch
from gateway.plan.sources.source import Reference
from gateway.schema.federation_keys import composition_of
from gateway.schema.strawberry_adapter import declared_name

_GLOBAL = "id"


def entity_references(fetch: Fetch, argument: str, representations: Sequence[Any]) -> list[Reference | GatewayError]:
    """What each representation names by the first of its type's keys that it has, or what is wrong with it; the rest of
    it is ignored."""
    union = get_named_type(fetch.definition.type)
    assert isinstance(union, GraphQLUnionType)
    types = {type_.name: type_ for type_ in union.types}
    return [_judged(types, representation, (argument, index)) for index, representation in enumerate(representations)]


def _judged(
    types: Mapping[str, GraphQLObjectType], representation: Any, path: tuple[str | int, ...]
) -> Reference | GatewayError:
    try:
        return _reference(types, representation, path)
    except GatewayError as error:
        return error


def _reference(types: Mapping[str, GraphQLObjectType], representation: Any, path: tuple[str | int, ...]) -> Reference:
    if not isinstance(representation, Mapping):
        raise BadUserInput("A representation is an object: `__typename` and a key.", path=path)
    name = representation.get("__typename")
    type_ = types.get(name) if isinstance(name, str) else None
    if type_ is None:
        raise BadUserInput("`__typename` names no entity of this graph.", path=(*path, "__typename"))
    keys = composition_of(type_).keys
    key = next((key for key in keys if key in representation), None)
    if key is None:
        raise BadUserInput(f"None of the keys of {name} is given.", path=path)
    text = _text(representation[key], (*path, key))
    if key != _GLOBAL:
        return Reference(declared_name(type_), text)
    id = decode(text, *path, key)
    if id.type_name != declared_name(type_):
        raise BadUserInput(f"This is the id of another type than {name}.", path=(*path, key))
    return Reference(id.type_name, id.key, id.scope)


def _text(value: Any, path: tuple[str | int, ...]) -> str:
    try:
        text: str = GraphQLID.coerce_input_value(value)
    except GraphQLError:
        raise BadUserInput("A key is an ID: a string or a whole number.", path=path) from None
    return text
