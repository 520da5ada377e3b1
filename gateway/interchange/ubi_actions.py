"""What the actions of UBI events are in the contract's terms: the one table, printed in docs/import.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final


class Feature(Enum):
    """What an action is done to, and so which id it is recorded under; the values are the documentation's words."""

    ITEM = "the object's id"
    QUERY = "the query's text"
    FACET = "the facet's name"


@dataclass(frozen=True, slots=True)
class Action:
    """An action of UBI, as it is recorded. ``interaction_type``: one that the contract doesn't know is the action's
    name, and reads as OTHER; None where the table has no such action, whose name is recorded as it is spelled.

    ``counts_results``: recorded as ``zero_results`` where the event says that nothing was found.
    ``searches``: its message is the query's text, and the second such event of one query is a ``query_refinement``.
    """

    interaction_type: str | None
    feature: Feature
    counts_results: bool = False
    searches: bool = False


ACTIONS: Final[Mapping[str, Action]] = {
    "impression": Action("view", Feature.ITEM),
    "product_hover": Action("view", Feature.ITEM),
    "click": Action("click", Feature.ITEM),
    "item_click": Action("click", Feature.ITEM),
    "add_to_cart": Action("add_to_cart", Feature.ITEM),
    "purchase": Action("purchase", Feature.ITEM),
    "declined_product": Action("negative_feedback", Feature.ITEM),
    "search": Action("search", Feature.QUERY, counts_results=True, searches=True),
    "on_search": Action("on_search", Feature.QUERY, counts_results=True, searches=True),
    "view_search_results": Action("view_search_results", Feature.QUERY, counts_results=True),
    "brand_filter": Action("filter_toggle", Feature.FACET),
    "type_filter": Action("filter_toggle", Feature.FACET),
    "product_sort": Action("query_refinement", Feature.QUERY),
    "global_click": Action("global_click", Feature.ITEM),
    "page_exit": Action("page_exit", Feature.ITEM),
    "404_redirect": Action("404_redirect", Feature.ITEM),
    "click_through": Action("click", Feature.ITEM),
    # The types themselves.
    "view": Action("view", Feature.ITEM),
    "positive_feedback": Action("positive_feedback", Feature.ITEM),
    "negative_feedback": Action("negative_feedback", Feature.ITEM),
    "wishlist": Action("wishlist", Feature.ITEM),
    "long_view": Action("long_view", Feature.ITEM),
    "share": Action("share", Feature.ITEM),
    "bookmark": Action("bookmark", Feature.ITEM),
    "query_refinement": Action("query_refinement", Feature.QUERY),
    "zero_results": Action("zero_results", Feature.QUERY),
    "filter_toggle": Action("filter_toggle", Feature.FACET),
    "skip": Action("skip", Feature.ITEM),
    "return_to_results": Action("return_to_results", Feature.ITEM),
    "conversion": Action("conversion", Feature.ITEM),
}

UNKNOWN: Final = Action(None, Feature.ITEM)


def action_of(name: Any) -> Action:
    """The action of this name, in any letter case; UNKNOWN for others and for what is no name."""
    return ACTIONS.get(name.strip().lower(), UNKNOWN) if isinstance(name, str) else UNKNOWN


def reference() -> str:
    """The Markdown table of all actions that docs/import.md holds."""
    rows = ["| `action_name` | `interaction_type` | `feature_id` |", "|---|---|---|"]
    for name, action in ACTIONS.items():
        kinds = [
            "`zero_results` when nothing was found" if action.counts_results else None,
            "`query_refinement` after the first of its query" if action.searches else None,
            f"`{action.interaction_type}`",
        ]
        rows.append(f"| `{name}` | {', else '.join(filter(None, kinds))} | {action.feature.value} |")
    return "\n".join(rows)
