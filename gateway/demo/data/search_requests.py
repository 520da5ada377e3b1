"""Generated search requests, in the REST wire shape."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from gateway.demo.data.catalogue import Arm, Catalogue
from gateway.demo.data.generated_filters import filter_tree

# Read in turn, so that even a small demo has trees of every depth; 0 leaves the filters to the visitor.
_DEPTHS = (0, 2, 0, 0, 3, 0, 1, 0, 5, 0, 0, 2, 0, 4, 0, 0)


@dataclass(frozen=True, slots=True)
class Search:
    """What a visitor looks for: a text, and the filters that were set.

    ``is_typed``: it is a part of a text that is being typed, whose results came as it was.
    """

    text: str
    result_count: int
    filters: dict[str, Any] | None = None
    is_typed: bool = False


class SearchRequests:
    """The search requests of a namespace, numbered as they are made."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._serial = 0
        self._whole = 0

    def made(self, rng: Random, search: Search, arm: Arm, *, session_id: str, user_id: str | None) -> dict[str, Any]:
        """The next search request, for what is looked for."""
        self._serial += 1
        request: dict[str, Any] = {
            "search_request_id": f"{self._catalogue.name}-search-{self._serial:06d}",
            "queries": [_text_query(rng, search.text, arm)],
            "collections": [self._catalogue.collections.draw(rng)],
            "session_id": session_id,
        }
        if user_id is not None:
            request["user_id"] = user_id
        request["result_count"] = search.result_count
        if not search.is_typed:
            request |= self._beyond_the_text(rng, search, arm)
        return request

    def _beyond_the_text(self, rng: Random, search: Search, arm: Arm) -> dict[str, Any]:
        """What of a request is not its text, as far as a visitor of a page with all options may ask for it."""
        catalogue = self._catalogue
        self._whole += 1
        fields: dict[str, Any] = {}
        depth = _DEPTHS[self._whole % len(_DEPTHS)]
        if search.filters is not None:
            fields["filters"] = search.filters
        elif depth and search.result_count:
            fields["filters"] = filter_tree(rng, catalogue, depth)
        elif rng.random() < 0.3:
            fields["filters"] = None
        if search.result_count and rng.random() < 0.12:
            fields["queries"] = list(_queries(rng, catalogue, search.text, arm))
        if rng.random() < 0.15:
            fields["collections"] = rng.sample(catalogue.collections.values, 2)
        if rng.random() < 0.1:
            fields["group_by"] = {"field": rng.choice(tuple(catalogue.facets)), "max_features": rng.randint(1, 5)}
            if rng.random() < 0.5:
                fields["group_by"]["sort"] = _sort(rng, catalogue)
        if rng.random() < 0.2:
            fields["sort"] = _sort(rng, catalogue)
        if rng.random() < 0.3:
            fields["select"] = rng.choice(([], None, ["title"], ["title", *catalogue.facets, *catalogue.measures]))
        if arm.reranks or rng.random() < 0.05:
            fields["reranking_options"] = _reranking_options(rng, enabled=arm.reranks)
        if rng.random() < 0.2:
            fields["return_url"] = rng.random() < 0.5
        return fields


def _queries(rng: Random, catalogue: Catalogue, text: str, arm: Arm) -> Iterator[dict[str, Any]]:
    """No query, as where somebody browses by filters alone; or an image, or up to two of them with a text."""
    count = rng.choice((0, 1, 1, 2, 2, 3))
    if count > 1:
        yield _text_query(rng, text, arm)
    for _ in range(max(0, count - 1) or count):
        yield _image_query(rng, catalogue)


def _text_query(rng: Random, text: str, arm: Arm) -> dict[str, Any]:
    index = arm.indexes.draw(rng)
    return {"vector_index": index, "value": text, "type": "text"} | _settings(rng, index)


def _image_query(rng: Random, catalogue: Catalogue) -> dict[str, Any]:
    index = rng.choice(catalogue.image_indexes)
    if rng.random() < 0.5:
        value = f"https://images.example.com/{catalogue.name}/{rng.randrange(catalogue.item_count):06d}.jpg"
        query: dict[str, Any] = {"vector_index": index, "value": value, "type": "url"}
    else:
        query = {"vector_index": index, "value": b64encode(rng.randbytes(48)).decode(), "type": "base64"}
    if rng.random() < 0.3:
        query["filters"] = filter_tree(rng, catalogue, rng.choice((1, 1, 2)))
    return query | _settings(rng, index)


def _settings(rng: Random, index: str) -> dict[str, Any]:
    if rng.random() < 0.6:
        return {}
    settings: dict[str, Any] = {"limit": rng.choice((10, 20, 50, 100))}
    if rng.random() < 0.5:
        settings["min_score"] = rng.choice((0.2, 0.35, 0.5, 0.75))
    if index == "multimodal":
        settings["modality"] = rng.choice(("image", "video", "text"))
    return {"settings": settings}


def _sort(rng: Random, catalogue: Catalogue) -> dict[str, str]:
    return {"field": rng.choice(tuple(catalogue.measures)), "direction": rng.choice(("asc", "desc"))}


def _reranking_options(rng: Random, *, enabled: bool) -> dict[str, Any]:
    tenths = rng.randint(0, 10)
    weights = {"feedback": 1.0} if tenths == 10 else {"feedback": tenths / 10, "popularity": (10 - tenths) / 10}
    return {"weights": weights, "enable_reranking": enabled}
