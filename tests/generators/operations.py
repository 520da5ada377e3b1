"""Generated operations: valid by the schema, with every way to select that GraphQL has.

Each takes a route from a root field to one of the schema's types, drawn evenly, so that rare types are as well covered
as those at the top. Any two fields with the same response key are made to agree wherever they stand, so that all of
them can be merged; where the types that have them are different objects, it is enough that what they return agrees.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    OperationType,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_leaf_type,
)
from hypothesis import strategies as st

from tests.generators.arguments import Draw, Inputs
from tests.harness.default_graph import EXECUTABLE

Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType
Route = tuple[tuple[GraphQLObjectType, str], ...]

# Some are names in Python, or of what the generated functions take and bind.
_ALIASES = ("a", "b", "parent", "pages", "v1", "None", "class", "__private")
_FUEL = 12

# What an operation may have among its `features`.
FEATURES = frozenset(
    {
        *("a query", "a mutation", "a subscription", "several operations", "introspection"),
        *("edges", "nodes", "a nested connection"),
        *("an alias", "one key for several fields", "the same selection twice", "__typename"),
        *("a named fragment", "a fragment spread again", "a fragment within a fragment", "a field of an interface"),
        *("a fragment on an interface or a union", "a fragment on one of several types", "a fragment without type"),
        *("@skip", "@include", "@skip or @include by a literal", "@skip or @include by a variable"),
        *("an argument by a literal", "an argument by a variable", "a variable within a literal"),
        *("a variable with a default", "a variable that is null or not given"),
    }
)

_INTROSPECTIONS = [
    "__schema { queryType { name } }",
    '__type(name: "ID") { kind }',
    'no_type: __type(name: "Nothing") { kind }',
    'flat: __type(name: "FlatFilterNode") { __typename fields { ... on __Field { name } type { ofType { name } } } }',
    "__schema { directives { name locations args { defaultValue } } types { possibleTypes { name } } }",
]


@dataclass(frozen=True)
class Operation:
    """A valid operation, with what a request for it sends beside."""

    query: str
    variables: Mapping[str, Any]
    name: str | None
    # Coordinates of fields selected on an interface, and the names of what the operation does.
    interface_fields: frozenset[str]
    features: frozenset[str]


def _routes() -> dict[str, list[Route]]:
    """By type: the ways that lead to it from the roots, through no type twice, the shortest first and at most eight; a
    root has its own fields instead. And by root field, "Query.node": the way that it is."""
    routes: dict[str, list[Route]] = defaultdict(list)
    roots = [root for kind in OperationType if (root := EXECUTABLE.get_root_type(kind))]
    pending: list[tuple[Composite, Route]] = [(root, ()) for root in roots]
    for type_, route in pending:
        if len(routes[type_.name]) == 8:
            continue
        routes[type_.name].append(route)
        met = {above for above, _ in route} | {type_}
        for concrete in _concrete(type_):
            for name, definition in concrete.fields.items():
                below = get_named_type(definition.type)
                if is_composite_type(below) and below not in met:
                    pending.append((below, (*route, (concrete, name))))
    fields: dict[str, list[Route]] = {
        f"{root.name}.{name}": [((root, name),)] for root in roots for name in root.fields
    }
    return {**routes, **{root.name: [((root, name),) for name in root.fields] for root in roots}, **fields}


def _concrete(type_: Composite) -> list[GraphQLObjectType]:
    return [type_] if isinstance(type_, GraphQLObjectType) else EXECUTABLE.get_possible_types(type_)


@cache
def _leaves(type_: GraphQLObjectType | GraphQLInterfaceType) -> list[tuple[str, GraphQLField]]:
    return [(name, field) for name, field in type_.fields.items() if is_leaf_type(get_named_type(field.type))]


_ROUTES = _routes()

ROOT_FIELDS = tuple(sorted(name for name in _ROUTES if "." in name))

TARGETS = tuple(sorted(_ROUTES.keys() - set(ROOT_FIELDS)))
"""The names of the types that operations lead to: all that have fields."""


@st.composite
def operations(draw: Draw, target: str) -> Operation:
    """An operation that validation lets through, with the variables of a request for it; it leads to a type or a root
    field of this name, and as a rule to others."""
    inputs = Inputs(draw)
    first = inputs.pick(_ROUTES[target])
    root = first[0][0]
    others = [inputs.pick(_ROUTES[root.name]), inputs.pick(_ROUTES[inputs.pick(TARGETS)])]
    return _OperationWriter(inputs).operation(root, [first, *(route for route in others if route[0][0] is root)])


@dataclass
class _Fragment:
    condition: Composite
    text: str


@dataclass
class _OperationWriter:
    """One operation that is being written."""

    inputs: Inputs
    interface_fields: set[str] = field(default_factory=set)
    fuel: int = _FUEL
    fragments: dict[str, _Fragment] = field(default_factory=dict)
    # What each response key stands for: the shape of what is returned, and the field by the type that has it.
    shapes: dict[str, str] = field(default_factory=dict)
    meanings: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    inside: int = 0

    @property
    def features(self) -> set[str]:
        return self.inputs.features

    def operation(self, root: Composite, routes: Sequence[Route]) -> Operation:
        [kind] = [kind.value for kind in OperationType if EXECUTABLE.get_root_type(kind) is root]
        self.features.add(f"a {kind}")
        selected = self.only(routes[0]) if kind == "subscription" else self.selections(root, routes)
        name = self.inputs.pick([None, "Named"])
        declared = f"({', '.join(self.inputs.declared)})" if self.inputs.declared else ""
        parts = [f"{kind} {name or ''}{declared} {selected}"]
        parts += [
            f"fragment {name} on {fragment.condition} {fragment.text}" for name, fragment in self.fragments.items()
        ]
        if name and self.inputs.one_in(4):
            self.features.add("several operations")
            parts.insert(self.inputs.pick((0, 1)), "query Other { viewer { keyName } }")
        return Operation(
            "\n".join(parts), self.inputs.given, name, frozenset(self.interface_fields), frozenset(self.features)
        )

    def selections(self, type_: Composite, routes: Sequence[Route] = (), *, all_of_it: bool = False) -> str:
        """A selection set that takes these routes; ``all_of_it``: with most of what the type has."""
        parts = [self.along(type_, route) for route in routes]
        if all_of_it and not isinstance(type_, GraphQLUnionType):
            leaves = dict(_leaves(type_))
            # A field with selections of its own costs more.
            wanted = [name for name in type_.fields if not self.inputs.one_in(10 if name in leaves else 2)]
            parts += [self.field(type_, name, type_.fields[name]) for name in wanted]
        for _ in range(self.inputs.pick(range(0 if parts else 1, 4))):
            parts.insert(self.inputs.pick(range(len(parts) + 1)), self.part(type_))
        if self.inputs.one_in(10):
            self.features.add("the same selection twice")
            parts.append(self.inputs.pick(parts))
        if type_ is EXECUTABLE.query_type and self.inputs.one_in(12):
            self.features.add("introspection")
            parts.append(self.inputs.pick(_INTROSPECTIONS))
        return "{ " + " ".join(parts) + " }"

    def only(self, route: Route) -> str:
        """The selection set of a subscription: one field, in any case."""
        (root, name), *rest = route
        return f"{{ {self.field(root, name, root.fields[name], tuple(rest), routed=True, conditional=False)} }}"

    def along(self, type_: Composite, route: Route) -> str:
        (above, name), *rest = route
        text = self.field(above, name, above.fields[name], tuple(rest), routed=True)
        return text if above is type_ else f"... on {above} {{ {text} }}"

    def part(self, type_: Composite) -> str:
        self.fuel -= 1
        way = self.inputs.pick(range(10))
        match way:
            case 7:
                return self.typename()
            case 8 if self.fuel > 0:
                return self.inline(type_)
            case 9 if self.fuel > 0:
                return self.spread(type_)
        return self.typename() if isinstance(type_, GraphQLUnionType) else self.any_field(type_)

    def typename(self) -> str:
        self.features.add("__typename")
        return self.inputs.pick(["__typename", "typename: __typename"]) + self.directive()

    def any_field(self, type_: GraphQLObjectType | GraphQLInterfaceType) -> str:
        fields = list(type_.fields.items()) if self.fuel > 0 else _leaves(type_)
        return self.field(type_, *self.inputs.pick(fields)) if fields else self.typename()

    def field(
        self,
        type_: Composite,
        name: str,
        definition: GraphQLField,
        route: Route = (),
        *,
        routed: bool = False,
        conditional: bool = True,
    ) -> str:
        arguments = self.inputs.arguments(definition.args)
        key = self.key(type_, name, arguments, definition)
        if isinstance(type_, GraphQLInterfaceType):
            self.features.add("a field of an interface")
            self.interface_fields.add(f"{type_}.{name}")
        if name in ("edges", "nodes"):
            self.features.add(name)
        if "first" in definition.args and type_ is not EXECUTABLE.query_type:
            self.features.add("a nested connection")
        # On the way to what an operation is to reach there should be few that leave it out.
        directive = self.directive() if conditional and (not routed or self.inputs.one_in(3)) else ""
        text = f"{name if key == name else f'{key}: {name}'}{arguments}{directive}"
        below = get_named_type(definition.type)
        if not is_composite_type(below):
            return text
        return f"{text} {self.selections(below, [route] if route else [], all_of_it=routed and not route)}"

    def key(self, type_: Composite, name: str, arguments: str, definition: GraphQLField) -> str:
        """A response key that may stand for this field of this type, and does so from now on."""
        returned = get_named_type(definition.type)
        shape = str(definition.type)
        if is_composite_type(returned):
            shape = shape.replace(returned.name, "{}")
        # What an interface has, each of its objects has too: there it gets no key that they may use for another field.
        shared = isinstance(type_, GraphQLInterfaceType) or name == "id"
        owner, aliases = ("", ("also",)) if shared else (type_.name, _ALIASES)
        wanted = [self.inputs.pick(aliases)] if self.inputs.one_in(3) else []
        for key in (*wanted, name, *(f"k{number}" for number in range(100))):
            meanings = self.meanings[key]
            if self.shapes.setdefault(key, shape) != shape:
                continue
            if meanings.setdefault(owner, f"{name}{arguments}") != f"{name}{arguments}":
                continue
            if key != name:
                self.features.add("an alias")
            if len(set(meanings.values())) > 1:
                self.features.add("one key for several fields")
            return key
        raise AssertionError("there are fewer fields than that")

    def inline(self, type_: Composite) -> str:
        condition = self.condition(type_)
        if is_abstract_type(condition):
            self.features.add("a fragment on an interface or a union")
        elif condition is not type_:
            self.features.add("a fragment on one of several types")
        if condition is type_ and self.inputs.one_in(2):
            self.features.add("a fragment without type")
            return f"...{self.directive()} {self.selections(type_)}"
        return f"... on {condition}{self.directive()} {self.selections(condition)}"

    def condition(self, type_: Composite) -> Composite:
        """The type of a fragment that may stand within this type."""
        return self.inputs.pick(_overlapping(type_))

    def spread(self, type_: Composite) -> str:
        fitting = [name for name, fragment in self.fragments.items() if fragment.condition in _overlapping(type_)]
        if fitting and self.inputs.one_in(2):
            name = self.inputs.pick(fitting)
            self.features.add("a fragment spread again")
        else:
            condition = self.condition(type_)
            self.inside += 1
            text = self.selections(condition)
            self.inside -= 1
            name = f"F{len(self.fragments)}"
            self.fragments[name] = _Fragment(condition, text)
        self.features.add("a fragment within a fragment" if self.inside else "a named fragment")
        return f"...{name}{self.directive()}"

    def directive(self) -> str:
        if not self.inputs.one_in(10):
            return ""
        name = self.inputs.pick(["skip", "include"])
        self.features.add(f"@{name}")
        return f" @{name}(if: {self.inputs.condition()})"


@cache
def _overlapping(type_: Composite) -> Sequence[Composite]:
    """The types that a fragment within this one may have: all that some object is of as well."""
    objects = set(_concrete(type_))
    others = (other for other in EXECUTABLE.type_map.values() if is_composite_type(other) and other is not type_)
    return [type_, *(other for other in others if objects & set(_concrete(other)))]
