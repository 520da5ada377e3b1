"""What is asked: each operation as a GraphQL document with its variables, and by name for the hand-written handler."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.dataset import Dataset

PAGE_INFO = "pageInfo { hasNextPage endCursor }"

_ROW = """
      interactionId
      featureId
      interactionType
      position
      durationMs
      sessionId
      userId
      occurredAt
"""

FLAT = f"""
query Flat($first: Int!, $after: String) {{
  interactions(first: $first, after: $after) {{
    nodes {{{_ROW}    }}
    {PAGE_INFO}
  }}
}}
"""

OWN = f"""
query Own($first: Int!, $user: ID!) {{
  interactions(first: $first, where: {{ userId: {{ eq: $user }} }}) {{
    nodes {{{_ROW}    }}
    {PAGE_INFO}
  }}
}}
"""

# Generated trees have up to five levels of groups; each level is a fragment of its own, as clients have to spell it.
_LEVELS = 5


def _group(level: int) -> str:
    branches = "".join(f"  {name} {{ ...Node{level} }}\n" for name in ("and", "or", "nor"))
    below = f"  ... on FilterGroup {{ ...Group{level + 1} }}\n" if level < _LEVELS else ""
    return (
        f"fragment Group{level} on FilterGroup {{\n{branches}  caseSensitive\n}}\n"
        f"fragment Node{level} on FilterNode {{\n  ... on FilterCondition {{ key operator value }}\n{below}}}\n"
    )


NESTED = f"""
query Nested($first: Int!) {{
  interactions(first: $first) {{
    nodes {{{_ROW}      metadata
      searchRequest {{
        searchRequestId
        queries {{ vectorIndex value type filters {{ ...Group1 }} settings {{ limit minScore modality }} }}
        collections
        filters {{ ...Group1 }}
        groupBy {{ field maxFeatures sort {{ field direction }} }}
        sort {{ field direction }}
        select
        rankingOptions {{ weights {{ feedback popularity }} enableReranking }}
        sessionId
        returnUrl
        firstSeenAt
      }}
    }}
    {PAGE_INFO}
  }}
}}
""" + "".join(_group(level) for level in range(1, _LEVELS + 1))


def _tree(view: str) -> str:
    return f"""
query Tree($first: Int!) {{
  interactions(first: $first) {{
    nodes {{ interactionId searchRequest {{ filters {{ {view} }} }} }}
  }}
}}
"""


JOINED = """
query Joined($first: Int!) {
  searchRequests(first: $first) {
    nodes {
      searchRequestId
      firstSeenAt
      interactions(first: 3) {
        nodes { interactionId interactionType occurredAt }
        pageInfo { hasNextPage }
      }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Operation:
    """``asked``: the variables of one request after the other, before they begin again."""

    name: str
    title: str
    query: str
    asked: Sequence[Mapping[str, Any]]


def operations(dataset: Dataset) -> list[Operation]:
    """All that is measured, in the order of the report."""
    page = dataset.deep_rank // 20
    pages = [{"first": 20, "after": cursor} for cursor in dataset.deep_cursors]
    return [
        Operation("flat", "flat page of 20", FLAT, [{"first": 20}]),
        Operation("deep", f"flat page {page:,}", FLAT, pages[:1]),
        Operation("paging", f"flat pages from {page:,} on", FLAT, pages),
        Operation("own", "flat page of one user's", OWN, [{"first": 20, "user": user} for user in dataset.users]),
        Operation("nested", "nested page of 50", NESTED, [{"first": 50}]),
        Operation("json", "filters { json } on 100", _tree("json"), [{"first": 100}]),
        Operation("text", "filters { text } on 100", _tree("text"), [{"first": 100}]),
        Operation(
            "listing",
            "filters { flat } on 100",
            _tree("flat { index parentIndex depth branch key operator value caseSensitive }"),
            [{"first": 100}],
        ),
        Operation("joined", "20 requests with 3 each", JOINED, [{"first": 20}]),
    ]
