"""Stored values that other rooms name are values of the contract: one that is misspelled would read as OTHER."""

import pytest

from gateway.demo.data import NamespaceKind, interactions
from gateway.interchange.ubi_actions import ACTIONS
from gateway.model import filter_trees
from gateway.schema.enums import ComparisonOperator, InteractionType, VectorIndex, known_values


def test_the_actions_of_ubi_are_types_of_the_contract() -> None:
    # But for those that are recorded by their own names.
    recorded = {action.interaction_type for name, action in ACTIONS.items() if action.interaction_type != name}
    assert recorded - set(known_values(InteractionType)) == set()


@pytest.mark.parametrize("namespace", ["shop", "media"])
def test_the_demo_records_types_and_indexes_of_the_contract(namespace: NamespaceKind) -> None:
    types, indexes = set(), set()
    for interaction in interactions(3_000, seed=1, namespace=namespace):
        recorded = interaction["interaction_type"]
        types |= {recorded} if isinstance(recorded, str) else {*recorded}
        indexes |= {query["vector_index"] for query in interaction.get("search_request", {}).get("queries", ())}
    assert types - set(known_values(InteractionType)) == set()
    assert indexes - set(known_values(VectorIndex)) == set()


@pytest.mark.parametrize("operator", known_values(ComparisonOperator))
def test_every_operator_has_words_of_its_own_in_the_text_of_a_tree(operator: str) -> None:
    assert "`" not in filter_trees.text({"key": "k", "operator": operator, "value": 1})
