"""The values of an operation's variables, coerced in two ways with one outcome.

What is plainly as its type wants it, as nearly all is, takes a function that was made for the type. Of all else
graphql-core judges, which is also the only author of errors.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    VariableDefinitionNode,
    VariableValues,
    get_variable_values,
)

from gateway.compiler.graphql_core_adapter import (
    GraphQLVariableSignature,
    VariableValueSource,
    default_value,
    variable_signature,
)
from gateway.schema.scalars import CoercedVariables

# Gives the coerced value, or `Undefined` where graphql-core has to judge.
Coercer = Callable[[Any], Any]

_INT = range(-(2**31), 2**31)
# In place of a default: the field is left out.
_NONE = object()


class Coercers:
    """One for each input type of a schema, made when it is first asked for."""

    def __init__(self) -> None:
        self._named: dict[str, Coercer] = dict(_PLAIN)

    def of(self, type_: GraphQLInputType) -> Coercer:
        # Every document has lists of a type, and the type but not null, of its own.
        if isinstance(type_, GraphQLNonNull):
            return partial(_present, self.of(type_.of_type))
        if isinstance(type_, GraphQLList):
            return partial(_each, self.of(type_.of_type))
        coercer = self._named.get(type_.name)
        if coercer is None:
            if isinstance(type_, GraphQLInputObjectType):
                coercer = _InputObject(type_, self)
            elif isinstance(type_, GraphQLEnumType):
                # Nobody reads its error, in which it would compare the value with all that there are.
                coercer = partial(_leaf, partial(type_.coerce_input_value, hide_suggestions=True))
            else:
                coercer = partial(_leaf, type_.coerce_input_value)
            self._named[type_.name] = coercer
        return coercer


def _present(inner: Coercer, value: Any) -> Any:
    return Undefined if value is None else inner(value)


def _each(inner: Coercer, value: Any) -> Any:
    if value is None:
        return None
    if value.__class__ is not list:
        return Undefined
    items = list(map(inner, value))
    return Undefined if Undefined in items else items


def _text(value: Any) -> Any:
    return value if value is None or value.__class__ is str else Undefined


def _whole(value: Any) -> Any:
    return value if value is None or (value.__class__ is int and value in _INT) else Undefined


def _truth(value: Any) -> Any:
    return value if value is None or value.__class__ is bool else Undefined


def _leaf(coerce: Coercer, value: Any) -> Any:
    try:
        return None if value is None else coerce(value)
    except Exception:
        return Undefined


_PLAIN: Mapping[str, Coercer] = {
    GraphQLBoolean.name: _truth,
    GraphQLID.name: _text,
    GraphQLInt.name: _whole,
    GraphQLString.name: _text,
}


class _InputObject:
    """The coercer of an input object's type."""

    def __init__(self, type_: GraphQLInputObjectType, coercers: Coercers) -> None:
        self._type = type_
        self._coercers = coercers
        self._fields: list[tuple[str, str, Coercer, Any]] = []

    def __call__(self, value: Any) -> Any:
        if value is None:
            return None
        if value.__class__ is not dict:
            return Undefined
        # Not before, as input objects may hold their like.
        fields = self._fields or self._read()
        coerced_fields: dict[str, Any] = {}
        count = 0
        # In the order in which they are declared, as graphql-core does.
        for name, out_name, coerce, default in fields:
            if name in value:
                count += 1
                coerced = coerce(value[name])
            elif default is _NONE:
                continue
            else:
                coerced = default
            if coerced is Undefined:
                return Undefined
            coerced_fields[out_name] = coerced
        if count < len(value) or (self._type.is_one_of and (count != 1 or None in coerced_fields.values())):
            return Undefined
        return self._type.out_type(coerced_fields)

    def _read(self) -> list[tuple[str, str, Coercer, Any]]:
        for name, field in self._type.fields.items():
            default = default_value(field)
            if default is Undefined and not isinstance(field.type, GraphQLNonNull):
                default = _NONE
            self._fields.append((name, field.out_name or name, self._coercers.of(field.type), default))
        return self._fields


class Coercion:
    """The coercion of values for the variables of one valid operation.

    ``signatures``: what each of them is, by name.
    """

    def __init__(self, schema: GraphQLSchema, coercers: Coercers, nodes: Sequence[VariableDefinitionNode]) -> None:
        self._schema = schema
        self._nodes = nodes
        self.signatures: dict[str, GraphQLVariableSignature] = {}
        for node in nodes:
            signature = variable_signature(schema, node)
            self.signatures[signature.name] = signature
        self._variables = [
            (name, signature, coercers.of(signature.type)) for name, signature in self.signatures.items()
        ]

    def values(
        self, sent: Mapping[str, Any], max_errors: int, *, hide_suggestions: bool
    ) -> VariableValues | list[GraphQLError]:
        """The coerced values, or up to ``max_errors`` of what is wrong with those that were given and, where there are
        more, an error that says so."""
        plain = self._plain(sent)
        if plain is not None:
            return plain
        values = get_variable_values(self._schema, self._nodes, dict(sent), max_errors, hide_suggestions)
        return values if isinstance(values, list) else _with_sent(values.sources, values.coerced)

    def _plain(self, sent: Mapping[str, Any]) -> VariableValues | None:
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for name, signature, coerce in self._variables:
            value = sent.get(name, Undefined)
            if value is Undefined:
                if signature.default is not None or isinstance(signature.type, GraphQLNonNull):
                    return None
                sources[name] = VariableValueSource(signature)
                continue
            plain = coerce(value)
            if plain is Undefined:
                return None
            sources[name] = VariableValueSource(signature, value)
            coerced[name] = plain
        return _with_sent(sources, coerced)


def _with_sent(sources: dict[str, VariableValueSource], coerced: dict[str, Any]) -> VariableValues:
    sent = {
        name: source.value if source.value is not Undefined or default is None else default.literal
        for name, source in sources.items()
        if (default := source.signature.default) is not None or source.value is not Undefined
    }
    return VariableValues(sources, CoercedVariables(coerced, sent))
