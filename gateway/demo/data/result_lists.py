"""What a search finds: the items of a need, in the order in which an arm of the experiment ranks them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from random import Random

from gateway.demo.data.catalogue import ITEMS_PER_NEED, Arm, Catalogue

# How far down a list anybody looks.
_LENGTH = 24


@dataclass(frozen=True, slots=True)
class Result:
    """An item that was found; ``attraction`` is how probably it is clicked where it is looked at on top."""

    item: int
    attraction: float


class ResultLists:
    """The lists of a catalogue's needs, each for every arm, the same every time."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._lists = {
            (need, arm.name): _ranked(catalogue, need, arm)
            for need in range(len(catalogue.needs))
            for arm in catalogue.arms
        }

    def found(self, need: int, arm: Arm, *, narrowed_by: int = 0) -> Sequence[Result]:
        """The first results; a filter, numbered from 1, leaves a part of them."""
        results = self._lists[need, arm.name]
        if narrowed_by:
            results = [result for result in results if (result.item * 31 + narrowed_by) % 3 != 0]
        return results[:_LENGTH]


def _ranked(catalogue: Catalogue, need: int, arm: Arm) -> Sequence[Result]:
    results = []
    for number in range(ITEMS_PER_NEED):
        item = need * ITEMS_PER_NEED + number
        chance = Random(f"{catalogue.name}:{item}")
        results.append(Result(item, min(0.6, 0.36 * exp(-number / 8) * (0.4 + 1.2 * chance.random()) + 0.02)))
    error = Random(f"{catalogue.name}:{need}:{arm.name}")
    places = {result.item: result.attraction + error.gauss(0.0, arm.disorder) for result in results}
    return sorted(results, key=lambda result: -places[result.item])
