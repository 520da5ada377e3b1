"""Another program's documents say the same of an interaction, whether its fields are mapped or have their names."""

from typing import Any

import pytest

from gateway.errors import BadUserInput
from gateway.interchange.document_shapes import DocumentShape
from gateway.interchange.field_mapping import assignments

NUMBERS: dict[str, Any] = {
    "interaction_id": 9,
    "feature_id": 42.0,
    "user_id": 4.5,
    "search_request_id": 11,
    "interaction_type": "click",
    "position": 3,
    "metadata": {"user_id": 7},
    "search_request": {
        "session_id": 1e20,
        "queries": [{"value": 501, "vector_index": "text", "type": "text"}],
        "collections": [],
        "result_count": 2,
    },
}
TEXTS = {
    **NUMBERS,
    "interaction_id": "9",
    "feature_id": "42",
    "user_id": "4.5",
    "search_request_id": "11",
    "search_request": {
        **NUMBERS["search_request"],
        "session_id": "1" + "0" * 20,
        "queries": [{**NUMBERS["search_request"]["queries"][0], "value": "501"}],
    },
}


def test_ids_that_are_numbers_are_texts_in_the_wire_shape() -> None:
    assert DocumentShape().content("d", NUMBERS) == TEXTS


def test_ids_that_are_numbers_are_texts_in_the_graphs_names() -> None:
    document = {"featureId": 42, "interactionType": "CLICK", "searchRequest": {"searchRequestId": 5, "queries": []}}
    content = DocumentShape().content("d", document)
    assert (content["feature_id"], content["search_request"]["search_request_id"]) == ("42", "5")


@pytest.mark.parametrize(
    ("sku", "feature_id"),
    [
        *((42, "42"), (42.0, "42"), (4.5, "4.5"), (1e-7, "1e-7"), (True, True), ("042", "042")),
        # All digits of a double, by which it is found also where it is stored.
        *((1234567890123456789.0, "1234567890123456768"), (-0.0, "0")),
    ],
)
def test_ids_that_are_numbers_are_texts_where_they_are_mapped(sku: object, feature_id: object) -> None:
    shape = DocumentShape(assignments(["product.sku=feature_id"]), "click")
    assert shape.content("d", {"product": {"sku": sku}})["feature_id"] == feature_id


@pytest.mark.parametrize("order", [1, -1])
def test_what_two_mappings_say_of_one_field_is_refused_in_any_order(order: int) -> None:
    shape = DocumentShape(assignments(["all=metadata", "kind=metadata.kind"][::order]), "click")
    document = {"feature_id": "p1", "all": {"kind": "sold", "size": 3}}
    assert shape.content("d", document)["metadata"] == {"kind": "sold", "size": 3}
    # What it says by itself under the name of a field that is mapped stands back.
    told = shape.content("d", {**document, "all": {"size": 3}, "kind": "bought", "metadata": {"own": 1}})
    assert told["metadata"] == {"kind": "bought", "size": 3}
    with pytest.raises(BadUserInput, match="Two columns say different things of one field"):
        shape.content("d", {**document, "kind": "bought"})
