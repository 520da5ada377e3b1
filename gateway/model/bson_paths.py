"""Where a path leads within a stored document, as MongoDB's filters have it.

A path leads through each object of a list, and where a step is the number of an element, to that element too. At its
end a list stands for its elements and for itself; one that a number led to only for itself. Documents are as the driver
reads them, with any options, or as the gateway writes them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from bson import DBRef

Document: TypeAlias = Mapping[str, Any]
Test: TypeAlias = Callable[[Any], bool]

MISSING: Final = object()
"""Where an object has no such key, or no object is where the path goes on."""


def passes_at(path: str, test: Test) -> Callable[[Document], bool]:
    """Whether one of the values that ``path`` leads to passes the test; at the end of a path `MISSING` may be one."""
    steps = tuple(path.split("."))
    if len(steps) > 1:
        return lambda document: _passes(document, steps, 0, test, True)

    def passes(document: Document) -> bool:
        value = document.get(path, MISSING)
        if value.__class__ is list:
            return any(map(test, value)) or test(value)
        return test(value)

    return passes


def list_passes_at(path: str, test: Test) -> Callable[[Document], bool]:
    """Whether one of the lists that ``path`` leads to passes the test, as a whole."""
    steps = tuple(path.split("."))
    return lambda document: _passes(document, steps, 0, lambda value: value.__class__ is list and test(value), False)


def as_object(value: Any) -> Document | None:
    """The object that is stored as ``value``, None where it is another value."""
    if isinstance(value, dict):
        return value
    return value.as_doc() if isinstance(value, DBRef) else None


def element_object(element: Any) -> Document | None:
    """As `as_object` for what is matched as an element: there a list is an object whose keys are numbers."""
    if element.__class__ is list:
        return {str(index): item for index, item in enumerate(element)}
    return as_object(element)


def _passes(document: Document, steps: Sequence[str], place: int, test: Test, expand: bool) -> bool:
    """``place``: of the step that is a key of the document; ``expand``: whether a list at the end is its elements."""
    last = len(steps) - 1
    inner: Document | None = document
    while inner is not None:
        value = inner.get(steps[place], MISSING)
        if value.__class__ is list:
            if place < last:
                return _passes_below(value, steps, place + 1, test, expand)
            return (expand and any(map(test, value))) or test(value)
        if place == last:
            return test(value)
        inner = as_object(value)
        place += 1
    return test(MISSING)


def _passes_below(elements: Sequence[Any], steps: Sequence[str], place: int, test: Test, expand: bool) -> bool:
    step = steps[place]
    for element in elements:
        inner = as_object(element)
        if inner is not None and _passes(inner, steps, place, test, expand):
            return True
    # As MongoDB spells it: 01 is no number.
    if not (step.isascii() and step.isdigit()) or str(int(step)) != step or int(step) >= len(elements):
        return False
    element = elements[int(step)]
    if place + 1 == len(steps):
        return test(element)
    if element.__class__ is list:
        return _passes_below(element, steps, place + 1, test, expand)
    inner = as_object(element)
    return inner is not None and _passes(inner, steps, place + 1, test, expand)
