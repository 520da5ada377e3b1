"""From the selected fields of a plan to the program that shapes its pages."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLScalarType,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
)

from gateway.compiler.program import (
    Constant,
    Entries,
    Entry,
    EnumName,
    Expression,
    FlatShape,
    Item,
    Leaf,
    ListOf,
    Object,
    ObjectShape,
    Operand,
    PageAt,
    ParameterizedAt,
    Program,
    Scalar,
    Shape,
    SummaryAt,
    TotalAt,
    TypedShape,
)
from gateway.plan.fetched_pages import ResponsePath
from gateway.plan.operation_plan import Field, Plan
from gateway.schema.graph import Graph, discriminator_of
from gateway.schema.readings import (
    Embedded,
    Fetched,
    Flat,
    FlatValue,
    Parameterized,
    Reading,
    SubgraphDefinition,
    Total,
    reading_of,
)

S = TypeVar("S", ObjectShape, TypedShape, FlatShape, Program)


@dataclass(frozen=True, slots=True)
class _Declaration:
    """What a program needs of a field's declaration.

    ``looked_up``: its value is found by a response path. ``checked``: anything may stand in the place of its objects:
    an error in what was fetched one by one, whatever was stored among embedded items.
    """

    type: Any
    reading: Reading
    object_type: GraphQLNamedType
    is_abstract: bool
    looked_up: bool
    checked: bool


class ProgramBuilder:
    """The maker of programs of plans for one graph; shapes that are alike are one object while any of them is in
    use."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._shapes: WeakValueDictionary[Hashable, Any] = WeakValueDictionary()
        # By the definitions of fields and the names of enums, of which there are only so many.
        self._declarations: dict[int, _Declaration] = {}
        self._leaves: dict[tuple[int, bool], Expression] = {}
        self._names: dict[str, Mapping[Any, str]] = {}

    def program(self, plan: Plan) -> Program:
        """The program of a plan."""
        return _PlanBuilder(self).program(plan)

    def shared(self, key: Hashable, make: Callable[[], S]) -> S:
        """The shape that is in use for this key, or a new one."""
        shape: S | None = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = make()
        return shape

    def declaration(self, definition: GraphQLField) -> _Declaration:
        declaration = self._declarations.get(id(definition))
        if declaration is None:
            reading, named = reading_of(definition), get_named_type(definition.type)
            one_by_one = isinstance(reading, Fetched) and not reading.source.page_type
            declaration = self._declarations[id(definition)] = _Declaration(
                definition.type,
                reading,
                named,
                is_abstract_type(named),
                isinstance(reading, Fetched | Parameterized | Total),
                one_by_one or (isinstance(reading, Embedded) and reading.many),
            )
        return declaration

    def leaf(self, definition: GraphQLField, *, of_condition: bool) -> Expression:
        """The expression for a field without selections that is read of its parent."""
        key = id(definition), of_condition
        leaf = self._leaves.get(key)
        if leaf is None:
            leaf = self._leaves[key] = self._leaf(definition, of_condition=of_condition)
        return leaf

    def _leaf(self, definition: GraphQLField, *, of_condition: bool) -> Expression:
        reading, type_ = reading_of(definition), definition.type
        match reading:
            case SubgraphDefinition():
                return Constant(self.graph.subgraph)
            case FlatValue(_, where) if where is not of_condition:
                return Constant(None)
            case FlatValue(inner, _, optional):
                return self.completed(type_ if optional else GraphQLNonNull(type_), inner, None)
        return self.completed(type_, operand(reading, ()), None)

    def completed(self, type_: Any, value: Operand, shape: Shape | None, *, checked: bool = False) -> Expression:
        """The expression that completes a value as one of this type; an object by ``shape``."""
        inner = get_nullable_type(type_)
        nullable = inner is type_
        if isinstance(inner, GraphQLScalarType):
            return Leaf(value, Scalar(inner.name), nullable)
        if isinstance(inner, GraphQLEnumType):
            return EnumName(value, self._names_of(inner), nullable)
        if isinstance(inner, GraphQLList):
            item = self.completed(inner.of_type, Item(), shape, checked=checked)
            assert isinstance(item, Leaf | EnumName | Object), "no field has lists of lists"
            return ListOf(value, item, nullable)
        assert shape is not None, "validation lets no object through without selections"
        return Object(value, shape, nullable, checked)

    def _names_of(self, type_: GraphQLEnumType) -> Mapping[Any, str]:
        names = self._names.get(type_.name)
        if names is None:
            names = self._names[type_.name] = {value.value: name for name, value in type_.values.items()}
        return names


class _PlanBuilder:
    """The shapes of one plan, the inner ones first."""

    def __init__(self, builder: ProgramBuilder) -> None:
        self._builder = builder
        self._by_selection: dict[tuple[Any, ...], Shape] = {}
        self._using_pages: dict[int, bool] = {}

    def program(self, plan: Plan) -> Program:
        type_ = self._builder.graph.executable.get_root_type(plan.operation)
        assert type_ is not None, "there is a plan"
        shapes, key = self._inner(plan.fields, ())
        return self._builder.shared(
            (type_.name, key), lambda: Program(self._entries(type_.name, plan.fields, shapes, ()))
        )

    def _inner(self, fields: tuple[Field, ...], path: ResponsePath) -> tuple[list[Shape | None], tuple[Hashable, ...]]:
        """The shape of each field that has selections, and with these what the entries follow from."""
        shapes = [self._shape(field, path) if field.selections and not field.introspects else None for field in fields]
        return shapes, tuple([(field.key, field.name, shape) for field, shape in zip(fields, shapes, strict=True)])

    def _shape(self, field: Field, above: ResponsePath) -> Shape:
        """The shape of a field's object, or of each of its objects."""
        assert field.definition is not None, "what introspects is of no document"
        declaration, selections = self._builder.declaration(field.definition), field.selections
        uses_pages = any(map(self._uses_pages, selections.values()))
        path = (*above, field.step) if uses_pages else ()
        selection = (declaration.object_type.name, *map(id, selections.values()), path)
        shape = self._by_selection.get(selection)
        if shape is None:
            shape = self._by_selection[selection] = self._shared(declaration, selections, path, uses_pages=uses_pages)
        return shape

    def _shared(
        self,
        declaration: _Declaration,
        selections: Mapping[str, tuple[Field, ...]],
        path: ResponsePath,
        *,
        uses_pages: bool,
    ) -> Shape:
        """The shape that is in use for all that it is made of: it is only made where no other plan has it."""
        builder, shapes = self._builder, {}
        key: list[Any] = [declaration.object_type.name, path, uses_pages]
        for name, fields in selections.items():
            shapes[name], inner = self._inner(fields, path)
            key += (name, inner)

        def entries(name: str, *, of_condition: bool = False) -> Entries:
            type_name = builder.graph.names[name]
            return self._entries(type_name, selections[name], shapes[name], path, of_condition=of_condition)

        def typed() -> TypedShape:
            by = discriminator_of(declaration.object_type)
            return TypedShape(by, {name: entries(name) for name in selections}, uses_pages)

        if declaration.is_abstract:
            return builder.shared(tuple(key), typed)
        [name] = selections
        if isinstance(declaration.reading, Flat):
            return builder.shared(tuple(key), lambda: FlatShape(entries(name, of_condition=True), entries(name)))
        return builder.shared(tuple(key), lambda: ObjectShape(entries(name), uses_pages))

    def _entries(
        self,
        type_name: str,
        fields: tuple[Field, ...],
        shapes: list[Shape | None],
        path: ResponsePath,
        *,
        of_condition: bool = False,
    ) -> Entries:
        """``type_name``: the object's type as the client knows it. ``of_condition``: of a listed node, what it is."""
        return tuple(
            [
                Entry(field.key, self._expression(type_name, field, shape, path, of_condition=of_condition))
                for field, shape in zip(fields, shapes, strict=True)
            ]
        )

    def _expression(
        self, type_name: str, field: Field, shape: Shape | None, path: ResponsePath, *, of_condition: bool
    ) -> Expression:
        if field.definition is None:
            if field.introspects:
                return Leaf(PageAt((*path, field.step), ""), Scalar.JSON, nullable=True)
            return Constant(type_name)
        declaration = self._builder.declaration(field.definition)
        if shape is None and not declaration.looked_up:
            return self._builder.leaf(field.definition, of_condition=of_condition)
        value = operand(declaration.reading, (*path, field.step))
        return self._builder.completed(declaration.type, value, shape, checked=declaration.checked)

    def _uses_pages(self, fields: tuple[Field, ...]) -> bool:
        """Whether anything in these selections, at any depth, is looked up by its response path."""
        uses = self._using_pages.get(id(fields))
        if uses is None:
            uses = False
            for field in fields:
                if field.definition is not None:
                    uses |= self._builder.declaration(field.definition).looked_up
                    for inner in field.selections.values():
                        uses |= self._uses_pages(inner)
            self._using_pages[id(fields)] = uses
        return uses


def operand(reading: Reading, path: ResponsePath) -> Operand:
    """Where the value of a field comes from, which is at a response path."""
    match reading:
        case Fetched(source) if source.of_page:
            return SummaryAt(path)
        case Fetched():
            return PageAt(path, reading.local)
        case Total():
            return TotalAt(path)
        case Parameterized():
            return ParameterizedAt(path, reading)
        case FlatValue() | SubgraphDefinition():
            raise AssertionError("neither is of one place")
    return reading
