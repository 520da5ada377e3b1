"""The values of an operation's variables: taken as they are where they are plainly of their types, as most are; of the
rest graphql-core judges."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLNonNull,
    GraphQLSchema,
    Undefined,
    VariableDefinitionNode,
    get_nullable_type,
    get_variable_values,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource

# By the name of a scalar: the class of what stands for itself.
_PLAIN = {"Boolean": bool, "ID": str, "Int": int, "String": str}
_INT = range(-(2**31), 2**31)


class Coercion:
    """Coerces values for the variables of one valid operation.

    ``signatures``: what each of them is, by name.
    """

    def __init__(self, schema: GraphQLSchema, nodes: Sequence[VariableDefinitionNode]) -> None:
        self._schema = schema
        self._nodes = nodes
        self.signatures: dict[str, GraphQLVariableSignature] = {}
        for node in nodes:
            signature = get_variable_signature(schema, node)
            assert not isinstance(signature, GraphQLError), "validation lets none but input types through"
            self.signatures[signature.name] = signature
        self._classes = {
            name: _PLAIN.get(str(get_nullable_type(signature.type))) for name, signature in self.signatures.items()
        }

    def values(
        self, given: Mapping[str, Any], max_errors: int, *, hide_suggestions: bool
    ) -> VariableValues | list[GraphQLError]:
        """The coerced values, or up to ``max_errors`` of what is wrong with those that were given and, where there are
        more, an error that says so."""
        return self._plain(given) or get_variable_values(
            self._schema, self._nodes, dict(given), max_errors, hide_suggestions
        )

    def _plain(self, given: Mapping[str, Any]) -> VariableValues | None:
        """As graphql-core, where every value is of its variable's class, null where it may be, or not needed."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for name, signature in self.signatures.items():
            value = given.get(name, Undefined)
            if value.__class__ is not self._classes[name] or (value.__class__ is int and value not in _INT):
                if isinstance(signature.type, GraphQLNonNull):
                    return None
                if value is Undefined and signature.default is None:
                    sources[name] = VariableValueSource(signature)
                    continue
                if value is not None:
                    return None
            sources[name] = VariableValueSource(signature, value)
            coerced[name] = value
        return VariableValues(sources, coerced)
