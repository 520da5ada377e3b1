"""A program as a text for people to read: its shapes by number, the inner ones first, each once."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from gateway.compiler.program import (
    Constant,
    Entries,
    EnumName,
    Expression,
    FlatShape,
    Leaf,
    ListOf,
    Object,
    Operand,
    Program,
    Shape,
    TypedShape,
)
from gateway.schema.readings import Discriminator

_LONGEST = 40


def program_text(program: Program) -> str:
    numbers: dict[Shape, int] = {}
    blocks = list(_shapes(program.entries, numbers))
    blocks.append("program\n" + _entries(program.entries, numbers))
    return "\n".join(blocks)


def inner_shapes(entries: Entries) -> Iterator[Shape]:
    """The shapes of the objects in these entries; those within them are not among them."""
    for _, value in entries:
        item = value.item if isinstance(value, ListOf) else value
        if isinstance(item, Object):
            yield item.shape


def branches(shape: Shape) -> list[tuple[str, Entries]]:
    """The entries of a shape, by what they are of."""
    match shape:
        case TypedShape():
            return [(f"of {name}", entries) for name, entries in shape.entries.items()]
        case FlatShape():
            return [("of a condition", shape.of_condition), ("of a group", shape.of_group)]
    return [("", shape.entries)]


def _shapes(entries: Entries, numbers: dict[Shape, int]) -> Iterator[str]:
    for shape in inner_shapes(entries):
        if shape not in numbers:
            for _, inner in branches(shape):
                yield from _shapes(inner, numbers)
            numbers[shape] = len(numbers) + 1
            yield _shape(shape, numbers)


def _shape(shape: Shape, numbers: dict[Shape, int]) -> str:
    text = f"shape {numbers[shape]}: {type(shape).__name__}{', uses pages' if shape.uses_pages else ''}\n"
    if isinstance(shape, TypedShape):
        text += f"  by {'its type' if shape.discriminator is None else _operand(shape.discriminator)}\n"
    return text + "".join(f"  {label}\n" * bool(label) + _entries(inner, numbers) for label, inner in branches(shape))


def _entries(entries: Entries, numbers: dict[Shape, int]) -> str:
    return "".join(f"    {key}: {_expression(value, numbers)}\n" for key, value in entries)


def _expression(value: Expression, numbers: dict[Shape, int]) -> str:
    if isinstance(value, Constant):
        return repr(value.value)
    return f"{_type(value, numbers)} of {_operand(value.operand)}"


def _type(value: Leaf | EnumName | Object | ListOf, numbers: dict[Shape, int]) -> str:
    match value:
        case Leaf():
            name = value.scalar.value
        case EnumName():
            name = f"enum {'|'.join(value.names.values())}"
            name = name if len(name) < _LONGEST else f"{name[:_LONGEST]}…"
        case Object():
            name = f"{'checked ' * value.checked}shape {numbers[value.shape]}"
        case ListOf():
            name = f"[{_type(value.item, numbers)}]"
    return name if value.nullable else f"{name}!"


def _operand(operand: Operand | Discriminator) -> str:
    assert is_dataclass(operand), "readings are data"
    values = [_value(getattr(operand, field.name)) for field in fields(operand)]
    return " ".join([type(operand).__name__, *values])


def _value(value: Any) -> str:
    match value:
        case frozenset():
            return f"({len(value)} known)" if len(value) > 5 else "|".join(sorted(value))
        case tuple():
            return "/".join(value)
    return value.__qualname__ if callable(value) else repr(value)
