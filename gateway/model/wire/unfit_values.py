"""What JSON can spell and nothing here can hold."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

from gateway.errors import BadUserInput
from gateway.errors.linked_path import LinkedPath, path
from gateway.model.wire.json_values import is_unicode

TOO_LARGE_NUMBER = "A number is larger than any that can be stored."


@dataclass(frozen=True, slots=True)
class UnfitValue:
    """The first value of a JSON text that JSON can spell and nothing here can hold: a string with half of a pair of
    surrogates, which UTF-8 can't encode, or a number beyond all doubles. ``path``: of a key, that of its object."""

    path: tuple[str | int, ...]
    message: str

    def error(self, *prefix: str) -> BadUserInput:
        """What is told of it; ``prefix``: where the JSON text stands."""
        return BadUserInput(self.message, path=(*prefix, *self.path))


def unfit_value(value: Any) -> UnfitValue | None:
    """What is unfit in a value that Python's parser made of JSON."""
    pending: list[tuple[Any, LinkedPath]] = [(value, None)]
    while pending:
        item, steps = pending.pop()
        match item:
            case dict():
                pending += [(inner, (steps, key)) for key, inner in reversed(item.items())]
            case list():
                pending += [(inner, (steps, index)) for index, inner in reversed(list(enumerate(item)))]
        texts = item if isinstance(item, dict) else (item,)
        if not all(is_unicode(text) for text in texts if isinstance(text, str)):
            message = "A string holds half of a pair of surrogates, which UTF-8 can't encode."
            return UnfitValue(tuple(path(steps)), message)
        if isinstance(item, float) and not isfinite(item):
            return UnfitValue(tuple(path(steps)), TOO_LARGE_NUMBER)
    return None
