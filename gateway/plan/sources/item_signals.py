"""Signals of items: of those that parents are, all of them by one command, and of those of rankings that are fused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import fsum
from typing import Any

from gateway.context import Context
from gateway.errors import BadUserInput
from gateway.insights.feature_signals import (
    EQUAL_WEIGHTS,
    ItemHistory,
    RankingWeights,
    SignalParameters,
    signals,
)
from gateway.insights.rank_fusion import distinct_items, fused
from gateway.plan.commands import Document, ReadCommand
from gateway.plan.cost import signal_points
from gateway.plan.item_histories import item_histories
from gateway.plan.sources.source import BoundNested, BoundRoot, Estimate, Source, SourceArguments

MAX_LISTS = 20
MAX_RANKED = 1_000
# Their sum may be that of decimals.
_ROUNDING = 1e-6
_ID_BYTES = 100


@dataclass(frozen=True, slots=True)
class ItemSignals(Source):
    """The signals of the item whose id each parent has."""

    @property
    def local(self) -> str:
        return "feature_id"

    def bind(self, arguments: SourceArguments) -> "BoundItemSignals":
        return BoundItemSignals(_parameters(arguments.values))


@dataclass(frozen=True, slots=True)
class BoundItemSignals(BoundNested):
    """The signals of items by these parameters."""

    parameters: SignalParameters

    def estimate(self, parents: int) -> Estimate:
        return Estimate(signal_points(parents), parents)

    def commands(self, context: Context, keys: Sequence[str]) -> Sequence[ReadCommand]:
        return (item_histories(context, keys, self.parameters),)

    def values(
        self, results: Sequence[Any], keys: Sequence[str], context: Context
    ) -> tuple[Mapping[str, Document], int]:
        histories: Mapping[str, ItemHistory] = results[0]
        return _signals(histories, keys, self.parameters), signal_points(len(keys))

    def empty_values(self, keys: Sequence[str]) -> Mapping[str, Document]:
        return _signals({}, keys, self.parameters)


@dataclass(frozen=True, slots=True)
class Reranking(Source):
    """The items of several rankings, fused into one that moves by their signals."""

    def bind(self, arguments: SourceArguments) -> "BoundReranking":
        values = arguments.values
        lists: Sequence[Sequence[str]] = values["lists"]
        if len(lists) > MAX_LISTS:
            raise BadUserInput(f"`lists` may hold at most {MAX_LISTS} lists, not {len(lists)}.", path=("lists",))
        for index, ranking in enumerate(lists):
            if len(ranking) > MAX_RANKED:
                raise BadUserInput(
                    f"Each of `lists` may hold at most {MAX_RANKED:,} ids, not {len(ranking):,}.", path=("lists", index)
                )
        if values["k"] < 1:
            raise BadUserInput(f"`k` must be 1 or more, not {values['k']}.", path=("k",))
        return BoundReranking(tuple(map(tuple, lists)), values["k"], _parameters(values))


@dataclass(frozen=True, slots=True)
class BoundReranking(BoundRoot):
    """These rankings to fuse. ``items``: those of all lists, each once."""

    lists: tuple[tuple[str, ...], ...]
    k: int
    parameters: SignalParameters
    items: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", distinct_items(self.lists))

    @property
    def empty(self) -> bool:
        return not self.items

    @property
    def weight(self) -> int:
        return sum(_ID_BYTES + len(item) for item in chain(*self.lists))

    def estimate(self, parents: int) -> Estimate:
        return Estimate(signal_points(len(self.items)), len(self.items))

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        return () if self.empty else (item_histories(context, self.items, self.parameters),)

    def value(self, results: Sequence[Any], context: Context) -> tuple[Sequence[Document], int]:
        histories: Mapping[str, ItemHistory] = results[0] if results else {}
        by_item = _signals(histories, self.items, self.parameters)
        scores = {item: found["score"] for item, found in by_item.items()}
        ranked: list[Document] = [
            {
                "feature_id": item.id,
                "rank": item.rank,
                "score": item.score,
                "rrf": item.rrf,
                "signals": by_item[item.id],
                "ranks": list(item.ranks),
                "moved": item.moved,
            }
            for item in fused(self.lists, scores, self.k)
        ]
        return ranked, signal_points(len(self.items))


def _signals(
    histories: Mapping[str, ItemHistory], keys: Sequence[str], parameters: SignalParameters
) -> dict[str, Document]:
    return {key: signals(histories.get(key, ItemHistory()), parameters) for key in keys}


def _parameters(values: Mapping[str, Any]) -> SignalParameters:
    """What the arguments of a field say of signals; raises `BadUserInput`."""
    half_life, least = values["halfLifeDays"], values["minInteractions"]
    if not half_life > 0:
        raise BadUserInput(f"`halfLifeDays` must be above 0, not {half_life:g}.", path=("halfLifeDays",))
    if least < 1:
        raise BadUserInput(f"`minInteractions` must be 1 or more, not {least}.", path=("minInteractions",))
    return SignalParameters(half_life, least, _weights(values.get("weights")), values.get("asOf"))


def _weights(weights: Mapping[str, float | None] | None) -> RankingWeights:
    given = {name: weight for name, weight in (weights or {}).items() if weight is not None}
    if not given:
        return EQUAL_WEIGHTS
    for name, weight in given.items():
        if not 0 <= weight <= 1:
            raise BadUserInput(f"A weight must be between 0 and 1, not {weight:g}.", path=("weights", name))
    total = fsum(given.values())
    if abs(total - 1) > _ROUNDING:
        raise BadUserInput(f"The weights must sum to 1, not {total:g}; one that is not given is 0.", path=("weights",))
    return RankingWeights(given.get("feedback", 0.0), given.get("popularity", 0.0))
