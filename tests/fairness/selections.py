"""Selections of any type of a schema that ask for much: broad ones, deep ones, doubling fragments, many aliases."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

# What answers become large by, the largest first.
_HEAVY = ("JSON", "String", "ID", "DateTime")

FILTER = "InteractionWhere"

# What is selected of an object type, of whose fields those of these names may be.
_Write: TypeAlias = Callable[[GraphQLObjectType, Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class Selection:
    """A selection set in braces, and the definitions of the fragments that it spreads."""

    text: str
    fragments: str = ""


@dataclass(frozen=True)
class Selections:
    """The selections of one schema; ``page``: what each connection is given for ``first``; ``filtered``: whether each
    connection of interactions has the variable ``$where``."""

    schema: GraphQLSchema
    page: int = 1
    filtered: bool = False
    _reaches: dict[tuple[str, int], int] = field(default_factory=dict, init=False)

    def with_page(self, page: int) -> "Selections":
        return replace(self, page=page)

    def broad(self, type_: GraphQLNamedType, levels: int) -> str:
        """Every field, for so many levels below this one."""

        def of(object_: GraphQLObjectType, names: Sequence[str]) -> str:
            below = [
                f"{self._call(name, field)} {self.broad(get_named_type(field.type), levels - 1)}"
                for name, field in self._composites(object_, names)
                if levels
            ]
            return " ".join(["__typename", *self._leaves(object_, names), *below])

        return self._braced(type_, of)

    def deep(self, type_: GraphQLNamedType, levels: int, *, by_connections: bool) -> str:
        """All leaves of every level and one field that leads on, for so many levels below this one: by connections
        where there are any, or by what has the most leaves."""

        def of(object_: GraphQLObjectType, names: Sequence[str]) -> str:
            onward = self._onward(object_, names, levels, by_connections)
            below = ""
            if onward is not None:
                name, field = onward
                inner = self.deep(get_named_type(field.type), levels - 1, by_connections=by_connections)
                below = f" {self._call(name, field)} {inner}"
            return " ".join(["__typename", *self._leaves(object_, names)]) + below

        return self._braced(type_, of)

    def doubling(self, type_: GraphQLNamedType, levels: int) -> Selection:
        """Every field for so many levels, each level of a type written once, as a fragment."""
        fragments: dict[str, str] = {}

        def spread(object_: GraphQLNamedType, level: int) -> str:
            name = f"{object_.name.strip('_')}{level}"
            if name not in fragments:
                fragments[name] = ""
                body = self._braced(object_, lambda member, names: body_of(member, names, level))
                fragments[name] = f"fragment {name} on {object_.name} {body}"
            return f"{{ ...{name} }}"

        def body_of(object_: GraphQLObjectType, names: Sequence[str], level: int) -> str:
            below = [
                f"{self._call(name, field)} {spread(get_named_type(field.type), level - 1)}"
                for name, field in self._composites(object_, names)
                if level
            ]
            return " ".join(["__typename", *self._leaves(object_, names), *below])

        text = spread(type_, levels)
        return Selection(text, " ".join(fragments.values()))

    def aliased(self, type_: GraphQLNamedType, count: int) -> str:
        """The heaviest leaf in reach, under so many names."""
        return self._at(type_, _HEAVY, lambda field_name: " ".join(f"a{n}: {field_name}" for n in range(count)))

    def aliased_lists(self, type_: GraphQLNamedType, count: int) -> str | None:
        """The field with the most below it, under so many names, two levels deep."""

        def of(object_: GraphQLObjectType, names: Sequence[str]) -> str:
            composites = list(self._composites(object_, names))
            if not composites:
                return "__typename"
            name, field = max(composites, key=lambda each: len(self.broad(get_named_type(each[1].type), 2)))
            inner = self.broad(get_named_type(field.type), 1)
            return " ".join(f"a{n}: {self._call(name, field)} {inner}" for n in range(count))

        text = self._braced(type_, of)
        return text if "a0: " in text else None

    def pages_in_pages(self, type_: GraphQLNamedType, inner: int, *, connections: int) -> str | None:
        """The leaves below so many connections, one within the other; None where the type doesn't lead to as many. The
        outermost has this object's page, the others ``inner``."""
        if isinstance(type_, GraphQLUnionType | GraphQLInterfaceType) or not connections:
            return None if connections else self.broad(type_, 0)
        route = self._route(type_, lambda field_: "after" in field_.args)
        if route is None:
            return None
        text, closing = "", ""
        for name, field_ in route:
            text, closing = f"{text}{{ {self._call(name, field_)} ", f" }}{closing}"
            type_ = get_named_type(field_.type)
        return text + self.pages(type_, inner, connections=connections) + closing

    def pages(self, type_: GraphQLNamedType, inner: int, *, connections: int) -> str:
        """The nodes of a connection of this type, down through as many connections, itself among them."""
        assert isinstance(type_, GraphQLObjectType), "it is a connection"
        node = get_named_type(type_.fields["nodes"].type)
        below = self.with_page(inner).pages_in_pages(node, inner, connections=connections - 1)
        return f"{{ nodes {below or self.broad(node, 0)} }}"

    def _at(self, type_: GraphQLNamedType, scalars: Sequence[str], write: Callable[[str], str]) -> str:
        def of(object_: GraphQLObjectType, names: Sequence[str]) -> str:
            routes = (self._route(object_, partial(_is_of, scalar), names) for scalar in scalars)
            route = next((route for route in routes if route is not None), None)
            if route is None:
                return write("__typename")
            *above, (leaf, _) = route
            opening = " ".join(f"{self._call(name, field)} {{" for name, field in above)
            return f"{opening} {write(leaf)} {'}' * len(above)}"

        return self._braced(type_, of)

    def _route(
        self, type_: GraphQLNamedType, wanted: Callable[[GraphQLField], bool], names: Sequence[str] | None = None
    ) -> list[tuple[str, GraphQLField]] | None:
        """The shortest way to a field, by fields of objects alone."""
        pending: list[tuple[GraphQLNamedType, list[tuple[str, GraphQLField]]]] = [(type_, [])]
        seen = {type_.name}
        while pending:
            current, way = pending.pop(0)
            if not isinstance(current, GraphQLObjectType):
                continue
            for name, field_ in current.fields.items():
                if (not way and names is not None and name not in names) or _needs_arguments(field_):
                    continue
                if wanted(field_):
                    return [*way, (name, field_)]
                below = get_named_type(field_.type)
                if below.name not in seen:
                    seen.add(below.name)
                    pending.append((below, [*way, (name, field_)]))
        return None

    def _onward(
        self, type_: GraphQLObjectType, names: Sequence[str], levels: int, by_connections: bool
    ) -> tuple[str, GraphQLField] | None:
        composites = list(self._composites(type_, names))
        if not levels or not composites:
            return None

        def worth(each: tuple[str, GraphQLField]) -> tuple[int, bool, int]:
            below = get_named_type(each[1].type)
            connected = by_connections and self._is_connected(below)
            return self._reach(below, levels - 1), connected, len(self.broad(below, 0))

        return max(composites, key=worth)

    def _is_connected(self, type_: GraphQLNamedType) -> bool:
        return self._route(type_, lambda field_: "first" in field_.args) is not None or "Connection" in type_.name

    def _reach(self, type_: GraphQLNamedType, levels: int) -> int:
        """How many of so many levels there are below a type."""
        if not levels:
            return 0
        known = self._reaches.get((type_.name, levels))
        if known is None:
            below = [
                1 + self._reach(get_named_type(field_.type), levels - 1)
                for member, names in self._members(type_)
                for _, field_ in self._composites(member, names)
            ]
            known = self._reaches[type_.name, levels] = max(below, default=0)
        return known

    def _call(self, name: str, field_: GraphQLField) -> str:
        if "first" not in field_.args:
            return name
        is_filtered = self.filtered and "where" in field_.args and str(field_.args["where"].type) == FILTER
        return f"{name}(first: {self.page}{', where: $where' if is_filtered else ''})"

    def _braced(self, type_: GraphQLNamedType, write: _Write) -> str:
        """What is written of an object; of an abstract type, of each of its members."""
        members = list(self._members(type_))
        if [member for member, _ in members] == [type_]:
            return f"{{ {write(*members[0])} }}"
        return "{ " + " ".join(f"... on {member.name} {{ {write(member, names)} }}" for member, names in members) + " }"

    def _members(self, type_: GraphQLNamedType) -> Iterator[tuple[GraphQLObjectType, Sequence[str]]]:
        """The object types of a type, each with the names of its fields that may stand beside those of the others."""
        if isinstance(type_, GraphQLObjectType):
            yield type_, list(type_.fields)
        elif isinstance(type_, GraphQLUnionType | GraphQLInterfaceType):
            types: dict[str, str] = {}
            for member in self.schema.get_possible_types(type_):
                for name, field_ in member.fields.items():
                    types.setdefault(name, str(field_.type))
                yield member, [name for name, field_ in member.fields.items() if types[name] == str(field_.type)]

    def _leaves(self, type_: GraphQLObjectType, names: Sequence[str]) -> list[str]:
        return [
            name
            for name, field_ in type_.fields.items()
            if name in names and is_leaf_type(get_named_type(field_.type)) and not _needs_arguments(field_)
        ]

    def _composites(self, type_: GraphQLObjectType, names: Sequence[str]) -> Iterator[tuple[str, GraphQLField]]:
        for name, field_ in type_.fields.items():
            if name in names and not is_leaf_type(get_named_type(field_.type)) and not _needs_arguments(field_):
                yield name, field_


def _is_of(type_name: str, field_: GraphQLField) -> bool:
    return get_named_type(field_.type).name == type_name


def _needs_arguments(field_: GraphQLField) -> bool:
    return any(is_required_argument(argument) for argument in field_.args.values())
