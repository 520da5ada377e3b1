"""What a namespace's vocabulary consists of: what people need, the items there are, facets, visitors and arms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

ITEMS_PER_NEED = 50


@dataclass(frozen=True, slots=True)
class Weighted:
    """Values with their frequencies, in the form that ``random.choices`` takes without summing again."""

    values: tuple[str, ...]
    cumulative: tuple[float, ...]

    @classmethod
    def of(cls, frequencies: Mapping[str, float]) -> "Weighted":
        return cls(tuple(frequencies), tuple(accumulate(frequencies.values())))

    def draw(self, rng: Random) -> str:
        (value,) = rng.choices(self.values, cum_weights=self.cumulative)
        return value


@dataclass(frozen=True, slots=True)
class InformationNeed:
    """Something that people look for: the text that most of them type, what some type instead, and how many results
    there are; ``prices`` are those of the items found, lowest and highest."""

    text: str
    others: tuple[str, ...]
    result_count: int
    prices: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm of the experiment that every visitor takes part in.

    ``disorder``: how far its order of results is from that of their attraction, as a standard deviation of it.
    """

    name: str
    indexes: Weighted
    disorder: float
    reranks: bool = False


@dataclass(frozen=True, slots=True)
class Habits:
    """Habits of visitors: the share of clicks after which each action follows, of carts after which a purchase does."""

    follow_ups: Mapping[str, float]
    purchase: float


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The vocabulary of one namespace.

    ``needs`` come in the order of their popularity; the items of the n-th are those from 50 · n on. ``unfound`` are
    texts for which there is nothing. ``facets`` map a payload field to the values it takes, ``measures`` a numeric one
    to its range; ``helpful`` are the facets by which visitors narrow what they found. ``weekdays``, from Monday, and
    ``hours``, of UTC, say how busy each is.
    """

    name: str
    item_prefix: str
    person: str
    person_count: int
    collections: Weighted
    needs: Sequence[InformationNeed]
    unfound: tuple[str, ...]
    facets: Mapping[str, tuple[str, ...]]
    helpful: tuple[str, ...]
    measures: Mapping[str, tuple[int, int]]
    flags: tuple[str, ...]
    arms: Sequence[Arm]
    image_indexes: tuple[str, ...]
    habits: Habits
    campaigns: tuple[str, ...]
    weekdays: tuple[int, ...]
    hours: tuple[int, ...]

    @property
    def item_count(self) -> int:
        return len(self.needs) * ITEMS_PER_NEED

    def feature_id(self, item: int) -> str:
        return f"{self.item_prefix}-{item:05d}"

    def price(self, item: int) -> float:
        """What an item costs, in whichever currency the visitor pays; 0.0 where nothing is sold."""
        lowest, highest = self.needs[item // ITEMS_PER_NEED].prices
        # Spread evenly and out of order over the need's items.
        return round(lowest + (highest - lowest) * (item * 37 % 100) / 100 + 0.95, 2) if highest else 0.0
