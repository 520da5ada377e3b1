"""What is made of the documents of one request, each by itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from gateway.errors import BadUserInput
from gateway.model.wire.unfit_values import unfit_value

BodyPath: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Collected:
    """The wire objects of a request's documents; ``paths``: where each document stands in the body. ``refused``: what
    is wrong with the first of which none is made; the others are recorded all the same."""

    wires: Sequence[Mapping[str, Any]]
    paths: Sequence[BodyPath]
    refused: BadUserInput | None = None


def each_alone(
    documents: Sequence[tuple[Any, BodyPath]],
    read: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    *,
    are_fit: bool,
) -> Collected:
    """What ``read`` makes of each document that is an object, where it raises no `BadUserInput` with a path in that.

    ``are_fit``: whether none of them has what `unfit_value` finds.
    """
    wires: list[Mapping[str, Any]] = []
    paths: list[BodyPath] = []
    refused: BadUserInput | None = None
    for document, path in documents:
        try:
            if not isinstance(document, Mapping):
                raise BadUserInput("should be an object")
            if not are_fit and (unfit := unfit_value(document)) is not None:
                raise unfit.error()
            wires.append(read(document))
        except BadUserInput as error:
            refused = refused or BadUserInput(error.message, path=(*path, *error.path))
        else:
            paths.append(path)
    return Collected(wires, paths, refused)
