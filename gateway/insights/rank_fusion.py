"""The fusion of several rankings into one, which moves by what people's reactions said of the items.

Reciprocal rank fusion is that of Cormack, Clarke and Büttcher, SIGIR 2009: each list adds 1 / (k + rank).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum


@dataclass(frozen=True, slots=True)
class RankedItem:
    """An item in the fused ranking.

    ``rank``: from 1. ``score``: what it is ranked by. ``rrf``: what the lists alone make of it. ``ranks``: its rank in
    each list, from 1, None where the list doesn't have it. ``moved``: how many ranks it stands higher than by the lists
    alone, below 0 where it stands lower.
    """

    id: str
    rank: int
    score: float
    rrf: float
    ranks: tuple[int | None, ...]
    moved: int


def distinct_items(lists: Sequence[Sequence[str]]) -> list[str]:
    """The items of all lists, each once, as first seen."""
    return list(dict.fromkeys(item for ranking in lists for item in ranking))


def fused(lists: Sequence[Sequence[str]], scores: Mapping[str, float], k: int) -> list[RankedItem]:
    """All items of the lists, the best first; what is equal goes by id.

    ``scores``: each item's, above -1; 0 where there is none. What a list names again counts where it stands first.
    """
    ranks = [_ranks(ranking) for ranking in lists]
    # However the lists are ordered, the sum is the same: what is equal stays so.
    rrf = {
        item: fsum(1.0 / (k + of_list[item]) for of_list in ranks if item in of_list) for item in distinct_items(lists)
    }
    final = {item: value * (1.0 + scores.get(item, 0.0)) for item, value in rrf.items()}
    by_lists = {item: rank for rank, item in enumerate(_best_first(rrf), 1)}
    return [
        RankedItem(
            item,
            rank,
            final[item],
            rrf[item],
            tuple(of_list.get(item) for of_list in ranks),
            by_lists[item] - rank,
        )
        for rank, item in enumerate(_best_first(final), 1)
    ]


def _ranks(ranking: Sequence[str]) -> dict[str, int]:
    ranks: dict[str, int] = {}
    for rank, item in enumerate(ranking, 1):
        ranks.setdefault(item, rank)
    return ranks


def _best_first(values: Mapping[str, float]) -> list[str]:
    return sorted(values, key=lambda item: (-values[item], item))
