"""Shapes and programs as the extension takes them: JSON, in which what is read of a parent is named by slots."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.compiler.answer_widths import AnswerWidths
from gateway.compiler.program import (
    Constant,
    Entries,
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
    Program,
    Shape,
    TotalAt,
    TypedShape,
)
from gateway.model import filter_trees
from gateway.model.documents import OWNED_FIELDS, recorded_interaction
from gateway.model.exported_documents import exported_interaction, exported_search_request
from gateway.plan.fetched_pages import ResponsePath
from gateway.schema.readings import Attribute, Embedded, Flat, FlatAttribute, ParentView
from gateway.schema.stored_readings import (
    OTHER,
    CaseSensitivity,
    Computed,
    ConditionKey,
    ConditionOperator,
    EveryKnownOrOther,
    FirstKnownOrOther,
    FirstPresent,
    GlobalId,
    KnownOrOther,
    ListOrEmpty,
    LowerCased,
    ObjectOrNull,
    TreeBranch,
    Value,
    ValueOr,
)

# Those of views are encoded wherever they stand, each with all names of its enum: 500 may take up 1.5 MB.
_MOST_ENTRIES = 500
_OLDER_KEY, _OLDER_BRANCH = "field", "NOT"
# What pages of listings and their edges have.
_ATTRIBUTES = frozenset(
    {
        "documents",
        "edges",
        "page_info",
        "has_next_page",
        "has_previous_page",
        "start_cursor",
        "end_cursor",
        "document",
        "cursor",
    }
)
_TREE_VIEWS: Mapping[Callable[..., Any], str] = {
    filter_trees.text: "TreeText",
    filter_trees.conditions: "TreeConditions",
    filter_trees.keys: "TreeKeys",
    filter_trees.depth: "TreeDepth",
}
_OWNED = sorted(OWNED_FIELDS)
_RECORDED: Mapping[Callable[..., Any], "Encoded"] = {
    recorded_interaction: {"Interaction": _OWNED},
    exported_interaction: {"InteractionLine": _OWNED},
    exported_search_request: "SearchRequestLine",
}
_FLAT_ATTRIBUTES = frozenset({"number", "group", "depth", "branch"})
_Known = KnownOrOther | FirstKnownOrOther | EveryKnownOrOther | ConditionOperator

Encoded = dict[str, Any] | str


class Unsupported(Exception):
    """The extension has nothing that this could be encoded as."""


class Lookups:
    """What a program looks up among the pages, numbered as they are met: the paths of pages at its roots, of what is
    joined to parents, and of totals; and how many entries it has so far, beside those of shapes that are encoded
    already."""

    def __init__(self) -> None:
        self.roots: dict[ResponsePath, int] = {}
        self.joins: dict[ResponsePath, int] = {}
        self.totals: dict[ResponsePath, int] = {}
        self._entries = 0

    def count(self, entries: int) -> None:
        """Raises `Unsupported` where there are too many."""
        self._entries += entries
        if self._entries > _MOST_ENTRIES:
            raise Unsupported("too many fields")


class ShapeEncoding:
    """The encoding of one shape, or of a program; ``inner``: the shapes that it refers to, in their order.

    Where these look anything up they do so in ``lookups`` of the whole program.
    """

    def __init__(self, widths: AnswerWidths, lookups: Lookups) -> None:
        self._widths = widths
        self._lookups = lookups
        self._inner: dict[Shape, int] = {}

    @property
    def inner(self) -> Sequence[Shape]:
        return list(self._inner)

    def shape(self, shape: Shape) -> Encoded:
        """Raises `Unsupported`."""
        match shape:
            case ObjectShape(entries):
                return {"Object": self._of(entries)}
            case TypedShape(discriminator, entries) if discriminator is not None:
                return {
                    "Typed": {
                        "any_of": list(discriminator.any_of),
                        "none_of": sorted(discriminator.none_of),
                        "matching": self._of(entries[discriminator.matching]),
                        "otherwise": self._of(entries[discriminator.otherwise]),
                    }
                }
            case TypedShape(_, entries):
                return {"Named": [(name, self._of(of_type)) for name, of_type in entries.items()]}
            case FlatShape(of_condition, of_group):
                branches = (*filter_trees.BRANCHES, _OLDER_BRANCH)
                return {"Flat": {"of_condition": self._of(of_condition), "of_group": self._of(of_group, branches)}}

    def program(self, program: Program) -> dict[str, Any]:
        """Raises `Unsupported`."""
        slots = _Slots(())
        return {"values": self._widths.of(program), "entries": self._entries(program.entries, slots)}

    def _of(self, entries: Entries, first: Sequence[str] = ()) -> dict[str, Any]:
        """``first``: the paths of the first slots."""
        slots = _Slots(first)
        encoded = self._entries(entries, slots)
        return {"paths": slots.paths, "entries": encoded, "reads_all": _read_all(entries)}

    def _entries(self, entries: Entries, slots: "_Slots") -> list[tuple[str, Encoded]]:
        self._lookups.count(len(entries))
        return [(key, self._expression(value, slots)) for key, value in entries]

    def _expression(self, value: Expression, slots: "_Slots", around: Operand | None = None) -> Encoded:
        """``around``: the operand of the list that this is an item of."""
        match value:
            case Constant(text):
                return {"Constant": text}
            case Leaf(operand, scalar, nullable):
                return {
                    "Leaf": {
                        "operand": self._operand(operand, slots),
                        "scalar": scalar.value,
                        "nullable": nullable,
                    }
                }
            case EnumName(operand, names, nullable):
                read = self._operand(operand, slots)
                known = _names(operand if around is None else around, names)
                return {"EnumName": {"operand": read, "names": known, "nullable": nullable}}
            case Object(ParentView(presence), ObjectShape(entries), nullable):
                slot = slots.of(presence) if presence else None
                return {"View": {"presence": slot, "entries": self._entries(entries, slots), "nullable": nullable}}
            case Object(operand, shape, nullable):
                read, number = self._object(operand, slots), self._inner.setdefault(shape, len(self._inner))
                return {"Object": {"operand": read, "shape": number, "nullable": nullable}}
            case ListOf(operand, item, nullable):
                return {
                    "ListOf": {
                        "operand": self._object(operand, slots),
                        "item": self._expression(item, slots, operand),
                        "nullable": nullable,
                        "width": self._widths.of_items(value),
                    }
                }

    def _object(self, operand: Operand, slots: "_Slots") -> Encoded:
        """The operand of an object or a list: also what was found for a root, or what a parent is joined to."""
        roots, joins = self._lookups.roots, self._lookups.joins
        match operand:
            case PageAt((_,) as path, ""):
                return {"Root": roots.setdefault(path, len(roots))}
            case PageAt(path, local) if local:
                return {"Joined": (joins.setdefault(path, len(joins)), slots.of(local))}
        return self._operand(operand, slots)

    def _operand(self, operand: Operand, slots: "_Slots") -> Encoded:
        match operand:
            case Value(""):
                return "Whole"
            case Value(path) | ObjectOrNull(path):
                return {"Value": slots.of(path)}
            case ValueOr(path, default):
                return {"ValueOr": (slots.of(path), default)}
            case FirstPresent(paths):
                return {"FirstPresent": [slots.of(path) for path in paths]}
            case (
                ListOrEmpty(path)
                | LowerCased(path)
                | KnownOrOther(path)
                | FirstKnownOrOther(path)
                | EveryKnownOrOther(path)
                | Embedded(path, computed=False)
            ):
                return {type(operand).__name__: slots.of(path)}
            case GlobalId(type_name, scope_path, key_path):
                return {"GlobalId": (type_name, slots.of(scope_path), slots.of(key_path))}
            case TreeBranch(name):
                return {"TreeBranch": (slots.of(name), slots.of(_OLDER_BRANCH) if name == "NOR" else None)}
            case ConditionKey():
                return {"ConditionKey": (slots.of("key"), slots.of(_OLDER_KEY))}
            case ConditionOperator():
                return {"ConditionOperator": slots.of("operator")}
            case CaseSensitivity():
                return {"Value": slots.of("case_sensitive")}
            case Computed(function) if function in _TREE_VIEWS:
                return _TREE_VIEWS[function]
            case Computed(function) if function in _RECORDED:
                return {"Recorded": _RECORDED[function]}
            case Item() | Flat():
                return type(operand).__name__
            case FlatAttribute(name) if name in _FLAT_ATTRIBUTES:
                return {"FlatAttribute": name}
            case Attribute(name) if name in _ATTRIBUTES:
                return {"Attribute": name}
            case TotalAt(path):
                return {"Total": self._lookups.totals.setdefault(path, len(self._lookups.totals))}
        raise Unsupported(type(operand).__name__)


class _Slots:
    """The stored paths that are read of one parent, each in a slot of its own."""

    def __init__(self, first: Sequence[str]) -> None:
        self._numbers = {path: number for number, path in enumerate(first)}

    @property
    def paths(self) -> list[str]:
        return list(self._numbers)

    def of(self, path: str) -> int:
        return self._numbers.setdefault(path, len(self._numbers))


def _read_all(entries: Entries) -> bool:
    """Whether any of the entries walks through all of their parent by itself."""
    return any(
        not isinstance(value, Constant) and (value.operand == Value("") or isinstance(value.operand, Flat | Computed))
        for _, value in entries
    )


def _names(operand: Operand, names: Mapping[Any, str]) -> dict[str, Any]:
    """The names of an enum's values that are strings, and that of all others, if it has one."""
    stored = [(value, name) for value, name in names.items() if isinstance(value, str)]
    if isinstance(operand, FlatAttribute):
        if any(value != name for value, name in stored):
            raise Unsupported("a branch that is named otherwise")
        return {"names": stored, "other": None}
    other: str | None = None
    if isinstance(operand, _Known):
        if {*operand.known, OTHER} != {value for value, _ in stored}:
            raise Unsupported("an enum that isn't known")
        other = names[OTHER]
    elif not isinstance(operand, LowerCased | Value):
        raise Unsupported(type(operand).__name__)
    return {"names": stored, "other": other}
