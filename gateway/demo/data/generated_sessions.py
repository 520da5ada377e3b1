"""What a visitor does in one session: types, looks at results, clicks, filters, asks anew, buys or leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from gateway.demo.data.catalogue import Arm, Catalogue, InformationNeed
from gateway.demo.data.generated_filters import narrowing
from gateway.demo.data.result_lists import Result, ResultLists
from gateway.demo.data.search_requests import Search, SearchRequests

# How much less a result is looked at than the one before it, and how often nobody looks further.
_POSITION_BIAS = 0.6
_STOPS = 0.2
_FILTER_HELPS = 1.7
_TIMED = ("view", "click")


@dataclass(frozen=True, slots=True)
class Setting:
    """What the sessions of one namespace have in common."""

    catalogue: Catalogue
    popularity: Sequence[float]
    results: ResultLists
    requests: SearchRequests


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who visits: ``user_id`` None for somebody who isn't logged in; ``metadata`` goes with all that they do."""

    session_id: str
    user_id: str | None
    arm: Arm
    currency: str
    metadata: Mapping[str, Any]


@dataclass(slots=True)
class GeneratedSession:
    """One session as it goes on; ``steps`` are its interactions, each with the milliseconds since its beginning."""

    rng: Random
    setting: Setting
    visitor: Visitor
    steps: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    elapsed: int = 0

    def run(self) -> None:
        """Looks for one to three things."""
        for _ in range(self.rng.choice((1, 1, 1, 2, 2, 3))):
            if self.rng.random() < 0.06:
                self._opens_an_item_from_outside()
            elif not self._looks_for_something():
                return
            self._wait(8_000, 120_000)

    def _looks_for_something(self) -> bool:
        """Whether the visitor stays, having found something or not."""
        rng, catalogue = self.rng, self.setting.catalogue
        if rng.random() < 0.08:
            self._finds_nothing(rng.choice(catalogue.unfound))
            if rng.random() < 0.5:
                return False
            self._wait(3_000, 40_000)
        (number,) = rng.choices(range(len(catalogue.needs)), cum_weights=self.setting.popularity)
        need = catalogue.needs[number]
        text, filters, key = need.text, None, ""
        if rng.random() < 0.16:
            self._types(need)
        if rng.random() < 0.15:
            key, filters = narrowing(rng, catalogue, need)
        for attempt in range(3):
            count = need.result_count // 3 if filters else need.result_count
            request = self._asks(Search(text, max(1, count), filters))
            if attempt and filters and rng.random() < 0.6:
                self._does(key, "filter_toggle", request, None)
            elif attempt and rng.random() < 0.3:
                self._does(text, "query_refinement", request, None)
            narrowed_by = len(key) if filters else 0
            results = self.setting.results.found(number, self.visitor.arm, narrowed_by=narrowed_by)
            if self._looks_at(results, request, boost=_FILTER_HELPS if filters else 1.0):
                return True
            draw = rng.random()
            self._wait(3_000, 60_000)
            if draw < 0.4:
                text = rng.choice(need.others)
            elif draw < 0.65 and not filters:
                key, filters = narrowing(rng, catalogue, need)
            else:
                # Some go on to something else, most leave.
                return draw > 0.88
        return False

    def _types(self, need: InformationNeed) -> None:
        """The beginning of a text, letter by letter; each time the first result is shown."""
        letters = self.rng.randint(2, 4)
        while letters < len(need.text) - 1:
            search = Search(need.text[:letters].rstrip(), need.result_count * 3, is_typed=True)
            request = self._asks(search)
            (first, *_) = self.setting.results.found(self.setting.catalogue.needs.index(need), self.visitor.arm)
            self._does(self.setting.catalogue.feature_id(first.item), "view", request, 0)
            self._wait(300, 1_500)
            letters += self.rng.randint(2, 6)

    def _finds_nothing(self, text: str) -> None:
        request = self._asks(Search(text, 0))
        self._wait(200, 900)
        self._does(text, "zero_results", request, None)

    def _asks(self, search: Search) -> dict[str, Any]:
        visitor = self.visitor
        return self.setting.requests.made(
            self.rng, search, visitor.arm, session_id=visitor.session_id, user_id=visitor.user_id
        )

    def _looks_at(self, results: Sequence[Result], request: dict[str, Any], *, boost: float) -> bool:
        """Goes down the list; whether something was clicked."""
        rng, clicked = self.rng, False
        for position, result in enumerate(results):
            feature_id = self.setting.catalogue.feature_id(result.item)
            self._wait(300, 2_500)
            self._does(feature_id, "view", request, position)
            if rng.random() < boost * result.attraction * (1 + position) ** -_POSITION_BIAS:
                clicked = True
                self._clicks(result, feature_id, request, position)
                if rng.random() < 0.6:
                    break
            elif rng.random() < 0.02:
                self._does(feature_id, "skip", request, position)
            if position and rng.random() < _STOPS:
                break
        return clicked

    def _clicks(self, result: Result, feature_id: str, request: dict[str, Any], position: int) -> None:
        rng, habits = self.rng, self.setting.catalogue.habits
        self._wait(500, 6_000)
        self._does(feature_id, "click", request, position)
        for action, frequency in habits.follow_ups.items():
            if rng.random() > frequency:
                continue
            self._wait(2_000, 60_000)
            if action == "long_view":
                kind: str | list[str] = ["view", action] if rng.random() < 0.2 else action
                self._does(feature_id, kind, request, position, duration_ms=rng.randint(20_000, 240_000))
            elif action == "add_to_cart":
                sale = self._sale(result.item)
                self._does(feature_id, action, request, position, metadata=sale)
                if rng.random() < habits.purchase:
                    self._wait(20_000, 180_000)
                    self._does(feature_id, "purchase", request, position, metadata=sale)
            else:
                self._does(feature_id, action, request, position if rng.random() < 0.9 else None)

    def _sale(self, item: int) -> dict[str, Any]:
        quantity = self.rng.choice((1, 1, 1, 1, 2, 2, 3))
        return {
            "price": self.setting.catalogue.price(item), "quantity": quantity, "currency": self.visitor.currency
        }  # fmt: skip

    def _opens_an_item_from_outside(self) -> None:
        """A shared link: what follows came of no search."""
        feature_id = self.setting.catalogue.feature_id(int(self.setting.catalogue.item_count * self.rng.random() ** 2))
        for _ in range(self.rng.randint(1, 2)):
            self._wait(1_000, 30_000)
            self._does(feature_id, "view", None, None)

    def _does(
        self,
        feature_id: str,
        action: str | list[str],
        request: dict[str, Any] | None,
        position: int | None,
        *,
        duration_ms: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        rng, visitor = self.rng, self.visitor
        interaction: dict[str, Any] = {"feature_id": feature_id, "interaction_type": action}
        interaction["metadata"] = {**visitor.metadata, **metadata} if metadata else visitor.metadata
        if request is not None:
            interaction["search_request"] = request
            if position is not None or action not in ("filter_toggle", "query_refinement", "zero_results"):
                interaction["position"] = position
            if position is not None:
                interaction["score"] = round(0.97 / (1 + 0.04 * position), 4)
        if duration_ms is None and action in _TIMED and rng.random() < 0.5:
            duration_ms = rng.randint(200, 20_000)
        if duration_ms is not None:
            interaction["duration_ms"] = duration_ms
        # Its search request says the session already; some producers repeat it, some do not.
        if request is None or rng.random() < 0.7:
            interaction["session_id"] = visitor.session_id
        if visitor.user_id is not None or rng.random() < 0.2:
            interaction["user_id"] = visitor.user_id
        self.steps.append((self.elapsed, interaction))

    def _wait(self, shortest: int, longest: int) -> None:
        """Lets so many milliseconds pass."""
        self.elapsed += self.rng.randint(shortest, longest)
