"""The answers to `__schema` and `__type`, which depend on no caller and on no data: made once, and kept as JSON.

graphql-core resolves what is selected again at every place: 1,300 bytes of aliases of `fields`, two levels deep, took
it 2.4 s. Here what is selected alike of one part of the schema is resolved once, however often it stands in the answer,
and counted by arithmetic; so an answer with too many values is refused after no more steps than it may have.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from graphql import (
    REMOVE,
    SKIP,
    DocumentNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    SchemaMetaFieldDef,
    TypeMetaFieldDef,
    VariableValues,
    Visitor,
    get_named_type,
    get_nullable_type,
    visit,
)

from gateway.compiler.graphql_core_adapter import introspection_value
from gateway.errors import OperationTooComplex
from gateway.plan.operation_plan import Field
from gateway.plan.sources.schema_answer import SchemaAnswer
from gateway.plan.sources.source import Source, SourceArguments

META_FIELDS: Mapping[str, GraphQLField] = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}
"""The fields of the query's root that introspect, beside those that it declares."""


class Introspection:
    """The maker of answers about one schema; ``most``: values that an answer may have."""

    def __init__(self, schema: GraphQLSchema, most: int) -> None:
        self._schema = schema
        self._most = most

    def source(self, field: Field) -> Source:
        """The source of a root field that introspects; raises `OperationTooComplex` where its answer, without
        variables, has too many values."""
        if _uses_variables(field):
            return _IntrospectionByVariables(self, field)
        return _FixedIntrospection(self.answer(field, VariableValues({}, {})))

    def answer(self, field: Field, variables: VariableValues) -> SchemaAnswer:
        """The answer to a root field with these variables; raises `OperationTooComplex`."""
        reading = _SchemaReading(self._schema, variables, self._most)
        answer, values = reading.root(field)
        if reading.error is not None:
            return SchemaAnswer(reading.error, values, 0)
        body = orjson.dumps(answer)
        return SchemaAnswer(orjson.Fragment(body), values, len(body))


@dataclass(frozen=True, slots=True)
class _FixedIntrospection(Source):
    """An answer that no variable changes."""

    bound: SchemaAnswer

    @property
    def weight(self) -> int:
        return self.bound.weight

    def bind(self, arguments: SourceArguments) -> SchemaAnswer:
        return self.bound


@dataclass(frozen=True, slots=True)
class _IntrospectionByVariables(Source):
    """An answer that depends on variables, such as the name of a type."""

    introspection: Introspection
    field: Field

    def bind(self, arguments: SourceArguments) -> SchemaAnswer:
        return self.introspection.answer(self.field, arguments.variable_values)


class _Step(NamedTuple):
    """A selected field: how its value is taken of a part of the schema, and what is selected of that."""

    key: str
    value: Callable[[Any], Any]
    is_list: bool
    enum: GraphQLEnumType | None
    inner: GraphQLObjectType | None
    selected: tuple[Field, ...]


class _SchemaReading:
    """The making of one answer; ``error``: the first that an argument met, in the place of which null stands."""

    def __init__(self, schema: GraphQLSchema, variables: VariableValues, most: int) -> None:
        self._schema = schema
        self._variables = variables
        self._most = most
        self._steps: dict[int, Sequence[_Step]] = {}
        self._objects: dict[tuple[int, Any], tuple[Any, int]] = {}
        self._resolved = 0
        self.error: GraphQLError | None = None

    def root(self, field: Field) -> tuple[Any, int]:
        """The value of a root field, and how many values it consists of."""
        step = self._step(field, META_FIELDS[field.name])
        return self._completed(step, step.value(None))

    def _completed(self, step: _Step, value: Any) -> tuple[Any, int]:
        if value is None or not step.is_list:
            return self._item(step, value)
        items = [self._item(step, item) for item in value]
        return [item for item, _ in items], self._bounded(1 + sum(values for _, values in items))

    def _item(self, step: _Step, value: Any) -> tuple[Any, int]:
        self._resolved = self._bounded(self._resolved + 1)
        if value is None:
            return None, 1
        if step.inner is not None:
            return self._object(step.inner, step.selected, value)
        return (value if step.enum is None else step.enum.coerce_output_value(value)), 1

    def _object(self, type_: GraphQLObjectType, selected: tuple[Field, ...], value: Any) -> tuple[Any, int]:
        # Fields, arguments and values come as pairs with their names, which are new each time.
        key = id(selected), (value[0], id(value[1])) if isinstance(value, tuple) else id(value)
        known = self._objects.get(key)
        if known is None:
            answer, values = {}, 1
            for step in self._steps_of(type_, selected):
                answer[step.key], count = self._completed(step, step.value(value))
                values += count
            known = self._objects[key] = answer, self._bounded(values)
        return known

    def _bounded(self, values: int) -> int:
        if values > self._most:
            raise OperationTooComplex(f"Introspection may answer at most {self._most:,} values.")
        return values

    def _steps_of(self, type_: GraphQLObjectType, selected: tuple[Field, ...]) -> Sequence[_Step]:
        steps = self._steps.get(id(selected))
        if steps is None:
            steps = self._steps[id(selected)] = [
                _typename(field, type_) if field.definition is None else self._step(field, field.definition)
                for field in selected
            ]
        return steps

    def _step(self, field: Field, definition: GraphQLField) -> _Step:
        named = get_named_type(definition.type)
        inner = named if isinstance(named, GraphQLObjectType) else None
        return _Step(
            field.key,
            self._value(field, definition),
            isinstance(get_nullable_type(definition.type), GraphQLList),
            named if isinstance(named, GraphQLEnumType) else None,
            inner,
            field.selections[inner.name] if inner else (),
        )

    def _value(self, field: Field, definition: GraphQLField) -> Callable[[Any], Any]:
        try:
            arguments = field.arguments.values(self._variables) if field.arguments else {}
        except GraphQLError as error:
            self.error = self.error or error
            return lambda _source: None
        return introspection_value(self._schema, definition, arguments)


def _typename(field: Field, type_: GraphQLObjectType) -> _Step:
    return _Step(field.key, lambda _source: type_.name, False, None, None, ())


def _uses_variables(field: Field) -> bool:
    met = set[int]()
    pending: list[tuple[Field, ...]] = [(field,)]
    while pending:
        fields = pending.pop()
        if id(fields) not in met:
            met.add(id(fields))
            if any(field.arguments is not None and field.arguments.variables for field in fields):
                return True
            pending += [inner for field in fields for inner in field.selections.values()]
    return False


class _IntrospectionRemoval(Visitor):
    """The removal of what introspects, which only the root of a query has."""

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        return REMOVE if node.name.value in META_FIELDS else SKIP


def without_introspection(document: DocumentNode) -> DocumentNode:
    """The same document for the executor, where it has to answer all else."""
    reduced: DocumentNode = visit(document, _IntrospectionRemoval())
    return reduced
