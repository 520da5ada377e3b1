"""How many values the objects of an answer have, which is known of their shapes before any is made."""

from collections.abc import Callable, Collection, Iterable
from weakref import WeakKeyDictionary

from gateway.compiler.program import (
    Constant,
    Entries,
    Entry,
    FlatShape,
    ListOf,
    Object,
    Program,
    Shape,
    TypedShape,
)

# A response key is written beside each of its values, and may be as long as a document.
_KEY_CHARACTERS = 50


class AnswerWidths:
    """What objects count for among an answer's values, by their shapes."""

    def __init__(self) -> None:
        self._widths: WeakKeyDictionary[Shape, int] = WeakKeyDictionary()

    def of(self, shape: Shape | Program) -> int:
        """What an object of a shape counts for, but for the lists in it."""
        if isinstance(shape, Program):
            return _width(branches(shape), self.of)
        counted = self._widths.get(shape)
        if counted is None:
            counted = self._widths[shape] = _width(branches(shape), self.of)
        return counted

    def of_items(self, value: ListOf) -> int:
        """What each item of a list counts for."""
        return self.of(value.item.shape) if isinstance(value.item, Object) else 1


def branches(shape: Shape | Program) -> Collection[Entries]:
    """The entries that an object of a shape has, by whichever type it is of."""
    match shape:
        case TypedShape():
            return shape.entries.values()
        case FlatShape(of_condition, of_group):
            return (of_condition, of_group)
    return (shape.entries,)


def _width(branches: Iterable[Entries], widths: Callable[[Shape], int]) -> int:
    """How many values an object has besides those of its lists, which is of one of these types; a value with a long
    response key counts for several."""
    return 1 + max(sum(_entry_width(entry, widths) for entry in entries) for entries in branches)


def _entry_width(entry: Entry, widths: Callable[[Shape], int]) -> int:
    value = entry.value
    inner = widths(value.shape) if isinstance(value, Object) else 1
    return inner + len(entry.key) // _KEY_CHARACTERS


def item_shape(value: object) -> Shape | None:
    """The shape of the objects that a list has."""
    if isinstance(value, Constant) or not isinstance(value, ListOf) or not isinstance(value.item, Object):
        return None
    return value.item.shape
