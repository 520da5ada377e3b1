"""Names that were meant where only a part of them was written: `interactionType` for `type`, `userId` for `user`.

graphql-core suggests what is spelled nearly alike, and compares whole names.
"""

import re

from graphql import GraphQLError, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

# The texts are graphql-core's, as tests/test_upgrade_assumptions.py says.
_UNKNOWN_INPUT_FIELD = re.compile(r"Expected value of type '(\w+)!?' not to include unknown field '(\w+)'")
_UNKNOWN_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'\.$")
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_MOST_NAMES = 3


def with_meant_names(error: GraphQLError, schema: GraphQLSchema) -> GraphQLError:
    """The error of an unknown field with the names that hold all its words, if any; every other as it is."""
    if unknown := _UNKNOWN_INPUT_FIELD.search(error.message):
        type_name, name = unknown.groups()
    elif unknown := _UNKNOWN_FIELD.search(error.message):
        name, type_name = unknown.groups()
    else:
        return error
    if "Did you mean" in error.message:
        return error
    names = _meant(name, schema, type_name)
    if not names:
        return error
    listed = ", ".join(f"'{meant}'" for meant in names[:-1])
    alternatives = f"{listed} or '{names[-1]}'" if listed else f"'{names[-1]}'"
    return GraphQLError(f"{error.message} Did you mean {alternatives}?", error.nodes, path=error.path)


def _meant(name: str, schema: GraphQLSchema, type_name: str) -> list[str]:
    type_ = schema.get_type(type_name)
    words = _words(name)
    if not words or not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        return []
    return [field for field in type_.fields if words <= _words(field)][:_MOST_NAMES]


def _words(name: str) -> set[str]:
    return {word.lower() for word in _WORDS.findall(name)}
